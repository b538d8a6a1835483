"""The course's data itself."""

import dataclasses
import gzip
import hashlib
import sys

import numpy as np
import pytest

from tests.datasets.conftest import whole
from tinytorch_lab.datasets import digits, mnist_folder, shakespeare_text, sonnets, sources
from tinytorch_lab.errors import NotAvailableError


def test_mnist_comes_from_the_cache(shared_data):
    folder = mnist_folder()
    assert folder == shared_data / "mnist"
    images = gzip.decompress((folder / "train-images-idx3-ubyte.gz").read_bytes())
    assert images[:16] == bytes.fromhex("00000803 0000ea60 0000001c 0000001c")
    assert len(images) == 16 + 60_000 * 28 * 28


def test_tiny_shakespeare_comes_from_the_cache(shared_data):
    text = shakespeare_text()
    assert (len(text), len(set(text))) == (1_115_394, 65)
    assert text.startswith("First Citizen:\nBefore we proceed any further, hear me speak.")


def test_mnist_is_downloaded_as_four_files(server, tmp_path, monkeypatch):
    monkeypatch.setenv("TINYTORCH_DATA", str(tmp_path))
    files = []
    for file in sources.MNIST:
        content = file.name.encode()
        url = server.url(f"/{file.name}", whole(content))
        files.append(dataclasses.replace(file, url=url, size=len(content), md5=hashlib.md5(content).hexdigest()))
    monkeypatch.setattr(sources, "MNIST", tuple(files))
    seen = set()
    folder = mnist_folder(lambda name, _done, _total: seen.add(name))
    assert folder == tmp_path / "mnist"
    assert {path.name for path in folder.iterdir()} == seen
    assert seen == {
        f"{part}-ubyte.gz"
        for part in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
    }


def test_every_address_is_encrypted():
    files = [*sources.MNIST, sources.SHAKESPEARE]
    assert len(files) == 5
    assert all(file.url.startswith("https://") for file in files)


def test_the_sonnets_are_whole():
    poems = sonnets().strip().split("\n\n")
    assert [len(poem.splitlines()) for poem in poems] == [14] * 4
    assert poems[0].startswith("Shall I compare thee to a summer's day?")
    assert poems[3].endswith("As any she belied with false compare.")
    assert sonnets().isascii()


def test_the_small_digits():
    pytest.importorskip("sklearn", reason="NOT TESTED: the small digits need scikit-learn, which is not installed")
    images, labels = digits()
    assert (images.shape, images.dtype, images.min(), images.max()) == ((1797, 8, 8), np.uint8, 0, 255)
    assert labels.dtype == np.int64
    assert np.bincount(labels).min() >= 170
    assert labels[:3].tolist() == [0, 1, 2]


def test_without_scikit_learn_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(NotAvailableError, match=r"run 'pip install tinytorch-lab\[data\]'"):
        digits()
