"""A student's desk at a course on the same machine."""

from collections.abc import Iterator
from contextlib import contextmanager

from tinytorch_lab.coursework import Assignment, Feedback, Receipt
from tinytorch_lab.grading.open_course import OpenCourse
from tinytorch_lab.grading.student_desk import StudentDesk


class LocalDesk:
    """What ``student`` may see and do in ``course``: read here, handed in through the course's only writer."""

    def __init__(self, course: OpenCourse, student: str) -> None:
        self._course, self._student = course, student

    def assignments(self) -> list[Assignment]:
        """Return every module that the course has released, in its order."""
        with self._desk() as desk:
            return desk.assignments()

    def notebook(self, module: str) -> bytes:
        """Return the students' notebook of ``module`` as it was released."""
        with self._desk() as desk:
            return desk.notebook(module)

    def submit(self, module: str, notebook: bytes) -> Receipt:
        """Hand in ``notebook`` and return the receipt."""
        return self._course.service.submit(module, self._student, notebook)

    def submissions(self, module: str) -> list[Receipt]:
        """Return the receipts of everything handed in for ``module``, the newest first."""
        with self._desk() as desk:
            return desk.submissions(module)

    def submission(self, receipt_id: str) -> bytes:
        """Return a notebook as it was handed in."""
        with self._desk() as desk:
            return desk.submission(receipt_id)

    def feedback(self, module: str) -> Feedback:
        """Return the feedback on ``module`` once it is returned."""
        with self._desk() as desk:
            return desk.feedback(module)

    def feedback_page(self, module: str) -> str:
        """Return the feedback as one self-contained HTML page."""
        with self._desk() as desk:
            return desk.feedback_page(module)

    @contextmanager
    def _desk(self) -> Iterator[StudentDesk]:
        with self._course.reading() as connection:
            yield StudentDesk(self._course.folder, connection, self._student)
