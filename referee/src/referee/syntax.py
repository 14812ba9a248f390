"""What the policy's rules share: a finding, and how to read names and assignments off a syntax tree."""

import ast
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One place that a rule names; `refuses` is false for a suspicion."""

    rule: str
    line: int
    message: str
    refuses: bool = True

    def __str__(self) -> str:
        return f"{self.rule}: kernels.py:{self.line}: {self.message}"


def written(node: ast.AST) -> list[ast.expr]:
    """Return the targets that one statement (or walrus) assigns to or deletes."""
    if isinstance(node, ast.Assign | ast.Delete):
        return [part for target in node.targets for part in flattened(target)]
    if isinstance(node, ast.AugAssign | ast.AnnAssign | ast.For | ast.NamedExpr):
        return flattened(node.target)
    return []


def flattened(target: ast.expr) -> list[ast.expr]:
    if isinstance(target, ast.Tuple | ast.List):
        return [part for element in target.elts for part in flattened(element)]
    if isinstance(target, ast.Starred):
        return flattened(target.value)
    return [target]


def root_name(node: ast.expr) -> str | None:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("self", "cls")


def called_name(call: ast.Call) -> str | None:
    return last_name(call.func)


def last_name(node: ast.expr) -> str | None:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None
