"""The class as a grid: every student, every module, where the work stands and what it scored."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from nbgrader.api import Student
from sqlalchemy import CompoundSelect, Connection, Row, case, func, literal, select, union_all

from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.queries.submitted import newest_submissions
from tinytorch_lab.grading.store.tables import assignments, extensions, results, runs, submissions

CellState = Literal["not submitted", "submitted", "to mark", "marked", "feedback", "returned"]
"""``submitted``: the newest submission is not autograded yet; ``feedback``: the page is written but not returned."""

NextAction = Literal["generate", "release", "wait", "autograde", "mark", "feedback", "return", "done"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One student's work in one module; ``score`` is after the deduction for lateness, absent until graded."""

    state: CellState
    score: float | None
    late: bool
    integrity: str
    to_mark: int


@dataclass(frozen=True)
class StudentRow:
    """One student with a cell for each module of the overview."""

    student: str
    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class ModuleColumn:
    """One module as it stands for the class; ``to_mark`` counts answers, the other numbers count students."""

    module: str
    title: str
    released_at: str | None
    due_at: str | None
    automatic_total: float
    written_total: float
    submitted: int
    waiting: int
    graded: int
    to_mark: int
    marked: int
    returned: int
    suspicious: int
    next_action: NextAction


@dataclass(frozen=True)
class Overview:
    """The whole class."""

    course: str
    title: str
    modules: tuple[ModuleColumn, ...]
    students: tuple[StudentRow, ...]


def class_overview(course: CourseFolder, connection: Connection) -> Overview:
    """Return the grid of all students and all modules that were generated or released."""
    modules = _modules(course, connection)
    cells = _cells(connection)
    by_name = [cells[module] for module in modules]
    students = [
        StudentRow(row.id, _name(row), tuple(of_class.get(row.id, _NOTHING) for of_class in by_name))
        for row in connection.execute(select(Student.__table__).order_by(Student.__table__.c.id))
    ]
    by_module = zip(*(row.cells for row in students), strict=True) if students else ((),) * len(modules)
    totals = _totals(connection)
    columns = [
        _column(course, module, terms, totals.get(module, (0.0, 0.0)), column)
        for (module, terms), column in zip(modules.items(), by_module, strict=True)
    ]
    return Overview(course.course_id, course.library.course.title, tuple(columns), tuple(students))


_NOTHING = Cell("not submitted", None, False, "ok", 0)
Terms = tuple[str | None, str | None]


def _modules(course: CourseFolder, connection: Connection) -> dict[str, Terms]:
    """Return the modules with what is set for them, in the order of the catalogue, other assignments after them."""
    terms = {row.module: (row.released_at, row.due_at) for row in connection.execute(select(assignments))}
    generated = {path.parent.name for path in (course.root / "source").glob("*/*.ipynb") if not path.is_symlink()}
    catalogue = [module.name for module in course.library.course.modules]
    places = {name: place for place, name in enumerate(catalogue)}
    known = sorted(terms.keys() | generated, key=lambda name: (places.get(name, len(places)), name))
    return {name: terms.get(name, (None, None)) for name in known}


def _cells(connection: Connection) -> dict[str, dict[str, Cell]]:
    """Return the cells by module and student. One query does all comparing: a class has thousands of them."""
    cells: dict[str, dict[str, Cell]] = defaultdict(dict)
    for module, student, late, superseded, *result in connection.execute(_STANDINGS):
        cells[module][student] = _cell(_Result(*result), bool(late), bool(superseded))
    return cells


class _Result(NamedTuple):
    """What decides where a submission stands."""

    automatic: float | None
    written: float | None
    penalty: float | None
    to_mark: int | None
    integrity: str | None
    graded_at: str | None
    marked_at: str | None
    feedback_at: str | None
    returned_at: str | None


def _standings() -> CompoundSelect[Any]:
    """Return the query for module, student, whether the newest submission is late and whether it is newer than the
    graded one, and the result; first of whoever handed in, then of whoever only has a result.
    """
    newest, fields = newest_submissions(), [results.c[name] for name in _Result._fields]
    own = (extensions.c.module == newest.c.module) & (extensions.c.student == newest.c.student)
    result = (results.c.module == newest.c.module) & (results.c.student == newest.c.student)
    run = (runs.c.module == newest.c.module) & (runs.c.student == newest.c.student)
    joined = newest.outerjoin(assignments, assignments.c.module == newest.c.module).outerjoin(extensions, own)
    joined = joined.outerjoin(results, result).outerjoin(runs, run)
    late = case((newest.c.received_at > func.coalesce(extensions.c.due_at, assignments.c.due_at), 1), else_=0)
    superseded = case((runs.c.submission != newest.c.digest, 1), else_=0)
    handed_in = select(newest.c.module, newest.c.student, late, superseded, *fields).select_from(joined)
    same = (submissions.c.module == results.c.module) & (submissions.c.student == results.c.student)
    others = select(results.c.module, results.c.student, literal(0), literal(0), *fields)
    return union_all(handed_in, others.where(~select(submissions.c.id).where(same).exists()))


_STANDINGS = _standings()


def _cell(result: _Result, late: bool, superseded: bool) -> Cell:
    if result.graded_at is None or superseded:
        return Cell("submitted", None, late, "ok", 0)
    score = (result.automatic or 0.0) + (result.written or 0.0) - (result.penalty or 0.0)
    return Cell(_state(result, result.graded_at), score, late, result.integrity or "ok", result.to_mark or 0)


def _state(result: _Result, graded_at: str) -> CellState:
    if result.returned_at is not None:
        return "returned"
    if result.to_mark:
        return "to mark"
    changed = max(graded_at, result.marked_at or graded_at)
    return "feedback" if result.feedback_at is not None and result.feedback_at >= changed else "marked"


def _totals(connection: Connection) -> dict[str, tuple[float, float]]:
    found = select(results.c.module, results.c.automatic_total, results.c.written_total).distinct()
    return {row.module: (row.automatic_total, row.written_total) for row in connection.execute(found)}


def _column(
    course: CourseFolder, module: str, terms: Terms, totals: tuple[float, float], cells: Iterable[Cell]
) -> ModuleColumn:
    column = list(cells)
    states = Counter(cell.state for cell in column)
    submitted = len(column) - states["not submitted"]
    return ModuleColumn(
        module=module,
        title=course.title(module),
        released_at=terms[0],
        due_at=terms[1],
        automatic_total=totals[0],
        written_total=totals[1],
        submitted=submitted,
        waiting=states["submitted"],
        graded=submitted - states["submitted"],
        to_mark=sum(cell.to_mark for cell in column),
        marked=states["marked"] + states["feedback"] + states["returned"],
        returned=states["returned"],
        suspicious=sum(cell.integrity != "ok" for cell in column),
        next_action=_next_action(course.source(module).is_file(), terms[0], states),
    )


def _next_action(generated: bool, released_at: str | None, states: Mapping[CellState, int]) -> NextAction:
    if released_at is None and not any(states[state] for state in states if state != "not submitted"):
        return "release" if generated else "generate"
    waiting: tuple[tuple[CellState, NextAction], ...] = (
        ("submitted", "autograde"),
        ("to mark", "mark"),
        ("marked", "feedback"),
        ("feedback", "return"),
    )
    for state, action in waiting:
        if states.get(state):
            return action
    return "done" if states.get("returned") and not states.get("not submitted") else "wait"


def _name(row: Row[Any]) -> str:
    return " ".join(part for part in (row.first_name, row.last_name) if part)
