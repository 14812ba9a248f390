"""Rules against state that outlives a call: what one op leaves behind, the next must not find."""

import ast
from collections.abc import Iterable, Iterator

from referee.syntax import Finding, imported, root_name

GROWING_METHODS = {
    *("add", "append", "clear", "discard", "extend", "fill", "insert", "pop", "popitem", "put", "remove"),
    *("setdefault", "setfield", "sort", "update"),
}
Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Scope = ast.Module | Function
MUTABLE = (ast.Call, ast.Dict, ast.DictComp, ast.List, ast.ListComp, ast.Set, ast.SetComp)


def own_nodes(scope: Scope) -> Iterator[ast.AST]:
    """Return the nodes below a module or function, without what is inside the functions in it."""
    waiting = list(ast.iter_child_nodes(scope))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, Function):
            waiting.extend(ast.iter_child_nodes(node))


def names_bound(scope: Scope) -> set[str]:
    """Return the names that a module or function binds, but for imports."""
    nodes = list(own_nodes(scope))
    of_comprehensions = {
        name for node in nodes if isinstance(node, ast.comprehension) for name in ast.walk(node.target)
    }
    names = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    names |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    return names | {
        node.id
        for node in nodes
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node not in of_comprehensions
    }


def parts_written(nodes: Iterable[ast.AST]) -> Iterator[ast.Attribute | ast.Subscript]:
    """Return each x.y and x[y] that anything assigns to or deletes."""
    for node in nodes:
        if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            yield node


def module_state(tree: ast.Module) -> Iterator[Finding]:
    """Refuse what changes a module, and a function that writes what outlives the call.

    Outside functions a table may be filled: that happens once.
    """
    from_elsewhere = set(imported(tree))
    for part in parts_written(own_nodes(tree)):
        if root_name(part) in from_elsewhere:
            message = f"assignment to a part of the imported name {root_name(part)}"
            yield Finding("module state", part.lineno, message)
    for node in own_nodes(tree):
        if isinstance(node, Function):
            yield from state_of(node, names_bound(tree) | from_elsewhere, from_elsewhere)


def state_of(function: Function, names: set[str], from_elsewhere: set[str]) -> Iterator[Finding]:
    """Return what a function, and each one in it, does to the module's `names`."""
    if isinstance(function, ast.AsyncFunctionDef):
        yield Finding("async", function.lineno, f"async def {function.name}: a kernel has one thread")
    for default in [*function.args.defaults, *function.args.kw_defaults]:
        if isinstance(default, MUTABLE):
            message = "a default made when the function is defined lives from call to call"
            yield Finding("module state", default.lineno, message)
    names = names - names_bound(function)
    for part in parts_written(own_nodes(function)):
        if root_name(part) in names:
            message = f"a function writes into the module-level name {root_name(part)}"
            yield Finding("module state", part.lineno, message)
        elif is_type(part.value):
            yield Finding("module state", part.lineno, "a function writes into a class")
    for node in own_nodes(function):
        if isinstance(node, Function):
            yield from state_of(node, names, from_elsewhere)
        elif isinstance(node, ast.Global):
            yield Finding("module state", node.lineno, f"global {', '.join(node.names)}")
        elif isinstance(node, ast.Nonlocal):
            message = f"nonlocal {', '.join(node.names)}: state that outlives the call"
            yield Finding("module state", node.lineno, message, refuses=False)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name = root_name(node.func.value)
            if node.func.attr in GROWING_METHODS and name in names - from_elsewhere:
                message = f"a function changes the module-level name {name} by .{node.func.attr}()"
                yield Finding("module state", node.lineno, message)


def is_type(node: ast.expr) -> bool:
    """Return whether a chain starts with type(...)."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "type"


def state_in_methods(tree: ast.Module) -> Iterator[Finding]:
    """Note an attribute written outside the constructor: scratch space, or answers kept from call to call."""
    for class_node in ast.walk(tree):
        if not isinstance(class_node, ast.ClassDef):
            continue
        for method in class_node.body:
            if not isinstance(method, ast.FunctionDef) or method.name in ("__init__", "__post_init__"):
                continue
            own = {argument.arg for argument in method.args.args[:1]} | {"self", "cls"}
            for part in parts_written(ast.walk(method)):
                if root_name(part) in own:
                    message = f"{method.name} writes {ast.unparse(part)}: state kept from call to call"
                    yield Finding("kept state", part.lineno, message, refuses=False)
