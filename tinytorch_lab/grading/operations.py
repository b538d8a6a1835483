"""The short operations of a course: each is one transaction, and none waits for a job to end."""

import base64
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Engine

from tinytorch_lab.coursework import Receipt
from tinytorch_lab.errors import NotFoundError
from tinytorch_lab.grading import marking
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.gradebook import CourseGradebook
from tinytorch_lab.grading.intake import check_student_id
from tinytorch_lab.grading.jobs import rows
from tinytorch_lab.grading.jobs.kinds import JobKinds
from tinytorch_lab.grading.records import Answer, GradeRow, Job, JobReport
from tinytorch_lab.grading.reports import grade_rows
from tinytorch_lab.grading.store.database import transaction
from tinytorch_lab.grading.student_desk import StudentDesk


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

    def run(self, operation: str, actor: str, arguments: dict[str, Any]) -> Any:
        """Return what ``operation`` answers.

        Raises:
            TinyTorchError: it was refused, for the reason given.
        """
        operations: dict[str, Callable[..., Any]] = {
            "enrol": self._enrol,
            "submit": self._submit,
            "submit_job": self._submit_job,
            "job": self._job,
            "jobs": self._jobs,
            "job_report": self._job_report,
            "cancel": self._cancel,
            "retry": self._retry,
            "manual": self._manual,
            "mark": self._mark,
            "report": self._report,
        }
        return operations[operation](actor, **arguments)

    def _enrol(self, _actor: str, students: Sequence[str]) -> None:
        names = [check_student_id(student) for student in students]
        with self._book.transaction() as gradebook:
            for name in names:
                gradebook.update_or_create_student(name)

    def _submit(self, _actor: str, module: str, student: str, notebook: str) -> Receipt:
        with self._transaction() as connection:
            desk = StudentDesk(self._course, connection, check_student_id(student))
            return desk.submit(module, base64.b64decode(notebook))

    def _submit_job(self, actor: str, kind: str, arguments: dict[str, Any], requested_at: str) -> Job:
        checked = self._kinds.check(kind, arguments)
        with self._transaction() as connection:
            job = rows.add(connection, kind, checked, actor, requested_at)
        self._queued()
        return job

    def _job(self, _actor: str, job: int) -> Job:
        with self._transaction() as connection:
            return rows.find(connection, job)

    def _jobs(self, _actor: str, limit: int) -> list[Job]:
        with self._transaction() as connection:
            return rows.recent(connection, limit)

    def _job_report(self, _actor: str, job: int) -> JobReport:
        with self._transaction() as connection:
            return rows.report(connection, job)

    def _cancel(self, actor: str, job: int) -> Job:
        with self._transaction() as connection:
            return rows.cancel(connection, job, actor)

    def _retry(self, actor: str, job: int, requested_at: str) -> Job:
        with self._transaction() as connection:
            former = rows.find(connection, job)
            failed = rows.failed_subjects(connection, job)
            if not failed and former.state == "done":
                raise NotFoundError(f"Job {job} worked for everyone, so there is nothing to try again.")
            arguments = {**former.arguments, **({"only": failed} if failed else {})}
            again = rows.add(connection, former.kind, arguments, actor, requested_at)
        self._queued()
        return again

    def _manual(self, _actor: str, module: str, student: str | None) -> list[Answer]:
        return list(marking.answers(self._course, self._book, self._course.assignment(module), student))

    def _mark(self, actor: str, module: str, **mark: Any) -> Answer:
        given = marking.new_mark(self._course.assignment(module), **mark, author=actor)
        return marking.mark(self._course, self._book, given)

    def _report(self, _actor: str, module: str | None) -> list[GradeRow]:
        return list(grade_rows(self._course, self._book, self._course.assignment(module) if module else None))

    def _transaction(self) -> Any:
        return transaction(self._engine)
