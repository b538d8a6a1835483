"""The synthetic course of ``tito demo``."""

import shlex
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tinytorch_lab.cli.grade.reports import grade_columns
from tinytorch_lab.cli.output import err, say, show_json, show_table
from tinytorch_lab.curriculum.library import Library
from tinytorch_lab.errors import ConflictError, NotAvailableError
from tinytorch_lab.grading.course import init_course
from tinytorch_lab.grading.records import JobReport
from tinytorch_lab.grading.reports import grade_report
from tinytorch_lab.grading.service import GradingService, RequestedJob
from tinytorch_lab.grading.store.database import reading
from tinytorch_lab.grading.synthetic import STUDENTS
from tinytorch_lab.grading.synthetic_course import STAGES, SyntheticCourse, backdate


def run_demo(library: Library, keep: Path | None, *, as_json: bool) -> None:
    """Grade the synthetic course, in the new folder ``keep`` or in one that is gone afterwards, and print the grades.

    Raises:
        NotAvailableError: no module of the curriculum has a source here.
        ConflictError: there is something at ``keep`` already.
    """
    modules = library.available_modules()[: len(STAGES)]
    if not modules:
        raise NotAvailableError(f"There is no module source below {library.root} to make a demo of.")
    with _folder(keep) as folder:
        course = init_course(folder, library)
        with GradingService(course) as grading:
            SyntheticCourse(course, grading, _follow).fill(modules, folder / "handed-in")
        backdate(course, modules)
        with reading(course.db_url) as connection:
            rows = list(grade_report(course, connection))
    stories = {student.id: student.story for student in STUDENTS}
    table = [{"student": row.student, "story": stories[row.student]} | grade_columns(row) for row in rows]
    if as_json:
        show_json(table)
        return
    for module in modules:
        graded = [{k: v for k, v in row.items() if k != "module"} for row in table if row["module"] == module.name]
        show_table(f"Demo course: {module.name}", graded, as_json=False)
    if keep:
        say(f"The course was kept in {keep}; see it in the grading panel: {panel_command(keep)}")


def panel_command(course: Path) -> str:
    """Return what to type to have the grading panel of the course in the folder ``course``."""
    return shlex.join(["tito", "lab", f"--TinyTorchLab.course={course}"])


def _follow(events: RequestedJob, title: str) -> None:
    with err.status(f"{title} …") as status:
        for event in events:
            if not isinstance(event, JobReport):
                status.update(f"{title}: {event.subject} ({event.done}/{event.total})")


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """Yield the course's folder; one that is kept is removed again unless the course is completed.

    Raises:
        ConflictError: there is something at ``keep`` already.
    """
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="tinytorch-demo-") as folder:
            yield Path(folder)
        return
    if keep.exists():
        raise ConflictError(f"{keep} exists already; name a new folder, or remove it.")
    try:
        keep.mkdir(parents=True)
    except OSError as error:
        raise NotAvailableError(f"Cannot make {keep}: {error.strerror}.") from None
    try:
        yield keep
    except BaseException:
        shutil.rmtree(keep, ignore_errors=True)
        raise
