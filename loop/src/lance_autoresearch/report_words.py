"""Words as HTML. Agents write hypotheses and kernels: nothing of theirs gets in as it is."""

from html import escape

from lance_autoresearch.ledger import one_line


def safe(value: object) -> str:
    """Return `value` as one line of text for HTML, in an element or in a quoted attribute."""
    return escape(one_line(value))


def safe_line(line: str) -> str:
    """Return a line of source, its spaces and tabs kept, for HTML."""
    return escape("".join(letter if letter.isprintable() or letter == "\t" else "\ufffd" for letter in line))


def facts(named: dict[str, str]) -> str:
    """Return short facts as a row of tiles; the values are HTML already."""
    tiles = "".join(f"<div><dt>{safe(name)}</dt><dd>{value}</dd></div>" for name, value in named.items())
    return f'<dl class="facts">{tiles}</dl>'
