"""What the listing of a compiled module says: its functions, and the address of every instruction.

A listing has no addresses. To get them it is assembled with a label at every instruction, and a table of the
labels' distances behind it.
"""

import re
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import llvmlite.binding as llvm
import numpy as np

MOST_LINES = 20_000
PLAIN = frozenset(string.ascii_letters + string.digits + " _.,$()")
SECTION = "lar_places"
SYMBOL = re.compile(r'"?([^\s":]+)"?:')


@dataclass(frozen=True)
class Listed:
    """One compiled function: its labels and instructions in order, and where they are in memory.

    lines      a label ends with a colon; of the directives only .p2align is there
    addresses  int64[lines], rising; a label's is that of the instruction after it
    end        the first address that may belong to another function
    """

    name: str
    lines: tuple[str, ...]
    addresses: np.ndarray
    end: int


def listed(text: str, places: Mapping[str, int], offsets: Mapping[str, Sequence[int]]) -> Iterator[Listed]:
    """Yield those functions of the listing `text` that are in `places`.

    places   where a function is in memory, by symbol
    offsets  how far each of its instructions, and then its end, is from there
    """
    for symbol, lines in split(text, set(places)):
        begin, far = places[symbol], offsets[symbol]
        n_instructions = sum(not line.endswith(":") for line in lines)
        if len(lines) > MOST_LINES or n_instructions == 0 or n_instructions + 1 != len(far):
            continue
        at, addresses = 0, []
        for line in lines:
            addresses.append(begin + far[at])
            at += not line.endswith(":")
        yield Listed(readable(symbol), tuple(lines), np.array(addresses, np.int64), begin + far[-1])


def split(text: str, defined: set[str]) -> list[tuple[str, list[str]]]:
    """Return (symbol, labels and instructions) for each function that the listing `text` defines."""
    parts: list[tuple[str, list[str]]] = []
    inside = False
    for line in text.splitlines():
        label = SYMBOL.match(line)
        if label and label[1] in defined:
            inside = True
            parts.append((label[1], []))
        elif line.startswith(".Lfunc_end"):
            inside = False
        elif inside and (label or is_instruction(line)):
            parts[-1][1].append(f"{label[1]}:" if label else " ".join(line.split()))
    return parts


def is_instruction(line: str) -> bool:
    """Return whether the processor may stand at `line`; padding before a loop is instructions too."""
    words = line.strip()
    return line.startswith("\t") and (words[:1] not in ("", ".", "#", "/") or words.startswith(".p2align"))


def assembled(machine: Any, text: str, defined: set[str]) -> tuple[bytes, dict[str, list[int]]]:
    """Return the object code of a listing, and how far each instruction is from its function's start.

    machine  LLVM's target machine
    defined  the symbols of the functions

    Of each function the last offset is that of its end.
    """
    lines: list[str] = []
    counts: dict[str, int] = {}
    symbol = ""
    for line in text.splitlines():
        label = SYMBOL.match(line)
        if line.startswith(".Lfunc_end") and symbol:
            lines.append(f".Llar_{len(counts)}_{counts[symbol]}:")
            counts[symbol] += 1
            symbol = ""
        elif symbol and is_instruction(line):
            lines.append(f".Llar_{len(counts)}_{counts[symbol]}:")
            counts[symbol] += 1
        lines.append(line)
        if label and label[1] in defined:
            symbol = label[1]
            counts[symbol] = 0
    lines.append(f'\t.section {SECTION},"",%progbits')
    for number, count in enumerate(counts.values(), 1):
        lines += [f"\t.long .Llar_{number}_{at}-.Llar_{number}_0" for at in range(count)]
    text = "\n".join(lines)
    quoted = "".join(chr(byte) if chr(byte) in PLAIN else f"\\{byte:02X}" for byte in text.encode())
    code = machine.emit_object(llvm.parse_assembly(f'module asm "{quoted}"\n'))
    sections = {section.name(): section.data() for section in llvm.ObjectFileRef.from_data(code).sections()}
    table = np.frombuffer(sections[SECTION.encode()], np.uint32).tolist()
    found, begin = {}, 0
    for symbol, count in counts.items():
        found[symbol] = table[begin : begin + count]
        begin += count
    return bytes(code), found


def readable(symbol: str) -> str:
    """Return the last name in a mangled `symbol`, or what it is if Numba made it for itself."""
    if symbol.startswith(("_ZN7cpython", "cfunc.")):
        return "entry from Python"
    names, rest = [], symbol.removeprefix("_ZN")
    while rest != symbol and (size := re.match(r"\d+", rest)):
        begin = size.end()
        names.append(rest[begin : begin + int(size[0])])
        rest = rest[begin + int(size[0]) :]
    return names[-1] if names else symbol
