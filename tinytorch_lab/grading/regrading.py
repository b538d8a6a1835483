"""Grading again in two steps: first what would change, then just that, for those whose work is still the same.

What the dry run came to is kept in the course folder and stored as it is when it is applied, so that the prediction
holds also for code that would give something else the next time.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

from nbformat import from_dict
from pydantic import TypeAdapter
from sqlalchemy import Engine

from tinytorch_lab.errors import ConflictError
from tinytorch_lab.files import write_text
from tinytorch_lab.grading import auditing
from tinytorch_lab.grading.autograde import Autograder, Graded, Trial
from tinytorch_lab.grading.evidence import Evidence, ScoredTest, digest, load_evidence
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.jobs import rows
from tinytorch_lab.grading.records import JobRow
from tinytorch_lab.grading.sources import load_module_source
from tinytorch_lab.grading.store.database import sole_writing, transaction

_TESTS = TypeAdapter(tuple[ScoredTest, ...])
_node = cast(Any, from_dict)


class Regrading:
    """The regrades of one course; ``dry_run`` is the number of the job that predicts."""

    def __init__(self, course: CourseFolder, engine: Engine, autograder: Autograder) -> None:
        self._course, self._engine, self._autograder = course, engine, autograder

    def predict(self, dry_run: int, module: str, student: str) -> JobRow:
        """Grade a submission again, keep the outcome, and return how it differs from what stands."""
        former = self._standing(module, student)
        trial = self._autograder.trial(module, student)
        before = {test.test: test.score for test in former.tests} if former else {}
        after = {test.test: test.score for test in trial.graded.tests}
        self._keep(dry_run, trial, former.graded_at if former else "")
        changes = {name: [before.get(name), score] for name, score in after.items() if before.get(name) != score}
        score = sum(after.values())
        details = {"before": sum(before.values()) if former else None, "after": score, "tests": changes}
        possible = sum(test.possible for test in trial.graded.tests)
        return JobRow(student, True, _sentence(changes), score, possible, details)

    def apply(self, actor: str, dry_run: int, module: str, row: JobRow) -> JobRow:
        """Store what was predicted in ``row``.

        Raises:
            ConflictError: the submission, the module or the scores have changed since.
        """
        trial, graded_at = self._kept(dry_run, module, row.subject)
        with sole_writing():
            former = self._standing(module, row.subject)
            if (former.graded_at if former else "") != graded_at:
                raise ConflictError("It was graded since the dry run; run that again.")
            evidence = self._autograder.keep(trial)
            if row.details and row.details["tests"]:
                with transaction(self._engine) as connection:
                    auditing.note(connection, actor, "regrade", module, row.subject, **row.details)
        return JobRow(row.subject, True, row.message, evidence.score, evidence.possible, row.details)

    def predicted(self, dry_run: int) -> dict[str, JobRow]:
        """Return what a dry run found, by student."""
        with transaction(self._engine) as connection:
            return {row.subject: row for row in rows.report(connection, dry_run).rows if row.ok}

    def _standing(self, module: str, student: str) -> Evidence | None:
        with transaction(self._engine) as connection:
            return load_evidence(connection, module, student)

    def _keep(self, dry_run: int, trial: Trial, graded_at: str) -> None:
        graded = trial.graded
        kept = {
            "graded_at": graded_at,
            "submission": digest(trial.content),
            "source": graded.source.digest,
            "notebook": graded.notebook,
            "tests": [asdict(test) for test in graded.tests],
            "notes": graded.notes,
            "integrity": graded.integrity,
            "reason": graded.reason,
            "confinement": graded.confinement,
            "unreadable": graded.unreadable,
        }
        write_text(self._folder(dry_run) / f"{trial.student}.json", json.dumps(kept))

    def _kept(self, dry_run: int, module: str, student: str) -> tuple[Trial, str]:
        """Return what the dry run came to, and when the work had been graded before it."""
        path = self._folder(dry_run) / f"{student}.json"
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ConflictError("What the dry run came to is gone; run it again.") from None
        source = load_module_source(self._course.source(module))
        content = self._course.submitted(module, student).read_bytes()
        if (kept["submission"], kept["source"]) != (digest(content), source.digest):
            raise ConflictError("The submission or the module changed since the dry run; run that again.")
        graded = Graded(
            notebook=_node(kept["notebook"]),
            source=source,
            tests=_TESTS.validate_python(kept["tests"]),
            notes=tuple(kept["notes"]),
            integrity=kept["integrity"],
            reason=kept["reason"],
            confinement=kept["confinement"],
            unreadable=kept["unreadable"],
        )
        return Trial(student, content, graded), kept["graded_at"]

    def _folder(self, dry_run: int) -> Path:
        return self._course.state / "regrade" / f"{dry_run:d}"


def _sentence(changes: Mapping[str, list[float | None]]) -> str:
    told = (
        f"{name} {_points(before)} \N{RIGHTWARDS ARROW} {_points(after)}" for name, (before, after) in changes.items()
    )
    return ", ".join(told) or "No change."


def _points(score: float | None) -> str:
    return "\N{EN DASH}" if score is None else f"{score:g}"
