"""What a verdict does to the branch, to kernels.py, to the index and to the ledger."""

import json
import time
from typing import TYPE_CHECKING

import pytest

from lance_autoresearch import settle
from lance_autoresearch.record import load, save

if TYPE_CHECKING:
    from conftest import Toy

EXIT_CODES = (("DISCARD", 0), ("FAIL", 2), ("TIMEOUT", 3), ("CRASH", 1), ("REJECTED", 1))


def test_a_keep_commits_the_candidate_and_nothing_else(toy: "Toy", capfd: pytest.CaptureFixture[str]) -> None:
    """The commit differs from the champion's in kernels.py alone, and names its trial and its ratio."""
    before = toy.git("rev-parse", "HEAD")
    text = toy.edit("# KEEP\n")
    assert toy.lar("trial", "toy", "-m", "skip a pass") == 0
    out, err = capfd.readouterr()
    assert toy.git("rev-parse", "HEAD^") == before
    assert toy.git("diff", "--name-only", before, "HEAD") == toy.target.kernels
    assert toy.git("show", f"HEAD:{toy.target.kernels}") + "\n" == text
    [record] = toy.records()
    assert toy.git("log", "-1", "--format=%s") == "toy: skip a pass (1.09x faster)"
    assert toy.git("log", "-1", "--format=%(trailers:key=Trial,valueonly)") == record["id"]
    assert "0.9200 (0.9100 to 0.9300)" in toy.git("log", "-1", "--format=%(trailers:key=Ratio,valueonly)")
    assert toy.git("log", "-1", "--format=%an") == "Somebody"
    assert toy.git("status", "--porcelain") == ""
    assert toy.kernels.read_text() == text
    assert out.startswith("---\nverdict: keep\n")
    assert err.splitlines()[-1] == f"kept as {toy.git('rev-parse', 'HEAD')[:10]}"


def test_a_keep_leaves_untracked_files_alone(toy: "Toy") -> None:
    """Notes that an agent keeps beside the code are neither committed nor a reason to reject."""
    toy.edit("# KEEP\n")
    (toy.root / "notes.txt").write_text("untracked\n")
    assert toy.lar("trial", "toy", "-m", "x") == 0
    assert toy.git("status", "--porcelain") == "?? notes.txt"


def test_settling_a_keep_leaves_other_staged_files_staged(toy: "Toy") -> None:
    """A change staged while the referee measures is neither committed nor dropped."""
    toy.edit("# KEEP\n")
    assert toy.lar("trial", "toy", "-m", "x") == 0
    [record] = toy.records()
    toy.git("reset", "--quiet", "--hard", "HEAD^")
    toy.target.ledger.unlink()
    toy.edit("# KEEP\n")
    (toy.root / "README.md").write_text("staged\n")
    toy.git("add", "README.md")
    settle.settle(toy.repository, toy.target, record)
    assert toy.git("status", "--porcelain") == "M  README.md"
    assert toy.git("diff", "--name-only", "HEAD^", "HEAD") == toy.target.kernels


@pytest.mark.parametrize(("word", "exit_code"), EXIT_CODES)
def test_any_other_verdict_puts_the_champion_back_and_passes_its_exit_code_on(
    toy: "Toy", word: str, exit_code: int, capfd: pytest.CaptureFixture[str]
) -> None:
    """The text that lost is in the record, its reason in the ledger."""
    champion, head = toy.kernels.read_text(), toy.git("rev-parse", "HEAD")
    text = toy.edit(f"# {word}\n")
    toy.git("add", "--all")
    assert toy.lar("trial", "toy", "-m", "skip a pass") == exit_code
    assert toy.kernels.read_text() == champion
    assert toy.git("rev-parse", "HEAD") == head
    assert toy.git("status", "--porcelain") == ""
    [row], [record] = toy.rows(), toy.records()
    assert record["candidate_text"] == text
    assert (row["verdict"], row["keep"]) == (word.lower(), "no")
    assert row["description"] == f"skip a pass [the stand-in was told to {word.lower()}]"
    assert row["trial"] == record["id"]
    assert row["commit"] == head[:10]
    assert f"trials/{record['id']}.json" in capfd.readouterr().err


def test_a_row_has_every_column_of_the_contract(toy: "Toy") -> None:
    """The columns are those that program.md promises, in order."""
    toy.edit("# KEEP\n")
    toy.lar("trial", "toy", "-m", "a\ttab and\na line", "--seed", "42")
    [row] = toy.rows()
    assert row == {
        "commit": toy.git("rev-parse", "HEAD")[:10],
        "timestamp": row["timestamp"],
        "correctness": "pass",
        "geomean_ns": "1234.6",
        "worst_ns": "2000.0",
        "worst_combo": "big/uniform",
        "best_ns": "1000.0",
        "best_combo": "small/sparse",
        "peak_mem_mb": "150.2",
        "total_seconds": "12.3",
        "keep": "yes",
        "description": "a tab and a line",
        "verdict": "keep",
        "ratio": "0.9200",
        "ratio_low": "0.9100",
        "ratio_high": "0.9300",
        "speedup_vs_baseline": "1.500",
        "seed": "42",
        "trial": toy.records()[0]["id"],
    }


def test_json_is_one_document_with_the_commit(toy: "Toy", capfd: pytest.CaptureFixture[str]) -> None:
    """Stdout holds nothing else, so that a program can read it."""
    toy.edit("# KEEP\n")
    assert toy.lar("trial", "toy", "-m", "skip", "--json") == 0
    document = json.loads(capfd.readouterr().out)
    assert document["id"] == toy.records()[0]["id"]
    assert document["hypothesis"] == "skip"
    assert document["commit"] == toy.git("rev-parse", "HEAD")
    assert document["kept"] is True
    assert document["confirm"] is True


def test_judges_against_the_champion_with_the_files_of_the_start(toy: "Toy") -> None:
    """Even a change that git is told not to see does not reach the referee."""
    toy.git("update-index", "--assume-unchanged", "targets/toy/src/toy/inputs.py")
    (toy.root / "targets/toy/src/toy/inputs.py").write_text("# easier inputs\n")
    toy.edit("# KEEP\n")
    assert toy.lar("trial", "toy", "-m", "x") == 0
    [record] = toy.records()
    assert record["inputs_text"] == "# the inputs\n"
    assert record["opponent_text"] == record["champion_text"] == "# the first kernel\n"
    assert not record["judged_in"].startswith(str(toy.root))
    assert list((toy.root.parent / "tmp").iterdir()) == []


def test_commits_without_an_identity_a_signature_or_a_hook(toy: "Toy") -> None:
    """A machine on which nobody has set git up can keep a kernel too."""
    toy.git("config", "--unset", "user.name")
    toy.git("config", "--unset", "user.email")
    toy.git("config", "user.useConfigOnly", "true")
    toy.git("config", "commit.gpgSign", "true")
    hook = toy.root / ".git/hooks/post-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntouch hooked\n")
    hook.chmod(0o755)
    toy.edit("# KEEP\n")
    assert toy.lar("trial", "toy", "-m", "x") == 0
    assert toy.git("log", "-1", "--format=%an") == "lar"
    assert not (toy.root / "hooked").exists()


def test_a_newer_edit_survives_either_verdict(toy: "Toy") -> None:
    """What is committed is the text that was judged; what lies in the tree by then stays."""
    for word, status in (("DISCARD", "M"), ("KEEP", "M")):
        toy.edit(f"# {word}\n")
        assert toy.lar("trial", "toy", "-m", "x") == 0
        record = toy.records()[-1]
        toy.git("reset", "--quiet", "--hard", record["champion_commit"])
        toy.target.ledger.unlink()
        newer = toy.edit("# a newer idea\n")
        settle.settle(toy.repository, toy.target, record)
        assert toy.kernels.read_text() == newer
        assert toy.git("status", "--porcelain").split()[0] == status
        toy.git("checkout", "--quiet", "--", ".")
    assert toy.kernels.read_text() == "# KEEP\n"


def test_does_not_overwrite_a_champion_that_came_in_between(toy: "Toy") -> None:
    """A better candidate whose champion is gone is a row that says so, not a commit."""
    toy.edit("# KEEP\n")
    toy.lar("trial", "toy", "-m", "x")
    [record] = toy.records()
    toy.git("reset", "--quiet", "--hard", "HEAD^")
    toy.edit("# somebody else's\n")
    toy.git("commit", "--quiet", "--all", "--message", "by hand")
    toy.target.ledger.unlink()
    head = toy.git("rev-parse", "HEAD")
    outcome = settle.settle(toy.repository, toy.target, record)
    assert (outcome.kept, toy.git("rev-parse", "HEAD")) == (False, head)
    assert toy.rows()[0]["keep"] == "no"
    assert "another champion" in toy.rows()[0]["description"]


def test_a_deleted_ledger_is_rebuilt_from_the_records(toy: "Toy") -> None:
    """Nothing is committed twice on the way, and the rows come out the same."""
    for word in ("KEEP one", "DISCARD", "KEEP two"):
        toy.edit(f"# {word}\n")
        toy.lar("trial", "toy", "-m", word)
    rows, head = toy.rows(), toy.git("rev-parse", "HEAD")
    toy.target.ledger.unlink()
    assert toy.lar("log", "toy") == 0
    assert sorted(row["trial"] for row in toy.rows()) == [row["trial"] for row in sorted_rows(rows)]
    assert sorted_rows(toy.rows()) == sorted_rows(rows)
    assert toy.git("rev-parse", "HEAD") == head


def sorted_rows(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    return sorted(rows, key=lambda row: row["trial"])


def test_settling_a_run_that_is_not_checked_out_leaves_the_working_tree_alone(toy: "Toy") -> None:
    """The branch gets its commit; the tree of another branch does not move."""
    toy.edit("# KEEP\n")
    toy.lar("trial", "toy", "-m", "x")
    [record] = toy.records()
    toy.git("reset", "--quiet", "--hard", "HEAD^")
    toy.git("switch", "--quiet", "main")
    toy.target.ledger.unlink()
    outcome = settle.settle(toy.repository, toy.target, record)
    assert outcome.kept
    assert toy.git("rev-parse", record["branch"]) == outcome.commit
    assert toy.git("status", "--porcelain") == ""


def test_waits_for_an_index_that_is_briefly_in_use(toy: "Toy", monkeypatch: pytest.MonkeyPatch) -> None:
    """An editor that refreshes the index does not cost a trial."""
    toy.edit("# KEEP\n")
    held = toy.root / ".git/index.lock"
    held.write_text("")
    waits = iter([lambda: None, held.unlink])
    monkeypatch.setattr(time, "sleep", lambda wait_s: next(waits)())
    assert toy.lar("trial", "toy", "-m", "x") == 0
    assert next(waits, None) is None, "it looked twice while the index was in use"
    assert toy.git("status", "--porcelain") == ""


def test_a_record_is_whole_or_an_error(toy: "Toy", capsys: pytest.CaptureFixture[str]) -> None:
    """A record that somebody broke is named, not guessed at."""
    toy.edit("# DISCARD\n")
    toy.lar("trial", "toy", "-m", "x")
    [record] = toy.records()
    path = toy.target.trials / f"{record['id']}.json"
    save(toy.target.trials, record)
    assert load(path) == record
    path.write_text(path.read_text()[:100])
    toy.target.ledger.unlink()
    assert toy.lar("log", "toy") == 1
    assert str(path) in capsys.readouterr().err
