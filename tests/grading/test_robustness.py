"""A class with one submission of every broken kind: each gets what a fair teacher would give, and nobody is stopped."""

import json
import os
from pathlib import Path

import pytest
from nbformat import NotebookNode

from tests.grading.broken import CHANGES, UNREADABLE
from tests.grading.conftest import MODULE, TESS, finish, report_of
from tests.grading.handins import handed_in, write
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.reports import GradeRow
from tinytorch_lab.grading.service import GradingService

Shared = tuple[CourseFolder, GradingService]


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
