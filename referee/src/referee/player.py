"""The player process: it imports one `kernels.py`, runs ops as it is told, and owns nothing.

It never holds the seed, a reference or an expected output. What the timed loop calls is bound before
`kernels.py` is imported, and it starts no thread.
"""

import gc
import importlib
import importlib.util
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from referee import sandbox, wire
from referee.guarded import guarded_empty
from referee.workload import Edit, Value

Op = Callable[[dict[str, Value]], Any]

# Bound before `kernels.py` is imported, so that patching NumPy changes nothing here.
ndarray, copyto, may_share_memory = np.ndarray, np.copyto, np.may_share_memory


class Unfit(Exception):
    """An output is not a plain array of its own."""


@dataclass(frozen=True)
class Tools:
    """What the timed loop calls, bound before `kernels.py` is imported."""

    clock: Callable[[], int]
    place: Callable[..., None]
    plain_copies: Callable[..., tuple[np.ndarray, ...]]


def main(descriptor: int) -> None:
    """Serve the referee on the socket `descriptor` until it closes the channel."""
    sandbox.die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, fileno=descriptor)
    del sys.argv[1:]
    tools = Tools(time.perf_counter_ns, place, plain_copies)
    try:
        start, _ = wire.receive(channel)
        prepare, kernels = load(channel, start)
        report = None
        if start["profiled"]:
            from referee import places  # a player that is timed does not even import it

            prepare, report = places.watched(prepare)
        serve(channel, tools, prepare, kernels, Path(start["kernels"]), start["nonce"], report)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        os._exit(0)


def load(channel: socket.socket, start: dict[str, Any]) -> tuple[Callable[..., Op], ModuleType]:
    """Import `prepare`, close the sandbox, then import `kernels.py`, and answer how that went."""
    path = Path(start["kernels"])
    package = start["package"]
    sandbox.limit_resources(start["memory_bytes"], start["file_bytes"])
    prepare = importlib.import_module(f"{package}.prepare").prepare
    # Numba would import it for its BLAS, a fifth of a player's start; no kernel of Lance's has one.
    sys.modules["scipy"] = None  # type: ignore[assignment]
    importlib.import_module("numba")
    in_force = "unsandboxed: switched off"
    if start["sandbox"]:
        in_force = sandbox.enclose(map(Path, start["readable"]), [Path(start["writable"])])
    spec = importlib.util.spec_from_file_location(f"{package}.kernels", path)
    assert spec is not None
    assert spec.loader is not None
    kernels = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = kernels
    try:
        spec.loader.exec_module(kernels)
    except BaseException as error:
        answer_error(channel, start["nonce"], "import", 0, error, path)
        return prepare, kernels
    wire.send(channel, {"nonce": start["nonce"], "kind": "ready", "sandbox": in_force})
    if start["handicap"]:
        return handicapped(prepare, start["handicap"]), kernels
    return prepare, kernels


def handicapped(prepare: Callable[..., Op], part: float) -> Callable[..., Op]:
    """Return `prepare` with ops that take longer by `part` of their own time, busy all the while."""
    clock = time.perf_counter_ns

    def slower(*arguments: Any) -> Op:
        op = prepare(*arguments)

        def slow_op(inputs: dict[str, Value]) -> Any:
            start = clock()
            outputs = op(inputs)
            stop = clock()
            until = stop + (stop - start) * part
            while clock() < until:
                pass
            return outputs

        return slow_op

    return slower


def serve(
    channel: socket.socket,
    tools: Tools,
    prepare: Callable[..., Op],
    kernels: ModuleType,
    path: Path,
    nonce: str,
    report: Callable[[], dict[str, Any]] | None,
) -> None:
    """Answer one request after another until the referee closes the channel.

    report  what a profiled player answers when it is asked where its ops spent their time
    """
    clock, put, copied = tools.clock, tools.place, tools.plain_copies
    op: Op | None = None
    inputs: dict[str, Value] = {}
    buffers: dict[str, np.ndarray] = {}
    ops: list[dict[str, Any]] = []
    kept: list[tuple[np.ndarray, ...]] = []
    while True:
        request, arrays = wire.receive(channel)
        answer: dict[str, Any]
        sent: list[np.ndarray] = []
        try:
            if request["kind"] == "build":
                op = None
                inputs, buffers, kept = {}, {}, []
                built: dict[str, Value] = {}
                put(wire.unpack_inputs(request["inputs"], arrays), built, {})
                op = prepare(kernels, built)
                answer = {"kind": "built"}
            elif request["kind"] == "show":
                sent = [array for index in request["ops"] for array in kept[index]]
                sizes = [len(kept[index]) for index in request["ops"]]
                answer = {"kind": "shown", "sizes": sizes, "inputs_crc32": wire.checksum(inputs)}
            elif request["kind"] == "round":
                ops = [wire.unpack_inputs(packed, arrays) for packed in request["ops"]]
                kept = []
                gc.collect()
                gc.freeze()  # what outlives it stays: to look through Numba again costs 50 ms a round
                answer = {"kind": "ready"}
            elif request["kind"] == "places":
                assert report is not None
                answer = {"kind": "places", **report()}
            else:
                assert op is not None
                durations_ns = []
                gc.disable()
                for op_inputs in ops[len(kept) : len(kept) + request["n_ops"]]:
                    put(op_inputs, inputs, buffers)
                    start = clock()
                    outputs = op(inputs)
                    stop = clock()
                    durations_ns.append(stop - start)
                    kept.append(copied(outputs, buffers))
                gc.enable()
                answer = {"kind": "played", "durations_ns": durations_ns}
        except Unfit as error:
            gc.enable()
            answer = {"kind": "unfit", "op": len(kept), "message": str(error)}
        except BaseException as error:
            answer_error(channel, nonce, request["kind"], len(kept), error, path)
            continue
        wire.send(channel, {"nonce": nonce, **answer}, sent)


def place(op_inputs: dict[str, Any], inputs: dict[str, Value], buffers: dict[str, np.ndarray]) -> None:
    """Bring `inputs` to the next op's contents: every array in the memory it has always had, read-only.

    The page behind an array cannot be read.
    """
    for name, value in op_inputs.items():
        if isinstance(value, Edit):
            buffers[name].reshape(-1)[value.at] = value.values
        elif not isinstance(value, ndarray):
            inputs[name] = value
        else:
            buffer = buffers.get(name)
            if buffer is None or buffer.shape != value.shape or buffer.dtype != value.dtype:
                buffer = buffers[name] = guarded_empty(value.shape, value.dtype)
                view = buffer.view()
                view.flags.writeable = False
                inputs[name] = view
            copyto(buffer, value)


def plain_copies(outputs: Any, buffers: dict[str, np.ndarray]) -> tuple[np.ndarray, ...]:
    """Return copies of an op's outputs; Unfit if one is not an array that is complete and its own."""
    if type(outputs) is not tuple:
        raise Unfit(f"expected a tuple of arrays, got {type(outputs).__name__}")
    for index, output in enumerate(outputs):
        if type(output) is not ndarray:
            raise Unfit(f"output {index}: expected exactly numpy.ndarray, got {type(output).__name__}")
        if output.dtype.str not in wire.DTYPES:
            raise Unfit(f"output {index}: expected a plain number type, got dtype {output.dtype}")
        if not output.flags.c_contiguous:
            raise Unfit(f"output {index}: expected a C-contiguous array, got strides {output.strides}")
        for name, buffer in buffers.items():
            if may_share_memory(output, buffer):
                raise Unfit(f"output {index}: expected memory of its own, got a view of the input {name!r}")
    return tuple(output.copy() for output in outputs)


def answer_error(
    channel: socket.socket, nonce: str, where: str, n_played: int, error: BaseException, path: Path
) -> None:
    gc.enable()
    frames = traceback.extract_tb(error.__traceback__)
    inside = [frame for frame in frames if frame.filename == str(path)]
    message = str(error).strip()
    answer = {
        "nonce": nonce,
        "kind": "error",
        "where": where,
        "op": n_played,
        "type": type(error).__name__,
        "message": message[:2000],
        "line": getattr(error, "lineno", None) if isinstance(error, SyntaxError) else None,
        "frames": "\n".join(
            f"  kernels.py:{frame.lineno} in {frame.name}: {frame.line}" for frame in inside[-5:]
        ),
    }
    if inside:
        answer["line"] = inside[-1].lineno
    wire.send(channel, answer)
