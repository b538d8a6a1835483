"""Milestone 2: a network learns XOR in a hundred epochs."""

from typing import TYPE_CHECKING

import numpy as np

from tinytorch_lab.milestones.script import LOSS, Files, Outcome, Reports, Script, numbers, series, step
from tinytorch_lab.milestones.xor import GRID_SHAPE, SETUP, draw_surface, right_answers

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_EPOCHS, _AT_ONCE = 100, 5
_GOAL = 0.01
_OUTPUT, _GRID = "the output of the trained network", "the output on the grid"

_IMPORTS = f"""
import numpy as np
import tinytorch.autograd
from tinytorch.activations import Tanh
from tinytorch.dataloader import DataLoader, TensorDataset
from tinytorch.layers import Linear, Sequential
from tinytorch.losses import MSELoss
from tinytorch.optimizers import Adam
from tinytorch.tensor import Tensor
from tinytorch.training import Trainer
{SETUP}
"""
_NETWORK = f"""
draw = np.random.default_rng(0)
network = Sequential([Linear(2, 8, rng=draw), Tanh(), Linear(8, 1, rng=draw)])
trainer = Trainer(network, Adam(network.parameters(), lr=0.1), MSELoss())
loader = DataLoader(TensorDataset(points, targets), batch_size=4, shuffle=True, seed=0)


# In plain NumPy: a wrong loss must not hide that nothing was learned.
def measured():
    return float(np.mean((network(points).data - targets.data) ** 2))


probe("{LOSS}", measured())
"""
_TRAIN = f"""
for _ in range({_AT_ONCE}):
    trainer.train_epoch(loader)
    probe("{LOSS}", measured())
"""
_EVALUATE = f"""
probe("{_OUTPUT}", network(points).data)
probe("{_GRID}", network(grid).data)
"""


def _judge(reports: Reports, _files: Files) -> Outcome:
    losses = series(reports, LOSS, _EPOCHS + 1)
    output = numbers(reports, _OUTPUT, (4, 1))
    surface = numbers(reports, _GRID, GRID_SHAPE)
    right = right_answers(output)
    passed = bool(losses[-1] < _GOAL) and right == 4
    above = np.flatnonzero(losses >= _GOAL)
    since = int(above[-1]) + 1 if above.size else 0
    state = f"after {_EPOCHS} epochs the loss is {losses[-1]:.2g} and {right} of 4 points are right"
    sentence = (
        f"XOR is learned: {state}; the loss is below {_GOAL:g} from epoch {since} on."
        if passed
        else f"XOR is not learned: {state}, where a loss below {_GOAL:g} and 4 of 4 are the goal; "
        "check the gradients first, then that each step clears those of the step before."
    )

    def draw(figure: "Figure") -> None:
        curve, plane = figure.subplots(1, 2)
        curve.semilogy(np.arange(len(losses)), losses, color="tab:blue")
        curve.axhline(_GOAL, color="tab:red", linestyle="--", label=f"goal: {_GOAL:g}")
        curve.set(title="Loss on the four points", xlabel="epoch", ylabel="mean squared error")
        curve.grid(alpha=0.3)
        curve.legend()
        image = draw_surface(plane, "Decision boundary (output = ½)", surface)
        figure.colorbar(image, ax=plane, label="output", ticks=[-0.5, 0, 0.5, 1, 1.5])

    figures = {"loss": float(losses[-1]), "accuracy": right / 4, "epochs": float(_EPOCHS)}
    return Outcome(passed, sentence, figures | ({"epochs_to_goal": float(since)} if passed else {}), draw)


SCRIPT = Script(
    (
        step("imports", _IMPORTS),
        step("network", _NETWORK),
        *(step(f"epochs {first + 1} to {first + _AT_ONCE}", _TRAIN) for first in range(0, _EPOCHS, _AT_ONCE)),
        step("evaluation", _EVALUATE),
    ),
    _judge,
)
