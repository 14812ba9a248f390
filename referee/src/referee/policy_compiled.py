"""Rules about what the compiler is asked for: one thread of this CPU, and no machine code from elsewhere."""

import ast
from collections.abc import Iterator

from referee.syntax import Finding, called_name, last_name


def jit_options(tree: ast.Module) -> Iterator[Finding]:
    """Refuse several threads and object mode; note an `njit` without a cache, which costs time, not truth."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == "prange":
            yield Finding("threads", node.lineno, "prange: a kernel has one thread")
        if not (
            isinstance(node, ast.Call) and called_name(node) in ("njit", "jit", "vectorize", "guvectorize")
        ):
            continue
        options = {keyword.arg: keyword.value for keyword in node.keywords}
        for name in ("parallel", "forceobj", "looplift", "target"):
            value = options.get(name)
            if value is not None and not (isinstance(value, ast.Constant) and value.value is False):
                yield Finding(
                    "threads", node.lineno, f"{name}=: a kernel is compiled for one thread of this CPU"
                )
        if None in options:
            yield Finding("threads", node.lineno, "**options hides what the compiler is asked for")
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            for decorator in node.decorator_list:
                cached = isinstance(decorator, ast.Call) and any(
                    keyword.arg == "cache" for keyword in decorator.keywords
                )
                applied = called_name(decorator) if isinstance(decorator, ast.Call) else last_name(decorator)
                if applied in ("njit", "jit") and not cached:
                    message = f"{node.name} has no cache=True: every player compiles it anew"
                    yield Finding("cache", node.lineno, message, refuses=False)


def foreign_symbols(tree: ast.Module) -> Iterator[Finding]:
    """Refuse machine code from elsewhere: only LLVM's own intrinsics may be declared by name."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = called_name(node)
        if name == "Function" or (name is not None and name.startswith("get_or_insert")):
            named = [keyword.value for keyword in node.keywords if keyword.arg == "name"]
            for value in named or node.args[2:3]:
                literal = value.value if isinstance(value, ast.Constant) else None
                if not isinstance(literal, str) or not literal.startswith("llvm."):
                    message = "only a literal name that begins with 'llvm.' may be declared"
                    yield Finding("foreign symbol", node.lineno, message)
