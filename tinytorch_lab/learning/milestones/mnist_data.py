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
"""The file that tells the steps which digits these are, and how many batches a step takes."""


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
KINDS: Mapping[str, Digits] = {kind.name: kind for kind in (MNIST, SMALL)}

_SCALE, _BORDER = 3, 2


def digit_files() -> dict[str, bytes]:
    """Return MNIST's four files, from the cache or the network, else the same four made of scikit-learn's digits.

    Raises:
        NotAvailableError: there is neither.
    """
    try:
        folder = mnist_folder()
    except NotAvailableError as missing:
        try:
            return _small_files() | _about(SMALL)
        except NotAvailableError as also_missing:
            raise NotAvailableError(f"{missing} {also_missing}") from None
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*-ubyte.gz"))} | _about(MNIST)


def _about(kind: Digits) -> dict[str, bytes]:
    return {ABOUT: json.dumps({"name": kind.name, "batches": kind.batches}).encode()}


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
