"""Small data for a machine without a network."""

from importlib import import_module
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tinytorch_lab.errors import NotAvailableError

_SIDE = 8
_DEPTH = 16


def digits() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return 1,797 handwritten digits of 8 by 8 pixels from 0 to 255, as MNIST's are, and their labels.

    Raises:
        NotAvailableError: scikit-learn, which bundles them, is not installed.
    """
    try:
        source = import_module("sklearn.datasets")
    except ImportError:
        raise NotAvailableError(
            "The small digits come with scikit-learn, which is not installed; run 'pip install tinytorch-lab[data]'."
        ) from None
    pixels, labels = source.load_digits(return_X_y=True)
    images = np.round(pixels.reshape(-1, _SIDE, _SIDE) * (255 / _DEPTH)).astype(np.uint8)
    return images, labels.astype(np.int64)


def sonnets() -> str:
    """Return four of Shakespeare's sonnets (18, 29, 116 and 130), a blank line between them."""
    return (Path(__file__).parent / "sonnets.txt").read_text(encoding="utf-8")
