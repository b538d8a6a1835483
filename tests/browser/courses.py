"""A course with modules released and one submission graded and returned, made by the real service."""

from pathlib import Path

from tests.solutions import solve
from tinytorch_lab.curriculum.cells import is_response
from tinytorch_lab.curriculum.library import Library
from tinytorch_lab.curriculum.notebooks import notebook_text, read_notebook
from tinytorch_lab.grading.course import init_course
from tinytorch_lab.grading.records import JobReport
from tinytorch_lab.grading.service import GradingService, RequestedJob

INSTRUCTOR = "tess"
STUDENT = "ada"


def finish(job: RequestedJob) -> None:
    """Wait for a job, which must succeed."""
    *_, report = job
    assert isinstance(report, JobReport)
    assert report.ok, report


def make_course(folder: Path, library: Library, released: tuple[str, ...], returned: str) -> Path:
    """Make a course in ``folder`` that has ``released`` modules and ``returned`` one to the student."""
    course = init_course(folder, library, [STUDENT])
    with GradingService(course) as service:
        for name in released:
            finish(service.generate(name, actor=INSTRUCTOR))
            finish(service.release(name, actor=INSTRUCTOR))
        notebook = read_notebook(course.released(returned))
        solve(notebook, library.instructor(library.course.find(returned)))
        responses = [cell for cell in notebook.cells if is_response(cell)]
        for cell in responses:
            cell.source = "I measured it: 12 ms. " * 40
        service.submit(returned, STUDENT, notebook_text(notebook).encode())
        finish(service.collect(returned, actor=INSTRUCTOR))
        finish(service.autograde(returned, actor=INSTRUCTOR))
        for cell in responses:
            name = cell.metadata["nbgrader"]["grade_id"]
            service.mark(returned, STUDENT, name, 7, comment="Name the figure of your own run.", actor=INSTRUCTOR)
        finish(service.return_feedback(returned, actor=INSTRUCTOR))
    return course.root
