"""Marks for written answers: every one is kept, the last that stands is the gradebook's, none hides another's.

Whoever marks says which mark they saw. When someone else's mark stands that they did not see, theirs is kept beside
it without standing, until one more mark, given in sight of the standing one, decides.
"""

import math
from collections.abc import Mapping, Sequence

from nbgrader.api import Gradebook
from sqlalchemy import Connection, RowMapping, select

from tinytorch_lab.errors import ConflictError, InvalidInputError, NotFoundError
from tinytorch_lab.grading.evidence import digest, load_evidence, now
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.gradebook import connection_of, give_mark
from tinytorch_lab.grading.records import Mark, Marked
from tinytorch_lab.grading.rubric import scheme_of
from tinytorch_lab.grading.scores import read_summary
from tinytorch_lab.grading.sources import KnownCell, load_module_source
from tinytorch_lab.grading.store.database import put_row
from tinytorch_lab.grading.store.tables import comments, marks, results
from tinytorch_lab.grading.terms import count_lateness


def add_mark(
    course: CourseFolder,
    gradebook: Gradebook,
    actor: str,
    *,
    module: str,
    student: str,
    response: str,
    points: float,
    level: str,
    criteria: Sequence[str],
    comment: str,
    seen: int | None,
    answer: str | None = None,
) -> Marked:
    """Keep a mark, and let it stand unless another author's stands that ``actor`` has not ``seen``.

    ``answer`` is the digest of the text that was read; ``None`` takes the answer as it is now.

    Raises:
        NotFoundError: there is no such answer.
        InvalidInputError: points, level or criteria are not those of the answer's mark scheme.
        ConflictError: the submission has not been autograded, or the answer is no longer the one that was read.
    """
    cell = load_module_source(course.source(module)).response(response)
    connection = connection_of(gradebook)
    if answer not in (None, answer_digest(connection, module, student, response)):
        raise ConflictError("The answer has been changed since you opened it; open it again and look at what is new.")
    values = {
        "points": points,
        "level": _level(cell, points, level),
        "criteria": _criteria(cell, criteria),
        "comment": comment.replace("\0", "").strip(),
        "author": _author(actor),
        "seen": seen,
    }
    other = standing_mark(connection, module, student, response)
    unseen = other is not None and other.author != values["author"] and other.id != seen
    before = _last_comment(connection, module, student, response, _author(actor))
    kept = _keep(course, gradebook, (module, student, response), {**values, "standing": not unseen})
    _count_use(connection, module, response, kept.comment, before)
    return Marked(kept, other if unseen else None)


def undo_mark(course: CourseFolder, gradebook: Gradebook, actor: str, mark: int) -> Mark:
    """Take back a mark by one that restores what stood before it; where nothing did, the answer is unmarked again.

    Raises:
        NotFoundError: there is no such mark.
        ConflictError: another mark stands by now.
    """
    connection = connection_of(gradebook)
    row = connection.execute(select(marks).where(marks.c.id == mark)).mappings().one_or_none()
    if row is None:
        raise NotFoundError(f"There is no mark {mark}.")
    taken_back = _made(row)
    place = taken_back.module, taken_back.student, taken_back.response
    history = [found for found in mark_history(connection, *place) if found.standing]
    if not history or history[-1].id != mark:
        raise ConflictError("Another mark stands by now; look at the answer again.")
    load_module_source(course.source(taken_back.module)).response(taken_back.response)
    former = history[-2] if len(history) > 1 else None
    values = {
        "points": former.points if former else None,
        "level": former.level if former else "",
        "criteria": list(former.criteria) if former else [],
        "comment": former.comment if former else "",
        "author": _author(actor),
        "seen": mark,
        "standing": True,
        # What it was given for may be another text than there is now; then it waits for a mark, as before.
        **({"answer": former.answer} if former else {}),
    }
    return _keep(course, gradebook, place, values)


def standing_mark(connection: Connection, module: str, student: str, response: str) -> Mark | None:
    """Return the mark that stands for an answer, ``None`` when there is none or it was taken back."""
    standing = [found for found in mark_history(connection, module, student, response) if found.standing]
    return standing[-1] if standing and standing[-1].points is not None else None


def mark_history(connection: Connection, module: str, student: str, response: str) -> list[Mark]:
    """Return every mark ever given to an answer, the oldest first."""
    place = (marks.c.module == module) & (marks.c.student == student) & (marks.c.response == response)
    return [_made(row) for row in connection.execute(select(marks).where(place).order_by(marks.c.id)).mappings()]


def keep_comment(
    course: CourseFolder, connection: Connection, actor: str, module: str, response: str, text: str
) -> int:
    """Keep a comment for reuse with one question and return its number; one that is kept already gives that one.

    Raises:
        NotFoundError: the module has no such question.
        InvalidInputError: the comment is empty.
    """
    load_module_source(course.source(module)).response(response)
    kept = text.replace("\0", "").strip()
    if not kept:
        raise InvalidInputError("An empty comment cannot be kept.")
    same = (comments.c.module == module) & (comments.c.response == response) & (comments.c.text == kept)
    found = connection.execute(select(comments.c.id).where(same)).scalars().first()
    if found is not None:
        return int(found)
    row = {"module": module, "response": response, "text": kept, "author": _author(actor), "at": now(), "uses": 0}
    key = connection.execute(comments.insert().values(**row)).inserted_primary_key
    if key is None:
        raise RuntimeError("one inserted row has one key")
    return int(key[0])


def delete_comment(_course: CourseFolder, connection: Connection, _actor: str, comment: int) -> None:
    """Drop a comment from those kept for reuse; where it was used it stays.

    Raises:
        NotFoundError: there is none with this number.
    """
    if connection.execute(comments.delete().where(comments.c.id == comment)).rowcount == 0:
        raise NotFoundError(f"There is no comment {comment}.")


def answer_digest(connection: Connection, module: str, student: str, response: str) -> str:
    """Return the digest of an answer as it was last graded."""
    evidence = load_evidence(connection, module, student)
    return (evidence.answers.get(response) if evidence else None) or digest("")


def _keep(
    course: CourseFolder, gradebook: Gradebook, place: tuple[str, str, str], values: Mapping[str, object]
) -> Mark:
    connection = connection_of(gradebook)
    module, student, response = place
    present = answer_digest(connection, *place)
    row = {"module": module, "student": student, "response": response, "answer": present, "at": now(), **values}
    key = connection.execute(marks.insert().values(**row)).inserted_primary_key
    if key is None:
        raise RuntimeError("one inserted row has one key")
    kept = _made(connection.execute(select(marks).where(marks.c.id == key[0])).mappings().one())
    if kept.standing:
        outdated = kept.answer != present
        give_mark(gradebook, module, student, response, kept.points, kept.comment, waits=outdated)
        gradebook.db.flush()
        _keep_in_step(course, connection, module, student)
    return kept


def _keep_in_step(course: CourseFolder, connection: Connection, module: str, student: str) -> None:
    """Bring the student's line up to date; what was returned no longer says what stands."""
    summary = read_summary(connection, module, student)
    if summary is None:
        raise RuntimeError("what was marked is in the gradebook")
    values = {
        "written": summary.written,
        "to_mark": summary.to_mark,
        "marked_at": now(),
        "feedback_at": None,
        "returned_at": None,
    }
    put_row(connection, results, {"module": module, "student": student}, values)
    count_lateness(course, connection, module, student)


def _level(cell: KnownCell, points: float, level: str) -> str:
    if not (math.isfinite(points) and 0 <= points <= cell.points):
        raise InvalidInputError(f"{cell.id} is worth 0 to {cell.points:g} points, not {points:g}.")
    scheme = scheme_of(cell)
    if level and level not in {known.label for known in scheme.levels}:
        known_levels = ", ".join(known.label for known in scheme.levels)
        raise InvalidInputError(f"{cell.id} has no level {level!r}; its levels are {known_levels}.")
    reached = scheme.level_for(points).label
    if level and level != reached:
        raise InvalidInputError(f"{points:g} points for {cell.id} are the level {reached}, not {level}.")
    return reached


def _criteria(cell: KnownCell, criteria: Sequence[str]) -> list[str]:
    known = {criterion for level in scheme_of(cell).levels for criterion in level.criteria}
    unknown = [criterion for criterion in criteria if criterion not in known]
    if unknown:
        raise InvalidInputError(f"The mark scheme of {cell.id} has no criterion {unknown[0]!r}.")
    return list(criteria)


def _author(actor: str) -> str:
    if not actor.strip():
        raise InvalidInputError("A mark needs the name of who gives it.")
    return actor.strip()


def _last_comment(connection: Connection, module: str, student: str, response: str, author: str) -> str:
    own = [found for found in mark_history(connection, module, student, response) if found.author == author]
    return own[-1].comment if own else ""


def _count_use(connection: Connection, module: str, response: str, comment: str, before: str) -> None:
    """Count the kept comments that this one quotes and the one ``before`` it does not: the most used come first."""
    of_question = (comments.c.module == module) & (comments.c.response == response)
    for row in connection.execute(select(comments.c.id, comments.c.text).where(of_question)).all():
        if row.text in comment and row.text not in before:
            used = comments.update().where(comments.c.id == row.id).values(uses=comments.c.uses + 1)
            connection.execute(used)


def _made(row: RowMapping) -> Mark:
    return Mark(**{**row, "criteria": tuple(row["criteria"])})
