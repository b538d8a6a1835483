"""What a milestone consists of: the steps that run on the student's package, and what to make of their reports.

The steps are test cells, so what they probe leaves the sandbox as plain values; judging and drawing happen outside.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinytorch_lab.runner.contract import Cell

if TYPE_CHECKING:  # Matplotlib takes half a second to load, which only a run should pay.
    from matplotlib.figure import Figure

LOSS = "the loss"
"""The probe whose last value is shown as progress."""

Reports = Mapping[str, Sequence[Any]]
"""The probed values by name, in the order they came; a name reads as what it is in a sentence."""

Files = Mapping[str, bytes]
"""What the steps find in their working folder."""


class Malformed(Exception):
    """A report is not what the milestone's network must give; the text is the whole sentence."""


@dataclass(frozen=True)
class Outcome:
    """How far a run came: ``sentence`` says it, ``figures`` are its numbers, ``draw`` fills the plot."""

    passed: bool
    sentence: str
    figures: dict[str, float]
    draw: Callable[["Figure"], None]


@dataclass(frozen=True)
class Script:
    """A milestone's steps and its judge, which raises :class:`Malformed` for reports it cannot judge.

    ``files`` makes what the steps find in their working folder, anew for each run; it raises ``NotAvailableError``
    if the data cannot be had. The judge is given them, too: other data may be had by then. ``limits`` are entries of
    the course's table ``[limits]`` that this milestone exceeds. ``minutes`` says about how long one processor is busy;
    0 means seconds.
    """

    steps: tuple[Cell, ...]
    judge: Callable[[Reports, Files], Outcome]
    files: Callable[[], Files] = dict
    limits: Mapping[str, float] = field(default_factory=dict)
    minutes: int = 0


def step(title: str, source: str) -> Cell:
    """Return a step; ``title`` is what progress and failures call it."""
    return Cell(title, f"from tinytorch_lab.probes import probe\n{source.strip()}\n", "test")


def numbers(reports: Reports, name: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return the last value reported as ``name``.

    Raises:
        Malformed: it is missing, or no array of finite numbers, or of another shape.
    """
    value = reports[name][-1] if reports.get(name) else None
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "biuf":
        raise Malformed(f"{capitalized(name)} is not an array of numbers.")
    if value.shape != shape:
        raise Malformed(f"{capitalized(name)} has shape {value.shape}; expected {shape}.")
    if not np.isfinite(value).all():
        raise Malformed(f"{capitalized(name)} holds values that are not finite.")
    return value.astype(np.float64)


def series(reports: Reports, name: str, count: int) -> NDArray[np.float64]:
    """Return the ``count`` numbers reported as ``name`` one after the other.

    Raises:
        Malformed: there are more or fewer, or one is no finite number.
    """
    values = reports.get(name, ())
    if len(values) != count or not all(isinstance(value, float) and np.isfinite(value) for value in values):
        expected = "a finite number" if count == 1 else f"{count} finite numbers"
        raise Malformed(f"{capitalized(name)} is not {expected}.")
    return np.array(values)


def capitalized(name: str) -> str:
    """Return a probe's name as the beginning of a sentence."""
    return name[:1].upper() + name[1:]
