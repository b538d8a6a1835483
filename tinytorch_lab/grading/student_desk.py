"""One student's side of the course: what is set, what was handed in, what came back. Nothing of anybody else's.

This is where feedback is held back until it is returned; whatever a student is told passes through here.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from tinytorch_lab.coursework import Assignment, AssignmentState, Feedback, Receipt
from tinytorch_lab.curriculum.notebooks import read_notebook
from tinytorch_lab.errors import ConflictError, NotFoundError
from tinytorch_lab.grading import submission_store
from tinytorch_lab.grading.feedback import compile_feedback
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.receipts import course_key, sign
from tinytorch_lab.grading.rules import late_policy_of
from tinytorch_lab.grading.store.tables import assignments, extensions, results
from tinytorch_lab.grading.submission_store import Submission
from tinytorch_lab.grading.submissions import read_submission


class StudentDesk:
    """What ``student`` may see and do, in one transaction of the course's database."""

    def __init__(self, course: CourseFolder, connection: Connection, student: str) -> None:
        self._course, self._connection, self._student = course, connection, student
        self._policy = late_policy_of(course).sentence()

    def assignments(self) -> list[Assignment]:
        """Return every released module in the order of the catalogue, other assignments after them."""
        due = self._own_due_dates()
        latest = submission_store.latest_of_student(self._connection, self._student)
        graded = self._rows(results)
        places = {module.name: place for place, module in enumerate(self._course.library.course.modules)}
        released = self._connection.execute(select(assignments).where(assignments.c.released_at.is_not(None)))
        made = [
            self._assignment(row, due.get(row["module"]), latest.get(row["module"]), graded.get(row["module"]))
            for row in released.mappings()
        ]
        return sorted(made, key=lambda item: (places.get(item.module, len(places)), item.module))

    def notebook(self, module: str) -> bytes:
        """Return the students' notebook of ``module`` as it was released.

        Raises:
            NotFoundError: the module is not released.
            ConflictError: it is just being released again.
        """
        self._released(module)
        try:
            return self._course.released(module).read_bytes()
        except FileNotFoundError:
            raise ConflictError(f"{module} is being released again; try again in a moment.") from None

    def submit(self, module: str, notebook: bytes) -> Receipt:
        """Hand in ``notebook`` and return the signed receipt.

        Raises:
            NotFoundError: the module is not released.
            InvalidInputError: it is too large, or no notebook.
            NotAvailableError: the course's disk does not take it.
        """
        self._released(module)
        submission_store.check_size(notebook)
        read_submission(notebook)
        submission = submission_store.add(
            self._course,
            self._connection,
            module,
            self._student,
            notebook,
            source="http",
            received=datetime.now(UTC),
        )
        return self._receipt(submission)

    def submissions(self, module: str) -> list[Receipt]:
        """Return the receipts of all submissions of ``module``, the newest first."""
        found = submission_store.history(self._connection, module, self._student)
        return [self._receipt(submission) for submission in found]

    def submission(self, receipt_id: str) -> bytes:
        """Return a notebook as it was handed in.

        Raises:
            NotFoundError: the student has no such submission.
        """
        found = submission_store.find(self._connection, receipt_id)
        if found.student != self._student:
            raise NotFoundError("There is no such submission.")
        return submission_store.content(self._course, found)

    def feedback(self, module: str) -> Feedback:
        """Return the feedback on ``module``.

        Raises:
            ConflictError: it has not been returned.
        """
        self._returned(module)
        notebook = read_notebook(self._course.autograded(module, self._student))
        return compile_feedback(self._course, self._connection, module, self._student, notebook)

    def feedback_page(self, module: str) -> str:
        """Return the feedback as a page.

        Raises:
            ConflictError: it has not been returned.
        """
        self._returned(module)
        path = self._course.feedback(module, self._student)
        try:
            return path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise ConflictError(f"The feedback page of {module} is being written again; try later.") from None

    def _assignment(
        self, row: RowMapping, own_due: str | None, submission: Submission | None, graded: RowMapping | None
    ) -> Assignment:
        returned = graded["returned_at"] if graded else None
        due = own_due or row["due_at"]
        return Assignment(
            module=row["module"],
            state=_state(submission, graded),
            released_at=row["released_at"],
            due_at=due,
            extended=own_due is not None,
            policy=self._policy,
            submission=self._receipt(submission) if submission else None,
            late_seconds=seconds_between(due, submission.received_at) if due and submission else 0,
            score=graded["automatic"] + graded["written"] - graded["penalty"] if graded and returned else None,
            total=graded["automatic_total"] + graded["written_total"] if graded and returned else None,
            returned_at=returned,
        )

    def _receipt(self, submission: Submission) -> Receipt:
        receipt = Receipt(
            id=submission.id,
            course=self._course.course_id,
            module=submission.module,
            student=submission.student,
            digest=submission.digest,
            size=submission.size,
            received_at=submission.received_at,
            signature="",
        )
        return sign(receipt, course_key(self._course, "receipts"))

    def _own_due_dates(self) -> dict[str, str]:
        return {module: row["due_at"] for module, row in self._rows(extensions).items()}

    def _rows(self, table: Any) -> dict[str, RowMapping]:
        rows = self._connection.execute(select(table).where(table.c.student == self._student))
        return {row["module"]: row for row in rows.mappings()}

    def _released(self, module: str) -> None:
        query = select(assignments.c.released_at).where(assignments.c.module == module)
        if self._connection.execute(query).scalar_one_or_none() is None:
            raise NotFoundError(f"{module} is not released in this course.")

    def _returned(self, module: str) -> None:
        row = self._rows(results).get(module)
        if row is None or row["returned_at"] is None:
            raise ConflictError(f"The feedback on {module} has not been returned yet.")


def seconds_between(earlier: str, later: str) -> int:
    """Return the whole seconds from one ISO time to the other; 0 when they are the other way round."""
    return max(0, int((datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()))


def _state(submission: Submission | None, graded: RowMapping | None) -> AssignmentState:
    if graded is not None and graded["returned_at"] is not None:
        return "returned"
    if graded is not None and graded["graded_at"] is not None:
        return "graded"
    return "submitted" if submission else "open"
