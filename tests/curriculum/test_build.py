"""The notebooks made from a module's source."""

import pytest

from tests.modules import MODULE, write_curriculum
from tinytorch_lab.curriculum.build import ANSWER_STUB, replace_regions
from tinytorch_lab.curriculum.cells import grade_id, is_response, points
from tinytorch_lab.curriculum.source import read_source
from tinytorch_lab.errors import InvalidInputError, NotAvailableError, NotFoundError


@pytest.fixture
def small(tmp_path):
    return write_curriculum(tmp_path / "curriculum")


def test_the_student_notebook_holds_no_answer(small):
    module = small.course.find("sums")
    student = small.student(module)
    text = "\n".join(cell.source for cell in student.cells)
    for secret in ("np.asarray(a) + b", "BEGIN HIDDEN", "probe(", "MARK SCHEME", "names the cost", "BEGIN SOLUTION"):
        assert secret not in text
    assert "# YOUR CODE HERE\n    raise NotImplementedError()" in text
    assert [cell.source for cell in student.cells if is_response(cell)] == [ANSWER_STUB] * 3
    assert [grade_id(cell) for cell in student.cells] == [grade_id(cell) for cell in small.instructor(module).cells]


def test_points_survive(small):
    cells = small.student(small.course.find("1")).cells
    assert sum(points(cell) for cell in cells) == 100


def test_building_twice_gives_the_same_notebook(small):
    module = small.course.find("01_sums")
    assert small.instructor(module) == small.instructor(module)
    ids = [cell["id"] for cell in small.instructor(module).cells]
    assert len(ids) == len(set(ids))


def test_cells_know_their_lines(small):
    lines = MODULE.splitlines()
    for cell in small.source(small.course.find("1")).cells:
        assert lines[cell.line - 1].startswith("# %%")
        assert lines[cell.body_line - 1].strip() == cell.node.source.splitlines()[0].strip()


def test_a_marker_inside_a_string_is_explained(tmp_path):
    path = tmp_path / "bad.py"
    path.write_text('# %%\ntext = """\n# %% not a cell\n"""\n')
    with pytest.raises(InvalidInputError, match="'# %%' inside a string"):
        read_source(path)


@pytest.mark.parametrize("source", ["<b>\nx", "<b>\n<b>\nx\n<e>", "x\n<e>"])
def test_unbalanced_regions_are_refused(source):
    with pytest.raises(InvalidInputError):
        replace_regions(source, "<b>", "<e>", "stub")


def test_modules_that_do_not_exist(small):
    with pytest.raises(NotAvailableError, match="not yet available"):
        small.instructor(small.course.find("later"))
    with pytest.raises(NotFoundError, match="the modules are 01_sums, 02_later"):
        small.course.find("99")


def test_a_question_cell_marked_as_task_becomes_read_only(tmp_path):
    question = '"grade_id": "question_1", "locked": true, "schema_version": 3, "solution": false, "task": '
    text = MODULE.replace(question + "false", question + "true")
    assert text != MODULE
    small = write_curriculum(tmp_path, text)
    cells = {grade_id(cell): cell for cell in small.instructor(small.course.find("1")).cells}
    assert cells["question_1"].metadata["nbgrader"]["task"] is False
