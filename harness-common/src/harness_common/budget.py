"""How long one trial may take."""

# Of wall clock, from start to verdict; past it the verdict is `timeout`.
TIME_BUDGET_SECS = 600
