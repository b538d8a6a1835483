"""Flags, shares and samples around marking."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "tinytorch_flag",
        sa.Column("module", sa.String(length=128), nullable=False),
        sa.Column("student", sa.String(length=128), nullable=False),
        sa.Column("response", sa.String(length=128), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=128), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("module", "student", "response", name=op.f("pk_tinytorch_flag")),
    )
    op.create_table(
        "tinytorch_share",
        sa.Column("module", sa.String(length=128), nullable=False),
        sa.Column("response", sa.String(length=128), nullable=False),
        sa.Column("grader", sa.String(length=128), nullable=False),
        sa.Column(
            "place", sa.Integer(), nullable=False, comment="the grader marks every n-th answer from this place on"
        ),
        sa.PrimaryKeyConstraint("module", "response", "grader", name=op.f("pk_tinytorch_share")),
    )
    op.create_table(
        "tinytorch_sample",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("module", sa.String(length=128), nullable=False),
        sa.Column("response", sa.String(length=128), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("points", sa.Float(), nullable=False, comment="agreed among the instructors"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=128), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tinytorch_sample")),
    )
    with op.batch_alter_table("tinytorch_sample", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tinytorch_sample_module_response"), ["module", "response"], unique=False)
    op.create_table(
        "tinytorch_sample_mark",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("sample_id", sa.Integer(), nullable=False),
        sa.Column("grader", sa.String(length=128), nullable=False),
        sa.Column("points", sa.Float(), nullable=False),
        sa.Column(
            "reinserted", sa.Boolean(), nullable=False, comment="met again among real answers, without being told"
        ),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["sample_id"],
            ["tinytorch_sample.id"],
            name=op.f("fk_tinytorch_sample_mark_sample_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tinytorch_sample_mark")),
    )
    with op.batch_alter_table("tinytorch_sample_mark", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_tinytorch_sample_mark_sample_id_grader"), ["sample_id", "grader"], unique=False
        )
