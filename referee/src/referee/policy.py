"""What `kernels.py` may say, read from its syntax tree before it runs.

A rule that no honest kernel breaks refuses; a rule that honest code may break only notes a suspicion, which a
person reads beside the result. These rules stop accidents and the usual shortcuts with a clear message; what
they miss, the player's isolation, the two clocks and the checked outputs are there for.
"""

import ast
from collections.abc import Iterator

from referee import policy_compiled, policy_state
from referee.policy_words import (
    FORBIDDEN_ATTRIBUTES,
    FORBIDDEN_MODULES,
    FORBIDDEN_NAMES,
    GIVES_ALL_BUT,
    GIVES_ONLY,
    HONEST_DUNDERS,
    SUSPICIOUS_ATTRIBUTES,
)
from referee.syntax import Finding, imported, is_called, is_self, parents, paths, words


def findings(text: str, package: str) -> list[Finding]:
    """Return all that the rules say about the text of a `kernels.py` of `package`, refusals first."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return [
            Finding(
                "syntax",
                getattr(error, "lineno", None) or 1,
                f"does not parse: {getattr(error, 'msg', error)}",
            )
        ]
    found = [
        *imports(tree, package),
        *modules(tree),
        *names(tree),
        *attributes(tree),
        *policy_state.module_state(tree),
        *policy_state.state_in_methods(tree),
        *policy_compiled.jit_options(tree),
        *policy_compiled.foreign_symbols(tree),
    ]
    return sorted(set(found), key=lambda finding: (not finding.refuses, finding.line, finding.message))


def n_nodes(text: str) -> int:
    """Return the number of syntax-tree nodes that do something: what the `simpler` rule compares.

    Docstrings, type hints and imports do not count: a hint that goes takes its import along.
    """
    tree = ast.parse(text)
    skipped: set[ast.AST | None] = set(words(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign):
            skipped.add(node.annotation)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            skipped.add(node.returns)
    count = 0
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if node not in skipped and not isinstance(node, ast.expr_context | ast.Import | ast.ImportFrom):
            count += 1
            waiting.extend(ast.iter_child_nodes(node))
    return count


def is_module(path: str) -> bool:
    return path in GIVES_ONLY or path in GIVES_ALL_BUT


def gives(module: str, name: str) -> bool:
    if name.startswith("_") or name in FORBIDDEN_MODULES or name in FORBIDDEN_ATTRIBUTES:
        return False
    return name in GIVES_ONLY[module] if module in GIVES_ONLY else name not in GIVES_ALL_BUT[module]


def imports(tree: ast.Module, package: str) -> Iterator[Finding]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if not (is_module(alias.name) and is_module(alias.name.split(".")[0])):
                    yield Finding("import", node.lineno, f"{alias.name} is not among the allowed modules")
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            own = (module == package and node.level == 0) or (module == "" and node.level == 1)
            for alias in node.names:
                if own:
                    if not alias.name[:1].isupper():
                        message = f"from {package} only its types may be imported, not {alias.name}"
                        yield Finding("import", node.lineno, message)
                elif node.level or not is_module(module):
                    name = "." * node.level + module
                    yield Finding("import", node.lineno, f"{name} is not among the allowed modules")
                elif alias.name == "*" or not gives(module, alias.name):
                    yield Finding("import", node.lineno, f"{alias.name} from {module} is not allowed")
                elif alias.name in SUSPICIOUS_ATTRIBUTES:
                    yield Finding("pointer", node.lineno, f"{alias.name} can forge an array", refuses=False)


def modules(tree: ast.Module) -> Iterator[Finding]:
    """Refuse a module as a value, and what it should not give: under another name no list would find it."""
    bound = imported(tree)
    above = parents(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Name | ast.Attribute) or not isinstance(node.ctx, ast.Load):
            continue
        for module in filter(is_module, paths(node, bound)):
            parent = above[node]
            if not isinstance(parent, ast.Attribute):
                message = f"the module {module} as a value: write {module}.name where it is used"
                yield Finding("module", node.lineno, message)
            elif not gives(module, parent.attr):
                yield Finding("attribute", node.lineno, f"{module}.{parent.attr} has no place in a kernel")


def names(tree: ast.Module) -> Iterator[Finding]:
    above = parents(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            name = node.id
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = node.name
        else:
            if isinstance(node, ast.MatchClass):
                yield Finding("name", node.lineno, "a class pattern reads attributes by name")
            continue
        if name in FORBIDDEN_NAMES:
            yield Finding("name", node.lineno, f"{name} has no place in a kernel")
        elif name.startswith("__") and name not in HONEST_DUNDERS:
            yield Finding("private", node.lineno, f"{name} has no place in a kernel")
        elif name in ("getattr", "hasattr") and not is_plain_lookup(node, above[node]):
            yield Finding("name", node.lineno, f"{name} other than called with a literal, public name")
        elif name == "id" and is_called(node, above[node]):
            yield Finding("identity", node.lineno, "id() tells objects apart, not contents", refuses=False)


def is_plain_lookup(function: ast.AST, call: ast.AST) -> bool:
    if not isinstance(call, ast.Call) or call.func is not function:
        return False
    if len(call.args) < 2 or isinstance(call.args[0], ast.Starred):
        return False
    name = call.args[1].value if isinstance(call.args[1], ast.Constant) else None
    return isinstance(name, str) and not (
        name.startswith("_") or name in FORBIDDEN_ATTRIBUTES or name in FORBIDDEN_MODULES
    )


def attributes(tree: ast.Module) -> Iterator[Finding]:
    documentation = {statement.value for statement in words(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            own = is_self(node.value)
            if node.attr.startswith("__") or (node.attr.startswith("_") and not own):
                if not is_super_constructor(node):
                    yield Finding("private", node.lineno, f"access to {node.attr}")
            elif node.attr in FORBIDDEN_ATTRIBUTES or (node.attr in FORBIDDEN_MODULES and not own):
                yield Finding("attribute", node.lineno, f".{node.attr} has no place in a kernel")
            elif node.attr in SUSPICIOUS_ATTRIBUTES and not own:
                yield Finding("pointer", node.lineno, f".{node.attr} can reach past an array", refuses=False)
        elif isinstance(node, ast.Constant) and "__" in str(node.value) and node not in documentation:
            message = "a string that names a private attribute"
            yield Finding("private", node.lineno, message, refuses=False)


def is_super_constructor(node: ast.Attribute) -> bool:
    value = node.value
    is_super = isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "super"
    return is_super and node.attr in ("__init__", "__post_init__")
