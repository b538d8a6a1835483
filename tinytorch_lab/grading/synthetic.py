"""Synthetic students: what each hands in, made from a module's instructor notebook."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from nbformat import NotebookNode

from tinytorch_lab.curriculum.build import BEGIN_SOLUTION, END_SOLUTION, student_notebook
from tinytorch_lab.curriculum.cells import grade_id, is_implementation, is_response
from tinytorch_lab.curriculum.mutants import Mutant, mutate
from tinytorch_lab.grading.synthetic_answers import Quality, answer

HandIn = Callable[[NotebookNode, Sequence[Mutant], str], NotebookNode]
"""Makes a submission from the instructor's notebook and the module's typical mistakes; the seed varies it."""


def complete(instructor: NotebookNode, _mutants: Sequence[Mutant], seed: str = "") -> NotebookNode:
    """Return the notebook with every cell solved and every question answered well."""
    return _answered(_solved(instructor, lambda _place, _total: True), "strong", seed)


def fairly_answered(instructor: NotebookNode, _mutants: Sequence[Mutant], seed: str) -> NotebookNode:
    """Return the notebook with every cell solved and every question answered without much depth."""
    return _answered(_solved(instructor, lambda _place, _total: True), "fair", seed)


def partly_done(instructor: NotebookNode, _mutants: Sequence[Mutant], seed: str) -> NotebookNode:
    """Return the notebook with the first half solved, as by a student who ran out of time."""
    return _answered(_solved(instructor, lambda place, total: place < (total + 1) // 2), "fair", seed)


def slips(instructor: NotebookNode, mutants: Sequence[Mutant], seed: str) -> NotebookNode:
    """Return the notebook solved with a typical mistake in two of the cells that the module lists one for."""
    cells = sorted({mutant.cell for mutant in mutants})
    chosen = Random(seed).sample(cells, min(2, len(cells)))
    mistaken = _mistaken(instructor, [mutant for mutant in mutants if mutant.cell in chosen])
    return _answered(_solved(mistaken, lambda _place, _total: True), "strong", seed)


def wrong(instructor: NotebookNode, mutants: Sequence[Mutant], seed: str) -> NotebookNode:
    """Return the notebook solved with one typical mistake in every cell that the module lists one for."""
    return _answered(_solved(_mistaken(instructor, mutants), lambda _place, _total: True), "thin", seed)


def syntax_error(instructor: NotebookNode, _mutants: Sequence[Mutant], seed: str) -> NotebookNode:
    """Return the notebook solved, but with a bracket missing in the last implementation cell."""
    notebook = _answered(_solved(instructor, lambda _place, _total: True), "fair", seed)
    _last_implementation(notebook).source += "\nprint('almost done'"
    return notebook


def ends_the_process(instructor: NotebookNode, _mutants: Sequence[Mutant], seed: str) -> NotebookNode:
    """Return the notebook solved, but with a last cell that ends the process it runs in."""
    notebook = _answered(_solved(instructor, lambda _place, _total: True), "fair", seed)
    _last_implementation(notebook).source += "\nimport os\nos._exit(0)"
    return notebook


def empty(instructor: NotebookNode, _mutants: Sequence[Mutant], _seed: str) -> NotebookNode:
    """Return the notebook as it was released."""
    return student_notebook(instructor)


@dataclass(frozen=True)
class SyntheticStudent:
    """A student of the demo course with what is handed in to one module after the other, ``None`` for nothing.

    ``days_late`` is how long after the due date the second module comes. ``share`` is the part of an answer's points
    that the demo's graders give.
    """

    id: str
    first_name: str
    last_name: str
    story: str
    work: tuple[HandIn | None, HandIn | None, HandIn | None]
    share: float = 0.0
    comment: str = ""
    days_late: int = 0


_WELL = "Your own measurements carry the argument. Well done."
_QUOTE = "Right, and general: quote the figures you measured."
_START = "One sentence is no analysis; start from your measurement."


def _good(id_: str, first: str, last: str, share: float = 0.9, days_late: int = 0) -> SyntheticStudent:
    return SyntheticStudent(
        id_, first, last, "all done", (complete, complete, complete), share, _WELL, days_late=days_late
    )


def _steady(id_: str, first: str, last: str, share: float = 0.7, days_late: int = 0) -> SyntheticStudent:
    return SyntheticStudent(
        id_, first, last, "now and then a mistake", (slips, slips, fairly_answered), share, _QUOTE, days_late=days_late
    )


STUDENTS: tuple[SyntheticStudent, ...] = (
    SyntheticStudent("ada", "Ada", "Okafor", "complete", (complete, complete, complete), 0.95, _WELL),
    SyntheticStudent("ben", "Ben", "Castillo", "first half done", (partly_done, partly_done, None), 0.7, _QUOTE),
    SyntheticStudent(
        "cleo", "Cleo", "Marchetti", "a typical mistake in every cell", (wrong, wrong, wrong), 0.2, _START
    ),
    SyntheticStudent(
        "dan", "Dan", "Whitfield", "syntax error in the last cell, at first", (syntax_error, slips, slips), 0.7, _QUOTE
    ),
    SyntheticStudent("eve", "Eve", "Lindqvist", "untouched at first, then half done", (empty, partly_done, None)),
    SyntheticStudent("finn", "Finn", "Abara", "never submitted", (None, None, None)),
    _good("gita", "Gita", "Raman"),
    _steady("hugo", "Hugo", "Brandt"),
    _good("ines", "Inês", "Carvalho", 0.85, days_late=1),
    _steady("jonas", "Jonas", "Weber", 0.6),
    SyntheticStudent("kira", "Kira", "Novak", "goes down", (complete, partly_done, wrong), 0.6, _QUOTE),
    _good("liam", "Liam", "Byrne", 0.8),
    _steady("mei", "Mei", "Tanaka", 0.75),
    SyntheticStudent("noor", "Noor", "Haddad", "stopped after the first", (fairly_answered, None, None), 0.65, _QUOTE),
    _good("omar", "Omar", "Siddiqui", 0.9, days_late=3),
    SyntheticStudent("pia", "Pia", "Sorensen", "ends the process", (slips, ends_the_process, None), 0.6, _QUOTE),
    _steady("quinn", "Quinn", "Adler", 0.65, days_late=2),
    _good("rosa", "Rosa", "Delgado", 1.0),
    SyntheticStudent("sam", "Sam", "Kowalski", "little time", (partly_done, wrong, partly_done), 0.4, _START),
    _steady("tara", "Tara", "Nguyen", 0.8),
)
"""The students of ``tito demo``."""


def _solved(instructor: NotebookNode, solves: Callable[[int, int], bool]) -> NotebookNode:
    """Return the student notebook with the implementation cells solved for which ``solves(place, total)`` holds."""
    notebook: NotebookNode = copy.deepcopy(student_notebook(instructor))
    both = zip(notebook.cells, instructor.cells, strict=True)
    pairs = [(mine, theirs) for mine, theirs in both if is_implementation(mine)]
    for place, (mine, theirs) in enumerate(pairs):
        if solves(place, len(pairs)):
            kept = (line for line in theirs.source.split("\n") if not _is_marker(line))
            mine.source = "\n".join(kept)
    return notebook


def _is_marker(line: str) -> bool:
    return BEGIN_SOLUTION in line or END_SOLUTION in line


def _mistaken(instructor: NotebookNode, mutants: Sequence[Mutant]) -> NotebookNode:
    """Return the instructor's notebook with one of ``mutants`` in every cell that they are about."""
    mistaken = instructor
    for mutant in {mutant.cell: mutant for mutant in mutants}.values():
        mistaken = mutate(mistaken, mutant)
    return mistaken


def _last_implementation(notebook: NotebookNode) -> NotebookNode:
    last: NotebookNode = [cell for cell in notebook.cells if is_implementation(cell)][-1]
    return last


def _answered(notebook: NotebookNode, quality: Quality, seed: str) -> NotebookNode:
    for cell in notebook.cells:
        if is_response(cell):
            cell.source = answer(quality, f"{seed} {grade_id(cell)}")
    return notebook
