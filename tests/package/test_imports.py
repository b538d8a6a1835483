"""Imports of the package's own modules become relative, and nothing else changes."""

import ast

import pytest

from tinytorch_lab.package.imports import rewrite_imports


def rewritten(text: str) -> str:
    lines = dict(enumerate(text.split("\n"), 1))
    return "\n".join(rewrite_imports(lines, ast.parse(text)).values())


@pytest.mark.parametrize(
    ("absolute", "relative"),
    [
        ("from tinytorch.tensor import Tensor", "from .tensor import Tensor"),
        ("from  tinytorch.tensor  import(Tensor)", "from  .tensor  import(Tensor)"),
        (
            "from tinytorch.tensor import (\n    Tensor,  # the array\n)",
            "from .tensor import (\n    Tensor,  # the array\n)",
        ),
        ("from tinytorch import tensor", "from . import tensor"),
        ("from tinytorch.tensor import *", "from .tensor import *"),
        ("import tinytorch.tensor as t", "from . import tensor as t"),
        ("def f():\n\tfrom tinytorch.tensor import Tensor", "def f():\n\tfrom .tensor import Tensor"),
        (
            "try:\n  import tinytorch.a as a\nexcept ImportError:\n  pass",
            "try:\n  from . import a as a\nexcept ImportError:\n  pass",
        ),
        ("if 1:\n  pass\nelse:\n  from tinytorch.a import b", "if 1:\n  pass\nelse:\n  from .a import b"),
        ("match 1:\n  case 1:\n    from tinytorch.a import b", "match 1:\n  case 1:\n    from .a import b"),
        ("é = 'ü'; from tinytorch.a import b; π = 1", "é = 'ü'; from .a import b; π = 1"),
        ("from tinytorch.a import b; from tinytorch.c import d", "from .a import b; from .c import d"),
        (
            "import tinytorch.a as b; from tinytorch.a import b  # from tinytorch.a import b",
            "from . import a as b; from .a import b  # from tinytorch.a import b",
        ),
    ],
)
def test_rewritten(absolute: str, relative: str) -> None:
    assert rewritten(absolute) == relative


@pytest.mark.parametrize(
    "text",
    [
        "import tinytorch",
        "import tinytorch as tt",
        "import tinytorch.tensor",
        "import numpy as np, tinytorch.tensor as t",
        "from tinytorch \\\n    .tensor import Tensor",
        "from tinytorch . tensor import Tensor; s = 'from tinytorch.a import b'",
        "from tinytorch_lab.probes import probe",
        "from tinytorchvision.x import y",
        "import tinytorchx.y as z",
        "from numpy import tinytorch",
        "'''\nfrom tinytorch.tensor import Tensor\n'''",
    ],
)
def test_left_alone(text: str) -> None:
    assert rewritten(text) == text
