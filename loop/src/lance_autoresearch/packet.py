"""The text of an upstream packet: the draft of a pull request, from what was recorded and measured again."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from importlib import metadata
from typing import Any

from lance_autoresearch.history import History
from lance_autoresearch.ledger import one_line
from lance_autoresearch.new_target import TO_WRITE
from lance_autoresearch.speedup import Speedup, over_opponent

Document = Mapping[str, Any]

GAIN, GUARD = 1.10, 1.05  # README, "From here into Lance"

TEXT = """\
# {target}: {gain}

This is the draft of a pull request to Lance, made by `lar export` of lance-autoresearch {version} on {today}.
Read it, port the change, measure in Rust, and replace what is said here by what you found.

Run: `{branch}`; its last trial was on {last_day}.
Begun at commit `{start}`, which has the baseline, the inputs, the oracle and the referee.
Champion: commit `{champion}`, whose `kernels.py` is the one measured here.

## What changes, and why

The whole change of the kernel is `kernels.diff`; `kernels.py` is the result, as the run's branch has it.
These edits were kept, one after the other, each for the reason that its author gave.
Reasons and single gains are those of the run's own records, which an agent could reach.
Only all of them together were measured again.

{keeps}

## Where it goes

{upstream}

## What was measured

The kernel against the baseline, on {n_seeds} seeds drawn after the run, which no trial of it had seen.
A speedup is baseline time over kernel time; in brackets are its two one-sided 95 % bounds.
They are those of one sitting: at another hour or with other inputs the same kernel may come out somewhat
outside of them.
{recorded}
{overall}

{combos}

What an op is, and what the combos are: "Workload" in docs/targets/{target}.md at the commit of the start.
{bar}

Machine: {machine}.
Every clock reading is in {files}.

## How the answers were checked

{checks}

What counts as right, as the target's page says it:

{oracle}

By its own records the run had {n_trials} trials: {verdicts}.
A wrong answer, a crash or a broken rule ends a trial, however fast it was.

## What this is not

- It is not Rust: the kernel is Python, compiled by Numba, and a person ports the idea.
  Whether it gains in Rust is for Lance's own benchmarks to say.
- It is not a measurement of Lance: the baseline is a frozen model of what Lance does.
- It is one machine.
  Another processor or another compiler may say otherwise.
{author}
## Licence

`kernels.py` and this text are offered under MIT or Apache-2.0, at the choice of whoever uses them.
"""


def packet_text(
    run: History, measured: Sequence[Document], target_page: str, files: Sequence[str], today: str
) -> str:
    """Return the packet's README, in Markdown.

    run          with at least one keep
    measured     the referee's documents of the champion against the baseline, one for each fresh seed
    target_page  the text of docs/targets/<target>.md
    files        the names of the documents, beside the README
    today        the date in UTC
    """
    overall = [one for found in measured if (one := over_opponent(found))]
    recorded = f"When it was kept, its own trial measured {run.speedup}.\n" if run.speedup else ""
    return TEXT.format(
        target=run.target,
        gain=gain([*overall, run.speedup] if run.speedup else overall),
        version=metadata.version("lance-autoresearch"),
        today=today,
        branch=plain(run.branch),
        start=run.start[:10],
        last_day=plain(run.last_at.partition("T")[0]),
        champion=plain(run.keeps[-1].commit),
        recorded=recorded,
        bar=bar(measured),
        keeps="\n".join(f"{place}. {kept(one.record)}" for place, one in enumerate(run.keeps, start=1)),
        upstream=section(run.target, target_page, "Upstream"),
        oracle=section(run.target, target_page, "Oracle"),
        n_seeds=len(measured),
        overall=overall_table(measured),
        combos=combo_table(measured),
        machine=plain(", ".join(f"{key} {value}" for key, value in measured[0]["machine"].items())),
        files=" and ".join(f"`{name}`" for name in files),
        checks="\n".join(f"- {checked(found)}" for found in measured),
        n_trials=len(run.trials),
        verdicts=verdicts(run),
        author=f"- It is not a person's work: a coding agent, {plain(run.agent)}, wrote it.\n"
        if run.agent
        else "",
    )


def gain(speedups: Sequence[Speedup]) -> str:
    """Return the least of what was measured, in words; an interval that holds 1 claims nothing."""
    least = min(speedups, key=lambda one: one.middle)
    if any(one.low <= 1 for one in speedups):
        return "no clear difference to the baseline when measured again"
    return f"{least.middle:.2f} times as fast as the baseline"


def kept(record: Document) -> str:
    """Return one keep's hypothesis and what it gained over the champion before it."""
    step = over_opponent(record)
    return plain(record["hypothesis"]) + (f" ({step} over the one before)" if step else "")


def bar(measured: Sequence[Document]) -> str:
    """Return whether the gain is worth a pull request, by the rule in the repository's README."""
    overall = [one for found in measured if (one := over_opponent(found))]
    combos = [one for found in measured for each in found["combos"].values() if (one := over_opponent(each))]
    met = all(one.middle >= GAIN for one in overall) and all(one.middle >= 1 / GUARD for one in combos)
    return (
        f"The README asks for {GAIN:.2f}x over all, and for no combo that takes more than "
        f"{100 * (GUARD - 1):.0f} % longer, before a kernel is worth a pull request: "
        f"by the tables above this one {'is' if met else 'is not'}."
    )


def section(target: str, page: str, title: str) -> str:
    """Return a section of a target's page, without its title and without links that lead nowhere outside."""
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    if found is None or TO_WRITE in found[1]:
        return f'docs/targets/{target}.md has no section "{title}" yet: write it before you send this.'
    return re.sub(r"\[([^\]]*)\]\((?!https?:)[^)]*\)", r"\1", found[1]).strip()


def overall_table(measured: Sequence[Document]) -> str:
    """Return a Markdown table with a row for each seed."""
    rows = ["| seed | speedup over all combos | blocks |", "|---:|---|---:|"]
    rows += [
        f"| {found['seed']} | {over_opponent(found)} | {found.get('blocks', '-')} |" for found in measured
    ]
    return "\n".join(rows)


def combo_table(measured: Sequence[Document]) -> str:
    """Return a Markdown table with a row for each combo and a column for each seed."""
    seeds = [f"seed {found['seed']}" for found in measured]
    rows = ["| combo | ns per op | " + " | ".join(seeds) + " |", "|---|---:|" + "---|" * len(seeds)]
    times = measured[0].get("per_combo_geomean_ns") or {}
    for combo in measured[0].get("combos") or {}:
        cells = [over_opponent(found["combos"].get(combo, {})) or "-" for found in measured]
        rows.append(f"| {plain(combo)} | {times.get(combo, '-')} | {' | '.join(map(str, cells))} |")
    return "\n".join(rows)


def checked(found: Document) -> str:
    """Return what the oracle and the sandbox say of one measurement."""
    cases, outputs = found.get("cases_checked", "unknown"), found.get("outputs_checked", "unknown")
    return (
        f"Seed {found['seed']}: {plain(found.get('correctness'))}; the outputs of {cases} cases "
        f"of the battery, and {outputs} outputs of timed calls, were compared with the slow reference; "
        f"the kernel ran under {plain(found.get('sandbox'))}."
    )


def verdicts(run: History) -> str:
    """Return how many trials came to which verdict."""
    counted = Counter("keep" if one.kept else one.record["verdict"] for one in run.trials)
    return ", ".join(f"{count} {plain(verdict)}" for verdict, count in counted.most_common())


def plain(value: object) -> str:
    """Return what somebody else wrote as one line that holds no HTML and ends no cell of a table."""
    return escape(one_line(value), quote=False).replace("|", "\\|")
