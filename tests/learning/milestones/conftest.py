"""A workspace whose package is the reference's, as if a student had solved every module."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tinytorch_lab.curriculum.library import Library
from tinytorch_lab.learning.workspace import Workspace
from tinytorch_lab.package.build import build_reference
from tinytorch_lab.runner.pool import LocalExecutor


@pytest.fixture(scope="module")
def executor() -> Iterator[LocalExecutor]:
    with LocalExecutor() as made:
        yield made


@pytest.fixture(scope="session")
def reference_package(library: Library, tmp_path_factory: pytest.TempPathFactory) -> Path:
    package = tmp_path_factory.mktemp("reference") / "tinytorch"
    build_reference(library, package)
    return package


@pytest.fixture
def workspace(reference_package: Path, tmp_path: Path) -> Workspace:
    root = tmp_path / "work"
    shutil.copytree(reference_package, root / "tinytorch")
    return Workspace(root.resolve())
