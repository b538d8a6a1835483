"""``import tinytorch``: every module's names in one place, and an unfinished module in nobody's way."""

import subprocess
import sys
from pathlib import Path

import pytest

from tinytorch_lab.package.exporter import export_package

from .notebooks import source


@pytest.fixture
def package(tmp_path: Path) -> Path:
    package = tmp_path / "tinytorch"
    modules = [
        source(
            "#| default_exp tensor",
            "#| export\nclass Tensor: pass\ndef f(): return 'tensor'\ndef layers(): pass",
            name="modules/01.ipynb",
        ),
        source(
            "#| default_exp layers",
            "#| export\nfrom tinytorch.tensor import Tensor\nfrom tinytorch import f as first\n"
            "class Linear(Tensor): first = first\ndef f(): return 'layers'",
            name="modules/03.ipynb",
        ),
        source("#| default_exp broken", "#| export\ndef g(): pass\n1 / 0", name="modules/04.ipynb"),
        source(
            "#| default_exp autograd",
            "#| export\nfrom tinytorch import Tensor as same\nfrom tinytorch.tensor import Tensor\n"
            "def backward(self): return same is Tensor\nTensor.backward = backward",
            name="modules/06.ipynb",
        ),
        source(
            "#| default_exp tables",
            "#| export\nfrom tinytorch.tensor import Tensor\ndef cost_of(kind): return lambda rule: rule\n"
            "@cost_of(Tensor)\ndef cost(): return 1",
            name="modules/14.ipynb",
        ),
        source(
            "#| default_exp unfinished",
            "#| export\nfrom tinytorch.layers import Linear\nsetattr(Linear, 'x', 1)\nraise NotImplementedError",
            name="modules/07.ipynb",
        ),
    ]
    export_package(modules, package)
    return package


def run(package: Path, code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=package.parent, capture_output=True, text=True
    )
    return done.stdout.strip() or done.stderr.strip().split("\n")[-1]


@pytest.mark.parametrize(
    ("code", "printed"),
    [
        ("import tinytorch, sys; print([name for name in sys.modules if name.startswith('tinytorch.')])", "[]"),
        ("from tinytorch import Linear; print(Linear.__module__)", "tinytorch.layers"),
        ("import tinytorch; print(tinytorch.layers.Linear.__name__)", "Linear"),
        ("from tinytorch import tensor; print(tensor.__name__)", "tinytorch.tensor"),
        (
            "import tinytorch; print(tinytorch.f(), tinytorch.layers.f(), tinytorch.Linear.first())",
            "tensor layers tensor",
        ),
        ("import tinytorch; print(tinytorch.layers)", "<module 'tinytorch.layers'"),
        ("import tinytorch; print(tinytorch.Tensor().backward())", "True"),
        ("import tinytorch, sys; tinytorch.Tensor; print('tinytorch.tables' in sys.modules)", "False"),
        ("from tinytorch.tensor import Tensor; print(hasattr(Tensor, 'backward'))", "False"),
        ("import tinytorch.autograd; print(tinytorch.autograd.Tensor().backward())", "True"),
        ("import tinytorch; print('Linear' in dir(tinytorch), 'g' in dir(tinytorch))", "True True"),
        ("import tinytorch; print(hasattr(tinytorch, 'nothing'))", "False"),
        ("import tinytorch; tinytorch.nothing", "AttributeError: module 'tinytorch' has no attribute 'nothing'"),
        ("from tinytorch import nothing", "ImportError: cannot import name 'nothing' from 'tinytorch'"),
        ("import tinytorch; tinytorch.g", "ZeroDivisionError: division by zero"),
    ],
)
def test_import(package: Path, code: str, printed: str) -> None:
    assert run(package, code).startswith(printed)


def test_star_import_gives_all_names_when_all_modules_work(package: Path) -> None:
    for name in ("broken", "unfinished"):
        (package / f"{name}.py").unlink()
    export_package([source("#| default_exp tokens", "#| export\nV = 1", name="modules/10.ipynb")], package)
    assert (
        run(package, "from tinytorch import *; print(V, f(), Linear.__name__, backward.__name__)")
        == "1 tensor Linear backward"
    )


def test_a_module_that_is_gone_is_no_longer_offered(package: Path) -> None:
    (package / "tensor.py").unlink()
    export_package([], package)
    assert (
        run(package, "import tinytorch; print(tinytorch.__all__)")
        == "['Linear', 'backward', 'cost', 'cost_of', 'f', 'g']"
    )


def test_init_reads_as_documented(tmp_path: Path) -> None:
    package = tmp_path / "tinytorch"
    export_package([source("#| default_exp tensor", "#| export\nclass Tensor: pass")], package)
    text = (package / "__init__.py").read_text()
    compile(text, "__init__.py", "exec")
    assert text.startswith("# Generated from the modules of this folder; edit their notebooks, not this file.\n")
    assert '_NAMES: dict[str, list[str]] = {\n    "tensor": ["Tensor"],\n}\n' in text
    ruff = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--isolated",
        "--select",
        "E,F,W,I",
        "--line-length",
        "100",
        str(package / "__init__.py"),
    ]
    checked = subprocess.run(ruff, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout
