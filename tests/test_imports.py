"""Arrows point down only: who may import whom, read from every import statement."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TARGETS = sorted(path.parent.name.replace("-", "_") for path in ROOT.glob("targets/*/pyproject.toml"))
OURS = {"harness_common", "referee", "lance_autoresearch", *TARGETS}
ALLOWED = {
    "harness-common": {"harness_common"},
    "referee": {"referee", "harness_common"},
    "loop": {"lance_autoresearch"},
    **{f"targets/{name.replace('_', '-')}": {name, "referee", "harness_common"} for name in TARGETS},
}


def imported(path: Path) -> set[str]:
    """Return the top-level names that a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(str(node.module).split(".")[0])
    return names


@pytest.mark.parametrize("package", ALLOWED)
def test_a_package_imports_only_what_lies_below_it(package: str) -> None:
    """harness-common nothing of ours, the referee no target, a target no other, the loop starts processes."""
    files = sorted((ROOT / package).rglob("src/**/*.py"))
    assert files
    wrong = {str(path): imported(path) & OURS - ALLOWED[package] for path in files}
    assert {path: names for path, names in wrong.items() if names} == {}


@pytest.mark.parametrize("target", TARGETS)
def test_the_player_side_of_a_target_knows_no_answers(target: str) -> None:
    """kernels.py, baseline.py and prepare.py run beside untrusted code: only the package's own types."""
    folder = ROOT / "targets" / target.replace("_", "-") / "src" / target
    for name in ("kernels.py", "baseline.py", "prepare.py"):
        tree = ast.parse((folder / name).read_text())
        modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert {module for module in modules if str(module).split(".")[0] in OURS} <= {target}, name


def test_the_referee_names_no_target() -> None:
    """Nothing in the referee or in harness-common knows a target by its name."""
    for package in ("referee", "harness-common"):
        for path in sorted((ROOT / package / "src").rglob("*.py")):
            text = path.read_text().replace("python -m referee.error_rates pq_l2", "")
            assert [name for name in TARGETS if names(text, name)] == [], path


def names(text: str, target: str) -> bool:
    """Return whether `text` means the target: a name of one word, such as take, is also an English one."""
    if "_" in target:
        return target in text
    return re.search(rf"targets/{target}\b|\b(from|import) {target}\b", text) is not None


@pytest.mark.parametrize("text", ["import take", "from take.inputs import x", "a file of targets/take"])
def test_a_name_that_is_also_a_word_is_found_where_it_means_the_target(text: str) -> None:
    """And not where it is a verb or a method."""
    assert names(text, "take")
    assert not names("ops take what others save; player.take(ops); 6: 'take'", "take")
