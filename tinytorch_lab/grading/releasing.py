"""Writing the instructor's notebook and making the students' version of it."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nbgrader.api import MissingEntry
from sqlalchemy import Connection

from tinytorch_lab.curriculum.build import instructor_notebook
from tinytorch_lab.curriculum.notebooks import write_notebook
from tinytorch_lab.curriculum.source import read_source
from tinytorch_lab.errors import ConflictError, InvalidInputError, NotAvailableError
from tinytorch_lab.grading import terms
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.gradebook import CourseGradebook
from tinytorch_lab.grading.nbgrader_calls import NbGrader
from tinytorch_lab.grading.sources import ModuleSource, load_module_source

_ASSIGNMENT = re.compile(r"\w[\w.-]{0,99}")


def generate(course: CourseFolder, query: str, source: Path | None) -> tuple[str, ModuleSource]:
    """Write the instructor's notebook of a module, or of the module source at ``source``; return its name and cells.

    Raises:
        NotFoundError: there is no such module.
        NotAvailableError: it has not been written, or the course folder is not ours to write.
        InvalidInputError: the source or one of its mark schemes cannot be read.
    """
    if source is None:
        module = course.library.course.assignment(query)
        name, notebook = module.name, course.library.instructor(module)
    else:
        name, notebook = check_assignment_name(query), instructor_notebook(read_source(source))
    path = course.source(name)
    former = path.read_bytes() if path.is_file() else None
    write_notebook(notebook, path)
    try:
        return name, load_module_source(path)
    except Exception:
        _put_back(path, former)
        raise


def check_assignment_name(name: str) -> str:
    """Return ``name`` if it can name an assignment.

    Raises:
        InvalidInputError: it cannot.
    """
    if not _ASSIGNMENT.fullmatch(name):
        raise InvalidInputError(f"{name!r} is no assignment name; one has letters, digits, '_', '.' and '-' only.")
    return name


def release(course: CourseFolder, nbgrader: NbGrader, book: CourseGradebook, module: str) -> ModuleSource:
    """Make the students' version of ``module``, in place of an earlier one, and publish it to the exchange.

    Raises:
        NotFoundError: the module has not been generated.
        ConflictError: submissions exist and the cells are no longer those they answer.
        NotAvailableError: the course folder is not ours to write.
    """
    source = load_module_source(course.source(module))
    _check_submissions(book, source)
    with _former_release_kept(course, module):
        nbgrader.generate_assignment(module)
    nbgrader.publish(module)
    return source


def unrelease(course: CourseFolder, connection: Connection, actor: str, *, module: str) -> None:
    """Take ``module`` back from students: out of the exchange, and closed for handing in; what they sent stays.

    Raises:
        NotFoundError: it is not released.
        NotAvailableError: the exchange is not ours to write.
    """
    terms.set_unreleased(connection, actor, module)
    published = course.exchange / course.course_id / "outbound" / module
    try:
        if published.exists():
            shutil.rmtree(published)
    except OSError as error:
        raise NotAvailableError(f"Cannot remove {published}: {error.strerror}.") from None


def _put_back(path: Path, former: bytes | None) -> None:
    if former is None:
        path.unlink()
    else:
        path.write_bytes(former)


def _check_submissions(book: CourseGradebook, source: ModuleSource) -> None:
    """Check that no cell with a place in existing submissions would come or go, or be worth something else."""
    with book.transaction() as gradebook:
        try:
            notebook = gradebook.find_notebook(source.name, source.name)
        except MissingEntry:
            return
        if not notebook.submissions:
            return
        former = {cell.name for cell in notebook.source_cells}
        worth = {cell.name: cell.max_score for cell in (*notebook.grade_cells, *notebook.task_cells)}
    changes = [f"{cell} is new" for cell in source.known.keys() - former]
    changes += [f"{cell} is gone" for cell in former - source.known.keys()]
    changes += [
        f"{cell.id} is worth {cell.points:g} instead of {worth[cell.id]:g} points"
        for cell in (*source.tests, *source.responses)
        if worth.get(cell.id, cell.points) != cell.points
    ]
    if changes:
        raise ConflictError(
            f"{source.name} cannot be released again, since students have handed it in and its graded cells changed "
            f"({', '.join(sorted(changes))})."
        )


@contextmanager
def _former_release_kept(course: CourseFolder, module: str) -> Iterator[None]:
    """Put the former release back when making the new one fails; nbgrader deletes it first."""
    folder, former = course.released(module).parent, course.state / "former-release" / module
    try:
        former.parent.mkdir(parents=True, exist_ok=True)
        # What is kept of a release that was killed is the only copy until there is a new one.
        if folder.exists():
            shutil.rmtree(former, ignore_errors=True)
            folder.rename(former)
    except OSError as error:
        raise NotAvailableError(f"Cannot write {folder}: {error.strerror}; nothing was released.") from None
    try:
        yield
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        if former.exists():
            former.rename(folder)
        raise
    shutil.rmtree(former, ignore_errors=True)
