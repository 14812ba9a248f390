"""Where a player's ops spend their time: a signal handler that notes the program counter at short intervals.

Python's own handlers run between two steps of Python, so never inside a compiled function. This one is a few
machine instructions that write one number; it costs well below 1 % of the time that it looks at.
Sources: setitimer(2), sigaction(2), sys/ucontext.h.
"""

import ctypes
import platform
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import llvmlite.binding as llvm
import numpy as np

from referee.counters import Counters

INTERVAL_S = 0.0002
MOST_SAMPLES = 1 << 18  # 52 s of ops
ON, NEXT, FIRST = 0, 1, 2  # places in the log: whether to note, the next free place, the first sample
PC_WORD = {"x86_64": 21, "aarch64": 55}  # where glibc's ucontext_t has the program counter, in 8-byte words
SA_SIGINFO, SA_RESTART = 0x4, 0x10000000

HANDLER = """
define void @note(i32 %number, ptr %info, ptr %context) {{
  %log = inttoptr i64 {log} to ptr
  %next_at = getelementptr i64, ptr %log, i64 1
  %on = load volatile i64, ptr %log
  %next = load volatile i64, ptr %next_at
  %is_on = icmp ne i64 %on, 0
  %has_room = icmp ult i64 %next, {size}
  %take = and i1 %is_on, %has_room
  br i1 %take, label %store, label %end
store:
  %counter_at = getelementptr i64, ptr %context, i64 {word}
  %counter = load i64, ptr %counter_at
  %place = getelementptr i64, ptr %log, i64 %next
  store i64 %counter, ptr %place
  %after = add i64 %next, 1
  store volatile i64 %after, ptr %next_at
  br label %end
end:
  ret void
}}
"""


class SignalAction(ctypes.Structure):
    """`struct sigaction` of the C library."""

    _fields_ = (
        ("handler", ctypes.c_void_p),
        ("mask", ctypes.c_byte * 128),
        ("flags", ctypes.c_int),
        ("restorer", ctypes.c_void_p),
    )


@dataclass
class Built:
    """What was seen of one built kernel: where its samples begin, its ops, sums of what the counters read."""

    first_sample: int
    n_ops: int = 0
    readings: list[tuple[int, int, int]] = field(default_factory=list)


@dataclass
class Sampler:
    """The log that the handler writes to, and where in it each built kernel begins.

    code  keeps the handler's machine code alive; None where samples cannot be taken
    """

    log: np.ndarray
    code: Any
    counters: Counters
    built: list[Built] = field(default_factory=list)

    def samples(self, number: int) -> np.ndarray:
        """Return int64[n], the program counters noted in the ops of the kernel built as `number`."""
        ends = [one.first_sample for one in self.built[1:]] + [int(self.log[NEXT])]
        return self.log[self.built[number].first_sample : ends[number]]


def start(counters: Counters) -> Sampler:
    """Install the handler and set the timer going; nothing is noted before the first op."""
    log = np.zeros(FIRST + MOST_SAMPLES, np.int64)
    log[NEXT] = FIRST
    word = PC_WORD.get(platform.machine())
    if word is None or sys.platform != "linux":
        return Sampler(log, None, counters)
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    module = llvm.parse_assembly(HANDLER.format(log=log.ctypes.data, size=log.size, word=word))
    engine = llvm.create_mcjit_compiler(
        module, llvm.Target.from_default_triple().create_target_machine(jit=True)
    )
    engine.finalize_object()
    action = SignalAction(engine.get_function_address("note"), flags=SA_SIGINFO | SA_RESTART)
    if ctypes.CDLL(None).sigaction(signal.SIGALRM, ctypes.byref(action), None) != 0:
        return Sampler(log, None, counters)
    signal.setitimer(signal.ITIMER_REAL, INTERVAL_S, INTERVAL_S)
    return Sampler(log, engine, counters)


def sampled(prepare: Callable[..., Any], sampler: Sampler) -> Callable[..., Any]:
    """Return `prepare` whose ops are looked at by `sampler`; each call of it begins a new entry there."""
    log, counters = sampler.log, sampler.counters

    def prepared(*arguments: Any) -> Any:
        op = prepare(*arguments)
        entry = Built(int(log[NEXT]), readings=[(0, 0, 0)] * len(counters.names))
        sampler.built.append(entry)

        def watched(inputs: Any) -> Any:
            before = counters.read()
            log[ON] = 1
            try:
                return op(inputs)
            finally:
                log[ON] = 0
                after = counters.read()
                entry.readings = [
                    (total[0] + new[0] - old[0], total[1] + new[1] - old[1], total[2] + new[2] - old[2])
                    for total, old, new in zip(entry.readings, before, after, strict=True)
                ]
                entry.n_ops += 1

        return watched

    return prepared
