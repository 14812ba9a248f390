"""The text of an upstream packet: the draft of a pull request, from what was recorded and measured again."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from lance_autoresearch.history import History
from lance_autoresearch.ledger import one_line
from lance_autoresearch.speedup import Speedup, over_opponent

Document = Mapping[str, Any]

TEXT = """\
# {target}: {gain}

This is the draft of a pull request to Lance, made by `lar export`.
Read it, port the change, measure in Rust, and replace what is said here by what you found.

## What changes, and why

The whole change of the kernel is `kernels.diff`; `kernels.py` is the result.
These edits were kept, one after the other, each for the reason that its author gave:

{keeps}

## Where it goes

{upstream}

## What was measured

The kernel against the baseline, on {n_seeds} seeds drawn after the run, which no trial of it had seen.
A speedup is baseline time over kernel time; in brackets are its two one-sided 95 % bounds.

{overall}

{combos}

Machine: {machine}.
Every clock reading is in {files}.

## How the answers were checked

{checks}

During the run, {n_trials} trials were recorded: {verdicts}.
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


def packet_text(run: History, measured: Sequence[Document], target_page: str, files: Sequence[str]) -> str:
    """Return the packet's README, in Markdown.

    run          with at least one keep
    measured     the referee's documents of the champion against the baseline, one for each fresh seed
    target_page  the text of docs/targets/<target>.md
    files        the names of the documents, beside the README
    """
    overall = [one for found in measured if (one := over_opponent(found))]
    return TEXT.format(
        target=run.target,
        gain=gain(overall),
        keeps="\n".join(f"{place}. {kept(one.record)}" for place, one in enumerate(run.keeps, start=1)),
        upstream=upstream(run.target, target_page),
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


def upstream(target: str, page: str) -> str:
    """Return the commit and the table of files and functions from a target's page."""
    section = re.search(r"^## Upstream\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    table = re.match(r".*?^\|.*?(?=^(?!\|)|\Z)", section[1], re.MULTILINE | re.DOTALL) if section else None
    if table is None:
        return f"docs/targets/{target}.md names no files of Lance yet: find them before you send this."
    return re.sub(r"\[([^\]]*)\]\((?!https?:)[^)]*\)", r"\1", table[0]).strip()


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
