"""A class of six at work in a real course, and a way to ask it what the API asks."""

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from nbformat import NotebookNode
from pydantic_core import to_jsonable_python

from tests.grading.conftest import MODULE, TESS, finish, released, template  # noqa: F401  fixtures
from tests.grading.handins import cell, handed_in
from tinytorch_lab.api.courses.calls import Call, Caller
from tinytorch_lab.api.courses.routes import ROUTES
from tinytorch_lab.coursework import Role
from tinytorch_lab.grading.folder import CourseFolder, load_course_folder
from tinytorch_lab.grading.open_course import OpenCourse
from tinytorch_lab.grading.service import GradingService

STUDENTS = ("ada", "ben", "cleo", "dan", "eve", "finn")
"""Finn answers nothing; all the others answer three questions."""


@pytest.fixture(scope="session")
def graded(
    template: CourseFolder,  # noqa: F811
    released: NotebookNode,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The folder of a course with everybody's submission autograded."""
    folder = tmp_path_factory.mktemp("graded") / "course"
    shutil.copytree(template.root, folder)
    with GradingService(load_course_folder(folder)) as service:
        service.enrol([*STUDENTS, "gus"], actor=TESS)
        for student in STUDENTS:
            notebook = handed_in(released, answers=student != "finn")
            if student != "finn":
                cell(notebook, "response_1").source = f"Doubling costs a copy, says {student} the {len(student)}th."
            service.submit(MODULE, student, json.dumps(notebook).encode())
        finish(service.collect(MODULE, actor=TESS))
        finish(service.autograde(MODULE, actor=TESS))
    return folder


@pytest.fixture
def classroom(graded: Path, tmp_path: Path) -> Iterator[OpenCourse]:
    """A copy of it, open."""
    shutil.copytree(graded, tmp_path / "course")
    course = OpenCourse(load_course_folder(tmp_path / "course"))
    yield course
    course.close()


class Desk:
    """Somebody who asks a course."""

    def __init__(self, course: OpenCourse, name: str, role: Role) -> None:
        self._course, self._caller = course, Caller(name, role)

    def ask(self, method: str, path: str, body: Any = None, query: Mapping[str, str] | None = None) -> Any:
        """Return what the route answers, as it crosses the wire."""
        for route in ROUTES:
            found = route.match(path)
            if found is not None and route.method == method:
                call = Call(self._course, self._caller, found, query or {})
                return to_jsonable_python(route.ask(call, json.dumps(body).encode()))
        raise LookupError(path)

    def get(self, path: str, **query: str) -> Any:
        """Ask for something."""
        return self.ask("GET", path, query=query)


@pytest.fixture
def greta(classroom: OpenCourse) -> Desk:
    """A grader."""
    return Desk(classroom, "greta", "grader")


@pytest.fixture
def omar(classroom: OpenCourse) -> Desk:
    """Another grader."""
    return Desk(classroom, "omar", "grader")


@pytest.fixture
def tess(classroom: OpenCourse) -> Desk:
    """The instructor."""
    return Desk(classroom, TESS, "instructor")
