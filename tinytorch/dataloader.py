# Generated from curriculum/05_dataloader/05_dataloader.py; edit that, not this file.
# Each "# %%" line says which cell, and which of its lines, the code below it is.

__all__ = [
    "Dataset", "TensorDataset", "Subset", "DataLoader", "throughput", "Normalize", "Compose",
    "train_val_split", "IDX_TYPES", "write_idx", "read_idx", "MNIST",
]


# %% cell 3 (imports), lines 2-15
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

from .tensor import Tensor


# %% cell 7 (datasets), lines 2-69 without 28, 35, 39, 41, 48, 50, 58, 61, 68
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
        self.tensors = tuple(part if isinstance(part, Tensor) else Tensor(part) for part in tensors)
        if not self.tensors or any(tensor.ndim == 0 for tensor in self.tensors):
            raise ValueError("a TensorDataset needs at least one tensor, and each needs an axis of samples")
        lengths = [len(tensor) for tensor in self.tensors]
        if len(set(lengths)) > 1:
            raise ValueError(f"the tensors must have equally many samples, they have {lengths}")

    def __len__(self) -> int:
        """Number of samples."""
        return len(self.tensors[0])

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        """One tensor for each of ``self.tensors``, taken at ``index``; no loop over samples.

        Hint: Module 01 taught ``Tensor`` to take an array of positions.
        """
        return tuple(tensor[index] for tensor in self.tensors)


class Subset(Dataset):
    """The samples of another dataset at ``indices``, in that order. Nothing is copied but positions."""

    def __init__(self, dataset: Dataset, indices: Sequence[int] | np.ndarray) -> None:
        """``indices``: positions in ``dataset``, possibly none, possibly repeated."""
        self.dataset = dataset
        self.indices = np.array(indices, dtype=np.intp)

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: Any) -> tuple[Any, ...]:
        """Hint: ask ``self.dataset`` once, also when ``index`` is an array."""
        return self.dataset[self.indices[index]]


# %% cell 11 (dataloader), lines 2-65 without 34, 37, 46, 50, 60
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
        full, rest = divmod(len(self.dataset), self.batch_size)
        return full + (rest > 0 and not self.drop_last)

    def order(self, epoch: int) -> np.ndarray:
        """All positions of the dataset, as integers, in the order of this epoch.

        Depends on ``seed``, ``epoch`` and the number of samples only, whatever has been iterated before.

        Hint: a generator of its own for each epoch.
        """
        if not self.shuffle:
            return np.arange(len(self.dataset))
        return np.random.default_rng([self.seed, epoch]).permutation(len(self.dataset))

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        """Yield the batches of epoch ``self.epoch`` one by one, as tuples of tensors.

        The dataset is indexed once per batch, with an array of positions, when the batch is asked for. Parts
        that are arrays become tensors. The next loop runs the next epoch, also if this one is left early.

        Hint: a slice of the order may reach beyond its end.
        """
        order = self.order(self.epoch)
        self.epoch += 1
        for start in range(0, len(self) * self.batch_size, self.batch_size):
            batch = self.dataset[order[start : start + self.batch_size]]
            yield tuple(part if isinstance(part, Tensor) else Tensor(part) for part in batch)


# %% cell 15 (throughput), lines 2-13 without 7
def throughput(loader: Iterable[tuple[Tensor, ...]]) -> float:
    """Samples per second of one epoch, in wall-clock time; 0.0 if no sample came.

    Hint: ``time.perf_counter()``, and the length of a batch's first part.
    """
    samples = 0
    start = time.perf_counter()
    for batch in loader:
        samples += len(batch[0])
    seconds = time.perf_counter() - start
    return samples / seconds if samples else 0.0


# %% cell 20 (transforms), lines 2-39 without 10, 17, 21, 25, 36
class Normalize:
    """(x - mean) / std for images of shape (..., C, H, W), or for any tensor if mean and std are numbers."""

    def __init__(self, mean: float | Sequence[float], std: float | Sequence[float]) -> None:
        """mean, std: a number, or one number per channel. Raises ValueError unless every std is positive.

        Hint: give numbers per channel the shape (C, 1, 1).
        """
        self.mean, self.std = (
            array.reshape(-1, 1, 1) if array.ndim else array
            for array in (np.asarray(mean, dtype=np.float64), np.asarray(std, dtype=np.float64))
        )
        if not (self.std > 0).all():
            raise ValueError(f"Normalize: every std must be positive, got {std}")

    def __call__(self, x: Tensor) -> Tensor:
        """A new tensor of x's shape and floating dtype; integers give float32."""
        if x.dtype.kind != "f":
            x = Tensor(x, dtype=np.float32)
        return (x - self.mean) / self.std


class Compose:
    """Several transforms as one, applied from first to last; none at all changes nothing."""

    def __init__(self, transforms: Iterable[Callable[[Tensor], Tensor]]) -> None:
        self.transforms = list(transforms)

    def __call__(self, x: Tensor) -> Tensor:
        """Hint: what one transform returns is what the next one gets."""
        for transform in self.transforms:
            x = transform(x)
        return x


# %% cell 23 (split), lines 2-15 without 10
def train_val_split(dataset: Dataset, fraction: float = 0.1, seed: int = 0) -> tuple[Subset, Subset]:
    """Split at random into (training, validation); ``fraction`` is the share of validation samples.

    The validation part has ``round(fraction * len(dataset))`` samples. The same seed gives the same parts.
    Raises ValueError unless 0 < fraction < 1.

    Hint: cut one permutation in two.
    """
    if not 0 < fraction < 1:
        raise ValueError(f"fraction must lie between 0 and 1, got {fraction}")
    order = np.random.default_rng(seed).permutation(len(dataset))
    held_out = round(fraction * len(dataset))
    return Subset(dataset, order[held_out:]), Subset(dataset, order[:held_out])


# %% cell 28 (idx_format), lines 2-13
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


# %% cell 29 (read_idx), lines 2-28 without 10
def read_idx(path: str | Path) -> np.ndarray:
    """Read an IDX file, plain or compressed by gzip, into a writable array in native byte order.

    Raises FileNotFoundError if there is no such file, and ValueError, naming the file, if it is damaged, is
    not IDX, or is shorter or longer than its header says.

    Hint: ``gzip.decompress``, ``struct.unpack(">…I", …)``, and ``np.frombuffer`` with a dtype that says ">".
    """
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


# %% cell 45 (mnist), lines 2-46 without 20, 32, 42
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

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: Any) -> tuple[Tensor, Tensor]:
        """Images and labels at ``index``, a position or an integer array of them.

        Hint: index first, convert afterwards; the other way round converts the whole dataset for one batch.
        """
        images = Tensor(self.images[index] / np.float32(255))
        if self.transform is not None:
            images = self.transform(images)
        return images, Tensor(self.labels[index])
