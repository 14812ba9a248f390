"""What `kernels.py` may say, read from its syntax tree before it runs.

A rule that no honest kernel breaks refuses; a rule that honest code may break only notes a suspicion, which a
person reads beside the result. These rules stop accidents and the usual shortcuts with a clear message; what
they miss, the player's isolation, the two clocks and the checked outputs are there for.
"""

import ast
from collections.abc import Iterator

from referee import policy_compiled, policy_state
from referee.syntax import Finding, is_self, root_name

ALLOWED_MODULES = {
    "__future__",
    "dataclasses",
    "llvmlite",
    "llvmlite.ir",
    "math",
    "numba",
    "numba.core",
    "numba.core.cgutils",
    "numba.core.types",
    "numba.extending",
    "numba.types",
    "numpy",
    "numpy.typing",
    "typing",
}
ALLOWED_FROM = {
    "llvmlite": {"ir"},
    "llvmlite.binding": {"get_host_cpu_features", "get_host_cpu_name"},
    "numba.core": {"cgutils", "types"},
    "numba.extending": {"intrinsic", "overload", "register_jitable"},
}
FORBIDDEN_NAMES = {
    *("open", "exec", "eval", "compile", "__import__", "globals", "locals", "vars", "dir", "input"),
    *("breakpoint", "setattr", "delattr", "memoryview", "__builtins__", "__loader__", "__spec__"),
}
FORBIDDEN_ATTRIBUTES = {
    # the interpreter and the system
    *("builtins", "ctypes", "gc", "inspect", "modules", "os", "pathlib", "socket", "subprocess", "sys"),
    *("threading", "time", "tracemalloc", "warnings", "importlib", "multiprocessing"),
    # stack frames
    *("ag_frame", "cr_frame", "f_back", "f_builtins", "f_code", "f_globals", "f_locals", "gi_code"),
    *("gi_frame", "tb_frame", "tb_next"),
    # files and foreign code through NumPy, Numba and LLVM
    *("ctypeslib", "f2py", "fromfile", "genfromtxt", "loadtxt", "memmap", "savetxt", "savez"),
    *("savez_compressed", "tofile", "cfunc", "jit_module", "objmode", "cuda", "ExternalFunction"),
    *("ExternalFunctionPointer", "add_symbol", "load_library_permanently", "prange", "set_num_threads"),
    *("InlineAsm", "inline_asm", "load_inline"),
}
FORBIDDEN_OF_NUMPY = {"dump", "lib", "load", "save", "testing"}  # `builder.load` of LLVM is honest
SUSPICIOUS_ATTRIBUTES = {"base", "carray", "farray", "flags", "inttoptr", "setflags"}


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
        *names_and_attributes(tree),
        *policy_state.module_state(tree),
        *policy_state.state_in_methods(tree),
        *policy_compiled.jit_options(tree),
        *policy_compiled.foreign_symbols(tree),
    ]
    return sorted(set(found), key=lambda finding: (not finding.refuses, finding.line, finding.message))


def n_nodes(text: str) -> int:
    """Return the number of syntax-tree nodes without docstrings: what the `simpler` rule compares."""
    tree = ast.parse(text)
    docstrings = sum(
        2
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and ast.get_docstring(node, clean=False) is not None
    )
    context = (ast.Load, ast.Store, ast.Del)
    return sum(not isinstance(node, context) for node in ast.walk(tree)) - docstrings


def imports(tree: ast.Module, package: str) -> Iterator[Finding]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name not in ALLOWED_MODULES:
                    yield Finding("import", node.lineno, f"{alias.name} is not among the allowed modules")
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            own = (module == package and node.level == 0) or (module == "" and node.level == 1)
            for alias in node.names:
                allowed = ALLOWED_FROM.get(module)
                if own:
                    if not alias.name[:1].isupper():
                        message = f"from {package} only its types may be imported, not {alias.name}"
                        yield Finding("import", node.lineno, message)
                elif node.level or (module not in ALLOWED_MODULES and allowed is None):
                    name = "." * node.level + module
                    yield Finding("import", node.lineno, f"{name} is not among the allowed modules")
                elif alias.name == "*" or (allowed is not None and alias.name not in allowed):
                    yield Finding("import", node.lineno, f"{alias.name} from {module} is not allowed")
                elif alias.name in FORBIDDEN_ATTRIBUTES or alias.name.startswith("_"):
                    if module != "__future__":
                        yield Finding("import", node.lineno, f"{alias.name} from {module} is not allowed")
                elif alias.name in SUSPICIOUS_ATTRIBUTES:
                    yield Finding("pointer", node.lineno, f"{alias.name} can forge an array", refuses=False)


def names_and_attributes(tree: ast.Module) -> Iterator[Finding]:
    numpy_names = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name.startswith("numpy")
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in FORBIDDEN_NAMES:
            yield Finding("name", node.lineno, f"{node.id} has no place in a kernel")
        elif isinstance(node, ast.Attribute):
            private_of_module = node.attr.startswith("_") and not is_self(node.value)
            if node.attr.startswith("__") or private_of_module:
                yield Finding("private", node.lineno, f"access to {node.attr}")
            elif node.attr in FORBIDDEN_ATTRIBUTES or (
                node.attr in FORBIDDEN_OF_NUMPY and root_name(node) in numpy_names
            ):
                yield Finding("attribute", node.lineno, f".{node.attr} has no place in a kernel")
            elif node.attr in SUSPICIOUS_ATTRIBUTES:
                yield Finding("pointer", node.lineno, f".{node.attr} can reach past an array", refuses=False)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and "__" in node.value:
            if not is_docstring(tree, node):
                yield Finding(
                    "private", node.lineno, "a string that names a private attribute", refuses=False
                )
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in ("getattr", "hasattr"):
                literal = len(node.args) > 1 and isinstance(node.args[1], ast.Constant)
                name = node.args[1].value if literal else None  # type: ignore[attr-defined]
                if not isinstance(name, str) or name.startswith("_") or name in FORBIDDEN_ATTRIBUTES:
                    yield Finding("name", node.lineno, f"{node.func.id} with a computed or private name")
            elif node.func.id == "id":
                yield Finding(
                    "identity", node.lineno, "id() tells objects apart, not contents", refuses=False
                )


def is_docstring(tree: ast.Module, constant: ast.Constant) -> bool:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and first.value is constant:
                return True
    return False
