"""The table of targets, read from the README, where it is kept by hand."""

import re
from pathlib import Path

from lance_autoresearch.errors import LarError
from lance_autoresearch.table import Column

BEGIN = "<!-- targets:begin -->"
END = "<!-- targets:end -->"


def read_target_table(readme: Path) -> tuple[list[Column], list[list[str]]]:
    """Return the columns and rows of the Markdown table between the markers of `readme`.

    Raises: LarError if there is no such table.
    """
    text = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    found = re.search(f"{re.escape(BEGIN)}(.*?){re.escape(END)}", text, re.DOTALL)
    lines = [line for line in found[1].splitlines() if line.strip()] if found else []
    if len(lines) < 2:
        raise LarError(f"expected a table between {BEGIN} and {END} in {readme}, found none")
    titles, rule, *rows = [cells(line) for line in lines]
    for row in rows:
        if len(row) != len(titles):
            raise LarError(f"expected {len(titles)} cells in each row of {readme}, got {len(row)}: {row}")
    columns = [Column(title, right=mark.endswith(":")) for title, mark in zip(titles, rule, strict=True)]
    return columns, rows


def cells(line: str) -> list[str]:
    """Return the cells of one line of a Markdown table as plain text: links and code marks removed."""
    inner = line.strip().removeprefix("|").removesuffix("|")
    texts = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", inner)]
    return [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text).replace("`", "") for text in texts]
