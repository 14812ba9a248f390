"""What a run has learnt so far, short enough for a prompt: kept edits, near misses, dead ends, combos."""

import textwrap
from collections.abc import Mapping, Sequence

from lance_autoresearch.journal import Line, Step
from lance_autoresearch.ledger import one_line
from lance_autoresearch.novelty import is_open
from lance_autoresearch.record import Record
from lance_autoresearch.speedup import JUDGED

LONGEST = 24_000  # characters, of all lists of trials; of the oldest trials of each only a line is left
LESSONS = 4_000  # characters, of what the turns say they learned
NEAR = 1.01  # a ratio up to here, with a combo that won, is a near miss
N_COMBOS = 3


def digest(records: Sequence[Record], kept: Mapping[str, bool], steps: Sequence[Step]) -> str:
    """Return the text.

    records  all trials of the run, oldest first
    kept     by trial id, whether its candidate became the champion
    steps    of an unattended run, for what their agents expected and learnt; may be empty
    """
    if not records:
        return f"Nothing has been tried yet.\n{lessons(steps)}"
    # An agent foretells its last edit of a turn; those before it had their own trials.
    notes = {step.ended["trials"][-1]: step.turn for step in steps if step.ended.get("trials")}
    wins = [record for record in records if kept.get(record["id"])]
    others = [record for record in records if not kept.get(record["id"])]
    near = [record for record in others if is_near(record)]
    undecided = [record for record in others if is_open(record) and not is_near(record)]
    dead = [record for record in others if not is_open(record) and not is_near(record)]
    text = f"Trials: {len(records)}, of which {len(wins)} kept.\n"
    lists = (
        ("Kept, newest first:", wins),
        ("Near misses, newest first:", near),
        ("Undecided, newest first (the same edit may be tried again):", undecided),
        ("Dead ends, newest first (not again, unless you can say what is different now):", dead),
    )
    full = [(title, chosen) for title, chosen in lists if chosen]
    for at, (title, chosen) in enumerate(full):
        # An equal share each; what one list leaves is for those after it.
        text += listed(title, chosen[::-1], notes, (LONGEST - len(text)) // (len(full) - at))
    return text + lessons(steps)


def listed(title: str, newest_first: Sequence[Record], notes: Mapping[str, Line], room: int) -> str:
    """Return a list under its title, in at most `room` characters: the newest in full, then a line each."""
    text, cut = f"\n{title}\n", "- and {} older ones: lar log shows them\n"
    room -= len(cut) + len(str(len(newest_first)))
    for at, record in enumerate(newest_first):
        line = described(record, notes.get(record["id"], {}))
        if len(text) + len(line) > room * 3 // 4:
            line = outlined(record)
        if len(text) + len(line) > room:
            return text + cut.format(len(newest_first) - at)
        text += line
    return text


def lessons(steps: Sequence[Step]) -> str:
    """Return what the turns say they learned, newest first.

    An agent that leaves its trial to the loop writes before that trial: so this belongs to no trial.
    """
    text = ""
    for step in reversed(steps):
        if step.turn.get("learned"):
            line = f"- turn {step.number}: {short(step.turn['learned'])}\n"
            if len(text) + len(line) > LESSONS:
                break
            text += line
    return f"\nWhat earlier turns say they learned, newest first:\n{text}" if text else ""


def is_near(record: Record) -> bool:
    """Return whether a discarded trial came close: about as fast over all, and clearly faster somewhere."""
    ratio = record.get("ratio")
    combos = (record.get("combos") or {}).values()
    faster = any((combo.get("ratio_high") or 2.0) < 1.0 for combo in combos)
    return record["verdict"] == "discard" and ratio is not None and ratio <= NEAR and faster


def described(record: Record, notes: Line) -> str:
    """Return one trial as a list item, with what its agent foretold."""
    reason = short(f"{record['verdict']}: {one_line(record.get('reason'))}", 200)
    facts = [short(record["hypothesis"]), reason]
    combos = extremes(record)
    if combos:
        facts.append(combos)
    if notes.get("prediction"):
        ratio = record.get("ratio") if record["verdict"] in JUDGED else None
        got = record["verdict"] if ratio is None else f"{ratio:.3f}"
        facts.append(f"predicted {short(notes['prediction'], 120)}, got {got}")
    return f"- {record['id']} " + "; ".join(facts) + "\n"


def outlined(record: Record) -> str:
    """Return one trial as a short list item."""
    ratio = f" {record['ratio']:.3f}" if record["verdict"] in JUDGED and record.get("ratio") else ""
    return f"- {record['id']} {record['verdict']}{ratio}: {short(record['hypothesis'], 60)}\n"


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
