"""Beginning one cell again."""

import nbformat
import pytest

from tests.learning.conftest import solve_module
from tinytorch_lab.curriculum.cells import grade_id
from tinytorch_lab.curriculum.notebooks import read_notebook, write_notebook
from tinytorch_lab.errors import NotFoundError
from tinytorch_lab.learning.cell_reset import reset_cell


def sources(workspace, module):
    return {grade_id(cell): cell.source for cell in workspace.notebook(module).cells if grade_id(cell)}


def test_one_cell_is_as_released_and_the_rest_as_it_was(workspace, module, library):
    solve_module(workspace, module, library)
    solved = sources(workspace, module)
    opened = reset_cell(workspace, module, "environment")
    after = sources(workspace, module)
    assert [name for name in solved if solved[name] != after[name]] == ["environment"]
    assert "NotImplementedError" in after["environment"]
    assert opened.backup is not None
    kept = {grade_id(cell): cell.source for cell in read_notebook(opened.backup).cells}
    assert kept["environment"] == solved["environment"]


def test_a_deleted_cell_comes_back_in_its_place(workspace, module):
    released = list(sources(workspace, module))
    notebook = workspace.notebook(module)
    notebook.cells = [cell for cell in notebook.cells if grade_id(cell) != released[3]]
    write_notebook(notebook, workspace.notebook_path(module))
    reset_cell(workspace, module, released[3])
    assert list(sources(workspace, module)) == released


def test_in_an_empty_notebook_the_cell_comes_first(workspace, module):
    notebook = workspace.notebook(module)
    notebook.cells = []
    write_notebook(notebook, workspace.notebook_path(module))
    reset_cell(workspace, module, "environment")
    assert list(sources(workspace, module)) == ["environment"]


def test_an_unknown_cell_changes_nothing(workspace, module):
    before = workspace.notebook_path(module).read_bytes()
    with pytest.raises(NotFoundError, match="no cell 'nothing' to reset; it has setup_imports, environment"):
        reset_cell(workspace, module, "nothing")
    assert workspace.notebook_path(module).read_bytes() == before
    assert not (workspace.state / "backups").exists()


def test_the_cell_is_the_courses_where_the_course_gave_out_its_own(workspace, module):
    given = workspace.release.notebook(module)
    cell = next(cell for cell in given.cells if grade_id(cell) == "environment")
    cell.source = "# This course's own way."
    reset_cell(workspace, module, "environment", nbformat.writes(given).encode())
    assert sources(workspace, module)["environment"] == "# This course's own way."
