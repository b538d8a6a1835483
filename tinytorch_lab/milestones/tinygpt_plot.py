"""The plot of milestone 4: how the loss fell, and what the model writes at several temperatures."""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tinytorch_lab.milestones.tinygpt_data import Text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH, _LINES = 58, 6


@dataclass(frozen=True)
class Writing:
    """What a run reported.

    ``training`` is the mean loss of the steps of each part, ``sampled`` the loss after it on a sixteenth of the unseen
    text, before the first part too; ``loss`` the one on all of it. ``written`` are texts by temperature,
    ``speeds`` tokens per second with and without a cache, and ``known`` the share of known words.
    """

    kind: Text
    steps: int
    training: NDArray[np.float64]
    sampled: NDArray[np.float64]
    loss: float
    written: Mapping[float, str]
    speeds: tuple[float, float]
    known: float


def draw_writing(figure: "Figure", writing: Writing, goal: float) -> None:
    """Fill ``figure`` with the loss curve and the texts."""
    curve, texts = figure.subplots(1, 2, width_ratios=(1, 1.25))
    _draw_curve(curve, writing, goal)
    _draw_texts(texts, writing)


def _draw_curve(axes: "Axes", writing: Writing, goal: float) -> None:
    at = np.linspace(0, writing.steps, len(writing.sampled))
    axes.plot(at[1:], writing.training, color="tab:blue", alpha=0.5, label="training")
    axes.plot(at, writing.sampled, color="tab:blue", label="unseen text, a sixteenth")
    axes.plot(at[-1], writing.loss, "o", color="tab:blue", label=f"all of it: {writing.loss:.3f}")
    for value, style, name in ((writing.kind.goal, "--", "table of trigrams"), (goal, ":", "goal")):
        if name != "goal" or goal != writing.kind.goal:
            axes.axhline(value, color="tab:red", linestyle=style, label=f"{name}: {value:g}")
    axes.set(title=f"Loss on {writing.kind.name}", xlabel="step", ylabel="nats per character")
    axes.grid(alpha=0.3)
    axes.legend()


def _draw_texts(axes: "Axes", writing: Writing) -> None:
    axes.axis("off")
    fast, slow = writing.speeds
    speeds = f"{fast:.0f} tokens a second with a cache, {slow:.0f} without"
    axes.set_title(f"Written, with {writing.known:.0%} known words at temperature 0.5\n{speeds}", fontsize=10)
    for place, (temperature, text) in enumerate(writing.written.items()):
        lines = [part for line in text.strip().splitlines() for part in textwrap.wrap(line, _WIDTH) or [""]]
        shown = "\n".join([f"temperature {temperature:g}", *lines[:_LINES]])
        top = 1 - place / len(writing.written)
        axes.text(0, top, shown, va="top", family="monospace", fontsize=7, parse_math=False)
