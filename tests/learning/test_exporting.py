"""What is said of the package: current, behind, missing."""

import pytest

from tests.learning.conftest import solve_module
from tinytorch_lab.errors import NotFoundError
from tinytorch_lab.learning.exporting import export, package_state, problems, stale_files


@pytest.fixture
def modules(workspace, library):
    modules = [workspace.course.find(name) for name in ("tensor", "activations")]
    for module in modules:
        solve_module(workspace, module, library)
    return modules


def test_the_state_follows_every_file_of_the_package(workspace, modules):
    tensor, activations = modules
    assert package_state(workspace, tensor) == "missing"
    export(workspace, [tensor])
    assert package_state(workspace, tensor) == "current"
    facade = workspace.package / "__init__.py"
    text = facade.read_bytes()
    facade.unlink()
    assert package_state(workspace, tensor) == "behind"
    facade.write_text("# Written by hand")
    assert package_state(workspace, tensor) == "behind"
    facade.write_bytes(text)
    assert package_state(workspace, tensor) == "current"
    export(workspace, [activations])
    assert [package_state(workspace, module) for module in modules] == ["current", "current"]
    (workspace.package / "activations.py").unlink()
    assert [package_state(workspace, module) for module in modules] == ["behind", "missing"]


def test_with_nothing_started_there_is_nothing_to_export_and_nothing_wrong(workspace):
    for ask in (export, stale_files):
        with pytest.raises(NotFoundError, match="No module is started yet"):
            ask(workspace, ())
    assert problems(workspace, ()) == ()
