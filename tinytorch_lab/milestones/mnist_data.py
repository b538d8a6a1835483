"""The digits of milestone 3 as the files that a run finds: MNIST's own, or small ones where MNIST cannot be had."""

import gzip
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinytorch_lab.datasets import digits, mnist_folder
from tinytorch_lab.errors import NotAvailableError

BATCH = 32
ABOUT = "about.json"
"""The file that tells the steps how many batches each takes."""

_TEST_IMAGES, _TEST_LABELS = "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"


@dataclass(frozen=True)
class Digits:
    """A set of images of 28 by 28 pixels with labels; ``batches`` of them are one step of training."""

    name: str
    train: int
    test: int
    batches: int

    def epochs(self, steps: int) -> float:
        """Return how many passes over the training images ``steps`` steps are."""
        return steps * self.batches * BATCH / self.train


MNIST = Digits("MNIST", 60_000, 10_000, 125)
SMALL = Digits("scikit-learn's digits", 1_500, 297, 12)

_SCALE, _BORDER = 3, 2


@dataclass(frozen=True)
class UnseenDigits:
    """Test images (n, 28, 28) of bytes and their labels (n,), and of which set they are."""

    kind: Digits
    images: NDArray[np.uint8]
    labels: NDArray[np.int64]


def digit_files() -> dict[str, bytes]:
    """Return MNIST's files but for the labels of the test images, their set's name, and how many batches a step takes.

    They come from the cache or the network; where MNIST cannot be had, they are made of scikit-learn's digits.

    Raises:
        NotAvailableError: there is neither.
    """
    kind, files = _mnist_or_small()
    shown = {name: content for name, content in files.items() if name != _TEST_LABELS}
    return shown | {ABOUT: json.dumps({"digits": kind.name, "batches": kind.batches}).encode()}


def unseen_digits(shown: Mapping[str, bytes]) -> UnseenDigits:
    """Return the test images of the set that a run was ``shown``, with their labels, which no run finds.

    Raises:
        NotAvailableError: that set cannot be had any more.
    """
    kind = MNIST if json.loads(shown[ABOUT])["digits"] == MNIST.name else SMALL
    files = _mnist_files() if kind is MNIST else _small_files()
    images = np.frombuffer(gzip.decompress(files[_TEST_IMAGES]), np.uint8, offset=16).reshape(-1, 28, 28)
    labels = np.frombuffer(gzip.decompress(files[_TEST_LABELS]), np.uint8, offset=8).astype(np.int64)
    return UnseenDigits(kind, images, labels)


def _mnist_or_small() -> tuple[Digits, dict[str, bytes]]:
    try:
        return MNIST, _mnist_files()
    except NotAvailableError as missing:
        try:
            return SMALL, _small_files()
        except NotAvailableError as also_missing:
            raise NotAvailableError(f"{missing} {also_missing}") from None


def _mnist_files() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(mnist_folder().glob("*-ubyte.gz"))}


def _small_files() -> dict[str, bytes]:
    """Return the small digits, enlarged to MNIST's format: a digit of 24 pixels within a border of 2."""
    images, labels = digits()
    order = np.random.default_rng(0).permutation(len(labels))
    large = np.pad(np.kron(images, np.ones((1, _SCALE, _SCALE), np.uint8)), ((0, 0), *[(_BORDER, _BORDER)] * 2))
    files: dict[str, bytes] = {}
    for part, chosen in (("train", order[: SMALL.train]), ("t10k", order[SMALL.train :])):
        files[f"{part}-images-idx3-ubyte.gz"] = _idx(large[chosen])
        files[f"{part}-labels-idx1-ubyte.gz"] = _idx(labels[chosen].astype(np.uint8))
    return files


def _idx(array: NDArray[np.uint8]) -> bytes:
    """Return bytes in the format of MNIST's files: two zeros, the type 8, the number of axes, their lengths."""
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return gzip.compress(header + array.tobytes(), mtime=0)
