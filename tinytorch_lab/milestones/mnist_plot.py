"""The plot of milestone 3: how the network came to read, what it confuses, and what it still misreads."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tinytorch_lab.milestones.mnist_data import Digits

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

_CLASSES = 10
_ACROSS, _DOWN = 3, 4


@dataclass(frozen=True)
class Reading:
    """What a run reported.

    ``labels`` and the last ``answers`` are those of all test images, ``rounds`` the share of right answers after each
    round; ``losses`` and ``sampled`` (the share right in a tenth of the test images) were taken after every step;
    ``pictures`` are the test images at the positions ``misread``.
    """

    kind: Digits
    labels: NDArray[np.int64]
    answers: NDArray[np.int64]
    rounds: list[float]
    losses: NDArray[np.float64]
    sampled: NDArray[np.float64]
    misread: NDArray[np.int64]
    pictures: NDArray[np.float64]

    def confusion(self) -> NDArray[np.int64]:
        """Return how often each digit (row) was taken for each digit (column)."""
        counts = np.bincount(self.labels * _CLASSES + self.answers, minlength=_CLASSES**2)
        return counts.reshape(_CLASSES, _CLASSES)


def draw_reading(figure: "Figure", reading: Reading, goal: float) -> None:
    """Fill ``figure`` with the accuracy curve, the confusion matrix and misread digits."""
    curve, matrix, digits = figure.subfigures(1, 3, width_ratios=(1, 1.05, 0.75), squeeze=False)[0]
    _draw_curve(curve.subplots(), reading, goal)
    _draw_confusion(matrix.subplots(), reading.confusion())
    _draw_misread(digits, reading)


def _draw_curve(axes: "Axes", reading: Reading, goal: float) -> None:
    steps = len(reading.losses)
    at = np.array([reading.kind.epochs(step + 1) for step in range(steps)])
    every = steps // len(reading.rounds)
    axes.plot(at, 100 * reading.sampled, color="tab:blue", alpha=0.5, label="a tenth of the test images")
    axes.plot(at[every - 1 :: every], 100 * np.array(reading.rounds), "o-", color="tab:blue", label="all of them")
    axes.axhline(100 * goal, color="tab:red", linestyle="--", label=f"goal: {goal:.0%}")
    axes.set(title=f"Accuracy on {reading.kind.name}", xlabel="epoch", ylabel="right answers, %")
    axes.set_ylim(min(80, 100 * min(reading.rounds) - 5), 100.5)
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")


def _draw_confusion(axes: "Axes", counts: NDArray[np.int64]) -> None:
    mistakes = counts.copy()
    np.fill_diagonal(mistakes, 0)
    axes.imshow(mistakes, cmap="Reds", vmin=0, vmax=max(1, int(mistakes.max())))
    for true, said in np.ndindex(counts.shape):
        if counts[true, said]:
            color = "white" if mistakes[true, said] > 0.6 * mistakes.max() else "black"
            axes.text(said, true, str(counts[true, said]), color=color, ha="center", va="center", fontsize=6.5)
    axes.set(title="Confusion: digit (row) taken for (column)", xlabel="answer", ylabel="digit")
    axes.title.set_fontsize(10)
    axes.set(xticks=range(_CLASSES), yticks=range(_CLASSES))


def _draw_misread(figure: "SubFigure", reading: Reading) -> None:
    total = int((reading.answers != reading.labels).sum())
    figure.suptitle(f"{len(reading.misread)} of {total} misread digits", fontsize=10)
    grid = figure.subplots(_DOWN, _ACROSS)
    for axes in grid.flat:
        axes.axis("off")
    for axes, position, picture in zip(grid.flat, reading.misread, reading.pictures, strict=False):
        axes.imshow(picture, cmap="gray_r")
        axes.set_title(f"{reading.labels[position]} read as {reading.answers[position]}", fontsize=7, pad=2)
