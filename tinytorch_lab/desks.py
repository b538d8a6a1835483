"""Where a student's work is handed in: a grading service, a course on this machine, or nowhere."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tinytorch_lab.coursework import Desk
from tinytorch_lab.errors import InvalidInputError
from tinytorch_lab.learning.remote_desk import RemoteDesk

if TYPE_CHECKING:
    from tinytorch_lab.grading.open_course import OpenCourse

SERVICE = "TINYTORCH_LAB_SERVICE"
"""Environment variable: the address of the grading service."""
COURSE = "TINYTORCH_LAB_COURSE"
"""Environment variable: the course's id at the grading service, or the course's folder on this machine."""
NO_DESK = (
    "This workspace belongs to no course, so nothing can be handed in from here; "
    f"a course sets {SERVICE}, or {COURSE} to its folder."
)


def remote_desk(environment: Mapping[str, str] = os.environ) -> RemoteDesk | None:
    """Return the desk at the grading service that ``environment`` names, if it names one.

    Raises:
        InvalidInputError: the course or the token is missing.
    """
    url = environment.get(SERVICE)
    if not url:
        return None
    course, token = environment.get(COURSE), environment.get("JUPYTERHUB_API_TOKEN")
    missing = [name for name, value in ((COURSE, course), ("JUPYTERHUB_API_TOKEN", token)) if not value]
    if not course or not token:
        raise InvalidInputError(f"{SERVICE} is set without {' and '.join(missing)}; the hub's administrator sets all.")
    return RemoteDesk(url, course, token)


def local_desk(folder: Path, student: str) -> "tuple[OpenCourse, Desk]":
    """Open the course in ``folder`` and return it with the desk of ``student``; close the course when done.

    Raises:
        NotFoundError: there is no course in ``folder``.
        NotAvailableError: nbgrader is not installed.
    """
    # The grading side is an extra of its own; a student's machine need not have it.
    from tinytorch_lab.grading.service import GradingService

    GradingService.require_nbgrader()
    from tinytorch_lab.grading.folder import load_course_folder
    from tinytorch_lab.grading.local_desk import LocalDesk
    from tinytorch_lab.grading.open_course import OpenCourse

    course = OpenCourse(load_course_folder(folder))
    return course, LocalDesk(course, student)
