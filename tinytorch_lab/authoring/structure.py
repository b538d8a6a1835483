"""Checks of a module as a whole: its sections, its order, its points and what it exports."""

import ast
import itertools
import re
from collections.abc import Iterator

from tinytorch_lab.authoring.findings import Finding, at_cell, at_module
from tinytorch_lab.curriculum.build import BEGIN_SOLUTION
from tinytorch_lab.curriculum.catalogue import Course, ModuleInfo, Project
from tinytorch_lab.curriculum.cells import is_implementation, is_response, is_test, nbgrader_metadata
from tinytorch_lab.curriculum.cells import points as worth
from tinytorch_lab.curriculum.source import SourceCell, SourceModule

SECTIONS = (
    "Mathematical Foundations",
    "Memory and Complexity",
    "In Production",
    "What Breaks First at Scale",
    "Integration Test",
    "ML Systems Thinking",
    "Module Summary",
)
"""Headings every module has, in this order."""

OPENING = ("Learning objectives", "Prerequisites")
QUESTIONS = 3
MOST_SOLUTIONS_PER_TEST = 5

# Numbers and signs before a heading's words do not count, nor does "Part 2:".
_HEADING = re.compile(r"^#{1,6}[\W\d]+(?:part\s+\d+\W+)?(?P<text>.+?)\s*$", re.MULTILINE | re.IGNORECASE)
_EXPORT = re.compile(r"^#\s*\|\s*(?:default_exp|export)[ \t]+(?P<name>\w+)", re.MULTILINE)


def sections(module: SourceModule, info: ModuleInfo, _course: Course) -> Iterator[Finding]:
    """Find headings that are missing or out of order, and a summary that is not last; projects have their own."""
    if isinstance(info, Project):
        return
    places = {name: cell for cell in reversed(module.cells) for name in SECTIONS if _has_heading(cell, name)}
    for name in SECTIONS:
        if name not in places:
            yield at_module(module, f"the section {name!r} is missing", "add a Markdown heading with these words")
    found = [name for name in SECTIONS if name in places]
    for before, after in itertools.pairwise(found):
        if places[after].number < places[before].number:
            yield at_cell(module, places[after], f"{after!r} comes before {before!r}", "put the sections in order")
    last = module.cells[-1] if module.cells else None
    if last and "Module Summary" in places and places["Module Summary"] is not last:
        yield at_cell(module, last, "a cell after the Module Summary", "make the summary the last cell")
    opening = next((cell for cell in module.cells if cell.node.cell_type == "markdown"), None)
    for phrase in OPENING:
        if opening is None or phrase.lower() not in opening.node.source.lower():
            yield at_module(module, f"the opening cell does not state its {phrase.lower()}", f"add '{phrase}' to it")


def _has_heading(cell: SourceCell, name: str) -> bool:
    if cell.node.cell_type != "markdown":
        return False
    headings = (match["text"].lower() for match in _HEADING.finditer(cell.node.source))
    return any(text.startswith(name.lower()) for text in headings)


def implementations_are_tested(module: SourceModule, _info: ModuleInfo, _course: Course) -> Iterator[Finding]:
    """Find implementation cells that no test cell follows, and too many solutions for one test."""
    waiting: SourceCell | None = None
    for cell in module.cells:
        if cell.node.cell_type != "code":
            continue
        if waiting and not is_test(cell.node):
            yield _untested(module, waiting)
        waiting = cell if is_implementation(cell.node) else None
        regions = cell.node.source.count(BEGIN_SOLUTION)
        if regions > MOST_SOLUTIONS_PER_TEST:
            problem = f"{regions} solution regions before the next test, more than {MOST_SOLUTIONS_PER_TEST}"
            yield at_cell(module, cell, problem, "split the cell and test each part")
    if waiting:
        yield _untested(module, waiting)


def _untested(module: SourceModule, cell: SourceCell) -> Finding:
    return at_cell(
        module, cell, "an implementation cell not directly followed by its test cell", "add the test after it"
    )


def questions(module: SourceModule, _info: ModuleInfo, _course: Course) -> Iterator[Finding]:
    """Find a wrong number of responses, and responses without their question before them."""
    responses = [cell for cell in module.cells if is_response(cell.node)]
    if len(responses) != QUESTIONS:
        problem = f"{len(responses)} ML Systems Thinking responses instead of {QUESTIONS}"
        yield at_module(module, problem, f"give the module exactly {QUESTIONS} questions")
    for cell in responses:
        before = module.cells[cell.number - 2] if cell.number > 1 else None
        if before is None or not _is_question(before):
            yield at_cell(
                module, cell, "a response without a question cell before it", "put a locked question cell there"
            )


def _is_question(cell: SourceCell) -> bool:
    metadata = nbgrader_metadata(cell.node)
    return cell.node.cell_type == "markdown" and not metadata.get("solution") and "question" in cell.node.source.lower()


def points(module: SourceModule, _info: ModuleInfo, course: Course) -> Iterator[Finding]:
    """Find points that do not add up to the course's split."""
    automatic = sum(worth(cell.node) for cell in module.cells if is_test(cell.node))
    written = sum(worth(cell.node) for cell in module.cells if is_response(cell.node))
    for kind, total, due in (
        ("automatic", automatic, course.automatic_points),
        ("written", written, course.written_points),
    ):
        if total != due:
            yield at_module(
                module, f"the {kind} points add up to {total:g}, not {due}", "correct the points of its cells"
            )


def exports(module: SourceModule, info: ModuleInfo, course: Course) -> Iterator[Finding]:
    """Find export targets that ``course.toml`` does not list, and imports of modules that come later."""
    named: dict[str, SourceCell] = {}
    for cell in module.cells:
        if cell.node.cell_type == "code":
            for match in _EXPORT.finditer(cell.node.source):
                named.setdefault(match["name"], cell)
            yield from _late_imports(module, cell, info, course)
    for name, cell in named.items():
        if name not in info.exports:
            remedy = f"export to {' or '.join(info.exports)}, or add it to course.toml"
            yield at_cell(module, cell, f"exports to {name!r}, which course.toml does not list", remedy)
    for name in info.exports:
        if name not in named:
            yield at_module(
                module, f"nothing is exported to {name!r}", f"add '#| default_exp {name}' or '#| export {name}'"
            )


def _late_imports(module: SourceModule, cell: SourceCell, info: ModuleInfo, course: Course) -> Iterator[Finding]:
    allowed = {name for other in course.earlier(info) for name in other.exports} | set(info.exports)
    try:
        tree = ast.parse(cell.node.source)
    except SyntaxError:
        return
    for node in ast.walk(tree):
        for target in _tinytorch_imports(node):
            if target not in allowed:
                line = cell.body_line + getattr(node, "lineno", 1) - 1
                problem = f"imports tinytorch.{target}, which no earlier module exports"
                yield Finding(module.path, line, cell.number, problem, "use earlier modules only")


def _tinytorch_imports(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tinytorch."):
        yield (node.module or "").split(".")[1]
    if isinstance(node, ast.Import):
        yield from (alias.name.split(".")[1] for alias in node.names if alias.name.startswith("tinytorch."))
