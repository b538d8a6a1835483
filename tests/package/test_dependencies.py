"""Which module needs which, and what a change concerns."""

from pathlib import Path

import pytest

from tinytorch_lab.package.dependencies import read_dependencies
from tinytorch_lab.package.exporter import export_package

from .notebooks import source

CODE = {
    "tensor": "class Tensor: pass\nclass Add: pass",
    "layers": "from tinytorch.tensor import Tensor\nclass Linear: pass",
    "losses": "from tinytorch import Tensor, Linear as L",
    "optimizers": "import tinytorch.layers as nn\ndef f(): return nn.Linear, nn.other.x",
    "training": "def f():\n    import tinytorch\n    return tinytorch.Linear, tinytorch.tensor.Add",
    "spatial": "import tinytorch as tt\nimport tinytorch.losses\nx = tinytorch.losses.y; y = tt.Tensor; np.Linear",
    "tokens": "from tinytorch import spatial\nfrom tinytorch.training import *\nspatial.x",
    "alone": "import math\nTensor = 'from tinytorch.tensor import Tensor'",
}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    notebooks = [
        source(f"#| default_exp {name}", f"#| export\n{code}", name=f"modules/{place:02}.ipynb")
        for place, (name, code) in enumerate(CODE.items())
    ]
    export_package(notebooks, tmp_path)
    return tmp_path


def test_names_each_module_takes_from_others(package: Path) -> None:
    found = read_dependencies(package).imports
    assert {module: {other: set(names) for other, names in uses.items()} for module, uses in found.items()} == {
        "tensor": {},
        "layers": {"tensor": {"Tensor"}},
        "losses": {"tensor": {"Tensor"}, "layers": {"Linear"}},
        "optimizers": {"layers": {"Linear", "other"}},
        "training": {"layers": {"Linear"}, "tensor": {"Add"}},
        "spatial": {"losses": {"y"}, "tensor": {"Tensor"}},
        "tokens": {"spatial": {"x"}, "training": {"*"}},
        "alone": {},
    }


def test_dependants_are_transitive(package: Path) -> None:
    dependencies = read_dependencies(package)
    assert dependencies.dependants("layers") == ("losses", "optimizers", "spatial", "tokens", "training")
    assert dependencies.dependants("losses") == ("spatial", "tokens")
    assert dependencies.dependants("tokens") == ()
    assert dependencies.dependants("absent") == ()


def test_modules_that_need_each_other_end(tmp_path: Path) -> None:
    pair = [
        source(f"#| default_exp {one}", f"#| export\nimport tinytorch.{other} as o", name=one)
        for one, other in ("ab", "ba")
    ]
    export_package(pair, tmp_path)
    assert read_dependencies(tmp_path).dependants("a") == ("b",)


def test_a_file_broken_by_hand_needs_nothing(package: Path) -> None:
    path = package / "layers.py"
    path.write_text(path.read_text().replace("class Linear: pass", "class Linear: ("))
    assert read_dependencies(package).imports["layers"] == {}
    assert "layers" not in read_dependencies(package).dependants("tensor")
