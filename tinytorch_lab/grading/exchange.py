"""nbgrader's folder exchange, with the same care in taking submissions as everywhere else."""

from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

from nbgrader.exchange.default import ExchangeCollect
from nbgrader.utils import notebook_hash
from sqlalchemy import Connection

from tinytorch_lab.errors import TinyTorchError
from tinytorch_lab.files import write_bytes
from tinytorch_lab.grading.collecting import hand_over
from tinytorch_lab.grading.folder import CourseFolder, load_course_folder
from tinytorch_lab.grading.gradebook import prepare
from tinytorch_lab.grading.intake import check_student_id, find_notebook, read_beneath
from tinytorch_lab.grading.store.database import open_engine, transaction
from tinytorch_lab.grading.submission_store import add

_FIND_BUT_NOT_LIST = 0o711


class CarefulCollect(ExchangeCollect):  # type: ignore[misc]
    """Collects through :mod:`intake`: nbgrader's own copy follows a student's links into the instructor's files."""

    def submissions(self) -> Iterator[dict[str, Any]]:
        """Yield the newest submission of each student, in order of their names."""
        self.ensure_root()
        self.set_timestamp()
        self.init_src()
        yield from sorted(self.src_records, key=lambda record: str(record["username"]))

    def take(self, course: CourseFolder, connection: Connection, record: dict[str, Any]) -> str:
        """Store one submission and return what there is to say about it."""
        module = self.coursedir.assignment_id
        student = check_student_id(record["username"])
        found = find_notebook(Path(self.inbound_path) / record["filename"], module)
        received = record["timestamp"].replace(tzinfo=UTC)
        add(course, connection, module, student, found.content, source="exchange", received=received)
        return found.note

    def release_feedback(self, course: CourseFolder, record: dict[str, Any]) -> None:
        """Put the feedback on a submission where ``nbgrader fetch_feedback`` finds it: under the submission's secret.

        Raises:
            InvalidInputError: what should be the secret is a link, or no file.
            NotAvailableError: the exchange cannot be written.
        """
        module = self.coursedir.assignment_id
        found = read_beneath(Path(self.inbound_path) / record["filename"], ["submission_secret.txt"])
        if found is None:
            return
        name = notebook_hash(secret=found[0].decode("ascii", "replace"), notebook_id=module)
        folder = course.exchange / course.course_id / "feedback"
        folder.mkdir(mode=_FIND_BUT_NOT_LIST, exist_ok=True)
        page = course.feedback(module, record["username"])
        write_bytes(folder / f"{name}.html", page.read_bytes())
        (folder / f"{name}.html").chmod(0o644)

    def copy_files(self) -> None:
        """Take all submissions; this is what ``nbgrader collect`` calls."""
        course = load_course_folder(Path(self.coursedir.root))
        prepare(course)
        engine = open_engine(course.db_url)
        for record in self.src_records:
            student = record["username"]
            try:
                with transaction(engine) as connection:
                    note = self.take(course, connection, record)
                    message = hand_over(course, connection, self.coursedir.assignment_id, student)
                self.log.info("%s: %s", student, " ".join(part for part in (message, note) if part))
            except TinyTorchError as error:
                self.log.error("%s: %s", student, error)
        engine.dispose()
