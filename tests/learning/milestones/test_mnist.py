"""Milestone 3: its data, its judge, and a run on the reference package."""

import gzip
import json

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

from tests.conftest import ROOT
from tinytorch_lab.datasets import digits
from tinytorch_lab.errors import NotAvailableError
from tinytorch_lab.learning.milestones.running import run_milestone
from tinytorch_lab.milestones import mnist, mnist_data
from tinytorch_lab.milestones.mnist_data import ABOUT, MNIST, SMALL, digit_files
from tinytorch_lab.milestones.script import LOSS, Malformed
from tinytorch_lab.milestones.scripts import SCRIPTS

SHARED = ROOT.parent / "shared" / "data"
SAMPLED = "the answers for every tenth test image"
ANSWERS = "the answers for the test images"
STEPS, ROUNDS = 75, 5


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """A machine on which MNIST can be neither found nor stored."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("TINYTORCH_DATA", str(tmp_path / "file"))


@pytest.fixture
def unseen(monkeypatch):
    """Makes the judge see plain images, a tenth of them each digit, of one kind."""

    def show(kind):
        labels = np.arange(kind.test) % 10
        plain = mnist_data.UnseenDigits(kind, np.zeros((kind.test, 28, 28), np.uint8), labels)
        monkeypatch.setattr(mnist, "unseen_digits", lambda _files: plain)

    return show


def shown(kind):
    """What a run on ``kind`` is told of it."""
    return {ABOUT: json.dumps({"digits": kind.name}).encode()}


def reports(kind, wrong=30, **changed):
    """What a run on ``kind`` reports, with ``wrong`` zeros taken for eights in the last round."""
    labels = np.arange(kind.test) % 10
    answers = labels.copy()
    answers[np.flatnonzero(labels == 0)[:wrong]] = 8
    found = {
        LOSS: [float(loss) for loss in np.geomspace(1, 0.05, STEPS)],
        SAMPLED: [labels[::10]] * STEPS,
        ANSWERS: [np.zeros_like(labels)] * (ROUNDS - 1) + [answers],
    }
    return found | {name.replace("_", " "): value for name, value in changed.items()}


def test_enough_right_answers_pass(unseen):
    unseen(MNIST)
    outcome = SCRIPTS[3].judge(reports(MNIST), shown(MNIST))
    assert outcome.passed
    assert outcome.sentence == (
        "The network reads handwritten digits: 99.7% of the 10,000 test images are right after 5 epochs, 10.0% after 1."
    )
    assert outcome.figures["accuracy"] == pytest.approx(0.997)
    assert outcome.figures["misread"] == 30
    assert outcome.figures["accuracy_after_1"] == pytest.approx(0.1)
    assert outcome.figures["accuracy_after_5"] == outcome.figures["accuracy"]
    figure = Figure()
    outcome.draw(figure)
    titles = [axes.get_title() for part in figure.subfigs for axes in part.axes]
    assert titles[:2] == ["Accuracy on MNIST", "Confusion: digit (row) taken for (column)"]
    assert titles[2:] == ["0 read as 8"] * 12
    written = [text.get_text() for text in figure.subfigs[1].axes[0].texts]
    assert "30" in written
    assert "970" in written


def test_a_network_without_mistakes_is_drawn_too(unseen):
    unseen(MNIST)
    outcome = SCRIPTS[3].judge(reports(MNIST, wrong=0), shown(MNIST))
    assert outcome.figures["misread"] == 0
    outcome.draw(Figure())


def test_exactly_the_goal_is_not_enough(unseen):
    unseen(MNIST)
    outcome = SCRIPTS[3].judge(reports(MNIST, wrong=500), shown(MNIST))
    assert not outcome.passed
    assert "does not read well enough: 95.0% of the 10,000 test images" in outcome.sentence
    assert "check the gradients of module 09 first" in outcome.sentence


def test_the_small_digits_are_said_to_be_small(unseen):
    unseen(SMALL)
    outcome = SCRIPTS[3].judge(reports(SMALL, wrong=5), shown(SMALL))
    assert outcome.passed
    assert outcome.sentence.startswith(
        "MNIST could not be had, so these are scikit-learn's digits of 8 by 8 pixels. The network reads"
    )


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"the_loss": [0.5] * 74}, "The loss is not 75 finite numbers"),
        ({"the_loss": [float("nan")] * 75}, "The loss is not 75 finite numbers"),
        ({"the_answers_for_every_tenth_test_image": [0.9] * 75}, "every tenth test image is not an array of numbers"),
        ({"the_answers_for_the_test_images": []}, "The answers for the test images were given 0 times instead of 5"),
        ({"the_answers_for_the_test_images": [np.full(10_000, 10)] * 5}, "are not all digits from 0 to 9"),
        ({"the_answers_for_the_test_images": [np.zeros(9_999)] * 5}, r"has shape \(9999,\); expected \(10000,\)"),
    ],
)
def test_reports_that_make_no_sense_are_said_to(changed, words, unseen):
    unseen(MNIST)
    with pytest.raises(Malformed, match=words):
        SCRIPTS[3].judge(reports(MNIST, **changed), shown(MNIST))


def test_mnist_is_taken_where_it_is(monkeypatch):
    if not SHARED.is_dir():
        pytest.skip(f"NOT TESTED: there is no MNIST in {SHARED}")
    monkeypatch.setenv("TINYTORCH_DATA", str(SHARED))
    files = digit_files()
    assert {name: len(content) for name, content in files.items() if name.endswith(".gz")} == {
        "t10k-images-idx3-ubyte.gz": 1_648_877,
        "train-images-idx3-ubyte.gz": 9_912_422,
        "train-labels-idx1-ubyte.gz": 28_881,
    }
    assert files["about.json"] == b'{"digits": "MNIST", "batches": 125}'
    unseen = mnist_data.unseen_digits(files)
    assert (unseen.kind, unseen.images.shape, unseen.labels.shape) == (MNIST, (10_000, 28, 28), (10_000,))
    assert np.bincount(unseen.labels).min() > 800


def test_without_mnist_and_without_small_digits_both_are_named(nowhere, monkeypatch):
    def missing():
        raise NotAvailableError("The small digits are not installed.")

    monkeypatch.setattr(mnist_data, "digits", missing)
    with pytest.raises(NotAvailableError, match=r"train-images-idx3-ubyte.gz .* The small digits are not installed"):
        digit_files()


def test_small_digits_have_the_format_of_mnist(nowhere):
    files = digit_files()
    labels = gzip.decompress(files["train-labels-idx1-ubyte.gz"])
    images = gzip.decompress(files["train-images-idx3-ubyte.gz"])
    assert labels[:8] == bytes([0, 0, 8, 1, 0, 0, 5, 220])
    assert images[:16] == bytes([0, 0, 8, 3, 0, 0, 5, 220, 0, 0, 0, 28, 0, 0, 0, 28])
    first = np.frombuffer(images[16 : 16 + 784], np.uint8).reshape(28, 28)
    small = first[2:26:3, 2:26:3]
    assert (small == digits()[0]).all(axis=(1, 2)).any(), "an enlarged digit is one of scikit-learn's"
    np.testing.assert_array_equal(first[2:26, 2:26], np.kron(small, np.ones((3, 3), np.uint8)))
    assert first.sum() == 9 * small.astype(int).sum(), "the border is empty"


def test_the_labels_of_the_test_images_never_enter_a_run(nowhere):
    assert "t10k-images-idx3-ubyte.gz" in digit_files()
    assert not [name for name in digit_files() if "t10k-labels" in name]
    unseen = mnist_data.unseen_digits(digit_files())
    assert (unseen.kind, unseen.images.shape, unseen.labels.shape) == (SMALL, (297, 28, 28), (297,))


def test_milestone_3_passes_on_the_reference(workspace, executor, nowhere):
    steps = []
    result = run_milestone(workspace, executor, 3, steps.append)
    assert result.passed, result.message
    assert "MNIST could not be had" in result.message
    assert result.figures["accuracy"] > 0.95
    losses = steps[-1].losses
    assert losses[-1] < losses[0] / 5
    assert len(steps) == steps[0].total == STEPS + ROUNDS + 2
    picture = imread(workspace.root / result.plot)
    assert picture.shape[1] == 1200


def test_milestone_3_names_what_is_not_written(workspace, executor, nowhere):
    path = workspace.package / "spatial.py"
    path.write_text(f"{path.read_text()}\n\ndel MaxPool2d\n")
    result = run_milestone(workspace, executor, 3)
    assert result.message.startswith(
        "The step 'imports and data' failed with ImportError: cannot import name 'MaxPool2d'"
    )
