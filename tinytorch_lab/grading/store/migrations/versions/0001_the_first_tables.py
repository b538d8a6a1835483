"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "tinytorch_assignment",
        sa.Column("module", sa.String(length=128), nullable=False),
        sa.Column("released_at", sa.String(length=32), nullable=True, comment="null while it is not released"),
        sa.Column("due_at", sa.String(length=32), nullable=True, comment="null: never due"),
        sa.PrimaryKeyConstraint("module", name=op.f("pk_tinytorch_assignment")),
    )
    op.create_table(
        "tinytorch_audit",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("module", sa.String(length=128), nullable=True),
        sa.Column("student", sa.String(length=128), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tinytorch_audit")),
    )
    with op.batch_alter_table("tinytorch_audit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tinytorch_audit_module_student"), ["module", "student"], unique=False)

    op.create_table(
        "tinytorch_comment",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("module", sa.String(length=128), nullable=False),
        sa.Column("response", sa.String(length=128), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=128), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tinytorch_comment")),
    )
    with op.batch_alter_table("tinytorch_comment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tinytorch_comment_module_response"), ["module", "response"], unique=False)

    op.create_table(
        "tinytorch_extension",
        sa.Column("module", sa.String(length=128), nullable=False),
        sa.Column("student", sa.String(length=128), nullable=False),
        sa.Column("due_at", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("granted_by", sa.String(length=128), nullable=False),
        sa.Column("granted_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("module", "student", name=op.f("pk_tinytorch_extension")),
    )
    op.create_table(
        "tinytorch_job",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("requested_by", sa.String(length=128), nullable=False),
        sa.Column("requested_at", sa.String(length=32), nullable=False),
        sa.Column("queued_at", sa.String(length=32), nullable=True),
        sa.Column("started_at", sa.String(length=32), nullable=True),
        sa.Column("finished_at", sa.String(length=32), nullable=True),
        sa.Column("reported_at", sa.String(length=32), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False, comment="queued, running, done, failed or cancelled"),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tinytorch_job")),
    )
    with op.batch_alter_table("tinytorch_job", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tinytorch_job_state"), ["state"], unique=False)

    op.create_table(
        "tinytorch_mark",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("module", sa.String(length=128), nullable=False),
        sa.Column("student", sa.String(length=128), nullable=False),
        sa.Column("response", sa.String(length=128), nullable=False),
        sa.Column("points", sa.Float(), nullable=True, comment="null: this one takes a mark back"),
        sa.Column("level", sa.String(length=64), nullable=False),
        sa.Column("criteria", sa.JSON(), nullable=False, comment="the ticked criteria of the mark scheme"),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=128), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("answer", sa.String(length=64), nullable=False, comment="SHA-256 of the answer that was marked"),
        sa.Column("seen", sa.Integer(), nullable=True, comment="the mark its author saw standing"),
        sa.Column(
            "standing", sa.Boolean(), nullable=False, comment="false: it met another's mark and waits for a decision"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tinytorch_mark")),
    )
    with op.batch_alter_table("tinytorch_mark", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_tinytorch_mark_module_response_student"), ["module", "response", "student"], unique=False
        )

    op.create_table(
        "tinytorch_milestone",
        sa.Column("student", sa.String(length=128), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("student", "number", name=op.f("pk_tinytorch_milestone")),
    )
    op.create_table(
        "tinytorch_own_run",
        sa.Column("module", sa.String(length=128), nullable=False),
        sa.Column("student", sa.String(length=128), nullable=False),
        sa.Column("graded_at", sa.String(length=32), nullable=False),
        sa.Column("tests", sa.JSON(), nullable=False),
        sa.Column("causes", sa.JSON(), nullable=False, comment="the earlier modules that explain a difference"),
        sa.PrimaryKeyConstraint("module", "student", name=op.f("pk_tinytorch_own_run")),
    )
    op.create_table(
        "tinytorch_result",
        sa.Column("module", sa.String(length=128), nullable=False),
        sa.Column("student", sa.String(length=128), nullable=False),
        sa.Column("automatic", sa.Float(), nullable=True),
        sa.Column("automatic_total", sa.Float(), nullable=False),
        sa.Column("written", sa.Float(), nullable=True),
        sa.Column("written_total", sa.Float(), nullable=False),
        sa.Column("penalty", sa.Float(), nullable=False),
        sa.Column("to_mark", sa.Integer(), nullable=False),
        sa.Column("integrity", sa.String(length=16), nullable=False),
        sa.Column("graded_at", sa.String(length=32), nullable=True),
        sa.Column("marked_at", sa.String(length=32), nullable=True),
        sa.Column("feedback_at", sa.String(length=32), nullable=True, comment="when the page was written"),
        sa.Column("returned_at", sa.String(length=32), nullable=True, comment="since when the student may read it"),
        sa.PrimaryKeyConstraint("module", "student", name=op.f("pk_tinytorch_result")),
    )
    with op.batch_alter_table("tinytorch_result", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tinytorch_result_student"), ["student"], unique=False)

    op.create_table(
        "tinytorch_run",
        sa.Column("module", sa.String(length=128), nullable=False),
        sa.Column("student", sa.String(length=128), nullable=False),
        sa.Column("graded_at", sa.String(length=32), nullable=False),
        sa.Column(
            "submission", sa.String(length=64), nullable=False, comment="SHA-256 of the notebook that was graded"
        ),
        sa.Column("source", sa.String(length=64), nullable=False, comment="SHA-256 of the instructor's notebook"),
        sa.Column("integrity", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("confinement", sa.String(length=16), nullable=False),
        sa.Column("tests", sa.JSON(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False, comment="digests of the written answers, by cell"),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("module", "student", name=op.f("pk_tinytorch_run")),
    )
    with op.batch_alter_table("tinytorch_run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tinytorch_run_student"), ["student"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_tinytorch_run_module_student_submission"), ["module", "student", "submission"], unique=False
        )

    op.create_table(
        "tinytorch_submission",
        sa.Column("id", sa.String(length=32), nullable=False, comment="random, part of the receipt"),
        sa.Column("module", sa.String(length=128), nullable=False),
        sa.Column("student", sa.String(length=128), nullable=False),
        sa.Column(
            "digest", sa.String(length=64), nullable=False, comment="SHA-256 of the notebook, its name in the store"
        ),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False, comment="http, exchange or folder"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tinytorch_submission")),
    )
    with op.batch_alter_table("tinytorch_submission", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_tinytorch_submission_module_student_received_at"),
            ["module", "student", "received_at"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_tinytorch_submission_student"), ["student"], unique=False)

    op.create_table(
        "tinytorch_job_outcome",
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=128), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False, comment="waiting, started, done or failed"),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("total", sa.Float(), nullable=True),
        sa.Column(
            "details",
            sa.JSON(),
            nullable=True,
            comment="what a kind of job has to say beyond that, such as a regrade's differences",
        ),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"], ["tinytorch_job.id"], name=op.f("fk_tinytorch_job_outcome_job_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("job_id", "subject", name=op.f("pk_tinytorch_job_outcome")),
    )


def downgrade() -> None:
    """Undo the change."""
    op.drop_table("tinytorch_job_outcome")
    with op.batch_alter_table("tinytorch_submission", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tinytorch_submission_module_student_received_at"))

    op.drop_table("tinytorch_submission")
    op.drop_table("tinytorch_run")
    with op.batch_alter_table("tinytorch_result", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tinytorch_result_student"))

    op.drop_table("tinytorch_result")
    op.drop_table("tinytorch_own_run")
    op.drop_table("tinytorch_milestone")
    op.drop_table("tinytorch_mark_scheme")
    with op.batch_alter_table("tinytorch_mark", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tinytorch_mark_module_response_student"))

    op.drop_table("tinytorch_mark")
    with op.batch_alter_table("tinytorch_job", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tinytorch_job_state"))

    op.drop_table("tinytorch_job")
    op.drop_table("tinytorch_extension")
    with op.batch_alter_table("tinytorch_comment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tinytorch_comment_module_response"))

    op.drop_table("tinytorch_comment")
    with op.batch_alter_table("tinytorch_audit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tinytorch_audit_module_student"))

    op.drop_table("tinytorch_audit")
    op.drop_table("tinytorch_assignment")
