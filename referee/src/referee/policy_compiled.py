"""Rules about what the compiler is asked for: one thread of this CPU, and no machine code from elsewhere."""

import ast
from collections.abc import Iterator

from referee.syntax import Finding, Imports, imported, is_called, is_self, last_name, parents, paths

COMPILERS = {"numba.njit", "numba.jit", "numba.vectorize"}
HONEST_OPTIONS = {
    "boundscheck",
    "cache",
    "error_model",
    "fastmath",
    "identity",
    "inline",
    "nogil",
    "nopython",
}
ONE_THREAD = {"forceobj", "jit_options", "looplift", "parallel", "target"}
# where the name of a symbol stands in the call that declares it
SYMBOL_NAME = {
    "Function": (2, "name"),
    "get_or_insert_function": (2, "name"),
    "declare_intrinsic": (0, "intrinsic"),
}


def jit_options(tree: ast.Module) -> Iterator[Finding]:
    """Refuse several threads and object mode; note an `njit` without a cache, which costs time, not truth."""
    bound = imported(tree)
    above = parents(tree)
    functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == "prange":
            yield Finding("threads", node.lineno, "prange: a kernel has one thread")
        elif isinstance(node, ast.keyword) and node.arg in ONE_THREAD:
            if not (isinstance(node.value, ast.Constant) and node.value.value is False):
                message = f"{node.arg}=: a kernel is compiled for one thread of this CPU"
                yield Finding("threads", node.value.lineno, message)
        elif isinstance(node, ast.Name | ast.Attribute) and paths(node, bound) & COMPILERS:
            parent = above[node]
            if isinstance(parent, ast.Call) and parent.func is node:
                yield from compiler_call(parent, functions, bound)
            elif not (isinstance(parent, ast.FunctionDef) and node in parent.decorator_list):
                message = f"{last_name(node)} other than called or as a decorator"
                yield Finding("compiler", node.lineno, message)
        elif isinstance(node, ast.FunctionDef):
            for decorator in node.decorator_list:
                call = decorator if isinstance(decorator, ast.Call) else None
                cached = call is not None and "cache" in [keyword.arg for keyword in call.keywords]
                applied = paths(call.func if call else decorator, bound)
                if applied & {"numba.njit", "numba.jit"} and not cached:
                    message = f"{node.name} has no cache=True: every player compiles it anew"
                    yield Finding("cache", node.lineno, message, refuses=False)


def compiler_call(call: ast.Call, functions: set[str], bound: Imports) -> Iterator[Finding]:
    for keyword in call.keywords:
        if keyword.arg is None:
            yield Finding("threads", call.lineno, "**options hides what the compiler is asked for")
        elif keyword.arg not in HONEST_OPTIONS | ONE_THREAD:
            yield Finding("compiler", call.lineno, f"{keyword.arg}= is not among the allowed options")
    for argument in call.args:
        is_function = isinstance(argument, ast.Name) and argument.id in functions
        if not (is_function or isinstance(argument, ast.Lambda) or is_signature(argument, bound)):
            message = "only a function, or types of Numba: a signature in a string would be evaluated"
            yield Finding("compiler", argument.lineno, message)


def is_signature(node: ast.expr, bound: Imports) -> bool:
    """Return whether an expression is made of Numba's names and numbers alone."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and not all(
            path.startswith("numba.") or path == "numba" for path in bound.get(part.id, {""})
        ):
            return False
        if isinstance(part, ast.JoinedStr) or (
            isinstance(part, ast.Constant) and isinstance(part.value, str | bytes)
        ):
            return False
    return True


def foreign_symbols(tree: ast.Module) -> Iterator[Finding]:
    """Refuse machine code from elsewhere: only LLVM's own intrinsics may be declared by name."""
    bound = imported(tree)
    above = parents(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Name | ast.Attribute):
            continue
        if last_name(node) == "name" and isinstance(node.ctx, ast.Store) and not is_plain(node):
            message = "assignment to .name can rename a declaration"
            yield Finding("foreign symbol", node.lineno, message)
        meant = {path.split(".")[-1] for path in paths(node, bound)} or {str(last_name(node))}
        for name in SYMBOL_NAME.keys() & meant:
            parent = above[node]
            if not (is_called(node, parent) and isinstance(parent, ast.Call) and declares_llvm(parent, name)):
                message = f"{name} other than called with a literal name that begins with 'llvm.'"
                yield Finding("foreign symbol", node.lineno, message)


def is_plain(target: ast.Name | ast.Attribute) -> bool:
    return isinstance(target, ast.Name) or is_self(target.value)


def declares_llvm(call: ast.Call, function: str) -> bool:
    place, keyword_name = SYMBOL_NAME[function]
    if any(isinstance(argument, ast.Starred) for argument in call.args):
        return False
    if any(keyword.arg is None for keyword in call.keywords):
        return False
    named = [keyword.value for keyword in call.keywords if keyword.arg == keyword_name]
    values = [*call.args[place : place + 1], *named]
    literal = values[0].value if len(values) == 1 and isinstance(values[0], ast.Constant) else None
    return isinstance(literal, str) and literal.startswith("llvm.")
