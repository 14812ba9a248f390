"""Rules against state that outlives a call: what one op leaves behind, the next must not find."""

import ast
from collections.abc import Iterator

from referee.syntax import Finding, root_name, written

GROWING_METHODS = {
    *("add", "append", "clear", "discard", "extend", "fill", "insert", "pop", "popitem", "put", "remove"),
    *("setdefault", "setfield", "sort", "update"),
}


def names_bound_at_module_level(tree: ast.Module) -> set[str]:
    names = set()
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        else:
            names |= {
                name.id
                for name in ast.walk(node)
                if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
            }
    return names


def module_state(tree: ast.Module) -> Iterator[Finding]:
    """Refuse a function that writes what outlives the call: globals, module attributes, module containers."""
    module_names = names_bound_at_module_level(tree)
    for statement in tree.body:
        for target in written(statement):
            if not isinstance(target, ast.Name) and root_name(target) in module_names:
                message = f"assignment to a part of the module-level name {root_name(target)}"
                yield Finding("module state", target.lineno, message)
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.Lambda):
            continue
        local = local_names(function)
        for node in ast.walk(function):
            if isinstance(node, ast.Global):
                yield Finding("module state", node.lineno, f"global {', '.join(node.names)}")
            elif isinstance(node, ast.Nonlocal):
                message = f"nonlocal {', '.join(node.names)}: state that outlives the call"
                yield Finding("module state", node.lineno, message, refuses=False)
            for target in written(node):
                name = root_name(target)
                if not isinstance(target, ast.Name) and name in module_names - local:
                    message = f"a function writes into the module-level name {name}"
                    yield Finding("module state", target.lineno, message)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                name = root_name(node.func.value)
                if node.func.attr in GROWING_METHODS and name in module_names - local - {"np", "numpy"}:
                    message = f"a function changes the module-level name {name} by .{node.func.attr}()"
                    yield Finding("module state", node.lineno, message)


def local_names(function: ast.FunctionDef | ast.Lambda) -> set[str]:
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    names = {argument.arg for argument in named}
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names


def state_in_methods(tree: ast.Module) -> Iterator[Finding]:
    """Note an attribute written outside the constructor: scratch space, or answers kept from call to call."""
    for class_node in ast.walk(tree):
        if not isinstance(class_node, ast.ClassDef):
            continue
        for method in class_node.body:
            if not isinstance(method, ast.FunctionDef) or method.name in ("__init__", "__post_init__"):
                continue
            for node in ast.walk(method):
                for target in written(node):
                    if not isinstance(target, ast.Name) and root_name(target) in ("self", "cls"):
                        message = f"{method.name} writes {ast.unparse(target)}: state kept from call to call"
                        yield Finding("kept state", target.lineno, message, refuses=False)
