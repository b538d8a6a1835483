"""Which module needs which."""

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
    found = read_dependencies(package)
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


def test_a_file_broken_by_hand_needs_nothing(package: Path) -> None:
    path = package / "layers.py"
    path.write_text(path.read_text().replace("class Linear: pass", "class Linear: ("))
    assert read_dependencies(package)["layers"] == {}
