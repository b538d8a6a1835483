"""Sixty students, three modules, one of each broken kind and more: all graded, each module in one job, on SQLite and
PostgreSQL, and read by plain nbgrader.
"""

import csv
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from tests.grading.broken import CHANGES, UNREADABLE
from tests.grading.conftest import TESS, finish
from tests.grading.handins import handed_in
from tests.grading.nbgrader_commands import nbgrader
from tests.grading.postgres import postgres_database
from tests.modules import COURSE, MODULE
from tinytorch_lab.curriculum.library import Library
from tinytorch_lab.curriculum.notebooks import read_notebook
from tinytorch_lab.grading.course import init_course
from tinytorch_lab.grading.folder import SETTINGS, CourseFolder, load_course_folder
from tinytorch_lab.grading.records import JobReport
from tinytorch_lab.grading.reports import GradeRow, grade_report
from tinytorch_lab.grading.service import GradingService
from tinytorch_lab.grading.store.database import reading

MODULES = ("01_sums", "02_later", "03_more")
KINDS = (*CHANGES, *UNREADABLE)
STUDENTS = {f"student-{number:02}": KINDS[number % len(KINDS)] for number in range(60)}


@dataclass(frozen=True)
class Classroom:
    """A graded class: its course, what the jobs reported, and everybody's lines."""

    course: CourseFolder
    reports: dict[str, JobReport]
    rows: dict[tuple[str, str], GradeRow]


def write_curriculum(folder: Path) -> Library:
    """Write a curriculum of three modules, the same but for their names."""
    third = '[[module]]\nname = "03_more"\ntitle = "More"\nphase = 1\nprerequisites = ["02_later"]\n'
    third += 'exports = ["more"]\nsummary = "Yet more."\n'
    text = COURSE.replace("cell_seconds = 10", "cell_seconds = 1") + third
    folder.mkdir(parents=True)
    (folder / "course.toml").write_text(text, encoding="utf-8")
    for name in MODULES:
        (folder / name).mkdir()
        export = name.split("_")[1]
        source = MODULE.replace("#| default_exp sums", f"#| default_exp {export}")
        (folder / name / f"{name}.py").write_text(source, encoding="utf-8")
    return Library(folder)


def hand_in(course: CourseFolder, module: str, folder: Path) -> None:
    released = read_notebook(course.released(module))
    for student, kind in STUDENTS.items():
        path = folder / student / f"{module}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        broken = UNREADABLE.get(kind)
        text = json.dumps(handed_in(released, CHANGES[kind][0])) if broken is None else broken
        path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def classroom(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Classroom]:
    folder = tmp_path_factory.mktemp("classroom")
    library = write_curriculum(folder / "curriculum")
    if request.param == "sqlite":
        yield graded(init_course(folder / "course", library), folder)
        return
    with postgres_database() as url:
        template = init_course(folder / "template", library)
        settings = (template.root / SETTINGS).read_text(encoding="utf-8") + f"db_url = {json.dumps(url)}\n"
        (folder / "course").mkdir()
        (folder / "course" / SETTINGS).write_text(settings, encoding="utf-8")
        shutil.rmtree(template.root)
        course = init_course(folder / "course", library)
        assert not (course.root / "gradebook.db").exists()
        yield graded(course, folder)


def graded(course: CourseFolder, folder: Path) -> Classroom:
    reports = {}
    with GradingService(course) as service:
        for module in MODULES:
            assert finish(service.generate(module, actor=TESS)).ok
            assert finish(service.release(module, actor=TESS)).ok
            hand_in(course, module, folder / "handed-in")
            finish(service.collect(module, source=folder / "handed-in", actor=TESS))
            reports[module] = finish(service.autograde(module, actor=TESS))
    with reading(course.db_url) as connection:
        rows = {(row.student, row.module): row for row in grade_report(course, connection)}
    return Classroom(course, reports, rows)


def test_everybody_is_graded_in_one_job_as_expected_and_told_why(classroom: Classroom):
    for module, report in classroom.reports.items():
        assert (report.ok, report.state, len(report.rows)) == (True, "done", 60), module
    wrong = []
    for (student, module), row in classroom.rows.items():
        kind = STUDENTS[student]
        _, score, note = CHANGES.get(kind, (None, 0.0, "The notebook cannot be read: "))
        if row.automatic != score or note not in row.note:
            wrong.append((kind, module, row.automatic, row.note))
    assert wrong == []
    assert len(classroom.rows) == 180


def test_nbgraders_own_gradebook_says_the_same(classroom: Classroom):
    course = classroom.course
    with Gradebook(course.db_url, course.course_id) as gradebook:
        theirs = {
            (row["student"], module): row["code_score"]
            for module in MODULES
            for row in gradebook.submission_dicts(module)
        }
    assert theirs == {key: row.automatic for key, row in classroom.rows.items()}


def test_nbgrader_export_says_the_same(classroom: Classroom):
    course = load_course_folder(classroom.course.root)
    nbgrader(course, "export", "--to", "grades.csv")
    with (course.root / "grades.csv").open(encoding="utf-8", newline="") as file:
        exported = {(row["student_id"], row["assignment"]): float(row["raw_score"]) for row in csv.DictReader(file)}
    assert exported == {key: (row.automatic or 0.0) + (row.written or 0.0) for key, row in classroom.rows.items()}
