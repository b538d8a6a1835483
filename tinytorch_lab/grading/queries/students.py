"""One student's page: every module with its submissions, scores and tests, the course grade, and what was decided."""

from dataclasses import dataclass

from nbgrader.api import Student
from sqlalchemy import Connection, select

from tinytorch_lab.errors import NotFoundError
from tinytorch_lab.grading.course_grade import CourseGrade
from tinytorch_lab.grading.evidence import ScoredTest
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.queries.work import class_standings, struggling
from tinytorch_lab.grading.store.tables import extensions, results, runs, submissions
from tinytorch_lab.grading.struggling import Reason


@dataclass(frozen=True)
class HandedIn:
    """One submission."""

    id: str
    received_at: str
    source: str
    size: int


@dataclass(frozen=True)
class GrantedExtension:
    """A due date of the student's own."""

    module: str
    due_at: str
    reason: str
    granted_by: str


@dataclass(frozen=True)
class ModuleWork:
    """What a student did in one module; points are absent until graded. ``detail`` of a test is for the grader."""

    module: str
    submissions: tuple[HandedIn, ...]
    automatic: float | None
    automatic_total: float
    written: float | None
    written_total: float
    penalty: float
    to_mark: int
    integrity: str
    reason: str
    notes: tuple[str, ...]
    graded_at: str | None
    returned_at: str | None
    tests: tuple[ScoredTest, ...]


@dataclass(frozen=True)
class StudentPage:
    """Everything about one student."""

    student: str
    name: str
    email: str
    grade: CourseGrade
    reasons: tuple[Reason, ...]
    modules: tuple[ModuleWork, ...]
    extensions: tuple[GrantedExtension, ...]


def student_page(course: CourseFolder, connection: Connection, student: str) -> StudentPage:
    """Return the page of ``student``.

    Raises:
        NotFoundError: nobody of this name is in the course.
    """
    table = Student.__table__
    row = connection.execute(select(table).where(table.c.id == student)).one_or_none()
    if row is None:
        raise NotFoundError(f"There is no student {student!r} in this course.")
    (standing,) = class_standings(course, connection, student=student)
    found = struggling(connection, [standing])
    return StudentPage(
        student=student,
        name=standing.name,
        email=row.email or "",
        grade=standing.grade,
        reasons=found[0].reasons if found else (),
        modules=tuple(_modules(connection, student)),
        extensions=tuple(_extensions(connection, student)),
    )


def _modules(connection: Connection, student: str) -> list[ModuleWork]:
    handed_in: dict[str, list[HandedIn]] = {}
    rows = connection.execute(
        select(submissions).where(submissions.c.student == student).order_by(submissions.c.received_at.desc())
    )
    for row in rows:
        handed_in.setdefault(row.module, []).append(HandedIn(row.id, row.received_at, row.source, row.size))
    graded = {row.module: row for row in connection.execute(select(results).where(results.c.student == student))}
    evidence = {row.module: row for row in connection.execute(select(runs).where(runs.c.student == student))}
    found = []
    for module in sorted(handed_in.keys() | graded.keys()):
        result, run = graded.get(module), evidence.get(module)
        found.append(
            ModuleWork(
                module=module,
                submissions=tuple(handed_in.get(module, ())),
                automatic=result.automatic if result else None,
                automatic_total=result.automatic_total if result else 0.0,
                written=result.written if result else None,
                written_total=result.written_total if result else 0.0,
                penalty=result.penalty if result else 0.0,
                to_mark=result.to_mark if result else 0,
                integrity=run.integrity if run else "ok",
                reason=run.reason if run else "",
                notes=tuple(run.notes) if run else (),
                graded_at=result.graded_at if result else None,
                returned_at=result.returned_at if result else None,
                tests=tuple(ScoredTest(**test) for test in run.tests) if run else (),
            )
        )
    return found


def _extensions(connection: Connection, student: str) -> list[GrantedExtension]:
    rows = connection.execute(select(extensions).where(extensions.c.student == student).order_by(extensions.c.module))
    return [GrantedExtension(row.module, row.due_at, row.reason, row.granted_by) for row in rows]
