"""What callers use: every operation of a course, done by the course's worker process."""

import base64
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING

from tinytorch_lab.coursework import Receipt
from tinytorch_lab.grading.course_jobs import CourseJobs, RequestedJob
from tinytorch_lab.grading.lateness import LatePolicy
from tinytorch_lab.grading.records import Mark, Marked

if TYPE_CHECKING:
    from tinytorch_lab.grading.roster import RosterEntry

__all__ = ["GradingService", "RequestedJob"]


class GradingService(CourseJobs):
    """The operations of one course. ``actor`` is who asks; what they may do is the caller's to decide."""

    # Jobs: each is entered in the queue, and done one at a time.

    def generate(self, module: str, source: Path | None = None, *, actor: str) -> RequestedJob:
        """Write the instructor's notebook of ``module``, or of the module source at ``source``, to ``source/``."""
        return self._job("generate", actor, module=module, source=_absolute(source))

    def release(self, module: str, *, actor: str) -> RequestedJob:
        """Make the students' notebook and publish it to the exchange."""
        return self._job("release", actor, module=module)

    def collect(
        self, module: str, students: Sequence[str] | None = None, source: Path | None = None, *, actor: str
    ) -> RequestedJob:
        """Take submissions from nbgrader's exchange, or from ``source`` with one folder per student."""
        return self._job("collect", actor, module=module, students=_names(students), source=_absolute(source))

    def autograde(
        self,
        module: str,
        students: Sequence[str] | None = None,
        changed: bool = False,
        *,
        cluster: str = "",
        actor: str,
    ) -> RequestedJob:
        """Run the tests on what was collected and store the scores; ``changed`` leaves out what was graded as it is.

        ``cluster`` is the TLS address of a scheduler whose workers run them, instead of this machine.
        """
        wanted = {"students": _names(students), "changed": changed, "cluster": cluster}
        return self._job("autograde", actor, module=module, **wanted)

    def regrade(self, module: str, students: Sequence[str] | None = None, *, actor: str) -> RequestedJob:
        """Find out what grading again would change, and change nothing; each row's ``details`` tell the differences.

        ``details`` are ``before`` and ``after`` (automatic points) and ``tests``: for each that differs, both scores.
        """
        return self._job("regrade", actor, module=module, students=_names(students))

    def apply_regrade(self, dry_run: int, students: Sequence[str] | None = None, *, actor: str) -> RequestedJob:
        """Store what the job ``dry_run`` found, for all or ``students``; written marks stay as they are.

        Raises:
            NotFoundError: that is no dry run.
            ConflictError: it is not finished.
        """
        return self._job("apply_regrade", actor, dry_run=dry_run, students=_names(students))

    def run_on_own_modules(self, module: str, students: Sequence[str] | None = None, *, actor: str) -> RequestedJob:
        """Run graded submissions once more on their authors' own earlier modules; for information, it never counts."""
        return self._job("own_modules", actor, module=module, students=_names(students))

    def run_milestone(self, module: str, students: Sequence[str] | None = None, *, actor: str) -> RequestedJob:
        """Run the milestone after ``module`` on students' own modules, and note who reached it; all but those who have.

        Raises:
            NotFoundError: no milestone comes after the module.
        """
        return self._job("milestone", actor, module=module, students=_names(students))

    def feedback(
        self, module: str, students: Sequence[str] | None = None, force: bool = False, *, actor: str
    ) -> RequestedJob:
        """Write the feedback pages; with ``force`` also those whose answers are not marked yet."""
        return self._job("feedback", actor, module=module, students=_names(students), force=force)

    def return_feedback(
        self, module: str, students: Sequence[str] | None = None, force: bool = False, *, actor: str
    ) -> RequestedJob:
        """Let students read their feedback, writing pages that are missing or outdated; ``force`` as above."""
        return self._job("return_feedback", actor, module=module, students=_names(students), force=force)

    # Short operations: done as they come, also while a job is at work.

    def enrol(self, students: Sequence[str], *, actor: str) -> None:
        """Enter ``students`` in the gradebook; those already in it stay as they are."""
        self._ask("enrol", NoneType, actor, students=list(students))

    def import_roster(self, entries: "Sequence[RosterEntry]", *, actor: str) -> dict[str, int]:
        """Enter a class list, replacing names and addresses; returns how many were ``new`` and how many ``known``."""
        listed = [asdict(entry) for entry in entries]
        return self._ask("import_roster", dict[str, int], actor, entries=listed)

    def submit(self, module: str, student: str, notebook: bytes) -> Receipt:
        """Hand in ``notebook`` for ``student`` and return the signed receipt.

        Raises:
            NotFoundError: the module is not released.
            InvalidInputError: it is too large, or no notebook.
        """
        content = base64.b64encode(notebook).decode("ascii")
        return self._ask("submit", Receipt, student, module=module, student=student, notebook=content)

    def unrelease(self, module: str, *, actor: str) -> None:
        """Take a module back from students; what they handed in stays."""
        self._ask("unrelease", NoneType, actor, module=module)

    def set_due(self, module: str, due_at: str | None, *, actor: str) -> None:
        """Set when a module is due (ISO 8601), never with ``None``; lateness is counted anew for everybody."""
        self._ask("set_due", NoneType, actor, module=module, due_at=due_at)

    def set_late_policy(self, policy: LatePolicy, *, actor: str) -> None:
        """Set what lateness costs, in the course folder's ``course.toml``; lateness is counted anew for everybody.

        Raises:
            InvalidInputError: a value is out of its range.
        """
        self._ask("set_late_policy", NoneType, actor, **asdict(policy))

    def extend(self, module: str, student: str, due_at: str, reason: str = "", *, actor: str) -> None:
        """Give a student a due date of their own, in place of an earlier one."""
        self._ask("extend", NoneType, actor, module=module, student=student, due_at=due_at, reason=reason)

    def withdraw_extension(self, module: str, student: str, *, actor: str) -> None:
        """Take a student's own due date back."""
        self._ask("withdraw_extension", NoneType, actor, module=module, student=student)

    def record_milestone(self, student: str, number: int, passed: bool, message: str = "", *, actor: str) -> None:
        """Note that a student has, or has not, reached a milestone; the course grade counts it."""
        given = {"student": student, "number": number, "passed": passed, "message": message}
        self._ask("record_milestone", NoneType, actor, **given)

    def mark(
        self,
        module: str,
        student: str,
        response: str,
        points: float,
        comment: str = "",
        *,
        level: str = "",
        criteria: Sequence[str] = (),
        seen: int | None = None,
        answer: str | None = None,
        actor: str,
    ) -> Marked:
        """Give an answer ``points``; the mark stands unless another author's does that is not the one ``seen``.

        ``answer`` is the digest of the text that was read; ``None`` takes the answer as it is now.

        Raises:
            NotFoundError: there is no such answer.
            InvalidInputError: points, level or criteria are not those of its mark scheme.
            ConflictError: the submission has not been autograded, or the answer is no longer the one that was read.
        """
        place = {"module": module, "student": student, "response": response}
        given = {"points": points, "level": level, "criteria": list(criteria), "comment": comment}
        return self._ask("mark", Marked, actor, **place, **given, seen=seen, answer=answer)

    def undo_mark(self, mark: int, *, actor: str) -> Mark:
        """Take back a mark that stands, and have the one before it stand again.

        Raises:
            ConflictError: another mark stands by now.
        """
        return self._ask("undo_mark", Mark, actor, mark=mark)

    def keep_comment(self, module: str, response: str, text: str, *, actor: str) -> int:
        """Keep a comment for reuse with one question and return its number."""
        return self._ask("keep_comment", int, actor, module=module, response=response, text=text)

    def delete_comment(self, comment: int, *, actor: str) -> None:
        """Drop a comment from those kept for reuse."""
        self._ask("delete_comment", NoneType, actor, comment=comment)

    def set_flag(self, module: str, student: str, response: str, note: str = "", *, actor: str) -> None:
        """Ask for another look at an answer, with a note why."""
        self._ask("set_flag", NoneType, actor, module=module, student=student, response=response, note=note)

    def clear_flag(self, module: str, student: str, response: str, *, actor: str) -> None:
        """Take the flag off an answer, if there is one."""
        self._ask("clear_flag", NoneType, actor, module=module, student=student, response=response)

    def set_shares(self, module: str, response: str, graders: Sequence[str], *, actor: str) -> None:
        """Divide the answers to a question evenly among ``graders``; with none, everyone marks all."""
        self._ask("set_shares", NoneType, actor, module=module, response=response, graders=list(graders))

    def add_sample(self, module: str, response: str, text: str, points: float, reason: str = "", *, actor: str) -> int:
        """Keep ``text`` as an answer worth ``points`` by agreement, and return its number."""
        sample = {"text": text, "points": points, "reason": reason}
        return self._ask("add_sample", int, actor, module=module, response=response, **sample)

    def remove_sample(self, sample: int, *, actor: str) -> None:
        """Remove a sample with all marks it got."""
        self._ask("remove_sample", NoneType, actor, sample=sample)

    def mark_sample(self, sample: int, points: float, *, reinserted: bool, actor: str) -> None:
        """Keep the points that ``actor`` gives a sample: blind, or met again among real answers."""
        self._ask("mark_sample", NoneType, actor, sample=sample, points=points, reinserted=reinserted)

    def unmark_sample(self, sample: int, *, actor: str) -> None:
        """Take back the points that ``actor`` gave a sample when it was last met among real answers."""
        self._ask("unmark_sample", NoneType, actor, sample=sample)


def _absolute(path: Path | None) -> str | None:
    return str(path.resolve()) if path else None


def _names(students: Sequence[str] | None) -> list[str] | None:
    return None if students is None else list(students)
