"""The course's database: one engine, our tables brought up to date, short transactions."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, Table, Update, bindparam, create_engine, event, insert, update
from sqlalchemy.exc import DBAPIError

from tinytorch_lab.errors import NotAvailableError

VERSION_TABLE = "tinytorch_alembic_version"
BUSY_SECONDS = 30
_MIGRATIONS = Path(__file__).parent / "migrations"
_write_lock = threading.RLock()


def open_engine(db_url: str) -> Engine:
    """Return an engine for ``db_url``; a writer of SQLite then waits for another, and neither blocks readers.

    Raises:
        NotAvailableError: the driver of the database is not installed.
    """
    options: dict[str, Any] = {"connect_args": {"timeout": BUSY_SECONDS}} if db_url.startswith("sqlite") else {}
    try:
        engine = create_engine(db_url, **options)
    except ModuleNotFoundError as error:
        raise NotAvailableError(
            f"The database of this course needs the Python package {error.name}; "
            "install it with: pip install 'tinytorch-lab[postgres]'"
        ) from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
    return engine


@contextmanager
def closing_engine(db_url: str) -> Iterator[Engine]:
    """Give an engine for ``db_url`` and close its connections afterwards."""
    engine = open_engine(db_url)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def sole_writing() -> Iterator[None]:
    """Keep the other threads of this process from writing; nbgrader looks first and inserts afterwards."""
    with _write_lock:
        yield


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """Give a connection for one piece of work: committed at the end, undone after an error.

    One thread of a process writes at a time, so keep it short: whoever marks or hands in waits for it.

    Raises:
        NotAvailableError: the database cannot be used.
    """
    with sole_writing(), database_errors(engine), engine.begin() as connection:
        yield connection


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """Give a connection that sees one state of the database, whatever is written meanwhile, and changes nothing.

    Raises:
        NotAvailableError: the database cannot be used.
    """
    with database_errors(engine), engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            # Python's driver begins no transaction for reading; each statement would see another state.
            connection.exec_driver_sql("BEGIN")
        else:
            connection.execution_options(isolation_level="REPEATABLE READ")
        yield connection


@contextmanager
def reading(db_url: str) -> Iterator[Connection]:
    """Give a connection as :func:`snapshot` does, for a program that soon ends.

    Raises:
        NotAvailableError: the database cannot be used.
    """
    with closing_engine(db_url) as engine, snapshot(engine) as connection:
        yield connection


@contextmanager
def database_errors(engine: Engine) -> Iterator[None]:
    """Say in one sentence what the database could not do."""
    try:
        yield
    except DBAPIError as error:
        place = engine.url.render_as_string(hide_password=True)
        reason = str(error.orig).strip().splitlines()[0]
        raise NotAvailableError(f"The database {place} cannot be used: {reason}.") from None


def put_row(connection: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Write ``values`` into the row of ``key``, which is made when it is missing; its other columns stay."""
    found = {f"key_{name}": value for name, value in key.items()}
    given = {f"new_{name}": value for name, value in values.items()}
    if connection.execute(_replacing(table, tuple(key), tuple(values)), found | given).rowcount == 0:
        connection.execute(insert(table), {**key, **values})


@cache
def _replacing(table: Table, key: tuple[str, ...], columns: tuple[str, ...]) -> Update:
    """Return the statement that replaces ``columns`` of a row; building one takes longer than carrying it out."""
    found = [table.c[name] == bindparam(f"key_{name}") for name in key]
    return update(table).where(*found).values({name: bindparam(f"new_{name}") for name in columns})


def migrate(engine: Engine) -> None:
    """Create our tables, or bring them up to date.

    Raises:
        NotAvailableError: the database cannot be used, or a newer version of this program has changed it.
    """
    with transaction(engine) as connection:
        present = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_revision()
        if present == newest_revision():
            return
        if present is not None and present not in _revisions():
            raise NotAvailableError(
                f"The course's tables are of revision {present}, which this version does not know; "
                "upgrade tinytorch-lab, or restore a backup with: tito grade restore"
            )
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@cache
def newest_revision() -> str:
    """Return the revision of the tables as this version declares them."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    if revision is None:
        raise RuntimeError("the migrations of the course's tables are missing")
    return revision


@cache
def _revisions() -> frozenset[str]:
    return frozenset(script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config


def _prepare_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()
