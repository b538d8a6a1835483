"""Read a large course: ``python bench/course.py [--json] [--students N] [--postgres URL]``.

Makes a course of all modules of the curriculum in which N students (1,000 by default) have handed in, been graded and
marked, and measures what a server does for the three views that must not make anybody wait: the overview of the class,
one student's page, and the next answer while marking; each from the query to the JSON that is sent, in processor time
of the server's process (what a PostgreSQL server spends itself is not in it). The same is done
with a tenth of the students, so that growth shows. ``URL`` is a PostgreSQL database that the benchmark may fill.
"""

import argparse
import itertools
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nbgrader.api import Assignment, BaseCell, Grade, Notebook, Student, SubmittedAssignment, SubmittedNotebook
from pydantic_core import to_json
from sqlalchemy import Connection, Engine, select, text

from tinytorch_lab.curriculum.cells import grade_id
from tinytorch_lab.curriculum.library import Library
from tinytorch_lab.curriculum.notebooks import read_notebook, write_notebook
from tinytorch_lab.grading.course import init_course
from tinytorch_lab.grading.folder import SETTINGS, CourseFolder
from tinytorch_lab.grading.queries.answers import marking_view
from tinytorch_lab.grading.queries.overview import class_overview
from tinytorch_lab.grading.queries.questions import answer_key, queue
from tinytorch_lab.grading.queries.students import student_page
from tinytorch_lab.grading.service import GradingService
from tinytorch_lab.grading.sources import ModuleSource, load_module_source
from tinytorch_lab.grading.store.database import open_engine
from tinytorch_lab.grading.store.tables import marks, results, runs, submissions

ROOT = Path(__file__).parent.parent
AT = "2026-10-01T12:00:00.000+00:00"
ANSWER = "My measurement shows that the copy costs more than the arithmetic, so it is bound by memory. " * 14
LIMITS_MS = {"class overview": 300.0, "one student's page": 100.0, "next answer": 100.0}
REPEATS = 15


@dataclass(frozen=True)
class Figure:
    """The processor time of one view in milliseconds: the median, and the same at a tenth of the students."""

    view: str
    database: str
    students: int
    median: float
    slowest: float
    tenth: float

    @property
    def growth(self) -> float:
        """How many times longer it takes for ten times the students."""
        return self.median / self.tenth


def make_course(folder: Path, db_url: str | None) -> CourseFolder:
    """Return a course with every module released."""
    library = Library(ROOT / "curriculum")
    course = init_course(folder, library) if db_url is None else _course_at(folder, library, db_url)
    with GradingService(course) as service:
        for module in library.available_modules():
            for job in (service.generate(module.name, actor="bench"), service.release(module.name, actor="bench")):
                *_, report = job
                if not report.ok:
                    raise RuntimeError(f"{module.name}: {report}")
    return course


def _course_at(folder: Path, library: Library, db_url: str) -> CourseFolder:
    settings = f'curriculum = {json.dumps(str(library.root))}\ncourse_id = "bench"\ndb_url = {json.dumps(db_url)}\n'
    folder.mkdir(parents=True)
    (folder / SETTINGS).write_text(settings, encoding="utf-8")
    return init_course(folder, library)


class Filler:
    """Enters students with their graded and marked submissions, straight into the tables."""

    def __init__(self, course: CourseFolder, connection: Connection, first: int = 0) -> None:
        self._course, self._connection = course, connection
        self._chance = random.Random(1)
        self._numbers = itertools.count(first)

    def enter(self, students: Sequence[str]) -> None:
        """Enter ``students``, each with a submission of every module."""
        self._insert(Student.__table__, [{"id": name, "first_name": "Ada", "last_name": name} for name in students])
        for info in self._course.library.available_modules():
            self._module(load_module_source(self._course.source(info.name)), students)

    def _module(self, source: ModuleSource, students: Sequence[str]) -> None:
        notebook, cells = self._released(source.name)
        key = {name: self._id() for name in students}
        copies = {name: self._id() for name in students}
        self._insert(
            SubmittedAssignment.__table__,
            [{"id": key[name], "assignment_id": notebook.assignment_id, "student_id": name} for name in students],
        )
        self._insert(
            SubmittedNotebook.__table__,
            [{"id": copies[name], "assignment_id": key[name], "notebook_id": notebook.id} for name in students],
        )
        points = {name: self._points(source) for name in students}
        self._insert(
            Grade.__table__,
            [
                {
                    "id": self._id(),
                    "cell_id": cells[cell.id],
                    "notebook_id": copies[name],
                    "auto_score": points[name][cell.id] if cell.is_test else None,
                    "manual_score": None if cell.is_test else points[name][cell.id],
                    "needs_manual_grade": False,
                }
                for name in students
                for cell in (*source.tests, *source.responses)
            ],
        )
        self._insert(submissions, [_submission(source.name, name, self._id()) for name in students])
        self._insert(runs, [_run(source, name, points[name]) for name in students])
        self._insert(results, [_result(source, name, points[name]) for name in students])
        given = ((name, cell.id) for name in students for cell in source.responses)
        self._insert(marks, [_mark(source.name, name, response, points[name][response]) for name, response in given])

    def _points(self, source: ModuleSource) -> dict[str, float]:
        tests = {test.id: test.points * self._chance.choice((1, 1, 1, 0.5, 0)) for test in source.tests}
        return {**tests, **{response.id: float(self._chance.randint(3, 10)) for response in source.responses}}

    def _released(self, module: str) -> tuple[Any, dict[str, str]]:
        """Return nbgrader's row of a module's notebook, and the ids of its cells."""
        assignment, notebook, cell = Assignment.__table__, Notebook.__table__, BaseCell.__table__
        joined = notebook.join(assignment, notebook.c.assignment_id == assignment.c.id)
        found = self._connection.execute(select(notebook).select_from(joined).where(assignment.c.name == module)).one()
        graded = cell.c.type.in_(("GradeCell", "TaskCell"))
        rows = self._connection.execute(select(cell.c.name, cell.c.id).where(cell.c.notebook_id == found.id, graded))
        return found, {row.name: row.id for row in rows}

    def _insert(self, table: Any, rows: list[dict[str, Any]]) -> None:
        for start in range(0, len(rows), 5000):
            self._connection.execute(table.insert(), rows[start : start + 5000])

    def _id(self) -> str:
        return f"{next(self._numbers):032x}"


def _submission(module: str, student: str, number: str) -> dict[str, Any]:
    place = {"id": number, "module": module, "student": student}
    return {**place, "digest": "0" * 64, "size": 90_000, "received_at": AT, "source": "http"}


def _run(source: ModuleSource, student: str, points: Mapping[str, float]) -> dict[str, Any]:
    tests = [
        {
            "test": test.id,
            "score": points[test.id],
            "possible": test.points,
            "status": "passed" if points[test.id] == test.points else "failed",
            "message": "" if points[test.id] == test.points else "expected shape (3, 4), got (4, 3)",
            "detail": "probe 'array': shape (4, 3) instead of (3, 4)",
            "seconds": 0.01,
            "peak_bytes": 4000,
            "reference_seconds": 0.01,
            "reference_peak_bytes": 4000,
        }
        for test in source.tests
    ]
    how = {"integrity": "ok", "reason": "", "confinement": "bwrap", "notes": []}
    answers = {response.id: "0" * 64 for response in source.responses}
    place = {"module": source.name, "student": student, "graded_at": AT, "submission": "0" * 64}
    return {**place, **how, "source": source.digest, "tests": tests, "answers": answers}


def _result(source: ModuleSource, student: str, points: Mapping[str, float]) -> dict[str, Any]:
    return {
        "module": source.name,
        "student": student,
        "automatic": sum(points[test.id] for test in source.tests),
        "automatic_total": sum(test.points for test in source.tests),
        "written": sum(points[response.id] for response in source.responses),
        "written_total": sum(response.points for response in source.responses),
        "graded_at": AT,
        "marked_at": AT,
        "feedback_at": AT,
        "returned_at": AT,
    }


def _mark(module: str, student: str, response: str, points: float) -> dict[str, Any]:
    given = {"points": points, "level": "Good", "criteria": [], "comment": "Give figures.", "author": "tess", "at": AT}
    place = {"module": module, "student": student, "response": response}
    return {**place, **given, "answer": "0" * 64, "seen": None, "standing": True}


def write_answers(course: CourseFolder, module: str, students: Sequence[str]) -> None:
    """Write the autograded notebooks of ``students``, with an answer of usual length to every question."""
    notebook = read_notebook(course.released(module))
    for cell in notebook.cells:
        if (grade_id(cell) or "").startswith(("response", "thinking", "q")) and cell.cell_type == "markdown":
            cell.source = ANSWER
    for student in students:
        write_notebook(notebook, course.autograded(module, student))


def measured(view: Callable[[int], Any]) -> tuple[float, float]:
    """Return median and maximum of the processor time that ``view`` takes to the bytes that are sent, in ms."""
    to_json(view(0))
    times = []
    for number in range(1, REPEATS + 1):
        started = time.process_time()
        to_json(view(number))
        times.append(1e3 * (time.process_time() - started))
    return statistics.median(times), max(times)


def measure(course: CourseFolder, engine: Engine, students: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Return what each view takes with ``students`` in the course."""
    module = course.library.available_modules()[-1].name
    response = load_module_source(course.source(module)).responses[0].id
    looked_at = [students[number * len(students) // (REPEATS + 1)] for number in range(REPEATS + 1)]
    write_answers(course, module, looked_at)
    keys = [answer_key(course, module, response, student) for student in looked_at]
    with engine.connect() as connection:

        def next_answer(number: int) -> Any:
            found = queue(course, connection, module, response, "tess")
            return len(found), marking_view(course, connection, module, response, keys[number], "tess")

        return {
            "class overview": measured(lambda _: class_overview(course, connection)),
            "one student's page": measured(lambda number: student_page(course, connection, looked_at[number])),
            "next answer": measured(next_answer),
        }


def bench(course: CourseFolder, database: str, students: int) -> list[Figure]:
    """Return the figures on one database, at a tenth of the students and at all of them."""
    names = [f"student-{number:05}" for number in range(students)]
    engine = open_engine(course.db_url)
    with engine.begin() as connection:
        Filler(course, connection).enter(names[: students // 10])
    small = measure(course, engine, names[: students // 10])
    with engine.begin() as connection:
        Filler(course, connection, first=1 << 40).enter(names[students // 10 :])
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.execute(text("ANALYZE"))
    full = measure(course, engine, names)
    engine.dispose()
    return [Figure(view, database, students, *full[view], small[view][0]) for view in full]


def main() -> int:
    """Run the benchmark; 1 when a limit is broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--students", type=int, default=1000, help="default: 1000")
    parser.add_argument("--postgres", metavar="URL", help="an empty database that may be filled")
    options = parser.parse_args()
    figures = []
    with tempfile.TemporaryDirectory(prefix="tinytorch-bench-") as folder:
        figures += bench(make_course(Path(folder) / "sqlite", None), "SQLite", options.students)
        if options.postgres:
            course = make_course(Path(folder) / "postgres", options.postgres)
            figures += bench(course, "PostgreSQL", options.students)
    if options.json:
        print(json.dumps([{**asdict(figure), "growth": figure.growth} for figure in figures], indent=1))
    else:
        for figure in figures:
            print(
                f"{figure.view:20} {figure.database:11} {figure.students:5} students: {figure.median:7.1f} ms "
                f"(slowest {figure.slowest:.1f}, limit {LIMITS_MS[figure.view]:.0f}), "
                f"{figure.growth:.1f} times that of a tenth"
            )
    return int(any(figure.median > LIMITS_MS[figure.view] for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
