"""Every state a submission can be in becomes a notebook the course can grade."""

import copy
import json
from collections.abc import Sequence

import pytest
from nbformat import NotebookNode

from tests.grading.handins import ADD, ANSWER, DOUBLE, cell, handed_in
from tests.modules import write_curriculum
from tinytorch_lab.curriculum.build import instructor_notebook, student_notebook
from tinytorch_lab.curriculum.cells import grade_id
from tinytorch_lab.errors import InvalidInputError
from tinytorch_lab.grading.repair import Repaired, repair
from tinytorch_lab.grading.sources import ModuleSource
from tinytorch_lab.grading.submissions import new_cell, read_submission


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> ModuleSource:
    library = write_curriculum(tmp_path_factory.mktemp("curriculum"))
    notebook = instructor_notebook(library.source(library.course.find("01_sums")))
    return ModuleSource("01_sums", notebook, "digest", {})


@pytest.fixture
def released(source: ModuleSource) -> NotebookNode:
    return student_notebook(source.notebook)


def repaired(notebook: NotebookNode, source: ModuleSource) -> Repaired:
    return repair(read_submission(json.dumps(notebook).encode()), source)


def order(notebook: NotebookNode) -> list[str]:
    return [name for item in notebook.cells if (name := grade_id(item))]


def code_before(notebook: NotebookNode, test: str) -> str:
    names = [grade_id(item) for item in notebook.cells]
    return "\n".join(item.source for item in notebook.cells[: names.index(test)] if item.cell_type == "code")


def without(notebook: NotebookNode, names: Sequence[str]) -> NotebookNode:
    notebook.cells = [item for item in notebook.cells if grade_id(item) not in names]
    return notebook


def test_a_sound_submission_keeps_its_text_and_gets_the_full_tests(source, released):
    result = repaired(handed_in(released), source)
    assert result.notes == ()
    assert order(result.notebook) == list(source.known)
    assert cell(result.notebook, "add").source == ADD
    assert "BEGIN HIDDEN TESTS" in cell(result.notebook, "test_add").source
    assert len(result.notebook.cells) == len(source.notebook.cells)


def test_what_the_submission_says_about_points_and_outputs_is_not_believed(source, released):
    def boast(notebook: NotebookNode) -> None:
        test = cell(notebook, "test_add")
        test.metadata["nbgrader"].update(points=1000, grade=True, solution=True, score=1000)
        test.outputs = [{"output_type": "stream", "name": "stdout", "text": "40/40"}]
        test.source = "pass"

    result = repaired(handed_in(released, boast), source)
    test = cell(result.notebook, "test_add")
    assert test.metadata["nbgrader"]["points"] == 40
    assert not test.metadata["nbgrader"]["solution"]
    assert "score" not in test.metadata["nbgrader"]
    assert test.outputs == []
    assert test.source == source.known["test_add"].instructor.source
    assert result.notes == ("The test test_add was edited; the course's own was run.",)


def test_an_empty_notebook_gets_every_test_and_answer_cell(source, released):
    released.cells = []
    result = repaired(released, source)
    assert result.notes == ("The notebook is empty.",)
    assert [name for name in order(result.notebook) if name.startswith("test")] == ["test_add", "test_double"]
    assert cell(result.notebook, "response_2").source == source.known["response_2"].released.source


def test_a_missing_test_comes_back_after_the_helpers_it_needs(source, released):
    notebook = without(handed_in(released), ["test_add"])
    place = next(index for index, item in enumerate(notebook.cells) if grade_id(item) == "add")
    notebook.cells.insert(place + 1, new_cell("code", "helper = 1"))
    result = repaired(notebook, source)
    assert "helper = 1" in code_before(result.notebook, "test_add")
    assert DOUBLE not in code_before(result.notebook, "test_add")
    assert result.notes == ("Missing test cells, put back: test_add.",)


def test_an_implementation_below_its_test_is_run_first(source, released):
    notebook = handed_in(released)
    implementation = cell(notebook, "add")
    notebook.cells.remove(implementation)
    notebook.cells.append(implementation)
    result = repaired(notebook, source)
    assert ADD.strip() in code_before(result.notebook, "test_add")
    assert "The test test_add stood above the cell it tests; it was run after it." in result.notes


@pytest.mark.parametrize("stub_last", [True, False])
def test_a_copied_stub_does_not_undo_the_solution(source, released, stub_last):
    notebook = handed_in(released)
    stub = copy.deepcopy(cell(released, "add"))
    place = notebook.cells.index(cell(notebook, "add"))
    notebook.cells.insert(place + 1 if stub_last else place, stub)
    result = repaired(notebook, source)
    assert "NotImplementedError" not in code_before(result.notebook, "test_add")
    assert cell(result.notebook, "add").source == ADD
    assert result.notes == ("Cell add is there 2 times; the last one worked on counts.",)


def test_a_split_implementation_stays_whole(source, released):
    notebook = handed_in(released)
    first = cell(notebook, "add")
    second = copy.deepcopy(first)
    first.source, second.source = "offset = 0", "def add(a, b):\n    return a + b + offset"
    notebook.cells.insert(notebook.cells.index(first) + 1, second)
    before = code_before(repaired(notebook, source).notebook, "test_add")
    assert before.index("offset = 0") < before.index("a + b + offset")


def test_two_different_answers_are_both_kept(source, released):
    notebook = handed_in(released)
    second = copy.deepcopy(cell(notebook, "response_1"))
    second.source = "And another thing."
    notebook.cells.append(second)
    result = repaired(notebook, source)
    assert cell(result.notebook, "response_1").source == f"{ANSWER} (1)\n\nAnd another thing."
    assert order(result.notebook).count("response_1") == 1


def test_lost_metadata_is_found_again_by_cell_id(source, released):
    notebook = handed_in(released)
    for item in notebook.cells:
        item.metadata = NotebookNode()
    result = repaired(notebook, source)
    assert result.notes == ()
    assert order(result.notebook) == list(source.known)
    assert cell(result.notebook, "response_3").source == f"{ANSWER} (3)"


def test_without_metadata_and_ids_tests_and_answers_are_found_by_text(source, released):
    notebook = handed_in(released)
    for number, item in enumerate(notebook.cells):
        item.metadata = NotebookNode()
        item["id"] = f"new-{number}"
    result = repaired(notebook, source)
    assert result.notes == ("Missing code cells, looked for in the other cells: add, double.",)
    assert ADD.strip() in code_before(result.notebook, "test_add")
    assert cell(result.notebook, "response_3").source == f"{ANSWER} (3)"
    assert [item.source for item in result.notebook.cells if "test_unit_add" in item.source] == [
        source.known["test_add"].instructor.source
    ]


def test_cells_of_the_wrong_kind_are_turned_back(source, released):
    def confuse(notebook: NotebookNode) -> None:
        cell(notebook, "add").cell_type = "raw"
        cell(notebook, "response_1").cell_type = "code"

    result = repaired(handed_in(released, confuse), source)
    assert cell(result.notebook, "add").cell_type == "code"
    assert cell(result.notebook, "response_1").cell_type == "markdown"


def test_all_cell_ids_are_there_once(source, released):
    notebook = handed_in(released)
    notebook.cells += [new_cell("code", "x = 1"), new_cell("code", "x = 2")]
    for item in notebook.cells[-2:]:
        item["id"] = "test_add"
    ids = [item["id"] for item in repaired(notebook, source).notebook.cells]
    assert len(ids) == len(set(ids))


def test_measuring_cells_stay_marked_as_such(source, released):
    result = repaired(handed_in(released), source)
    assert [item.metadata for item in result.notebook.cells if "peak" in item.source] == [{"tags": ["measure"]}]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not complete JSON"),
        (b'{"cells": [', "line 1, column"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"[1, 2]", "not a notebook"),
        (b'{"nbformat": 4}', "no list of cells"),
        (json.dumps({"cells": [{}] * 3000}).encode(), "3000 cells"),
        (b"[" * 200_000, "cannot be read"),
    ],
)
def test_what_is_no_notebook_is_said_so_in_one_sentence(content, says):
    with pytest.raises(InvalidInputError, match=says) as caught:
        read_submission(content)
    assert "\n" not in str(caught.value)


def test_odd_but_readable_notebooks_are_read():
    cells = [
        {"cell_type": "code", "source": ["a = 1\r\n", "b = 2"], "metadata": None, "outputs": "x"},
        {"cell_type": "code", "input": "c = 3"},
        {"cell_type": "strange", "source": {"no": "text"}},
        "no cell at all",
        {"cell_type": "markdown", "source": "lone \ud800 surrogate", "id": 7},
    ]
    read = read_submission(json.dumps({"cells": cells, "metadata": {"kernelspec": {"name": "fortran"}}}).encode())
    assert [item.cell_type for item in read] == ["code", "code", "raw", "markdown"]
    assert read[0].source == "a = 1\nb = 2"
    assert read[1].source == "c = 3"
    read[3].source.encode()
