# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
r"""
# Module 05: DataLoader

A model sees data in small portions, in an order that changes from pass to pass. Between the file on the disk
and the tensor in the first layer stand four jobs: decode the file, pick samples, convert and scale them, and
hand them over in batches. In this module you build that path, and you measure where it is slow. A model that
waits for its data is the most expensive way to do nothing.

**Learning objectives**

- separate *what the samples are* (a dataset) from *in which order and portions they come* (a loader);
- deliver every sample once per epoch, in an order that is new in each epoch and can still be repeated
  exactly;
- read a binary file format from its specification, and refuse a damaged file with an error that helps;
- measure per-sample against per-batch indexing, batch size against memory and throughput, compressed against
  plain files, the page cache, and prefetching;
- split a dataset without leaking, and normalise it without changing dtype or meaning.

**Prerequisites:** Module 01 (`Tensor`, its dtype rule, indexing with integer arrays, views and copies,
`measure_memory`); Python generators (`yield`) and files in binary mode.

**Estimated time:** 3–4 hours.
"""

# %%
#| default_exp dataloader

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
#| export
import gzip
import math
import secrets
import struct
import time
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tinytorch.tensor import Tensor

# %% [markdown]
r"""
## 1. Mathematical Foundations

### Epochs, batches, permutations

A dataset has $N$ samples. One **epoch** visits each of them once, in the order of a permutation $\pi$ of
$0, \dots, N-1$, cut into **batches** of $B$:

```text
   order     7 2 9 | 0 4 1 | 8 3 6 | 5         N = 10, B = 3
   batch       0       1       2     3         4 batches; the last one is short
```

There are $\lceil N/B \rceil$ batches, or $\lfloor N/B \rfloor$ when a short last batch is dropped. Shuffling
means that $\pi$ is drawn uniformly from all $N!$ permutations. Each sample still comes exactly once: that is
*sampling without replacement*, and not the same as drawing $N$ random indices, which on average misses a
share of $(1 - 1/N)^N \approx e^{-1} \approx 37\,\%$ of the samples.

### What a batch estimates

Training replaces an average over the dataset by an average over a batch. Let $v_i$ be some number belonging
to sample $i$ (its loss, one component of its gradient), with mean $\mu$ and standard deviation $\sigma$ over
the dataset. For a random batch the mean $\bar v$ has the right expectation, $E[\bar v] = \mu$, and the spread

$$\operatorname{std}(\bar v) = \frac{\sigma}{\sqrt{B}} \sqrt{\frac{N-B}{N-1}}.$$

Four times the batch halves the noise: a bad bargain for large $B$, and the reason why small batches work. The
formula needs *random* batches. In a file sorted by class, each batch holds one class, and its mean says
nothing about the others, however large $B$ is.

One more trap: the mean of the batch means equals $\mu$ only if all batches have the same size. With a short
last batch, weight each mean by its number of samples.

### Two models of time

Every batch has a fixed price $c_0$ (Python, function calls) and a price $c_1$ per sample (moving bytes). A
batch of $B$ takes $c_0 + c_1 B$, so the **throughput** is

$$\frac{B}{c_0 + c_1 B} \;=\; \frac{1}{c_1 + c_0/B} \;\to\; \frac{1}{c_1} \quad\text{for large } B.$$

Loading a batch takes $t_{\text{load}}$, computing with it $t_{\text{step}}$. One after the other they take
$t_{\text{load}} + t_{\text{step}}$ per batch. If the next batch is loaded *while* the current one is
computed, they take about $\max(t_{\text{load}}, t_{\text{step}})$. You will measure both formulas.

The next cell checks the formula of the spread. What to look for: on shuffled data the measured spread follows
the formula (roughly at the right end, where only a few batches are left to measure it with). On sorted data
it hardly falls at all, however large the batch: a batch that holds one or two classes is no sample of ten.
And the last line: the plain mean of batch means is off as soon as the last batch is short.
"""

# %% tags=["measure"]
import matplotlib.pyplot as plt

ordered = np.repeat(np.arange(10.0), 1000)
shuffled = np.random.default_rng(0).permutation(ordered)
sizes = np.array([1, 4, 20, 80, 400, 1000, 2000])
formula = ordered.std() / np.sqrt(sizes) * np.sqrt((ordered.size - sizes) / (ordered.size - 1))
figure, axis = plt.subplots(figsize=(6.5, 3.6))
spreads = {}
for name, values in {"sorted by class": ordered, "shuffled": shuffled}.items():
    spreads[name] = [values[: values.size // b * b].reshape(-1, b).mean(axis=1).std() for b in sizes]
    axis.plot(sizes, spreads[name], "o-", label=name)
axis.plot(sizes, formula, "k:", label="formula")
axis.set(xscale="log", yscale="log", xlabel="batch size", ylabel="spread of the batch mean")
axis.set(title="10 classes of 1,000 samples, the value is the class")
axis.legend()
plt.show()
print(f"{'batch size':>10} {'formula':>9} {'shuffled':>9} {'sorted':>9}")
for row in zip(sizes, formula, spreads["shuffled"], spreads["sorted by class"], strict=True):
    print("{:10d} {:9.3f} {:9.3f} {:9.3f}".format(*row))

means = [shuffled[start : start + 3333].mean() for start in range(0, shuffled.size, 3333)]
counts = [3333, 3333, 3333, 1]
print(f"\nbatches of {counts}: plain mean of the batch means {np.mean(means):.4f}, ", end="")
print(f"weighted {np.average(means, weights=counts):.4f}, dataset {shuffled.mean():.4f}")

# %% [markdown]
"""
## 2. Datasets: What the Samples Are

A dataset answers two questions: how many samples are there, and what are samples number *i*? Ours has one
rule that decides its speed: **the index may be a whole array of positions**, and the answer is then one
tensor with all those samples, not a list of single samples.

```text
   dataset[3]                          (image of shape (1, 28, 28), label of shape ())
   dataset[np.array([3, 0, 7, 7])]     (images of shape (4, 1, 28, 28), labels of shape (4,))
```

A sample is a *tuple* of tensors, even if the tuple has one entry. `Dataset` is given; the decorator
`abstractmethod` makes Python refuse to create an object of a subclass that lacks one of the two methods.

You write two datasets:

**`TensorDataset`** holds tensors side by side: images and labels, or whatever belongs together row by row.
Mind what `Tensor(...)` does to its argument (Module 01): integer arrays stay integers, float64 *arrays*
become float32, and so would a float64 *tensor*, although somebody chose that precision on purpose. Keep
tensors as they are and wrap only the rest.

**`Subset`** is a selection of another dataset: it holds positions, not samples. Its sample *i* is the other's
sample `indices[i]`, and the same expression works when *i* is an array of positions. A subset of a subset
needs no code at all. One detail: NumPy makes a *float* array of an empty list, and floats are no positions.
"""

# %% nbgrader={"grade": false, "grade_id": "datasets", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
class Dataset(ABC):
    """Samples that are found by position. A sample is a tuple of tensors (or arrays)."""

    @abstractmethod
    def __len__(self) -> int:
        """Number of samples."""

    @abstractmethod
    def __getitem__(self, index: Any) -> tuple[Any, ...]:
        """The sample at a position, or all samples at an integer array of positions, stacked on axis 0.

        Raises IndexError for a position that does not exist.
        """


class TensorDataset(Dataset):
    """Tensors whose first axes run over the same samples."""

    def __init__(self, *tensors: Any) -> None:
        """Keep the tensors in ``self.tensors``; what is not a tensor yet becomes one.

        Raises ValueError if there is none, or one without axes, or if their lengths differ (the message names
        the lengths).

        Hint: check the number of axes before you ask for a length.
        """
        ### BEGIN SOLUTION
        self.tensors = tuple(part if isinstance(part, Tensor) else Tensor(part) for part in tensors)
        if not self.tensors or any(tensor.ndim == 0 for tensor in self.tensors):
            raise ValueError("a TensorDataset needs at least one tensor, and each needs an axis of samples")
        lengths = [len(tensor) for tensor in self.tensors]
        if len(set(lengths)) > 1:
            raise ValueError(f"the tensors must have equally many samples, they have {lengths}")
        ### END SOLUTION

    def __len__(self) -> int:
        """Number of samples."""
        ### BEGIN SOLUTION
        return len(self.tensors[0])
        ### END SOLUTION

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        """One tensor for each of ``self.tensors``, taken at ``index``; no loop over samples.

        Hint: Module 01 taught ``Tensor`` to take an array of positions.
        """
        ### BEGIN SOLUTION
        return tuple(tensor[index] for tensor in self.tensors)
        ### END SOLUTION


class Subset(Dataset):
    """The samples of another dataset at ``indices``, in that order. Nothing is copied but positions."""

    def __init__(self, dataset: Dataset, indices: Sequence[int] | np.ndarray) -> None:
        """``indices``: positions in ``dataset``, possibly none, possibly repeated."""
        ### BEGIN SOLUTION
        self.dataset = dataset
        self.indices = np.array(indices, dtype=np.intp)
        ### END SOLUTION

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: Any) -> tuple[Any, ...]:
        """Hint: ask ``self.dataset`` once, also when ``index`` is an array."""
        ### BEGIN SOLUTION
        return self.dataset[self.indices[index]]
        ### END SOLUTION


# %% [markdown]
"""
### Testing the datasets

Values, dtypes, errors, and how often a subset asks the dataset below it.
"""

# %% nbgrader={"grade": true, "grade_id": "test_datasets", "locked": true, "points": 12, "schema_version": 3, "solution": false, "task": false}
def test_unit_datasets():
    """Both datasets take a position or an array of positions, keep dtypes, and report what does not fit."""
    images = np.arange(40, dtype=np.float32).reshape(10, 2, 2)
    labels = np.arange(10) % 3
    data = TensorDataset(images, labels)
    assert len(data) == 10, f"len(TensorDataset): expected 10 samples, got {len(data)}"
    sample = data[4]
    assert isinstance(sample, tuple), f"TensorDataset[4]: expected a tuple, got {type(sample).__name__}"
    assert all(isinstance(part, Tensor) for part in sample), "TensorDataset[4]: both parts must be Tensors"
    shapes = [part.shape for part in sample]
    assert shapes == [(2, 2), ()], f"TensorDataset[4]: expected shapes [(2, 2), ()], got {shapes}"
    where = np.array([7, 0, 7])
    batch = data[where]
    np.testing.assert_array_equal(
        batch[0].data, images[where], err_msg="TensorDataset[array]: part 0 must hold rows 7, 0 and 7"
    )
    np.testing.assert_array_equal(
        batch[1].data, labels[where], err_msg="TensorDataset[array]: the labels must follow their images"
    )
    kind = batch[1].dtype.kind
    assert kind == "i", f"TensorDataset: integer labels must stay integers, got {batch[1].dtype}"
    double = TensorDataset(Tensor(images, dtype=np.float64))[where][0].dtype
    assert double == np.float64, f"TensorDataset: a float64 Tensor must stay float64, got {double}"
    single = TensorDataset(images.astype(np.float64))[where][0].dtype
    assert single == np.float32, f"TensorDataset: a float64 array becomes float32 (Module 01), not {single}"

    try:
        TensorDataset(images, labels[:9])
    except ValueError as error:
        named = "10" in str(error) and "9" in str(error)
        assert named, f"TensorDataset: name the lengths 10 and 9 in the error, it says {str(error)!r}"
    else:
        raise AssertionError("TensorDataset: 10 images and 9 labels must raise ValueError")

    asked = []

    class Watched(TensorDataset):
        def __getitem__(self, index):
            asked.append(index)
            return super().__getitem__(index)

    part = Subset(Watched(images, labels), [8, 2, 5, 2])
    assert len(part) == 4, f"len(Subset): expected 4, got {len(part)}"
    got = part[np.array([3, 0])]
    np.testing.assert_array_equal(
        got[0].data, images[[2, 8]], err_msg="Subset[array]: position i is the other dataset's indices[i]"
    )
    np.testing.assert_array_equal(got[1].data, labels[[2, 8]], err_msg="Subset[array]: labels")
    assert len(asked) == 1, f"Subset[array of 2]: ask the dataset once with an array, not {len(asked)} times"
    np.testing.assert_array_equal(part[1][0].data, images[2], err_msg="Subset[1]: expected sample 2")
    print("datasets: positions, arrays, dtypes and errors are right")


test_unit_datasets()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng
features, classes = rng.normal(size=(9, 3, 2)), rng.integers(0, 5, size=9).astype(np.int32)
weights = Tensor(rng.random(9), dtype=np.float64)
data = TensorDataset(features, classes, weights)
where = rng.integers(0, 9, size=6)
probe("three parts", [part.data for part in data[where]])
probe("dtypes", [str(part.dtype) for part in data[where]])
probe("negative position", [part.data for part in data[-2]])
probe("no positions", [list(part.shape) for part in data[where[:0]]])
probe("one part", [isinstance(TensorDataset(features)[where], tuple), len(TensorDataset(features)[0])])
probe("a batch is a copy", bool(np.shares_memory(data[where][2].data, weights.data)))
kept = TensorDataset(weights, classes).tensors[0]
probe("no copy is kept", bool(np.shares_memory(kept.data, weights.data)))
indices = rng.permutation(9)[:5]
part = Subset(data, indices)
probe("subset", [tensor.data for tensor in part[np.array([4, 4, 0])]])
inner = Subset(part, np.array([3, 1]))
probe("subset of a subset", [len(inner), [tensor.data for tensor in inner[np.array([1, 0])]]])
empty = Subset(data, [])
probe("empty subset", [len(empty), list(empty[np.zeros(0, dtype=int)][0].shape)])
probe("iteration ends", [len(list(data)), len(list(part))])
probe("no tensors", raises(lambda: TensorDataset()))
probe("a tensor without axes", raises(lambda: TensorDataset(features, 3.0)))
probe("lengths differ", raises(lambda: TensorDataset(features, classes[:0])))
beyond = [raises(lambda: data[9]), raises(lambda: part[5]), raises(lambda: part[np.array([7])])]
probe("beyond the end", beyond)
### END HIDDEN TESTS

# %% [markdown]
"""
## 3. The DataLoader: Order and Portions

The loader knows nothing about images. It turns a dataset into batches:

```text
   order(epoch)                 [7 2 9 0 4 1 8 3 6 5]           all positions, once each
   cut into batches             [7 2 9] [0 4 1] [8 3 6] [5]
   dataset[array]               one indexing per batch          never one per sample
   yield                        (Tensor, Tensor)                tuples of tensors
```

**Reproducible, yet different in each epoch.** Two demands that seem to pull in opposite directions meet in
one sentence: *the order is a function of the seed and the number of the epoch, and of nothing else.* Then
epoch 3 can be repeated without running epochs 0 to 2 before it, which is what a training run needs that
resumes from a checkpoint (Module 08). `loader.epoch` counts: it is the number of the epoch that the next
`for` loop will run.

Four ways to get this wrong, all of them common:

- `np.random.seed(seed)` and `np.random.shuffle` use one generator for the whole process. Your order then
  depends on who else drew a number, and you change *their* numbers. Make a generator of your own:
  `np.random.default_rng(...)`.
- A generator made from the seed alone in every epoch gives every epoch the same order.
- `default_rng(seed + epoch)`: epoch 1 of the run with seed 0 is epoch 0 of the run with seed 1. Anybody who
  repeats an experiment with seeds 0, 1, 2 expects independent runs. `default_rng` also takes a *list* of
  integers: `[seed, epoch]` and another such pair give unrelated streams.
- Shuffling only the order of the batches, or only inside each batch, is not a shuffle of the samples.

If no seed is given, the constructor draws one. It stays visible as `loader.seed`, so even a run that nobody
planned to repeat can be repeated.

**Lazy.** A batch is fetched when it is asked for. A loop that stops after one batch has paid for one batch.
A generator function (`yield`) gives you this for free. It also gives every `for` loop its own state.

**Own memory.** An integer array as an index always makes a copy (Module 01), so a batch never shares memory
with the dataset: whoever writes into a batch does not damage the samples.
"""

# %% nbgrader={"grade": false, "grade_id": "dataloader", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
class DataLoader:
    """Batches of a dataset; each ``for`` loop over the loader is one epoch.

    shuffle: visit the samples in a new random order in each epoch.
    drop_last: leave out the last batch if it is shorter than ``batch_size``.
    seed: chooses the orders; ``None`` draws a seed.

    ``epoch`` is the number of the next epoch. Setting it makes the loader continue from there.
    """

    def __init__(
        self,
        dataset: Dataset,
        batch_size: int = 32,
        shuffle: bool = False,
        drop_last: bool = False,
        seed: int | None = None,
    ) -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, got {batch_size}")
        self.dataset = dataset
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.drop_last = drop_last
        self.seed = secrets.randbits(63) if seed is None else seed
        self.epoch = 0

    def __len__(self) -> int:
        """Number of batches in an epoch; 0 for an empty dataset.

        Hint: count the short last batch unless it is dropped.
        """
        ### BEGIN SOLUTION
        full, rest = divmod(len(self.dataset), self.batch_size)
        return full + (rest > 0 and not self.drop_last)
        ### END SOLUTION

    def order(self, epoch: int) -> np.ndarray:
        """All positions of the dataset, as integers, in the order of this epoch.

        Depends on ``seed``, ``epoch`` and the number of samples only, whatever has been iterated before.

        Hint: a generator of its own for each epoch.
        """
        ### BEGIN SOLUTION
        if not self.shuffle:
            return np.arange(len(self.dataset))
        return np.random.default_rng([self.seed, epoch]).permutation(len(self.dataset))
        ### END SOLUTION

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        """Yield the batches of epoch ``self.epoch`` one by one, as tuples of tensors.

        The dataset is indexed once per batch, with an array of positions, when the batch is asked for. Parts
        that are arrays become tensors. The next loop runs the next epoch, also if this one is left early.

        Hint: a slice of the order may reach beyond its end.
        """
        ### BEGIN SOLUTION
        order = self.order(self.epoch)
        self.epoch += 1
        for start in range(0, len(self) * self.batch_size, self.batch_size):
            batch = self.dataset[order[start : start + self.batch_size]]
            yield tuple(part if isinstance(part, Tensor) else Tensor(part) for part in batch)
        ### END SOLUTION


# %% [markdown]
"""
### Testing the DataLoader

Sizes, the last batch, what is asked of the dataset, and the order in several epochs and with several seeds.
"""

# %% nbgrader={"grade": true, "grade_id": "test_dataloader", "locked": true, "points": 18, "schema_version": 3, "solution": false, "task": false}
class Watched(Dataset):
    """n samples: two float features that equal the position, and the position as label. Notes each index."""

    def __init__(self, n):
        self.n, self.asked = n, []

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        assert isinstance(index, np.ndarray) and index.dtype.kind in "iu", (
            f"DataLoader: index the dataset once per batch, with an integer array, not with {index!r}"
        )
        self.asked.append(index)
        return np.stack([index, index], axis=-1).astype(np.float32), index


def visited(loader):
    """The positions that one epoch delivers, in order."""
    return [int(label) for _, labels in loader for label in labels.data]


def test_unit_dataloader():
    """Every sample once per epoch, whole batches, and orders that follow from seed and epoch."""
    for n, size, drop, expected in [
        (10, 3, False, [3, 3, 3, 1]), (10, 3, True, [3, 3, 3]), (9, 3, False, [3, 3, 3]),
        (2, 5, False, [2]), (2, 5, True, []), (0, 4, False, []),
    ]:
        loader = DataLoader(Watched(n), batch_size=size, drop_last=drop)
        call = f"{n} samples, batch_size={size}, drop_last={drop}"
        count = len(loader)
        assert count == len(expected), f"len(loader), {call}: expected {len(expected)}, got {count}"
        sizes = [len(batch[0]) for batch in loader]
        assert sizes == expected, f"DataLoader, {call}: expected batches of {expected}, got {sizes}"

    data = Watched(10)
    loader = DataLoader(data, batch_size=4)
    batch = next(iter(loader))
    asked = len(data.asked)
    assert asked == 1, (
        f"DataLoader: for the first batch of 4, dataset[…] must be called once, not {asked} times: "
        "index whole batches, and fetch no batch before it is asked for"
    )
    assert isinstance(batch, tuple), f"DataLoader: expected a tuple per batch, got {type(batch).__name__}"
    kinds = [type(part).__name__ for part in batch]
    assert kinds == ["Tensor", "Tensor"], f"DataLoader: each part of a batch must be a Tensor, got {kinds}"
    dtypes = [str(part.dtype) for part in batch]
    assert dtypes == ["float32", "int64"], f"DataLoader: float32 features and int64 labels became {dtypes}"
    np.testing.assert_array_equal(
        batch[1].data, [0, 1, 2, 3], err_msg="DataLoader without shuffle: the order of the dataset"
    )
    twice = visited(loader), visited(loader)
    assert twice == (list(range(10)),) * 2, f"DataLoader: a second loop must deliver all again, got {twice}"

    n = 60
    loader = DataLoader(Watched(n), batch_size=8, shuffle=True, seed=5)
    epochs = [visited(loader) for _ in range(3)]
    for number, epoch in enumerate(epochs):
        assert sorted(epoch) == list(range(n)), f"shuffle: epoch {number} must visit each sample exactly once"
    assert epochs[0] != epochs[1] and epochs[1] != epochs[2], (
        "shuffle: two epochs have the same order; does the order depend on the epoch, and does epoch advance?"
    )
    blocks = [sorted(epochs[0][start : start + 8]) for start in range(0, n, 8)]
    assert not any(block == list(range(block[0], block[0] + len(block))) for block in blocks), (
        f"shuffle: a batch holds neighbouring samples {blocks[0]}…: shuffle samples, not batches"
    )
    again = DataLoader(Watched(n), batch_size=8, shuffle=True, seed=5)
    assert visited(again) == epochs[0], "shuffle: the same seed must give the same first epoch"
    resumed = DataLoader(Watched(n), batch_size=8, shuffle=True, seed=5)
    resumed.epoch = 2
    assert visited(resumed) == epochs[2], "loader.epoch = 2: the next loop must run epoch 2 of this seed"
    assert resumed.order(1).tolist() == epochs[1], "order(1) must be the order in which epoch 1 ran"
    neighbour = DataLoader(Watched(n), batch_size=8, shuffle=True, seed=6)
    assert visited(neighbour) != epochs[1], (
        "shuffle: epoch 0 of seed 6 equals epoch 1 of seed 5; do not add seed and epoch"
    )

    first = loader.order(0)
    np.random.random()
    assert np.array_equal(first, loader.order(0)), "order: it depends on NumPy's global generator"
    np.random.seed(0)
    before = np.random.get_state()[1].copy()
    visited(loader)
    assert np.array_equal(before, np.random.get_state()[1]), "shuffle: NumPy's global generator was changed"
    print("DataLoader: sizes, whole batches, orders and seeds are right")


test_unit_dataloader()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng
n, size = int(rng.integers(40, 60)), int(rng.integers(3, 8))
counts = [(n, size), (size, size), (size - 1, size), (1, 1), (0, 3), (size + 1, size)]
loaders = [DataLoader(Watched(m), b, drop_last=drop) for m, b in counts for drop in (False, True)]
probe("number of batches", [len(loader) for loader in loaders])
probe("sizes of batches", [[len(batch[0]) for batch in loader] for loader in loaders])
probe("len is an integer", [isinstance(len(loader), int) for loader in loaders[:2]])
features = rng.normal(size=(n, 3))
tensors = TensorDataset(Tensor(features, dtype=np.float64), rng.integers(0, 9, size=n).astype(np.uint8))
batches = list(DataLoader(tensors, size))
probe("values", [[part.data for part in batch] for batch in batches])
probe("dtypes", [str(part.dtype) for part in batches[-1]])
shuffled = DataLoader(tensors, size, shuffle=True, seed=int(rng.integers(1000)))
rows = np.concatenate([batch[0].data for batch in shuffled])
probe("shuffled, sorted again", rows[np.argsort(rows[:, 0])])
rows, labels = (np.concatenate([batch[part].data for batch in shuffled]) for part in (0, 1))
nearest = np.abs(rows[:, :1] - features[:, 0]).argmin(axis=1)
probe("features and labels together", bool(np.array_equal(tensors.tensors[1].data[nearest], labels)))
before = features.copy()
for xs, _ in DataLoader(tensors, size):
    xs.data[:] = 0
probe("writing to a batch", bool(np.array_equal(features, before)))
dataset = Watched(n)
loader = DataLoader(dataset, size, shuffle=True, seed=3)
visited(loader)
probe("one indexing per batch", [len(dataset.asked) == len(loader), [len(index) for index in dataset.asked]])
for _ in loader:
    break
probe("an epoch left early", [loader.epoch, loader.order(2).tolist() == visited(loader), loader.epoch])
pairs = list(zip(loader, loader, strict=True))
probe("two loops at once", [sorted(int(i) for pair in pairs for i in pair[k][1].data) for k in (0, 1)])
orders = [DataLoader(Watched(n), b, shuffle=True, seed=11).order(4).tolist() for b in (1, size, n, 2 * n)]
probe("batch size does not matter", [order == orders[0] for order in orders])
seeds = [DataLoader(Watched(n), size, shuffle=True, seed=s) for s in range(6)]
distinct = {tuple(loader.order(epoch).tolist()) for loader in seeds for epoch in range(6)}
probe("six seeds, six epochs", len(distinct))
free = [DataLoader(Watched(n), size, shuffle=True) for _ in range(3)]
probe("without a seed", len({tuple(loader.order(0).tolist()) for loader in free}))
copy = DataLoader(Watched(n), size, shuffle=True, seed=free[0].seed)
probe("its seed repeats it", copy.order(1).tolist() == free[0].order(1).tolist())
dropped = DataLoader(Watched(size + 1), size, shuffle=True, drop_last=True, seed=1)
probe("drop_last drops another one each time", len({tuple(sorted(visited(dropped))) for _ in range(40)}) > 1)
probe("order without shuffle", DataLoader(Watched(n), size, seed=3).order(7).tolist())
### END HIDDEN TESTS

# %% [markdown]
"""
## 4. Throughput: Whole Batches or Single Samples?

Before you optimise a data path, give it a number: samples per second, over one whole epoch. `throughput`
takes any iterable of batches. Count what actually arrives: `batch_size` times the number of batches would
count samples that a short last batch does not have.
"""

# %% nbgrader={"grade": false, "grade_id": "throughput", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def throughput(loader: Iterable[tuple[Tensor, ...]]) -> float:
    """Samples per second of one epoch, in wall-clock time; 0.0 if no sample came.

    Hint: ``time.perf_counter()``, and the length of a batch's first part.
    """
    ### BEGIN SOLUTION
    samples = 0
    start = time.perf_counter()
    for batch in loader:
        samples += len(batch[0])
    seconds = time.perf_counter() - start
    return samples / seconds if samples else 0.0
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_throughput", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
def sleepy(sizes, seconds):
    """Batches of these sizes, each of which takes at least ``seconds``."""
    for size in sizes:
        time.sleep(seconds)
        yield Tensor(np.zeros((size, 2))), Tensor(np.zeros(size, dtype=np.int64))


def test_unit_throughput():
    """Samples, not batches, over the time of the whole epoch."""
    rate = throughput(sleepy([1000, 1], 0.01))
    assert isinstance(rate, float), f"throughput: expected a float, got {type(rate).__name__}"
    assert rate <= 1001 / 0.02, (
        f"throughput: 1,001 samples in at least 0.02 s are at most 50,050 per second, got {rate:.0f}; "
        "count the samples of the short batch, and start the clock before the first batch is fetched"
    )
    assert rate > 500, f"throughput: 1,001 samples in about 0.02 s, got {rate:.0f}/s: batches, not samples?"
    nothing = throughput(DataLoader(TensorDataset(np.zeros((0, 2)))))
    assert nothing == 0.0, f"throughput of an empty dataset: expected 0.0, got {nothing}"
    print("throughput: counts samples and times the whole epoch")


test_unit_throughput()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng
rates = throughput(sleepy([30, 30, 1], 0.002)), throughput(sleepy([1] * 4, 0.002))
probe("at most", [rates[0] <= 61 / 0.006, rates[1] <= 1 / 0.002])
probe("at least", throughput(sleepy([5000], 0.005)) > 5000)
probe("without samples", [throughput([]), throughput(iter(()))])
drawn = []


def counted():
    for size in (4, 4, 2):
        drawn.append(size)
        yield (Tensor(np.zeros(size)),)


probe("one part, one epoch", [throughput(counted()) > 0, len(drawn)])
loader = DataLoader(TensorDataset(np.zeros((30, 2))), 7)
probe("a real loader", [isinstance(throughput(loader), float), loader.epoch])
### END HIDDEN TESTS

# %% [markdown]
"""
### Measure: per sample against per batch

The next cell runs the same loader over two datasets with the same content: yours, which takes an array of
positions in one go, and one that fetches sample after sample and stacks them, the way many first versions
(and PyTorch's default) work. What to look for:

- the per-sample line is soon flat: the price of Python is paid *for each sample*, however large the batch;
- the per-batch line climbs as $1/(c_1 + c_0/B)$ says: the fixed price is shared by more and more samples,
  until moving the bytes is all that is left;
- the printed fit gives both prices. $c_0$ is worth as many samples as $c_0 / c_1$: batches much smaller than
  that spend their time in Python;
- for the largest batches the line may bend down again: a batch that no longer fits into a cache has to travel
  to memory and back.
"""

# %% tags=["measure"]
import matplotlib.pyplot as plt

pixels = np.random.default_rng(0).random((8192, 784), dtype=np.float32)
whole = TensorDataset(pixels, np.arange(8192) % 10)


class OneByOne(Dataset):
    """The same samples, fetched one at a time and stacked."""

    def __len__(self):
        return len(whole)

    def __getitem__(self, index):
        samples = [whole[int(position)] for position in index]
        return tuple(np.stack([part.data for part in parts]) for parts in zip(*samples, strict=True))


sizes = np.array([1, 4, 16, 64, 256, 1024])
rates = {"one indexing per batch": [], "one indexing per sample": []}
for size in sizes:
    for results, dataset in zip(rates.values(), (whole, OneByOne()), strict=True):
        loader = DataLoader(dataset, int(size), shuffle=True, seed=0)
        results.append(max(throughput(loader) for _ in range(3)))
    fast, slow = rates["one indexing per batch"][-1], rates["one indexing per sample"][-1]
    rate = f"per batch {fast:10,.0f}/s, per sample {slow:9,.0f}/s"
    print(f"batch size {size:5}: {rate}, ratio {fast / slow:5.1f}")
for name, results in rates.items():
    c0, c1 = np.polyfit(1 / sizes, 1 / np.array(results), 1)
    print(f"{name:24} c0 = {c0 * 1e6:6.2f} µs per batch, c1 = {c1 * 1e6:6.2f} µs per sample")

figure, axis = plt.subplots(figsize=(6.5, 3.6))
for name, results in rates.items():
    axis.plot(sizes, results, "o-", label=name)
axis.set(xscale="log", yscale="log", xlabel="batch size", ylabel="samples per second")
axis.set(title="8,192 shuffled samples of 784 float32 numbers")
axis.set_xticks(sizes, labels=sizes)
axis.minorticks_off()
axis.grid(alpha=0.3)
axis.legend()
plt.show()

# %% [markdown]
r"""
## 5. Transforms

A transform maps tensors to tensors on their way out of a dataset. Like indexing, it works on **whole
batches**: a transform that is called once per image pays Python's price once per image. Written with
broadcasting, the same code serves a single image `(C, H, W)` and a batch `(N, C, H, W)`.

`Normalize` computes $(x - \text{mean}) / \text{std}$, with one pair of numbers for everything or one pair for
each channel. Inputs of mean 0 and spread 1 are what the initial weights of Module 03 are made for; pixels
between 0 and 255 would drive the first layer far outside that range. Details that matter:

- Numbers per channel must line up with the axis `C`, the *third from the end*. A bare array of length `C`
  would line up with the *last* axis: an error for most shapes and a silent mistake when `W` equals `C`.
- Floating tensors keep their dtype. Integers become float32 *before* the subtraction. (`Tensor.__sub__`
  promotes int64 and a float to float64, twice the bytes for nothing.)
- The caller's tensor stays as it is: with `x.data -= mean` the second epoch would be normalised twice.
- A standard deviation of 0 is a mistake that should surface now, not as NaN in a loss an hour later.

`Compose` chains transforms, the first one first. Any callable will do as a link.
"""

# %% nbgrader={"grade": false, "grade_id": "transforms", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
class Normalize:
    """(x - mean) / std for images of shape (..., C, H, W), or for any tensor if mean and std are numbers."""

    def __init__(self, mean: float | Sequence[float], std: float | Sequence[float]) -> None:
        """mean, std: a number, or one number per channel. Raises ValueError unless every std is positive.

        Hint: give numbers per channel the shape (C, 1, 1).
        """
        ### BEGIN SOLUTION
        self.mean, self.std = (
            array.reshape(-1, 1, 1) if array.ndim else array
            for array in (np.asarray(mean, dtype=np.float64), np.asarray(std, dtype=np.float64))
        )
        if not (self.std > 0).all():
            raise ValueError(f"Normalize: every std must be positive, got {std}")
        ### END SOLUTION

    def __call__(self, x: Tensor) -> Tensor:
        """A new tensor of x's shape and floating dtype; integers give float32."""
        ### BEGIN SOLUTION
        if x.dtype.kind != "f":
            x = Tensor(x, dtype=np.float32)
        return (x - self.mean) / self.std
        ### END SOLUTION


class Compose:
    """Several transforms as one, applied from first to last; none at all changes nothing."""

    def __init__(self, transforms: Iterable[Callable[[Tensor], Tensor]]) -> None:
        self.transforms = list(transforms)

    def __call__(self, x: Tensor) -> Tensor:
        """Hint: what one transform returns is what the next one gets."""
        ### BEGIN SOLUTION
        for transform in self.transforms:
            x = transform(x)
        return x
        ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_transforms", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
def test_unit_transforms():
    """Numbers and channels, single images and batches, dtypes, an untouched input, and the order of links."""
    x = np.array([[0.0, 0.5], [1.0, 0.25]], dtype=np.float32)
    before = x.copy()
    y = Normalize(0.5, 0.25)(Tensor(x))
    assert isinstance(y, Tensor), f"Normalize: expected a Tensor, got {type(y).__name__}"
    np.testing.assert_allclose(y.data, [[-2, 0], [2, -1]], err_msg="Normalize(0.5, 0.25): (x - mean) / std")
    np.testing.assert_array_equal(x, before, err_msg="Normalize: the caller's array was changed")
    assert y.dtype == np.float32, f"Normalize: float32 in, expected float32 out, got {y.dtype}"

    batch = np.random.default_rng(0).random((4, 3, 3, 3))
    mean, std = [0.1, 0.2, 0.3], [1.0, 2.0, 4.0]
    expected = np.stack([(batch[:, c] - mean[c]) / std[c] for c in range(3)], axis=1)
    got = Normalize(mean, std)(Tensor(batch, dtype=np.float64))
    np.testing.assert_allclose(
        got.data, expected, rtol=1e-12, err_msg="Normalize per channel: channels are axis -3, not the last"
    )
    assert got.dtype == np.float64, f"Normalize: float64 in, expected float64 out, got {got.dtype}"
    got = Normalize(mean, std)(Tensor(batch[0])).data
    np.testing.assert_allclose(
        got, expected[0], rtol=1e-5, atol=1e-6, err_msg="Normalize per channel: one image (C, H, W)"
    )
    whole = Normalize(128, 64)(Tensor(np.array([0, 128, 255], dtype=np.uint8)))
    assert whole.dtype == np.float32, f"Normalize of uint8: expected float32, got {whole.dtype}"
    np.testing.assert_allclose(
        whole.data, [-2, 0, 127 / 64], err_msg="Normalize of uint8: convert, then subtract"
    )
    for bad in (0.0, [1.0, 0.0], -1.0):
        try:
            Normalize(0.0, bad)
        except ValueError:
            pass
        else:
            raise AssertionError(f"Normalize(0, {bad}): a std that is not positive must raise ValueError")

    chain = Compose([lambda t: t + 1, lambda t: t * 10])
    got = chain(Tensor([1.0, 2.0])).data
    np.testing.assert_allclose(got, [20, 30], err_msg="Compose of + 1 and * 10: the first transform first")
    print("transforms: values, channels, dtypes and order are right")


test_unit_transforms()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng
images, mean, std = rng.random((5, 2, 4, 2)), rng.random(2), rng.uniform(0.5, 2, size=2)
double = Tensor(images, dtype=np.float64)
probe("channels", Normalize(mean, std)(double).data)
probe("tuples", Normalize(tuple(mean), list(std))(double).data)
probe("a number beside channels", Normalize(0.5, std)(double).data)
shift = Normalize(0.3, 1.7)
probe("any shape", [shift(Tensor(rng.normal(size=s), dtype=np.float64)).data for s in [(3,), (2, 5), ()]])
whole = rng.integers(0, 256, size=(2, 2, 3, 3))
results = [Normalize(mean, std)(Tensor(whole.astype(kind))) for kind in ("u1", "i8")]
probe("integers", [[result.data, str(result.dtype)] for result in results])
probe("half precision", str(Normalize(mean, std)(Tensor(images, dtype=np.float16)).dtype))
untouched = images.copy()
Normalize(mean, std)(double)
probe("input unchanged", bool(np.array_equal(untouched, images)))
probe("empty batch", list(Normalize(mean, std)(Tensor(np.zeros((0, 2, 4, 2)))).shape))
probe("nothing to compose", Compose([])(double) is double)
three = Compose([Normalize(0.5, 0.5), lambda t: t.exp(), Normalize(mean, std)])
probe("three links", [three(double).data, three(double).data])
probe("nested", Compose([Compose([lambda t: t + 1]), lambda t: t * 3])(Tensor([1.0])).data)
probe("std", [raises(lambda s=s: Normalize(mean, s)) for s in ([1.0, 0.0], [-1.0, 1.0], float("nan"))])
### END HIDDEN TESTS

# %% [markdown]
r"""
## 6. Training and Validation

A model must be judged on samples that it has not been trained on. `train_val_split` sets a part aside. Three
demands:

- **disjoint and complete:** each sample is in exactly one of the two parts;
- **random:** files are often sorted, and then "the last tenth" is a single class (measured below);
- **fixed by the seed:** a split that changes from run to run lets validation samples of one run into the
  training of the next, and the reported accuracy quietly becomes a training accuracy.

The parts are `Subset`s: positions only, no sample is copied. Statistics for `Normalize` belong to the
training part alone; the validation part has to be treated as if it had not been seen yet.

A random split is honest only if samples are independent. Ten photographs of one person, or neighbouring
windows of one text, must go to the same side *together*. MNIST comes with its own split into training and
test files for this reason: no writer occurs in both.
"""

# %% nbgrader={"grade": false, "grade_id": "split", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def train_val_split(dataset: Dataset, fraction: float = 0.1, seed: int = 0) -> tuple[Subset, Subset]:
    """Split at random into (training, validation); ``fraction`` is the share of validation samples.

    The validation part has ``round(fraction * len(dataset))`` samples. The same seed gives the same parts.
    Raises ValueError unless 0 < fraction < 1.

    Hint: cut one permutation in two.
    """
    ### BEGIN SOLUTION
    if not 0 < fraction < 1:
        raise ValueError(f"fraction must lie between 0 and 1, got {fraction}")
    order = np.random.default_rng(seed).permutation(len(dataset))
    held_out = round(fraction * len(dataset))
    return Subset(dataset, order[held_out:]), Subset(dataset, order[:held_out])
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_split", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
def positions(dataset):
    """What a dataset of numbers 0, 1, 2, … holds, in its order."""
    return [int(value) for value in dataset[np.arange(len(dataset))][0].data]


def test_unit_split():
    """Disjoint, complete, random, repeatable, and of the sizes asked for."""
    data = TensorDataset(np.arange(200))
    train, val = train_val_split(data, fraction=0.2, seed=3)
    sizes = len(train), len(val)
    assert sizes == (160, 40), f"train_val_split(200 samples, 0.2): expected (160, 40) samples, got {sizes}"
    assert isinstance(train, Dataset) and isinstance(val, Dataset), "train_val_split: return two Datasets"
    shared = set(positions(train)) & set(positions(val))
    assert not shared, f"train_val_split: {len(shared)} samples are in both parts"
    together = sorted(positions(train) + positions(val))
    assert together == list(range(200)), "train_val_split: some sample is missing or doubled"
    tails = list(range(160, 200)), list(range(40))
    assert sorted(positions(val)) not in tails, "train_val_split: validation is one block, not random"
    again = train_val_split(data, fraction=0.2, seed=3)
    assert positions(again[1]) == positions(val), "train_val_split: the same seed must give the same parts"
    other = train_val_split(data, fraction=0.2, seed=4)
    assert sorted(positions(other[1])) != sorted(positions(val)), "train_val_split: the seed must matter"
    for fraction in (0.0, 1.0, 20):
        try:
            train_val_split(data, fraction=fraction)
        except ValueError:
            pass
        else:
            raise AssertionError(f"train_val_split(fraction={fraction}): expected ValueError")
    print("train_val_split: disjoint, complete, random and repeatable")


test_unit_split()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng
n, seed = int(rng.integers(50, 99)) * 2, int(rng.integers(1000))
data = TensorDataset(np.arange(n), rng.normal(size=n))
parts = train_val_split(data, 0.29, seed)
probe("sizes", [[len(part) for part in train_val_split(TensorDataset(np.zeros(m)), f)]
                for m, f in [(100, 0.29), (10, 0.01), (3, 0.9), (1, 0.1), (0, 0.5), (7, 0.7)]])
probe("complete", sorted(positions(parts[0]) + positions(parts[1])))
values = [part[np.arange(len(part))][1].data for part in parts]
follow = [np.array_equal(v, data.tensors[1].data[positions(p)]) for v, p in zip(values, parts)]
probe("all parts of a sample", follow)
state = np.random.get_state()[1].copy()
repeated = train_val_split(data, 0.29, seed)
probe("global generator untouched", bool(np.array_equal(state, np.random.get_state()[1])))
probe("repeatable", [positions(a) == positions(b) for a, b in zip(parts, repeated)])
probe("seeds", len({tuple(sorted(positions(train_val_split(data, 0.5, s)[1]))) for s in range(5)}))
mean = np.mean([np.mean(positions(train_val_split(data, 0.1, s)[1])) for s in range(200)]) / (n - 1)
probe("no end is preferred", bool(0.45 < mean < 0.55))
probe("errors", [raises(lambda f=f: train_val_split(data, f)) for f in (-0.1, 0.0, 1.0, 1.5)])
### END HIDDEN TESTS

# %% [markdown]
"""
What to look for: a file sorted by class, as produced by reading one folder after the other. The tail of the
file contains classes that the training part has hardly or never seen; the random split keeps the proportions
up to chance. That chance is visible too: the counts scatter around a tenth.
"""

# %% tags=["measure"]
labels = np.repeat(np.arange(10), 100)
data = TensorDataset(labels)
splits = {
    "the last tenth": (Subset(data, np.arange(900)), Subset(data, np.arange(900, 1000))),
    "train_val_split": train_val_split(data, 0.1, seed=0),
}
print(f"{'validation samples of class':28}" + "".join(f"{c:5}" for c in range(10)))
for name, (train, val) in splits.items():
    counts = np.bincount(val[np.arange(len(val))][0].data, minlength=10)
    print(f"{name:28}" + "".join(f"{count:5}" for count in counts), end="")
    trained = np.bincount(train[np.arange(len(train))][0].data, minlength=10)
    print(f"   classes missing in training: {np.flatnonzero(trained == 0).tolist()}")

# %% [markdown]
r"""
## 7. Reading a Binary File: IDX

MNIST's 70,000 handwritten digits are published in IDX, about the simplest format there is for arrays, and
usually compressed with gzip. A header says what follows; everything is **big-endian** (most significant byte
first), the opposite of what your processor most likely uses.

```text
   byte    0    1     2      3       4 … 7      8 … 11     12 … 15     16 …
         ┌────┬────┬──────┬──────┬──────────┬──────────┬──────────┬──────────────────────┐
         │ 0  │ 0  │ type │ axes │ length 0 │ length 1 │ length 2 │ elements, row-major  │
         └────┴────┴──────┴──────┴──────────┴──────────┴──────────┴──────────────────────┘
   MNIST   0    0    0x08    3      60000        28         28       60000 × 28 × 28 bytes

   type    0x08 uint8   0x09 int8   0x0B int16   0x0C int32   0x0D float32   0x0E float64
   length  unsigned, 4 bytes; as many of them as there are axes
```

`IDX_TYPES` and the writer are given; the reader is yours. It is the first function of this course that gets
input which nobody has checked, so most of it is about what can be wrong:

- a file that is something else (a web page with an error message saved under the right name is a classic);
- a download that broke off, in the header or in the elements, with or without compression;
- bytes left over at the end;
- a type code that does not exist.

Each must raise `ValueError` with the name of the file in it and what is wrong. Compute the expected size from
the header and compare it *before* doing anything with the elements. Python's `gzip` reports damage by
`EOFError`, `OSError` or `zlib.error`, depending on where it hurts; the caller should not need to know that.

Two decisions are made for you. Whether a file is compressed is decided by its **content**, not by its name:
gzip data begins with the bytes `1f 8b`, and browsers like to unpack a file and keep its name. And the result
is an ordinary array: **native byte order** (arithmetic on swapped bytes is slow, and other libraries refuse
it) and writable.
"""

# %% nbgrader={"grade": false, "grade_id": "idx_format", "locked": true, "schema_version": 3, "solution": false, "task": false}
#| export
IDX_TYPES: dict[int, str] = {0x08: "u1", 0x09: "i1", 0x0B: "i2", 0x0C: "i4", 0x0D: "f4", 0x0E: "f8"}


def write_idx(path: str | Path, array: np.ndarray) -> None:
    """Write an array as an IDX file; compressed if the name ends in ``.gz``."""
    path, array = Path(path), np.asarray(array)
    codes = {np.dtype(name): code for code, name in IDX_TYPES.items()}
    if array.dtype not in codes:
        raise ValueError(f"IDX has no type for {array.dtype}")
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, codes[array.dtype], array.ndim, *array.shape)
    content = header + array.astype(array.dtype.newbyteorder(">")).tobytes()
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)


# %% nbgrader={"grade": false, "grade_id": "read_idx", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def read_idx(path: str | Path) -> np.ndarray:
    """Read an IDX file, plain or compressed by gzip, into a writable array in native byte order.

    Raises FileNotFoundError if there is no such file, and ValueError, naming the file, if it is damaged, is
    not IDX, or is shorter or longer than its header says.

    Hint: ``gzip.decompress``, ``struct.unpack(">…I", …)``, and ``np.frombuffer`` with a dtype that says ">".
    """
    ### BEGIN SOLUTION
    content = Path(path).read_bytes()
    if content[:2] == b"\x1f\x8b":
        try:
            content = gzip.decompress(content)
        except (EOFError, OSError, zlib.error) as error:
            raise ValueError(f"{path} is a damaged gzip file: {error}") from error
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in IDX_TYPES:
        raise ValueError(f"{path} is not an IDX file: it begins with the bytes '{content[:4].hex(' ')}'")
    dtype, axes = np.dtype(IDX_TYPES[content[2]]), content[3]
    start = 4 + 4 * axes
    if len(content) < start:
        raise ValueError(f"{path} ends within its header: {len(content)} of {start} bytes")
    shape = struct.unpack(f">{axes}I", content[4:start])
    expected = start + math.prod(shape) * dtype.itemsize
    if len(content) != expected:
        raise ValueError(f"{path} has {len(content)} bytes, but {dtype} of shape {shape} takes {expected}")
    elements = np.frombuffer(content, dtype.newbyteorder(">"), count=math.prod(shape), offset=start)
    return elements.reshape(shape).astype(dtype)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_read_idx", "locked": true, "points": 12, "schema_version": 3, "solution": false, "task": false}
import tempfile


def test_unit_read_idx():
    """Bytes from the specification, every type, both forms of storage, and seven kinds of damage."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "sample"
        header = bytes([0, 0, 0x0B, 2, 0, 0, 0, 2, 0, 0, 0, 3])
        file.write_bytes(header + bytes([0, 1, 1, 0, 255, 255, 0, 4, 0, 5, 0, 6]))
        got = read_idx(file)
        expected = [[1, 256, -1], [4, 5, 6]]
        assert got.shape == (2, 3), f"read_idx: the header says shape (2, 3), got {got.shape}"
        np.testing.assert_array_equal(got, expected, err_msg="read_idx of int16: big-endian, 01 00 is 256")
        for name in IDX_TYPES.values():
            array = (np.arange(24).reshape(2, 3, 4) - (0 if name == "u1" else 7)).astype(name)
            for form in ("plain", "packed.gz"):
                write_idx(Path(folder) / form, array)
                got = read_idx(Path(folder) / form)
                call = f"read_idx, {np.dtype(name)}, {form}"
                assert got.dtype == array.dtype, f"{call}: expected native {array.dtype}, got {got.dtype.str}"
                np.testing.assert_array_equal(got, array, err_msg=f"{call}: values")
                assert got.flags.writeable, f"{call}: the result must be writable (np.frombuffer's is not)"

        packed = (Path(folder) / "packed.gz").read_bytes()
        file.write_bytes(packed)
        message = "read_idx: the content is gzip, although the name does not end in .gz"
        np.testing.assert_array_equal(read_idx(str(file)), array, err_msg=message)

        plain = (Path(folder) / "plain").read_bytes()
        damaged = {
            "an empty file": b"",
            "a web page": b"<!DOCTYPE html><html>404</html>",
            "type code 0x0A": plain[:2] + b"\x0a" + plain[3:],
            "a header cut short": plain[:9],
            "elements cut short": plain[:-1],
            "a byte too many": plain + b"\0",
            "gzip cut short": packed[:-12],
        }
        for label, content in damaged.items():
            file.write_bytes(content)
            try:
                read_idx(file)
            except ValueError as error:
                assert "sample" in str(error), f"read_idx, {label}: name the file, the error says {error}"
            except Exception as error:
                raise AssertionError(f"read_idx, {label}: expected ValueError, got {error!r}") from error
            else:
                raise AssertionError(f"read_idx, {label}: expected ValueError, but an array came back")
    print("read_idx: types, byte order, compression and damaged files are right")


test_unit_read_idx()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng


def read_back(content, name="data"):
    """What read_idx makes of a file with this content."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_bytes(content)
        return read_idx(Path(folder) / name)


def idx(code, shape, elements):
    return struct.pack(f">BBBB{len(shape)}I", 0, 0, code, len(shape), *shape) + elements


small = rng.integers(-100, 100, size=(3, 5))
bodies = {code: small.astype(">" + name).tobytes() for code, name in IDX_TYPES.items()}
probe("every type", [read_back(idx(code, (3, 5), body)) for code, body in bodies.items()])
probe("native", [read_back(idx(code, (15,), body)).dtype.isnative for code, body in bodies.items()])
large = rng.integers(-(2**30), 2**30, size=4)
probe("four bytes", read_back(idx(0x0C, (4,), large.astype(">i4").tobytes())))
real = rng.normal(size=(2, 1, 2, 3))
probe("four axes, float64", read_back(gzip.compress(idx(0x0E, (2, 1, 2, 3), real.astype(">f8").tobytes()))))
probe("300 rows", list(read_back(idx(0x08, (300, 2), bytes(600))).shape))
probe("no samples", list(read_back(idx(0x08, (0, 28, 28), b"")).shape))
probe("plain content named gz", read_back(idx(0x08, (3,), bytes([1, 2, 250])), "data.gz"))
parts = gzip.compress(idx(0x09, (4,), b"")) + gzip.compress(bytes([255, 128, 0, 1]))
probe("gzip in two members", read_back(parts))
twice = [read_back(idx(0x08, (3,), b"abc")) for _ in range(2)]
twice[0][:] = 0
probe("own memory", twice[1])
packed = bytearray(gzip.compress(idx(0x08, (200,), rng.bytes(200))))
broken = bytes(packed[:60]) + bytes(255 - byte for byte in packed[60:90]) + bytes(packed[90:])
cases = broken, bytes(packed[:5]), bytes(packed[:100])
probe("damaged gzip", [raises(lambda c=c: read_back(c)) for c in cases])
cases = [
    b"\0\0\x08", b"\1\0\x08\1\0\0\0\1a", b"\0\1\x08\1\0\0\0\1a", b"\0\0\x08\3\0\0\0\1",
    idx(0x08, (2, 2), b"abc"), idx(0x08, (2, 2), b"abcde"), idx(0x0E, (1,), bytes(7)), idx(0x0F, (1,), b"a"),
    idx(0x08, (2**31, 2**31, 4), b""),
]
probe("damaged files", [raises(lambda c=c: read_back(c)) for c in cases])
probe("no such file", raises(lambda: read_idx("no/such/file-idx3-ubyte.gz")))
### END HIDDEN TESTS

# %% [markdown]
"""
The remaining measurements want digits. The helper below returns a folder with the four files of MNIST: the
real ones if the environment variable `TINYTORCH_DATA` names a folder that has them in its subfolder `mnist`;
otherwise it writes a **synthetic set** of the same format, drawn with NumPy from a tiny font, shifted and
noisy. Whichever you get is printed. Nothing is downloaded.
"""

# %% nbgrader={"grade": false, "grade_id": "example_files", "locked": true, "schema_version": 3, "solution": false, "task": false}
import os

FONT = "111101101101111 010110010010111 111001111100111 111001111001111 101101111001001 "
FONT += "111100111001111 111100111101111 111001001001001 111101111101111 111101111001111"


def synthetic_digits(count, seed):
    """Images (count, 28, 28) of bytes and labels (count,): enlarged 3 × 5 letters, shifted, with noise."""
    generator = np.random.default_rng(seed)
    letters = [np.array(list(bits), dtype=np.uint8).reshape(5, 3) for bits in FONT.split()]
    letters = [letter.repeat(4, axis=0).repeat(4, axis=1) for letter in letters]
    labels = generator.integers(0, 10, size=count).astype(np.uint8)
    images = np.zeros((count, 28, 28), dtype=np.uint8)
    corners = generator.integers(2, 7, size=(count, 2))
    for image, label, (row, column) in zip(images, labels, corners, strict=True):
        ink = generator.integers(150, 256, size=(20, 12)).astype(np.uint8)
        image[row : row + 20, column + 4 : column + 16] = letters[label] * ink
    return images, labels


def digit_files(scratch):
    """A folder with MNIST's four files and a word for where they come from."""
    given = os.environ.get("TINYTORCH_DATA")
    if given and len(list(Path(given, "mnist").glob("*-ubyte.gz"))) >= 4:
        return Path(given, "mnist"), "MNIST"
    for part, count, seed in (("train", 6000, 1), ("t10k", 1000, 2)):
        images, labels = synthetic_digits(count, seed)
        write_idx(Path(scratch, f"{part}-images-idx3-ubyte.gz"), images)
        write_idx(Path(scratch, f"{part}-labels-idx1-ubyte.gz"), labels)
    return Path(scratch), "synthetic digits (TINYTORCH_DATA names no folder with MNIST)"


# %% [markdown]
r"""
### Measure: what compression saves and what it costs

The training images, compressed and plain, read by your function. What to look for:

- the size on disk. Digits are mostly black, so gzip saves a lot; photographs that are JPEG already would not
  shrink;
- the time. Unpacking is arithmetic, and it has to be done again at every start. On a slow disk or network the
  smaller file wins all the same: the last column says below which reading speed that is so, namely bytes
  saved per second of extra time;
- the peak of memory, in multiples of the result: the bytes of the file and the array made from them are alive
  at the same time. A reader for files larger than the memory has to work in pieces.
"""

# %% tags=["measure"]
import tempfile

from tinytorch.setup import measure_memory

with tempfile.TemporaryDirectory() as scratch:
    root, source = digit_files(scratch)
    images = read_idx(root / "train-images-idx3-ubyte.gz")
    print(f"{source}: {images.shape} {images.dtype}, {images.nbytes / 1e6:.1f} MB in memory")
    files = {"gzip": root / "train-images-idx3-ubyte.gz", "plain": Path(scratch, "images-idx3-ubyte")}
    write_idx(files["plain"], images)
    sizes, times = {}, {}
    for name, file in files.items():
        sizes[name], timings = file.stat().st_size, []
        for _ in range(3):
            start = time.perf_counter()
            read_idx(file)
            timings.append(time.perf_counter() - start)
        times[name] = min(timings)
        peak = measure_memory(lambda file=file: read_idx(file))[1] / images.nbytes
        line = f"{name:6} {sizes[name] / 1e6:6.1f} MB on disk, {times[name] * 1e3:6.1f} ms"
        print(f"{line}, peak {peak:.1f} × the result")
saved, extra = sizes["plain"] - sizes["gzip"], times["gzip"] - times["plain"]
print(f"compressed wins if reading is slower than {saved / extra / 1e6:.0f} MB/s")

# %% [markdown]
r"""
## 8. Memory and Complexity

### Batch size: time, memory, and where the gain ends

The batch size is the one number of a data path that everybody sets. It moves three things at once. The next
cell runs a two-layer product ($784 \to 256 \to 10$) on batches of many sizes and measures, per epoch, the
loader alone and the loader with the computation; and, for one batch, the peak of memory. What to look for:

- **time:** both curves rise steeply at first, when fixed prices are shared by more samples, and then flatten.
  Beyond the flat point a larger batch buys no speed here;
- **memory:** soon a straight line of slope 1 in the logarithmic figure: twice the batch, twice the memory. It
  has no flat part;
- the last column: the share of the epoch that goes into loading. If it is large, buying a faster processor
  for the model is money wasted.

The noise formula of section 1 completes the picture: time flattens, memory grows, noise falls with the square
root only. So the batch size is chosen near the knee of the time curve, unless memory forbids it.
"""

# %% tags=["measure"]
import matplotlib.pyplot as plt

from tinytorch.setup import measure_memory

generator = np.random.default_rng(0)
data = TensorDataset(generator.random((8192, 784), dtype=np.float32), np.arange(8192) % 10)
first, second = Tensor(generator.normal(size=(784, 256))), Tensor(generator.normal(size=(256, 10)))


def step(batch):
    return (batch[0] @ first) @ second


def computed(loader):
    """The same batches, each with a step of computation after it."""
    for batch in loader:
        step(batch)
        yield batch


sizes = [1, 4, 16, 64, 256, 1024, 4096]
alone, together, peaks = [], [], []
print(f"{'batch':>6} {'load only, /s':>14} {'load + step, /s':>16} {'peak, MB':>9} {'loading':>9}")
for size in sizes:
    part = Subset(data, np.arange(min(8192, size * 128)))
    loader = DataLoader(part, size, shuffle=True, seed=0)
    alone.append(max(throughput(loader) for _ in range(3)))
    together.append(max(throughput(computed(loader)) for _ in range(3)))
    order = loader.order(0)[:size]
    peaks.append(measure_memory(lambda part=part, order=order: step(part[order]))[1] / 1e6)
    share = together[-1] / alone[-1]
    print(f"{size:6} {alone[-1]:14,.0f} {together[-1]:16,.0f} {peaks[-1]:9.3f} {share:9.0%}")

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.5))
left.loglog(sizes, alone, "o-", label="loading alone")
left.loglog(sizes, together, "s-", label="loading and computing")
left.set(xlabel="batch size", ylabel="samples per second", title="time")
left.legend()
right.loglog(sizes, peaks, "o-")
right.set(xlabel="batch size", ylabel="peak of one step, MB", title="memory")
for axis in (left, right):
    axis.grid(alpha=0.3)
figure.tight_layout()
plt.show()

# %% [markdown]
r"""
### Convert once, or in every epoch?

Pixels are bytes on the disk, and float32 in the model. Two ways: convert everything at the start, or keep
bytes and convert each batch. Both orders of visiting matter too: reading rows one after the other, or in
shuffled order. What to look for:

- memory: exactly a factor of 4;
- time: converting a batch costs arithmetic in each epoch, but *gathering* bytes moves a quarter of the
  memory. How much the conversion costs in the end is not obvious; read it off;
- order: the dataset is larger than the caches, and shuffled rows are scattered. A row is long enough to use
  its cache lines fully, so the loss is limited. (With rows of a few bytes it would not be, as in Module 01.)

With these figures in mind, `MNIST` below keeps bytes.
"""

# %% tags=["measure"]
pixels = np.random.default_rng(0).integers(0, 256, size=(40_000, 784), dtype=np.uint8)


class Bytes(Dataset):
    """Rows of bytes, converted to float32 in [0, 1] batch by batch."""

    def __len__(self):
        return len(pixels)

    def __getitem__(self, index):
        return (Tensor(pixels[index] / np.float32(255)),)


converted = pixels / np.float32(255)
print(f"{'storage':26} {'MB':>6} {'in order, /s':>14} {'shuffled, /s':>14}")
for name, dataset, size in [
    ("float32, converted once", TensorDataset(converted), converted.nbytes),
    ("bytes, converted per batch", Bytes(), pixels.nbytes),
]:
    rates = []
    for shuffle in (False, True):
        loader = DataLoader(dataset, 64, shuffle=shuffle, seed=0)
        rates.append(max(throughput(loader) for _ in range(3)))
    print(f"{name:26} {size / 1e6:6.0f} {rates[0]:14,.0f} {rates[1]:14,.0f}")

# %% [markdown]
r"""
### The disk and the page cache

So far everything was in memory. An operating system also keeps the *files* it has read in memory that nobody
else needs, page by page (4 kB each): the **page cache**. The second reading of a file is then a copy within
memory. Benchmarks that read a file twice often measure this and call it a disk.

The next cell writes a file of 10,000 records (784 float32 numbers each), asks the system to forget it
(`posix_fadvise`, on Linux), and reads it: from begin to end, and as batches of 64 random records through
`np.memmap`, an array whose pages are fetched from the file when they are touched. Each reading is done cold
and warm. What to look for:

- cold against warm, from begin to end: how much faster than your disk is your memory?
- in the random reading of the cold file, records arrive one request after the other, each touching a page or
  two; the system's habit of reading ahead does not help, or fetches what is not needed. The ratio to the cold
  sequential reading is the price of shuffling *on the disk*;
- if cold and warm agree, your file system lives in memory, or ignores the request: no disk was measured.

The cache helps the next epoch only if the data fit. When pages are dropped in the order in which they were
last used, an epoch over a file somewhat larger than the memory finds *nothing* of the epoch before: what it
needs first is what was dropped first.
"""

# %% tags=["measure"]
import os
import tempfile


def forget(file):
    """Ask the system to drop this file's pages from the cache; False where that cannot be asked."""
    if not hasattr(os, "posix_fadvise"):
        return False
    with file.open("rb") as handle:
        os.fsync(handle.fileno())
        os.posix_fadvise(handle.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return True


records, width, batches = 10_000, 784, 40
with tempfile.TemporaryDirectory() as scratch:
    file = Path(scratch, "records")
    np.random.default_rng(0).random((records, width), dtype=np.float32).tofile(file)
    picks = np.random.default_rng(1).permutation(records)[: batches * 64].reshape(batches, 64)

    def sequential():
        return len(np.fromfile(file, dtype=np.float32)) * 4

    def scattered():
        rows = np.memmap(file, dtype=np.float32, mode="r", shape=(records, width))
        return sum(rows[pick].nbytes for pick in picks)

    print(f"file of {file.stat().st_size / 1e6:.0f} MB; can be dropped from the cache: {forget(file)}")
    for name, read in {"from begin to end": sequential, "random records": scattered}.items():
        for state in ("cold", "warm"):
            if state == "cold":
                forget(file)
            start = time.perf_counter()
            count = read()
            seconds = time.perf_counter() - start
            rate = f"{count / seconds / 1e6:8.0f} MB/s, {count / (4 * width) / seconds:10,.0f} records/s"
            print(f"{name:18} {state}: {rate}")

# %% [markdown]
r"""
## 9. In Production

**Whole batches.** PyTorch's `DataLoader` by default calls `dataset[i]` for each index and stacks the samples
in `collate_fn`: the slow line of your figure. That is the right default where a sample is a JPEG whose
decoding takes milliseconds, and the wrong one for tensors in memory. There are ways out: a dataset with a
method `__getitems__` receives the whole list of indices, and `batch_size=None` together with a sampler that
yields index lists switches the automatic batching off.

**Workers.** With `num_workers=k`, `k` processes call the dataset and send finished batches through shared
memory; processes and not threads, since Python's global interpreter lock lets only one thread run Python code
at a time. Each keeps two batches ready (`prefetch_factor=2`). `pin_memory=True` puts batches into page-locked
memory, from which a GPU copies while the processor goes on. `persistent_workers=True` saves starting the
processes anew in every epoch.

**Seeds.** Every worker has random generators of its own, derived from one base seed and the worker's number.
Until version 1.9 that did not include NumPy's global generator: forked workers inherited the same state, and
all of them drew the same "random" augmentations. Your rule, own generators and nothing global, avoids the
whole class of mistakes.

**Many machines.** `DistributedSampler` gives each process a part of the same permutation; the number of
samples must divide evenly, so it repeats a few of them, or drops the rest if `drop_last=True`. It needs
`set_epoch(epoch)` before each epoch, your `loader.epoch`; without that call every epoch has the same order.
It seeds its generator with `seed + epoch`, which section 3 warned about: there, the orders of a run with the
next seed are the same ones, one epoch earlier.

**Formats.** Millions of small files are slow to open, so samples are packed: tar shards (WebDataset),
TFRecord, Arrow or Parquet. Hugging Face `datasets` maps Arrow files into memory and leaves caching to the
page cache. Large image pipelines also decode on the GPU (NVIDIA DALI), when the processors cannot keep up.

**What is kept.** torchvision's `MNIST` also holds its images as bytes and its labels as int64, but converts
image by image, through a PIL image. Now you know what that costs.

## 10. What Breaks First at Scale

**Waiting.** A model that is served one batch at a time pays loading and computing in turn. The first
experiment imitates a remote disk by sleeping, and puts the loader into a thread that runs ahead by at most
two batches (`queue.Queue(maxsize=2)`: a bound is needed, or a fast reader fills the memory). What to look
for: the time per batch falls from the sum of the two times to about their maximum, when the loader *waits*.
When the loader *computes in Python*, the thread gains little or nothing, because only one thread at a time
runs Python code. That is the case for which processes exist.

**The index itself.** `permutation(N)` has 8 bytes per sample. The second experiment measures its price per
sample and extrapolates. What to look for: the price per sample is not constant. It *grows* once the order is
too large for the caches, since a shuffle writes to random places; and for billions of samples the order alone
fills the memory of a machine.

**Random access.** On a disk, or in compressed shards, samples can be read quickly only in the order in which
they lie there. So large systems shuffle approximately: the order of the shards, and within a *buffer* of
limited size that is filled sequentially and emptied at random. The figure shows which sample is delivered
when. What to look for: a full shuffle fills the square evenly. A small buffer leaves a narrow band around the
diagonal: data sorted by class stay nearly sorted, which the printed number of classes per batch confirms.
Shuffled shards with the same buffer mix the classes almost as well as the full shuffle, although whole shards
are still read from begin to end.
"""

# %% tags=["measure"]
import queue
import threading


def prefetched(batches, ahead=2):
    """The same batches, fetched by a thread that runs ahead."""
    waiting, end = queue.Queue(maxsize=ahead), object()

    def fetch():
        for batch in batches:
            waiting.put(batch)
        waiting.put(end)

    threading.Thread(target=fetch, daemon=True).start()
    while (batch := waiting.get()) is not end:
        yield batch


class Slow(Dataset):
    """64 samples; fetching a batch means waiting (a disk) or Python arithmetic (decoding)."""

    def __init__(self, fetch):
        self.fetch = fetch

    def __len__(self):
        return 64

    def __getitem__(self, index):
        self.fetch()
        return (Tensor(np.zeros((len(index), 1))),)


def python_work(milliseconds):
    end = time.thread_time() + milliseconds / 1e3
    while time.thread_time() < end:
        sum(range(500))


def epoch(batches):
    start = time.perf_counter()
    for _ in batches:
        python_work(8)
    return (time.perf_counter() - start) / 16 * 1e3


print(f"{'16 batches; a step takes 8 ms of Python':42} {'in turn':>10} {'prefetched':>12}")
for name, fetch in {
    "loading waits 12 ms": lambda: time.sleep(0.012),
    "loading is 12 ms of Python": lambda: python_work(12),
}.items():
    loader = DataLoader(Slow(fetch), batch_size=4)
    print(f"{name:42} {epoch(loader):7.1f} ms {epoch(prefetched(loader)):9.1f} ms   per batch")

# %% tags=["measure"]
import matplotlib.pyplot as plt

print(f"{'samples':>15} {'order, MB':>11} {'ns per sample':>14}")
for n in (10_000, 100_000, 1_000_000, 8_000_000):
    generator = np.random.default_rng(0)
    start = time.perf_counter()
    order = generator.permutation(n)
    price = (time.perf_counter() - start) / n
    print(f"{n:15,} {order.nbytes / 1e6:11.1f} {price * 1e9:14.1f}")
n = 5_000_000_000
print(f"{n:15,} {8 * n / 1e6:11,.0f} {'':14}   and at least {n * price:.0f} s to draw (extrapolated)")


def buffered(stream, size, generator):
    """Fill a buffer from the stream; deliver a random entry and put the next one in its place."""
    buffer = []
    for item in stream:
        if len(buffer) < size:
            buffer.append(item)
            continue
        place = int(generator.integers(size))
        yield buffer[place]
        buffer[place] = item
    yield from generator.permutation(buffer)


n, generator = 10_000, np.random.default_rng(0)
shards = np.arange(n).reshape(100, 100)[generator.permutation(100)].reshape(-1)
orders = {
    "full shuffle": generator.permutation(n),
    "buffer of 500": np.array(list(buffered(range(n), 500, generator))),
    "100 shuffled shards, buffer of 500": np.array(list(buffered(shards, 500, generator))),
}
figure, axes = plt.subplots(1, 3, figsize=(11, 3.6), sharey=True)
for axis, (name, order) in zip(axes, orders.items(), strict=True):
    axis.plot(order, ",", color="C0")
    axis.set(title=name, xlabel="delivered as number")
    assert np.array_equal(np.sort(order), np.arange(n))
    classes = [len(set(batch // 1000)) for batch in order[: n // 64 * 64].reshape(-1, 64)]
    print(f"{name:36} classes in a batch of 64: {np.mean(classes):5.2f} of 10")
axes[0].set_ylabel("position in the file")
figure.tight_layout()
plt.show()

# %% [markdown]
"""
## 11. Integration Test: MNIST Batches

The last class contains nothing new; it puts the pieces together. `MNIST` reads two of the four files, keeps
bytes in memory, and turns a position or an array of positions into what a model wants.

| | stored | delivered for one position | for an array of n |
| --- | --- | --- | --- |
| images | bytes, `(N, 1, 28, 28)` | float32 in [0, 1], `(1, 28, 28)` | `(n, 1, 28, 28)` |
| labels | int64, `(N,)` | `()` | `(n,)` |

The axis of length 1 is the channel, which convolutions (Module 09) expect. Labels are converted *once*, to
int64: unsigned bytes wrap around when somebody subtracts (`3 - 5` is 254), and 60,000 labels are no burden.

The error for a missing file is worth a thought, because it will be the first thing that many users of your
package see. It has to say, in one sentence, which file is missing and where it was expected. A download that
was interrupted may also leave you with images and labels of different lengths: check.

The test writes its own tiny files. Afterwards split, loader, normalisation and MNIST have to work together.
"""

# %% nbgrader={"grade": false, "grade_id": "mnist", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
class MNIST(Dataset):
    """Handwritten digits: images as float32 in [0, 1], labels as int64.

    Reads ``train-images-idx3-ubyte.gz`` and ``train-labels-idx1-ubyte.gz``, or the two files that begin with
    ``t10k`` if ``train`` is false. ``transform`` gets the images that are asked for, as one tensor.
    """

    def __init__(
        self, root: str | Path, train: bool = True, transform: Callable[[Tensor], Tensor] | None = None
    ) -> None:
        """Set ``self.images``, bytes of shape (N, 1, rows, columns), and ``self.labels``, int64 (N,).

        Raises FileNotFoundError that names a missing file and the folder ``root`` in which to put it, and
        ValueError if there are not as many labels as images.

        Hint: ``Path(root) / name`` and ``is_file()``.
        """
        self.transform = transform
        ### BEGIN SOLUTION
        part = "train" if train else "t10k"
        arrays = []
        for name in (f"{part}-images-idx3-ubyte.gz", f"{part}-labels-idx1-ubyte.gz"):
            if not (Path(root) / name).is_file():
                raise FileNotFoundError(f"MNIST: the file {name} is missing, put it into the folder {root}.")
            arrays.append(read_idx(Path(root) / name))
        images, labels = arrays
        if len(images) != len(labels):
            raise ValueError(f"MNIST: {len(images)} images and {len(labels)} labels in {root} do not match")
        self.images = images[:, None]
        self.labels = labels.astype(np.int64)
        ### END SOLUTION

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: Any) -> tuple[Tensor, Tensor]:
        """Images and labels at ``index``, a position or an integer array of them.

        Hint: index first, convert afterwards; the other way round converts the whole dataset for one batch.
        """
        ### BEGIN SOLUTION
        images = Tensor(self.images[index] / np.float32(255))
        if self.transform is not None:
            images = self.transform(images)
        return images, Tensor(self.labels[index])
        ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_mnist_batches", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
def write_digits(folder, images, labels, part="train"):
    """Two files as MNIST has them."""
    write_idx(Path(folder) / f"{part}-images-idx3-ubyte.gz", images.astype(np.uint8))
    write_idx(Path(folder) / f"{part}-labels-idx1-ubyte.gz", labels.astype(np.uint8))


def test_unit_mnist_batches():
    """From files to shuffled, normalised batches of the training part, and an error that helps."""
    pixels = np.random.default_rng(0).integers(0, 256, size=(40, 28, 28))
    pixels[:, 0, 0], pixels[0, 5, 5] = np.arange(40), 255
    digits = np.arange(40) * 7 % 10
    with tempfile.TemporaryDirectory() as folder:
        try:
            MNIST(folder)
        except FileNotFoundError as error:
            named = "train-images-idx3-ubyte.gz" in str(error) and str(folder) in str(error)
            assert named, f"MNIST without files: name the missing file and the folder, the error says {error}"
            own = "Errno" not in str(error)
            assert own, f"MNIST without files: say in your own words where to put it, not just {error}"
        else:
            raise AssertionError("MNIST without files: expected FileNotFoundError")
        write_digits(folder, pixels, digits)
        write_digits(folder, pixels[:5] // 2, digits[:5], "t10k")
        data, test = MNIST(folder), MNIST(folder, train=False)
        write_digits(folder, pixels, digits[:39])
        try:
            MNIST(folder)
        except ValueError:
            pass
        else:
            raise AssertionError("MNIST: 40 images and 39 labels must raise ValueError")
    lengths = len(data), len(test)
    assert lengths == (40, 5), f"MNIST: expected 40 training and 5 test samples, got {lengths}"
    stored = data.images.dtype, data.images.shape
    expected = (np.uint8, (40, 1, 28, 28))
    assert stored == expected, f"MNIST.images: expected bytes of shape (40, 1, 28, 28), got {stored}"
    image, label = data[0]
    assert image.shape == (1, 28, 28), f"MNIST[0]: expected an image of shape (1, 28, 28), got {image.shape}"
    assert image.dtype == np.float32, f"MNIST[0]: expected a float32 image, got {image.dtype}"
    assert label.dtype == np.int64, f"MNIST[0]: expected an int64 label, got {label.dtype}"
    assert image.data[0, 5, 5] == 1.0, f"MNIST[0]: byte 255 must become 1.0, got {image.data[0, 5, 5]}"
    images, labels = data[np.array([30, 2])]
    np.testing.assert_allclose(
        images.data, pixels[[30, 2], None] / 255, rtol=1e-6, err_msg="MNIST[[30, 2]]: expected pixels / 255"
    )
    np.testing.assert_array_equal(labels.data, digits[[30, 2]], err_msg="MNIST[[30, 2]]: wrong labels")

    seen = []

    def watch(x):
        seen.append(x.shape)
        return x * 255

    data.transform = Compose([watch, Normalize(0.0, 1.0)])
    train, val = train_val_split(data, fraction=0.25, seed=1)
    found = []
    for part, expected in ((train, [8, 8, 8, 6]), (val, [8, 2])):
        loader = DataLoader(part, batch_size=8, shuffle=True, seed=2)
        batches = list(loader)
        sizes = [len(labels) for _, labels in batches]
        assert sizes == expected, f"MNIST batches: expected sizes {expected}, got {sizes}"
        for images, labels in batches:
            assert images.dtype == np.float32, f"MNIST batches: expected float32 images, got {images.dtype}"
            marks = images.data[:, 0, 0, 0].round().astype(int)
            np.testing.assert_array_equal(
                labels.data, digits[marks], err_msg="MNIST batches: images and labels do not belong together"
            )
            found += marks.tolist()
    assert sorted(found) == list(range(40)), "training and validation together must hold each digit once"
    assert seen[0] == (8, 1, 28, 28), f"transform: expected a whole batch (8, 1, 28, 28), got {seen[0]}"
    print("integration: files become split, shuffled, normalised batches")


test_unit_mnist_batches()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng
n = int(rng.integers(25, 40))
pixels, digits = rng.integers(0, 256, size=(n, 28, 28)), rng.integers(0, 10, size=n)
with tempfile.TemporaryDirectory() as folder:
    write_digits(folder, pixels, digits)
    data = MNIST(folder, transform=Normalize(0.1307, 0.3081))
    plain = MNIST(str(folder))
    missing = raises(lambda: MNIST(folder, train=False))
    (Path(folder) / "train-labels-idx1-ubyte.gz").unlink()
    try:
        MNIST(folder)
        message = ""
    except FileNotFoundError as error:
        message = str(error)
    write_digits(folder, pixels[:0], digits[:0], "t10k")
    none = MNIST(folder, train=False)
where = rng.integers(0, n, size=7)
probe("images", plain[where][0].data)
probe("labels", [plain[where][1].data, str(plain[where][1].dtype), plain[n - 1][1].item()])
probe("normalised", [data[where][0].data, str(data[where][0].dtype)])
probe("again the same", bool(np.array_equal(data[where][0].data, data[where][0].data)))
probe("one image", [list(data[3][0].shape), list(data[-1][1].shape)])
probe("only one part is there", missing)
named = "train-labels-idx1-ubyte.gz" in message, "train-images" in message, str(folder) in message
probe("labels are missing", named)
probe("no digits", [len(none), len(list(DataLoader(none)))])
probe("batches", [[part.data for part in batch] for batch in DataLoader(data, 10)])
shuffled = DataLoader(data, 6, shuffle=True, seed=1)
probe("all labels, shuffled", sorted(int(label) for _, labels in shuffled for label in labels.data))
plain[where][0].data[:] = 0
probe("the stored bytes stay", [str(plain.images.dtype), plain.images.sum(dtype=np.int64)])
probe("iteration ends", len(list(plain)))
probe("beyond the end", raises(lambda: plain[n]))
### END HIDDEN TESTS

# %% [markdown]
r"""
### The whole path at work

The statistics come from the training part only, computed batch by batch, so that float32 images never exist
all at once: sums of $x$ and of $x^2$ are enough. Then normalised batches. What to look for: a mean near 0 and
a spread near 1 in the normalised batch, close but not equal, since one batch is a sample; each image under
its own label; and the throughput of the whole path, with shuffling, conversion and normalisation.
"""

# %% tags=["measure"]
import tempfile

import matplotlib.pyplot as plt

from tinytorch.setup import measure_memory

with tempfile.TemporaryDirectory() as scratch:
    root, source = digit_files(scratch)
    start = time.perf_counter()
    digits = MNIST(root)
    print(f"{source}: {len(digits)} digits read in {time.perf_counter() - start:.2f} s, ", end="")
    print(f"{digits.images.nbytes / 1e6:.0f} MB of bytes")
train, val = train_val_split(digits, 0.1, seed=0)
total, squares, count = 0.0, 0.0, 0
for images, _ in DataLoader(train, 1000):
    total += images.data.sum(dtype=np.float64)
    squares += (images.data**2).sum(dtype=np.float64)
    count += images.size
mean = total / count
std = (squares / count - mean**2) ** 0.5
print(f"training part: {len(train)} digits, mean {mean:.4f}, std {std:.4f}")

digits.transform = Normalize(mean, std)
loader = DataLoader(train, 64, shuffle=True, seed=0)
images, labels = next(iter(loader))
print(f"a normalised batch: {images.shape} {images.dtype}, mean {images.mean().item():+.3f}, ", end="")
print(f"std {images.data.std():.3f}; labels {labels.shape} {labels.dtype}")
_, peak = measure_memory(lambda: next(iter(loader)))
print(f"peak for one batch, the order of the epoch included: {peak / 1e6:.2f} MB")
print(f"an epoch of {len(loader)} batches: {throughput(loader):,.0f} samples per second")

figure, axes = plt.subplots(2, 10, figsize=(11, 2.9))
for axis, image, label in zip(axes.flat, images.data, labels.data, strict=False):
    axis.imshow(image[0], cmap="gray")
    axis.set_title(str(label), fontsize=10)
    axis.axis("off")
figure.suptitle(source.split(" (")[0])
figure.tight_layout()
plt.show()

# %% [markdown]
"""
## 🤔 ML Systems Thinking

Three questions, 10 points each. Answer in 150 to 300 words and argue with *your* code and *your* printed
figures, units included.
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_1", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 1: The I/O bottleneck, prefetching and the page cache

**Context:** You timed compressed and plain files, a file cold and warm, sequential and random reading, and a
loader in turn and prefetched by a thread, once with waiting and once with Python arithmetic.

**Question:** A team trains on 2 TB of JPEG images on a network disk that delivers 400 MB/s. A machine has 256
GB of memory and 16 cores; the model could consume 3,000 images per second of 150 kB each, and decoding one
image takes 8 ms on one core. What rate do the disk, the decoding and the model allow, and which of them
decides? A colleague reports that "the second epoch will be fast because of the page cache", having tried it
with 20 GB. Judge that, and say what prefetching can and cannot repair here, why threads or processes, and
what you would change first.

**Expected response:** 150–300 words, with the three rates worked out and at least two of your measurements.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_1", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Works out about 2,700 images/s from the disk (400 MB/s over 150 kB), 2,000 images/s from decoding on 16 cores (16 over 8 ms), 3,000 from the model, and concludes that decoding decides, with the disk close behind
- Explains that 20 GB fits into the page cache and 2 TB does not: each epoch has dropped the beginning before it comes round again, so a repeated pass over too large a file finds next to nothing; refers to the own cold and warm figures
- States that prefetching turns a sum into a maximum and cannot beat the slowest stage, with the own per-batch times before and after
- Uses the experiment with Python arithmetic to explain that threads overlap waiting but not Python code, hence processes (or decoders that release the lock) for decoding
- Proposes a first change that fits the bottleneck: smaller or pre-decoded images, more cores or decoding on the GPU, and only then shards read sequentially or a local disk; says why compression here costs rather than saves
GOOD (7-8 points):
- Three rates correct, or two with a small slip, and the bottleneck named accordingly
- Correct judgement of the page cache by comparing sizes
- Prefetching described as overlap with at least one own figure
- Threads against processes explained without the experiment
SATISFACTORY (5-6 points):
- Knows that loading can be slower than computing and that prefetching overlaps the two
- Knows the page cache, without applying it to 2 TB
- Figures missing or not converted into one unit
NEEDS IMPROVEMENT (1-4 points):
- General advice (buy a faster disk, more workers) without a rate
- Believes that prefetching or caching removes any bottleneck
- No reference to the measurements
NO CREDIT (0 points):
- No response or off-topic
- Claims that loading time does not matter
- Copied question text or notebook text without an answer
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_2", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 2: Batch size, memory and throughput

**Context:** You fitted a fixed price per batch and a price per sample for two ways of indexing, plotted
throughput and peak memory over the batch size, and compared the spread of batch means with the formula
of section 1.

**Question:** Somebody proposes a batch of 4,096 instead of 64 on your machine, "because larger batches are
faster". Use your table and your fit to say what this gains per epoch and what it costs in memory, with
figures for both sizes. What happens to the noise of the gradient and to the number of updates per epoch? From
which batch size on is the fixed price below a tenth of a batch's time, for each of the two ways of indexing?
Finally: the same model is moved to a GPU that computes 50 times faster while the loader stays as it is. What
changes in your answer?

**Expected response:** 150–300 words, with at least three of your figures.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_2", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Quotes throughput and peak at 64 and 4,096 (or the nearest sizes measured) and concludes that time has flattened while memory grew about in proportion, 64 times
- Computes the noise from the formula: 64 times the batch, one eighth of the spread; and 64 times fewer updates per epoch, which the learning rate cannot simply make up for
- Derives the threshold from the model: c0 below a tenth of c0 + c1 B means B above 9 c0 / c1, evaluated with the fitted prices of both ways, and notices that it is tiny for per-sample indexing because Python's price sits in c1
- For the faster model: the loading share rises towards 1 (Amdahl), the loader becomes the limit, so prefetching, workers or cheaper conversion matter more than the batch size, while the device's fixed price per step moves the knee to larger batches
- Mentions a limit of the measurements, such as caches, noise of single timings, or that activations kept for the backward pass will add to the peak
GOOD (7-8 points):
- Correct reading of the own table for time and memory
- Square-root law of the noise and fewer updates both stated
- A threshold from the fit for at least one way of indexing
- Sees that loading gains weight on a GPU
SATISFACTORY (5-6 points):
- Says that larger batches share fixed costs and need more memory
- One or two own figures without a calculation
- Noise or number of updates mentioned only in passing
NEEDS IMPROVEMENT (1-4 points):
- Accepts or rejects the proposal without figures
- Believes that throughput grows without limit, or that memory does not depend on the batch
- Confuses batch size with size of the dataset
NO CREDIT (0 points):
- No response or off-topic
- Every claim wrong
- Copied question text or notebook text without an answer
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_3", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 3: Shuffling, sharding and reproducibility

**Context:** Your `order(epoch)` depends on seed and epoch only; `train_val_split` cuts one permutation. You
measured what a permutation costs, compared a full shuffle with a buffer and with shuffled shards, and saw
what sorted data do to batches and splits.

**Question:** Your loader is to feed 8 machines from one dataset of 5 billion samples in 10,000 shard files. A
run crashes in the middle of epoch 2 and has to resume so that the result is the same as without the crash.
Which parts of your design carry over, and which do not? Describe how shards and samples are assigned to
machines and shuffled, what the last, uneven batches require, what a checkpoint has to record, and what goes
wrong if every machine seeds its generator with `seed + epoch`, or all with the same number. Which of
full randomness, speed and exact repeatability do you give up, and how would you test the result?

**Expected response:** 150–300 words, with at least two of your measurements.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_3", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Rejects one permutation of 5 billion positions with the own extrapolation (about 40 GB and the time to draw it) and keeps the principle that orders are functions of seed, epoch and now also machine or shard
- Assigns shards by a permutation of shard numbers that all machines compute alike from (seed, epoch), disjoint by rank, with a buffer for samples inside; supports it with the printed classes per batch of the three shuffles
- Handles unevenness: machines that wait for each other need equally many batches, so drop or repeat samples, and says what that does to "each sample once"
- Names the checkpoint's content: seed, epoch, batches delivered (or shard and offset), state of the buffer's generator and content or a way to replay it, besides model and optimizer
- Explains both seeding mistakes: seed + epoch makes neighbouring seeds share orders; one number for everything gives all machines the same buffer choices or augmentations; proposes lists such as [seed, epoch, rank]
- Gives a test: union of all machines' samples is complete and disjoint, resumed order equals uninterrupted order, different epochs and seeds differ
GOOD (7-8 points):
- Shards plus buffer with a correct reason, and disjoint assignment
- Checkpoint with epoch and position, incomplete about the buffer
- One of the two seeding mistakes explained
- At least one own figure
SATISFACTORY (5-6 points):
- Knows that a seed makes an order repeatable and that sorted data need shuffling
- Divides the data among machines without saying how shuffling works then
- Resuming restarts the epoch, without discussing the consequences
NEEDS IMPROVEMENT (1-4 points):
- Believes that setting one global seed is enough on 8 machines
- Mixes up shuffling, splitting and sharding
- No reference to the code or the measurements
NO CREDIT (0 points):
- No response or off-topic
- Claims that order never matters
- Copied question text or notebook text without an answer
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown]
r"""
## 🎯 Module Summary

**Built** (`tinytorch/dataloader.py`): `Dataset`, `TensorDataset` and `Subset`; `DataLoader` with orders that
follow from seed and epoch; `throughput`; `Normalize` and `Compose`; `train_val_split`; `read_idx`, which
trusts no file; `MNIST`.

**Measured.** The price per batch and per sample of two ways of indexing; throughput, memory and noise over
the batch size; compressed against plain files; bytes against floats; cold and warm, sequential and random
reading; prefetching with and without the interpreter's lock in the way; the price of a permutation, and what
a buffer does to sorted data.

**Understood.**

- Index whole batches. Python's price should be paid per batch, never per sample.
- Order = f(seed, epoch), with a generator of its own. Then runs can be repeated and resumed.
- Loading and computing in turn cost the sum, overlapped the maximum. Waiting overlaps in a thread; Python
  arithmetic does not.
- Larger batches pay off until the fixed price is negligible; after that they only cost memory and updates.
- Input from outside is checked before it is used, and an error names the file and the remedy.

**Next.** Batches arrive, layers transform them, losses judge them. Module 06 lets the judgement flow back:
automatic differentiation.
"""
