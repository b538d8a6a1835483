"""How alembic reaches our tables: over the connection it is handed, with a version table of our own."""

from alembic import context

from tinytorch_lab.grading.store import marking_tables  # noqa: F401  declares its tables
from tinytorch_lab.grading.store.tables import metadata

VERSION_TABLE = "tinytorch_alembic_version"


def _ours(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or (name or "").startswith("tinytorch_")


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    include_name=_ours,
    render_as_batch=True,
)
context.run_migrations()
