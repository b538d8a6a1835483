"""A class with one submission of every broken kind: each gets what a fair teacher would give, and nobody is stopped."""

import copy
import json
import os
from pathlib import Path

import pytest
from nbformat import NotebookNode

from tests.grading.conftest import MODULE, TESS, finish, report_of
from tests.grading.handins import ADD, Change, cell, handed_in, write
from tinytorch_lab.curriculum.cells import grade_id
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.reports import GradeRow
from tinytorch_lab.grading.service import GradingService

Shared = tuple[CourseFolder, GradingService]


def syntax_error(notebook: NotebookNode) -> None:
    cell(notebook, "double").source = "def double(a:\n    return a"


def emptied(notebook: NotebookNode) -> None:
    notebook.cells = []


def deleted_tests(notebook: NotebookNode) -> None:
    notebook.cells = [item for item in notebook.cells if not str(grade_id(item)).startswith("test")]


def emptied_tests(notebook: NotebookNode) -> None:
    for name in ("test_add", "test_double"):
        cell(notebook, name).source = "print('40/40')"
    cell(notebook, "add").source = "def add(a, b):\n    return 0"


def implementation_deleted(notebook: NotebookNode) -> None:
    notebook.cells.remove(cell(notebook, "double"))


def implementation_copied(notebook: NotebookNode) -> None:
    copied = copy.deepcopy(cell(notebook, "add"))
    copied.source = "# YOUR CODE HERE\nraise NotImplementedError()"
    notebook.cells.insert(2, copied)


def metadata_lost(notebook: NotebookNode) -> None:
    for item in notebook.cells:
        item.metadata = NotebookNode()


def wrong_kernel(notebook: NotebookNode) -> None:
    notebook.metadata["kernelspec"] = {"name": "fortran", "display_name": "Fortran", "language": "fortran"}
    notebook.metadata["language_info"] = {"name": "fortran"}


def old_schema(notebook: NotebookNode) -> None:
    for item in notebook.cells:
        if "nbgrader" in item.metadata:
            item.metadata["nbgrader"] = {"grade_id": grade_id(item), "schema_version": 1, "points": "many"}


def endless(notebook: NotebookNode) -> None:
    notebook.cells.insert(1, copy.deepcopy(cell(notebook, "add")))
    notebook.cells[1].metadata = NotebookNode()
    notebook.cells[1]["id"] = "loop"
    notebook.cells[1].source = "while True:\n    pass"


def dies(notebook: NotebookNode) -> None:
    cell(notebook, "double").source = "import os\nos._exit(0)"


def warns(notebook: NotebookNode) -> None:
    cell(notebook, "add").source = ADD + "\nimport warnings\nwarnings.warn('careful')\n"


def boasts(notebook: NotebookNode) -> None:
    cell(notebook, "double").source = "def double(a):\n    return 0"
    for item in notebook.cells:
        item.metadata.setdefault("nbgrader", {}).update(score=100, points=100)
        item.outputs = [{"output_type": "execute_result", "data": {"text/plain": "100"}, "metadata": {}}]


CHANGES: dict[str, tuple[Change, float, str]] = {
    "sound": (wrong_kernel, 70.0, ""),
    "syntax": (syntax_error, 40.0, "Cell double, line 1, stopped with SyntaxError"),
    "empty": (emptied, 0.0, "The notebook is empty."),
    "no-tests": (deleted_tests, 70.0, "Missing test cells, put back: test_add, test_double."),
    "cheat": (emptied_tests, 0.0, "The test test_add was edited; the course's own was run."),
    "half": (implementation_deleted, 40.0, "Missing code cells"),
    "copied": (implementation_copied, 70.0, "Cell add is there 2 times"),
    "bare": (metadata_lost, 70.0, ""),
    "schema": (old_schema, 70.0, ""),
    "endless": (endless, 70.0, "Cell 2"),
    "dies": (dies, 40.0, ""),
    "warns": (warns, 70.0, ""),
    "boasts": (boasts, 40.0, ""),
}
UNREADABLE = {
    "cut": '{"cells": [',
    "list": "[]",
    "binary": "\x00\x01",
    "nothing": "",
}


@pytest.fixture(scope="module")
def graded(shared: Shared, released: NotebookNode, tmp_path_factory: pytest.TempPathFactory) -> dict[str, GradeRow]:
    """Everybody's grade after one collection and one autograding."""
    course, service = shared
    folder = tmp_path_factory.mktemp("class")
    for student, (change, _, _) in CHANGES.items():
        write(handed_in(released, change), folder, student)
    for student, text in UNREADABLE.items():
        write(text, folder, student)
    collected = finish(service.collect(MODULE, source=folder, actor=TESS))
    assert {row.subject for row in collected.rows if not row.ok} == set(UNREADABLE)
    report = finish(service.autograde(MODULE, actor=TESS))
    assert report.ok, [row for row in report.rows if not row.ok]
    assert {row.subject for row in report.rows} == CHANGES.keys() | UNREADABLE.keys()
    return report_of(course)


@pytest.mark.parametrize("student", CHANGES)
def test_everyone_gets_a_fair_score_and_a_reason(graded: dict[str, GradeRow], student: str):
    _, score, note = CHANGES[student]
    assert graded[student].automatic == score
    assert note in graded[student].note
    if not note and student != "dies":
        assert graded[student].note == ""


@pytest.mark.parametrize("student", UNREADABLE)
def test_an_unreadable_notebook_scores_nothing_and_says_why(graded: dict[str, GradeRow], student: str):
    row = graded[student]
    assert (row.automatic, row.written, row.state) == (0.0, 0.0, "marked")
    assert row.note.startswith("The notebook cannot be read: ")


def test_everyone_can_have_feedback(shared: Shared, graded: dict[str, GradeRow]):
    course, service = shared
    assert finish(service.feedback(MODULE, force=True, actor=TESS)).ok
    for student in graded.keys() - {"ada"}:
        assert course.feedback(MODULE, student).is_file()
    page = course.feedback(MODULE, "cut").read_text(encoding="utf-8")
    assert page.count("You wrote no answer.") == 3
    assert "The notebook cannot be read" in page
    assert "Not marked yet" in course.feedback(MODULE, "sound").read_text(encoding="utf-8")
    assert "names the cost" not in course.feedback(MODULE, "sound").read_text(encoding="utf-8")


def test_the_autograded_notebooks_are_ordinary_notebooks(shared: Shared, graded: dict[str, GradeRow]):
    course, _ = shared
    for student in graded.keys() - {"ada"}:
        document = json.loads(course.autograded(MODULE, student).read_text(encoding="utf-8"))
        names = [item["metadata"].get("nbgrader", {}).get("grade_id") for item in document["cells"]]
        assert {"test_add", "test_double", "response_1", "response_2", "response_3"} <= set(names)
        assert document["metadata"]["kernelspec"]["name"] == "python3"


def test_odd_folders_are_reported_and_nothing_outside_is_read(
    course: CourseFolder, service: GradingService, released: NotebookNode, tmp_path: Path
):
    folder = tmp_path / "class"
    secret = tmp_path / "secret.ipynb"
    secret.write_text(json.dumps(handed_in(released)), encoding="utf-8")
    for student in ("linked-file", "linked-modules", "pipe", "huge", "two", "none"):
        (folder / student).mkdir(parents=True)
    (folder / "linked-file" / "01_sums.ipynb").symlink_to(secret)
    (folder / "linked-modules" / "modules").symlink_to(tmp_path)
    (folder / "linked-folder").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe" / "01_sums.ipynb")
    with (folder / "huge" / "01_sums.ipynb").open("wb") as file:
        file.truncate(21 << 20)
    write("{}", folder, "two", "first.ipynb")
    write("{}", folder, "two", "second.ipynb")
    write(handed_in(released), folder, "renamed", "my homework.ipynb")
    write(handed_in(released), folder, "not an id!")
    write(handed_in(released), folder, "fine")
    (folder / "notes.txt").write_text("no student")
    rows = {row.subject: row for row in finish(service.collect(MODULE, source=folder, actor=TESS)).rows}
    assert {name for name, row in rows.items() if row.ok} == {"fine", "renamed"}
    assert "was named my homework.ipynb" in rows["renamed"].message
    assert "link" in rows["linked-file"].message
    assert "link" in rows["linked-modules"].message
    assert "link" in rows["linked-folder"].message
    assert "no regular file" in rows["pipe"].message
    assert "larger than 20 MB" in rows["huge"].message
    assert rows["two"].message == rows["none"].message == "No 01_sums.ipynb was handed in."
    assert "no student id" in rows["not an id!"].message
    assert set(course.students_with("submitted", MODULE)) == {"fine", "renamed"}
