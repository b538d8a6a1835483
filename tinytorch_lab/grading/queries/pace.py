"""Who marked how much of a question, and how fast."""

import itertools
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from sqlalchemy import Connection, select

from tinytorch_lab.grading.store.marking_tables import shares
from tinytorch_lab.grading.store.tables import marks

PAUSE = 600.0
"""Seconds after which somebody is taken to have done something else."""


@dataclass(frozen=True)
class GraderPace:
    """One grader's marks for a question: how many answers, and the median seconds from one answer to the next.

    Pauses of more than :data:`PAUSE` seconds are left out; without two answers in a row there is no pace.
    """

    grader: str
    answers: int
    seconds: float | None


@dataclass(frozen=True)
class MarkingPace:
    """How the marking of a question goes; ``graders`` are those it is divided among, nobody when everyone marks all."""

    pace: tuple[GraderPace, ...]
    graders: tuple[str, ...]


def marking_pace(connection: Connection, module: str, response: str) -> MarkingPace:
    """Return who marked how much of a question, and how fast."""
    rows = connection.execute(
        select(marks.c.author, marks.c.student, marks.c.at)
        .where(marks.c.module == module, marks.c.response == response, marks.c.points.is_not(None))
        .order_by(marks.c.id)
    )
    # While an answer is being marked it is saved again and again; its first mark is what counts.
    first: dict[str, dict[str, str]] = {}
    for row in rows:
        first.setdefault(row.author, {}).setdefault(row.student, row.at)
    divided = connection.execute(
        select(shares.c.grader).where(shares.c.module == module, shares.c.response == response).order_by(shares.c.place)
    )
    pace = tuple(GraderPace(name, len(times), _pace(list(times.values()))) for name, times in sorted(first.items()))
    return MarkingPace(pace, tuple(divided.scalars()))


def _pace(times: list[str]) -> float | None:
    moments = [datetime.fromisoformat(time) for time in times]
    gaps = [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(moments)]
    working = [gap for gap in gaps if gap <= PAUSE]
    return median(working) if working else None
