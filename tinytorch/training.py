# Generated from curriculum/08_training/08_training.py; edit that, not this file.
# Each "# %%" line says which cell, and which of its lines, the code below it is.

__all__ = [
    "Batch", "Metric", "train_step", "in_order", "evaluation_mode", "evaluate", "Schedule",
    "StepDecay", "CosineSchedule", "History", "EarlyStopping", "CHECKPOINT_VERSION", "content_hash",
    "write_atomically", "save_checkpoint", "read_checkpoint", "load_checkpoint", "groups_of",
    "Trainer",
]


# %% cell 3 (imports), lines 2-21
import hashlib
import io
import json
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from .autograd import no_grad
from .dataloader import DataLoader, Dataset
from .layers import Module
from .optimizers import Optimizer, clip_grad_norm
from .tensor import Tensor


# %% cell 6 (train_step), lines 2-39 without 24
Batch = Sequence[Tensor]
Metric = Callable[[Tensor, Tensor], Any]


def train_step(
    model: Callable[..., Tensor],
    optimizer: Optimizer,
    loss: Callable[[Tensor, Tensor], Tensor],
    batches: Sequence[Batch],
    clip_norm: float | None = None,
) -> float:
    """Change the weights once, by the gradient of the mean loss over all samples in ``batches``.

    Returns that mean, as it was before the step. A batch holds the inputs of the model and, last, the target,
    whose length is the number of samples. The batches go through the model one by one, and only one graph
    exists at a time. Gradients from before are forgotten; if ``clip_norm`` is given, the joint norm of the
    gradient of ``optimizer.params`` is limited to it.

    Raises FloatingPointError, with the loss in the message, if a loss is NaN or infinite; the weights have not
    changed then.
    Hint: ``backward`` takes the slope to start from.
    """
    optimizer.zero_grad()
    samples = sum(len(batch[-1]) for batch in batches)
    mean = 0.0
    for *inputs, target in batches:
        value = loss(model(*inputs), target)
        number, share = value.item(), len(target) / samples
        if not math.isfinite(number):
            raise FloatingPointError(f"the loss is {number}: reduce the learning rate, or look at the data")
        value.backward(share)
        mean += share * number
        del value  # the graph goes before the next one is built
    if clip_norm is not None:
        clip_grad_norm(optimizer.params, clip_norm)
    optimizer.step()
    return mean


# %% cell 12 (evaluation), lines 2-46 without 16, 25, 37
def in_order(data: Dataset | DataLoader | Iterable[Batch], batch_size: int = 32) -> Iterable[Batch]:
    """Every sample of a dataset, or of a loader's dataset, once and in order; batches stay as they are."""
    if isinstance(data, DataLoader):
        return DataLoader(data.dataset, data.batch_size)
    return DataLoader(data, batch_size) if isinstance(data, Dataset) else data


@contextmanager
def evaluation_mode(model: Module) -> Iterator[None]:
    """Record nothing in the ``with`` block, and have all modules of ``model`` in evaluation mode.

    Afterwards each of them is in the mode in which it was before, also if the block raises.
    Hint: ``no_grad`` shows the pattern.
    """
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with no_grad():
            yield
    finally:
        for module, training in modes:
            module.training = training


def evaluate(
    model: Module, data: Dataset | DataLoader | Iterable[Batch], metric: Metric, batch_size: int = 32
) -> float:
    """Mean of ``metric(prediction, target)`` over the samples of ``data``, in ``evaluation_mode``.

    metric: a loss, ``accuracy``, or any other mean over a batch; it may return a tensor or a number.
    data: see ``in_order``. Raises ValueError if there are no samples.
    Hint: count samples, not batches.
    """
    total, samples = 0.0, 0
    with evaluation_mode(model):
        for *inputs, target in in_order(data, batch_size):
            value = metric(model(*inputs), target)
            total += len(target) * float(value.item() if isinstance(value, Tensor) else value)
            samples += len(target)
    if not samples:
        raise ValueError("there are no samples to evaluate")
    return total / samples


# %% cell 16 (schedules), lines 2-37 without 15, 17, 33
Schedule = Callable[[int], float]


class StepDecay:
    """A rate that is multiplied by ``factor`` after every ``every`` steps."""

    def __init__(self, lr: float, every: int, factor: float = 0.1) -> None:
        if every < 1:
            raise ValueError(f"every must be at least one step, got {every}")
        self.lr, self.every, self.factor = lr, every, factor

    def __call__(self, step: int) -> float:
        """The learning rate for step number ``step``; the first step is number 0."""
        return self.lr * self.factor ** (step // self.every)


class CosineSchedule:
    """A rate that rises to ``lr`` in ``warmup`` steps and falls along a cosine to ``minimum`` at ``total``."""

    def __init__(self, lr: float, warmup: int, total: int, minimum: float = 0.0) -> None:
        if not 0 <= warmup < total:
            raise ValueError(f"the warm-up must end before the run does: warmup={warmup}, total={total}")
        self.lr, self.warmup, self.total, self.minimum = lr, warmup, total, minimum

    def __call__(self, step: int) -> float:
        """The learning rate for step number ``step``: a formula of section 1; ``minimum`` from ``total`` on.

        Hint: ``total`` counts the warm-up.
        """
        if step < self.warmup:
            return self.lr * (step + 1) / self.warmup
        progress = min(1.0, (step - self.warmup) / (self.total - self.warmup))
        return self.minimum + 0.5 * (self.lr - self.minimum) * (1 + math.cos(math.pi * progress))


# %% cell 21 (history), lines 2-42 without 15, 20, 32, 35
@dataclass
class History:
    """What happened in a run: one entry in each list per epoch."""

    train_loss: list[float] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)
    lr: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def add(
        self, train_loss: float, val_loss: float = math.nan, lr: float = math.nan, seconds: float = 0.0
    ) -> None:
        """Append one epoch to all four lists, as Python floats."""
        self.train_loss.append(float(train_loss))
        self.val_loss.append(float(val_loss))
        self.lr.append(float(lr))
        self.seconds.append(float(seconds))

    def __len__(self) -> int:
        """Number of epochs."""
        return len(self.train_loss)

    @property
    def best_epoch(self) -> int | None:
        """Number of the first epoch with the lowest validation loss; None if no loss is a number.

        Hint: ``math.isnan``; ``min`` takes a ``key``.
        """
        epochs = [epoch for epoch, loss in enumerate(self.val_loss) if not math.isnan(loss)]
        return min(epochs, key=lambda epoch: self.val_loss[epoch], default=None)

    def __str__(self) -> str:
        lines = [f"{'epoch':>5} {'train loss':>11} {'val loss':>11} {'rate':>10} {'seconds':>8}"]
        rows = zip(self.train_loss, self.val_loss, self.lr, self.seconds, strict=True)
        for epoch, (train_loss, val_loss, lr, seconds) in enumerate(rows):
            lines.append(f"{epoch:5} {train_loss:11.5g} {val_loss:11.5g} {lr:10.3g} {seconds:8.2f}")
        return "\n".join(lines)


# %% cell 24 (early_stopping), lines 2-28 without 15, 23, 27
class EarlyStopping:
    """Stop after ``patience`` epochs in a row without a gain of more than ``min_delta`` on the best loss."""

    def __init__(self, patience: int, min_delta: float = 0.0) -> None:
        if patience < 1 or not min_delta >= 0:
            raise ValueError(f"patience must be at least 1, min_delta not negative: {patience}, {min_delta}")
        self.patience, self.min_delta = patience, min_delta

    def waited(self, losses: Iterable[float]) -> int:
        """Number of epochs at the end of ``losses`` since the last improvement; 0 if there are no losses.

        The first loss that is a number is an improvement on nothing. NaN never is one.
        """
        best, waited = math.inf, 0
        for loss in losses:
            if loss < best - self.min_delta:
                best, waited = loss, 0
            else:
                waited += 1
        return waited

    def should_stop(self, losses: Iterable[float]) -> bool:
        """Whether the run with these validation losses, one for each epoch so far, is to end now."""
        return self.waited(losses) >= self.patience


# %% cell 27 (checkpoint), lines 2-108 without 12, 18, 27, 38, 50, 57, 76, 82, 94
CHECKPOINT_VERSION = 1


def content_hash(header: str, arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 of a text and of named arrays, as 64 hexadecimal digits.

    Depends on every name, dtype, shape and element, and on which name has which array, but neither on the
    order of the names nor on how an array lies in memory.
    Hint: ``array.dtype.str``; ``array.tobytes()`` is in row-major order for every layout.
    """
    digest = hashlib.sha256(header.encode())
    for name, array in sorted(arrays.items()):
        digest.update(json.dumps([name, array.dtype.str, array.shape]).encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def write_atomically(path: str | os.PathLike, arrays: Mapping[str, np.ndarray]) -> None:
    """Write named arrays in NumPy's ``.npz`` format, exactly to ``path``: completely, or not at all.

    If anything fails, the error goes on to the caller, ``path`` is as it was, and no other file is left.
    Hint: ``Path(path).with_name(…)``, ``file.flush()`` before ``os.fsync(file.fileno())``.
    """
    path = Path(path)
    unfinished = path.with_name(path.name + ".unfinished")
    try:
        with unfinished.open("wb") as file:
            np.savez(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def save_checkpoint(
    path: str | os.PathLike, model: Module, optimizer: Optimizer, epoch: int, **extra: Any
) -> str:
    """Write model, optimizer, ``epoch`` (how many are done) and ``extra`` (JSON values); return the hash.

    The entries are those of the table above; the header is a JSON object with the keys ``version``, ``epoch``
    and ``extra``, and is what ``content_hash`` takes.
    Hint: a text becomes an entry by ``np.array(text)``.
    """
    header = json.dumps({"version": CHECKPOINT_VERSION, "epoch": epoch, "extra": extra}, sort_keys=True)
    arrays = {f"model/{name}": array for name, array in model.state_dict().items()}
    arrays |= {f"optimizer/{name}": array for name, array in optimizer.state_dict().items()}
    digest = content_hash(header, arrays)
    write_atomically(path, {"header": np.array(header), "digest": np.array(digest), **arrays})
    return digest


def read_checkpoint(path: str | os.PathLike) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Header, with the entry ``digest`` added, and arrays of a checkpoint, proved by its hash.

    Raises what opening the file raises (such as FileNotFoundError), and ValueError, naming ``path``, if the
    version is newer than ``CHECKPOINT_VERSION`` (the message says ``version``), or if the file is no
    checkpoint, is damaged, or its content does not have its hash.
    """
    content = Path(path).read_bytes()
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as entries:
            arrays = dict(entries)
        text, digest = str(arrays.pop("header")), str(arrays.pop("digest"))
        header = json.loads(text)
        version = int(header["version"])
    except Exception as error:  # a damaged archive can fail in a dozen ways; all mean the same to the caller
        raise ValueError(f"{path} is damaged, or is no checkpoint: {error}") from error
    if version > CHECKPOINT_VERSION:
        raise ValueError(f"{path} has version {version}, this program knows {CHECKPOINT_VERSION}: update it")
    if content_hash(text, arrays) != digest:
        raise ValueError(f"{path} is damaged: its content does not have the hash that was saved with it")
    return header | {"digest": digest}, arrays


def load_checkpoint(
    path: str | os.PathLike, model: Module, optimizer: Optimizer | None = None
) -> dict[str, Any]:
    """Restore model and, if given, optimizer; return ``epoch``, ``digest`` and the values of ``extra``.

    Raises what ``read_checkpoint`` raises, and ValueError if the file does not fit one of them.
    Neither of them has changed then.
    Hint: ``str.removeprefix``; and what can still fail once the model is loaded?
    """
    header, arrays = read_checkpoint(path)

    def part(prefix: str) -> dict[str, np.ndarray]:
        return {name.removeprefix(prefix): a for name, a in arrays.items() if name.startswith(prefix)}

    before = model.state_dict()
    model.load_state_dict(part("model/"))
    if optimizer is not None:
        try:
            optimizer.load_state_dict(part("optimizer/"))
        except Exception:
            model.load_state_dict(before)
            raise
    return {**header["extra"], "epoch": header["epoch"], "digest": header["digest"]}


# %% cell 31 (trainer), lines 2-109 without 45, 58, 85, 98
def groups_of(size: int, batches: Iterable[Batch]) -> Iterator[list[Batch]]:
    """The batches in lists of ``size``; the last list may be shorter."""
    batches = iter(batches)
    while group := list(islice(batches, size)):
        yield group


class Trainer:
    """Trains a model, counts epochs and steps, and writes a history.

    schedule: gives the learning rate of step 0, 1, …; without one, the optimizer keeps its own.
    batch_size, seed: for the shuffled loader that ``fit`` makes when it gets a dataset.
    accumulate: so many batches make one step.
    clip_norm: limit for the norm of the gradient.
    """

    def __init__(
        self,
        model: Module,
        optimizer: Optimizer,
        loss: Callable[[Tensor, Tensor], Tensor],
        schedule: Schedule | None = None,
        *,
        batch_size: int = 32,
        seed: int = 0,
        accumulate: int = 1,
        clip_norm: float | None = None,
    ) -> None:
        if accumulate < 1:
            raise ValueError(f"a step takes at least one batch, accumulate is {accumulate}")
        self.model, self.optimizer, self.loss, self.schedule = model, optimizer, loss, schedule
        self.batch_size, self.seed = batch_size, seed
        self.accumulate, self.clip_norm = accumulate, clip_norm
        self.epoch = 0
        self.step = 0
        self.history = History()

    def train_epoch(self, loader: Iterable[Batch]) -> float:
        """Train on each batch once; return the mean loss of the samples, each taken before its step.

        Advances ``step``, not ``epoch``. Raises ValueError if there are no batches.
        Hint: ``train_step`` does the work, ``groups_of`` the grouping.
        """
        self.model.train()
        total, samples = 0.0, 0
        for group in groups_of(self.accumulate, loader):
            if self.schedule is not None:
                self.optimizer.lr = self.schedule(self.step)
            count = sum(len(batch[-1]) for batch in group)
            total += count * train_step(self.model, self.optimizer, self.loss, group, self.clip_norm)
            samples += count
            self.step += 1
        if not samples:
            raise ValueError("there are no batches to train on: an empty dataset, or a dropped short batch?")
        return total / samples

    def evaluate(self, data: Dataset | DataLoader | Iterable[Batch], metric: Metric | None = None) -> float:
        """Mean of ``metric``, or of the trainer's loss, over ``data``; see the function of the same name."""
        return evaluate(self.model, data, metric or self.loss, self.batch_size)

    def fit(
        self,
        data: Dataset | DataLoader,
        epochs: int,
        val: Dataset | DataLoader | None = None,
        early_stopping: EarlyStopping | None = None,
        on_epoch: "Callable[[Trainer], None] | None" = None,
    ) -> History:
        """Train for so many more epochs, or until ``early_stopping`` ends the run; return the whole history.

        data: a loader, or a dataset, which gets a shuffled loader with the trainer's batch size and seed.
        Both run in the orders of epochs ``self.epoch``, ``self.epoch`` + 1, …
        val: validated after each epoch. Raises ValueError if ``early_stopping`` comes without it.
        on_epoch: called with this trainer after each epoch, when counter and history are up to date.
        """
        if early_stopping is not None and val is None:
            raise ValueError("early stopping judges the validation loss: fit(…, val=…) is missing")
        if isinstance(data, DataLoader):
            loader = data
        else:
            loader = DataLoader(data, self.batch_size, shuffle=True, seed=self.seed)
        for _ in range(epochs):
            start = time.perf_counter()
            loader.epoch = self.epoch
            train_loss = self.train_epoch(loader)
            val_loss = math.nan if val is None else self.evaluate(val)
            self.epoch += 1
            self.history.add(train_loss, val_loss, self.optimizer.lr, time.perf_counter() - start)
            if on_epoch is not None:
                on_epoch(self)
            if early_stopping is not None and early_stopping.should_stop(self.history.val_loss):
                break
        return self.history

    def save(self, path: str | os.PathLike) -> str:
        """Write a checkpoint of the run between two epochs; return its content hash."""
        extra = {"step": self.step, "seed": self.seed, "history": asdict(self.history)}
        return save_checkpoint(path, self.model, self.optimizer, self.epoch, **extra)

    def load(self, path: str | os.PathLike) -> None:
        """Continue from what ``save`` wrote; it is up to the caller to bring the same schedule and data."""
        state = load_checkpoint(path, self.model, self.optimizer)
        self.epoch, self.step, self.seed = state["epoch"], state["step"], state["seed"]
        self.history = History(**state["history"])
