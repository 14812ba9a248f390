"""What a run has learnt so far, short enough for a prompt: kept edits, near misses, dead ends, combos."""

import textwrap
from collections.abc import Mapping, Sequence

from lance_autoresearch.journal import Line, Step
from lance_autoresearch.ledger import one_line
from lance_autoresearch.record import Record
from lance_autoresearch.speedup import JUDGED

LONGEST = 8_000  # characters, of all three lists; the oldest trials of each go first
NEAR = 1.01  # a ratio up to here, with a combo that won, is a near miss
N_COMBOS = 3


def digest(records: Sequence[Record], kept: Mapping[str, bool], steps: Sequence[Step]) -> str:
    """Return the text.

    records  all trials of the run, oldest first
    kept     by trial id, whether its candidate became the champion
    steps    of an unattended run, for what their agents expected and learnt; may be empty
    """
    if not records:
        return "Nothing has been tried yet.\n"
    # An agent writes its notes when it ends, so they are about its last trial.
    notes = {step.ended["trials"][-1]: step.turn for step in steps if step.ended.get("trials")}
    wins = [record for record in records if kept.get(record["id"])]
    near = [record for record in records if record not in wins and is_near(record)]
    dead = [record for record in records if record not in wins and record not in near]
    text = f"{len(records)} trials, {len(wins)} kept.\n"
    lists = (
        ("Kept, newest first:", wins),
        ("Near misses, newest first:", near),
        ("Dead ends, newest first (not again, unless you can say what is different now):", dead),
    )
    full = [(title, chosen) for title, chosen in lists if chosen]
    for at, (title, chosen) in enumerate(full):
        # An equal share each; what one list leaves is for those after it.
        text += listed(title, chosen[::-1], notes, (LONGEST - len(text)) // (len(full) - at))
    return text


def listed(title: str, newest_first: Sequence[Record], notes: Mapping[str, Line], room: int) -> str:
    """Return a list under its title, in at most `room` characters."""
    text, cut = f"\n{title}\n", "- and {} older ones: lar log shows them\n"
    room -= len(cut) + len(str(len(newest_first)))
    for at, record in enumerate(newest_first):
        line = described(record, notes.get(record["id"], {}))
        if len(text) + len(line) > room:
            return text + cut.format(len(newest_first) - at)
        text += line
    return text


def is_near(record: Record) -> bool:
    """Return whether a discarded trial came close: about as fast over all, and clearly faster somewhere."""
    ratio = record.get("ratio")
    combos = (record.get("combos") or {}).values()
    faster = any((combo.get("ratio_high") or 2.0) < 1.0 for combo in combos)
    return record["verdict"] == "discard" and ratio is not None and ratio <= NEAR and faster


def described(record: Record, notes: Line) -> str:
    """Return one trial as a list item, with what its agent wrote at the end of the turn."""
    reason = short(f"{record['verdict']}: {one_line(record.get('reason'))}", 200)
    facts = [short(record["hypothesis"]), reason]
    combos = extremes(record)
    if combos:
        facts.append(combos)
    if notes.get("prediction"):
        ratio = record.get("ratio") if record["verdict"] in JUDGED else None
        got = record["verdict"] if ratio is None else f"{ratio:.3f}"
        facts.append(f"predicted {short(notes['prediction'], 120)}, got {got}")
    if notes.get("learned"):
        facts.append("learned: " + short(notes["learned"]))
    return f"- {record['id']} " + "; ".join(facts) + "\n"


def short(text: str, length: int = 240) -> str:
    """Return `text` as one line of at most `length` characters."""
    return textwrap.shorten(one_line(text), length, placeholder=" ...")


def extremes(record: Record) -> str:
    """Return the combos that the edit helped and hurt most, with their ratios of time."""
    ratios = {name: combo.get("ratio") for name, combo in (record.get("combos") or {}).items()}
    known = sorted((ratio, name) for name, ratio in ratios.items() if ratio is not None)
    if record["verdict"] not in JUDGED or not known:
        return ""
    ends = known if len(known) <= 2 * N_COMBOS else [*known[:N_COMBOS], *known[-N_COMBOS:]]
    return "time by combo: " + ", ".join(f"{name} {ratio:.3f}" for ratio, name in ends)
