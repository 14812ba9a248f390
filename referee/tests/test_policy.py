"""Each rule of the policy on the smallest kernel that breaks it, and honest kernels that break none."""

from pathlib import Path

import pytest

from referee import policy

REFUSED = {
    "syntax": ("def broken(:", "syntax", 1),
    "null byte": ("x = 1\0", "syntax", 1),
    "import os": ("import math\nimport os", "import", 2),
    "import threading": ("import threading", "import", 1),
    "from sys": ("from sys import modules", "import", 1),
    "import ctypes of numpy": ("from numpy import ctypeslib", "import", 1),
    "import reference": ("from toy import reference", "import", 1),
    "import baseline": ("from toy.baseline import ToyKernel", "import", 1),
    "import a sibling": ("from . import reference", "import", 1),
    "import of llvmlite.binding": ("from llvmlite.binding import load_library_permanently", "import", 1),
    "star": ("from numba import *", "import", 1),
    "prange": ("from numba import prange", "import", 1),
    "open": ("def f():\n    return open('x')", "name", 2),
    "eval": ("x = eval('1')", "name", 1),
    "alias of exec": ("run = exec", "name", 1),
    "__import__": ("o = __import__('os')", "private", 1),
    "globals": ("g = globals()", "name", 1),
    "computed getattr": ("def f(x, n):\n    return getattr(x, n)", "name", 2),
    "private getattr": ("y = getattr(1, '__class__')", "name", 1),
    "dunder": ("x = ().__class__", "private", 1),
    "private of numpy": ("import numpy as np\nx = np._core", "private", 2),
    "frame": ("def f(g):\n    return g.gi_frame", "attribute", 2),
    "sys through a module": ("import numba\nx = numba.sys", "attribute", 2),
    "np.load": ("import numpy as np\nx = np.load('x')", "attribute", 2),
    "tofile": ("def f(a):\n    a.tofile('x')", "attribute", 2),
    "ctypes of an array": ("def f(a):\n    return a.ctypes.data", "attribute", 2),
    "object mode": ("import numba\nx = numba.objmode", "attribute", 2),
    "inline assembly": ("from llvmlite import ir\nx = ir.InlineAsm", "attribute", 2),
    "patched module": ("import math\nmath.sqrt = abs", "module state", 2),
    "patched in a function": ("import math\ndef f():\n    math.sqrt = abs", "module state", 3),
    "global": ("n = 0\ndef f():\n    global n\n    n += 1", "module state", 3),
    "cache by item": ("seen = {}\ndef f(x):\n    seen[x] = 1", "module state", 3),
    "cache by method": ("seen = []\ndef f(x):\n    seen.append(x)", "module state", 3),
    "function attribute": ("def f():\n    f.n = 1", "module state", 2),
    "buffer of the module": (
        "import numpy as np\nb = np.zeros(3)\ndef f():\n    b[0] += 1",
        "module state",
        4,
    ),
    "parallel": ("from numba import njit\n@njit(parallel=True)\ndef f(): pass", "threads", 2),
    "hidden options": ("from numba import njit\no = {}\n@njit(**o)\ndef f(): pass", "threads", 3),
    "foreign symbol": ("def f(ir, m, t):\n    return ir.Function(m, t, name='system')", "foreign symbol", 2),
    "computed symbol": ("def f(ir, m, t, n):\n    return ir.Function(m, t, n)", "foreign symbol", 2),
    "hidden symbol": (
        "def f(ir, m, t):\n    return ir.Function(m, t, **{'name': 'system'})",
        "foreign symbol",
        2,
    ),
    "symbol of unpacked arguments": ("def f(ir, a):\n    ir.Function(*a, 'llvm.x')", "foreign symbol", 2),
    "symbol named twice": (
        "def f(ir, m, t):\n    ir.Function(m, t, 'llvm.x', name='y')",
        "foreign symbol",
        2,
    ),
    "alias of Function": ("from llvmlite import ir\nF = ir.Function", "foreign symbol", 2),
    "imported alias of Function": (
        "from llvmlite.ir import Function as F\ndef f(m, t):\n    F(m, t, 'system')",
        "foreign symbol",
        3,
    ),
    "declared intrinsic": ("def f(m):\n    m.declare_intrinsic('system', [])", "foreign symbol", 2),
    "inserted function": (
        "from numba.core import cgutils as c\ndef f(m, t):\n    c.get_or_insert_function(m, t, 'system')",
        "foreign symbol",
        3,
    ),
    "renamed symbol": ("def f(function):\n    function.name = 'system'", "foreign symbol", 2),
    "assembly of the builder": ("def f(b, t):\n    b.asm(t, 'nop', '', [], True)", "attribute", 2),
    "global variable": ("def f(ir, m, t):\n    ir.GlobalVariable(m, t, 'environ')", "attribute", 2),
    "global variable of cgutils": (
        "from numba.core import cgutils\nx = cgutils.add_global_variable",
        "attribute",
        2,
    ),
    "global of C": ("def f(c, b, t):\n    c.get_c_value(b, t, 'environ')", "attribute", 2),
    "python api": ("def f(c, b):\n    return c.get_python_api(b)", "attribute", 2),
    "alias of getattr": ("g = getattr", "name", 1),
    "getattr as a value": ("x = list(map(getattr, [1], ['real']))", "name", 1),
    "getattr of unpacked arguments": ("def f(a):\n    return getattr(*a, 'real')", "name", 2),
    "class pattern": (
        "def f(x):\n    match x:\n        case object(sys=s):\n            return s",
        "name",
        3,
    ),
    "dunder as a field": ("class P:\n    __array_interface__ = {}", "private", 2),
    "dunder as a method": ("class P:\n    def __getattr__(self, n): pass", "private", 2),
    "get_type_hints": ("from typing import get_type_hints", "import", 1),
    "get_type_hints of typing": ("import typing\nx = typing.get_type_hints", "attribute", 2),
    "operator of typing": ("from typing import operator", "import", 1),
    "types of typing": ("import typing\nx = typing.types", "attribute", 2),
    "keyword of dataclasses": ("import dataclasses\nx = dataclasses.keyword", "attribute", 2),
    "binding of llvmlite": ("import llvmlite\nx = llvmlite.binding.Linker", "attribute", 2),
    "serialize of numba": ("import numba\nx = numba.core.serialize", "attribute", 2),
    "pickle": ("def f(x):\n    return x.pickle", "attribute", 2),
    "registry of numba.core": ("from numba.core import registry", "import", 1),
    "foreign address of numba.extending": (
        "from numba.extending import get_cython_function_address",
        "import",
        1,
    ),
    "load of numpy": ("from numpy import load", "import", 1),
    "lib of numpy": ("from numpy.lib import format", "import", 1),
    "fromregex": ("import numpy as np\nx = np.fromregex('x', 'y', int)", "attribute", 2),
    "as_strided": ("from numpy.lib.stride_tricks import as_strided", "import", 1),
    "as_strided of numpy": ("import numpy as np\nx = np.lib.stride_tricks.as_strided", "attribute", 2),
    "random state": ("import numpy as np\nnp.random.seed(1)", "attribute", 2),
    "alias of a module": ("import numpy as np\nn = np", "module", 2),
    "alias of a submodule": ("import numpy as np\nn = np.lib", "module", 2),
    "module as an argument": ("from numba import types\nx = str(types)", "module", 2),
    "patched in a branch": ("import numpy as np\nif True:\n    np.copyto = abs", "module state", 3),
    "patched by with": (
        "import numpy as np\ndef f(c):\n    with c as np.copyto:\n        pass",
        "module state",
        3,
    ),
    "patched by a comprehension": ("import numpy as np\n[0 for np.copyto in [abs]]", "module state", 2),
    "coroutine": ("n = 0\nasync def f():\n    global n\n    n += 1", "async", 2),
    "global of a coroutine": ("n = 0\nasync def f():\n    global n\n    n += 1", "module state", 3),
    "attribute of the class": ("class K:\n    def f(self):\n        type(self).n = 1", "module state", 3),
    "mutable default": ("def f(x, seen={}):\n    seen[x] = 1", "module state", 1),
    "mutable default of a lambda": ("f = lambda x, seen=list(): seen.append(x)", "module state", 1),
    "name hidden by a comprehension": (
        "seen = []\ndef f(x):\n    [0 for seen in ()]\n    seen[0] = x",
        "module state",
        4,
    ),
    "name hidden by an inner function": (
        "seen = []\ndef f(x):\n    def g():\n        seen = []\n    seen[0] = x",
        "module state",
        5,
    ),
    "alias of njit": ("from numba import njit as fast\n@fast(parallel=True)\ndef f(): pass", "threads", 2),
    "parallel intrinsic": ("def f(register):\n    register(parallel=True)", "threads", 2),
    "compiler as a value": ("import numba\nfast = numba.njit", "compiler", 2),
    "compiler option": ("from numba import njit\nf = njit(locals={})", "compiler", 2),
    "signature in a string": ("from numba import njit\n@njit(\"open('x')\")\ndef f(): pass", "compiler", 2),
    "signature under another name": (
        "from numba import njit as fast\nx = 'y'\n@fast(x)\ndef f(): pass",
        "compiler",
        3,
    ),
    "guvectorize, whose layout is a string": ("from numba import guvectorize", "import", 1),
    "signatures in a list": ("from numba import vectorize\nf = vectorize(['y'])", "compiler", 2),
}

SUSPECTED = {
    "kept state": "class K:\n    def f(self, x):\n        self.last = x",
    "identity": "def f(x):\n    return id(x)",
    "nonlocal": "def f():\n    n = 0\n    def g():\n        nonlocal n\n        n += 1\n    return g",
    "flags": "def f(x):\n    x.flags.writeable = True",
    "carray": "from numba import carray",
    "no cache": "from numba import njit\n@njit\ndef f(x):\n    return x",
    "a format that digs": "x = '{0.__class__}'.format(1)",
}

HONEST = '''
"""A docstring that says __init__ is free."""
from __future__ import annotations
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
import numba
import numpy as np
from llvmlite import ir
from llvmlite.binding import get_host_cpu_features
from numba import njit, typed, types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.typed import List
from numpy.lib.stride_tricks import sliding_window_view
from toy import ToyShape

AVX2 = get_host_cpu_features().get("avx2", False)
TABLE = np.arange(4)
TABLE[0] = 1
for byte in range(1, 4):
    TABLE[byte] = TABLE[byte // 2] + byte % 2
WINDOWS = np.lib.stride_tricks.sliding_window_view(TABLE, 2)

@dataclass(frozen=True)
class Plan:
    n: int

@intrinsic
def lanes(typing_context: Any, array: Any) -> Any:
    def generate(context, builder, signature, arguments):
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        f = cgutils.get_or_insert_function(builder.module, ir.FunctionType(ir.VoidType(), []), "llvm.trap")
        vector = ir.VectorType(ir.FloatType(), 8)
        ir.Function(builder.module, ir.FunctionType(vector, []), name="llvm.x86.something")
        builder.module.declare_intrinsic("llvm.ctpop", [ir.IntType(64)])
        return builder.load(data)
    return types.float32(array), generate

@njit(cache=True, fastmath=True)
def scan(values, out):
    best = np.empty(3)
    for i in range(values.shape[0]):
        out[i] = values[i] * TABLE[0]
        best[0] += math.sqrt(values[i])
    order = []
    order.append(1)
    order.sort()
    return best

@njit(types.float32(types.float32[::1], numba.int64), cache=True, parallel=False)
def first(values, k):
    """Return one."""
    return values[k]

def rows_of(flat, width: int = 4, wanted: Callable | None = None):
    out = np.empty_like(flat)
    out.reshape(-1, width)[0] = getattr(flat, "shape")[0]
    return out

class Base:
    def __init__(self, shape):
        self.shape = shape

class ToyKernel(Base):
    def __init__(self, shape):
        super().__init__(shape)
        self.time = 0
        self.modules = [self.time]
        self.rows = List([1])
        self.name = typed.Dict.empty(types.int64, types.int64)
        self.scratch = np.empty(3)

    def scaled(self, values):
        return scan(values, np.empty_like(values))
'''


@pytest.mark.parametrize(("text", "rule", "line"), REFUSED.values(), ids=REFUSED.keys())
def test_a_broken_rule_is_refused_by_name_and_line(text: str, rule: str, line: int) -> None:
    """Every refusal says which rule and which line of kernels.py."""
    refused = [finding for finding in policy.findings(text, "toy") if finding.refuses]
    assert (rule, line) in [(finding.rule, finding.line) for finding in refused]
    assert str(refused[0]).startswith(f"{refused[0].rule}: kernels.py:{refused[0].line}: ")


@pytest.mark.parametrize("text", SUSPECTED.values(), ids=SUSPECTED.keys())
def test_what_honest_code_may_do_is_only_noted(text: str) -> None:
    """A suspicion leaves the decision to a person."""
    found = policy.findings(text, "toy")
    assert found
    assert not any(finding.refuses for finding in found)


def test_an_honest_kernel_raises_no_finding() -> None:
    """Intrinsics, CPU features, local containers, scratch space from the constructor."""
    assert [str(finding) for finding in policy.findings(HONEST, "toy")] == []


def test_size_counts_code_and_not_words() -> None:
    """Longer names, comments, docstrings and type hints are not complexity; another operation is."""
    short = policy.n_nodes("def f(x):\n    return x + 1")
    assert policy.n_nodes("def f(number):\n    '''Why.'''\n    # how\n    return number + 1") == short
    hinted = "from typing import Any\ndef f(x: Any) -> list[Any]:\n    y: int = x + 1\n    return y"
    assert policy.n_nodes(hinted) == policy.n_nodes("def f(x):\n    y = x + 1\n    return y")
    assert policy.n_nodes("def f(x):\n    return x + 1 + 0") > short


def test_the_policy_lets_its_own_baselines_through() -> None:
    """Every target's baseline and kernel are honest by definition."""
    root = Path(__file__).parents[2]
    checked = 0
    for path in sorted(root.glob("targets/*/src/*/*.py")):
        if path.name in ("baseline.py", "kernels.py"):
            found = policy.findings(path.read_text(), path.parent.name)
            assert [str(finding) for finding in found] == [], path
            checked += 1
    assert checked >= 2
