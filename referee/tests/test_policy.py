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
    "__import__": ("o = __import__('os')", "name", 1),
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
from dataclasses import dataclass
from typing import Any
import numpy as np
from llvmlite import ir
from llvmlite.binding import get_host_cpu_features
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic
from toy import ToyShape

AVX2 = get_host_cpu_features().get("avx2", False)
TABLE = np.arange(4)

@dataclass(frozen=True)
class Plan:
    n: int

@intrinsic
def lanes(typing_context: Any, array: Any) -> Any:
    def generate(context, builder, signature, arguments):
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        f = cgutils.get_or_insert_function(builder.module, ir.FunctionType(ir.VoidType(), []), "llvm.trap")
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

class ToyKernel:
    def __init__(self, shape):
        self.shape = shape
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
    """Longer names, comments and docstrings are not complexity; another operation is."""
    short = policy.n_nodes("def f(x):\n    return x + 1")
    assert policy.n_nodes("def f(number):\n    '''Why.'''\n    # how\n    return number + 1") == short
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
