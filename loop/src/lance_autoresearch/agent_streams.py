"""What an agent's output says of its turn: tokens, dollars, last words.

Each tool but aider writes one JSON object per line, in a form of its own. The forms of claude 2.1.330,
codex 0.163.0 and aider 0.86.2 were seen; those of cursor, gemini and opencode are from documentation.
Lines may be torn, foreign or huge and fields may be missing or of another type: what cannot be read
is passed over, and a figure that nobody stated is None, not 0.
"""

import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

Event = dict[str, Any]

TEXT_BYTES = 64 * 1024
LONGEST_LINE_BYTES = 4 * 1024 * 1024  # the results of tools can be long; no event that counts is

# What aider prints after each answer; where there is a blank, the line may be broken.
COUNT = r"(\d{1,9}(?:\.\d)?k?)"
AIDER_TOKENS = re.compile(rf"Tokens:\s{COUNT}\ssent,.{{0,80}}?\s{COUNT}\sreceived", re.DOTALL)
AIDER_COST = re.compile(r"Cost:\s\$[\d.]+\smessage,\s\$(\d{1,9}(?:\.\d{1,20})?)\ssession")


@dataclass(frozen=True)
class Turn:
    """What one turn cost and how it ended.

    tokens_in   all that the models read, cached or not
    tokens_out  all that they wrote, thoughts included where the tool counts them
    cost_usd    as the tool itself states it
    final_text  the agent's last words, or the error that ended it; at most 64 KiB, the end of it
    session     the tool's own name of the session
    """

    tokens_in: int | None = None
    tokens_out: int | None = None
    cost_usd: float | None = None
    final_text: str = ""
    session: str | None = None


def read_stream(stream: str, lines: Iterable[bytes]) -> Turn:
    """Return what `lines`, an agent's output, says of the turn.

    stream  claude, codex, cursor, gemini, opencode or aider; text keeps the end of whatever was written
    """
    plain = bytearray()
    match stream:
        case "claude":
            turn = read_claude(events(lines, plain))
        case "codex":
            turn = read_codex(events(lines, plain))
        case "cursor":
            turn = read_cursor(events(lines, plain))
        case "gemini":
            turn = read_gemini(events(lines, plain))
        case "opencode":
            turn = read_opencode(events(lines, plain))
        case _:
            turn = Turn()
            for line in lines:
                keep_end(plain, line)
    # A tool that cannot even begin (no key, a wrong flag) says so in plain text.
    said = turn.final_text.strip() or bytes(plain).decode("utf-8", "replace").strip()
    # JSON can hold half of a surrogate pair, which no file takes.
    end = said.encode("utf-8", "replace")[-TEXT_BYTES:].decode("utf-8", "ignore")
    if stream == "aider":
        turn = read_aider(end)
    return Turn(turn.tokens_in, turn.tokens_out, turn.cost_usd, end, turn.session)


def events(lines: Iterable[bytes], plain: bytearray) -> Iterator[Event]:
    """Yield the JSON objects with a type; the end of everything else goes to `plain`."""
    for line in lines:
        if len(line) > LONGEST_LINE_BYTES:
            continue
        start = max(line.find(b"{"), 0)  # a warning without a line end may stand before an event
        try:
            event = json.loads(line[start:])
        except (ValueError, RecursionError):
            event = None
        if isinstance(event, dict) and isinstance(event.get("type"), str):
            yield event
        else:
            keep_end(plain, line)


def read_claude(found: Iterator[Event]) -> Turn:
    """Read `claude --output-format stream-json`.

    The last result counts, since its figures are running totals. Without one, when the turn was cut
    short, the messages' own figures are added up: a lower bound, and no dollars.
    """
    told: dict[str, Event] = {}
    totals: list[Event] = []
    cost, text, session = None, "", None
    for event in found:
        session = words(event.get("session_id")) or session
        if event["type"] == "assistant":
            message = mapping(event.get("message"))
            told[words(message.get("id"))] = mapping(message.get("usage"))  # once per block of a message
            text = blocks_text(message) or text
        elif event["type"] == "result":
            text = words(event.get("result")) or all_words(event.get("errors")) or text
            stated = figure(event.get("total_cost_usd"))
            cost = stated if stated is not None else cost
            models = mapping(event.get("modelUsage"))  # with sub-agents, which `usage` leaves out
            totals = [mapping(value) for value in models.values()] or [mapping(event.get("usage"))]
    keys_in = (
        *("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"),
        *("inputTokens", "cacheReadInputTokens", "cacheCreationInputTokens"),
    )
    keys_out = ("output_tokens", "outputTokens")
    parts = totals if total(totals, keys_in + keys_out) is not None else list(told.values())
    return Turn(total(parts, keys_in), total(parts, keys_out), cost, text, session)


def read_codex(found: Iterator[Event]) -> Turn:
    """Read `codex exec --json`, which states no dollars.

    The usage of a completed turn is the running total of its thread (openai/codex issue 17539),
    so the last one of each thread counts; input includes cached, output includes reasoning.
    """
    threads: dict[str, Event] = {}
    text, session = "", None
    for event in found:
        item = mapping(event.get("item"))
        if event["type"] == "thread.started":
            session = words(event.get("thread_id")) or session
        elif event["type"] == "turn.completed":
            threads[session or ""] = mapping(event.get("usage"))
        elif event["type"] == "item.completed" and item.get("type") in ("agent_message", "error"):
            text = words(item.get("text")) or words(item.get("message")) or text
        elif event["type"] in ("turn.failed", "error"):
            text = error_text(event) or text
    parts = list(threads.values())
    return Turn(total(parts, ("input_tokens",)), total(parts, ("output_tokens",)), None, text, session)


def read_cursor(found: Iterator[Event]) -> Turn:
    """Read `cursor-agent --output-format stream-json`, which states no dollars."""
    usage: list[Event] = []
    text, session = "", None
    for event in found:
        session = words(event.get("session_id")) or session
        if event["type"] == "assistant":
            text = blocks_text(mapping(event.get("message"))) or text
        elif event["type"] == "result":
            text = words(event.get("result")) or error_text(event) or text
            usage = [mapping(event.get("usage"))]
    keys_in = ("inputTokens", "cacheReadTokens", "cacheWriteTokens")
    return Turn(total(usage, keys_in), total(usage, ("outputTokens",)), None, text, session)


def read_gemini(found: Iterator[Event]) -> Turn:
    """Read `gemini -o stream-json`, which states no dollars; a message comes in pieces."""
    stats: Event = {}
    pieces: list[str] = []
    trouble, session = "", None
    for event in found:
        session = words(event.get("session_id")) or session
        if event["type"] == "message" and event.get("role") == "assistant":
            if event.get("delta") is not True:
                pieces.clear()
            pieces.append(words(event.get("content")))
        elif event["type"] == "tool_use":
            pieces.clear()
        elif event["type"] == "error":
            trouble = error_text(event)  # perhaps only a warning
        elif event["type"] == "result":
            stats = mapping(event.get("stats")) or stats
            pieces = [error_text(event)] if error_text(event) else pieces
    # The older form has the figures per model only.
    models = [mapping(value) for value in mapping(stats.get("models")).values()]
    parts = [stats] if total([stats], ("input_tokens",)) is not None else models
    tokens = (total(parts, ("input_tokens",)), total(parts, ("output_tokens",)))
    return Turn(*tokens, None, "".join(pieces) or trouble, session)


def read_opencode(found: Iterator[Event]) -> Turn:
    """Read `opencode run --format json`; each step states its own tokens and dollars."""
    steps: dict[str, Event] = {}
    text, session = "", None
    for event in found:
        session = words(event.get("sessionID")) or session
        part = mapping(event.get("part"))
        if event["type"] == "text":
            text = words(part.get("text")) or text
        elif event["type"] == "step_finish":
            steps[words(part.get("id")) or str(len(steps))] = part
        elif event["type"] == "error":
            text = error_text(event) or text
    used = [mapping(part.get("tokens")) for part in steps.values()]
    caches = [mapping(tokens.get("cache")) for tokens in used]
    costs = [cost for part in steps.values() if (cost := figure(part.get("cost"))) is not None]
    return Turn(
        total([*used, *caches], ("input", "read", "write")),
        total(used, ("output", "reasoning")),
        math.fsum(costs) if costs else None,
        text,
        session,
    )


def read_aider(said: str) -> Turn:
    """Read the end of what `aider` printed: the tokens of each answer, the dollars so far, both rounded."""
    counts = [unrounded(count) for found in AIDER_TOKENS.finditer(said) for count in found.groups()]
    costs = [float(cost) for cost in AIDER_COST.findall(said)]
    return Turn(
        sum(counts[::2]) if counts else None,
        sum(counts[1::2]) if counts else None,
        costs[-1] if costs else None,
    )


def unrounded(count: str) -> int:
    """Return the number that 950, 1.2k or 12k stands for."""
    return round(float(count.removesuffix("k")) * (1000 if count.endswith("k") else 1))


def keep_end(plain: bytearray, line: bytes) -> None:
    """Add `line` to `plain` and drop from its beginning what is too much."""
    plain += line[-TEXT_BYTES:]
    del plain[: max(len(plain) - TEXT_BYTES, 0)]


def mapping(value: object) -> Event:
    """Return `value` if it is a JSON object, or else an empty one."""
    return value if isinstance(value, dict) else {}


def words(value: object) -> str:
    """Return `value` if it is text, or else an empty one."""
    return value if isinstance(value, str) else ""


def all_words(value: object) -> str:
    """Return the texts of a list in one line, or nothing."""
    return "; ".join(filter(None, map(words, value))) if isinstance(value, list) else ""


def blocks_text(message: Event) -> str:
    """Return the text blocks of a message as one text."""
    content = message.get("content")
    blocks = [mapping(block) for block in content] if isinstance(content, list) else []
    return "".join(words(block.get("text")) for block in blocks if block.get("type") == "text")


def error_text(event: Event) -> str:
    """Return what an event says went wrong: under `error`, in its `data`, or in the event itself."""
    error = event.get("error")
    places = (mapping(error), mapping(mapping(error).get("data")), event)
    return words(error) or next((found for place in places if (found := words(place.get("message")))), "")


def figure(value: object) -> float | None:
    """Return `value` if it is a finite number, 0 or more, and could be a count or a price."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if 0 <= value < 1e15 else None  # false for nan too


def total(parts: Iterable[Event], keys: tuple[str, ...]) -> int | None:
    """Return the sum of every usable figure under one of `keys`, or None if there is none."""
    stated = [figure(part.get(key)) for part in parts for key in keys]
    counts = [int(value) for value in stated if value is not None]
    return sum(counts) if counts else None
