"""What students hand in: notebooks by their content's hash, and a row for every time one came.

A row is written after its notebook is safely on the disk, and never changed: the receipt made from it holds for ever.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, func, select

from tinytorch_lab.coursework import MAX_NOTEBOOK_BYTES
from tinytorch_lab.errors import InvalidInputError, NotAvailableError, NotFoundError
from tinytorch_lab.files import make_durable, write_bytes
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.store.tables import submissions
from tinytorch_lab.grading.students import enrol


@dataclass(frozen=True)
class Submission:
    """One notebook handed in once."""

    id: str
    module: str
    student: str
    digest: str
    size: int
    received_at: str
    source: str


def add(
    course: CourseFolder,
    connection: Connection,
    module: str,
    student: str,
    notebook: bytes,
    *,
    source: str,
    received: datetime,
) -> Submission:
    """Store ``notebook`` as handed in at ``received`` (aware), whatever its state; who hands in is in the course.

    One equal to the student's last gives that one again, and so does an equal one of the same moment: a folder that
    is collected twice.

    Raises:
        InvalidInputError: it is too large.
        NotAvailableError: the course folder is not ours to write.
    """
    check_size(notebook)
    digest = hashlib.sha256(notebook).hexdigest()
    at = _written(received)
    earlier = history(connection, module, student)
    for place, former in enumerate(earlier):
        if former.digest == digest and (place == 0 or former.received_at == at):
            return former
    # Another notebook of the same moment comes after those that were there, so that everybody calls it the newer one.
    taken = {former.received_at for former in earlier}
    while at in taken:
        received += timedelta(milliseconds=1)
        at = _written(received)
    _keep(course, digest, notebook)
    enrol(course, connection, student, students=[student])
    made = Submission(secrets.token_hex(16), module, student, digest, len(notebook), at, source)
    connection.execute(submissions.insert().values(**vars(made)))
    return made


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def check_size(notebook: bytes) -> None:
    """Check that ``notebook`` is not larger than a submission may be.

    Raises:
        InvalidInputError: it is.
    """
    if len(notebook) > MAX_NOTEBOOK_BYTES:
        limit = MAX_NOTEBOOK_BYTES >> 20
        raise InvalidInputError(f"The notebook is larger than {limit} MB; clear its outputs and hand it in again.")


def history(connection: Connection, module: str, student: str) -> list[Submission]:
    """Return everything ``student`` handed in for ``module``, the newest first."""
    rows = connection.execute(
        select(submissions)
        .where(submissions.c.module == module, submissions.c.student == student)
        .order_by(submissions.c.received_at.desc(), submissions.c.id)
    )
    return _made(rows.mappings().all())


def latest_of_student(connection: Connection, student: str) -> dict[str, Submission]:
    """Return the newest submission of ``student`` for each module."""
    rows = connection.execute(
        select(submissions).where(submissions.c.student == student).order_by(submissions.c.received_at)
    )
    return {found.module: found for found in _made(rows.mappings().all())}


def latest_of_module(connection: Connection, module: str) -> dict[str, Submission]:
    """Return the newest submission of each student for ``module``."""
    newest = (
        select(submissions.c.student, func.max(submissions.c.received_at).label("at"))
        .where(submissions.c.module == module)
        .group_by(submissions.c.student)
        .subquery()
    )
    rows = connection.execute(
        select(submissions)
        .join(newest, (submissions.c.student == newest.c.student) & (submissions.c.received_at == newest.c.at))
        .where(submissions.c.module == module)
        .order_by(submissions.c.student)
    )
    return {found.student: found for found in _made(rows.mappings().all())}


def find(connection: Connection, submission_id: str) -> Submission:
    """Return the submission called ``submission_id``.

    Raises:
        NotFoundError: there is none.
    """
    row = connection.execute(select(submissions).where(submissions.c.id == submission_id)).mappings().first()
    if row is None:
        raise NotFoundError("There is no such submission.")
    return Submission(**row)


def content(course: CourseFolder, submission: Submission) -> bytes:
    """Return the notebook of ``submission``.

    Raises:
        NotAvailableError: the store has lost or changed it.
    """
    path = _path(course, submission.digest)
    try:
        notebook = path.read_bytes()
    except OSError as error:
        raise NotAvailableError(f"The submission at {path} cannot be read: {error.strerror}.") from None
    if hashlib.sha256(notebook).hexdigest() != submission.digest:
        raise NotAvailableError(f"The submission at {path} is damaged; restore it from a backup.")
    return notebook


def _keep(course: CourseFolder, digest: str, notebook: bytes) -> None:
    path = _path(course, digest)
    if path.exists():
        return
    write_bytes(path, notebook)
    path.chmod(0o600)
    make_durable(path)


def _path(course: CourseFolder, digest: str) -> Path:
    return course.state / "store" / digest[:2] / f"{digest}.ipynb"


def _made(rows: Sequence[object]) -> list[Submission]:
    return [Submission(**row) for row in rows]  # type: ignore[arg-type]
