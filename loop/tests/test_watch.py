"""A run seen from outside: in a pipe, on a terminal, and after its end."""

import fcntl
import io
import os
import signal
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from lance_autoresearch import journal, ledger, run_folder
from lance_autoresearch.run_folder import RunFolder
from lance_autoresearch.sighting import readable, see
from lance_autoresearch.watch import in_a_pipe, on_a_terminal, watched

if TYPE_CHECKING:
    from conftest import Toy


def test_a_pipe_gets_a_line_for_each_thing_that_happens(
    toy: "Toy", made_night: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    """From when we begin to watch until the run's lock is free."""
    stack = ExitStack()
    stack.enter_context(run_folder.held(made_night))
    row = ledger.read_rows(made_night.target.ledger)[0]

    def agent_begins() -> None:
        journal.append(made_night.journal, "began", 10, {"champion": "0" * 40, "at_s": time.time()})

    def trial_is_kept() -> None:
        ledger.append(made_night.target.ledger, row | {"trial": "new", "description": "shorter rows"})

    def step_ends() -> None:
        facts = {"outcome": "kept", "told": "kept: faster", "wall_s": 1.0, "trials": ["new"], "kept": [True]}
        journal.append(made_night.journal, "ended", 10, facts)

    happens = iter([agent_begins, lambda: None, trial_is_kept, step_ends, stack.close])
    in_a_pipe(toy.root, made_night, lambda wait_s: next(happens)())
    first, *rest, last = capsys.readouterr().out.splitlines()
    assert first == (
        "run night of toy: 1.85x the baseline's speed, 8 of 9 trials, 3 kept, 1.8 of 8 h, 2.25 USD"
    )
    assert rest == [
        "step 10: claude begins",
        "trial 9: kept, 1.25x faster (1.24x to 1.26x): shorter rows",
        "step 10: kept: faster",
    ]
    assert last.startswith("not running: 1.25x the baseline's speed, 9 of 9 trials, 4 kept")


def test_a_terminal_gets_a_picture_without_markup(toy: "Toy", made_night: RunFolder) -> None:
    """The agent's last words, the last trials, and how to go on once the run has ended."""
    journal.append(made_night.journal, "began", 10, {"champion": "0" * 40, "at_s": time.time() - 600})
    event = (
        '{"type": "assistant", "message": {"content": [{"type": "text", "text": "I [bold]try\\u001b[2J"}]}}'
    )
    (made_night.step(10) / "output.log").write_text(f"{event}\nplain words\n")
    stack = ExitStack()
    stack.enter_context(run_folder.held(made_night))
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=True, width=100, height=30, color_system=None)
    on_a_terminal(toy.root, made_night, console, lambda wait_s: stack.close())
    text = shown.getvalue()
    assert "toy, run night: 1.85x the baseline's speed" in text
    assert "step 10: the agent works, 10 min since the step began, 45 min at most" in text
    assert "trial 8: discard, no clear difference: drop the temporary" in text
    assert "assistant: I [bold]try?[2J" in text
    assert "plain words" in text
    assert "not running; go on: lar evolve toy --resume --tag night" in text
    assert not see(toy.root, made_night, 0.0).alive


def test_ctrl_c_leaves_the_run_alone(toy: "Toy", made_night: RunFolder) -> None:
    """Who watches can go at any time."""
    with run_folder.held(made_night):
        watching = toy.start("watch")
        assert watching.stdout.readline().startswith("run night of toy")
        os.kill(watching.pid, signal.SIGINT)
        _, err = watching.communicate()
        assert (watching.returncode, err) == (130, "stopped watching; the run goes on without you\n")
        assert see(toy.root, made_night, 0.0).alive


def test_only_unattended_runs_can_be_watched(
    toy: "Toy", capsys: pytest.CaptureFixture[str], tmp_path: "object", monkeypatch: pytest.MonkeyPatch
) -> None:
    """And how to begin one is said."""
    monkeypatch.setenv("LAR_RUNS", str(tmp_path))
    assert toy.lar("watch") == 1
    assert "found none; begin one: lar evolve" in capsys.readouterr().err
    assert toy.lar("watch", "toy") == 1
    assert "expected a run of toy" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("plain \x1b[31mred", "plain ?[31mred"),
        ("", ""),
        ('{"type": "system", "session_id": "x"}', ""),
        (
            '{"type": "item.completed", "item": {"type": "agent_message", "text": "done"}}',
            "item.completed: done",
        ),
        (
            '{"type": "assistant", "message": {"content": [{"input": {"command": "lar log"}}]}}',
            "assistant: lar log",
        ),
        ('{"type": "torn', '{"type": "torn'),
        ("[" * 20000, "[" * 20000),
    ],
)
def test_a_line_of_output_becomes_words(line: str, shown: str) -> None:
    """Events are JSON in a form of each tool's own; what is not one is shown as it is."""
    assert readable(line) == shown


def test_without_a_target_the_last_run_is_watched(toy: "Toy", made_night: RunFolder) -> None:
    """Whatever its target."""
    assert watched(toy.root, None, None) == made_night


def test_a_look_leaves_nothing_and_keeps_nobody_out(
    toy: "Toy", made_night: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No folder is made, two may look at once, and a run that begins meanwhile tries its lock again."""
    journal.append(made_night.journal, "began", 10, {"champion": "0" * 40, "at_s": 0.0})
    before = sorted(made_night.path.rglob("*"))
    assert not see(toy.root, made_night, 0.0).alive
    assert sorted(made_night.path.rglob("*")) == before
    with run_folder.held(made_night):
        assert see(toy.root, made_night, 0.0).alive
    looking = os.open(made_night.path / ".lock", os.O_RDONLY)
    fcntl.flock(looking, fcntl.LOCK_SH)
    assert not see(toy.root, made_night, 0.0).alive
    monkeypatch.setattr(time, "sleep", lambda wait_s: os.close(looking))
    with run_folder.held(made_night):
        pass
