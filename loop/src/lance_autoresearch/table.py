"""Tables: Rich on a terminal, aligned columns under a dashed header in a pipe."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """A column's title, and whether its cells are numbers and stand to the right."""

    title: str
    right: bool = False


def print_table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    """Print `rows` to stdout in the form that suits whoever reads it."""
    if sys.stdout.isatty():
        # Rich is slow to import, and an agent that reads a pipe has no use for it.
        from rich import box
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for column in columns:
            table.add_column(column.title, justify="right" if column.right else "left")
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        Console().print(table)
    else:
        print("\n".join(plain_lines(columns, rows)))


def plain_lines(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the table as lines: titles, dashes, then one line per row, without trailing spaces."""
    titles = [column.title for column in columns]
    dashes = ["-" * len(title) for title in titles]
    widths = [max(len(row[at]) for row in (titles, *rows)) for at in range(len(columns))]
    lines = []
    for row in (titles, dashes, *rows):
        cells = [
            cell.rjust(width) if column.right else cell.ljust(width)
            for cell, width, column in zip(row, widths, columns, strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return lines
