"""What the policy's rules share: a finding, and how to read names and imports off a syntax tree."""

import ast
from dataclasses import dataclass

Imports = dict[str, set[str]]  # each name that an import binds, and the dotted paths it may stand for


@dataclass(frozen=True)
class Finding:
    """One place that a rule names; `refuses` is false for a suspicion."""

    rule: str
    line: int
    message: str
    refuses: bool = True

    def __str__(self) -> str:
        return f"{self.rule}: kernels.py:{self.line}: {self.message}"


def imported(tree: ast.Module) -> Imports:
    """Return the names that imports bind anywhere: `np` for numpy, `fast` for numba.njit."""
    names: Imports = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                bound = alias.asname or alias.name.split(".")[0]
                names.setdefault(bound, set()).add(alias.name if alias.asname else bound)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                names.setdefault(alias.asname or alias.name, set()).add(f"{node.module}.{alias.name}")
    return names


def paths(node: ast.AST, names: Imports) -> set[str]:
    """Return the dotted paths that an expression stands for: numpy.lib for `np.lib`; none if not imported."""
    if isinstance(node, ast.Attribute):
        return {f"{path}.{node.attr}" for path in paths(node.value, names)}
    return names.get(node.id, set()) if isinstance(node, ast.Name) else set()


def parents(tree: ast.Module) -> dict[ast.AST, ast.AST]:
    """Return the node above each name and attribute (other nodes may be shared between places)."""
    return {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}


def is_called(node: ast.AST, parent: ast.AST) -> bool:
    return isinstance(parent, ast.Call) and parent.func is node


def words(tree: ast.Module) -> set[ast.Expr]:
    """Return the statements that are only a string: docstrings, and comments in their clothes."""
    return {
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    }


def root_name(node: ast.expr) -> str | None:
    """Return the name that a chain starts with: `a` for a[0].b and for a.reshape(-1)[0]."""
    while True:
        if isinstance(node, ast.Attribute | ast.Subscript):
            node = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            node = node.func
        else:
            return node.id if isinstance(node, ast.Name) else None


def is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("self", "cls")


def last_name(node: ast.AST) -> str | None:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None
