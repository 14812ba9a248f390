"""The ledger of a run as an HTML table: every trial, and every turn of an agent that came to none."""

import time

from lance_autoresearch.figures import duration
from lance_autoresearch.history import History, Trial
from lance_autoresearch.journal import Step
from lance_autoresearch.ledger import number
from lance_autoresearch.report import change
from lance_autoresearch.report_words import safe
from lance_autoresearch.speedup import JUDGED

TITLES = ("trial", "outcome, against the champion", "hypothesis", "learned", "cost", "time")


def ledger_table(run: History) -> str:
    """Return the table, oldest first; trials have the numbers of the picture."""
    rows = [(str(one.record["id"]), trial_row(place, one)) for place, one in enumerate(run.trials, start=1)]
    rows += [
        (time.strftime("%Y%m%dT%H%M%S", time.gmtime(step.began.get("at_s", 0))), turn_row(step))
        for step in run.steps
        if step.ended and not step.ended.get("trials")
    ]
    head = "".join(f'<th scope="col">{title}</th>' for title in TITLES)
    body = "".join(row for _, row in sorted(rows))
    return (
        f'<div class="wide"><table class="ledger"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def trial_row(place: int, one: Trial) -> str:
    """Return one trial's row.

    Of a turn with several trials the first has the cost, and the last what the agent wrote when it ended.
    """
    record, turn = one.record, one.step.turn if one.step else {}
    is_last = one.step is not None and one.step.ended["trials"][-1] == record["id"]
    word, kind = outcome(one)
    measured = ""
    if record["verdict"] in JUDGED and record.get("ratio") is not None:
        numbers = (number(record.get(name), 4) for name in ("ratio", "ratio_low", "ratio_high"))
        measured = f"<small>{change(*numbers)}</small>"
    notes = "".join(
        f"<small>{title}: {safe(turn[name])}</small>"
        for name, title in (("mechanism", "mechanism"), ("prediction", "predicted"))
        if turn.get(name) and is_last
    )
    learned = safe(turn["learned"]) if turn.get("learned") else ""
    why = "" if one.kept else f'<span class="why">{safe(record.get("reason") or "no reason given")}</span>'
    cost, took = "", f"trial {duration(record.get('total_seconds'))}"
    if one.step:
        first = one.step.ended["trials"][0] == record["id"]
        cost = turn_cost(one.step) if first else "same turn"
        took += f"<small>turn {duration(one.step.ended.get('wall_s'))}</small>" if first else ""
    return row_of(
        str(place),
        f'<span class="badge {kind}">{word}</span>{measured}',
        f"{safe(record['hypothesis'])}{notes}{why}",
        learned if is_last or not learned else "see the turn&#x27;s last trial",
        cost,
        took,
    )


def turn_row(step: Step) -> str:
    """Return the row of a turn without a trial."""
    return row_of(
        "",
        f'<span class="badge stopped">{safe(step.ended.get("outcome") or "no trial")}</span>',
        f'<span class="why">no trial: {safe(step.ended.get("told"))}</span>',
        safe(step.turn["learned"]) if step.turn.get("learned") else "",
        turn_cost(step),
        f"turn {duration(step.ended.get('wall_s'))}",
    )


def row_of(*cells: str) -> str:
    """Return a row; each cell carries its title, for telephones, where the head is not shown."""
    labels = ("trial", "", "", "learned:", "cost:", "")
    marked = zip(labels, cells, strict=True)
    return "<tr>" + "".join(cell(label, text) for label, text in marked) + "</tr>"


def cell(label: str, text: str) -> str:
    return f'<td data-label="{label}">{text}</td>' if label else f"<td>{text}</td>"


def outcome(one: Trial) -> tuple[str, str]:
    """Return the word and the kind of a trial's badge."""
    if one.kept:
        return "kept", "kept"
    if one.record["verdict"] == "keep":
        return "not kept", ""  # the branch had another champion by then, or the keep was taken back
    return str(one.record["verdict"]), "" if one.record["verdict"] == "discard" else "stopped"


def turn_cost(step: Step) -> str:
    """Return what the agent reported of its turn."""
    usd = step.turn.get("cost_usd")
    tokens = (step.turn.get("tokens_in") or 0) + (step.turn.get("tokens_out") or 0)
    parts = [] if usd is None else [f"{usd:.2f} USD"]
    parts += [f"<small>{tokens:,} tokens</small>"] if tokens else []
    return "".join(parts) or "not reported"
