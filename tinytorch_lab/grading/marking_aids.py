"""What helps several people mark alike: flags, a division of the answers, and samples with agreed marks.

Every function works in the caller's transaction.
"""

import math
from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from tinytorch_lab.errors import ConflictError, InvalidInputError, NotFoundError
from tinytorch_lab.grading.evidence import now
from tinytorch_lab.grading.store.marking_tables import flags, sample_marks, samples, shares


def set_flag(connection: Connection, actor: str, module: str, student: str, response: str, note: str) -> None:
    """Ask for another look at an answer, with a note why."""
    clear_flag(connection, actor, module, student, response)
    row = {"module": module, "student": student, "response": response, "note": note.strip()}
    connection.execute(flags.insert().values(**row, author=actor, at=now()))


def clear_flag(connection: Connection, _actor: str, module: str, student: str, response: str) -> None:
    """Take the flag off an answer, if there is one."""
    place = (flags.c.module == module) & (flags.c.student == student) & (flags.c.response == response)
    connection.execute(flags.delete().where(place))


def set_shares(connection: Connection, _actor: str, module: str, response: str, graders: Sequence[str]) -> None:
    """Divide the answers to a question evenly among ``graders``; with none, everyone marks all.

    Raises:
        InvalidInputError: a grader is named twice, or without a name.
    """
    names = [grader.strip() for grader in graders]
    if not all(names) or len(set(names)) < len(names):
        raise InvalidInputError("Name each grader once.")
    connection.execute(shares.delete().where((shares.c.module == module) & (shares.c.response == response)))
    for place, grader in enumerate(names):
        row = {"module": module, "response": response, "grader": grader, "place": place}
        connection.execute(shares.insert().values(**row))


def add_sample(
    connection: Connection, actor: str, module: str, response: str, text: str, points: float, reason: str, total: float
) -> int:
    """Keep ``text`` as an answer worth ``points`` of ``total`` by agreement, and return its number.

    Raises:
        InvalidInputError: it is empty, or the points are not between 0 and ``total``.
    """
    if not text.strip():
        raise InvalidInputError("A sample needs the text of an answer.")
    _check_points(points, total)
    row = {"module": module, "response": response, "text": text.strip(), "points": points, "reason": reason.strip()}
    key = connection.execute(samples.insert().values(**row, author=actor, at=now())).inserted_primary_key
    if key is None:
        raise RuntimeError("one inserted row has one key")
    return int(key[0])


def remove_sample(connection: Connection, _actor: str, sample: int) -> None:
    """Remove a sample with all marks it got.

    Raises:
        NotFoundError: there is none with this number.
    """
    if connection.execute(samples.delete().where(samples.c.id == sample)).rowcount == 0:
        raise NotFoundError(f"There is no sample {sample}.")


def mark_sample(
    connection: Connection, actor: str, sample: int, points: float, total: float, *, reinserted: bool
) -> None:
    """Keep the points that ``actor`` gives a sample: blind the first time, or met again among real answers.

    Raises:
        NotFoundError: there is no such sample.
        InvalidInputError: the points are not between 0 and ``total``.
        ConflictError: the actor has marked it, and so knows what was agreed.
    """
    if connection.execute(select(samples.c.id).where(samples.c.id == sample)).one_or_none() is None:
        raise NotFoundError(f"There is no sample {sample}.")
    _check_points(points, total)
    marked = select(sample_marks.c.id).where(
        sample_marks.c.sample_id == sample,
        sample_marks.c.grader == actor,
        sample_marks.c.reinserted.is_(False),
    )
    if not reinserted and connection.execute(marked).first() is not None:
        raise ConflictError("You have marked this sample, and have seen what was agreed.")
    row = {"sample_id": sample, "grader": actor, "points": points, "reinserted": reinserted}
    connection.execute(sample_marks.insert().values(**row, at=now()))


def unmark_sample(connection: Connection, actor: str, sample: int) -> None:
    """Take back the mark that ``actor`` gave a sample when it last came among the answers, if there is one."""
    again = (sample_marks.c.sample_id == sample) & (sample_marks.c.grader == actor) & sample_marks.c.reinserted
    last = connection.execute(select(func.max(sample_marks.c.id)).where(again)).scalar()
    connection.execute(sample_marks.delete().where(sample_marks.c.id == last))


def _check_points(points: float, total: float) -> None:
    if not (math.isfinite(points) and 0 <= points <= total):
        raise InvalidInputError(f"The answer is worth 0 to {total:g} points, not {points:g}.")
