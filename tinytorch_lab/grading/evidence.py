"""Why a submission got its automatic score: a row per student and module, for report, feedback and instructor.

It lies outside nbgrader's folders, which are copied to students: ``detail`` may say what a hidden test saw.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import TypeAdapter
from sqlalchemy import Connection, bindparam, select

from tinytorch_lab.coursework import Outcome
from tinytorch_lab.grading.store.database import put_row
from tinytorch_lab.grading.store.tables import results, runs


@dataclass(frozen=True)
class ScoredTest:
    """One test of a graded run. ``message`` is for the student, ``detail`` for the grader."""

    test: str
    score: float
    possible: float
    status: Outcome
    message: str
    detail: str
    seconds: float = 0.0
    peak_bytes: int = 0
    reference_seconds: float = 0.0
    reference_peak_bytes: int = 0


@dataclass(frozen=True)
class Evidence:
    """One graded run. ``answers`` are digests of the written answers, to tell a changed one from a marked one."""

    module: str
    student: str
    graded_at: str
    submission: str
    source: str
    integrity: str
    reason: str
    confinement: str
    tests: tuple[ScoredTest, ...]
    answers: Mapping[str, str]
    notes: tuple[str, ...]

    @property
    def score(self) -> float:
        """The automatic points."""
        return sum(test.score for test in self.tests)

    @property
    def possible(self) -> float:
        """The automatic points that could be had."""
        return sum(test.possible for test in self.tests)


@dataclass(frozen=True)
class Summary:
    """A submission's points as the gradebook has them; ``to_mark`` counts the written answers that wait."""

    automatic: float
    automatic_total: float
    written: float
    written_total: float
    to_mark: int


_ADAPTER = TypeAdapter(Evidence)
_RUN = select(runs).where(runs.c.module == bindparam("module"), runs.c.student == bindparam("student"))


def save_run(connection: Connection, evidence: Evidence, summary: Summary, former: Evidence | None) -> None:
    """Store why and what a submission scored, in place of the ``former`` run's.

    When a student would read something else than before, what was returned no longer is: it takes another release.
    """
    key = {"module": evidence.module, "student": evidence.student}
    # PostgreSQL takes no NUL in a text, and what a run says of itself may hold one.
    reason = evidence.reason.replace("\0", "\N{REPLACEMENT CHARACTER}")
    values = {**vars(evidence), "reason": reason, "tests": [vars(test) for test in evidence.tests]}
    put_row(connection, runs, key, {name: value for name, value in values.items() if name not in key})
    totals = {**vars(summary), "integrity": evidence.integrity, "graded_at": evidence.graded_at}
    changed = former is None or _told(former) != _told(evidence)
    put_row(connection, results, key, totals | ({"feedback_at": None, "returned_at": None} if changed else {}))


def load_evidence(connection: Connection, module: str, student: str) -> Evidence | None:
    """Return the evidence of the last graded run, or ``None`` when there is none."""
    row = connection.execute(_RUN, {"module": module, "student": student}).mappings().one_or_none()
    return _ADAPTER.validate_python(dict(row)) if row else None


def _told(evidence: Evidence) -> tuple[object, ...]:
    """Return what of ``evidence`` a student is told, and what that rests on; not how long it took."""
    tests = tuple((test.test, test.score, test.possible, test.status, test.message) for test in evidence.tests)
    rests_on = evidence.submission, evidence.source, dict(evidence.answers)
    return (*rests_on, evidence.integrity, evidence.notes, tests)


def digest(content: bytes | str) -> str:
    """Return what stands for ``content`` in evidence."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def now() -> str:
    """Return the present time as it is written in evidence and history."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
