"""The referee's side of a player: start it isolated and pinned, ask, time the answer, end it."""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from referee import watch, wire
from referee.clocks import Turn
from referee.contender import Contender, command, environment, keep_machine_code, readable_files
from referee.faults import KernelFault, Verdict
from referee.workload import OpInputs, Outputs, Value

LOG_LIMIT_BYTES = 1 << 16
FILE_LIMIT_BYTES = 1 << 26
MEMORY_LIMIT_BYTES = 8 << 30
ANSWER_LIMIT_S = 60.0
NO_ERROR = {"where": "", "op": "?", "type": "error", "message": "", "line": None, "frames": ""}
IDLE_LIMIT_MS = 20.0  # a player that waits spends none; what it spent before may be booked late


@dataclass(frozen=True)
class Rules:
    """What every player of a trial is held to.

    core        where a player is pinned while it is timed; None where nothing is pinned
    cores       where it may run before that
    check_heap  whether a write behind a block of memory ends it; slow, so not for timing
    profiled    whether it notes where its ops spend their time
    """

    core: int | None = None
    cores: frozenset[int] = frozenset()
    sandbox: bool = True
    check_heap: bool = False
    profiled: bool = False
    answer_limit_s: float = ANSWER_LIMIT_S
    memory_bytes: int = MEMORY_LIMIT_BYTES
    clock: Callable[[], int] = field(default=time.perf_counter_ns)


@contextlib.contextmanager
def started(contender: Contender, rules: Rules) -> Iterator["PlayerProcess"]:
    """Start a player for `contender`, not yet loaded; at the end, end it and all it left behind.

    Each player gets a private folder, the only one it may write to; machine code that it compiled there is
    kept for the next player of the same contender, nothing else is.
    """
    private = Path(tempfile.mkdtemp(prefix="player-", dir=contender.folder))
    ours, theirs = socket.socketpair()
    try:
        shutil.copytree(contender.cache_path, private / "compiled")
        with printed_path(private).open("wb") as printed:
            process = subprocess.Popen(
                command(contender, theirs.fileno()),
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=printed,
                cwd=private,
                env=environment(private, check_heap=rules.check_heap),
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        theirs.close()
        player = PlayerProcess(contender, rules, process, ours, private)
        try:
            yield player
            player.finish()
        finally:
            player.kill()
        keep_machine_code(private / "compiled", contender.cache_path)
    finally:
        ours.close()
        theirs.close()
        shutil.rmtree(private, ignore_errors=True)
        printed_path(private).unlink(missing_ok=True)


def printed_path(private: Path) -> Path:
    """Return where a player's output goes: beside its folder, where it cannot write by name."""
    return private.with_suffix(".printed")


class PlayerProcess:
    """A running player. Every method raises KernelFault if the kernel misbehaves."""

    def __init__(
        self,
        contender: Contender,
        rules: Rules,
        process: subprocess.Popen[bytes],
        channel: socket.socket,
        private: Path,
    ) -> None:
        self.contender = contender
        self.sandbox = ""
        self.peak_rss_bytes = 0
        self._rules = rules
        self._process = process
        self._channel = channel
        self._private = private
        self._nonce = secrets.token_hex(8)
        self._idle_since_cpu_ns: int | None = None

    def pin(self) -> None:
        """Bind the player to its core, for timing."""
        if self._rules.core is not None:
            os.sched_setaffinity(self._process.pid, {self._rules.core})

    def load(self) -> None:
        """Import the kernels inside the sandbox."""
        body = {
            "package": self.contender.package,
            "kernels": str(self.contender.kernels_path),
            "nonce": self._nonce,
            "handicap": self.contender.handicap,
            "sandbox": self._rules.sandbox,
            "profiled": self._rules.profiled,
            "readable": [*readable_files(self.contender), f"/proc/{self._process.pid}"],
            "writable": str(self._private),
            "memory_bytes": self._rules.memory_bytes,
            "file_bytes": FILE_LIMIT_BYTES,
        }
        if self._rules.core is not None:  # not the referee's own core, which it has inherited
            os.sched_setaffinity(self._process.pid, self._rules.cores)
        answer, _ = self._ask(body, expected="ready")
        self.sandbox = str(answer.get("sandbox", ""))
        self._check_threads()

    def build(self, build_inputs: Mapping[str, Value]) -> None:
        """Let the player construct its kernel."""
        self._idle_since_cpu_ns = None
        arrays: list[np.ndarray] = []
        packed = wire.pack_inputs(build_inputs, arrays)
        self._ask({"kind": "build", "inputs": packed}, arrays, expected="built")
        self._check_threads()

    def take(self, ops: Sequence[OpInputs]) -> None:
        """Hand over the ops of a round; `play` runs them."""
        self._check_idle()
        arrays: list[np.ndarray] = []
        packed = [wire.pack_inputs(op_inputs, arrays) for op_inputs in ops]
        self._ask({"kind": "round", "ops": packed}, arrays, expected="ready")

    def play(self, n_ops: int) -> Turn:
        """Run the next `n_ops` ops of the round once each and return what both clocks said."""
        clock, pid = self._rules.clock, self._process.pid
        cpu_before_ns = watch.cpu_ns(pid)
        start = clock()
        answer, _ = self._ask({"kind": "go", "n_ops": n_ops}, expected="played")
        stop = clock()
        cpu_after_ns = watch.cpu_ns(pid)
        self._check_threads()
        durations_ns = answer.get("durations_ns")
        if (
            not isinstance(durations_ns, list)
            or len(durations_ns) != n_ops
            or not all(type(duration) is int and duration > 0 for duration in durations_ns)
        ):
            got = f"{durations_ns!r:.80}"
            raise self.fault(Verdict.REJECTED, f"clock: expected {n_ops} durations, got {got}")
        turn = Turn(durations_ns, stop - start, cpu_after_ns - cpu_before_ns)
        wrong = turn.wrong()
        if wrong:
            raise self.fault(Verdict.REJECTED, wrong)
        return turn

    def show(self, indices: Sequence[int]) -> tuple[list[Outputs], int]:
        """Return the outputs of some ops of the last round, and the checksum of the inputs after it."""
        answer, arrays = self._ask({"kind": "show", "ops": list(indices)}, expected="shown")
        sizes = answer.get("sizes")
        if (
            not isinstance(sizes, list)
            or not all(type(size) is int and size >= 0 for size in sizes)
            or (len(sizes), sum(sizes)) != (len(indices), len(arrays))
        ):
            raise self.fault(Verdict.REJECTED, f"channel: expected {len(indices)} outputs, got {sizes!r:.40}")
        shown, begin = [], 0
        for size in sizes:
            shown.append(tuple(arrays[begin : begin + size]))
            begin += size
        self._idle_since_cpu_ns = watch.cpu_ns(self._process.pid)
        return shown, answer.get("inputs_crc32", -1)

    def places(self) -> dict[str, Any]:
        """Return what a profiled player says of where its ops spent their time: its own words, unchecked."""
        return self._ask({"kind": "places"}, expected="places")[0]

    def fault(self, verdict: Verdict, reason: str, detail: str = "") -> KernelFault:
        """Return the fault to raise: the candidate's own, or a crash of the trial if it is the opponent's."""
        name = self.contender.name
        if name == "candidate":
            return KernelFault(verdict, reason, detail)
        return KernelFault(
            Verdict.CRASH, f"not the candidate: the {name} ends in {verdict}: {reason}", detail
        )

    def printed(self) -> str:
        """Return the end of what the player printed."""
        with printed_path(self._private).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 2000))
            return file.read().decode("utf-8", "replace").strip()

    def finish(self) -> None:
        """Close the channel, which ends a well-behaved player, and note its peak memory."""
        self._check_printed()
        self.peak_rss_bytes = watch.peak_rss_bytes(self._process.pid)

    def kill(self) -> None:
        """End the player and every process of its session."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _ask(
        self, body: Mapping[str, Any], arrays: Sequence[np.ndarray] = (), *, expected: str
    ) -> tuple[dict[str, Any], list[np.ndarray]]:
        try:
            self._channel.settimeout(self._rules.answer_limit_s)
            wire.send(self._channel, body, arrays)
            answer, got = wire.receive(self._channel)
        except TimeoutError:
            limit_s = self._rules.answer_limit_s
            reason = f"no answer within {limit_s:g} s; the kernel hangs or is far too slow"
            raise self.fault(Verdict.TIMEOUT, reason, self.printed()) from None
        except (EOFError, ConnectionError):
            raise self._ended() from None
        except wire.BrokenMessage as error:
            raise self.fault(Verdict.REJECTED, f"channel: {error}", self.printed()) from None
        self._check_printed()
        if answer.get("nonce") != self._nonce:
            raise self.fault(Verdict.REJECTED, "channel: a message that the player did not send")
        kind = answer.get("kind")
        if kind == "error":
            raise self._raised({**NO_ERROR, **answer})
        if kind == "unfit":
            raise self.fault(Verdict.FAIL, f"op {answer.get('op')}: {answer.get('message')}", self.printed())
        if kind != expected:
            raise self.fault(Verdict.REJECTED, f"channel: expected {expected}, got {kind!r:.40}")
        return answer, got

    def _raised(self, answer: Mapping[str, Any]) -> KernelFault:
        where = {"import": "at import", "build": "in the constructor"}.get(
            str(answer["where"]), f"in op {answer['op']}"
        )
        line = f" at kernels.py:{answer['line']}" if answer["line"] else ""
        first = (str(answer["message"]).splitlines() or [""])[0]
        detail = "\n".join([str(answer["message"]), str(answer["frames"]), self.printed()]).strip()
        return self.fault(Verdict.CRASH, f"{answer['type']} {where}{line}: {first}", detail)

    def _ended(self) -> KernelFault:
        try:
            status = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return self.fault(Verdict.CRASH, "the kernel closed the channel", self.printed())
        how = f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
        return self.fault(Verdict.CRASH, f"the player ended with {how}", self.printed())

    def _check_printed(self) -> None:
        size = printed_path(self._private).stat().st_size
        if size > LOG_LIMIT_BYTES:
            reason = f"prints: expected at most {LOG_LIMIT_BYTES} bytes of output, got {size}"
            raise self.fault(Verdict.REJECTED, reason, self.printed())

    def _check_threads(self) -> None:
        """A kernel has one thread; Lance parallelises above it."""
        n_threads = watch.n_threads(self._process.pid)
        if n_threads > 1:
            raise self.fault(Verdict.REJECTED, f"threads: expected 1 thread, got {n_threads}")

    def _check_idle(self) -> None:
        """Between rounds a player waits; processor time spent then is work moved out of the timed span."""
        if self._idle_since_cpu_ns is None:
            return
        spent_ms = (watch.cpu_ns(self._process.pid) - self._idle_since_cpu_ns) / 1e6
        self._idle_since_cpu_ns = None
        if spent_ms > IDLE_LIMIT_MS:
            reason = f"background work: expected an idle player between rounds, got {spent_ms:.0f} ms of work"
            raise self.fault(Verdict.REJECTED, reason)
