"""Train with the reference package beside PyTorch, in one run: ``python bench/training.py [--json] [--epochs N]``.

``mnist``: the network of milestone 3, an epoch of MNIST in batches of 32 with Adam, and the same in PyTorch on one
thread: same batches, same start, loss read after every step. The two take turns every 125 batches, so that whatever
else the machine does meets both; times are processor time. A shorter second comparison is run with the C library told
to keep freed memory, which saves both sides page faults. Then come the explicit loops of module 09 on the network's two
convolutions, for one image.

``gpt``: a training step of milestone 4's model (12 sequences of 64 characters, 4 blocks, 4 heads, width 128), clipping
and Adam included, beside the same model with the same start in PyTorch, in turns, step by step. Both run as the course
trains it, with freed memory kept; page faults would cost our side much more than PyTorch's. The two use different
libraries for matrix products, and which of these is ahead depends on the processor.

Where PyTorch is not installed, its part is skipped and said to be.

The package is built from the curriculum into a temporary folder. A section is a function in ``SECTIONS`` that returns
figures by name; ``GOALS`` says what they have to reach, and a figure that was not measured cannot miss its goal.
"""

import argparse
import importlib
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import chain, islice
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from tinytorch_lab.curriculum.library import find_library
from tinytorch_lab.datasets import mnist_folder
from tinytorch_lab.package.build import build_reference

Figures = dict[str, float | str]
Batch = tuple[np.ndarray, np.ndarray]

BATCH, RATE = 32, 0.002
CHUNK, CHUNKS = 125, 15
WARM_UP = 20
KEPT_CHUNKS = 3
GPT_SIZES = {"dim": 128, "layers": 4, "heads": 4, "block_size": 64}
GPT_BATCH, GPT_SYMBOLS = 12, 65
GPT_STEPS = 40


class Goal(NamedTuple):
    """What a figure has to reach: at most or at least ``limit``."""

    limit: float
    at_most: bool

    def missed(self, value: float) -> bool:
        """Tell whether ``value`` is on the wrong side."""
        return value > self.limit if self.at_most else value < self.limit

    def __str__(self) -> str:
        return f"goal {'≤' if self.at_most else '≥'} {self.limit:g}"


GOALS = {
    "mnist epoch, ratio to torch": Goal(1.25, at_most=True),
    "mnist convolutions, loops / product": Goal(500, at_most=False),
    "mnist accuracy after epoch 1": Goal(0.97, at_most=False),
    "mnist accuracy after epoch 3": Goal(0.98, at_most=False),
    "gpt step, ratio to torch": Goal(1.1, at_most=True),
}


class Side:
    """One of the two that train: a step on NumPy arrays, and the processor time of all steps."""

    def __init__(self, step: Callable[[np.ndarray, np.ndarray], float]) -> None:
        self.step = step
        self.seconds = 0.0

    def train(self, batches: list[Batch]) -> None:
        """Take a step on each batch: images as bytes, labels as integers."""
        start = time.process_time()
        for images, labels in batches:
            self.step(images, labels)
        self.seconds += time.process_time() - start


def our_network(tt: ModuleType) -> Any:
    draw = np.random.default_rng(0)
    first, second = tt.Conv2d(1, 16, 3, rng=draw), tt.Conv2d(16, 32, 3, rng=draw)
    features = [first, tt.ReLU(), tt.MaxPool2d(2), second, tt.ReLU(), tt.MaxPool2d(2)]
    return tt.Sequential(*features, tt.Flatten(), tt.Linear(800, 10, rng=draw))


def our_side(tt: ModuleType, network: Any) -> Side:
    optimizer, loss = tt.Adam(network.parameters(), lr=RATE), tt.CrossEntropyLoss()
    tensor, train_step = tt.Tensor, tt.train_step

    def step(images: np.ndarray, labels: np.ndarray) -> float:
        batch = (tensor(images / np.float32(255)), tensor(labels))
        return float(train_step(network, optimizer, loss, [batch]))

    return Side(step)


def torch_side(network: Any) -> Side | None:
    """Return PyTorch's side with the weights of ``network``; None where PyTorch is not installed."""
    try:
        torch = importlib.import_module("torch")
    except ImportError:
        return None
    torch.set_num_threads(1)
    nn = torch.nn
    features = [nn.Conv2d(1, 16, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3), nn.ReLU(), nn.MaxPool2d(2)]
    model = nn.Sequential(*features, nn.Flatten(), nn.Linear(800, 10))
    names = {name.removeprefix("layers."): torch.from_numpy(array) for name, array in network.state_dict().items()}
    model.load_state_dict(names)
    optimizer, loss = torch.optim.Adam(model.parameters(), lr=RATE), nn.CrossEntropyLoss()

    def step(images: np.ndarray, labels: np.ndarray) -> float:
        optimizer.zero_grad()
        value = loss(model(torch.from_numpy(images).float() / 255), torch.from_numpy(labels))
        value.backward()
        optimizer.step()
        return float(value.item())

    return Side(step)


def take_turns(ours: Side, theirs: Side | None, batches: Iterator[Batch], chunks: int) -> None:
    """Let both sides train on the next ``chunks`` chunks of batches, one after the other on each."""
    for _ in range(chunks):
        chunk = list(islice(batches, CHUNK))
        for side in filter(None, (ours, theirs)):
            side.train(chunk)


def keep_freed_memory() -> None:
    """Make glibc's allocator keep what is freed: it adapts its thresholds to the largest block that was given back."""
    np.empty(30 << 20, np.uint8)


def measure_mnist(tt: ModuleType, epochs: int) -> Figures:
    """Train the network of milestone 3 on both sides; accuracy is ours, on the 10,000 test images."""
    root = mnist_folder()
    data, test = tt.MNIST(root), tt.MNIST(root, train=False)
    loader = tt.DataLoader(range(len(data)), batch_size=BATCH, shuffle=True, seed=0)
    positions = chain.from_iterable(loader.order(epoch).reshape(-1, BATCH) for epoch in range(epochs))
    batches = ((data.images[index], data.labels[index]) for index in positions)

    warm = [(data.images[:BATCH], data.labels[:BATCH])] * WARM_UP
    for side in filter(None, (our_side(tt, our_network(tt)), torch_side(our_network(tt)))):
        side.train(warm)
    network = our_network(tt)
    ours, theirs = our_side(tt, network), torch_side(network)
    found: Figures = {}
    for epoch in range(1, epochs + 1):
        take_turns(ours, theirs, batches, CHUNKS)
        found[f"mnist accuracy after epoch {epoch}"] = tt.evaluate(network, test, tt.accuracy)
    found["mnist epoch, seconds"] = ours.seconds / epochs
    if theirs is None:
        return found | {"mnist epoch, ratio to torch": "SKIPPED: torch is not installed"} | loops_beside_product(tt)
    found["mnist epoch in torch, seconds"] = theirs.seconds / epochs
    found["mnist epoch, ratio to torch"] = ours.seconds / theirs.seconds
    keep_freed_memory()
    ours.seconds = theirs.seconds = 0.0
    again = ((data.images[index], data.labels[index]) for index in loader.order(0).reshape(-1, BATCH))
    take_turns(ours, theirs, again, KEPT_CHUNKS)
    found["mnist, ratio to torch with freed memory kept"] = ours.seconds / theirs.seconds
    return found | loops_beside_product(tt)


def loops_beside_product(tt: ModuleType) -> Figures:
    """Time both convolutions of the network, forwards and for one image, as loops and in a batch."""
    draw = np.random.default_rng(0)
    loops = product = 0.0
    for layer, side in ((tt.Conv2d(1, 16, 3, rng=draw), 28), (tt.Conv2d(16, 32, 3, rng=draw), 13)):
        images = draw.normal(size=(BATCH, layer.in_channels, side, side)).astype(np.float32)
        start = time.process_time()
        tt.conv2d_loops(images[:1], layer.weight.data, layer.bias.data)
        loops += time.process_time() - start
        times = []
        for _ in range(30):
            start = time.process_time()
            layer(tt.Tensor(images))
            times.append(time.process_time() - start)
        product += float(np.median(times)) / BATCH
    return {
        "mnist convolutions of an image by loops, seconds": loops,
        "mnist convolutions of an image, seconds": product,
        "mnist convolutions, loops / product": loops / product,
    }


def our_gpt_step(tt: ModuleType, model: Any) -> Callable[[np.ndarray, np.ndarray], float]:
    optimizer = tt.Adam(model.parameters(), lr=1e-3)

    def step(ids: np.ndarray, targets: np.ndarray) -> float:
        batch = (tt.Tensor(ids), tt.Tensor(targets))
        return float(tt.train_step(model, optimizer, tt.cross_entropy, [batch], clip_norm=1.0))

    return step


def in_turns(sides: list[Callable[[np.ndarray, np.ndarray], float]], steps: int) -> list[float]:
    """Return the median processor time of a step of each side, and check that they compute the same losses."""
    draw, times = np.random.default_rng(1), []
    for _ in range(steps):
        ids, targets = draw.integers(0, GPT_SYMBOLS, size=(2, GPT_BATCH, GPT_SIZES["block_size"]))
        losses, spent = [], []
        for side in sides:
            start = time.process_time()
            losses.append(side(ids, targets))
            spent.append(time.process_time() - start)
        np.testing.assert_allclose(losses, losses[0], rtol=1e-3)
        times.append(spent)
    return [float(value) for value in np.median(times, axis=0)]


def measure_gpt(tt: ModuleType, _epochs: int) -> Figures:
    """Time a training step of the GPT of milestone 4 on both sides."""
    keep_freed_memory()
    model = tt.GPT(GPT_SYMBOLS, **GPT_SIZES, rng=np.random.default_rng(0))
    sides = [our_gpt_step(tt, model)]
    try:
        peer = importlib.import_module("torch_gpt")
    except ImportError:
        return {
            "gpt step, seconds": in_turns(sides, GPT_STEPS)[0],
            "gpt step, ratio to torch": "SKIPPED: torch is not installed",
        }
    sides.append(peer.torch_gpt_step(model.state_dict(), GPT_SIZES))
    ours, theirs = in_turns(sides, GPT_STEPS)
    return {
        "gpt step, seconds": ours,
        "gpt step in torch, seconds": theirs,
        "gpt step, ratio to torch": ours / theirs,
    }


SECTIONS: dict[str, Callable[[ModuleType, int], Figures]] = {"mnist": measure_mnist, "gpt": measure_gpt}


def reference(folder: Path) -> ModuleType:
    """Build the reference package below ``folder`` and import it."""
    build_reference(find_library(Path(__file__).parent), folder / "tinytorch")
    sys.path.insert(0, str(folder))
    return importlib.import_module("tinytorch")


def shown(name: str, value: float | str) -> str:
    """Return a line of the table."""
    if isinstance(value, str):
        return f"{name:50} {value}"
    goal = f"   {GOALS[name]}" if name in GOALS else ""
    number = f"{1e3 * value:12.3f} ms" if name.endswith("seconds") and value < 1 else f"{value:12.4g}"
    return f"{name:50} {number}{goal}"


def main() -> None:
    """Print the figures; exit with 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--epochs", type=int, default=1, help="epochs of MNIST (default: 1)")
    parser.add_argument("--only", choices=sorted(SECTIONS), help="one section instead of all")
    chosen = parser.parse_args()
    found: Figures = {}
    with tempfile.TemporaryDirectory(prefix="bench-training-") as folder, threadpool_limits(1):
        tt = reference(Path(folder))
        for name, section in SECTIONS.items():
            if chosen.only in (None, name):
                found |= section(tt, chosen.epochs)
    print(json.dumps(found) if chosen.json else "\n".join(shown(name, value) for name, value in found.items()))
    missed = [
        name for name, goal in GOALS.items() if isinstance(value := found.get(name), float) and goal.missed(value)
    ]
    raise SystemExit(1 if missed else 0)


if __name__ == "__main__":
    main()
