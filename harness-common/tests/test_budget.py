from harness_common.budget import TIME_BUDGET_SECS
from harness_common.tolerance import MAX_ABS_ERR, TOPK_DIST_TOL


def test_the_limits_of_the_contract_are_frozen() -> None:
    """Old rows of a ledger compare with new ones only under the same limits."""
    assert TIME_BUDGET_SECS == 600
    assert MAX_ABS_ERR == 1e-4
    assert TOPK_DIST_TOL == 1e-4
