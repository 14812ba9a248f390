"""A unified diff as coloured HTML."""

from lance_autoresearch.report_words import safe_line

KINDS = {"+": "added", "-": "removed", "@": "hunk"}


def coloured(diff: str) -> str:
    """Return the diff, line by line; the colours repeat what the first letter of each line says."""
    lines = []
    for line in diff.removesuffix("\n").split("\n"):
        kind = "hunk" if line.startswith(("--- ", "+++ ")) else KINDS.get(line[:1], "")
        marked = f' class="{kind}"' if kind else ""
        lines.append(f"<span{marked}>{safe_line(line)}</span>")
    return f'<pre class="diff" tabindex="0"><code>{"".join(lines)}</code></pre>'
