"""The whole class's grades, as the export formats take them."""

from collections.abc import Mapping
from typing import Any

from nbgrader.api import Student
from sqlalchemy import Connection, Row, select

from tinytorch_lab.grading.exports import Assignment, Score, StudentGrades
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.queries.overview import Cell, ModuleColumn, Overview, class_overview
from tinytorch_lab.grading.queries.work import Standing, class_standings
from tinytorch_lab.grading.store.tables import results


def class_grades(course: CourseFolder, connection: Connection) -> tuple[list[Assignment], list[StudentGrades]]:
    """Return the assignments that were set, and a line for every student.

    Raises:
        InvalidInputError: the course's weights or late policy are wrong.
    """
    overview = class_overview(course, connection)
    standings = {standing.student: standing for standing in class_standings(course, connection)}
    people = {row.id: row for row in connection.execute(select(Student.__table__))}
    graded = {(row.student, row.module): row for row in connection.execute(select(results))}
    assignments = [_assignment(course, column) for column in overview.modules]
    students = [
        _line(people[row.student], standings[row.student], _scores(overview, row.student, row.cells, graded))
        for row in overview.students
    ]
    return assignments, students


def _assignment(course: CourseFolder, column: ModuleColumn) -> Assignment:
    catalogue = course.library.course
    total = column.automatic_total + column.written_total or catalogue.automatic_points + catalogue.written_points
    return Assignment(column.module, column.title, total)


def _scores(
    overview: Overview, student: str, cells: tuple[Cell, ...], graded: Mapping[tuple[str, str], Row[Any]]
) -> dict[str, Score]:
    scores = {}
    for column, cell in zip(overview.modules, cells, strict=True):
        row = graded.get((student, column.module)) if cell.score is not None else None
        scores[column.module] = Score(
            automatic=row.automatic if row else None,
            written=row.written if row else None,
            penalty=row.penalty if row else 0.0,
            marked=row is not None and not row.to_mark,
            state=cell.state,
        )
    return scores


def _line(person: Row[Any], standing: Standing, scores: Mapping[str, Score]) -> StudentGrades:
    return StudentGrades(
        student=person.id,
        first_name=person.first_name or "",
        last_name=person.last_name or "",
        email=person.email or "",
        scores=scores,
        milestones={name: work.passed for name, work in standing.work.milestones.items()},
        so_far=standing.grade.so_far,
        lowest=standing.grade.lowest,
        highest=standing.grade.highest,
    )
