"""Plausible student mistakes, listed beside a module's source as replacements in its reference solution."""

import copy
import tomllib
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from tinytorch_lab.curriculum.cells import grade_id
from tinytorch_lab.errors import InvalidInputError


@dataclass(frozen=True)
class Mutant:
    """One mistake: in implementation cell ``cell``, ``find`` becomes ``replace``; test ``fails`` must lose points."""

    name: str
    cell: str
    find: str
    replace: str
    fails: str
    why: str


def read_mutants(path: Path) -> tuple[Mutant, ...]:
    """Read ``mutants.toml``; a module without one has no mutants.

    Raises:
        InvalidInputError: it is not TOML, or an entry lacks a key.
    """
    if not path.is_file():
        return ()
    try:
        return tuple(Mutant(**table) for table in tomllib.loads(path.read_text(encoding="utf-8"))["mutant"])
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise InvalidInputError(f"{path} cannot be read: {error}.") from None


def mutate(notebook: NotebookNode, mutant: Mutant) -> NotebookNode:
    """Return a copy of ``notebook`` with the mistake made.

    Raises:
        InvalidInputError: the cell does not hold the mutant's text exactly once.
    """
    changed: NotebookNode = copy.deepcopy(notebook)
    cell = next((cell for cell in changed.cells if grade_id(cell) == mutant.cell), None)
    if cell is None or cell.source.count(mutant.find) != 1:
        raise InvalidInputError(f"Mutant {mutant.name!r}: cell {mutant.cell!r} does not hold its text exactly once.")
    cell.source = cell.source.replace(mutant.find, mutant.replace)
    return changed
