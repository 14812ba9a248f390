"""The keep rule on made-up log ratios."""

import numpy as np
import pytest

from referee import keep_rule
from referee.faults import Verdict
from referee.keep_rule import Decision, decide

COMBOS = ("a", "b")


def made(*per_block: tuple[float, float]) -> np.ndarray:
    """Return log ratios from ratios, one pair a block."""
    return np.asarray(np.log(np.array(per_block)))


def decided(ratios: np.ndarray, *, fewer_nodes: bool = False, may_go_on: bool = True) -> Decision:
    return decide(ratios, COMBOS, fewer_nodes=fewer_nodes, may_go_on=may_go_on)


QUIET = np.array([[0.001], [-0.001], [0.0005], [-0.0005], [0.0]])


def blocks(a: float, b: float) -> np.ndarray:
    """Return five quiet blocks around two combo ratios."""
    return np.asarray(np.log(np.array([[a, b]])) + QUIET)


@pytest.mark.parametrize(
    ("ratios", "fewer_nodes", "verdict", "word"),
    [
        pytest.param(blocks(0.97, 0.97), False, Verdict.KEEP, "faster", id="a clear gain"),
        pytest.param(blocks(0.5, 1.04), False, Verdict.KEEP, "faster", id="within the guard"),
        pytest.param(blocks(0.5, 1.06), False, Verdict.DISCARD, "slower at b", id="beyond the guard"),
        pytest.param(blocks(1.0, 1.0), False, Verdict.DISCARD, "no gain of 1%", id="the same"),
        pytest.param(blocks(0.995, 0.995), False, Verdict.DISCARD, "no gain", id="half the noise band"),
        pytest.param(blocks(1.02, 1.02), False, Verdict.DISCARD, "slower", id="slower"),
        pytest.param(blocks(1.005, 1.005), False, Verdict.DISCARD, "no gain of 1%", id="hardly slower"),
        pytest.param(blocks(1.0, 1.0), True, Verdict.KEEP, "simpler", id="the same and simpler"),
        pytest.param(blocks(1.02, 1.02), True, Verdict.DISCARD, "slower", id="simpler but slower"),
        pytest.param(blocks(0.97, 1.06), True, Verdict.DISCARD, "slower at b", id="simpler, guard"),
    ],
)
def test_clear_data_decide_at_once(
    ratios: np.ndarray, fewer_nodes: bool, verdict: Verdict, word: str
) -> None:
    """Each clause of the rule, with data far from every border."""
    decision = decided(ratios, fewer_nodes=fewer_nodes)
    assert decision.verdict == verdict
    assert word in decision.reason


NOISY = made((0.90, 0.93), (1.06, 1.02), (0.95, 0.97), (1.04, 0.99))


def test_noise_asks_for_more_blocks_and_then_gives_up() -> None:
    """Data that cannot tell never keep: they ask, and at the cap they discard as inconclusive."""
    assert decided(NOISY).verdict is None
    last = decided(NOISY, may_go_on=False)
    assert last.verdict is Verdict.DISCARD
    assert "inconclusive after 4 blocks" in last.reason


def test_a_doubtful_combo_blocks_a_keep() -> None:
    """Geomean better, but one combo looks slower than the guard without proof either way: not kept."""
    ratios = made((0.80, 1.02), (0.80, 1.12), (0.80, 1.00), (0.80, 1.13))
    assert decided(ratios).verdict is None
    assert decided(ratios, may_go_on=False).verdict is Verdict.DISCARD
    reason = decided(ratios, may_go_on=False).reason
    assert reason.startswith("inconclusive after 4 blocks: faster over all, but in doubt at b: ratio 0.9")
    unclear = decided(made((0.85, 0.99), (1.05, 1.15), (0.95, 1.0), (1.0, 1.2)), may_go_on=False).reason
    assert unclear.startswith("inconclusive after 4 blocks: ratio ")
    assert unclear.endswith("; in doubt at b")


def test_only_the_guard_is_open_where_the_gain_is_sure_and_a_combo_is_not() -> None:
    """Neither where the gain itself is in doubt, nor where all is said."""
    sure = made((0.80, 1.02), (0.80, 1.12), (0.80, 1.00), (0.80, 1.13))
    assert keep_rule.only_the_guard_is_open(decided(sure))
    assert not keep_rule.only_the_guard_is_open(decided(sure, may_go_on=False))
    assert not keep_rule.only_the_guard_is_open(decided(NOISY))
    assert not keep_rule.only_the_guard_is_open(decided(blocks(0.97, 0.97)))


def test_the_interval_matters_not_only_the_mean() -> None:
    """A mean 3 % better with blocks on both sides of 1 is not a gain yet."""
    assert decided(made((0.90, 0.90), (1.04, 1.04))).verdict is None
