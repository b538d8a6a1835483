"""nbgrader's folder exchange, with the same care in taking submissions as everywhere else."""

from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

from nbgrader.exchange.default import ExchangeCollect

from tinytorch_lab.errors import TinyTorchError
from tinytorch_lab.grading.folder import CourseFolder, load_course_folder
from tinytorch_lab.grading.intake import check_student_id, find_notebook, take


class CarefulCollect(ExchangeCollect):  # type: ignore[misc]
    """Collects through :mod:`intake`: nbgrader's own copy follows a student's links into the instructor's files."""

    def submissions(self) -> Iterator[dict[str, Any]]:
        """Yield the newest submission of each student, in order of their names."""
        self.ensure_root()
        self.set_timestamp()
        self.init_src()
        yield from sorted(self.src_records, key=lambda record: str(record["username"]))

    def take(self, course: CourseFolder, record: dict[str, Any]) -> str:
        """Store one submission and return what there is to say about it."""
        module = self.coursedir.assignment_id
        student = check_student_id(record["username"])
        found = find_notebook(Path(self.inbound_path) / record["filename"], module)
        return take(course, module, student, found, record["timestamp"].replace(tzinfo=UTC))

    def copy_files(self) -> None:
        """Take all submissions; this is what ``nbgrader collect`` calls."""
        course = load_course_folder(Path(self.coursedir.root))
        for record in self.src_records:
            try:
                self.log.info("%s: %s", record["username"], self.take(course, record))
            except TinyTorchError as error:
                self.log.error("%s: %s", record["username"], error)
