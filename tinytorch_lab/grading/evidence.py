"""Why a submission got its automatic score: one JSON file per student and module, for report, feedback and instructor.

It lies outside nbgrader's folders, which are copied to students: ``detail`` may say what a hidden test saw.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from tinytorch_lab.files import write_text
from tinytorch_lab.grading.folder import CourseFolder

Outcome = Literal["passed", "partly passed", "failed"]


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


_ADAPTER = TypeAdapter(Evidence)


def evidence_path(course: CourseFolder, module: str, student: str) -> Path:
    """Return where the evidence of a graded submission is."""
    return course.state / "evidence" / module / f"{student}.json"


def save_evidence(course: CourseFolder, evidence: Evidence) -> None:
    """Write ``evidence`` in place of an earlier run's."""
    text = json.dumps(asdict(evidence), indent=1, ensure_ascii=False)
    write_text(evidence_path(course, evidence.module, evidence.student), text + "\n")


def load_evidence(course: CourseFolder, module: str, student: str) -> Evidence | None:
    """Return the evidence of the last graded run, or ``None`` when there is none that can be read."""
    try:
        return _ADAPTER.validate_json(evidence_path(course, module, student).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def digest(content: bytes | str) -> str:
    """Return what stands for ``content`` in evidence."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def now() -> str:
    """Return the present time as it is written in evidence and history."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
