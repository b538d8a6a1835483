"""Training with the reference package: runs that continue exactly, and XOR from every start."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

pytest_plugins = ("tests.curriculum.packages",)

EPOCHS = 6
STARTS = 100

OPTIMIZERS: dict[str, Callable[[ModuleType, Any], Any]] = {
    "SGD": lambda tt, p: tt.SGD(p, lr=0.1),
    "momentum": lambda tt, p: tt.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01),
    "Adam": lambda tt, p: tt.Adam(p, lr=0.01),
    "AdamW": lambda tt, p: tt.AdamW(p, lr=0.01, weight_decay=0.1),
}
OPTIONS: dict[str, Callable[[ModuleType], dict[str, Any]]] = {
    "plain": lambda _: {},
    "cosine": lambda tt: {"schedule": tt.CosineSchedule(0.02, 5, 40)},
    "decay, clipped, accumulated": lambda tt: {
        "schedule": tt.StepDecay(0.02, 7, 0.5), "clip_norm": 0.5, "accumulate": 2,
    },
}  # fmt: skip


def data(tt: ModuleType, dtype: Any) -> Any:
    """Forty-three labelled points: the last batch is short, and so is the last group of batches."""
    rng = np.random.default_rng(1)
    return tt.TensorDataset(tt.Tensor(rng.normal(size=(43, 4)), dtype=dtype), rng.integers(3, size=43))


def new_trainer(tt: ModuleType, optimizer: str, options: str, dtype: Any, seed: int) -> Any:
    rng = np.random.default_rng(seed)
    model = tt.Sequential(tt.Linear(4, 8, rng=rng), tt.Tanh(), tt.Linear(8, 3, rng=rng)).to(dtype)
    made = OPTIMIZERS[optimizer](tt, model.parameters())
    return tt.Trainer(model, made, tt.CrossEntropyLoss(), batch_size=8, seed=seed, **OPTIONS[options](tt))


def everything(trainer: Any) -> dict[str, Any]:
    """All that a run has come to, as bytes where there are arrays; the clock is no part of it."""
    model, optimizer = trainer.model.state_dict(), trainer.optimizer.state_dict()
    history = trainer.history
    return {
        "model": {name: (array.dtype, array.tobytes()) for name, array in model.items()},
        "optimizer": {name: (array.dtype, array.tobytes()) for name, array in optimizer.items()},
        "history": np.array([history.train_loss, history.val_loss, history.lr]).tobytes(),
        "counters": (trainer.epoch, trainer.step, trainer.seed),
    }


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_resumed_run_is_the_uninterrupted_one(
    optimizer: str, options: str, dtype: Any, tt: ModuleType, tmp_path: Path
):
    """Wherever it is interrupted, and whatever the trainer that takes over was made from: bit for bit."""
    samples, path = data(tt, dtype), tmp_path / "run.npz"
    straight = new_trainer(tt, optimizer, options, dtype, seed=1)
    straight.fit(samples, EPOCHS, val=samples)
    expected = everything(straight)
    for interrupted_after in (1, 3, 5):
        first = new_trainer(tt, optimizer, options, dtype, seed=1)
        first.fit(samples, interrupted_after, val=samples)
        digest = first.save(path)
        first.fit(samples, 1)  # what happens to the old run later is not in the file
        second = new_trainer(tt, optimizer, options, dtype, seed=2)
        second.load(path)
        assert second.save(path) == digest
        second.fit(samples, EPOCHS - interrupted_after, val=samples)
        assert everything(second) == expected, f"interrupted after {interrupted_after} epochs"


def test_a_resumed_run_with_a_shuffling_loader(tt: ModuleType, tmp_path: Path):
    """A loader of one's own continues with the order of the epoch that is next."""
    samples, path = data(tt, np.float32), tmp_path / "run.npz"

    def loader() -> Any:
        return tt.DataLoader(samples, batch_size=5, shuffle=True, drop_last=True, seed=4)

    straight, first, second = (new_trainer(tt, "Adam", "cosine", np.float32, seed) for seed in (1, 1, 2))
    straight.fit(loader(), EPOCHS)
    first.fit(loader(), 2)
    first.save(path)
    second.load(path)
    second.fit(loader(), EPOCHS - 2)
    assert everything(second) == everything(straight)


def test_a_run_that_forgets_its_optimizer_is_another_run(tt: ModuleType, tmp_path: Path):
    """The comparison above sees the state of the optimizer, not only the weights."""
    samples, path = data(tt, np.float32), tmp_path / "run.npz"
    straight, second = (new_trainer(tt, "Adam", "plain", np.float32, seed) for seed in (1, 2))
    straight.fit(samples, 3)
    straight.save(path)
    straight.fit(samples, 1)
    tt.load_checkpoint(path, second.model)
    second.epoch, second.seed = 3, 1
    second.fit(samples, 1)
    assert everything(second)["model"] != everything(straight)["model"]


def test_xor_is_learned_from_every_start(tt: ModuleType):
    """Milestone 2: loss below 0.01 and four right answers, within 100 epochs."""
    samples = tt.TensorDataset(tt.XOR_INPUTS, tt.XOR_TARGETS[:, None])
    missed = {}
    for seed in range(STARTS):
        rng = np.random.default_rng(seed)
        model = tt.Sequential(tt.Linear(2, 8, rng=rng), tt.Tanh(), tt.Linear(8, 1, rng=rng))
        trainer = tt.Trainer(model, tt.Adam(model.parameters(), lr=0.1), tt.MSELoss())
        trainer.fit(samples, 100)
        right = trainer.evaluate(samples, lambda prediction, target: tt.accuracy(prediction - 0.5, target))
        loss = trainer.evaluate(samples)
        if not loss < 0.01 or right != 1.0:
            missed[seed] = (loss, right)
    assert missed == {}
