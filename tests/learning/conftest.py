"""A student's workspace with a module begun, and what runs its tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.solutions import solve
from tinytorch_lab.curriculum.catalogue import ModuleInfo
from tinytorch_lab.curriculum.library import Library
from tinytorch_lab.curriculum.notebooks import write_notebook
from tinytorch_lab.learning.testing import Testing
from tinytorch_lab.learning.workspace import Workspace
from tinytorch_lab.runner.pool import LocalExecutor


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """An empty workspace."""
    (tmp_path / "work").mkdir()
    return Workspace(tmp_path / "work")


@pytest.fixture
def module(workspace: Workspace) -> ModuleInfo:
    """The first module, started."""
    module = workspace.course.find("tensor")
    workspace.start(module)
    return module


@pytest.fixture
def testing(workspace: Workspace) -> Iterator[Testing]:
    """The workspace's tests."""
    with LocalExecutor(confinement="none") as executor:
        yield Testing(workspace, executor)


def solve_module(workspace: Workspace, module: ModuleInfo, library: Library, only: str | None = None) -> None:
    """Start ``module`` and write the reference solution, or ``only`` one cell of it, into its notebook."""
    workspace.start(module)
    solved = solve(workspace.notebook(module), library.instructor(module), only)
    write_notebook(solved, workspace.notebook_path(module))
