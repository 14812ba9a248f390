"""One trial at a time on one machine, whatever happened to the last."""

import errno
import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from referee import machine_lock

HOLDER = """
import signal, sys, time
from pathlib import Path
from referee import machine_lock
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have left it ignored
with machine_lock.alone(print, Path(sys.argv[1])) as folder:
    (folder / "half-done").write_text("x")
    print("held", flush=True)
    time.sleep(60)
"""


def hold(folder: Path) -> subprocess.Popen[str]:
    """Start another process that holds the lock."""
    other = subprocess.Popen([sys.executable, "-c", HOLDER, str(folder)], stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    return other


def test_the_second_waits_says_for_whom_and_starts_clean(tmp_path: Path) -> None:
    """Killed with -9, the holder leaves files behind; the next one waits, then begins in an empty folder."""
    other = hold(tmp_path)
    said: list[str] = []

    def say(message: str) -> None:
        said.append(message)
        other.kill()

    with machine_lock.alone(say, tmp_path) as folder:
        assert list(folder.iterdir()) == []
        assert said == [f"waiting for another trial on this machine (process {other.pid}); Ctrl-C gives up"]
    other.wait()
    assert other.stdout is not None
    other.stdout.close()
    assert not folder.exists()


def test_a_long_wait_is_said_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With how long it has been, so that nobody takes it for a hang."""
    monkeypatch.setattr(machine_lock, "REMIND_S", 0.0)
    monkeypatch.setattr(machine_lock, "WAIT_S", 0.01)
    other = hold(tmp_path)
    said: list[str] = []

    def say(message: str) -> None:
        said.append(message)
        if len(said) == 2:
            other.kill()

    with machine_lock.alone(say, tmp_path):
        assert said[1].endswith(f"(process {other.pid}), for 0 min so far; Ctrl-C gives up")
    other.communicate()


def test_a_waiting_trial_can_be_interrupted(tmp_path: Path) -> None:
    """Ctrl-C while waiting ends the waiter and leaves the holder alone."""
    other = hold(tmp_path)
    waiter = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert waiter.stdout is not None
    assert "waiting for another trial" in waiter.stdout.readline()
    time.sleep(0.1)
    waiter.send_signal(2)
    assert waiter.wait(timeout=10) != 0
    assert other.poll() is None
    other.kill()
    other.wait()
    for process in (other, waiter):
        assert process.stdout is not None
        process.stdout.close()


def test_nobody_waits_for_nobody(tmp_path: Path) -> None:
    """Without another trial the lock is silent, and it names its holder for the next."""
    said: list[str] = []
    with machine_lock.alone(said.append, tmp_path):
        assert (tmp_path / "lance-autoresearch.lock").read_text() == str(os.getpid())
    assert said == []


def test_one_lock_for_all_whatever_tmpdir_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An agent's sandbox sets a TMPDIR of its own: its trial works there, and waits for the others."""
    for name in ("machine", "sandbox"):
        (tmp_path / name).mkdir()
    monkeypatch.delenv("LAR_MACHINE_LOCK", raising=False)
    monkeypatch.setattr(machine_lock, "FOLDER", str(tmp_path / "machine"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "sandbox"))
    with machine_lock.alone(print) as folder:
        assert folder.parent == tmp_path / "sandbox"
        assert [path.name for path in (tmp_path / "machine").iterdir()] == ["lance-autoresearch.lock"]


def test_a_lock_that_may_only_be_read_is_held_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a sandbox that mounts all but its own folders read-only."""
    other = hold(tmp_path)
    open_any = os.open

    def read_only(path: str, flags: int, mode: int = 0o777, **more: int) -> int:
        if Path(path).name == "lance-autoresearch.lock" and flags & os.O_RDWR:
            raise OSError(errno.EROFS, "Read-only file system", path)
        return open_any(path, flags, mode, **more)

    said: list[str] = []

    def say(message: str) -> None:
        said.append(message)
        other.kill()

    monkeypatch.setattr(os, "open", read_only)
    with machine_lock.alone(say, tmp_path):
        assert len(said) == 1
        monkeypatch.undo()
        descriptor = machine_lock.open_lock(tmp_path / "lance-autoresearch.lock")
        with pytest.raises(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(descriptor)
    other.communicate()
