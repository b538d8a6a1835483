"""Every student's work as the course grade counts it, and what follows: grades, and who may need help."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from nbgrader.api import Student
from sqlalchemy import Column, Connection, Row, Select, select

from tinytorch_lab.grading.course_grade import CourseGrade, MilestoneWork, StudentWork, Work, course_grade
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.lateness import LatePolicy
from tinytorch_lab.grading.queries.submitted import Latest, latest_submissions
from tinytorch_lab.grading.rules import late_policy_of, weights_of
from tinytorch_lab.grading.store.tables import assignments, extensions, milestones, results, runs
from tinytorch_lab.grading.struggling import ModuleStanding, Struggling, struggling_students

MIDTERM, FINAL = "midterm", "final"
"""The assignments outside the catalogue that count in the course grade, by the names of their folders."""


@dataclass(frozen=True)
class Standing:
    """One student's course grade with the work it comes from."""

    student: str
    name: str
    work: StudentWork
    grade: CourseGrade


def class_standings(
    course: CourseFolder, connection: Connection, at: datetime | None = None, student: str | None = None
) -> list[Standing]:
    """Return the standing of all enrolled students, or of ``student``, at the time ``at`` (aware; now by default).

    Raises:
        InvalidInputError: the course's weights or late policy are wrong.
    """
    weights, reached = weights_of(course), _milestones(connection, student)
    enrolled = connection.execute(_only(select(Student.__table__), Student.__table__.c.id, student)).all()
    works = _works(course, connection, at or datetime.now(UTC), [row.id for row in enrolled], student)
    standings = []
    for row in sorted(enrolled, key=lambda row: str(row.id)):
        work = _student_work(course, works[row.id], reached.get(row.id, {}))
        name = " ".join(part for part in (row.first_name, row.last_name) if part)
        standings.append(Standing(row.id, name, work, course_grade(weights, work)))
    return standings


def struggling(connection: Connection, standings: Sequence[Standing]) -> tuple[Struggling, ...]:
    """Return the students of ``standings`` who may need help, with the reasons."""
    unwritten = _unwritten_tests(connection, standings[0].student if len(standings) == 1 else None)
    found = []
    for standing in standings:
        modules = [
            _module_standing(name, work, unwritten.get((standing.student, name), 0))
            for name, work in standing.work.modules.items()
        ]
        found.append((standing.student, modules))
    return struggling_students(found)


def _only(query: Select[Any], column: Column[Any], student: str | None) -> Select[Any]:
    return query if student is None else query.where(column == student)


def _works(
    course: CourseFolder, connection: Connection, at: datetime, students: Sequence[str], student: str | None
) -> Mapping[str, dict[str, Work]]:
    """Return the work of ``students`` by assignment, for all that the course has set so far."""
    policy = late_policy_of(course)
    newest = latest_submissions(connection, student)
    found = connection.execute(_only(select(results), results.c.student, student))
    graded = {(row.student, row.module): row for row in found}
    due = {row.module: row.due_at for row in connection.execute(select(assignments))}
    found = connection.execute(_only(select(extensions), extensions.c.student, student))
    own = {(row.student, row.module): row.due_at for row in found}
    modules = due.keys() | {module for _, module in graded}
    works: dict[str, dict[str, Work]] = defaultdict(dict)
    for name in students:
        for module in modules:
            key = name, module
            until = own.get(key, due.get(module))
            works[name][module] = _work(graded.get(key), newest.get(key), until, at, policy)
    return works


def _work(result: Row[Any] | None, newest: Latest | None, due: str | None, at: datetime, policy: LatePolicy) -> Work:
    late = (at - datetime.fromisoformat(due)).total_seconds() if due else 0.0
    submitted = newest is not None or result is not None
    reachable = policy.kept(max(0.0, late))
    if result is None:
        return Work(submitted=submitted, overdue=late > 0, reachable=reachable)
    return Work(
        automatic=result.automatic,
        automatic_total=result.automatic_total,
        written=None if result.to_mark else result.written,
        written_total=result.written_total,
        penalty=result.penalty,
        submitted=submitted,
        overdue=late > 0,
        reachable=reachable,
    )


def _student_work(course: CourseFolder, works: Mapping[str, Work], reached: Mapping[int, bool]) -> StudentWork:
    catalogue = course.library.course
    return StudentWork(
        modules={module.name: works.get(module.name, Work()) for module in catalogue.modules},
        milestones={
            f"{milestone.number} {milestone.title}": MilestoneWork(reached.get(milestone.number, False))
            for milestone in catalogue.milestones
        },
        midterm=works.get(MIDTERM, Work()),
        final=works.get(FINAL, Work()),
    )


def _milestones(connection: Connection, student: str | None) -> dict[str, dict[int, bool]]:
    reached: dict[str, dict[int, bool]] = defaultdict(dict)
    for row in connection.execute(_only(select(milestones), milestones.c.student, student)):
        reached[row.student][row.number] = row.passed
    return reached


def _unwritten_tests(connection: Connection, student: str | None) -> dict[tuple[str, str], int]:
    """Return how many tests of each graded run failed because what they test was not written."""
    rows = connection.execute(_only(select(runs.c.student, runs.c.module, runs.c.tests), runs.c.student, student))
    return {(row.student, row.module): sum(map(_unwritten, row.tests)) for row in rows}


def _unwritten(test: dict[str, Any]) -> bool:
    return test["score"] == 0 and "NotImplementedError" in test["message"]


def _module_standing(name: str, work: Work, unwritten: int) -> ModuleStanding:
    automatic = _share(work.automatic, work.automatic_total)
    written = _share(work.written, work.written_total)
    points = None if work.automatic is None or work.written is None else work.automatic + work.written - work.penalty
    total = _share(points, work.automatic_total + work.written_total)
    return ModuleStanding(name, work.submitted, work.overdue, automatic, written, total, unwritten)


def _share(points: float | None, total: float) -> float | None:
    return None if points is None or not total else points / total
