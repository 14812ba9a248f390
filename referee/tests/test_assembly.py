"""Loops, vector widths and what else a listing says, on small listings."""

import pytest

from referee import assembly

# Sums doubles four at a time, then the rest one by one, in a loop over rows.
ROWS = """
.LBB0_1:
movq (%rdi,%rax,8), %rcx
.LBB0_2:
vmovupd (%rcx,%rdx,8), %ymm1
vaddpd %ymm1, %ymm0, %ymm0
addq $4, %rdx
cmpq %rsi, %rdx
jb .LBB0_2
.LBB0_3:
vaddsd (%rcx,%rdx,8), %xmm0, %xmm0
movq %rdx, 24(%rsp)
callq *%rbx
incq %rdx
jne .LBB0_3
incq %rax
jne .LBB0_1
retq
""".strip().splitlines()


def at(line: str) -> int:
    return ROWS.index(line)


def test_loops_are_jumps_back_and_those_to_one_label_are_one_loop() -> None:
    """A jump forward is no loop, nor is one to a label of another function."""
    found = assembly.loops(ROWS)
    assert [(ROWS[loop.first], ROWS[loop.last]) for loop in found] == [
        (".LBB0_1:", "jne .LBB0_1"),
        (".LBB0_2:", "jb .LBB0_2"),
        (".LBB0_3:", "jne .LBB0_3"),
    ]
    assert assembly.loops(["a:", "je a", "jmp b", "b:", "jmp a", "jmp elsewhere"]) == [assembly.Loop(0, 4)]
    assert assembly.loops([".LBB3_1:", "subs x8, x8, #1", "b.ne .LBB3_1"]) == [assembly.Loop(0, 2)]
    assert assembly.loops([".LBB3_1:", "cbnz w9, .LBB3_1", "ret"]) == [assembly.Loop(0, 1)]


@pytest.mark.parametrize(
    ("hot", "last"),
    [
        ("vaddpd %ymm1, %ymm0, %ymm0", "jb .LBB0_2"),
        ("callq *%rbx", "jne .LBB0_3"),
        ("movq (%rdi,%rax,8), %rcx", "jne .LBB0_1"),
    ],
)
def test_the_hottest_loop_is_that_of_the_samples_and_the_innermost_around_them(hot: str, last: str) -> None:
    """What is spent in an inner loop does not count for the loop around it, and the other way round."""
    shares = [0.01] * len(ROWS)
    shares[at(hot)] = 0.6
    loop = assembly.hottest_loop(ROWS, shares)
    assert loop is not None
    assert ROWS[loop.last] == last


def test_without_samples_the_innermost_loop_with_most_vector_instructions_is_chosen() -> None:
    """The loop around it has more of them, and is not innermost."""
    loop = assembly.hottest_loop(ROWS, [0.0] * len(ROWS))
    assert loop == assembly.Loop(at(".LBB0_2:"), at("jb .LBB0_2"))


def test_time_outside_of_every_loop_makes_none_hot() -> None:
    assert assembly.hottest_loop(ROWS, [0.0] * (len(ROWS) - 1) + [1.0]) is None
    assert assembly.hottest_loop(["retq"], [0.0]) is None


@pytest.mark.parametrize(
    ("line", "bits", "n_vector", "n_scalar_float"),
    [
        ("vaddps (%r13,%r10,4), %ymm0, %ymm0", 256, 1, 0),
        ("vpaddd %zmm1, %zmm2, %zmm3", 512, 1, 0),
        ("mulps %xmm1, %xmm0", 128, 1, 0),
        ("vbroadcastss (%rax), %ymm3", 256, 1, 0),
        ("vfmadd231ss %xmm1, %xmm2, %xmm0", 0, 0, 1),
        ("vcvtsi2sdq %rax, %xmm1, %xmm1", 0, 0, 1),
        ("vmovq %xmm0, %rax", 0, 0, 1),
        ("fadd v0.4s, v1.4s, v2.4s", 128, 1, 0),
        ("fmadd d0, d1, d2, d3", 0, 0, 1),
        ("addq %rax, %rbx", 0, 0, 0),
    ],
)
def test_a_vector_instruction_is_told_from_one_on_a_single_number(
    line: str, bits: int, n_vector: int, n_scalar_float: int
) -> None:
    """The register alone does not tell: scalar code uses the low lane of the same ones."""
    summary = assembly.summarised([line])
    assert (summary.vector_bits, summary.n_vector, summary.n_scalar_float) == (bits, n_vector, n_scalar_float)


def test_calls_spills_inserts_and_gathers_are_counted() -> None:
    """What keeps a loop from being fast."""
    summary = assembly.summarised(ROWS[at(".LBB0_3:") : at("jne .LBB0_3") + 1])
    assert (summary.n_instructions, summary.n_calls, summary.n_stack) == (5, 1, 1)
    gathers = ["vinsertps $16, (%r9,%rcx,4), %xmm1, %xmm1", "vpgatherdd %ymm2, (%rax,%ymm1,4), %ymm0"]
    summary = assembly.summarised(gathers)
    assert (summary.n_inserts, summary.n_gathers, summary.vector_bits) == (1, 1, 256)


def test_the_hottest_lines_are_those_with_most_time_together() -> None:
    shares = [0.0, 0.1, 0.0, 0.3, 0.3, 0.0]
    assert assembly.hottest_lines(shares, 2) == (3, 5)
    assert assembly.hottest_lines(shares, 9) == (0, 6)
