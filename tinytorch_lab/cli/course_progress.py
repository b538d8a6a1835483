"""Where a student, or the class, stands in a course. What reads the course is loaded only when it is asked for."""

from pathlib import Path

from tinytorch_lab.grading.service import GradingService


def show_progress(course: Path | None, student: str | None, output: Path | None, *, as_json: bool) -> None:
    """Print how far ``student`` is, and write the whole class to ``output``, whichever is given.

    Raises:
        NotAvailableError: nbgrader is not installed.
    """
    GradingService.require_nbgrader()
    from tinytorch_lab.cli.grade.progress import export_class, show_student

    if output is not None:
        export_class(course, output)
    if student is not None:
        show_student(course, student, as_json=as_json)
