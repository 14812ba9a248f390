"""The upstream packet: whole or not there, and its figures are those that were measured again."""

import json
import subprocess
from importlib import metadata
from typing import TYPE_CHECKING

import pytest

from lance_autoresearch import record
from lance_autoresearch.history import agent_name, histories
from lance_autoresearch.packet import bar, gain, packet_text, section
from lance_autoresearch.run_folder import RunFolder, Settings
from lance_autoresearch.sighting import see, trial_line
from lance_autoresearch.speedup import Speedup

if TYPE_CHECKING:
    from conftest import Toy

PAGE = """# toy

## What is optimised

words

## Upstream

Lance at commit `abc`, see [program.md](../../targets/toy/program.md):

| file | function | part |
|---|---|---|
| `scan.rs` | `scan` | the [whole](https://example.org) |

Left out: the rest.

## Baseline

secret

## Oracle

`reference.py`, and the installed Lance agrees.
"""


def test_the_packet_holds_what_a_person_takes_to_lance(
    toy: "Toy", made_night: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    """Text, diff, kernel and samples; the diff makes the kernel of the start into the kept one.

    The kernel is the one that the branch has, whatever a record says, judged by the files of the start.
    """
    (toy.root / "docs/targets").mkdir(parents=True)
    (toy.root / "docs/targets/toy.md").write_text(PAGE)
    last = sorted(made_night.target.trials.glob("*.json"))[6]
    record.save(last.parent, record.load(last) | {"candidate_text": "# FAIL, and an agent wrote it\n"})
    assert toy.lar("export", "toy") == 0
    folder = toy.root / "export/toy-night"
    assert capsys.readouterr().out == f"{folder}\n"
    measured = sorted(folder.glob("measured-*.json"))
    assert [path.name for path in sorted(folder.iterdir())] == [
        "README.md",
        "kernels.diff",
        "kernels.py",
        *(path.name for path in measured),
    ]
    kept = toy.git("show", f"autoresearch/toy/night:{toy.target.kernels}") + "\n"
    text = (folder / "README.md").read_text()
    row = "1.09x (1.08x to 1.10x)"  # the stand-in's 0.92 (0.91 to 0.93)
    assert len(measured) == 2
    for path in measured:
        again = json.loads(path.read_text())
        assert path.name == f"measured-{again['seed']}.json"
        assert again["given_seed"] is None, "each seed is drawn by the referee"
        assert (again["played_text"], again["opponent_text"]) == (kept, "# the yardstick\n")
        assert again["inputs_text"] == "# the inputs of the night\n"
        assert f"| {again['seed']} | {row} | 9 |" in text
        assert (
            f"Seed {again['seed']}: pass; the outputs of 12 cases of the battery, and 340 outputs of" in text
        )
    assert text.startswith("# toy: 1.09 times as fast as the baseline\n")
    assert f"| sparse/big | 2000 | {row} | {row} |" in text
    assert "1. scan two sub-vectors per pass (1.25x (1.24x to 1.26x) over the one before)\n2. block" in text
    assert "| `scan.rs` | `scan` | the [whole](https://example.org) |" in text
    assert "Left out: the rest.\n\n## What was measured" in text
    assert (
        "`reference.py`, and the installed Lance agrees.\n\nBy its own records the run had 8 trials" in text
    )
    assert "8 trials: 3 keep, 3 discard, 1 fail, 1 crash." in text
    assert "secret" not in text
    assert "are offered under MIT or Apache-2.0, at the choice of" in text
    assert "<script" not in text
    assert (folder / "kernels.py").read_text() == kept
    subprocess.run(["git", "apply", str(folder / "kernels.diff")], cwd=toy.root, check=True)
    assert toy.kernels.read_text() == kept
    assert toy.lar("export", "toy") == 1
    assert "move it away, or choose another --output" in capsys.readouterr().err


def test_the_packet_says_where_it_comes_from_and_what_it_is_not(toy: "Toy", made_night: RunFolder) -> None:
    """Whoever reads it in another repository finds commits, date and machine, and who wrote the kernel."""
    [run] = histories(toy.root, "toy")
    slow = {"ratio": 0.87, "ratio_low": 0.86, "ratio_high": 0.88, "seed": 5, "machine": {"cpu": "Some | CPU"}}
    text = packet_text(
        run, [slow | {"combos": {"a/b": slow | {"ratio": 1.06}}}], "", ["x.json"], "2026-11-23"
    )
    assert (
        f"`lar export` of lance-autoresearch {metadata.version('lance-autoresearch')} on 2026-11-23." in text
    )
    assert f"Begun at commit `{run.start[:10]}`" in text
    assert f"Champion: commit `{toy.git('rev-parse', run.branch)[:10]}`" in text
    assert "Run: `autoresearch/toy/night`; its last trial was on 2025-11-23." in text
    assert "When it was kept, its own trial measured 1.85x (1.81x to 1.89x)." in text
    assert "# toy: 1.15 times as fast as the baseline\n" in text, (
        "the least of what was measured and recorded"
    )
    more = packet_text(run, [slow | {"combos": {}, "ratio_high": 0.5, "ratio": 0.5}], "", ["x.json"], "")
    assert more.startswith("# toy: 1.85 times as fast as the baseline\n")
    assert "They are those of one sitting" in text
    assert "Machine: cpu Some \\| CPU.\n" in text
    assert "\n- It is one machine.\n" in text
    assert "\n- It is not a person's work: a coding agent, claude, wrote it.\n" in text
    assert "single gains are those of the run's own records" in text
    assert 'docs/targets/toy.md has no section "Oracle" yet' in text


@pytest.mark.parametrize(
    ("ratio", "worst", "word"), [(0.9, 1.04, "is"), (0.92, 1.0, "is not"), (0.8, 1.06, "is not")]
)
def test_the_packet_says_whether_the_gain_is_worth_a_pull_request(
    ratio: float, worst: float, word: str
) -> None:
    """By both clauses of the README's rule, and on every seed."""
    good = {"ratio": 0.5, "combos": {"a": {"ratio": 0.5}}}
    found = {"ratio": ratio, "combos": {"a": {"ratio": 0.7}, "b": {"ratio": worst}}}
    assert bar([good, found]).endswith(f"by the tables above this one {word}.")


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("claude", "claude"),
        ("/opt/bin/my-agent --task {prompt_file}", "my-agent"),
        ("python3.12 -u tools/agent.py {prompt_file} {workdir}", "agent.py"),
        ("uv run my-agent {prompt_file}", "my-agent"),
        ("env KEY=x sh ./start.sh", "start.sh"),
        ("sh", "sh"),
    ],
)
def test_an_agent_is_called_by_the_name_of_its_program(command: str, name: str) -> None:
    """Not by that of what starts the program."""
    assert agent_name(Settings("toy", "tag", command, None, "c0", 45.0, 10.0)) == name


def test_a_champion_that_fails_again_leaves_nothing(
    toy: "Toy", made_night: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither a folder nor half of one."""
    kept = toy.git("rev-parse", "autoresearch/toy/night")
    toy.git("switch", "--quiet", "--detach", kept)
    toy.edit("# FAIL\n")
    toy.git("commit", "--quiet", "--all", "--message", "worse")
    toy.git("branch", "--force", "autoresearch/toy/night")
    rows = made_night.target.ledger.read_text()
    made_night.target.ledger.write_text(rows.replace(kept[:10], toy.git("rev-parse", "HEAD")[:10]))
    assert toy.lar("export", "toy", "--run", "night") == 1
    assert (
        "expected the champion to pass again, got: the stand-in was told to fail" in capsys.readouterr().err
    )
    assert list((toy.root / "export").iterdir()) == []


def test_nothing_kept_is_nothing_to_export(
    toy: "Toy", made_night: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    """Said by the run's name; and an unknown name lists those there are."""
    toy.edit("# DISCARD\n")
    toy.lar("trial", "toy", "-m", "by hand")
    assert toy.lar("export", "toy", "--run", "tag") == 1
    assert "expected a keep in run tag of toy, found none in 1 trials" in capsys.readouterr().err
    assert toy.lar("export", "toy", "--run", "other") == 1
    assert "expected a run other with trials, found: night, tag" in capsys.readouterr().err


def test_a_section_of_the_targets_page_is_taken_whole() -> None:
    """Without links that lead nowhere outside the repository."""
    found = section("toy", PAGE, "Upstream")
    assert found.startswith("Lance at commit `abc`, see program.md:\n\n| file |")
    assert found.endswith("the [whole](https://example.org) |\n\nLeft out: the rest.")
    for page in ("## Upstream\n\nTO WRITE\n\n## B\n\n| a |\n", ""):
        assert section("toy", page, "Upstream").startswith(
            'docs/targets/toy.md has no section "Upstream" yet'
        )


def test_a_gain_is_claimed_only_if_every_seed_shows_it() -> None:
    """And then the least of them."""
    more, less, unclear = Speedup(1.3, 1.2, 1.4), Speedup(1.2, 1.1, 1.3), Speedup(1.05, 0.99, 1.1)
    assert gain([more, less]) == "1.20 times as fast as the baseline"
    assert gain([more, unclear]) == "no clear difference to the baseline when measured again"


def test_a_keep_that_the_branch_does_not_have_is_none(toy: "Toy", made_night: RunFolder) -> None:
    """It stood on a commit of the agent's own, so the loop took it back; whoever looks counts the others."""
    assert see(toy.root, made_night, 0.0).gain == "1.85x the baseline's speed"
    toy.git("branch", "--force", "autoresearch/toy/night", "autoresearch/toy/night~1")
    [run] = histories(toy.root, "toy")
    assert [one.record["ratio"] for one in run.keeps] == [0.8, 0.75]
    assert (run.start, run.start_text) == (made_night.settings().start, toy.kernels.read_text())
    seen = see(toy.root, made_night, 0.0)
    assert seen.gain == "1.67x the baseline's speed"
    assert trial_line(7, seen.rows[6]).startswith("trial 7: not kept, 1.11x faster")
    assert toy.lar("export", "toy") == 0
    assert (toy.root / "export/toy-night/kernels.py").read_text() == run.keeps[-1].record["candidate_text"]
    assert run.champion_text == run.keeps[-1].record["candidate_text"]
    toy.git("branch", "--delete", "--force", "autoresearch/toy/night")
    assert [one.keeps for one in histories(toy.root, "toy")] == [[]]
