"""Milestone 1: a network of two layers runs on the XOR points, and with the right weights computes XOR."""

from typing import TYPE_CHECKING

import numpy as np

from tinytorch_lab.milestones.script import Files, Outcome, Reports, Script, numbers, step
from tinytorch_lab.milestones.xor import GRID_SHAPE, SETUP, TARGETS, draw_surface

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_EXACT = 1e-6
_FRESH, _SET = "the output of the fresh network", "the output with weights set by hand"
_FRESH_GRID, _SET_GRID = f"{_FRESH} on the grid", f"{_SET} on the grid"

_IMPORTS = f"""
import numpy as np
from tinytorch.activations import ReLU
from tinytorch.layers import Linear, Sequential
from tinytorch.tensor import Tensor
{SETUP}
"""
_FRESH_NETWORK = f"""
draw = np.random.default_rng(0)
network = Sequential([Linear(2, 4, rng=draw), ReLU(), Linear(4, 1, rng=draw)])
probe("{_FRESH}", network(points).data)
probe("{_FRESH_GRID}", network(grid).data)
"""
_SET_WEIGHTS = f"""
# relu(a + b) - 2 relu(a + b - 1): the sum of the inputs, folded down again beyond 1. Two units are left over.
weights = [[[1, 1], [1, 1], [0, 0], [0, 0]], [0, -1, 0, 0], [[1, -2, 0, 0]], [0]]
names = [name for name, _ in network.named_parameters()]
network.load_state_dict(dict(zip(names, (np.array(w, dtype=np.float32) for w in weights), strict=True)))
probe("{_SET}", network(points).data)
probe("{_SET_GRID}", network(grid).data)
"""


def _judge(reports: Reports, _files: Files) -> Outcome:
    fresh = numbers(reports, _FRESH, (4, 1))
    by_hand = numbers(reports, _SET, (4, 1))
    surfaces = numbers(reports, _FRESH_GRID, GRID_SHAPE), numbers(reports, _SET_GRID, GRID_SHAPE)
    error = float(np.abs(by_hand[:, 0] - TARGETS).max())
    passed = error <= _EXACT
    shown = ", ".join(f"{value:.3g}" for value in by_hand[:, 0])
    sentence = (
        "The network runs on the four XOR points, and with weights set by hand it computes XOR exactly."
        if passed
        else f"The network runs, but with weights that compute XOR it gives {shown} instead of 0, 1, 1, 0."
    )

    def draw(figure: "Figure") -> None:
        axes = figure.subplots(1, 2, sharey=True)
        draw_surface(axes[0], "Fresh network: random weights", surfaces[0])
        image = draw_surface(axes[1], "Weights set by hand", surfaces[1])
        figure.colorbar(image, ax=axes, label="output", ticks=[-0.5, 0, 0.5, 1, 1.5])

    spread = float(np.ptp(fresh))
    return Outcome(passed, sentence, {"largest_error": error, "fresh_output_spread": spread}, draw)


SCRIPT = Script(
    (step("imports", _IMPORTS), step("fresh network", _FRESH_NETWORK), step("weights set by hand", _SET_WEIGHTS)),
    _judge,
)
