"""Pytest plug-in: the reference package, built fresh from the checkout's curriculum."""

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tinytorch_lab.curriculum.library import Library
from tinytorch_lab.package.build import build_reference

# A name of its own: whatever ``tinytorch`` is on the path, or was imported by another test, is not what is tested.
NAME = "tinytorch_under_test"


def import_package(folder: Path) -> ModuleType:
    """Import the package in ``folder``, all its modules included, under the name ``NAME``."""
    start = folder / "__init__.py"
    spec = importlib.util.spec_from_file_location(NAME, start, submodule_search_locations=[str(folder)])
    assert spec is not None
    assert spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules[NAME] = package
    spec.loader.exec_module(package)
    for path in sorted(folder.glob("[!_]*.py")):
        importlib.import_module(f"{NAME}.{path.stem}")
    return package


@pytest.fixture(scope="session")
def tt(library: Library, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The reference ``tinytorch``."""
    folder = tmp_path_factory.mktemp("reference") / "tinytorch"
    build_reference(library, folder)
    elsewhere = {name for name in sys.modules if name.split(".")[0] == "tinytorch"}
    yield import_package(folder)
    assert elsewhere == {name for name in sys.modules if name.split(".")[0] == "tinytorch"}
    for name in [name for name in sys.modules if name.split(".")[0] == NAME]:
        del sys.modules[name]
