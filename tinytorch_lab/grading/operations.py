"""The short operations of a course: each is one transaction, and none waits for a job to end."""

import base64
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, select

from tinytorch_lab.coursework import Receipt
from tinytorch_lab.errors import NotFoundError
from tinytorch_lab.grading import late_terms, marking, marking_aids, milestones, releasing, students, terms
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.gradebook import CourseGradebook
from tinytorch_lab.grading.intake import check_student_id
from tinytorch_lab.grading.jobs import rows
from tinytorch_lab.grading.jobs.kinds import JobKinds
from tinytorch_lab.grading.records import Job
from tinytorch_lab.grading.sources import load_module_source
from tinytorch_lab.grading.store.database import transaction
from tinytorch_lab.grading.store.marking_tables import samples
from tinytorch_lab.grading.student_desk import StudentDesk

_WITH_GRADEBOOK: dict[str, Callable[..., Any]] = {
    "mark": marking.add_mark,
    "undo_mark": marking.undo_mark,
}
"""Operations that are called with course, gradebook, actor and their arguments."""

_WITH_CONNECTION: dict[str, Callable[..., Any]] = {
    "enrol": students.enrol,
    "import_roster": students.import_roster,
    "unrelease": releasing.unrelease,
    "set_due": terms.set_due,
    "set_late_policy": late_terms.set_late_policy,
    "extend": terms.extend,
    "withdraw_extension": terms.withdraw_extension,
    "record_milestone": milestones.record_milestone,
    "keep_comment": marking.keep_comment,
    "delete_comment": marking.delete_comment,
}
"""The same with a connection."""

_AIDS: dict[str, Callable[..., Any]] = {
    "set_flag": marking_aids.set_flag,
    "clear_flag": marking_aids.clear_flag,
    "set_shares": marking_aids.set_shares,
    "remove_sample": marking_aids.remove_sample,
    "unmark_sample": marking_aids.unmark_sample,
}
"""The same without the course."""


class CourseOperations:
    """What callers may ask of a course, by name; ``queued`` is called when there is a new job."""

    def __init__(
        self,
        course: CourseFolder,
        engine: Engine,
        book: CourseGradebook,
        kinds: JobKinds,
        queued: Callable[[], None],
    ) -> None:
        self._course, self._engine, self._book, self._kinds, self._queued = course, engine, book, kinds, queued
        self._own: dict[str, Callable[..., Any]] = {
            "submit": self._submit,
            "add_sample": self._add_sample,
            "mark_sample": self._mark_sample,
            "submit_job": self._submit_job,
            "retry": self._retry,
            "cancel": lambda connection, actor, job: rows.cancel(connection, job, actor),
            "job": lambda connection, _actor, job: rows.find(connection, job),
            "jobs": lambda connection, _actor, limit: rows.recent(connection, limit),
            "job_report": lambda connection, _actor, job: rows.report(connection, job),
        }

    def run(self, operation: str, actor: str, arguments: dict[str, Any]) -> Any:
        """Return what ``operation`` answers.

        Raises:
            TinyTorchError: it was refused, for the reason given.
        """
        if operation == "submit_job":
            arguments["arguments"] = self._kinds.check(arguments["kind"], arguments["arguments"])
        elif "module" in arguments:
            arguments["module"] = self._course.assignment(arguments["module"])
        if operation in _WITH_GRADEBOOK:
            with self._book.transaction() as gradebook:
                return _WITH_GRADEBOOK[operation](self._course, gradebook, actor, **arguments)
        with transaction(self._engine) as connection:
            if operation in _WITH_CONNECTION:
                return _WITH_CONNECTION[operation](self._course, connection, actor, **arguments)
            answer = {**self._own, **_AIDS}[operation](connection, actor, **arguments)
        if operation in ("submit_job", "retry"):
            self._queued()
        return answer

    def _submit(self, connection: Connection, _actor: str, module: str, student: str, notebook: str) -> Receipt:
        desk = StudentDesk(self._course, connection, check_student_id(student))
        return desk.submit(module, base64.b64decode(notebook))

    def _add_sample(self, connection: Connection, actor: str, module: str, response: str, **sample: Any) -> int:
        total = self._points_of(module, response)
        return marking_aids.add_sample(connection, actor, module, response, **sample, total=total)

    def _mark_sample(self, connection: Connection, actor: str, sample: int, points: float, reinserted: bool) -> None:
        place = connection.execute(select(samples.c.module, samples.c.response).where(samples.c.id == sample))
        found = place.one_or_none()
        total = self._points_of(*found) if found else 0.0
        marking_aids.mark_sample(connection, actor, sample, points, total, reinserted=reinserted)

    def _points_of(self, module: str, response: str) -> float:
        return load_module_source(self._course.source(module)).response(response).points

    def _submit_job(
        self, connection: Connection, actor: str, kind: str, arguments: dict[str, Any], requested_at: str
    ) -> Job:
        return rows.add(connection, kind, arguments, actor, requested_at)

    def _retry(self, connection: Connection, actor: str, job: int, requested_at: str) -> Job:
        former = rows.find(connection, job)
        failed = rows.failed_subjects(connection, job)
        if not failed and former.state == "done":
            raise NotFoundError(f"Job {job} worked for everyone, so there is nothing to try again.")
        arguments = {**former.arguments, **({"only": failed} if failed else {})}
        return rows.add(connection, former.kind, arguments, actor, requested_at)
