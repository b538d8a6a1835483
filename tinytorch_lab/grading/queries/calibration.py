"""Calibration: the samples of a question as a grader marks them, and how graders agree."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, select

from tinytorch_lab.grading.agreement import Agreement, Divisive, SampleMark, agreement_of, divisive
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.markup import html_of
from tinytorch_lab.grading.queries.questions import response_cell
from tinytorch_lab.grading.rubric import scheme_of
from tinytorch_lab.grading.store.marking_tables import sample_marks, samples
from tinytorch_lab.words import count_words


@dataclass(frozen=True)
class Sample:
    """A sample answer. What was agreed, and why, is absent until the grader has marked it."""

    id: int
    html: str
    text: str
    words: int
    given: float | None
    agreed: float | None
    reason: str | None


@dataclass(frozen=True)
class Calibration:
    """How the graders of a question agree with its samples; to a grader, only the grader's own figures."""

    module: str
    response: str
    total: float
    agreements: tuple[Agreement, ...]
    divisive: tuple[Divisive, ...]


def samples_for(connection: Connection, module: str, response: str, grader: str, *, reveal: bool) -> list[Sample]:
    """Return the samples of a question as ``grader`` may see them; with ``reveal`` nothing is held back."""
    marks = select(sample_marks).where(sample_marks.c.grader == grader, sample_marks.c.reinserted.is_(False))
    given = {row.sample_id: row.points for row in connection.execute(marks)}
    found = []
    for row in connection.execute(_samples(module, response)):
        told = reveal or row.id in given
        found.append(
            Sample(
                id=row.id,
                html=html_of(row.text),
                text=row.text,
                words=count_words(row.text),
                given=given.get(row.id),
                agreed=row.points if told else None,
                reason=row.reason if told else None,
            )
        )
    return found


def calibration(
    course: CourseFolder, connection: Connection, module: str, response: str, grader: str | None
) -> Calibration:
    """Return how all graders agree, or only ``grader``.

    Raises:
        NotFoundError: the module or the question is unknown.
    """
    _, cell = response_cell(course, module, response)
    marks = _marks(connection, module, response)
    graders = sorted({mark.grader for mark in marks}) if grader is None else [grader]
    agreements = tuple(agreement_of(name, marks, scheme_of(cell)) for name in graders)
    differing = divisive(marks) if grader is None else ()
    return Calibration(module, response, cell.points, agreements, differing)


def _samples(module: str, response: str) -> Select[Any]:
    return select(samples).where(samples.c.module == module, samples.c.response == response).order_by(samples.c.id)


def _marks(connection: Connection, module: str, response: str) -> list[SampleMark]:
    rows = connection.execute(
        select(sample_marks, samples.c.points.label("agreed"))
        .join(samples, sample_marks.c.sample_id == samples.c.id)
        .where(samples.c.module == module, samples.c.response == response)
        .order_by(sample_marks.c.id)
    )
    return [SampleMark(row.sample_id, row.grader, row.points, row.agreed, row.reinserted) for row in rows]
