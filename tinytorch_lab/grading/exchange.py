"""nbgrader's folder exchange, with the same care in taking submissions as everywhere else."""

from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

from nbgrader.exchange.default import ExchangeCollect
from sqlalchemy import Connection

from tinytorch_lab.errors import TinyTorchError
from tinytorch_lab.grading.collecting import hand_over
from tinytorch_lab.grading.folder import CourseFolder, load_course_folder
from tinytorch_lab.grading.gradebook import prepare
from tinytorch_lab.grading.intake import check_student_id, find_notebook
from tinytorch_lab.grading.store.database import open_engine, transaction
from tinytorch_lab.grading.submission_store import add


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
