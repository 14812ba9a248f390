"""The text of a profile: what it says, and that it never exceeds 2,048 bytes."""

from typing import Any

import pytest

from referee import profile_text


def found(n_combos: int, name: str = "uniform/128x16", n_lines: int = 3, **changed: Any) -> dict[str, Any]:
    """Return a profile with so many combos, of which each is slower than the one before."""
    combo = {"ratio": 0.5, "least_gb_per_s": 1.25, "copy_gb_per_s": 17.9, "of_copy_pace": 0.07}
    loop = {
        "function": "scan",
        "share": 0.6,
        "vector_bits": 256,
        **dict.fromkeys(("n_instructions", "n_vector", "n_inserts", "n_gathers"), 7),
        **dict.fromkeys(("n_scalar_float", "n_calls", "n_stack"), 0),
        "lines": [[0.2 if at == n_lines - 1 else 0.0, f"vaddps line {at}"] for at in range(n_lines)],
        "lines_left_out": 0,
    }
    profile = {
        "target": "pq-l2",
        "verdict": None,
        "reason": "",
        "geomean_ns_per_op": 12345.6,
        "ratio": 0.5,
        "combos": {f"{name}-{at}": {**combo, "ns_per_op": 1000 + at} for at in range(n_combos)},
        "functions": {"scan": 0.8, "Python": 0.199, "libc": 0.001},
        "samples": 1234,
        "sampled": True,
        "counters_per_op": {"cycles": 2000.0, "instructions": 5000.0},
        "counters_missing": "",
        "hot_loop": loop,
        "unlisted": {},
        "total_seconds": 23.4,
    }
    return {**profile, **changed}


def test_the_text_tells_each_thing_once() -> None:
    lines = profile_text.text(found(2)).splitlines()
    assert lines[0] == (
        "pq-l2: 12,346 ns/op (geomean), 0.50 of the baseline's time; one block, so indicative; took 23 s"
    )
    assert lines[2].split() == ["uniform/128x16-0", "1,000", "0.50", "1.25", "7.0%"]
    assert lines[4].startswith("GB/s: a lower bound")
    assert lines[4].endswith("copy: memcpy's 18 GB/s")
    assert "time: 80% scan, 20% Python (mean over combos, 1,234 samples)" in lines
    assert "per op: cycles 2,000, instructions 5,000, 2.50 instructions per cycle" in lines
    assert "hot loop: in scan, 60% of all time; vectors of 256 bits" in lines
    assert lines[-1] == " 33% vaddps line 2"


@pytest.mark.parametrize("n_combos", [1, 23, 400])
@pytest.mark.parametrize("name", ["a", "long/" * 40, "ümlaut" * 40])
@pytest.mark.parametrize("n_lines", [0, 25])
def test_it_never_exceeds_2048_bytes(n_combos: int, name: str, n_lines: int) -> None:
    """Whatever the names, however many combos, functions, counters and lines."""
    profile = found(n_combos, name, n_lines)
    profile["functions"] = {f"{at}{name}": 0.1 for at in range(12)}
    profile["counters_per_op"] = {f"{at}{name}": 1e12 for at in range(5)}
    profile["counters_missing"] = name[:160]
    profile["unlisted"] = dict.fromkeys(profile["functions"], 0.1)
    profile["target"] = profile["hot_loop"]["function"] = name
    profile["hot_loop"]["lines"] = [[0.01, "ü" * 72] for _ in range(n_lines)]
    assert len(profile_text.text(profile).encode()) <= 2048
    assert len(profile_text.text(found(0, verdict="fail", reason=name * 99)).encode()) <= 2048


def test_of_many_combos_the_slowest_are_shown_and_the_others_counted() -> None:
    shown = profile_text.text(found(23)).splitlines()
    names = [line.split()[0] for line in shown if line.startswith("uniform")]
    assert names == [f"uniform/128x16-{at}" for at in range(22, 22 - len(names), -1)]
    assert f"({23 - len(names)} faster combos left out)" in shown


def test_of_a_long_loop_the_lines_with_most_time_are_shown() -> None:
    """And how many are not."""
    profile = found(23, n_lines=25)
    profile["hot_loop"] |= {"lines": [[0.01 * at, "x" * 72] for at in range(25)], "lines_left_out": 5}
    shown = profile_text.text(profile).splitlines()
    n_shown = sum(line.endswith("x" * 72) for line in shown)
    assert 5 < n_shown < 25
    assert shown[-2].startswith(" 40% ")
    assert shown[-1] == f"({30 - n_shown} lines of the loop left out)"


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"sampled": False}, "time: cannot be sampled on this system"),
        ({"unlisted": {"walk": 0.4}}, "no listing, so maybe a hotter loop: walk (40%)"),
        ({"hot_loop": None}, "hot loop: none seen in a compiled function"),
        ({"counters_per_op": {}, "counters_missing": "cycles: forbidden"}, "not counted: cycles: forbidden"),
        ({"verdict": "crash", "reason": "it fell over"}, "reason:  it fell over"),
    ],
)
def test_what_is_missing_is_one_line(changed: dict[str, Any], line: str) -> None:
    assert line in profile_text.text(found(1, **changed))
