"""Whether an edit is new: the syntax trees of kernels, without names, comments and layout."""

import ast
import hashlib
from collections.abc import Iterable

from lance_autoresearch.record import Record

# What a machine's bad moment may have decided is worth another trial, and so is a keep that was taken back:
# as long as it stands, the same edit begins at another champion.
REPEATABLE = ("timeout", "keep")
UNDECIDED = ("inconclusive", "not the candidate:", "not confirmed")


def fingerprint(text: str) -> str:
    """Return a checksum that two kernels share if they differ in names, docstrings, comments or layout only.

    Each name that the module itself binds (functions, arguments, variables, constants) stands for the place
    where it first occurs; attributes, imported names and numbers stay as they are. Text that does not parse,
    or is nested too deeply for Python's own parser, stands for itself.
    """
    try:
        known_by = normalised(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        known_by = text
    return hashlib.sha256(known_by.encode("utf-8", "surrogateescape")).hexdigest()


def normalised(text: str) -> str:
    """Return a kernel's syntax tree as text, its own names by place and without docstrings.

    Raises: SyntaxError, ValueError, RecursionError or MemoryError if there is no such tree.
    """
    tree = ast.parse(text)
    bound = bound_names(tree)
    places: dict[str, str] = {}

    def place(name: str) -> str:
        return places.setdefault(name, f"name{len(places)}") if name in bound else name

    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = place(node.id)
        elif isinstance(node, ast.arg):
            node.arg = place(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.name = place(node.name)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            node.names = [place(name) for name in node.names]
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = without_docstring(node.body)
    return ast.dump(tree)


def bound_names(tree: ast.Module) -> set[str]:
    """Return the names that the module binds itself, imports and classes apart.

    A method's name is not among them: others call it by that name.
    """
    methods = {
        item
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for item in node.body
        if isinstance(item, ast.FunctionDef)
    }
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            names.add(node.id)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.FunctionDef) and node not in methods:
            names.add(node.name)
    return names - {method.name for method in methods}


def without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    """Return the statements of a body that do something."""
    return [
        statement
        for statement in body
        if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
    ]


def tried_before(champion: str, candidate: str, records: Iterable[Record]) -> Record | None:
    """Return an earlier trial of the same edit: the same change, names aside, to the same champion.

    A trial that could not tell does not count, nor does one that was refused because another file had
    changed; and the same text against another champion is another edit.
    """
    edit = (fingerprint(champion), fingerprint(candidate))
    for record in records:
        known = (fingerprint(record["champion_text"]), fingerprint(record["candidate_text"]))
        if known == edit and not is_open(record):
            return record
    return None


def is_open(record: Record) -> bool:
    """Return whether a trial decided nothing about its edit, so that the same one may be tried again."""
    undecided = record["verdict"] in REPEATABLE or (record.get("reason") or "").startswith(UNDECIDED)
    return undecided or not record["judged"]
