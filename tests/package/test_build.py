"""The reference package made from the curriculum."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tinytorch_lab.curriculum.library import Library, find_library
from tinytorch_lab.package.build import build_earlier, build_reference, check_reference
from tinytorch_lab.package.provenance import locate

LIBRARY = find_library(Path(__file__).parent)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    package = tmp_path_factory.mktemp("reference") / "tinytorch"
    build_reference(LIBRARY, package)
    return package


def test_every_module_that_is_written_is_there(package: Path) -> None:
    expected = {name for module in LIBRARY.available_modules() for name in module.exports} | {"__init__"}
    assert {path.stem for path in package.glob("*.py")} == expected
    assert check_reference(LIBRARY, package) == ()
    assert build_reference(LIBRARY, package).written == ()


def test_it_reads_as_written_by_hand(package: Path) -> None:
    for path in package.glob("*.py"):
        text = path.read_text()
        assert "SOLUTION" not in text
        assert "NotImplementedError()" not in text
        assert not re.search(r"from tinytorch\b", text), "imports inside the package are relative"


def test_it_imports_in_silence(package: Path) -> None:
    code = "from tinytorch import *; import tinytorch; [getattr(tinytorch, name) for name in tinytorch.__all__]"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=package.parent, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_code_leads_back_to_the_source(package: Path) -> None:
    for module in LIBRARY.available_modules():
        cells = LIBRARY.source(module).cells
        for name in module.exports:
            path = package / f"{name}.py"
            lines = path.read_text().split("\n")
            for node in ast.parse(path.read_text()).body:
                place = locate(package, str(path), node.lineno)
                if place is None:
                    assert lines[node.lineno - 1].startswith("__all__")
                    continue
                assert place.notebook == f"curriculum/{module.name}/{module.name}.py"
                original = cells[place.cell - 1].node.source.split("\n")[place.line - 1]
                assert lines[node.lineno - 1] == original.replace("from tinytorch.", "from .")


def test_a_change_of_the_curriculum_is_noticed(package: Path, tmp_path: Path) -> None:
    changed = Library(tmp_path / "curriculum")
    shutil.copytree(LIBRARY.root, changed.root)
    path = changed.source_path(changed.course.find("01_tensor"))
    path.write_text(path.read_text().replace("class Tensor:", "class Tensor(object):", 1))
    assert check_reference(changed, package) == ("tinytorch/tensor.py",)


def test_a_module_sees_the_earlier_ones_only(tmp_path: Path) -> None:
    build_earlier(LIBRARY, LIBRARY.course.find("02_activations"), tmp_path)
    assert {path.stem for path in tmp_path.glob("*.py")} == {"__init__", "setup", "tensor"}
