"""Where the course's data comes from, and the two functions that hand it out."""

from pathlib import Path

from tinytorch_lab.datasets.cache import DataFile, Progress, cache_folder, ensure

_MIRROR = "https://ossci-datasets.s3.amazonaws.com"

MNIST = tuple(
    DataFile(f"mnist/{name}", f"{_MIRROR}/mnist/{name}", size, md5)
    for name, size, md5 in (
        ("train-images-idx3-ubyte.gz", 9_912_422, "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        ("train-labels-idx1-ubyte.gz", 28_881, "d53e105ee54ea40749a09fcbcd1e9432"),
        ("t10k-images-idx3-ubyte.gz", 1_648_877, "9fb629c4189551a2d022fa330f9573f3"),
        ("t10k-labels-idx1-ubyte.gz", 4_542, "ec29112dd5afa0611ce80d1b7f02629c"),
    )
)
SHAKESPEARE = DataFile(
    "tinyshakespeare.txt",
    "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
    1_115_394,
    "6fb458f1232090904fb40fe944165e91",
)


def mnist_folder(progress: Progress | None = None) -> Path:
    """Return the folder of MNIST's four ``.gz`` files, downloading those that are not cached yet.

    Raises:
        NotAvailableError: one can be had neither from the cache nor from the network; the sentence says what to
            put where.
    """
    folder = cache_folder()
    images, *_ = [ensure(file, folder, progress) for file in MNIST]
    return images.parent


def shakespeare_text(progress: Progress | None = None) -> str:
    """Return tiny Shakespeare, 1,115,394 characters of 65 kinds, downloading it when it is not cached yet.

    Raises:
        NotAvailableError: it can be had neither from the cache nor from the network; the sentence says what to
            put where.
    """
    return ensure(SHAKESPEARE, cache_folder(), progress).read_text(encoding="utf-8")
