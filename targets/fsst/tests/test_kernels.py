"""The baseline and the kernel give the reference's answers, in the battery and at the edges of the API."""

from types import ModuleType

import numpy as np
import pytest

from fsst import baseline, inputs, kernels
from fsst.battery import correctness_battery
from fsst.encoder import table_of
from fsst.run_experiment import EXPERIMENT
from harness_common.prng import SplitMix64
from referee import testing
from referee.workload import Case

CASES = correctness_battery(20_251_115)
IMPLEMENTATIONS = pytest.mark.parametrize("implementation", [baseline, kernels])


@IMPLEMENTATIONS
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_agrees_with_the_reference(implementation: ModuleType, case: Case) -> None:
    """Every op of every case of the battery, every input at the end of its memory."""
    testing.check_case(EXPERIMENT, case, implementation)


@IMPLEMENTATIONS
@pytest.mark.parametrize("combo", [combo for combo in inputs.COMBOS if "29M" not in combo[0]], ids="-".join)
def test_is_right_on_the_timed_inputs(implementation: ModuleType, combo: tuple[str, str]) -> None:
    """Six ops of every workload, the changed table among them."""
    drawn = inputs.workload(SplitMix64(1), *combo)
    testing.check_case(EXPERIMENT, Case("timed", {}, inputs.redraw(drawn, 1)[:6]), implementation)


@IMPLEMENTATIONS
def test_text_beyond_32_bits_is_refused_and_not_written(implementation: ModuleType) -> None:
    """2**28 codes of a symbol of eight bytes are one byte too many for an int32; the zeros cost no memory."""
    n = 1 << 28
    codes, offsets = np.zeros(n, np.uint8), np.array([0, 100, n - 1, n], np.int32)
    given = testing.read_only({"table": table_of([b"12345678"]), "codes": codes, "offsets": offsets})
    with pytest.raises(ValueError, match=r"\bstring 2\b"):
        implementation.FsstKernel().decode(**given)
