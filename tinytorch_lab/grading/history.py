"""Who marked what, when: an append-only file, since nbgrader's gradebook keeps a mark but not its author."""

import json
import os
from dataclasses import asdict, dataclass

from tinytorch_lab.errors import NotAvailableError
from tinytorch_lab.grading.folder import CourseFolder


@dataclass(frozen=True)
class Mark:
    """One mark given to one answer."""

    at: str
    module: str
    student: str
    response_id: str
    points: float
    comment: str
    author: str


def append_mark(course: CourseFolder, mark: Mark) -> None:
    """Add ``mark`` to the history.

    Raises:
        NotAvailableError: the course folder is not ours to write.
    """
    path = course.state / "marks.jsonl"
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(mark), ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise NotAvailableError(f"Cannot write {path}: {error.strerror}; the mark was not given.") from None


def latest_marks(course: CourseFolder, module: str) -> dict[tuple[str, str], Mark]:
    """Return the last mark of every answer of ``module`` by student and response."""
    try:
        lines = (course.state / "marks.jsonl").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    marks = (Mark(**json.loads(line)) for line in lines if line)
    return {(mark.student, mark.response_id): mark for mark in marks if mark.module == module}
