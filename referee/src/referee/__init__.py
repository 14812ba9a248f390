"""One trial: rules, isolated players, two clocks, statistics and the verdict."""
