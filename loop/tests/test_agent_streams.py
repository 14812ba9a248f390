"""What is read from each agent's output, whole, torn or foreign."""

import json
import random
import runpy
from collections.abc import Iterable
from pathlib import Path

import pytest

from lance_autoresearch.agent_streams import TEXT_BYTES, Turn, read_stream

STAND_IN = runpy.run_path(str(Path(__file__).with_name("stand_in_agent.py")))

AIDER_REPORT = "Tokens: 1.2k sent, 20 received. Cost: $0.12 message, $0.25 session."

# What the stand-in's streams state, by hand.
STATED = {
    "claude": Turn(234, 20, 0.25, "unrolled the loop", "session-1"),
    "codex": Turn(30, 20, None, "unrolled the loop", "session-1"),
    "cursor": Turn(234, 20, None, "unrolled the loop", "session-1"),
    "gemini": Turn(30, 20, None, "unrolled the loop", "session-1"),
    "opencode": Turn(224, 20, 0.25, "unrolled the loop", "session-1"),
    "aider": Turn(1200, 20, 0.25, f"reading kernels.py\n{AIDER_REPORT}\nunrolled the loop", None),
    "text": Turn(None, None, None, "reading kernels.py\nunrolled the loop", None),
}


def lines_of(stream: str) -> list[bytes]:
    """Return a whole stream of the stand-in."""
    name = "cursor-agent" if stream == "cursor" else stream
    events = STAND_IN["first_events"](name) + STAND_IN["last_events"](name, "unrolled the loop")
    return [as_line(event) for event in events]


def as_line(event: object) -> bytes:
    return (event if isinstance(event, str) else json.dumps(event)).encode() + b"\n"


def read(stream: str, *events: object) -> Turn:
    return read_stream(stream, [as_line(event) for event in events])


@pytest.mark.parametrize("stream", STATED)
def test_a_whole_stream_gives_what_it_states(stream: str) -> None:
    assert read_stream(stream, lines_of(stream)) == STATED[stream]


@pytest.mark.parametrize("stream", [name for name in STATED if name not in ("aider", "text")])
def test_foreign_lines_between_the_events_change_nothing(stream: str) -> None:
    foreign = [b"warning: {\n", b"\xff\xfe\n", b"[1, 2]\n", b"null\n", b'{"type": 7}\n', b"[" * 100000, b"\n"]
    lines = [line for pair in zip(lines_of(stream), foreign, strict=False) for line in reversed(pair)]
    lines += lines_of(stream)[len(foreign) :]
    lines[-1] = b"no line end before it: " + lines[-1]
    assert read_stream(stream, lines) == STATED[stream]


@pytest.mark.parametrize("stream", STATED)
def test_any_cut_and_any_wrong_field_is_read_without_an_error(stream: str) -> None:
    """Half a stream states less or nothing, never something else of the wrong kind."""
    whole = b"".join(lines_of(stream))
    chance = random.Random(3)
    for _ in range(200):
        torn = bytearray(whole[: chance.randrange(len(whole))])
        for _ in range(chance.randrange(4)):
            torn[chance.randrange(len(torn) or 1) :][:1] = chance.choice(
                [b"{", b"}", b"\n", b"9", b'"', b"\x00"]
            )
        check_kind(read_stream(stream, bytes(torn).splitlines(keepends=True)))
    strange: list[object] = [
        None,
        True,
        -1,
        float("nan"),
        float("inf"),
        10**400,
        "7",
        [],
        {},
        [{}],
        {"a": [1]},
    ]
    for wrong in strange:
        for depth in (1, 2, 3):
            check_kind(read_stream(stream, (spoilt(line, depth, wrong) for line in lines_of(stream))))


def spoilt(line: bytes, depth: int, wrong: object) -> bytes:
    """Return an event in which every value at one depth is `wrong`, but for the event's type."""

    def spoil(value: object, left: int) -> object:
        if left == 0:
            return wrong
        return (
            {key: spoil(inner, left - 1) for key, inner in value.items()}
            if isinstance(value, dict)
            else value
        )

    if not line.startswith(b"{"):
        return line
    event = json.loads(line)
    return as_line({**spoil(event, depth), "type": event["type"]})  # type: ignore[dict-item]


def figures(turn: Turn) -> tuple[int | None, int | None, float | None]:
    return turn.tokens_in, turn.tokens_out, turn.cost_usd


def check_kind(turn: Turn) -> None:
    for count in (turn.tokens_in, turn.tokens_out):
        assert count is None or (type(count) is int and 0 <= count < 1e16)
    assert turn.cost_usd is None or 0 <= turn.cost_usd < 1e15
    assert len(turn.final_text.encode()) <= TEXT_BYTES
    assert turn.session is None or isinstance(turn.session, str)


def test_a_claude_turn_that_was_cut_short_counts_each_message_once() -> None:
    """A message comes as several events, each with the usage of all of it; dollars come at the end only."""
    usage = {"input_tokens": 3, "cache_read_input_tokens": 40, "output_tokens": 5}
    blocks = [{"type": "tool_use", "name": "Read"}], [{"type": "text", "text": "hm"}]
    once = [
        {"type": "assistant", "message": {"id": "a", "content": block, "usage": usage}} for block in blocks
    ]
    other = {"type": "assistant", "message": {"id": "b", "content": "?", "usage": usage}}
    assert read("claude", *once, other) == Turn(86, 10, None, "hm", None)


def test_running_totals_are_not_added_up() -> None:
    """The last figure counts; a claude result with figures per model counts its sub-agents too."""
    models = {
        "big": {"inputTokens": 5, "outputTokens": 2, "cacheReadInputTokens": 1, "costUSD": 0.2},
        "small": {"inputTokens": 10, "outputTokens": 1, "cacheCreationInputTokens": 3},
    }
    first = {"type": "result", "total_cost_usd": 0.1, "usage": {"input_tokens": 5, "output_tokens": 1}}
    last = {"type": "result", "total_cost_usd": 0.3, "usage": {"input_tokens": 5}, "modelUsage": models}
    assert read("claude", first, last) == Turn(19, 3, 0.3, "", None)

    def turn(tokens: int) -> dict[str, object]:
        return {"type": "turn.completed", "usage": {"input_tokens": tokens, "output_tokens": 1}}

    threads = [{"type": "thread.started", "thread_id": name} for name in "ab"]
    assert read("codex", threads[0], turn(10), turn(25), threads[1], turn(7)).tokens_in == 32


@pytest.mark.parametrize(
    ("stream", "event"),
    [
        ("claude", {"type": "result", "subtype": "error_max_budget_usd", "errors": ["no credit"]}),
        ("codex", {"type": "turn.failed", "error": {"message": "no credit"}}),
        ("codex", {"type": "error", "message": "no credit"}),
        ("cursor", {"type": "result", "is_error": True, "error": "no credit"}),
        ("gemini", {"type": "result", "status": "error", "error": {"type": "E", "message": "no credit"}}),
        ("gemini", {"type": "error", "severity": "error", "message": "no credit"}),
        ("opencode", {"type": "error", "error": {"name": "E", "data": {"message": "no credit"}}}),
        ("claude", "no credit"),
        ("text", "no credit"),
    ],
)
def test_what_ended_a_turn_is_its_last_word(stream: str, event: object) -> None:
    assert read(stream, event) == Turn(final_text="no credit")


def test_a_figure_that_cannot_be_one_is_dropped_and_the_others_count() -> None:
    for wrong in (True, -1, float("nan"), float("inf"), 10**400, "7", None):
        result = {
            "type": "result",
            "total_cost_usd": wrong,
            "usage": {"input_tokens": wrong, "output_tokens": 3},
        }
        assert read("claude", result) == Turn(None, 3)


def test_aider_states_the_tokens_of_each_answer_and_the_dollars_of_all() -> None:
    """Rounded, over two lines where caches are stated, and broken at 80 columns; no dollars if unpriced."""
    caches = "Tokens: 12k sent, 3.1k cache write, 950 cache hit, 1.5k received.", "Cost: $0.10 message,"
    assert figures(read("aider", AIDER_REPORT, *caches, "$0.35 session.")) == (13200, 1520, 0.35)
    assert figures(read("aider", "Tokens: 950 sent, 7 received.")) == (950, 7, None)


def test_gemini_states_its_tokens_per_model_in_the_older_form() -> None:
    models = {"a": {"input_tokens": 5, "output_tokens": 2}, "b": {"input_tokens": 1, "output_tokens": 1}}
    assert read("gemini", {"type": "result", "stats": {"models": models}}) == Turn(6, 3)


def test_only_the_end_of_the_text_is_kept_and_it_is_text() -> None:
    """Of a flood, of half a surrogate pair and of half a letter, too."""

    def flood() -> Iterable[bytes]:
        yield from (b"x" * 100_000 for _ in range(20))
        yield "ä".encode() * TEXT_BYTES

    assert set(read_stream("claude", flood()).final_text) == {"ä"}
    assert read("codex", {"type": "error", "message": "\ud800"}).final_text == "?"
