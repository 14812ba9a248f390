"""Which listing is taken for a function that several libraries hold, and that what runs is what is listed."""

import platform
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import llvmlite.binding as llvm
import numpy as np
import pytest
from numba import njit
from numba.core.codegen import CPUCodeLibrary

from referee import libraries, listing, places, sampling
from referee.counters import Counters
from referee.libraries import Library, listed_functions

BEGIN = 0x1000


def library(lines: list[str], offsets: list[int]) -> Library:
    """Return a library that holds `walk`, at the same place as every other."""
    text = "\n".join(["walk:", *[f"\t{line}" for line in lines], ".Lfunc_end0:"])
    numba = SimpleNamespace(get_pointer_to_function=lambda symbol: BEGIN)
    return Library(numba, text, {"walk": offsets})


COPY = library(["nop", "movl %eax, %ebx", "ret"], [0, 1, 3, 13])
OWN = library(["movabsq $7, %rax", "nop", "ret"], [0, 10, 11, 12])


@pytest.mark.parametrize("order", [[COPY, OWN], [OWN, COPY]])
def test_of_several_copies_that_one_is_listed_in_whose_instructions_the_samples_lie(
    order: list[Library],
) -> None:
    """One sample of forty may be off, for whatever reason."""
    samples = BEGIN + np.array([0] * 10 + [10] * 29 + [5])
    (one,) = listed_functions(order, samples)
    assert one.lines == ("movabsq $7, %rax", "nop", "ret")
    assert libraries.fits(samples, one)


def test_a_function_whose_listing_is_of_other_code_keeps_its_samples_and_is_said_to_have_none() -> None:
    """It has a share of the time and no lines."""
    sampler = sampling.Sampler(np.zeros(64, np.int64), object(), Counters())
    sampler.built += [sampling.Built(at) for at in (3, 3, 3)]
    sampler.log[3:13] = BEGIN + 2
    sampler.log[sampling.NEXT] = 13
    told = places.report([COPY], sampler)
    assert told["built"][0]["functions"] == {"walk": 10}
    assert (told["listings"], told["unlisted"]["walk"]) == ([], 1.0)


@pytest.fixture
def kept() -> Iterator[list[Library]]:
    """All that Numba compiles during a test."""
    finalize: Any = CPUCodeLibrary.__dict__["_finalize_final_module"]
    yield libraries.kept_libraries()
    setattr(CPUCodeLibrary, "_finalize_final_module", finalize)  # noqa: B010


def test_what_runs_is_the_code_that_would_run_anyway(kept: list[Library]) -> None:
    """It is assembled from the listing, byte for byte what LLVM makes of the module."""

    def scan(values: Any, bound: float) -> int:
        n = 0
        for i in range(values.shape[0]):
            n += values[i] < bound
        return n

    compile_it: Callable[..., Any] = njit
    counted = compile_it(scan)
    values = np.arange(9.0)
    assert counted(values, 4.0) == 4
    (one,) = [one for one in kept if one.numba.name.endswith("scan")]
    machine: Any = one.numba._codegen._tm
    assert code(one.numba._get_compiled_object()) == code(machine.emit_object(one.numba._final_module))
    assert {listed.name for listed in listed_functions(kept, np.zeros(0, np.int64))} >= {"scan"}


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the listing is for x86-64")
def test_padding_is_a_place_where_the_processor_may_stand() -> None:
    """It runs through it into the loop behind."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    llvm.initialize_native_asmparser()
    text = "\n".join(["walk:", "\tnop", "\t.p2align\t4", ".LBB0_1:", "\tjmp\t.LBB0_1", ".Lfunc_end0:"])
    machine = llvm.Target.from_default_triple().create_target_machine()
    _, offsets = listing.assembled(machine, text, {"walk"})
    (one,) = listing.listed(text, {"walk": 100}, offsets)
    assert list(zip(one.lines, one.addresses.tolist(), strict=True)) == [
        ("nop", 100),
        (".p2align 4", 101),
        (".LBB0_1:", 116),
        ("jmp .LBB0_1", 116),
    ]


def code(built: bytes) -> list[bytes]:
    """Return the machine code in an object file."""
    sections = llvm.ObjectFileRef.from_data(built).sections()
    return [bytes(section.data()) for section in sections if section.is_text()]
