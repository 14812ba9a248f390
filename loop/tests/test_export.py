"""The upstream packet: whole or not there, and its figures are those that were measured again."""

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from lance_autoresearch import record
from lance_autoresearch.history import histories
from lance_autoresearch.packet import gain, upstream
from lance_autoresearch.run_folder import RunFolder
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
"""


def test_the_packet_holds_what_a_person_takes_to_lance(
    toy: "Toy", made_night: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    """Text, diff, kernel and samples; the diff makes the kernel of the start into the kept one."""
    (toy.root / "docs/targets").mkdir(parents=True)
    (toy.root / "docs/targets/toy.md").write_text(PAGE)
    first = sorted(made_night.target.trials.glob("*.json"))[0]
    record.save(first.parent, record.load(first) | {"champion_text": "# a commit of the agent's own\n"})
    assert toy.lar("export", "toy") == 0
    folder = toy.root / "export/toy-night"
    assert capsys.readouterr().out == f"{folder}\n"
    assert sorted(path.name for path in folder.iterdir()) == [
        "README.md",
        "kernels.diff",
        "kernels.py",
        "measured-7.json",
    ]
    text = (folder / "README.md").read_text()
    again = json.loads((folder / "measured-7.json").read_text())
    assert again["opponent_text"] == "# the yardstick\n"
    assert text.startswith("# toy: 1.09 times as fast as the baseline\n")
    row = "1.09x (1.08x to 1.10x)"  # the stand-in's 0.92 (0.91 to 0.93)
    assert f"| 7 | {row} | 9 |" in text
    assert f"| sparse/big | 2000 | {row} | {row} |" in text
    assert "1. scan two sub-vectors per pass (1.25x (1.24x to 1.26x) over the one before)\n2. block" in text
    assert "| `scan.rs` | `scan` | the [whole](https://example.org) |" in text
    assert "Seed 7: pass; the outputs of 12 cases of the battery, and 340 outputs of timed calls" in text
    assert "8 trials were recorded: 3 keep, 3 discard, 1 fail, 1 crash" in text
    assert "MIT or Apache-2.0" in text
    assert "<script" not in text
    kept = record.load(sorted(made_night.target.trials.glob("*.json"))[6])["candidate_text"]
    assert (folder / "kernels.py").read_text() == kept
    subprocess.run(["git", "apply", str(folder / "kernels.diff")], cwd=toy.root, check=True)
    assert toy.kernels.read_text() == kept
    assert toy.lar("export", "toy") == 1
    assert "move it away, or choose another --output" in capsys.readouterr().err


def test_a_champion_that_fails_again_leaves_nothing(
    toy: "Toy", made_night: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither a folder nor half of one."""
    [last] = made_night.target.trials.glob("20251123T06*.json")
    broken = record.load(last) | {"candidate_text": "# FAIL\n"}
    record.save(made_night.target.trials, broken)
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


def test_the_upstream_table_comes_from_the_targets_page() -> None:
    """Without links that lead nowhere outside the repository."""
    found = upstream("toy", PAGE)
    assert found.startswith("Lance at commit `abc`, see program.md:\n\n| file |")
    assert found.endswith("the [whole](https://example.org) |")
    for page in ("## Upstream\n\nTO WRITE\n\n## B\n\n| a |\n", ""):
        assert upstream("toy", page).startswith("docs/targets/toy.md names no files")


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
    toy.git("branch", "--delete", "--force", "autoresearch/toy/night")
    assert [one.keeps for one in histories(toy.root, "toy")] == [[]]
