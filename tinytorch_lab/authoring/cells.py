"""Checks of single cells: markers, grade ids, solutions, tests and mark schemes."""

import ast
import re
from collections.abc import Iterator

from tinytorch_lab.authoring.findings import Finding, at_cell
from tinytorch_lab.curriculum.build import BEGIN_HIDDEN, BEGIN_SOLUTION, END_HIDDEN, END_SOLUTION
from tinytorch_lab.curriculum.catalogue import Course, ModuleInfo
from tinytorch_lab.curriculum.cells import grade_id, is_implementation, is_response, is_test, nbgrader_metadata, points
from tinytorch_lab.curriculum.markscheme import BEGIN, END, has_mark_scheme, parse_mark_scheme
from tinytorch_lab.curriculum.source import SourceCell, SourceModule
from tinytorch_lab.errors import InvalidInputError

_PAIRS = ((BEGIN_SOLUTION, END_SOLUTION), (BEGIN_HIDDEN, END_HIDDEN), (BEGIN, END))
_GRADE_ID = re.compile(r"[a-z0-9_-]+")
_HIDDEN = re.compile(re.escape(BEGIN_HIDDEN) + r"(.*?)" + re.escape(END_HIDDEN), re.DOTALL)


def markers(module: SourceModule, _info: ModuleInfo, _course: Course) -> Iterator[Finding]:
    """Find markers that do not pair up within their cell."""
    for cell in module.cells:
        for begin, end in _PAIRS:
            yield from _unpaired(module, cell, begin, end)


def _unpaired(module: SourceModule, cell: SourceCell, begin: str, end: str) -> Iterator[Finding]:
    opened: int | None = None
    for offset, line in enumerate(cell.node.source.splitlines()):
        place = cell.body_line + offset
        if begin in line:
            if opened is not None:
                yield Finding(
                    module.path, place, cell.number, f"{begin!r} is nested", f"close the one before with {end!r}"
                )
            opened = place
        elif end in line:
            if opened is None:
                yield Finding(module.path, place, cell.number, f"{end!r} closes nothing", f"open it with {begin!r}")
            opened = None
    if opened is not None:
        yield Finding(module.path, opened, cell.number, f"{begin!r} is not closed", f"add {end!r} in the same cell")


def grade_ids(module: SourceModule, _info: ModuleInfo, _course: Course) -> Iterator[Finding]:
    """Find grade ids that are missing, malformed or used twice."""
    seen: dict[str, SourceCell] = {}
    for cell in module.cells:
        metadata = nbgrader_metadata(cell.node)
        name = grade_id(cell.node)
        if metadata and not name:
            yield at_cell(module, cell, "the nbgrader metadata has no grade_id", "add a unique grade_id")
        elif not metadata and (BEGIN_SOLUTION in cell.node.source or _holds_hidden(cell)):
            yield at_cell(
                module, cell, "a solution or hidden test in a cell without a grade_id", "add nbgrader metadata"
            )
        elif name and not _GRADE_ID.fullmatch(name):
            yield at_cell(
                module, cell, f"grade_id {name!r} is malformed", "use lower-case letters, digits, '-' and '_'"
            )
        elif name and name in seen:
            first = seen[name].number
            yield at_cell(module, cell, f"grade_id {name!r} is already that of cell {first}", "rename one of them")
        elif name:
            seen[name] = cell


def _holds_hidden(cell: SourceCell) -> bool:
    return BEGIN_HIDDEN in cell.node.source


def solutions(module: SourceModule, _info: ModuleInfo, _course: Course) -> Iterator[Finding]:
    """Find solution cells whose release would lose everything, and solutions where none may be."""
    for cell in module.cells:
        holds = BEGIN_SOLUTION in cell.node.source
        if is_implementation(cell.node) and not holds:
            yield at_cell(
                module, cell, "an implementation cell without a solution region",
                f"mark what students write with {BEGIN_SOLUTION!r} and {END_SOLUTION!r}, or the whole cell is cleared",
            )  # fmt: skip
        if holds and not nbgrader_metadata(cell.node).get("solution"):
            yield at_cell(
                module, cell, "a solution region in a cell that is not a solution cell",
                'set "solution": true in its nbgrader metadata', text=BEGIN_SOLUTION,
            )  # fmt: skip


def tests(module: SourceModule, _info: ModuleInfo, _course: Course) -> Iterator[Finding]:
    """Find test cells without a called test function, points or probes, and hidden tests outside test cells."""
    for cell in module.cells:
        if not is_test(cell.node):
            if _holds_hidden(cell):
                yield at_cell(
                    module, cell, "hidden tests in a cell that is not a test cell",
                    'set "grade": true and "solution": false', text=BEGIN_HIDDEN,
                )  # fmt: skip
            continue
        if points(cell.node) <= 0:
            yield at_cell(module, cell, "a test cell without points", 'give "points" in its metadata')
        if not nbgrader_metadata(cell.node).get("locked"):
            yield at_cell(module, cell, "a test cell that students may edit", 'set "locked": true')
        yield from _test_body(module, cell)


def _test_body(module: SourceModule, cell: SourceCell) -> Iterator[Finding]:
    hidden = "".join(_HIDDEN.findall(cell.node.source))
    if "probe(" not in hidden:
        yield at_cell(module, cell, "a test cell without a probe", "add probe(name, value) calls to its hidden part")
    try:
        tree = ast.parse(cell.node.source)
    except SyntaxError as error:
        line = cell.body_line + (error.lineno or 1) - 1
        yield Finding(module.path, line, cell.number, f"the test cell does not parse: {error.msg}", "mend the syntax")
        return
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}
    called = {
        node.value.func.id
        for node in tree.body
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Name)
    }
    if not functions & called:
        yield at_cell(module, cell, "a test cell without a test_… function that it calls", "define one and call it")


def mark_schemes(module: SourceModule, _info: ModuleInfo, _course: Course) -> Iterator[Finding]:
    """Find mark schemes that do not parse, disagree with the points, or are missing."""
    for cell in module.cells:
        text = cell.node.source
        if not is_response(cell.node):
            if has_mark_scheme(text):
                yield at_cell(
                    module, cell, "a mark scheme outside a response cell", "move it into the response cell", text=BEGIN
                )
            continue
        if not has_mark_scheme(text):
            yield at_cell(
                module, cell, "a response cell without a mark scheme", f"add one between {BEGIN!r} and {END!r}"
            )
            continue
        try:
            scheme = parse_mark_scheme(text)
        except InvalidInputError as error:
            yield at_cell(module, cell, str(error).rstrip("."), "mend the mark scheme", text=BEGIN)
            continue
        if scheme.total != points(cell.node):
            problem = f"the mark scheme totals {scheme.total:g} but the cell is worth {points(cell.node):g}"
            yield at_cell(module, cell, problem, "make them agree", text=BEGIN)
