"""A module needs its tests run again when one it builds on changed in the package."""

import pytest

from tests.learning.conftest import solve_module
from tinytorch_lab.curriculum.notebooks import write_notebook
from tinytorch_lab.learning.dependency_map import Use, needs, uses
from tinytorch_lab.learning.exporting import export
from tinytorch_lab.learning.progress import module_progress


@pytest.fixture
def modules(workspace, library):
    modules = [workspace.course.find(name) for name in ("tensor", "activations")]
    for module in modules:
        solve_module(workspace, module, library)
    export(workspace, modules)
    return modules


def change(workspace, module, text):
    notebook = workspace.notebook(module)
    cell = next(cell for cell in notebook.cells if "class Tensor" in cell.source)
    cell.source += text
    write_notebook(notebook, workspace.notebook_path(module))
    export(workspace, [module])


def test_a_change_of_code_that_a_module_uses_asks_for_its_tests(workspace, testing, modules):
    tensor, activations = modules
    assert module_progress(workspace, testing, activations).recheck == ()
    testing.run(activations)
    assert module_progress(workspace, testing, activations).recheck == ()
    change(workspace, tensor, "\n# only a comment")
    assert module_progress(workspace, testing, activations).recheck == ()
    change(workspace, tensor, "\n\nEXTRA = 1\n")
    assert module_progress(workspace, testing, activations).recheck == (tensor,)
    assert module_progress(workspace, testing, tensor).recheck == ()
    testing.run(activations)
    assert module_progress(workspace, testing, activations).recheck == ()


def test_one_test_alone_does_not_clear_a_re_check(workspace, testing, modules):
    tensor, activations = modules
    first = testing.run(activations).rows[0].grade_id
    released = workspace.notebook_path(tensor).read_bytes()
    change(workspace, tensor, "\n\nEXTRA = 1\n")
    testing.run(activations, first)
    assert module_progress(workspace, testing, activations).recheck == (tensor,)
    workspace.notebook_path(tensor).write_bytes(released)
    export(workspace, [tensor])
    assert module_progress(workspace, testing, activations).recheck == (tensor,), "the one is of the changed code"
    testing.run(activations, first)
    assert module_progress(workspace, testing, activations).recheck == (tensor,)
    testing.run(activations)
    assert module_progress(workspace, testing, activations).recheck == ()


def test_one_test_that_nothing_was_run_beside_is_of_the_present_package(workspace, testing, modules):
    tensor, activations = modules
    first = testing.run(activations).rows[0].grade_id
    testing.results.folder.joinpath(f"{activations.name}.json").unlink()
    change(workspace, tensor, "\n\nEXTRA = 1\n")
    for _ in range(2):
        testing.run(activations, first)
        assert module_progress(workspace, testing, activations).recheck == ()
    change(workspace, tensor, "\n\nMORE = 1\n")
    assert module_progress(workspace, testing, activations).recheck == (tensor,)


def test_the_map_names_who_uses_what(workspace, modules):
    found = uses(workspace)
    assert any((use.user, use.used) == ("activations", "tensor") and "Tensor" in use.names for use in found)
    assert all(isinstance(use, Use) and use.user != use.used for use in found)


def test_an_unexported_module_builds_on_what_the_course_says(workspace, modules):
    losses = workspace.course.find("losses")
    assert [module.name for module in needs(workspace, losses)][:2] == ["01_tensor", "02_activations"]
    assert [module.name for module in needs(workspace, modules[1])] == ["01_tensor"]
    assert needs(workspace, modules[0]) == ()
