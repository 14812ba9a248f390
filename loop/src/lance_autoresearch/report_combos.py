"""The heat map: how many times as fast as the baseline the champion is, combo by combo."""

import math
from collections.abc import Mapping

from lance_autoresearch.report_words import safe
from lance_autoresearch.speedup import Speedup

# Blue against orange is told apart by every kind of eye; both stay light enough for dark text.
EVEN, FASTER, SLOWER = (240, 242, 244), (86, 170, 222), (238, 148, 72)
LEAST_FULL = math.log(1.25)  # where all is near 1, the colours are pale


def heat_map(combos: Mapping[str, Speedup]) -> str:
    """Return an HTML table with a row per shape and a column per distribution.

    combos  by their names, `distribution/shape`; other names get a row each
    """
    if not combos:
        return '<p class="quiet">Not measured: only a keep is measured against the baseline.</p>'
    places = {name: place(name) for name in combos}
    rows = list(dict.fromkeys(row for row, _ in places.values()))
    columns = list(dict.fromkeys(column for _, column in places.values()))
    at = {places[name]: one for name, one in combos.items()}
    full = max(LEAST_FULL, *(abs(math.log(one.middle)) for one in combos.values()))
    head = "".join(f'<th scope="col">{safe(column)}</th>' for column in columns)
    body = ""
    for row in rows:
        cells = "".join(cell(at.get((row, column)), full) for column in columns)
        body += f'<tr><th scope="row">{safe(row)}</th>{cells}</tr>'
    return (
        f'<div class="wide"><table class="heat"><thead><tr><td></td>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def place(combo: str) -> tuple[str, str]:
    """Return the row and the column of a combo."""
    distribution, slash, shape = combo.partition("/")
    return (shape, distribution) if slash else (combo, "all")


def cell(one: Speedup | None, full: float) -> str:
    """Return one combo's cell; `full` is the logarithm that gets the full colour."""
    if one is None:
        return "<td></td>"
    return (
        f'<td style="background:{colour(math.log(one.middle) / full)}">'
        f"<b>{one.middle:.2f}x</b><small>{one.low:.2f} to {one.high:.2f}</small></td>"
    )


def colour(share: float) -> str:
    """Return the colour of a share from -1, as slow as any, to 1, as fast as any."""
    end = FASTER if share > 0 else SLOWER
    mixed = [round(even + (far - even) * min(1.0, abs(share))) for even, far in zip(EVEN, end, strict=True)]
    return "#" + "".join(f"{part:02x}" for part in mixed)
