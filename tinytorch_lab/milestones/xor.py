"""The XOR problem, and how a network's answer to it is drawn."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.contour import QuadContourSet

POINTS = ((0, 0), (0, 1), (1, 0), (1, 1))
TARGETS = (0, 1, 1, 0)
SIDE = 61

SETUP = f"""
points = Tensor(np.array({POINTS}, dtype=np.float32))
targets = Tensor(np.array({TARGETS}, dtype=np.float32).reshape(4, 1))
ticks = np.linspace(-0.5, 1.5, {SIDE}, dtype=np.float32)
grid = Tensor(np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2))
"""
"""Source of a step: the four points, and a grid around them."""

GRID_SHAPE = (SIDE * SIDE, 1)


def draw_surface(axes: "Axes", title: str, output: NDArray[np.float64]) -> "QuadContourSet":
    """Draw a network's output on the grid, the line where it is one half, and the four points with their targets."""
    ticks = np.linspace(-0.5, 1.5, SIDE)
    surface = output.reshape(SIDE, SIDE)
    image = axes.contourf(ticks, ticks, surface, levels=np.linspace(-0.5, 1.5, 21), cmap="PuOr", extend="both")
    if surface.min() < 0.5 < surface.max():
        axes.contour(ticks, ticks, surface, levels=[0.5], colors="black", linewidths=1.5)
    for (x, y), target in zip(POINTS, TARGETS, strict=True):
        marker = "s" if target else "o"
        axes.plot(x, y, marker, markersize=16, markerfacecolor="white", markeredgecolor="black")
        axes.annotate(str(target), (x, y), ha="center", va="center", fontsize=10, color="black")
    axes.set(title=title, xlabel="$x_1$", ylabel="$x_2$", aspect="equal", xticks=[0, 1], yticks=[0, 1])
    return image


def right_answers(output: NDArray[np.float64]) -> int:
    """Return how many of the four points ``output`` puts on the right side of one half."""
    return int(np.sum((output[:, 0] > 0.5) == (np.array(TARGETS) == 1)))
