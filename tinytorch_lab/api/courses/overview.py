"""The class, its students, how it did, and who changed what."""

from dataclasses import dataclass

from tinytorch_lab.api.courses.calls import Call
from tinytorch_lab.grading.queries import audit as audit_log
from tinytorch_lab.grading.queries import overview as grid
from tinytorch_lab.grading.queries import statistics as figures
from tinytorch_lab.grading.queries import students as pages
from tinytorch_lab.grading.queries.work import class_standings
from tinytorch_lab.grading.queries.work import struggling as struggling_of
from tinytorch_lab.grading.struggling import Struggling


@dataclass(frozen=True)
class CatalogueEntry:
    """A module or project of the curriculum, whether the course has begun with it or not."""

    module: str
    title: str


@dataclass(frozen=True)
class CourseModules:
    """The course as a grader sees it: its modules, and nothing of single students. ``me`` is who asks.

    ``catalogue`` is all that could be generated.
    """

    course: str
    title: str
    me: str
    role: str
    modules: tuple[grid.ModuleColumn, ...]
    catalogue: tuple[CatalogueEntry, ...]


def modules(call: Call) -> CourseModules:
    """Return the modules with how far the class is in each."""
    with call.course.reading() as connection:
        found = grid.class_overview(call.course.folder, connection)
    written = call.course.folder.library.available_assignments()
    catalogue = tuple(CatalogueEntry(assignment.name, assignment.title) for assignment in written)
    return CourseModules(found.course, found.title, call.caller.name, call.caller.role, found.modules, catalogue)


def overview(call: Call) -> grid.Overview:
    """Return the grid of students and modules."""
    with call.course.reading() as connection:
        return grid.class_overview(call.course.folder, connection)


def student(call: Call) -> pages.StudentPage:
    """Return one student's page."""
    with call.course.reading() as connection:
        return pages.student_page(call.course.folder, connection, call.path["student"])


def struggling(call: Call) -> tuple[Struggling, ...]:
    """Return the students who may need help."""
    with call.course.reading() as connection:
        return struggling_of(connection, class_standings(call.course.folder, connection))


def statistics(call: Call) -> figures.ModuleStatistics:
    """Return how the class did in a module."""
    with call.course.reading() as connection:
        return figures.module_statistics(connection, call.course.folder.assignment(call.path["module"]))


def suspicious(call: Call) -> list[figures.Suspicious]:
    """Return the runs that were tampered with or did not come to their end."""
    with call.course.reading() as connection:
        return figures.suspicious_runs(connection)


def audit(call: Call) -> list[audit_log.AuditEntry]:
    """Return the last changes, or those before the entry ``before``."""
    with call.course.reading() as connection:
        return audit_log.audit_entries(connection, call.number("before"))
