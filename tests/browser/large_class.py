"""A class of a thousand without grading a thousand notebooks: rows and files of a graded student, many times over."""

import json
import uuid
from collections.abc import Sequence
from typing import Any

from nbgrader.api import Grade, Notebook, Student, SubmittedAssignment, SubmittedNotebook
from sqlalchemy import Connection, Table, select

from tinytorch_lab.files import write_text
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.store.database import open_engine, transaction
from tinytorch_lab.grading.store.tables import results, runs, submissions


def enlarge(course: CourseFolder, module: str, template: str, students: Sequence[str]) -> None:
    """Enrol ``students`` with the work of ``template`` in ``module``, answers unmarked and each one's own."""
    notebook = json.loads(course.autograded(module, template).read_text(encoding="utf-8"))
    for number, student in enumerate(students):
        for cell in notebook["cells"]:
            if cell["metadata"].get("nbgrader", {}).get("grade_id", "").startswith("response"):
                cell["source"] = f"Answer of number {number}: I measured {number} ms. " * 20
        write_text(course.autograded(module, student), json.dumps(notebook))
    engine = open_engine(course.db_url)
    with transaction(engine) as connection:
        for student in students:
            connection.execute(_table(Student).insert().values(id=student, first_name="Student", last_name=student))
            _copy_gradebook(connection, module, template, student)
            for table in (results, runs, submissions):
                _copy_own(connection, table, module, template, student)
    engine.dispose()


def _copy_gradebook(connection: Connection, module: str, template: str, student: str) -> None:
    submitted, copy, grade = _table(SubmittedAssignment), _table(SubmittedNotebook), _table(Grade)
    notebooks = connection.execute(
        select(copy.c.id)
        .join(submitted, copy.c.assignment_id == submitted.c.id)
        .where(submitted.c.student_id == template)
    ).scalars()
    for old in list(notebooks):
        row = connection.execute(select(copy).where(copy.c.id == old)).mappings().one()
        of = connection.execute(select(submitted).where(submitted.c.id == row["assignment_id"])).mappings().one()
        cells = connection.execute(select(grade).where(grade.c.notebook_id == old)).mappings().all()
        if not _is_of(connection, row["notebook_id"], module):
            continue
        assignment, made = uuid.uuid4().hex, uuid.uuid4().hex
        connection.execute(submitted.insert().values(**{**of, "id": assignment, "student_id": student}))
        connection.execute(copy.insert().values(**{**row, "id": made, "assignment_id": assignment}))
        for cell in cells:
            # What was marked by hand is to be marked again.
            waits = cell["manual_score"] is not None or cell["needs_manual_grade"]
            changed = {"id": uuid.uuid4().hex, "notebook_id": made, "manual_score": None, "needs_manual_grade": waits}
            connection.execute(grade.insert().values(**{**cell, **changed}))


def _is_of(connection: Connection, notebook: str, module: str) -> bool:
    found = connection.execute(select(_table(Notebook).c.name).where(_table(Notebook).c.id == notebook)).scalar()
    return found == module


def _copy_own(connection: Connection, table: Table, module: str, template: str, student: str) -> None:
    own = (table.c.module == module) & (table.c.student == template)
    for row in connection.execute(select(table).where(own)).mappings().all():
        changed: dict[str, Any] = {"student": student}
        if table is submissions:
            changed["id"] = uuid.uuid4().hex
        if table is results:
            changed |= {"to_mark": 3, "written": 0.0, "marked_at": None, "feedback_at": None, "returned_at": None}
        connection.execute(table.insert().values(**{**row, **changed}))


def _table(model: Any) -> Table:
    found: Table = model.__table__
    return found
