"""`lar new` refuses before it writes, and renames only what means the target."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lance_autoresearch.new_target import renamed
from lance_autoresearch.workspace import Target

if TYPE_CHECKING:
    from conftest import Toy

PROJECT = '[tool.uv.workspace]\nmembers = [\n    "loop",\n    "targets/toy",\n]\n'
PAGE = "# toy\n\nA toy.\n\n## Upstream\n\nNowhere.\n\n## Status\n\nDone.\n"


@pytest.fixture
def wired(plain_folder: "Toy") -> "Toy":
    """The toy workspace with what `lar new` changes, and with things that a copy must not have."""
    files = {
        "pyproject.toml": PROJECT,
        "docs/targets/toy.md": PAGE,
        "targets/toy/results.tsv": "old rows\n",
        "targets/toy/trials/1.json": "{}\n",
        "targets/toy/benches/bench_toy.py": '"""Times."""\n\nfrom toy import kernels\n\nprint(kernels)\n',
    }
    for name, text in files.items():
        path = plain_folder.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return plain_folder


def files_of(root: Path) -> dict[str, bytes]:
    """Return every file below `root`, without caches."""
    paths = [path.relative_to(root) for path in root.rglob("*") if path.is_file()]
    kept = [path for path in paths if not {"__pycache__", ".ruff_cache"} & set(path.parts)]
    return {str(path): (root / path).read_bytes() for path in kept}


def test_a_copy_leaves_ledger_and_records_behind(wired: "Toy", capsys: pytest.CaptureFixture[str]) -> None:
    """Source, benches and project file come along under the new name, the original stays as it was."""
    before = files_of(wired.root)
    assert wired.lar("new", "toy-two", "--from", "toy") == 0
    assert "next: uv run lar verify toy-two" in capsys.readouterr().err
    after = files_of(wired.root)
    made = {name for name in after if name not in before}
    assert made == {
        "docs/targets/toy-two.md",
        "targets/toy-two/program.md",
        "targets/toy-two/pyproject.toml",
        "targets/toy-two/benches/bench_toy_two.py",
        *(f"targets/toy-two/src/toy_two/{name}.py" for name in ("__init__", "kernels", "baseline")),
        *(f"targets/toy-two/src/toy_two/{name}.py" for name in ("inputs", "run_experiment")),
    }
    changed = {name for name in before if after[name] != before[name]}
    assert changed == {"README.md", "pyproject.toml"}
    assert b"from toy_two import kernels" in after["targets/toy-two/benches/bench_toy_two.py"]
    assert after["pyproject.toml"].decode() == PROJECT.replace(
        '    "targets/toy",\n', '    "targets/toy",\n    "targets/toy-two",\n'
    )
    assert after["docs/targets/toy-two.md"].decode() == (
        "# toy-two\n\nTO WRITE\n\n## Upstream\n\nTO WRITE\n\n## Status\n\nTO WRITE\n"
    )


def test_a_planned_row_is_used_and_a_new_one_stands_below_its_original(wired: "Toy") -> None:
    """The words of a plan stay; the status is `started`, and no figure is made up."""
    assert wired.lar("new", "next", "--from", "toy") == 0
    assert wired.lar("new", "last", "--from", "toy") == 0
    rows = [line for line in (wired.root / "README.md").read_text().splitlines() if line.startswith("| ")]
    assert rows[2:] == [
        "| [`last`](docs/targets/last.md) | TO WRITE | TO WRITE | started | - |",
        "| [`next`](docs/targets/next.md) | c | - | started | - |",
    ]
    assert rows[1].startswith("| [`toy`]")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Toy", "expected lower-case words"),
        ("toy_two", "expected lower-case words"),
        ("-toy", "expected lower-case words"),
        ("../toy", "expected lower-case words"),
        ("2toys", "expected lower-case words"),
        ("while", "expected lower-case words"),
        ("toy", "exists; choose another name"),
        ("json", "Python has a package 'json' already"),
        ("numba", "Python has a package 'numba' already"),
    ],
)
def test_a_name_that_will_not_do_changes_nothing(
    wired: "Toy", name: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line says what is wrong with it."""
    before = files_of(wired.root)
    assert wired.lar("new", "--from", "toy", "--", name) == 1
    assert words in capsys.readouterr().err
    assert files_of(wired.root) == before


@pytest.mark.parametrize(
    ("path", "text", "words"),
    [
        ("README.md", "no table\n", "expected a table"),
        ("README.md", None, "expected a row for `toy`"),
        ("pyproject.toml", "[tool.uv.workspace]\nmembers = []\n", "in the members of"),
        ("docs/targets/toy.md", "a page without outline\n", "expected headings"),
    ],
)
def test_a_workspace_that_cannot_be_wired_changes_nothing(
    wired: "Toy", path: str, text: str | None, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """All is read before anything is written."""
    file = wired.root / path
    file.write_text(text if text is not None else file.read_text().replace("[`toy`]", "[`other`]"))
    before = files_of(wired.root)
    assert wired.lar("new", "toy-two", "--from", "toy") == 1
    assert words in capsys.readouterr().err
    assert files_of(wired.root) == before


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("from take.inputs import edit", "from copy_of.inputs import edit"),
        ("from take import K, reference", "from copy_of import K, reference"),
        ("import take", "import copy_of"),
        ('package="take",', 'package="copy_of",'),
        ('policy.findings(text, "take") == []', 'policy.findings(text, "copy_of") == []'),
        ('library.call(query, "take", k=3)', 'library.call(query, "take", k=3)'),
        ('{"metric": "take", "k": 3}', '{"metric": "take", "k": 3}'),
        ("Source: rust/lance/src/dataset/take.rs", "Source: rust/lance/src/dataset/take.rs"),
        ("str(take.__file__)", "str(copy_of.__file__)"),
        ("uv run python -m take.run_experiment", "uv run python -m copy_of.run_experiment"),
        ("uv run lar trial take -m 'x'", "uv run lar trial copy-of -m 'x'"),
        ("uv run --package take pytest", "uv run --package copy-of pytest"),
        ("pytest targets/take/benches/bench_take.py", "pytest targets/copy-of/benches/bench_copy_of.py"),
        ("targets/take/src/take/kernels.py", "targets/copy-of/src/copy_of/kernels.py"),
        ("np.take(codes, order)", "np.take(codes, order)"),
        ("ops take tens of microseconds, and mistakes", "ops take tens of microseconds, and mistakes"),
    ],
)
def test_a_name_that_is_a_word_is_replaced_where_it_means_the_target(line: str, expected: str) -> None:
    """And left alone in prose and in other people's functions."""
    root = Path("/nowhere")
    assert renamed(line, Target(root, "take"), Target(root, "copy-of")) == expected


def test_a_copy_that_cannot_be_laid_out_is_said_to_be(
    wired: "Toy", capsys: pytest.CaptureFixture[str]
) -> None:
    """It is there and wired in; only its lines are as they fell."""
    (wired.root / "targets/toy/src/toy/inputs.py").write_text("def :\n")
    assert wired.lar("new", "toy-two", "--from", "toy") == 1
    assert "expected ruff to lay out targets/toy-two" in capsys.readouterr().err
    assert "targets/toy-two" in (wired.root / "pyproject.toml").read_text()


def test_a_name_of_several_words_is_replaced_everywhere() -> None:
    """With the form that stands there: hyphens in names, underscores in packages."""
    root = Path("/nowhere")
    text = "pq-l2: bench_pq_l2.py of `pq_l2`, not pq_l22, nor upq-l2"
    expected = "pq-dot: bench_pq_dot.py of `pq_dot`, not pq_l22, nor upq-l2"
    assert renamed(text, Target(root, "pq-l2"), Target(root, "pq-dot")) == expected
