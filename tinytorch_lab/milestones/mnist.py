"""Milestone 3: a convolutional network reads handwritten digits."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tinytorch_lab.milestones.mnist_data import ABOUT, BATCH, MNIST, digit_files, unseen_digits
from tinytorch_lab.milestones.mnist_plot import Reading, draw_reading
from tinytorch_lab.milestones.script import (
    LOSS,
    Files,
    Malformed,
    Outcome,
    Reports,
    Script,
    capitalized,
    numbers,
    series,
    step,
)
from tinytorch_lab.runner.contract import Cell

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ROUNDS, _STEPS_A_ROUND = 5, 15
"""A round ends with a look at all test images; with MNIST it is an epoch."""

_GOAL = 0.95
_SHOWN = 12
_CLASSES = 10
_EVERY = 10
"""After each step one test image of so many is looked at."""

_ANSWERS, _SAMPLED = "the answers for the test images", "the answers for every tenth test image"

_IMPORTS = f"""
import gzip
import json
from itertools import chain, islice, repeat
from pathlib import Path

import numpy as np
from tinytorch.activations import ReLU
from tinytorch.autograd import no_grad
from tinytorch.dataloader import MNIST, DataLoader
from tinytorch.layers import Flatten, Linear, Sequential
from tinytorch.losses import CrossEntropyLoss
from tinytorch.optimizers import Adam
from tinytorch.spatial import Conv2d, MaxPool2d
from tinytorch.tensor import Tensor
from tinytorch.training import Trainer


# Test images by plain NumPy: a wrong loader must not hide what was not learned.
packed = Path("t10k-images-idx3-ubyte.gz").read_bytes()
images = np.frombuffer(gzip.decompress(packed), np.uint8)[16:].reshape(-1, 1, 28, 28)
batches_a_step = json.loads(Path("{ABOUT}").read_text())["batches"]
"""
_NETWORK = f"""
draw = np.random.default_rng(0)
network = Sequential([
    Conv2d(1, 16, 3, rng=draw), ReLU(), MaxPool2d(2),
    Conv2d(16, 32, 3, rng=draw), ReLU(), MaxPool2d(2),
    Flatten(), Linear(32 * 5 * 5, 10, rng=draw),
])
trainer = Trainer(network, Adam(network.parameters(), lr=0.002), CrossEntropyLoss())
loader = DataLoader(MNIST("."), batch_size={BATCH}, shuffle=True, seed=0)
batches = chain.from_iterable(repeat(loader))


def answers(chosen):
    said = []
    with no_grad():
        for start in range(0, len(chosen), 250):
            said.append(network(Tensor(chosen[start : start + 250] / np.float32(255))).data.argmax(axis=1))
    return np.concatenate(said)
"""
_TRAIN = f"""
probe("{LOSS}", float(trainer.train_epoch(islice(batches, batches_a_step))))
probe("{_SAMPLED}", answers(images[::{_EVERY}]))
"""
_TEST = f"""
probe("{_ANSWERS}", answers(images))
"""


def _judge(reports: Reports, files: Files) -> Outcome:
    reading = _reading(reports, files)
    rounds, kind = reading.rounds, reading.kind
    passed = bool(rounds[-1] > _GOAL)
    epochs = [kind.epochs((number + 1) * _STEPS_A_ROUND) for number in range(_ROUNDS)]
    origin = "" if kind is MNIST else f"MNIST could not be had, so these are {kind.name} of 8 by 8 pixels. "
    state = (
        f"{rounds[-1]:.1%} of the {kind.test:,} test images are right after {epochs[-1]:.0f} epochs, "
        f"{rounds[0]:.1%} after {epochs[0]:.0f}"
    )
    sentence = (
        f"{origin}The network reads handwritten digits: {state}."
        if passed
        else f"{origin}The network does not read well enough: {state}, where more than {_GOAL:.0%} are the goal; "
        "check the gradients of module 09 first, then the learning rate and the images that the loader gives."
    )
    figures = {
        "accuracy": rounds[-1],
        "misread": float((reading.answers != reading.labels).sum()),
        "epochs": epochs[-1],
    }
    figures |= {f"accuracy_after_{at:.0f}": accuracy for at, accuracy in zip(epochs, rounds, strict=True)}

    def draw(figure: "Figure") -> None:
        draw_reading(figure, reading, _GOAL)

    return Outcome(passed, sentence, figures, draw)


def _reading(reports: Reports, files: Files) -> Reading:
    # The labels never enter the sandbox: what is not there cannot be given as an answer.
    digits = unseen_digits(files)
    labels = digits.labels
    answers = _answers(reports, _ANSWERS, _ROUNDS, labels.shape)
    sampled = _answers(reports, _SAMPLED, _ROUNDS * _STEPS_A_ROUND, labels[::_EVERY].shape)
    misread = np.flatnonzero(answers[-1] != labels)[:_SHOWN]
    return Reading(
        kind=digits.kind,
        labels=labels,
        answers=answers[-1],
        rounds=[float((one == labels).mean()) for one in answers],
        losses=series(reports, LOSS, _ROUNDS * _STEPS_A_ROUND),
        sampled=np.array([float((one == labels[::_EVERY]).mean()) for one in sampled]),
        misread=misread,
        pictures=digits.images[misread].astype(np.float64),
    )


def _answers(reports: Reports, name: str, count: int, shape: tuple[int, ...]) -> list[NDArray[np.int64]]:
    given = reports.get(name, ())
    if len(given) != count:
        raise Malformed(f"{capitalized(name)} were given {len(given)} times instead of {count}.")
    return [_classes(numbers({name: [one]}, name, shape), name) for one in given]


def _classes(values: NDArray[np.float64], name: str) -> NDArray[np.int64]:
    if not np.isin(values, np.arange(_CLASSES)).all():
        raise Malformed(f"{capitalized(name)} are not all digits from 0 to 9.")
    return values.astype(np.int64)


def _round(number: int) -> tuple[Cell, ...]:
    title = f"round {number} of {_ROUNDS}"
    parts = (step(f"{title}, part {part} of {_STEPS_A_ROUND}", _TRAIN) for part in range(1, _STEPS_A_ROUND + 1))
    return (*parts, step(f"{title}, all test images", _TEST))


SCRIPT = Script(
    (
        step("imports and data", _IMPORTS),
        step("network", _NETWORK),
        *(one for number in range(1, _ROUNDS + 1) for one in _round(number)),
    ),
    _judge,
    files=digit_files,
    limits={"notebook_seconds": 1800},
    minutes=2,
)
