"""Our tables around marking: flagged answers, who marks what, and the samples that graders are calibrated with."""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text

from tinytorch_lab.grading.store.tables import metadata

_ID, _TIME = String(128), String(32)

flags = Table(
    "tinytorch_flag",
    metadata,
    Column("module", _ID, primary_key=True),
    Column("student", _ID, primary_key=True),
    Column("response", _ID, primary_key=True),
    Column("note", Text, nullable=False, default=""),
    Column("author", _ID, nullable=False),
    Column("at", _TIME, nullable=False),
)
"""Answers that a grader wants another look at."""

shares = Table(
    "tinytorch_share",
    metadata,
    Column("module", _ID, primary_key=True),
    Column("response", _ID, primary_key=True),
    Column("grader", _ID, primary_key=True),
    Column("place", Integer, nullable=False, comment="the grader marks every n-th answer from this place on"),
)
"""Among whom the answers to a question are divided."""

samples = Table(
    "tinytorch_sample",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("module", _ID, nullable=False),
    Column("response", _ID, nullable=False),
    Column("text", Text, nullable=False),
    Column("points", Float, nullable=False, comment="agreed among the instructors"),
    Column("reason", Text, nullable=False, default=""),
    Column("author", _ID, nullable=False),
    Column("at", _TIME, nullable=False),
    Index(None, "module", "response"),
)
"""Answers with agreed marks, to calibrate graders with."""

sample_marks = Table(
    "tinytorch_sample_mark",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("sample_id", Integer, ForeignKey(samples.c.id, ondelete="CASCADE"), nullable=False),
    Column("grader", _ID, nullable=False),
    Column("points", Float, nullable=False),
    Column("reinserted", Boolean, nullable=False, comment="met again among real answers, without being told"),
    Column("at", _TIME, nullable=False),
    Index(None, "sample_id", "grader"),
)
"""How graders marked the samples, blind."""
