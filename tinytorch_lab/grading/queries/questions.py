"""The questions of a module, and their answers in the order in which they are marked.

The order is pseudo-random but stable, and another for every question, so that no student is always marked last. An
answer's key says nothing of its student: only who holds the course's secret can tell.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from nbgrader.api import Assignment, BaseCell, Grade, Notebook, SubmittedAssignment, SubmittedNotebook
from sqlalchemy import Connection, select

from tinytorch_lab.errors import NotFoundError
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.receipts import course_key
from tinytorch_lab.grading.sources import KnownCell, ModuleSource, load_module_source
from tinytorch_lab.grading.store.marking_tables import flags, sample_marks, samples, shares
from tinytorch_lab.grading.store.tables import marks

SAMPLE_EVERY = 15
"""So many answers are marked between two samples."""

AnswerState = Literal["to mark", "marked", "no answer"]


@dataclass(frozen=True)
class Question:
    """One question with how far its marking is; the numbers count answers."""

    module: str
    response: str
    title: str
    total: float
    answers: int
    marked: int
    flagged: int
    conflicts: int


@dataclass(frozen=True)
class QueuedAnswer:
    """One answer in the order of marking; ``author`` gave the mark that stands, ``conflict`` waits for a decision."""

    key: str
    state: AnswerState
    points: float | None
    author: str
    flagged: bool
    conflict: bool


@dataclass(frozen=True)
class _Standing:
    """What the gradebook says of one student's answer."""

    student: str
    response: str
    state: AnswerState
    points: float | None


def questions(course: CourseFolder, connection: Connection, module: str) -> list[Question]:
    """Return the questions of ``module`` in its order.

    Raises:
        NotFoundError: the module has not been generated.
    """
    source = load_module_source(course.source(module))
    standing = _standing(connection, module)
    flagged, conflicts = _flagged(connection, module), _conflicts(connection, module)
    found = []
    for cell in source.responses:
        own = [item for item in standing if item.response == cell.id]
        found.append(
            Question(
                module=module,
                response=cell.id,
                title=question_title(source, cell),
                total=cell.points,
                answers=sum(item.state != "no answer" for item in own),
                marked=sum(item.state == "marked" for item in own),
                flagged=sum(response == cell.id for _, response in flagged),
                conflicts=sum(response == cell.id for _, response in conflicts),
            )
        )
    return found


def queue(
    course: CourseFolder, connection: Connection, module: str, response: str, grader: str, *, share: bool = False
) -> list[QueuedAnswer]:
    """Return the answers to one question in the order in which ``grader`` marks them, those without a word left out.

    With ``share``, only those that fall to the grader. After every :data:`SAMPLE_EVERY` answers comes one of the
    samples that the grader has calibrated with, looking like any other answer.

    Raises:
        NotFoundError: the module or the question is unknown.
    """
    response_cell(course, module, response)
    found = _answers(course, connection, module, response)
    if share:
        found = _share(connection, module, response, grader, found)
    return _with_samples(found, _samples(course, connection, module, response, grader))


def _answers(course: CourseFolder, connection: Connection, module: str, response: str) -> list[QueuedAnswer]:
    authors = _authors(connection, module, response)
    flagged, conflicts = _flagged(connection, module), _conflicts(connection, module)
    secret = course_key(course, "answers")
    found = [
        QueuedAnswer(
            key=_key(secret, module, response, item.student),
            state=item.state,
            points=item.points,
            author=authors.get(item.student, ""),
            flagged=(item.student, response) in flagged,
            conflict=(item.student, response) in conflicts,
        )
        for item in _standing(connection, module, response)
        if item.state != "no answer"
    ]
    return sorted(found, key=lambda item: item.key)


def sample_of(
    course: CourseFolder, connection: Connection, module: str, response: str, grader: str, key: str
) -> int | None:
    """Return the number of the sample that ``key`` stands for in the queue of ``grader``, ``None`` for an answer."""
    found = _samples(course, connection, module, response, grader)
    return next((sample for sample, item in found.items() if hmac.compare_digest(item.key, key)), None)


def student_of(course: CourseFolder, connection: Connection, module: str, response: str, key: str) -> str:
    """Return whose answer ``key`` stands for.

    Raises:
        NotFoundError: nobody's.
    """
    secret = course_key(course, "answers")
    for student in _students(connection, module):
        if hmac.compare_digest(_key(secret, module, response, student).encode(), key.encode()):
            return student
    raise NotFoundError(f"There is no such answer to {response} of {module}.")


def _students(connection: Connection, module: str) -> Sequence[str]:
    """Return the students whose work in ``module`` is in the gradebook."""
    submitted, assignment = SubmittedAssignment.__table__, Assignment.__table__
    joined = submitted.join(assignment, submitted.c.assignment_id == assignment.c.id)
    query = select(submitted.c.student_id).select_from(joined).where(assignment.c.name == module)
    return connection.execute(query).scalars().all()


def answer_key(course: CourseFolder, module: str, response: str, student: str) -> str:
    """Return the key of a student's answer."""
    return _key(course_key(course, "answers"), module, response, student)


def response_cell(course: CourseFolder, module: str, response: str) -> tuple[ModuleSource, KnownCell]:
    """Return the module's source and the cell of ``response`` in it.

    Raises:
        NotFoundError: the module or the question is unknown.
    """
    source = load_module_source(course.source(module))
    return source, source.response(response)


def question_title(source: ModuleSource, cell: KnownCell) -> str:
    """Return the first line of the text that asks for ``cell``, without its Markdown marks."""
    lines = (line.strip("#*_ ") for line in source.question(cell).splitlines())
    return next((line for line in lines if line), cell.id)


def _key(secret: bytes, module: str, response: str, student: str) -> str:
    text = "\0".join((module, response, student))
    return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()[:20]


def _share(
    connection: Connection, module: str, response: str, grader: str, found: list[QueuedAnswer]
) -> list[QueuedAnswer]:
    """Return every n-th answer, from the grader's place on; all of them when they are not divided."""
    rows = connection.execute(select(shares).where(shares.c.module == module, shares.c.response == response)).all()
    place = next((row.place for row in rows if row.grader == grader), None)
    if not rows:
        return found
    return [] if place is None else found[place :: len(rows)]


def _samples(
    course: CourseFolder, connection: Connection, module: str, response: str, grader: str
) -> dict[int, QueuedAnswer]:
    """Return the samples that come among the answers of ``grader``, by number: those marked blind before."""
    of_grader = (sample_marks.c.sample_id == samples.c.id) & (sample_marks.c.grader == grader)
    rows = connection.execute(
        select(samples.c.id, sample_marks.c.points, sample_marks.c.reinserted)
        .join(sample_marks, of_grader)
        .where(samples.c.module == module, samples.c.response == response)
        .order_by(sample_marks.c.id)
    )
    secret = course_key(course, "answers")
    again: dict[int, float | None] = {}
    for row in rows:
        again[row.id] = row.points if row.reinserted else again.get(row.id)
    return {
        sample: QueuedAnswer(
            _key(secret, f"sample {module}", f"{response} {sample}", grader),
            "to mark" if points is None else "marked",
            points,
            "" if points is None else grader,
            flagged=False,
            conflict=False,
        )
        for sample, points in again.items()
    }


def _with_samples(found: list[QueuedAnswer], inserted: dict[int, QueuedAnswer]) -> list[QueuedAnswer]:
    mixed: list[QueuedAnswer] = []
    waiting = sorted(inserted.values(), key=lambda item: item.key)
    for place, item in enumerate(found, 1):
        mixed.append(item)
        if place % SAMPLE_EVERY == 0 and waiting:
            mixed.append(waiting.pop())
    return mixed


def _standing(connection: Connection, module: str, response: str | None = None) -> list[_Standing]:
    """Return what the gradebook says of every answer, or of those to one question."""
    submitted, copy, grade, cell = (
        table.__table__ for table in (SubmittedAssignment, SubmittedNotebook, Grade, BaseCell)
    )
    assignment, notebook = Assignment.__table__, Notebook.__table__
    joined = (
        grade.join(copy, grade.c.notebook_id == copy.c.id)
        .join(submitted, copy.c.assignment_id == submitted.c.id)
        .join(assignment, submitted.c.assignment_id == assignment.c.id)
        .join(notebook, copy.c.notebook_id == notebook.c.id)
        .join(cell, grade.c.cell_id == cell.c.id)
    )
    columns = (
        submitted.c.student_id,
        cell.c.name,
        grade.c.auto_score,
        grade.c.manual_score,
        grade.c.needs_manual_grade,
    )
    query = select(*columns).select_from(joined).where(assignment.c.name == module, notebook.c.name == module)
    if response is not None:
        query = query.where(cell.c.name == response, cell.c.notebook_id == notebook.c.id)
    return [_stands(*row) for row in connection.execute(query).all()]


def _stands(student: str, response: str, automatic: float | None, manual: float | None, waiting: bool) -> _Standing:
    if waiting:
        return _Standing(student, response, "to mark", manual)
    return _Standing(
        student, response, "no answer" if manual is None else "marked", automatic if manual is None else manual
    )


def _authors(connection: Connection, module: str, response: str) -> dict[str, str]:
    rows = connection.execute(
        select(marks.c.student, marks.c.author)
        .where(marks.c.module == module, marks.c.response == response, marks.c.standing.is_(True))
        .order_by(marks.c.id)
    )
    return {row.student: row.author for row in rows}


def _conflicts(connection: Connection, module: str) -> set[tuple[str, str]]:
    """Return student and response of the answers whose last mark waits for a decision."""
    rows = connection.execute(
        select(marks.c.student, marks.c.response, marks.c.standing).where(marks.c.module == module).order_by(marks.c.id)
    )
    last = {(row.student, row.response): row.standing for row in rows}
    return {key for key, standing in last.items() if not standing}


def _flagged(connection: Connection, module: str) -> set[tuple[str, str]]:
    rows = connection.execute(select(flags.c.student, flags.c.response).where(flags.c.module == module))
    return {(row.student, row.response) for row in rows}
