"""Backups: the course folder and its whole database in one archive, whatever database that is.

The database is written into the archive as a SQLite file with every table, so that a backup taken from PostgreSQL can
be looked into, and put back into either.
"""

import os
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from nbgrader.api import Base
from sqlalchemy import Column, Connection, MetaData, String, Table, func, inspect, select

from tinytorch_lab.errors import ConflictError, InvalidInputError, NotAvailableError, NotFoundError
from tinytorch_lab.grading.folder import SETTINGS, CourseFolder, default_db_url, load_course_folder
from tinytorch_lab.grading.gradebook import prepare
from tinytorch_lab.grading.locking import sole_writer
from tinytorch_lab.grading.store import marking_tables  # noqa: F401  declares its tables
from tinytorch_lab.grading.store.database import VERSION_TABLE, closing_engine, reading, transaction
from tinytorch_lab.grading.store.tables import metadata

DATABASE = "database.sqlite"
_VERSIONS = tuple(
    Table(name, MetaData(), Column("version_num", String(32), primary_key=True))
    for name in ("alembic_version", VERSION_TABLE)
)
_LEFT_OUT = {"gradebook.db", "gradebook.db-wal", "gradebook.db-shm", "gradebook.db-journal"}
_LEFT_OUT_STATE = {"worker.lock", "worker.log", "reference", "own-modules"}
_ROWS = 1000


def back_up(course: CourseFolder, target: Path) -> Path:
    """Write a backup of ``course`` to the new file ``target``; the course may be in use meanwhile.

    Raises:
        ConflictError: there is something at ``target``.
        InvalidInputError: ``target`` is in the course folder.
        NotAvailableError: the database cannot be read, or ``target`` not written; then nothing is left behind.
    """
    if target.exists():
        raise ConflictError(f"{target} exists already; name a new file.")
    if course.root in target.resolve().parents:
        raise InvalidInputError(
            f"{target} is in the course folder, so that the next backup would hold this one; name a file outside of it."
        )
    with _written(target) as (archive, folder):
        with reading(course.db_url) as connection:
            _dump(connection, folder / DATABASE)
        archive.add(folder / DATABASE, DATABASE)
        for path in _files(course):
            # A job that is at work removes what it no longer needs.
            with suppress(FileNotFoundError):
                archive.add(path, path.relative_to(course.root).as_posix(), recursive=False)
    return target


def restore(source: Path, folder: Path) -> CourseFolder:
    """Make the course in ``folder`` what the backup ``source`` holds; a former one is kept beside it.

    Raises:
        NotFoundError: there is no such backup.
        InvalidInputError: it is no backup of a course.
        ConflictError: the course is in use, or its database holds something although the folder does not.
        NotAvailableError: the folder or the database cannot be written; a former course is then left as it was.
    """
    root = folder.resolve()
    with _unpacked(source, root) as unpacked, _in_nobodys_use(root):
        former = load_course_folder(root) if (root / SETTINGS).is_file() else None
        aside = _set_aside(root)
        try:
            _rename(unpacked, root)
            course = load_course_folder(root)
            _load(course, emptied=former is not None and _place(former) == _place(course))
        except BaseException:
            if root.exists():
                root.rename(unpacked)
            if aside is not None:
                aside.rename(root)
            raise
    return course


@contextmanager
def _written(target: Path) -> Iterator[tuple[tarfile.TarFile, Path]]:
    """Give an archive that becomes ``target`` when it is complete, and a folder for what goes into it."""
    partial = target.with_name(f".{target.name}.partial")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".backup-", dir=target.parent) as folder:
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file, tarfile.open(fileobj=file, mode="w:gz") as archive:
                yield archive, Path(folder)
        os.replace(partial, target)
    except OSError as error:
        raise NotAvailableError(f"Cannot write {target}: {error.strerror}.") from None
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _unpacked(source: Path, root: Path) -> Iterator[Path]:
    """Give the contents of ``source`` in a folder beside ``root``."""
    try:
        root.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".restore-", dir=root.parent) as place:
            folder = Path(place) / "course"
            with tarfile.open(source, "r:gz") as archive:
                archive.extractall(folder, filter="data")
            if not (folder / SETTINGS).is_file() or not (folder / DATABASE).is_file():
                raise InvalidInputError(f"{source} is no backup of a course.")
            yield folder
    except FileNotFoundError:
        raise NotFoundError(f"There is no backup {source}.") from None
    except (tarfile.TarError, EOFError, zlib.error):
        raise InvalidInputError(f"{source} is no backup of a course, or it is damaged.") from None
    except OSError as error:
        raise NotAvailableError(f"Cannot restore {source}: {error.strerror or error}.") from None


@contextmanager
def _in_nobodys_use(root: Path) -> Iterator[None]:
    if (root / SETTINGS).is_file():
        with sole_writer(load_course_folder(root)):
            yield
    else:
        yield


def _set_aside(root: Path) -> Path | None:
    """Move a former course out of the way and return where it is now."""
    if not root.exists() or not any(root.iterdir()):
        return None
    if not (root / SETTINGS).is_file():
        raise ConflictError(f"{root} holds something that is no course; name another folder.")
    aside = root.with_name(f"{root.name}.before-restore-{datetime.now():%Y%m%d-%H%M%S}")
    root.rename(aside)
    return aside


def _place(course: CourseFolder) -> tuple[str, str]:
    return course.course_id, course.db_url


def _rename(unpacked: Path, root: Path) -> None:
    if root.exists():
        root.rmdir()
    unpacked.rename(root)


def _load(course: CourseFolder, *, emptied: bool) -> None:
    """Put the database of the archive in the place of the course's; ``emptied``: what is there may go."""
    saved = course.root / DATABASE
    if course.db_url == default_db_url(course.root):
        os.replace(saved, course.root / "gradebook.db")
    else:
        prepare(course)
        with (
            closing_engine(f"sqlite:///{saved}") as copy,
            closing_engine(course.db_url) as engine,
            copy.connect() as source,
            transaction(engine) as target,
        ):
            if emptied:
                for table in reversed(_tables()):
                    target.execute(table.delete())
            elif any(target.execute(select(func.count()).select_from(table)).scalar() for table in _tables()):
                address = engine.url.render_as_string(hide_password=True)
                raise ConflictError(f"The database {address} holds a course; restore over that course's folder.")
            _copy(source, target)
            _count_on(target)
        saved.unlink()
    prepare(course)


def _files(course: CourseFolder) -> Iterator[Path]:
    """Yield the regular files of a course, links left out: they may lead anywhere."""
    for place, folders, names in os.walk(course.root):
        folder = Path(place)
        skipped = _LEFT_OUT_STATE if folder == course.state else _LEFT_OUT if folder == course.root else set()
        folders[:] = sorted(name for name in folders if name not in skipped)
        for name in sorted(names):
            path = folder / name
            if name not in skipped and path.is_file() and not path.is_symlink():
                yield path


def _tables() -> list[Table]:
    """Return nbgrader's tables and ours, each after those it refers to."""
    return [*Base.metadata.sorted_tables, *metadata.sorted_tables]


def _dump(connection: Connection, path: Path) -> None:
    """Copy every table into a new SQLite file."""
    with closing_engine(f"sqlite:///{path}") as copy, copy.begin() as target:
        _copy(connection, target)


def _copy(source: Connection, target: Connection) -> None:
    """Copy the rows of all tables, with the versions of both schemas."""
    present, there = set(inspect(source).get_table_names()), set(inspect(target).get_table_names())
    for table in (*_tables(), *_VERSIONS):
        if table.name not in there:
            table.create(target)
        elif table in _VERSIONS:
            target.execute(table.delete())
        if table.name in present:
            rows = source.execute(select(table)).mappings()
            while chunk := rows.fetchmany(_ROWS):
                target.execute(table.insert(), [dict(row) for row in chunk])


def _count_on(target: Connection) -> None:
    """Have PostgreSQL number new rows after the copied ones."""
    if target.dialect.name != "postgresql":
        return
    for table in metadata.sorted_tables:
        if table.autoincrement_column is not None:
            place = func.pg_get_serial_sequence(table.name, table.autoincrement_column.name)
            last = select(func.max(table.autoincrement_column)).scalar_subquery()
            target.execute(select(func.setval(place, func.coalesce(last, 1), last.is_not(None))))
