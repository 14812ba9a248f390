"""What an assembly listing says of its loops: which one is hot, how wide its vectors are, what it calls.

Pure functions of a listing's lines, labels (ending with a colon) and instructions, and the share of time at
each line. x86-64 in AT&T form and aarch64 are understood; of another processor only the loops are.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

JUMP = re.compile(r"(?:j[a-z]+|b|b\.[a-z]+|cbn?z|tbn?z)\s.*?([.\w$]+)$")
CALL = re.compile(r"(?:call|callq|bl|blr)\s")
STACK = re.compile(r"\((?:%rsp|%rbp)\b|\[(?:sp|x29)\b")
WIDTHS = (
    (512, re.compile(r"%zmm")),
    (256, re.compile(r"%ymm")),
    (128, re.compile(r"%xmm|\bv\d+\.\d+[bhsd]\b")),
)
# of the instructions with vector registers these work on a single number, or move it in or out
ONE_LANE = re.compile(
    r"(?!v?broadcast)\S*(?:ss|sd|si|si2ss[lq]|si2sd[lq])\s|v?mov[dq]\s|v?p(?:insr|extr)[bwdq]\s|v?extractps\s"
)
INSERT = re.compile(r"v?(?:insertps|pinsr[bwdq]|movhps|movhpd|movlps|movlpd|unpcklps|unpcklpd)\s|ld1\s.*\}\[")
AARCH64_SCALAR = re.compile(r"f[a-z]+\s+[hsd]\d+\b")
GATHER = re.compile(r"vp?gather")


@dataclass(frozen=True)
class Loop:
    """A loop of a listing: the lines from `first`, its label, to `last`, the jump back to it."""

    first: int
    last: int


@dataclass(frozen=True)
class Summary:
    """What the instructions of a loop are.

    vector_bits  of the widest vector instruction; 0 if there is none
    n_vector     instructions on several numbers at once, inserts of single lanes among them
    n_inserts    instructions that put one number into a lane: a gather made by hand
    n_stack      instructions that touch the stack: spills, mostly
    """

    n_instructions: int
    vector_bits: int
    n_vector: int
    n_scalar_float: int
    n_inserts: int
    n_gathers: int
    n_calls: int
    n_stack: int


def is_label(line: str) -> bool:
    return line.endswith(":")


def loops(lines: Sequence[str]) -> list[Loop]:
    """Return the loops of one function in the order of their labels: from a label to the last jump back.

    What the compiler has moved out of the way, behind the function's end, may look like a long loop.
    """
    labels = {line[:-1]: at for at, line in enumerate(lines) if is_label(line)}
    ends: dict[int, int] = {}
    for at, line in enumerate(lines):
        jump = JUMP.match(line)
        if jump and labels.get(jump[1], at) < at:
            ends[labels[jump[1]]] = at
    return [Loop(first, last) for first, last in sorted(ends.items())]


def hottest_loop(lines: Sequence[str], shares: Sequence[float]) -> Loop | None:
    """Return the loop whose own lines, those of loops inside it not counted, have the greatest share of time.

    Without any share: of the loops that hold no other, the one with most vector instructions, then the
    longest. None if there is no loop, or all time is spent outside.
    """
    found = loops(lines)
    owner: list[Loop | None] = [None] * len(lines)
    for loop in sorted(
        found, key=lambda loop: loop.first - loop.last
    ):  # the longest first, then those inside
        owner[loop.first : loop.last + 1] = [loop] * (loop.last + 1 - loop.first)
    if any(shares):
        own = dict.fromkeys(found, 0.0)
        for loop_of_line, share in zip(owner, shares, strict=True):
            if loop_of_line is not None:
                own[loop_of_line] += share
        return max((loop for loop in found if own[loop] > 0), key=lambda loop: own[loop], default=None)
    innermost = [loop for loop in found if set(owner[loop.first : loop.last + 1]) == {loop}]

    def size(loop: Loop) -> tuple[int, int]:
        summary = summarised(lines[loop.first : loop.last + 1])
        return summary.n_vector, summary.n_instructions

    return max(innermost, key=size, default=None)


def summarised(lines: Sequence[str]) -> Summary:
    """Return what the instructions among `lines` are; padding is none."""
    instructions = [line for line in lines if not is_label(line) and not line.startswith(".p2align")]
    floats = [line for line in instructions if vector_bits(line)]
    vectors = [line for line in floats if INSERT.match(line) or not ONE_LANE.match(line)]
    return Summary(
        n_instructions=len(instructions),
        vector_bits=max(map(vector_bits, vectors), default=0),
        n_vector=len(vectors),
        n_scalar_float=len(floats) - len(vectors) + sum(map(bool, map(AARCH64_SCALAR.match, instructions))),
        n_inserts=sum(bool(INSERT.match(line)) for line in instructions),
        n_gathers=sum(bool(GATHER.match(line)) for line in instructions),
        n_calls=sum(bool(CALL.match(line)) for line in instructions),
        n_stack=sum(bool(STACK.search(line)) for line in instructions),
    )


def vector_bits(line: str) -> int:
    """Return the width of the widest vector register in an instruction, 0 if there is none."""
    return next((bits for bits, register in WIDTHS if register.search(line)), 0)


def hottest_lines(shares: Sequence[float], most: int) -> tuple[int, int]:
    """Return (begin, end) of the `most` consecutive lines, or fewer if there are no more, with most time."""
    if len(shares) <= most:
        return 0, len(shares)
    begin = max(range(len(shares) - most + 1), key=lambda at: (sum(shares[at : at + most]), -at))
    return begin, begin + most
