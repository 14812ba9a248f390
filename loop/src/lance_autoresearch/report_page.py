"""The report as one HTML page without scripts that loads nothing from anywhere."""

import base64
from collections.abc import Sequence
from pathlib import Path

from lance_autoresearch.budget import spent
from lance_autoresearch.figures import dollars, duration
from lance_autoresearch.history import History, leading
from lance_autoresearch.progress_plot import DARK, LIGHT, NARROW, WIDE, picture
from lance_autoresearch.record import Record, unified_diff
from lance_autoresearch.report_combos import heat_map
from lance_autoresearch.report_diff import coloured
from lance_autoresearch.report_ledger import ledger_table
from lance_autoresearch.report_words import facts, safe, safe_line
from lance_autoresearch.speedup import Course, combo_speedups, course

METHOD = """\
<p>Candidate and champion take turns of four ops on one core, on the same freshly drawn inputs, with outputs
checked; a combo's ratio of times is a median over paired ops, and the ratio of a block is the geometric mean
over combos. Blocks have fresh processes and are the independent repeats: numbers in brackets and bars in the
picture are Student's two one-sided 95 % bounds over blocks. They are those of one sitting: measured again, at
another hour or with other inputs, the same kernel may come out somewhat outside of them.</p>
<p>A candidate is kept if its time is at least 1 % less than the champion's, the interval of the ratio lies
below 1, no combo is more than 5 % slower, and all of it repeats on a second seed; or if it has fewer
syntax-tree nodes and is shown to be no more than 1 % slower. A keep is then measured against the baseline
itself: those are the champion's figures. A discarded candidate met the champion only, so its point stands at
the champion's speedup times what was measured, with that interval; where the run began follows from the
first keep in the same way.</p>
<p>The kernels are Python, compiled by Numba, and the baseline is a frozen model of what Lance does: a gain
here is a reason to port an idea to Rust and to measure there, not a measurement of Lance. This page rests on
results.tsv and trials/, which an agent can reach; <code>lar export</code> measures again.</p>
"""


def course_of(run: History) -> Course:
    """Return a run's course, for its picture."""
    return course([one.record for one in run.trials], [one.kept for one in run.trials])


def target_page(target: str, runs: Sequence[History], home: str | None = None) -> str:
    """Return the page of one target.

    runs  at least one; the one that is furthest ahead stands first
    home  the address of the page of all targets, if there is one
    """
    first = leading(runs)
    others = [run for run in runs[::-1] if run is not first]
    back = f'<p class="quiet"><a href="{safe(home)}">all targets</a></p>' if home else ""
    sections = "".join(f"<h2>Run {safe(run.tag)}</h2>{run_section(run)}" for run in others)
    said = f"This is run {safe(first.tag)}, the furthest ahead of {len(runs)}; the others follow below."
    also = f'<p class="quiet">{said}</p>' if others else ""
    body = f"{back}<h1>{safe(target)}</h1>{also}{run_section(first)}{sections}<h2>Method</h2>{METHOD}"
    return whole(f"{target}: evolution report", body)


def run_section(run: History) -> str:
    """Return all that the page says of one run."""
    drawn = course_of(run)
    last = run.keeps[-1].record if run.keeps else {}
    parts = [headline(run), figure(drawn)] if run.trials else [headline(run)]
    if run.keeps:
        parts += [
            "<h3>The champion against the baseline, by combo</h3>",
            heat_map(combo_speedups(last)),
            '<p class="quiet">Times as fast, with the interval; blue is faster, orange is slower.</p>',
            "<h3>What was kept</h3>",
            kept_list(run),
            "<h3>The champion against the kernel that the run began with</h3>",
            coloured(champion_diff(run)),
        ]
    return "".join([*parts, "<h3>Ledger</h3>", ledger_table(run), "<h3>Machine</h3>", machines(run)])


def headline(run: History) -> str:
    """Return the champion, what it gained, and what that took."""
    used = spent(run.steps)
    if run.speedup:
        gain = f"{run.speedup.middle:.2f} times as fast as the baseline"
        interval = f"95 % bounds: {run.speedup.low:.2f} to {run.speedup.high:.2f}. "
    elif run.keeps:
        gain, interval = "better than at the start", "The champion was not measured against the baseline. "
    else:
        gain, interval = "no candidate was kept", "The champion is the kernel that the run began with. "
    commit = f"Champion: commit <code>{safe(run.keeps[-1].commit)}</code>, branch" if run.keeps else "Branch"
    seconds = sum(one.record.get("total_seconds") or 0.0 for one in run.trials)
    hours = {"in turns": duration(used.hours * 3600)} if run.steps else {"in trials": duration(seconds)}
    tokens = f"<small>{used.tokens:,} tokens</small>" if used.tokens else ""
    cost = {"cost": dollars(used.usd, used.unpriced) + tokens} if run.steps else {}
    tiles = {
        "trials": str(len(run.trials)),
        "kept": str(len(run.keeps)),
        **({"turns": str(used.steps)} if run.steps else {}),
        **hours,
        **cost,
    }
    agent = f" Agent: {safe(run.agent)}." if run.agent else ""
    when = f" Last trial: {safe(run.last_at.replace('T', ' ').removesuffix('Z'))} UTC." if run.trials else ""
    return (
        f'<p class="gain">{gain}</p><p class="quiet">{interval}{commit}'
        f" <code>{safe(run.branch)}</code>.{agent}{when}</p>{facts(tiles)}{last_words(run)}"
    )


def last_words(run: History) -> str:
    """Return what an unattended run said when it stopped, its champion measured again."""
    if run.folder is None or not run.folder.last_message.is_file():
        return ""
    said = run.folder.last_message.read_text(errors="replace")
    lines = "\n".join(map(safe_line, said.splitlines()))
    return f'<details open><summary>The last message</summary><pre class="words">{lines}</pre></details>'


def figure(drawn: Course) -> str:
    """Return the progress picture, for light and dark and for wide and narrow windows."""
    gained = f"from {drawn.start:.2f}x to {drawn.points[-1].champion:.2f}x"
    said = gained if any(point.kept for point in drawn.points) else "unchanged"
    said += f" over {len(drawn.points)} trial" + "s" * (len(drawn.points) != 1)
    sources = "".join(
        f'<source media="{media}" srcset="{data_uri(picture(drawn, "svg", colours, size))}">'
        for media, colours, size in (
            ("(prefers-color-scheme: dark) and (max-width: 640px)", DARK, NARROW),
            ("(prefers-color-scheme: dark)", DARK, WIDE),
            ("(max-width: 640px)", LIGHT, NARROW),
        )
    )
    return (
        f'<figure><picture>{sources}<img src="{data_uri(picture(drawn, "svg"))}" '
        f'alt="The champion&#x27;s speedup, {said}"></picture>'
        f"<figcaption>The champion&#x27;s speedup, {said}. The dashed line is "
        f"{'the baseline' if drawn.measured else 'the kernel that the run began with'}.</figcaption></figure>"
    )


def data_uri(svg: bytes) -> str:
    """Return a picture as an address that holds it."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}"


def kept_list(run: History) -> str:
    """Return the hypotheses of the keeps, which explain the diff."""
    items = []
    for one in run.keeps:
        reason = safe(one.record.get("reason") or "")
        items.append(
            f"<li>{safe(one.record['hypothesis'])} "
            f'<span class="quiet">(<code>{safe(one.commit)}</code>: {reason})</span></li>'
        )
    return f"<ol>{''.join(items)}</ol>"


def champion_diff(run: History) -> str:
    """Return the change of kernels.py from where the run began to its champion."""
    return unified_diff(run.start_text, run.champion_text, "kernels.py")


def machines(run: History) -> str:
    """Return what a reader needs to know to judge the run's numbers; a run may have moved."""
    judged = [one.record for one in run.trials if one.record.get("machine")]
    kinds = {described(record): None for record in judged}
    if not kinds:
        return '<p class="quiet">No trial came so far as to be measured.</p>'
    sandboxes = {safe(record.get("sandbox")) for record in judged}
    return "".join(f"<p>{kind}.</p>" for kind in kinds) + f"<p>Players ran under: {', '.join(sandboxes)}.</p>"


def described(record: Record) -> str:
    """Return the machine of one trial in words; its load, which changes, is left out."""
    machine = record["machine"]
    versions = ", ".join(
        f"{name} {machine[name]}" for name in ("python", "numba", "numpy") if name in machine
    )
    cores = f"{machine['cores']} cores" if "cores" in machine else ""
    governor = f"governor {machine['governor']}" if "governor" in machine else ""
    parts = (machine.get("cpu"), cores, machine.get("system"), governor, versions)
    return safe(", ".join(str(part) for part in parts if part))


def whole(title: str, body: str) -> str:
    """Return a page around `body`; its policy forbids scripts and anything that is fetched."""
    style = Path(__file__).with_name("report.css").read_text()
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{safe(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )
