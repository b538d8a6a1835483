"""Our tables. They share the gradebook's database, so that a score and its reasons are stored in one transaction.

Every name starts with ``tinytorch_``; nbgrader's own tables are never changed. Times are text, ISO 8601 in UTC with
milliseconds, which sorts like time and is the same in SQLite, PostgreSQL and JSON. JSON columns hold plain data.
"""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)

_ID = String(128)
_TIME = String(32)

assignments = Table(
    "tinytorch_assignment",
    metadata,
    Column("module", _ID, primary_key=True),
    Column("released_at", _TIME, comment="null while it is not released"),
    Column("due_at", _TIME, comment="null: never due"),
)
"""What students may fetch, and until when they may hand it in."""

extensions = Table(
    "tinytorch_extension",
    metadata,
    Column("module", _ID, primary_key=True),
    Column("student", _ID, primary_key=True),
    Column("due_at", _TIME, nullable=False),
    Column("reason", Text, nullable=False, default=""),
    Column("granted_by", _ID, nullable=False),
    Column("granted_at", _TIME, nullable=False),
)
"""A due date of one student's own."""

submissions = Table(
    "tinytorch_submission",
    metadata,
    Column("id", String(32), primary_key=True, comment="random, part of the receipt"),
    Column("module", _ID, nullable=False),
    Column("student", _ID, nullable=False),
    Column("digest", String(64), nullable=False, comment="SHA-256 of the notebook, its name in the store"),
    Column("size", Integer, nullable=False),
    Column("received_at", _TIME, nullable=False),
    Column("source", String(16), nullable=False, comment="http, exchange or folder"),
    Index(None, "module", "student", "received_at"),
    Index(None, "student"),
)
"""Everything that was ever handed in; a row is never changed."""

jobs = Table(
    "tinytorch_job",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("kind", String(32), nullable=False),
    Column("arguments", JSON, nullable=False),
    Column("requested_by", _ID, nullable=False),
    Column("requested_at", _TIME, nullable=False),
    Column("queued_at", _TIME),
    Column("started_at", _TIME),
    Column("finished_at", _TIME),
    Column("reported_at", _TIME),
    Column("state", String(16), nullable=False, comment="queued, running, done, failed or cancelled"),
    Column("attempt", Integer, nullable=False, default=0),
    Column("done", Integer, nullable=False, default=0),
    Column("total", Integer, nullable=False, default=0),
    Column("message", Text, nullable=False, default=""),
    Index(None, "state"),
)
"""Long work on the course: append-only but for the state of the job itself."""

job_outcomes = Table(
    "tinytorch_job_outcome",
    metadata,
    Column("job_id", Integer, ForeignKey(jobs.c.id, ondelete="CASCADE"), primary_key=True),
    Column("subject", _ID, primary_key=True),
    Column("state", String(16), nullable=False, comment="waiting, started, done or failed"),
    Column("attempt", Integer, nullable=False, default=0),
    Column("message", Text, nullable=False, default=""),
    Column("score", Float),
    Column("total", Float),
    Column("details", JSON, comment="what a kind of job has to say beyond that, such as a regrade's differences"),
    Column("at", _TIME, nullable=False),
)
"""What a job does for each student; one that is ``started`` when the worker dies is tried again."""

runs = Table(
    "tinytorch_run",
    metadata,
    Column("module", _ID, primary_key=True),
    Column("student", _ID, primary_key=True),
    Column("graded_at", _TIME, nullable=False),
    Column("submission", String(64), nullable=False, comment="SHA-256 of the notebook that was graded"),
    Column("source", String(64), nullable=False, comment="SHA-256 of the instructor's notebook"),
    Column("integrity", String(16), nullable=False),
    Column("reason", Text, nullable=False, default=""),
    Column("confinement", String(16), nullable=False),
    Column("tests", JSON, nullable=False),
    Column("answers", JSON, nullable=False, comment="digests of the written answers, by cell"),
    Column("notes", JSON, nullable=False),
    Index(None, "student"),
    Index(None, "module", "student", "submission"),
)
"""Why a submission got its automatic score: the last graded run. The second index spares an overview the wide rows."""

own_runs = Table(
    "tinytorch_own_run",
    metadata,
    Column("module", _ID, primary_key=True),
    Column("student", _ID, primary_key=True),
    Column("graded_at", _TIME, nullable=False),
    Column("tests", JSON, nullable=False),
    Column("causes", JSON, nullable=False, comment="the earlier modules that explain a difference"),
)
"""The second, informative run: the same tests on the student's own earlier modules."""

results = Table(
    "tinytorch_result",
    metadata,
    Column("module", _ID, primary_key=True),
    Column("student", _ID, primary_key=True),
    Column("automatic", Float),
    Column("automatic_total", Float, nullable=False),
    Column("written", Float),
    Column("written_total", Float, nullable=False),
    Column("penalty", Float, nullable=False, default=0.0),
    Column("to_mark", Integer, nullable=False, default=0),
    Column("integrity", String(16), nullable=False, default="ok"),
    Column("graded_at", _TIME),
    Column("marked_at", _TIME),
    Column("feedback_at", _TIME, comment="when the page was written"),
    Column("returned_at", _TIME, comment="since when the student may read it"),
    Index(None, "student"),
)
"""A line per student and module, kept beside the gradebook so that an overview of a class is one query."""

marks = Table(
    "tinytorch_mark",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("module", _ID, nullable=False),
    Column("student", _ID, nullable=False),
    Column("response", _ID, nullable=False),
    Column("points", Float, comment="null: this one takes a mark back"),
    Column("level", String(64), nullable=False, default=""),
    Column("criteria", JSON, nullable=False, comment="the ticked criteria of the mark scheme"),
    Column("comment", Text, nullable=False, default=""),
    Column("author", _ID, nullable=False),
    Column("at", _TIME, nullable=False),
    Column("answer", String(64), nullable=False, comment="SHA-256 of the answer that was marked"),
    Column("seen", Integer, comment="the mark its author saw standing"),
    Column("standing", Boolean, nullable=False, comment="false: it met another's mark and waits for a decision"),
    Index(None, "module", "response", "student"),
)
"""Every mark ever given to a written answer; the last that stands is the gradebook's."""

comments = Table(
    "tinytorch_comment",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("module", _ID, nullable=False),
    Column("response", _ID, nullable=False),
    Column("text", Text, nullable=False),
    Column("author", _ID, nullable=False),
    Column("at", _TIME, nullable=False),
    Column("uses", Integer, nullable=False, default=0),
    Index(None, "module", "response"),
)
"""Comments that graders keep for reuse."""

milestones = Table(
    "tinytorch_milestone",
    metadata,
    Column("student", _ID, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("passed", Boolean, nullable=False),
    Column("message", Text, nullable=False, default=""),
    Column("at", _TIME, nullable=False),
)
"""Milestones, as whoever saw them run says."""

audit = Table(
    "tinytorch_audit",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", _TIME, nullable=False),
    Column("actor", _ID, nullable=False),
    Column("action", String(64), nullable=False),
    Column("module", _ID),
    Column("student", _ID),
    Column("details", JSON, nullable=False),
    Index(None, "module", "student"),
)
"""Who changed what: releases, extensions, regrades, repairs."""
