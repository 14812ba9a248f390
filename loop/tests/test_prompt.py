"""What an agent is told before a turn, and what its last words are taken for."""

import re
import time
from typing import Any

import pytest

from lance_autoresearch.digest import LONGEST, digest
from lance_autoresearch.journal import Step
from lance_autoresearch.prompt import notes, prompt
from lance_autoresearch.run_folder import Settings


def trial(identity: str, verdict: str, ratio: float | None = None, **facts: Any) -> dict[str, Any]:
    """Return what the digest reads of a trial record."""
    combos = {"a/small": {"ratio": 0.9, "ratio_high": 0.95}, "a/large": {"ratio": 1.1, "ratio_high": 1.15}}
    known = {
        "id": identity,
        "verdict": verdict,
        "hypothesis": f"try {identity}",
        "reason": "so",
        "combos": combos,
        "judged": True,
    }
    return {**known, "ratio": ratio, **facts}


def test_the_digest_tells_kept_near_and_dead_apart() -> None:
    """With reasons, the combos that won and lost, what was expected and what was learnt."""
    records = [
        trial("k1", "keep", 0.9),
        trial("n1", "discard", 0.995),
        trial("d1", "discard", 1.3),
        trial("d2", "fail", reason="case 3: ids"),
        trial("u1", "discard", 1.02, reason="inconclusive after 20 blocks: ratio 1.02"),
    ]
    steps = [
        Step(
            1,
            {},
            {"learned": "stores\nhurt", "prediction": "0.93, most at a/small"},
            {"trials": ["k1", "n1"]},
        ),
        Step(2, {}, {"prediction": "-7 %"}, {"trials": ["d2"]}),
        Step(3, {}, {"prediction": "nothing came of it", "learned": "gathers are slow"}, {}),
    ]
    text = digest(records, {"k1": True}, steps)
    titles = ("Kept", "Near misses", "Undecided", "Dead ends", "What earlier turns say")
    kept, near, undecided, dead, lessons = (text.index(title) for title in titles)
    assert text.index("k1") in range(kept, near)
    assert text.index("n1") in range(near, undecided)
    assert text.index("u1") in range(undecided, dead)
    assert text.index("d2") in range(dead, text.index("d1"))
    combos = "time by combo: a/small 0.900, a/large 1.100"
    assert f"{combos}; predicted 0.93, most at a/small, got 0.995\n" in text
    assert text.count("predicted 0.93") == 1, "an agent writes about its last trial"
    assert text[lessons:].endswith("\n- turn 3: gathers are slow\n- turn 1: stores hurt\n")
    assert "gathers are slow" in digest([], {}, steps), "a turn without a trial may teach something"
    assert "fail: case 3: ids; predicted -7 %, got fail\n" in text, "a wrong kernel's times say nothing"


@pytest.mark.parametrize("ratios", [[1.2], [1.0], [0.9], [0.9, 1.0, 1.2], [1.0, 1.2]])
def test_the_digest_stays_short_and_says_what_it_leaves_out(ratios: list[float]) -> None:
    """Many dead ends, near misses or keeps, or all of them: the newest of each come first."""
    records = [
        trial(f"t{n:03d}", "keep" if ratio < 1 else "discard", ratio, hypothesis="x y " * 125)
        for n, ratio in enumerate(ratios * (300 // len(ratios)))
    ]
    text = digest(records, {record["id"]: record["verdict"] == "keep" for record in records}, [])
    assert LONGEST - 1500 < len(text) <= LONGEST
    for record in records[-len(ratios) :]:
        assert record["id"] in text
    assert "t000" not in text
    shown = text.count("- t")
    left_out = [int(count) for count in re.findall(r"- and (\d+) older ones: lar log shows them", text)]
    assert len(left_out) == len(ratios)
    assert shown + sum(left_out) == len(records)
    assert digest([], {}, []) == "Nothing has been tried yet.\n"


def test_the_prompt_holds_all_that_an_agent_needs(toy: Any) -> None:
    """The task, the way it went, what is known, the profile, the contract, the target's page."""
    settings = Settings("toy", "tag", "claude", None, "c0", 45.0, 10.0)
    text = prompt(
        toy.target,
        settings,
        7,
        3,
        "discard: slower",
        "Nothing yet",
        "120 ns",
        ["the loop\n", "what the agent needs to know\n"],
    )
    for words in ("turn 7", "autoresearch/toy/tag", toy.target.kernels, "lar verify toy"):
        assert words in text
    for words in (
        "Of your last turn: discard: slower.",
        "Nothing yet",
        "120 ns",
        "after 45 minutes, or 10 of",
        "Trials left in this run: 3, at most.",
    ):
        assert words in text
    unlimited = prompt(toy.target, settings, 1, None, "", "Nothing yet", "120 ns", [])
    assert "Trials left" not in unlimited
    assert "\n\n\n" not in text + unlimited
    assert text.index("# This turn") < text.index("the loop\n") < text.index("what the agent needs to know")


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("Hypothesis: wider loads\nMechanism: vector width\nPrediction: 0.9\nLearned: nothing", 4),
        (
            "**Hypothesis:** wider loads\n- Mechanism: `vector width`\n* prediction: 0.9\n> Learned: nothing",
            4,
        ),
        ("hypothesis: old\nHypothesis: wider loads", 1),
        ("I am done.", 0),
        ("", 0),
    ],
)
def test_notes_are_found_in_what_an_agent_says_last(said: str, found: int) -> None:
    """In the layouts that models choose; the last of two counts."""
    read = notes(said)
    assert len(read) == found
    if found:
        assert read["hypothesis"] == "wider loads"
    if found == 4:
        assert (read["mechanism"], read["prediction"], read["learned"]) == ("vector width", "0.9", "nothing")


@pytest.mark.parametrize("flood", ["\n" * 60_000, "* \n" * 20_000, "*" * 60_000, "Learned" + "*" * 60_000])
def test_notes_are_found_at_once_in_any_flood(flood: str) -> None:
    """An agent's last words may be 64 KiB of nothing."""
    began_s = time.process_time()
    assert notes(f"{flood}\nLearned: stores hurt") == {"learned": "stores hurt"}
    assert time.process_time() - began_s < 1


def test_notes_keep_their_signs_and_marks() -> None:
    """Only what sets off the whole note goes."""
    for words in ("-7 % over all", ".93", "<script>", "`scan` in blocks", "`a`, then `b`", "~0.9"):
        assert notes(f"- **Prediction:** {words}") == {"prediction": words}
    assert notes("**Prediction: `.93`**") == {"prediction": ".93"}


def test_notes_are_cut() -> None:
    """A whole essay on one line is not a note."""
    assert len(notes("Learned: " + "x" * 5000)["learned"]) == 400
