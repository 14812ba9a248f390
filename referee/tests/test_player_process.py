"""What a misbehaving kernel gets: a named verdict, and no process left behind."""

import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from referee import player_process, watch
from referee.clocks import Turn
from referee.contender import contender, heap_check, keep_machine_code
from referee.faults import KernelFault, Verdict
from referee.player_process import PlayerProcess, Rules, started
from referee.workload import Edit, OpInputs

OPS: list[OpInputs] = [{"values": np.arange(5.0)}, {"values": Edit(np.array([1]), np.array([7.0]))}]


def play_all(player: PlayerProcess, ops: Sequence[OpInputs] = OPS) -> Turn:
    """Build the kernel and run every op of a round."""
    player.build({"scale": np.array([2.0])})
    player.take(ops)
    return player.play(len(ops))


def kernel(body: str, top: str = "") -> str:
    """Return a toy kernel whose `scaled` has this body."""
    lines = "\n".join(f"        {line}" for line in body.splitlines())
    head = "class ToyKernel:\n    def __init__(self, scale):\n        self.scale = scale\n"
    return f"import numpy as np\n{top}\n{head}    def scaled(self, values):\n{lines}\n"


FAULTS = {
    "does not parse": ("def broken(:", Verdict.CRASH, "SyntaxError at import at kernels.py:1"),
    "raises at import": ("import math\n1 / 0", Verdict.CRASH, "ZeroDivisionError at import at kernels.py:2"),
    "exits at import": ("raise SystemExit(0)", Verdict.CRASH, "SystemExit at import at kernels.py:1"),
    "has no kernel": ("x = 1", Verdict.CRASH, "AttributeError in the constructor"),
    "raises in an op": (kernel("raise KeyError('gone')"), Verdict.CRASH, "KeyError in op 0 at kernels.py:7"),
    "raises in the second op": (
        kernel("return values / (values[1] < 7 or None)"),
        Verdict.CRASH,
        "TypeError in op 1",
    ),
    "exits the process": (kernel("os._exit(0)", "import os"), Verdict.CRASH, "ended with exit status 0"),
    "leaves by exception": (kernel("raise SystemExit(0)"), Verdict.CRASH, "SystemExit in op 0"),
    "kills itself": (kernel("(lambda f: f(f))(lambda f: f(f))"), Verdict.CRASH, "RecursionError in op 0"),
    "allocates without end": (
        kernel("x = [values]\nwhile True: x.append(np.empty(1 << 26))"),
        Verdict.CRASH,
        "MemoryError in op 0",
    ),
    "prints megabytes": (
        kernel("print('x' * (1 << 21), flush=True)\nreturn values * self.scale"),
        Verdict.REJECTED,
        "prints: expected at most 65536 bytes of output, got ",
    ),
    "returns a list": (
        kernel("return list(values)"),
        Verdict.FAIL,
        "expected exactly numpy.ndarray, got list",
    ),
    "returns objects": (kernel("return values.astype(object)"), Verdict.FAIL, "got dtype object"),
    "returns a lazy array": (
        kernel("return values.view(Lazy)", "class Lazy(np.ndarray): pass"),
        Verdict.FAIL,
        "expected exactly numpy.ndarray, got Lazy",
    ),
    "returns every other one": (
        kernel("return np.zeros(10)[::2]"),
        Verdict.FAIL,
        "expected a C-contiguous array",
    ),
    "returns a view of its input": (
        kernel("return values"),
        Verdict.FAIL,
        "got a view of the input 'values'",
    ),
    "writes its input": (kernel("values[0] = 1\nreturn values * 1"), Verdict.CRASH, "read-only"),
    "reads behind its input": (
        kernel(
            "end = values.ctypes.data + values.nbytes\n"
            "return np.array([ctypes.c_double.from_address(end).value])",
            "import ctypes",
        ),
        Verdict.CRASH,
        "the player ended with signal SIGSEGV",
    ),
    "reads behind what it was built with": (
        kernel("return values * self.scale")
        .replace("import numpy", "import ctypes\nimport numpy")
        .replace("= scale", "= ctypes.c_double.from_address(scale.ctypes.data + scale.nbytes).value"),
        Verdict.CRASH,
        "the player ended with signal SIGSEGV",
    ),
    "forks": (kernel("os.fork()", "import os"), Verdict.CRASH, "PermissionError in op 0"),
    "starts a program": (
        kernel("subprocess.run(['true'])", "import subprocess"),
        Verdict.CRASH,
        "PermissionError in op 0",
    ),
    "starts a thread": (
        kernel("threading.Thread(target=print).start()", "import threading"),
        Verdict.CRASH,
        "can't start new thread",
    ),
    "opens a socket": (kernel("socket.socket()", "import socket"), Verdict.CRASH, "PermissionError in op 0"),
    "writes a file": (kernel("open('/tmp/x', 'w')"), Verdict.CRASH, "PermissionError in op 0"),
    "reads the referee's command line": (
        kernel("open(f'/proc/{os.getppid()}/cmdline')", "import os"),
        Verdict.CRASH,
        "PermissionError in op 0",
    ),
    "forges an answer": (
        kernel(
            "from referee import wire\n"
            "for d in range(3, 30):\n"
            "    try: s = socket.socket(fileno=d)\n"
            "    except OSError: continue\n"
            "    wire.send(s, {'kind': 'played', 'durations_ns': [1, 1]})\n"
            "    s.detach()",
            "import socket",
        ),
        Verdict.REJECTED,
        "channel: a message that the player did not send",
    ),
    "talks nonsense on the channel": (
        kernel(
            "import os\nfor d in range(3, 30):\n    try: os.write(d, b'x' * 100)\n    except OSError: pass"
        ),
        Verdict.REJECTED,
        "channel: expected a frame",
    ),
}


@pytest.mark.parametrize(("text", "verdict", "reason"), FAULTS.values(), ids=FAULTS.keys())
@pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is Linux's")
def test_a_fault_gets_its_verdict(text: str, verdict: Verdict, reason: str, play: Callable[..., Any]) -> None:
    """The verdict, and a reason that names what happened and where."""
    pid = 0
    with pytest.raises(KernelFault) as caught, play(text, memory_bytes=2 << 30) as player:  # noqa: PT012
        pid = player._process.pid
        play_all(player)
        player.show([0, 1])
    assert caught.value.verdict is verdict
    assert reason in caught.value.reason + caught.value.detail
    assert pid == 0 or not Path(f"/proc/{pid}").exists()


@pytest.mark.skipif(not heap_check(), reason="no glibc, or without its library for this")
@pytest.mark.parametrize("check_heap", [True, False])
def test_a_write_behind_an_output_is_found_where_it_is_looked_for(
    check_heap: bool, play: Callable[..., Any]
) -> None:
    """One byte too far, by the time the memory is freed; a player that is timed does not look.

    The array is full of the byte that is written behind it. Glibc looks for its mark from the block's end,
    steps over as many bytes as it reads, and never makes that byte a mark: here it always comes out at the
    front. Over other contents it can meet what happens to equal the mark, about once in a hundred runs.
    """
    body = (
        "scaled = values * self.scale\n"
        "far = np.ones(8000, np.uint8)\n"
        "ctypes.memset(far.ctypes.data + far.nbytes, 1, 1)\n"
        "return scaled"
    )
    with play(kernel(body, "import ctypes"), check_heap=check_heap) as player:
        if check_heap:
            with pytest.raises(KernelFault, match="the player ended with signal") as caught:
                play_all(player)
            assert "free(): invalid pointer" in caught.value.detail
        else:
            play_all(player)


def test_a_hanging_kernel_times_out(play: Callable[..., Any]) -> None:
    """A kernel that does not answer is stopped at the limit."""
    with play(kernel("while True: pass")) as player:
        player._rules = Rules(answer_limit_s=1)
        with pytest.raises(KernelFault, match="no answer within 1 s") as caught:
            play_all(player)
    assert caught.value.verdict is Verdict.TIMEOUT


def test_without_a_sandbox_a_thread_is_still_seen(play: Callable[..., Any]) -> None:
    """Where the system cannot forbid threads, counting them does."""
    text = kernel(
        "threading.Thread(target=time.sleep, args=(30,), daemon=True).start()\nreturn values * 2",
        "import threading, time",
    )
    with play(text, sandbox=False) as player, pytest.raises(KernelFault, match="expected 1 thread, got 2"):
        play_all(player, OPS[:1])


def test_without_a_sandbox_children_do_not_outlive_the_player(play: Callable[..., Any]) -> None:
    """Whatever a kernel forks is in the player's session and ends with it."""
    text = kernel(
        "child = os.fork()\nif child == 0: time.sleep(60)\nreturn np.array([float(child)])",
        "import os, time",
    )
    with play(text, sandbox=False) as player:
        play_all(player, OPS[:1])
        child = int(player.show([0])[0][0][0][0])
        assert Path(f"/proc/{child}").exists()
    deadline = time.monotonic() + 5
    while Path(f"/proc/{child}").exists() and time.monotonic() < deadline:
        if "State:\tZ" in Path(f"/proc/{child}/status").read_text():
            break
        time.sleep(0.02)
    else:
        assert not Path(f"/proc/{child}").exists()


def test_work_between_rounds_is_seen(play: Callable[..., Any], honest: str) -> None:
    """Processor time that a waiting player spends is work moved out of the timed span."""
    with play(honest) as player:
        play_all(player)
        player.show([0])
        player._idle_since_cpu_ns = watch.cpu_ns(player._process.pid) - 50_000_000
        with pytest.raises(KernelFault, match="background work: expected an idle player"):
            player.take(OPS)


def test_an_honest_player_answers(play: Callable[..., Any], honest: str) -> None:
    """Outputs, durations, edits in place, and arrays always in the same memory."""
    where = kernel("return np.array([values.__array_interface__['data'][0], values[1]], dtype=float)")
    with play(where) as player:
        played = play_all(player)
        (first, second), _ = player.show([0, 1])
        assert len(played.durations_ns) == 2
        assert 0 < played.timed_ns <= played.wall_ns
        assert (first[0][1], second[0][1]) == (1.0, 7.0)
        assert first[0][0] == second[0][0]
    with play(honest) as player:
        play_all(player)
        assert player.show([1])[0][0][0].tolist() == [0, 14, 4, 6, 8]
    assert player.peak_rss_bytes > 10 << 20


def test_an_opponent_at_fault_is_not_the_candidates_failure(
    tmp_path: Path, source_paths: Sequence[Path]
) -> None:
    """A champion that crashes ends the trial, but not as a wrong candidate."""
    champion = contender("champion", "toy", "1 / 0", tmp_path, source_paths)
    with pytest.raises(KernelFault, match="not the candidate: the champion ends in crash") as caught:  # noqa: SIM117
        with started(champion, Rules()) as player:
            player.load()
    assert caught.value.verdict is Verdict.CRASH


def test_machine_code_is_kept_and_nothing_else(tmp_path: Path, source_paths: Sequence[Path]) -> None:
    """The next player finds what Numba compiled, and no file that a kernel left."""
    text = kernel(
        "open('compiled/answers.txt', 'w').write('42')\nopen('note', 'w')\nreturn twice(values)",
        "from numba import njit\n@njit(cache=True)\ndef twice(x):\n    return x * 2.0",
    )
    one = contender("candidate", "toy", text, tmp_path, source_paths)
    with started(one, Rules()) as player:
        player.load()
        play_all(player)
    kept = [path for path in one.cache_path.rglob("*") if path.is_file()]
    assert {path.suffix for path in kept} == {".nbi", ".nbc"}
    assert sorted(path.name for path in one.folder.iterdir()) == ["compiled", "kernels.py"]


def test_a_player_dies_with_its_referee(tmp_path: Path, source_paths: Sequence[Path]) -> None:
    """kill -9 on the referee leaves no player behind."""
    reader, writer = os.pipe()
    referee_pid = os.fork()
    if referee_pid == 0:
        one = contender("candidate", "toy", kernel("while True: pass"), tmp_path, source_paths)
        with started(one, Rules()) as player:
            player.load()
            player.build({"scale": 1})
            os.write(writer, str(player._process.pid).encode())
            player.take(OPS)
            player.play(2)
    player_pid = int(os.read(reader, 20))
    time.sleep(0.3)
    os.kill(referee_pid, 9)
    os.waitpid(referee_pid, 0)
    deadline = time.monotonic() + 5
    while Path(f"/proc/{player_pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not Path(f"/proc/{player_pid}").exists()


def test_the_limits_are_the_documented_ones() -> None:
    """A minute for one answer, 64 KiB of output."""
    assert (player_process.ANSWER_LIMIT_S, player_process.LOG_LIMIT_BYTES) == (60.0, 65536)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's allocator, Linux's count")
def test_the_second_large_output_finds_its_pages_mapped(play: Callable[..., Any]) -> None:
    """32 MB come back to the op after the first without a fault: it is the kernel that is timed."""
    body = (
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
        "np.ones(1 << 22)\n"
        "return np.array([resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before])"
    )
    with play(kernel(body, "import resource")) as player:
        play_all(player)
        ((first,), (second,)), _ = player.show([0, 1])
    assert first[0] > 8
    assert second[0] <= 8


def test_a_handicap_slows_every_op_by_its_part(tmp_path: Path, source_paths: Sequence[Path]) -> None:
    """The planted gain is exact: an op that sleeps 20 ms takes 30 ms with a handicap of a half."""
    text = kernel("time.sleep(0.02)\nreturn values * self.scale", "import time")
    slow = contender("champion", "toy", text, tmp_path, source_paths, handicap=0.5)
    with started(slow, Rules()) as player:
        player.load()
        assert min(play_all(player).durations_ns) >= 30_000_000


def test_a_link_is_not_machine_code(tmp_path: Path, source_paths: Sequence[Path]) -> None:
    """A player cannot smuggle in a file that it may not read by naming a link like a Numba file."""
    secret = tmp_path / "secret"
    secret.write_text("seed")
    one = contender("candidate", "toy", "x = 1", tmp_path, source_paths)
    made = tmp_path / "made"
    made.mkdir()
    (made / "x.nbi").symlink_to(secret)
    (made / "y.nbc").write_text("code")
    keep_machine_code(made, one.cache_path)
    assert [path.name for path in one.cache_path.iterdir()] == ["y.nbc"]


def test_a_player_runs_isolated_and_without_site_hooks(play: Callable[..., Any]) -> None:
    """No PYTHON* variable, no user folder, no sitecustomize and no .pth file has a say in a player."""
    text = kernel(
        "return np.array([sys.flags.isolated, sys.flags.no_site, len(sys.argv), len(os.environ)], float)",
        "import os, sys",
    )
    with play(text) as player:
        play_all(player, OPS[:1])
        isolated, no_site, n_arguments, n_variables = player.show([0])[0][0][0]
        assert (isolated, no_site, n_arguments) == (1, 1, 1)
        assert n_variables <= 13


def test_a_compiled_function_has_no_blas(play: Callable[..., Any]) -> None:
    """SciPy, which Numba takes it from, is not imported in a player, and the reason says what is missing."""
    text = kernel("return np.array([product(values, values)])", "from numba import njit")
    text += "\n\n@njit\ndef product(a, b):\n    return np.dot(a, b)\n"
    with play(text) as player, pytest.raises(KernelFault, match="required for linear algebra") as caught:
        play_all(player)
    assert caught.value.verdict is Verdict.CRASH


def test_what_a_player_prints_is_out_of_its_reach(play: Callable[..., Any]) -> None:
    """Emptying its own folder takes nothing from the referee."""
    text = kernel("import shutil\nshutil.rmtree('.', True)\nprint('gone')\nreturn values * self.scale")
    with play(text) as player:
        play_all(player)
        assert player.show([0])[0][0][0][1] == 2
