"""An agent's turn, whatever the agent does: it ends for the right reason and leaves nothing running."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from lance_autoresearch import agent_process, process_tree
from lance_autoresearch.agent_process import Ending, Limits, run_agent
from lance_autoresearch.agent_streams import read_stream
from lance_autoresearch.agents import Launch, launch
from lance_autoresearch.errors import Interrupted, LarError
from lance_autoresearch.interrupts import interrupt
from lance_autoresearch.left_agent import MARK, announce, end_left_agent, identify

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere only the process group is ended")

STAND_IN = Path(__file__).with_name("stand_in_agent.py")
PATIENT = Limits(turn_s=20, stall_s=20, output_bytes=1 << 20)


@dataclass(frozen=True)
class Stage:
    """A folder in which agents are started, with all of them on the PATH."""

    folder: Path
    output: Path = field(init=False)
    note: Path = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "output", self.folder / "output.log")
        object.__setattr__(self, "note", self.folder / "agent.json")

    def run(self, started: Launch | str, limits: Limits = PATIENT, **options: Any) -> Ending:
        """Run one turn; an agent's name starts it with a prompt."""
        if isinstance(started, str):
            prompt = self.folder / "prompt.md"
            started = launch(started, None, prompt, self.folder, None, kernels="kernels.py")
        watched = self.folder / "kernels.py"
        given = {"watched": watched, "busy": lambda: False, "note": self.note, "environment": {}, **options}
        return run_agent(started, self.folder, self.output, limits, **given)

    def said(self) -> str:
        return self.output.read_text()


def command(*words: str, stdin: Path | None = None) -> Launch:
    return Launch(words, stdin, "text")


def script(text: str) -> Launch:
    return command("sh", "-c", text)


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """Every test ends without a process or a zombie of its own, and without a note."""
    for name in ("claude", "codex", "cursor-agent", "gemini", "opencode", "aider"):
        (tmp_path / name).symlink_to(STAND_IN)
    (tmp_path / "python3").symlink_to(os.path.realpath(sys.executable))  # what else it is may start slowly
    (tmp_path / "prompt.md").write_text("make it faster\n")
    (tmp_path / "kernels.py").write_text("# slow\n")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("STAND_IN_PID", str(tmp_path / "pid"))
    monkeypatch.setattr(process_tree, "POLITE_S", 0.3)
    monkeypatch.setattr(agent_process, "PACE_S", 0.01)
    before = below()
    stage = Stage(tmp_path)
    yield stage
    assert below() == before
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
    assert not stage.note.exists()


def below() -> set[int]:
    return process_tree.descendants(process_tree.process_table(), {os.getpid()}, ())


def alive(pid: int) -> bool:
    found = process_tree.process_table().get(pid)
    return found is not None and not found.ended


@pytest.mark.parametrize("agent", ["claude", "codex", "cursor", "gemini", "opencode", "aider"])
def test_each_agent_takes_its_turn_and_its_stream_is_read(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, agent: str
) -> None:
    """The prompt arrives, by whichever way, and what was to be improved is."""
    (stage.folder / "edit.py").write_text("# fast\n")
    monkeypatch.setenv("STAND_IN_EDIT", "edit.py")
    (stage.folder / "prompt.md").write_text("stand-in: improve\n")
    if agent == "aider":  # its prompt is a file that the stand-in does not open
        monkeypatch.setenv("STAND_IN", "improve")
    ending = stage.run(agent)
    assert (ending.reason, ending.exit_code, ending.left_behind) == ("ended", 0, 0)
    assert ending.output_bytes == stage.output.stat().st_size
    assert (stage.folder / "kernels.py").read_text() == "# fast\n"
    with stage.output.open("rb") as lines:
        stream = "text" if agent == "aider" else agent
        assert read_stream(stream, lines).final_text.endswith("unrolled the loop")


@dataclass(frozen=True)
class LateClock:
    """A clock that is an hour ahead as soon as the agent has said `begun`."""

    stage: Stage
    begun: str
    sleep: Callable[[float], None] = time.sleep

    def monotonic(self) -> float:
        output = self.stage.output
        return time.monotonic() + (3600.0 if output.exists() and self.begun in self.stage.said() else 0.0)


HASTY = Limits(turn_s=20, stall_s=0.1, output_bytes=1 << 20)


@pytest.mark.parametrize(
    ("word", "limits", "reason", "exit_code"),
    [
        ("nothing", PATIENT, "ended", 0),
        ("early", PATIENT, "ended", 0),
        ("crash", PATIENT, "ended", 3),
        ("hang", HASTY, "stalled", -signal.SIGTERM),
        ("stubborn", HASTY, "stalled", -signal.SIGKILL),
        ("chatter", PATIENT, "over time", -signal.SIGTERM),
        ("flood", PATIENT, "flood", -signal.SIGTERM),
    ],
)
def test_every_misbehaviour_ends_for_its_reason(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, word: str, limits: Limits, reason: str, exit_code: int
) -> None:
    """However slowly the agent begins on a busy machine, which the stalls wait for."""
    monkeypatch.setenv("STAND_IN", word)
    begun = "ignoring" if word == "stubborn" else "I look first"
    if reason == "over time":
        monkeypatch.setattr(agent_process, "time", LateClock(stage, begun))
    ending = stage.run("claude", limits, busy=lambda: begun not in stage.said())
    assert (ending.reason, ending.exit_code, ending.left_behind) == (reason, exit_code, 0)
    assert (ending.output_bytes == limits.output_bytes) == (word == "flood")
    assert stage.output.stat().st_size == ending.output_bytes


@pytest.mark.parametrize(("agent", "size"), [("claude", len("make it faster\n")), ("gemini", 0)])
def test_stdin_ends_after_the_prompt_or_at_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, agent: str, size: int
) -> None:
    """An agent that reads to the end would wait for ever at an open one."""
    monkeypatch.setenv("STAND_IN", "stdin")
    assert stage.run(agent).reason == "ended"
    with stage.output.open("rb") as lines:
        assert read_stream(agent, lines).final_text == f"stdin had {size} characters"


def test_a_daemon_of_the_agent_ends_with_the_turn(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own session and a parent that is gone hide it from a process group, not from us."""
    monkeypatch.setenv("STAND_IN", "child")
    ending = stage.run("codex")
    assert (ending.reason, ending.exit_code, ending.left_behind) == ("ended", 0, 1)
    assert not alive(int((stage.folder / "pid").read_text()))


def test_what_ran_before_the_turn_is_not_the_agents(stage: Stage) -> None:
    ours = subprocess.Popen(["sleep", "60"])
    assert stage.run(script("sleep 60 & exit 0")).left_behind == 1
    assert ours.poll() is None
    ours.kill()
    ours.wait()


@dataclass
class Clock:
    """A clock by which 0.4 s pass between two looks at the agent, in which it gives one sign of life."""

    stage: Stage
    sign: str
    now_s: float = 0.0

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, _: float) -> None:
        self.now_s = round(self.now_s + 0.4, 1)
        if self.sign == "output":
            with self.stage.output.open("a") as output:
                output.write("x")
        elif self.sign == "kernels.py":
            kernels = self.stage.folder / "kernels.py"
            os.utime(kernels, ns=(0, kernels.stat().st_mtime_ns + 1))


@pytest.mark.parametrize("sign", ["output", "kernels.py", "a trial", "nothing"])
def test_a_sign_of_life_is_no_stall(stage: Stage, monkeypatch: pytest.MonkeyPatch, sign: str) -> None:
    """The turn takes longer than a stall, and goes on while there is any one sign; the clock is ours."""
    clock = Clock(stage, sign)
    monkeypatch.setattr(agent_process, "time", clock)
    limits = Limits(turn_s=20, stall_s=0.9, output_bytes=1 << 20)
    ending = stage.run(script("sleep 60; :"), limits, busy=lambda: sign == "a trial")
    assert ending.reason == ("stalled" if sign == "nothing" else "over time")
    assert clock.now_s == pytest.approx(1.2 if sign == "nothing" else 20.4)


def test_a_command_that_cannot_start_says_why(stage: Stage) -> None:
    (stage.folder / "agent").write_text("no program\n")
    ending = stage.run(command(str(stage.folder / "agent")))
    assert (ending.reason, ending.exit_code) == ("not started", None)
    assert "Permission denied" in stage.said()


def test_the_agent_starts_in_a_clean_process(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """No terminal, no held-back or ignored signal, no GIT_DIR of ours; what Launch says comes last."""
    monkeypatch.setenv("GIT_DIR", "/elsewhere")
    text = (
        "import json, os, signal\n"
        "print(json.dumps([os.getsid(0) == os.getpid(), list(signal.pthread_sigmask(0, ())),\n"
        "    signal.getsignal(signal.SIGINT) is signal.default_int_handler, os.isatty(0), os.getcwd(),\n"
        "    *map(os.environ.get, ('GIT_DIR', 'ONE', 'TWO'))]))\n"
    )
    started = Launch((sys.executable, "-I", "-S", "-c", text), None, "text", {"TWO": "launch"})
    stage.run(started, environment={"ONE": "given", "TWO": "given"})
    assert json.loads(stage.said()) == [True, [], True, False, str(stage.folder), None, "given", "launch"]


def test_ctrl_c_ends_the_agent_and_goes_on(stage: Stage) -> None:
    def interrupted() -> bool:
        if "begun" in stage.said():
            os.kill(os.getpid(), signal.SIGINT)
        return True

    stubborn = script("setsid sleep 60 & trap '' TERM; echo begun; sleep 60; :")
    before = signal.signal(signal.SIGINT, interrupt)
    try:
        with pytest.raises(Interrupted):
            stage.run(stubborn, Limits(60, 0.05, 1 << 20), busy=interrupted)
    finally:
        signal.signal(signal.SIGINT, before)


LAR = """
import sys
from pathlib import Path
from lance_autoresearch.agent_process import Limits, run_agent
from lance_autoresearch.agents import Launch
folder = Path(sys.argv[1])
# `env -i` takes the mark away; then only its parent tells whose it is.
text = "setsid sh -c 'env -i sleep 60; :' & codex; echo ready; sleep 60"
launch = Launch(("sh", "-c", text), None, "text")
options = {"watched": folder, "busy": bool, "note": folder / "agent.json", "environment": {}}
run_agent(launch, folder, folder / "output.log", Limits(60, 60, 1 << 20), **options)
"""


def test_what_outlives_a_kill_of_lar_is_ended_by_the_next(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The agent dies with lar; its daemon does not, and neither does what was started without the mark."""
    monkeypatch.setenv("STAND_IN", "child")
    lar = subprocess.Popen([sys.executable, "-c", LAR, str(stage.folder)])
    wait_for(lambda: stage.output.exists() and "ready" in stage.said())
    agent = json.loads(stage.note.read_text())["pid"]
    below_agent = process_tree.descendants(process_tree.process_table(), {lar.pid}, ())
    lar.kill()
    lar.wait()
    wait_for(lambda: not alive(agent))
    daemon = int((stage.folder / "pid").read_text())
    assert alive(daemon)
    assert daemon in below_agent
    assert end_left_agent(stage.note) >= 3
    assert not any(alive(pid) for pid in below_agent)
    assert end_left_agent(stage.note) == 0


def wait_for(true: Callable[[], bool]) -> None:
    give_up_s = time.monotonic() + 10
    while not true():
        assert time.monotonic() < give_up_s
        time.sleep(0.01)


def test_a_stranger_with_the_same_pid_is_left_alone(stage: Stage) -> None:
    """A pid counts with its time of start, and only until the next boot."""
    stranger = subprocess.Popen(["sleep", "60"], start_new_session=True, env={"PATH": os.environ["PATH"]})
    marked = {**os.environ, MARK: announce(stage.note)}
    other = subprocess.Popen(["sleep", "60"], env=marked)
    identify(stage.note, marked[MARK], stranger.pid)
    known = json.loads(stage.note.read_text())
    for strange, ended in (
        ({"started": known["started"] - 1, "mark": "x"}, 0),
        ({"boot": "earlier"}, 0),
        ({}, 2),
    ):
        stage.note.write_text(json.dumps({**known, **strange}))
        assert end_left_agent(stage.note) == ended
        assert (stranger.poll() is None, other.poll() is None) == (ended == 0, ended == 0)


@pytest.mark.parametrize("text", ["", "[]", '{"pid": 1}', '{"mark": '])
def test_a_note_that_is_none_is_not_passed_over(tmp_path: Path, text: str) -> None:
    (tmp_path / "agent.json").write_text(text)
    with pytest.raises(LarError, match="expected the note of an agent"):
        end_left_agent(tmp_path / "agent.json")
