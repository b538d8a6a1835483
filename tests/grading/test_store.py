"""Our tables: what the migrations make is what the program expects, beside nbgrader's own and again and again."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from nbgrader.api import Gradebook
from sqlalchemy import Engine, func, inspect, select, text

from tests.grading.postgres import postgres_database
from tinytorch_lab.errors import NotAvailableError
from tinytorch_lab.grading.store import marking_tables  # noqa: F401  declares its tables
from tinytorch_lab.grading.store.database import VERSION_TABLE, migrate, open_engine, snapshot, transaction
from tinytorch_lab.grading.store.tables import metadata


@pytest.fixture
def engine(tmp_path: Path):
    engine = open_engine(f"sqlite:///{tmp_path / 'gradebook.db'}")
    yield engine
    engine.dispose()


def differences(engine: Engine) -> list[object]:
    ours = {"version_table": VERSION_TABLE, "include_name": lambda name, kind, _: kind != "table" or name in names}
    names = set(metadata.tables)
    with engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection, opts=ours), metadata))


def test_the_migrations_make_the_tables_as_declared(engine: Engine):
    migrate(engine)
    assert differences(engine) == []
    assert set(metadata.tables) <= set(inspect(engine).get_table_names())


def test_migrating_again_changes_nothing(engine: Engine):
    migrate(engine)
    with transaction(engine) as connection:
        connection.execute(metadata.tables["tinytorch_assignment"].insert().values(module="01_sums"))
    migrate(engine)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT module FROM tinytorch_assignment")).scalars().all() == ["01_sums"]


def test_nbgrader_keeps_its_own_tables_and_version(engine: Engine):
    url = engine.url.render_as_string(hide_password=False)
    with Gradebook(url, "mini") as gradebook:
        gradebook.add_student("ada")
    migrate(engine)
    with Gradebook(url, "mini") as gradebook:
        assert [student.id for student in gradebook.students] == ["ada"]
    assert {"alembic_version", VERSION_TABLE} <= set(inspect(engine).get_table_names())


def test_tables_of_a_newer_version_are_left_alone(engine: Engine):
    migrate(engine)
    with transaction(engine) as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = 'of-tomorrow'"))
    with pytest.raises(NotAvailableError, match="of-tomorrow, which this version does not know"):
        migrate(engine)


def test_reading_sees_one_state_whatever_is_written_meanwhile(engine: Engine):
    sees_one_state(engine)


def test_reading_sees_one_state_of_postgresql(tmp_path: Path):
    with postgres_database() as url:
        engine = open_engine(url)
        sees_one_state(engine)
        engine.dispose()


def sees_one_state(engine: Engine) -> None:
    migrate(engine)
    table = metadata.tables["tinytorch_assignment"]
    count = select(func.count()).select_from(table)
    with snapshot(engine) as connection:
        assert connection.execute(count).scalar_one() == 0
        with transaction(engine) as writing:
            writing.execute(table.insert().values(module="01_sums"))
        assert connection.execute(count).scalar_one() == 0
    with snapshot(engine) as connection:
        assert connection.execute(count).scalar_one() == 1
