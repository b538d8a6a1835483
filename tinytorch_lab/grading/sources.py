"""The instructor's notebook of a module as grading sees it: which cells the course knows, and where they stand."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from nbformat import NotebookNode

from tinytorch_lab.curriculum.build import student_notebook
from tinytorch_lab.curriculum.cells import (
    grade_id,
    is_implementation,
    is_measurement,
    is_response,
    is_task,
    is_test,
    nbgrader_metadata,
    points,
)
from tinytorch_lab.curriculum.markscheme import (
    BEGIN,
    END,
    Level,
    MarkScheme,
    has_mark_scheme,
    lift_mark_scheme,
    parse_mark_scheme,
)
from tinytorch_lab.curriculum.notebooks import parse_notebook
from tinytorch_lab.errors import InvalidInputError, NotFoundError


@dataclass(frozen=True)
class KnownCell:
    """A cell with a grade id: the instructor's version, the released one, and its place among all cells."""

    id: str
    place: int
    instructor: NotebookNode
    released: NotebookNode

    @cached_property
    def is_test(self) -> bool:
        """Whether it is a test."""
        return is_test(self.instructor)

    @cached_property
    def is_response(self) -> bool:
        """Whether a person marks it: it holds a written answer, or sets a task."""
        return is_response(self.instructor) or self.is_task

    @property
    def is_task(self) -> bool:
        """Whether it sets a task of nbgrader's, answered in the cells after it."""
        return is_task(self.instructor)

    @cached_property
    def is_implementation(self) -> bool:
        """Whether students write code in it."""
        return is_implementation(self.instructor)

    @cached_property
    def points(self) -> float:
        """What the cell is worth."""
        return points(self.instructor)

    @cached_property
    def scheme(self) -> MarkScheme | None:
        """The mark scheme written into the cell."""
        text = self.instructor.source
        if not has_mark_scheme(text):
            return None
        return _task_scheme(text, self.points) if self.is_task else parse_mark_scheme(text)


@dataclass(frozen=True)
class ModuleSource:
    """The instructor's notebook of a module with the students' version of it, and the files beside it."""

    name: str
    notebook: NotebookNode
    digest: str
    files: Mapping[str, bytes]

    @cached_property
    def known(self) -> Mapping[str, KnownCell]:
        """The cells with a grade id, in the course's order."""
        released = student_notebook(self.notebook)
        pairs = enumerate(zip(self.notebook.cells, released.cells, strict=True))
        cells = [KnownCell(name, place, *pair) for place, pair in pairs if (name := _known_id(pair[0]))]
        return {cell.id: cell for cell in cells}

    @cached_property
    def tests(self) -> tuple[KnownCell, ...]:
        """The automatically graded cells."""
        return tuple(cell for cell in self.known.values() if cell.is_test)

    @cached_property
    def responses(self) -> tuple[KnownCell, ...]:
        """The cells with written answers."""
        return tuple(cell for cell in self.known.values() if cell.is_response)

    def response(self, name: str) -> KnownCell:
        """Return the cell of the written answer ``name``.

        Raises:
            NotFoundError: there is none.
        """
        cell = self.known.get(name)
        if cell is None or not cell.is_response:
            known = ", ".join(found.id for found in self.responses)
            raise NotFoundError(f"{self.name} has no question {name!r}; its questions are {known}.")
        return cell

    @cached_property
    def measurements(self) -> frozenset[str]:
        """The texts of the cells that only measure or plot."""
        return frozenset(cell.source.strip() for cell in self.notebook.cells if is_measurement(cell))

    def question(self, response: KnownCell) -> str:
        """Return the text that asks for ``response``: the task itself, or the markdown before the answer."""
        if response.is_task:
            return lift_mark_scheme(response.instructor.source)
        for cell in reversed(self.notebook.cells[: response.place]):
            if cell.cell_type == "markdown":
                return str(cell.source)
        return ""


_cache: dict[Path, tuple[str, ModuleSource]] = {}


def load_module_source(path: Path) -> ModuleSource:
    """Read the instructor's notebook at ``path``; an unchanged one is not parsed again.

    Raises:
        NotFoundError: the module has not been generated.
        InvalidInputError: the file is not a notebook, or its regions or mark schemes are broken.
    """
    try:
        content = path.read_bytes()
        files = _files_beside(path)
    except FileNotFoundError:
        raise NotFoundError(f"There is no {path}; make it with: tito grade generate {path.stem}") from None
    parts = [content, *(f"{name}\0".encode() + files[name] for name in sorted(files))]
    digest = hashlib.sha256(b"\0".join(parts)).hexdigest()
    cached = _cache.get(path)
    if cached and cached[0] == digest:
        return cached[1]
    source = ModuleSource(path.stem, parse_notebook(content, str(path)), digest, files)
    _check(source, path)
    _cache[path] = (digest, source)
    return source


def _check(source: ModuleSource, path: Path) -> None:
    try:
        known = source.known
    except InvalidInputError as error:
        raise InvalidInputError(f"{path}: {error}") from None
    for cell in known.values():
        try:
            total = cell.scheme.total if cell.scheme else cell.points
        except InvalidInputError as error:
            raise InvalidInputError(f"{path}, cell {cell.id}: {error}") from None
        if cell.is_response and total != cell.points:
            worth = f"the mark scheme totals {total:g}, the cell is worth {cell.points:g}"
            raise InvalidInputError(f"{path}, cell {cell.id}: {worth}.")


def _task_scheme(text: str, points: float) -> MarkScheme:
    """Return the scheme of a task; one that names no levels, as nbgrader allows, is one level with all its lines."""
    try:
        return parse_mark_scheme(text)
    except InvalidInputError:
        body = text.partition(BEGIN)[2].partition(END)[0]
        lines = tuple(line.strip(" -*") for line in body.splitlines() if line.strip(" -*"))
        return MarkScheme(points, (Level("As the scheme says", 0.0, points, lines),))


def _known_id(cell: NotebookNode) -> str | None:
    metadata = nbgrader_metadata(cell)
    counts = any(metadata.get(key) for key in ("grade", "solution", "locked", "task"))
    return grade_id(cell) if counts else None


def _files_beside(path: Path) -> dict[str, bytes]:
    found = (file for file in path.parent.rglob("*") if file.is_file() and file.suffix != ".ipynb")
    visible = (file for file in found if not any(part.startswith(".") for part in file.relative_to(path.parent).parts))
    return {file.relative_to(path.parent).as_posix(): file.read_bytes() for file in visible}
