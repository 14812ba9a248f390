"""Figures in words."""


def duration(seconds: float | None) -> str:
    """Return a time in the unit that suits it."""
    if seconds is None:
        return "-"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def dollars(usd: float | None) -> str:
    """Return an agent's own figure; not every agent states one."""
    return "no dollars reported" if usd is None else f"{usd:.2f} USD"
