"""Bringing a submission back to the course's shape: every cell the course knows once, in its place, with its own data.

Nothing the submission says about points, locks or scores is believed. Tests and given cells are the course's own
text; what students wrote keeps their order, so that a helper defined between two cells is there when it is needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from nbformat import NotebookNode

from tinytorch_lab.curriculum.cells import MEASURE_TAG, grade_id
from tinytorch_lab.curriculum.notebooks import new_notebook
from tinytorch_lab.grading.sources import KnownCell, ModuleSource
from tinytorch_lab.grading.submissions import new_cell


@dataclass(frozen=True)
class Repaired:
    """The notebook to run and to mark, and what a person should know about how it differed."""

    notebook: NotebookNode
    notes: tuple[str, ...]


@dataclass
class _Plan:
    """The cells to keep with the place each goes to: after which submitted cell, then in the course's order."""

    placed: list[tuple[tuple[int, int, int], NotebookNode]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def submitted(self, index: int, cell: NotebookNode) -> None:
        self.placed.append(((index, 0, 0), cell))

    def course(self, after: int, known: KnownCell, cell: NotebookNode) -> None:
        self.placed.append(((after, 1, known.place), cell))


def repair(cells: Sequence[NotebookNode], source: ModuleSource) -> Repaired:
    """Return a submission's ``cells`` as a notebook that the course can grade."""
    claims = _claims(cells, source)
    claimants = {name: [index for index, claim in enumerate(claims) if claim == name] for name in source.known}
    plan = _Plan()
    for index, cell in enumerate(cells):
        if claims[index] is None:
            plan.submitted(index, _own_cell(cell, source))
    for known in source.known.values():
        if known.is_implementation:
            _keep_implementation(plan, known, cells, claimants[known.id])
        elif known.is_response and not known.is_task:
            _keep_response(plan, known, source, cells, claimants)
        else:
            _restore(plan, known, source, cells, claimants)
    _note_missing(plan, source, claimants, empty=not cells)
    ordered = [cell for _, cell in sorted(plan.placed, key=lambda item: item[0])]
    return Repaired(new_notebook(_with_unique_ids(ordered), source.notebook.metadata), tuple(plan.notes))


def same_text(one: str, other: str) -> bool:
    """Tell whether two cells' texts differ in nothing but white space at line ends and around them."""
    return _normalised(one) == _normalised(other)


def _normalised(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def _claims(cells: Sequence[NotebookNode], source: ModuleSource) -> list[str | None]:
    """Return for each submitted cell the course's cell it is: by grade id, else by cell id, else by its text."""
    by_cell_id = {known.released.get("id"): known.id for known in source.known.values()}
    claims = [name if (name := grade_id(cell)) in source.known else by_cell_id.get(cell["id"]) for cell in cells]
    for known in source.known.values():
        if known.id not in claims:
            _claim_by_text(claims, cells, known)
    for known in source.responses:
        if known.id not in claims and not known.is_task:
            _claim_by_question(claims, cells, known, source)
    return claims


def _claim_by_text(claims: list[str | None], cells: Sequence[NotebookNode], known: KnownCell) -> None:
    if known.is_response and not known.is_task:
        return
    for index, cell in enumerate(cells):
        if claims[index] is None and same_text(cell.source, known.released.source):
            claims[index] = known.id
            return


def _claim_by_question(
    claims: list[str | None], cells: Sequence[NotebookNode], known: KnownCell, source: ModuleSource
) -> None:
    question = source.question(known)
    for index, cell in enumerate(cells[1:], 1):
        if claims[index] is None and cell.cell_type == "markdown" and same_text(cells[index - 1].source, question):
            claims[index] = known.id
            return


def _keep_implementation(plan: _Plan, known: KnownCell, cells: Sequence[NotebookNode], found: list[int]) -> None:
    worked_on = [index for index in found if not same_text(cells[index].source, known.released.source)]
    kept = worked_on or found[-1:]
    for index in kept[:-1]:
        plan.submitted(index, new_cell("code", cells[index].source))
    for index in kept[-1:]:
        plan.submitted(index, _course_cell(known, cells[index].source))
    if len(found) > 1:
        plan.notes.append(f"Cell {known.id} is there {len(found)} times; the last one worked on counts.")


def _keep_response(
    plan: _Plan, known: KnownCell, source: ModuleSource, cells: Sequence[NotebookNode], claimants: dict[str, list[int]]
) -> None:
    found = claimants[known.id]
    answers: list[str] = []
    for index in found:
        text = cells[index].source.strip()
        if not same_text(text, known.released.source) and text not in answers:
            answers.append(text)
    text = "\n\n".join(answers) if answers else known.released.source
    if found:
        plan.submitted(found[0], _course_cell(known, text))
    else:
        plan.course(_place_of_missing(known, source, claimants, len(cells)), known, _course_cell(known, text))
    if len(answers) > 1:
        plan.notes.append(f"The answer {known.id} is there {len(answers)} times, each different; all of it is kept.")


def _restore(
    plan: _Plan, known: KnownCell, source: ModuleSource, cells: Sequence[NotebookNode], claimants: dict[str, list[int]]
) -> None:
    found = claimants[known.id]
    after = found[-1] if found else _place_of_missing(known, source, claimants, len(cells))
    if known.is_test:
        after = max(after, _last_before(known, source, claimants))
    if known.is_test and any(not same_text(cells[index].source, known.released.source) for index in found):
        plan.notes.append(f"The test {known.id} was edited; the course's own was run.")
    if found[-1:] and after > found[-1]:
        plan.notes.append(f"The test {known.id} stood above the cell it tests; it was run after it.")
    plan.course(after, known, _course_cell(known, known.instructor.source))


def _last_before(known: KnownCell, source: ModuleSource, claimants: dict[str, list[int]]) -> int:
    """Return the place of the last implementation that the course puts before ``known``."""
    earlier = (cell for cell in source.known.values() if cell.place < known.place and cell.is_implementation)
    return max((index for cell in earlier for index in claimants[cell.id]), default=-1)


def _place_of_missing(known: KnownCell, source: ModuleSource, claimants: dict[str, list[int]], end: int) -> int:
    """Return the place just above the next course cell that is there, so that helpers before it are defined."""
    for later in source.known.values():
        if later.place > known.place and claimants[later.id]:
            return claimants[later.id][0] - 1
    return end


def _note_missing(plan: _Plan, source: ModuleSource, claimants: dict[str, list[int]], *, empty: bool) -> None:
    if empty:
        plan.notes.append("The notebook is empty.")
        return
    for kind, cells in (("test", source.tests), ("answer", source.responses), ("code", _implementations(source))):
        missing = [cell.id for cell in cells if not claimants[cell.id]]
        if missing:
            action = "looked for in the other cells" if kind == "code" else "put back"
            plan.notes.append(f"Missing {kind} cells, {action}: {', '.join(missing)}.")


def _implementations(source: ModuleSource) -> tuple[KnownCell, ...]:
    return tuple(cell for cell in source.known.values() if cell.is_implementation)


def _course_cell(known: KnownCell, text: str) -> NotebookNode:
    made = new_cell(known.instructor.cell_type, text)
    made["id"] = known.instructor["id"]
    made.metadata["nbgrader"] = {**known.instructor.metadata["nbgrader"], "cell_type": made.cell_type}
    return made


def _own_cell(cell: NotebookNode, source: ModuleSource) -> NotebookNode:
    tags = cell.metadata.get("tags")
    measures = (isinstance(tags, list) and MEASURE_TAG in tags) or cell.source.strip() in source.measurements
    kept = new_cell(cell.cell_type, cell.source)
    kept.metadata.update({"tags": [MEASURE_TAG]} if measures else {})
    return kept


def _with_unique_ids(cells: list[NotebookNode]) -> list[NotebookNode]:
    known = {cell["id"] for cell in cells if "nbgrader" in cell.metadata}
    for number, cell in enumerate(cells, 1):
        if "nbgrader" not in cell.metadata:
            cell["id"] = f"student-{number}"
            while cell["id"] in known:
                cell["id"] += "-"
    return cells
