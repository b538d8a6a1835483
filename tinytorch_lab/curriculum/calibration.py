"""Calibration samples: solutions and written answers that show graders what which points look like."""

import copy
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from tinytorch_lab.curriculum.cells import grade_id
from tinytorch_lab.errors import InvalidInputError

CODE_LEVELS = ("excellent", "good", "acceptable", "flawed")
ANSWER_LEVELS = ("excellent", "good", "acceptable", "weak")


@dataclass(frozen=True)
class Expected:
    """The points, from ``low`` to ``high``, that test cell ``test`` gives a sample."""

    test: str
    low: float
    high: float


@dataclass(frozen=True)
class CodeSample:
    """A solution of implementation cell ``cell``, either as ``source`` or with ``find`` replaced in the reference.

    ``why`` gives the reason for the points, ``comment`` is what a grader may tell the student.
    """

    name: str
    level: str
    cell: str
    points: tuple[Expected, ...]
    why: str
    comment: str
    source: str = ""
    find: str = ""
    replace: str = ""


@dataclass(frozen=True)
class AnswerSample:
    """An answer in ``response`` and its points; ``meets`` and ``misses`` begin like criteria of its mark scheme."""

    name: str
    level: str
    response: str
    points: float
    text: str
    meets: tuple[str, ...]
    misses: tuple[str, ...]
    why: str
    comment: str


@dataclass(frozen=True)
class Calibration:
    """A module's calibration samples, in the order in which a grader should read them."""

    code: tuple[CodeSample, ...] = ()
    answers: tuple[AnswerSample, ...] = ()


def read_calibration(path: Path) -> Calibration:
    """Read ``calibration.toml``; a module without one has no samples.

    Raises:
        InvalidInputError: it is not TOML, or an entry lacks a key or has an unknown one.
    """
    if not path.is_file():
        return Calibration()
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        code = tuple(_code(table) for table in tables.get("code", []))
        answers = tuple(_answer(table) for table in tables.get("answer", []))
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise InvalidInputError(f"{path} cannot be read: {error}.") from None
    return Calibration(code, answers)


def with_sample(notebook: NotebookNode, sample: CodeSample) -> NotebookNode:
    """Return a copy of ``notebook`` that holds the sample in place of the reference solution.

    Raises:
        InvalidInputError: there is no such cell, or it does not hold the text to replace exactly once.
    """
    changed: NotebookNode = copy.deepcopy(notebook)
    cell = next((cell for cell in changed.cells if grade_id(cell) == sample.cell), None)
    if cell is None:
        raise InvalidInputError(f"Sample {sample.name!r}: there is no cell {sample.cell!r}; name an implementation.")
    if not sample.source and cell.source.count(sample.find) != 1:
        raise InvalidInputError(
            f"Sample {sample.name!r}: cell {sample.cell!r} does not hold the text of 'find' exactly once; copy it anew."
        )
    cell.source = sample.source or cell.source.replace(sample.find, sample.replace)
    return changed


def _code(table: Mapping[str, Any]) -> CodeSample:
    points = tuple(_expected(test, value) for test, value in table["points"].items())
    sample = CodeSample(**{**table, "points": points})
    _check_level(sample.name, sample.level, CODE_LEVELS)
    if bool(sample.source) == bool(sample.find):
        raise ValueError(f"sample {sample.name!r} needs either source, or find and replace")
    return sample


def _answer(table: Mapping[str, Any]) -> AnswerSample:
    sample = AnswerSample(**{**table, "meets": tuple(table["meets"]), "misses": tuple(table["misses"])})
    _check_level(sample.name, sample.level, ANSWER_LEVELS)
    return sample


def _expected(test: str, value: float | list[float]) -> Expected:
    low, high = value if isinstance(value, list) else (value, value)
    return Expected(test, low, high)


def _check_level(name: str, level: str, known: tuple[str, ...]) -> None:
    if level not in known:
        raise ValueError(f"sample {name!r} has the level {level!r}; known are {', '.join(known)}")
