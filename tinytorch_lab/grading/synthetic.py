"""Synthetic students: what each hands in, made from a module's instructor notebook."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nbformat import NotebookNode

from tinytorch_lab.curriculum.build import BEGIN_SOLUTION, END_SOLUTION, student_notebook
from tinytorch_lab.curriculum.cells import is_implementation, is_response
from tinytorch_lab.curriculum.mutants import Mutant, mutate

_STRONG = """\
My own measurements are the best argument here. In the profiling cell I compared what the array itself takes with the
peak that tracemalloc saw while the operation ran, and the peak was a multiple of it: every intermediate result is a
fresh array of full size, written once and read once. The arithmetic is cheap beside that traffic, so the cost grows
with the bytes that move, not with the operations that are counted. That is why a framework fuses neighbouring
elementwise operations into one kernel, and why it keeps memory contiguous: a strided read wastes most of each cache
line. In my implementation I subtract the maximum before the exponential, which costs one more pass over the data and
buys a result that is right for every input; a kernel does both in one pass. At a billion elements in half precision
the same trade decides whether the step fits the device at all, so I would measure first, on the real shapes, and
change one thing at a time. The numbers I measured on a laptop carry over as ratios, not as seconds."""

_FAIR = """\
Memory matters more than I expected. When I ran the measurement the peak was larger than the size of the result,
because NumPy makes temporary arrays for each step. Frameworks like PyTorch avoid some of this with optimized kernels
that combine several steps, and GPUs have a lot of bandwidth. In my code the stable version needs one more pass, but
otherwise it would overflow. In production with large models this would be very important because there are many more
values. I think the design with one simple call for every function is good because the hardware can change behind it."""

_THIN = "It is faster because NumPy is vectorized and GPUs are fast."

_QUOTE = "Right, and general: quote the figures you measured."
_START = "One sentence is no analysis; start from your measurement."


@dataclass(frozen=True)
class SyntheticStudent:
    """A student of the demo course. ``hand_in`` makes the notebook from the instructor's and the module's
    typical mistakes; ``None`` hands in nothing.

    ``share`` is the part of an answer's points that the demo's grader gives.
    """

    id: str
    story: str
    hand_in: Callable[[NotebookNode, Sequence[Mutant]], NotebookNode] | None
    share: float = 0.0
    comment: str = ""


def complete(instructor: NotebookNode, _mutants: Sequence[Mutant]) -> NotebookNode:
    """Return the notebook with every cell solved and every question answered well."""
    return _answered(_solved(instructor, lambda _place, _total: True), _STRONG)


def partly_done(instructor: NotebookNode, _mutants: Sequence[Mutant]) -> NotebookNode:
    """Return the notebook with the first half solved, as by a student who ran out of time."""
    return _answered(_solved(instructor, lambda place, total: place < (total + 1) // 2), _FAIR)


def wrong(instructor: NotebookNode, mutants: Sequence[Mutant]) -> NotebookNode:
    """Return the notebook solved with one typical mistake in every cell that the module lists one for."""
    mistaken = instructor
    for mutant in {mutant.cell: mutant for mutant in mutants}.values():
        mistaken = mutate(mistaken, mutant)
    return _answered(_solved(mistaken, lambda _place, _total: True), _THIN)


def syntax_error(instructor: NotebookNode, _mutants: Sequence[Mutant]) -> NotebookNode:
    """Return the notebook solved, but with a bracket missing in the last implementation cell."""
    notebook = _answered(_solved(instructor, lambda _place, _total: True), _FAIR)
    last = [cell for cell in notebook.cells if is_implementation(cell)][-1]
    last.source += "\nprint('almost done'"
    return notebook


def empty(instructor: NotebookNode, _mutants: Sequence[Mutant]) -> NotebookNode:
    """Return the notebook as it was released."""
    return student_notebook(instructor)


STUDENTS: tuple[SyntheticStudent, ...] = (
    SyntheticStudent("ada", "complete", complete, 0.95, "Your own measurements carry the argument. Well done."),
    SyntheticStudent("ben", "first half done", partly_done, 0.7, _QUOTE),
    SyntheticStudent("cleo", "a typical mistake in every cell", wrong, 0.2, _START),
    SyntheticStudent("dan", "syntax error in the last cell", syntax_error, 0.7, _QUOTE),
    SyntheticStudent("eve", "handed in untouched", empty),
    SyntheticStudent("finn", "never submitted", None),
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


def _answered(notebook: NotebookNode, text: str) -> NotebookNode:
    for cell in notebook.cells:
        if is_response(cell):
            cell.source = text
    return notebook
