"""Making a course folder."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

from tinytorch_lab.curriculum.library import Library
from tinytorch_lab.errors import InvalidInputError
from tinytorch_lab.files import write_text
from tinytorch_lab.grading.folder import SETTINGS, CourseFolder, load_course_folder
from tinytorch_lab.grading.intake import check_student_id
from tinytorch_lab.grading.roster import RosterEntry
from tinytorch_lab.grading.service import GradingService

__all__ = ["CourseFolder", "init_course", "load_course_folder"]

_CONFIG = '''"""What makes nbgrader's own commands work in this folder as tito's do; add settings of nbgrader below."""

from pathlib import Path

from tinytorch_lab.grading.config import configure

c = get_config()  # noqa: F821
configure(c, Path(__file__).parent)
'''
_COURSE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def init_course(
    folder: Path, library: Library, students: Sequence[str] = (), roster: Sequence[RosterEntry] = ()
) -> CourseFolder:
    """Make ``folder`` a course on ``library``, or complete it; what is already there stays as it is.

    Its ``students``, and those of the class list ``roster``, are enrolled.

    Raises:
        InvalidInputError: the catalogue's course id, or a student's, cannot name a folder.
        NotAvailableError: the place is not ours to write, or nbgrader is not installed.
    """
    GradingService.require_nbgrader()
    for student in students:
        check_student_id(student)
    course_id = library.course.id
    if not _COURSE_ID.fullmatch(course_id):
        place = library.root / "course.toml"
        raise InvalidInputError(
            f"The course id {course_id!r} in {place} may hold letters, digits, '_', '.' and '-' only."
        )
    root = folder.resolve()
    if not (root / SETTINGS).exists():
        write_text(root / SETTINGS, _settings(library, course_id))
    if not (root / "nbgrader_config.py").exists():
        write_text(root / "nbgrader_config.py", _CONFIG)
    course = load_course_folder(root)
    with GradingService(course) as service:
        service.enrol(students, actor="init")
        if roster:
            service.import_roster(roster, actor="init")
    return course


def _settings(library: Library, course_id: str) -> str:
    return (
        f"curriculum = {json.dumps(str(library.root.resolve()), ensure_ascii=False)}\n"
        f"course_id = {json.dumps(course_id)}\n"
        "# Grade without confinement where the machine offers none: students' code then runs as you.\n"
        "allow_unsandboxed = false\n"
    )
