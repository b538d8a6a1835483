"""What students ask: each about themselves only."""

from collections.abc import Iterator
from contextlib import contextmanager

from tinytorch_lab.api.courses.calls import Call, Download
from tinytorch_lab.coursework import Assignment, Feedback, Receipt
from tinytorch_lab.grading.student_desk import StudentDesk


def assignments(call: Call) -> list[Assignment]:
    """Return what the course has released, as it stands for the caller."""
    with _desk(call) as desk:
        return desk.assignments()


def notebook(call: Call) -> Download:
    """Return the released notebook of a module."""
    module = call.path["module"]
    with _desk(call) as desk:
        return Download(desk.notebook(module), "application/x-ipynb+json", f"{module}.ipynb")


def submit(call: Call, content: bytes) -> Receipt:
    """Take a notebook in the caller's name, at the time it came."""
    return call.course.service.submit(call.path["module"], call.caller.name, content)


def submissions(call: Call) -> list[Receipt]:
    """Return the receipts of all that the caller handed in for a module, the newest first."""
    with _desk(call) as desk:
        return desk.submissions(call.path["module"])


def submission(call: Call) -> Download:
    """Return a notebook as the caller handed it in."""
    receipt = call.path["receipt"]
    with _desk(call) as desk:
        return Download(desk.submission(receipt), "application/x-ipynb+json", f"{receipt}.ipynb")


def feedback(call: Call) -> Feedback:
    """Return the feedback on a module, once it is returned."""
    with _desk(call) as desk:
        return desk.feedback(call.path["module"])


def feedback_page(call: Call) -> Download:
    """Return the feedback as one page, once it is returned."""
    module = call.path["module"]
    with _desk(call) as desk:
        return Download(desk.feedback_page(module).encode(), "text/html; charset=utf-8", f"{module}.html")


@contextmanager
def _desk(call: Call) -> Iterator[StudentDesk]:
    with call.course.reading() as connection:
        yield StudentDesk(call.course.folder, connection, call.caller.name)
