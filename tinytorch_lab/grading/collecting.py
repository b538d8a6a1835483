"""Taking what was handed in to where it is graded from; everything goes through the store of submissions."""

from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from tinytorch_lab.errors import NotFoundError
from tinytorch_lab.files import write_bytes, write_text
from tinytorch_lab.grading import submission_store
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.intake import check_student_id, find_notebook


def take_from_folder(course: CourseFolder, connection: Connection, module: str, student: str, folder: Path) -> str:
    """Store the notebook in a student's ``folder``, and return what is odd about it.

    Raises:
        NotFoundError: there is none.
        InvalidInputError: it is a link, no regular file or too large, or ``student`` is no id.
        NotAvailableError: the course folder is not ours to write.
    """
    check_student_id(student)
    found = find_notebook(folder, module)
    submission_store.add(course, connection, module, student, found.content, source="folder", received=found.written)
    return found.note


def hand_over(course: CourseFolder, connection: Connection, module: str, student: str) -> str:
    """Put the newest submission of ``student`` where it is graded from, and return what there is to say about it.

    Raises:
        NotFoundError: there is none.
        NotAvailableError: the course folder is not ours to write.
    """
    newest = submission_store.history(connection, module, student)[:1]
    if not newest:
        raise NotFoundError(f"{student} has not handed in {module}.")
    content = submission_store.content(course, newest[0])
    path = course.submitted(module, student)
    moment = datetime.fromisoformat(newest[0].received_at)
    timestamp = moment.strftime("%Y-%m-%d %H:%M:%S.%f UTC") + "\n"
    if path.is_file() and path.read_bytes() == content and _text(path.parent / "timestamp.txt") == timestamp:
        return "Nothing new."
    write_bytes(path, content)
    write_text(path.parent / "timestamp.txt", timestamp)
    return "Collected."


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""
