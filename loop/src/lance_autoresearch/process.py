"""A target as a process: the only way in which the loop meets the referee."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

from lance_autoresearch.errors import Interrupted
from lance_autoresearch.workspace import Target

PR_SET_PDEATHSIG = 1  # prctl(2)
HEARD_S = 1.0  # for a process to end by itself, of a Ctrl-C that it got as well


def run_experiment(
    tree: Path,
    target: Target,
    options: Sequence[str],
    quiet: bool = False,
    output: BinaryIO | None = None,
) -> int:
    """Run `python -m <package>.run_experiment` from the files under `tree` and return its exit code.

    tree    the working tree, or a snapshot of it
    quiet   drop the process's stdout; stderr is always shown, so a terminal sees live progress
    output  a file that takes the process's stdout

    The process ends with this one, however this one ends.

    Raises: Interrupted if somebody stops us, or the process by a Ctrl-C.
    """
    sources = [tree / "harness-common/src", tree / "referee/src", tree / f"targets/{target.name}/src"]
    # PYTHONPATH precedes site-packages and the editable installs in it: the tree's own files win.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment["PYTHONPATH"] = os.pathsep.join(str(source) for source in sources)
    sys.stdout.flush()
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", f"{target.package}.run_experiment", *options],
        cwd=tree / "targets" / target.name,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL if quiet else output,
        preexec_fn=die_with_parent(),
    )
    try:
        code = child.wait()
    finally:
        stop(child)
    if code == 130:  # it saw a Ctrl-C that we did not, or not yet
        raise Interrupted("interrupted", 130)
    return code


def die_with_parent() -> Callable[[], None] | None:
    """Return what a new process runs first so that the kernel kills it when its parent dies.

    It holds for `kill -9` too. It is not inherited: the referee does the same for its players.
    None where the system has no such thing (macOS); there a kill -9 leaves the process to finish.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def ask_to_die() -> None:
        # While it imports, a Ctrl-C is for us to handle; it listens to its own as soon as it has begun.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return ask_to_die


def stop(child: subprocess.Popen[bytes]) -> None:
    """End `child` if it still runs: let it react to a Ctrl-C it also got, then ask, then kill."""
    for ask, patience_s in ((None, HEARD_S), (child.terminate, 2.0)):
        if child.poll() is not None:
            return
        if ask is not None:
            ask()
        try:
            child.wait(patience_s)
        except (subprocess.TimeoutExpired, Interrupted):
            continue
    child.kill()
    child.wait()
