"""The page of all targets: a row for each, with its furthest run."""

from collections.abc import Mapping, Sequence

from lance_autoresearch.budget import spent
from lance_autoresearch.figures import dollars
from lance_autoresearch.history import History, leading
from lance_autoresearch.report_page import whole
from lance_autoresearch.report_words import safe

TITLES = (
    "target",
    "champion, times as fast as the baseline",
    "trials",
    "kept",
    "runs",
    "cost",
    "last trial (UTC)",
)


def index_page(targets: Mapping[str, Sequence[History]]) -> str:
    """Return the page; a target without a run has a row that says so."""
    head = "".join(f'<th scope="col">{title}</th>' for title in TITLES)
    body = "".join(target_row(name, runs) for name, runs in targets.items())
    table = f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    return whole("evolution report: all targets", f"<h1>All targets</h1>{table}")


def target_row(name: str, runs: Sequence[History]) -> str:
    """Return one target's row; trials and costs are those of all its runs."""
    if not runs:
        return (
            f'<tr><td>{safe(name)}</td><td class="quiet" colspan="{len(TITLES) - 1}">no trials yet</td></tr>'
        )
    first = leading(runs)
    used = [spent(run.steps) for run in runs]
    costs = [one.usd for one in used if one.usd is not None]
    cells = (
        f'<a href="{safe(name)}/report.html">{safe(name)}</a>',
        str(first.speedup) if first.speedup else "nothing kept",
        str(sum(len(run.trials) for run in runs)),
        str(sum(len(run.keeps) for run in runs)),
        str(len(runs)),
        dollars(sum(costs), sum(one.unpriced for one in used)) if costs else "-",
        safe(max(run.last_at for run in runs).replace("T", " ").removesuffix("Z")),
    )
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
