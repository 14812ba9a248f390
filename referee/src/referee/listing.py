"""What compiled code a process holds: the listing of each function and the address of every instruction.

Numba keeps a listing without addresses. To get them it is assembled once more, with a label at every
instruction and a table of the labels' distances behind it; the assembler is LLVM's own, so the code is the
same, and samples tell: each must lie exactly at an instruction. Runs in the player, which nobody trusts.
"""

import gc
import re
import string
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import llvmlite.binding as llvm
import numpy as np
from numba.core.dispatcher import Dispatcher

MOST_LINES = 20_000
PLAIN = frozenset(string.ascii_letters + string.digits + " _.,$()")
SECTION = "lar_places"
SYMBOL = re.compile(r'"?([^\s":]+)"?:')


@dataclass(frozen=True)
class Listed:
    """One compiled function: its labels and instructions in order, and where they are in memory.

    lines      without directives; a label ends with a colon
    addresses  int64[lines], rising; a label's is that of the instruction after it
    end        the first address that may belong to another function
    """

    name: str
    lines: tuple[str, ...]
    addresses: np.ndarray
    end: int


def listed_functions(kernels: ModuleType) -> list[Listed]:
    """Return all that Numba compiled in this process for functions of the module `kernels`.

    What came from a cache has no listing and is missing; outside Linux everything is.
    """
    if sys.platform != "linux":  # the table of distances is written for ELF
        return []
    llvm.initialize_native_asmparser()
    gc.unfreeze()  # frozen objects are not listed
    found: dict[int, Listed] = {}
    for dispatcher in [one for one in gc.get_objects() if isinstance(one, Dispatcher)]:
        if dispatcher.py_func.__module__ == kernels.__name__:
            overloads: Any = dispatcher.overloads.values()
            for overload in overloads:
                own = {overload.fndesc.llvm_func_name: dispatcher.py_func.__name__}
                for listed in functions_of(overload.library, own):
                    found.setdefault(int(listed.addresses[0]), listed)
    return list(found.values())


def functions_of(library: Any, own: dict[str, str]) -> Iterator[Listed]:
    """Yield the functions in one of Numba's code libraries; `own` names the one that it is for."""
    text = library.get_asm_str()
    if not text:
        return
    defined = {function.name for function in library.get_defined_functions()}
    parts = [part for part in split(text, defined) if len(part[1]) <= MOST_LINES]
    distances = assembled(library, text, defined)
    for symbol, lines in parts:
        start = library.get_pointer_to_function(symbol) or 0
        places = distances.get(symbol, [])
        n_instructions = sum(not line.endswith(":") for line in lines)
        if start == 0 or n_instructions == 0 or n_instructions + 1 != len(places):
            continue
        at, addresses = 0, []
        for line in lines:
            addresses.append(start + places[at])
            at += not line.endswith(":")
        name = own.get(symbol) or readable(symbol)
        yield Listed(name, tuple(lines), np.array(addresses, np.int64), start + places[-1])


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
    return line.startswith("\t") and line.strip()[:1] not in ("", ".", "#", "/")


def assembled(library: Any, text: str, defined: set[str]) -> dict[str, list[int]]:
    """Return, per function of the listing, how far each instruction, and then its end, is from its start."""
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
    code = library._codegen._tm.emit_object(llvm.parse_assembly(f'module asm "{quoted}"\n'))
    sections = {section.name(): section.data() for section in llvm.ObjectFileRef.from_data(code).sections()}
    table = np.frombuffer(sections[SECTION.encode()], np.uint32).tolist()
    found, begin = {}, 0
    for symbol, count in counts.items():
        found[symbol] = table[begin : begin + count]
        begin += count
    return found


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
