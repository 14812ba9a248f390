"""Figures in words."""


def duration(seconds: float | None) -> str:
    """Return a time in the unit that suits it."""
    if seconds is None:
        return "-"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def dollars(usd: float | None, unpriced: int = 0) -> str:
    """Return an agent's own figure; not every agent states one.

    unpriced  how many turns besides reported none
    """
    if usd is None:
        return "no dollars reported"
    return f"at least {usd:.2f} USD; {turns(unpriced)} reported none" if unpriced else f"{usd:.2f} USD"


def turns(count: int) -> str:
    """Return a number of an agent's turns."""
    return f"{count} turn" if count == 1 else f"{count} turns"
