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
# Midterm: A Network That Sees

Modules 01 to 09 gave you everything that a vision system needs. This project is the system: a convolutional network
*of your own design* that reads digits within a budget of parameters and operations, trained on few images, measured
honestly, and examined where it fails. No part of it tells you which network to build.

**Learning objectives**

- design a network under a budget, and know what each layer of it costs;
- get more out of few images by augmentation, and train with a schedule and an honest validation set;
- show by experiments, with several seeds, which decisions mattered;
- read a confusion matrix and an occlusion map, and say what the network looks at.

**Prerequisites:** Modules 01 to 09. Your own package is not used for grading: the reference's modules are.

**Rules.** Work alone. Anything from the modules may be used; no other library than NumPy (and matplotlib to plot). Do not
change the given cells. 70 points are given by tests, 30 for the report: three answers, marked by the schemes that you know
from the modules. **Estimated time:** 10 to 14 hours, in two weeks.

| part | points |
| --- | --- |
| 1 what a network costs | 10 |
| 2 a network within the budget | 12 |
| 3 augmentation | 10 |
| 4 errors by class | 8 |
| 5 where it looks | 6 |
| 6 training | 24 |
| report | 30 |
"""

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
import math

import matplotlib.pyplot as plt
import numpy as np

from tinytorch.activations import ReLU
from tinytorch.autograd import no_grad
from tinytorch.dataloader import TensorDataset
from tinytorch.layers import Flatten, Linear, Module, Sequential, parameter_count
from tinytorch.losses import cross_entropy
from tinytorch.optimizers import Adam
from tinytorch.spatial import Conv2d, MaxPool2d, conv_cost, receptive_field
from tinytorch.tensor import Tensor
from tinytorch.training import CosineSchedule, History, Trainer, evaluation_mode

# %% [markdown]
"""
## The data

Digits of 16 × 16 pixels, drawn from a small font, turned, stretched, slanted and moved at random, with noise. There are
1,500 images to learn from and 500 to validate on. The images of the tests are drawn anew, from the same distribution, at
each grading: nobody has seen them.
"""

# %% nbgrader={"grade": false, "grade_id": "digits", "locked": true, "schema_version": 3, "solution": false, "task": false}
FONT = """
01110 00100 01110 11110 00010 11111 00110 11111 01110 01110
10001 01100 10001 00001 00110 10000 01000 00001 10001 10001
10011 00100 00001 00001 01010 11110 10000 00010 10001 10001
10101 00100 00010 01110 10010 00001 11110 00100 01110 01111
11001 00100 00100 00001 11111 00001 10001 00100 10001 00001
10001 00100 01000 00001 00010 10001 10001 01000 10001 00010
01110 01110 11111 11110 00010 01110 01110 01000 01110 01100
"""
ROWS = FONT.split()
GLYPHS = np.array([[[int(dot) for dot in ROWS[10 * row + digit]] for row in range(7)] for digit in range(10)])


def digits(count, draw, noise=0.25):
    """Images (count, 1, 16, 16) in float32 and labels (count,), drawn with the generator ``draw``."""
    labels = draw.integers(0, 10, size=count)
    angle, slant = draw.uniform(-0.35, 0.35, size=count), draw.uniform(-0.3, 0.3, size=count)
    size, (right, down) = draw.uniform(1.5, 2.1, size=count), draw.uniform(-2, 2, size=(2, count))
    y, x = np.mgrid[-7.5:8, -7.5:8]
    angle, slant, size, right, down = (value[:, None, None] for value in (angle, slant, size, right, down))
    across = (np.cos(angle) * (x - right) + np.sin(angle) * (y - down)) / size
    along = (np.cos(angle) * (y - down) - np.sin(angle) * (x - right)) / size
    across, along = across + slant * along + 3, along + 4
    glyphs = np.pad(GLYPHS, ((0, 0), (1, 1), (1, 1)))
    images = noise * draw.normal(size=(count, 16, 16))
    left, top = np.floor(across).astype(int), np.floor(along).astype(int)
    for row in (top, top + 1):
        for column in (left, left + 1):
            weight = np.maximum(0, 1 - np.abs(along - row)) * np.maximum(0, 1 - np.abs(across - column))
            images += weight * glyphs[labels[:, None, None], np.clip(row, 0, 8), np.clip(column, 0, 6)]
    return images[:, None].astype(np.float32), labels


source = np.random.default_rng(0)
train_images, train_labels = digits(1500, source)
val_images, val_labels = digits(500, source)

# %% tags=["measure"]
figure, axes = plt.subplots(3, 10, figsize=(9, 3))
for digit in range(10):
    for row, number in enumerate(np.flatnonzero(train_labels == digit)[:3]):
        axes[row, digit].imshow(train_images[number, 0], cmap="gray")
        axes[row, digit].axis("off")
plt.show()

# %% [markdown]
r"""
## Part 1: What a network costs (10 points)

`model_cost` walks through a `Sequential` of `Conv2d`, `Linear`, and layers without parameters, and returns the number of
parameters and the FLOPs of one forward pass on a batch of `shape`. Count convolutions with `conv_cost` (Module 09), and
$2 \cdot \text{in}$ per output of a `Linear` layer, plus one for its bias; everything else counts 0. A shared layer's
parameters count once, its FLOPs each time that it is used.
"""

# %% nbgrader={"grade": false, "grade_id": "model_cost", "locked": false, "schema_version": 3, "solution": true, "task": false}
def model_cost(model: Sequential, shape: tuple[int, ...]) -> tuple[int, int]:
    """(parameters, FLOPs) of a Sequential on images of ``shape`` = (batch, channels, height, width).

    A Sequential within it is walked through as well. The model's mode and gradients stay as they are.
    Hint: zeros of that shape, sent through layer by layer, show every layer its input's shape.
    """
    ### BEGIN SOLUTION
    def walk(layers, x):
        flops = 0
        for layer in layers:
            if isinstance(layer, Sequential):
                inner, x = walk(layer, x)
                flops += inner
                continue
            if isinstance(layer, Conv2d):
                flops += conv_cost(layer, x.shape)[0]
            y = layer(x)
            if isinstance(layer, Linear):
                flops += y.size * (2 * layer.in_features + (layer.bias is not None))
            x = y
        return flops, x

    with no_grad():
        flops, _ = walk(model, Tensor(np.zeros(shape)))
    return parameter_count(model), flops
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_model_cost", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
def test_unit_model_cost():
    """Convolutions, linear layers, nesting, sharing and batches are counted."""
    linear = Sequential(Flatten(), Linear(256, 10))
    got = model_cost(linear, (1, 1, 16, 16))
    assert got == (2570, 10 * 513), f"model_cost of Flatten, Linear(256, 10): expected {(2570, 5130)}, got {got}"
    first, second = Conv2d(1, 4, 3, padding=1), Conv2d(4, 6, 3, bias=False)
    network = Sequential(first, ReLU(), MaxPool2d(2), Sequential(second, ReLU()), Flatten(), Linear(216, 10, bias=False))
    flops = conv_cost(first, (1, 1, 16, 16))[0] + conv_cost(second, (1, 4, 8, 8))[0] + 10 * 432
    got = model_cost(network, (1, 1, 16, 16))
    assert got == (40 + 216 + 2160, flops), f"model_cost of a small CNN: expected {(2416, flops)}, got {got}"
    got = model_cost(network, (5, 1, 16, 16))[1]
    assert got == 5 * flops, f"model_cost of five images: five times the FLOPs of one, {5 * flops}, got {got}"
    shared = Linear(10, 10)
    got = model_cost(Sequential(Flatten(), Linear(256, 10), shared, ReLU(), shared), (1, 1, 16, 16))
    assert got == (2680, 5130 + 2 * 210), f"model_cost with a layer used twice: expected (2680, 5550), got {got}"
    assert all(p.grad is None for p in network.parameters()), "model_cost: gradients must stay as they are"
    print("model_cost: parameters and FLOPs are right")


test_unit_model_cost()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

a, b = (int(number) for number in rng.integers(2, 7, size=2))
layers = [Conv2d(1, a, 5, stride=2, padding=2), ReLU(), Conv2d(a, b, 3, bias=False), MaxPool2d(2), Flatten()]
probe("convolutions", list(model_cost(Sequential(layers), (b, 1, 16, 16))))
probe("with a head", list(model_cost(Sequential([*layers, Linear(9 * b, 10)]), (1, 1, 16, 16))))
inner = Sequential(Conv2d(1, a, 3), Sequential(ReLU(), MaxPool2d(2)))
probe("nested", list(model_cost(Sequential(inner, Sequential(Flatten(), Linear(49 * a, b))), (2, 1, 16, 16))))
probe("another size", list(model_cost(inner, (1, 1, 9 + a, 12))))
twice = Conv2d(b, b, 3, padding=1)
probe("shared", list(model_cost(Sequential(Conv2d(1, b, 3), twice, ReLU(), twice), (1, 1, 8, 8))))
probe("integers", [type(number) is int for number in model_cost(inner, (1, 1, 16, 16))])
probe("empty", list(model_cost(Sequential(ReLU()), (1, 1, 4, 4))))
### END HIDDEN TESTS

# %% [markdown]
"""
## Part 2: A network within the budget (12 points)

`build_cnn` returns *your* network: images (n, 1, 16, 16) become scores (n, 10). The budget: at most **20,000 parameters** and
**600,000 FLOPs** for one image. It has at least two convolutions, and each position of its last convolution's (or pool's) output
sees at least 8 × 8 pixels (`receptive_field`). Scores are scores: no softmax at the end, since `cross_entropy` contains it.

All weights come from the given generator, so that equal generators make equal networks.
"""

# %% nbgrader={"grade": false, "grade_id": "build_cnn", "locked": false, "schema_version": 3, "solution": true, "task": false}
PARAMETER_BUDGET, FLOP_BUDGET = 20_000, 600_000


def build_cnn(rng: np.random.Generator) -> Sequential:
    """A new network with random weights, drawn from ``rng``."""
    ### BEGIN SOLUTION
    return Sequential(
        Conv2d(1, 8, 3, padding=1, rng=rng),
        ReLU(),
        MaxPool2d(2),
        Conv2d(8, 24, 3, padding=1, rng=rng),
        ReLU(),
        MaxPool2d(2),
        Flatten(),
        Linear(24 * 16, 32, rng=rng),
        ReLU(),
        Linear(32, 10, rng=rng),
    )
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_build_cnn", "locked": true, "points": 12, "schema_version": 3, "solution": false, "task": false}
def flat(layers):
    """The layers in the order in which they run, with those of a nested Sequential in its place."""
    return [inner for layer in layers for inner in (flat(layer) if isinstance(layer, Sequential) else [layer])]


def spatial_part(model):
    """The layers before the first Flatten."""
    layers = flat(model)
    ends = [number for number, layer in enumerate(layers) if isinstance(layer, Flatten)]
    return layers[: ends[0]] if ends else layers


def test_unit_build_cnn():
    """Shapes, budget, convolutions, receptive field and reproducible weights."""
    model = build_cnn(np.random.default_rng(1))
    assert isinstance(model, Sequential), f"build_cnn: a Sequential is wanted, got {type(model).__name__}"
    scores = model(Tensor(train_images[:3]))
    assert scores.shape == (3, 10), f"build_cnn: (3, 1, 16, 16) must become (3, 10), got {scores.shape}"
    parameters, flops = model_cost(model, (1, 1, 16, 16))
    assert parameters <= PARAMETER_BUDGET, f"build_cnn: {parameters:,} parameters, the budget is {PARAMETER_BUDGET:,}"
    assert flops <= FLOP_BUDGET, f"build_cnn: {flops:,} FLOPs for an image, the budget is {FLOP_BUDGET:,}"
    convolutions = [module for module in model.modules() if isinstance(module, Conv2d)]
    assert len(convolutions) >= 2, f"build_cnn: at least two convolutions, got {len(convolutions)}"
    side = receptive_field(spatial_part(model))
    assert side >= 8, f"build_cnn: the spatial part sees {side} × {side} pixels, at least 8 × 8 are wanted"
    again = build_cnn(np.random.default_rng(1))
    for (name, one), other in zip(model.state_dict().items(), again.state_dict().values()):
        np.testing.assert_array_equal(one, other, err_msg=f"build_cnn: equal generators, and {name} differs")
    print(f"build_cnn: {parameters:,} parameters, {flops:,} FLOPs, sees {side} × {side} pixels")


test_unit_build_cnn()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

seed = int(rng.integers(1000))
model = build_cnn(np.random.default_rng(seed))
parameters = sum(weight.size for weight in {id(p): p for p in model.parameters()}.values())
probe("parameters", bool(0 < parameters <= 20_000))
flops, array = 0, Tensor(np.zeros((1, 1, 16, 16)))
for layer in flat(model):
    if isinstance(layer, Conv2d):
        flops += conv_cost(layer, array.shape)[0]
    array = layer(array)
    if isinstance(layer, Linear):
        flops += array.size * (2 * layer.in_features + (layer.bias is not None))
probe("operations", bool(flops <= 600_000))
probe("convolutions", bool(len([m for m in model.modules() if isinstance(m, Conv2d)]) >= 2))
probe("sees enough", bool(receptive_field(spatial_part(model)) >= 8))
images, _ = digits(6, rng)
scores = model(Tensor(images)).data
probe("shape", [list(scores.shape), list(model(Tensor(images[:0])).shape)])
probe("scores, not probabilities", bool(np.abs(scores.sum(axis=1) - 1).max() > 1e-3))
probe("one image at a time", bool(np.allclose(model(Tensor(images[2:3])).data[0], scores[2], atol=1e-4)))
same, other = build_cnn(np.random.default_rng(seed)), build_cnn(np.random.default_rng(seed + 1))
equal = [np.array_equal(a, b) for a, b in zip(model.state_dict().values(), same.state_dict().values())]
probe("weights from the generator", [all(equal), bool(np.array_equal(other(Tensor(images)).data, scores))])
cross_entropy(model(Tensor(images)), np.arange(6)).backward()
probe("everything is trained", all(parameter.grad is not None for parameter in model.parameters()))
### END HIDDEN TESTS

# %% [markdown]
"""
## Part 3: Augmentation (10 points)

A digit moved by a pixel is the same digit. `shifted` moves every image of a batch by its own random number of pixels,
horizontally and vertically, and fills what becomes free with 0. Each of the shifts from `-most` to `most` is equally likely in
both directions, independently of each other.
"""

# %% nbgrader={"grade": false, "grade_id": "shifted", "locked": false, "schema_version": 3, "solution": true, "task": false}
def shifted(images: np.ndarray, draw: np.random.Generator, most: int = 1) -> np.ndarray:
    """Copies of images (n, c, h, w), each moved by up to ``most`` pixels in both directions, in the same dtype.

    Raises ValueError if ``most`` is negative or not smaller than height and width.
    Hint: zeros around all images at once, and then a window of the old size somewhere in it.
    """
    ### BEGIN SOLUTION
    n, _, height, width = images.shape
    if not 0 <= most < min(height, width):
        raise ValueError(f"most must lie between 0 and {min(height, width) - 1}, got {most}")
    padded = np.pad(images, ((0, 0), (0, 0), (most, most), (most, most)))
    moved = np.empty_like(images)
    for number, (down, right) in enumerate(draw.integers(0, 2 * most + 1, size=(n, 2))):
        moved[number] = padded[number, :, down : down + height, right : right + width]
    return moved
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_shifted", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
def shift_of(image, moved, most):
    """(down, right) by which ``moved`` is shifted, or None if it is no shift with zeros."""
    height, width = image.shape[-2:]
    padded = np.pad(image, ((0, 0), (most, most), (most, most)))
    for down in range(-most, most + 1):
        for right in range(-most, most + 1):
            top, left = most - down, most - right
            if np.array_equal(padded[:, top : top + height, left : left + width], moved):
                return down, right
    return None


def test_unit_shifted():
    """Every image is a shift of its own, with zeros, evenly spread, and the originals stay."""
    numbers = np.random.default_rng(0)
    images = (1 + numbers.random(size=(900, 2, 6, 7))).astype(np.float32)
    kept = images.copy()
    for most in (1, 2):
        moved = shifted(images, np.random.default_rng(1), most)
        assert (moved.shape, moved.dtype) == (images.shape, images.dtype), (
            f"shifted: {images.shape} {images.dtype} became {moved.shape} {moved.dtype}"
        )
        shifts = [shift_of(a, b, most) for a, b in zip(images, moved)]
        assert None not in shifts, f"shifted, most={most}: image {shifts.index(None)} is no shift of the original with zeros"
        counts = {shift: shifts.count(shift) for shift in set(shifts)}
        expected = 900 / (2 * most + 1) ** 2
        assert len(counts) == (2 * most + 1) ** 2, f"shifted, most={most}: only {len(counts)} different shifts occur"
        assert max(abs(count - expected) for count in counts.values()) < 5 * math.sqrt(expected), (
            f"shifted, most={most}: each shift about {expected:.0f} times, got {counts}"
        )
    np.testing.assert_array_equal(images, kept, err_msg="shifted changed the original images")
    np.testing.assert_array_equal(shifted(images, numbers, 0), images, err_msg="shifted with most=0: nothing moves")
    same = [shifted(images[:9], np.random.default_rng(5)) for _ in range(2)]
    np.testing.assert_array_equal(*same, err_msg="shifted: equal generators, different results")
    print("shifted: shifts, zeros, randomness and originals are right")


test_unit_shifted()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

images = (1 + rng.random(size=(400, 1, 5, 8))).astype(np.float32)
for most in (1, 3):
    moved = shifted(images, rng, most)
    shifts = [shift_of(a, b, most) for a, b in zip(images, moved)]
    probe(f"shifts up to {most}", None not in shifts)
    rows, columns = zip(*[shift or (99, 99) for shift in shifts])
    probe(f"all of them, {most}", [sorted(set(rows)), sorted(set(columns))])
    spread = [float(np.mean(values)) for values in (rows, columns)]
    probe(f"in the middle, {most}", bool(np.abs(spread).max() < 0.5 * most))
    probe(f"directions are independent, {most}", bool(abs(np.corrcoef(rows, columns)[0, 1]) < 0.3))
probe("a copy", bool(np.shares_memory(shifted(images, rng, 0), images)))
probe("float64 and no images", [str(shifted(images.astype(float), rng).dtype), shifted(images[:0], rng).shape])
probe("errors", [raises(lambda: shifted(images, rng, most)) for most in (-1, 5)])
### END HIDDEN TESTS

# %% [markdown]
"""
## Part 4: Errors by class (8 points)

`confusion_matrix` counts how often class *i* (row) was taken for class *j* (column). `hardest_pairs` names the most frequent
confusions: counted in both directions together, the most frequent first, and among equal ones the smaller classes first.
"""

# %% nbgrader={"grade": false, "grade_id": "confusion", "locked": false, "schema_version": 3, "solution": true, "task": false}
def confusion_matrix(truth: np.ndarray, answers: np.ndarray, classes: int) -> np.ndarray:
    """Integers (classes, classes): entry (i, j) counts samples of class i that were answered j."""
    ### BEGIN SOLUTION
    matrix = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(matrix, (truth, answers), 1)
    return matrix
    ### END SOLUTION


def hardest_pairs(matrix: np.ndarray, count: int) -> list[tuple[int, int]]:
    """The ``count`` pairs (i, j), i < j, that are confused most often; pairs that never are do not appear."""
    ### BEGIN SOLUTION
    both = matrix + matrix.T
    pairs = [(i, j) for i in range(len(both)) for j in range(i + 1, len(both)) if both[i, j]]
    return sorted(pairs, key=lambda pair: (-both[pair], pair))[:count]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_confusion", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
def test_unit_confusion():
    """Counts, directions, ties and pairs that do not occur."""
    matrix = confusion_matrix(np.array([0, 0, 1, 2, 2, 2]), np.array([0, 1, 1, 0, 0, 2]), 4)
    np.testing.assert_array_equal(
        matrix,
        [[1, 1, 0, 0], [0, 1, 0, 0], [2, 0, 1, 0], [0, 0, 0, 0]],
        err_msg="confusion_matrix: rows are the truth, columns the answers, repeated pairs add up",
    )
    assert matrix.dtype.kind == "i", f"confusion_matrix: integers, got {matrix.dtype}"
    got = hardest_pairs(matrix, 5)
    assert got == [(0, 2), (0, 1)], f"hardest_pairs: (0, 2) twice, (0, 1) once, others never; got {got}"
    ties = np.array([[9, 0, 1], [0, 9, 0], [0, 1, 9]])
    got = hardest_pairs(ties, 1), hardest_pairs(ties, 2)
    assert got == ([(0, 2)], [(0, 2), (1, 2)]), f"hardest_pairs of equal counts: smaller classes first, got {got}"
    print("confusion: counts and pairs are right")


test_unit_confusion()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

truth, answers = rng.integers(0, 6, size=(2, 300))
matrix = confusion_matrix(truth, answers, 7)
probe("counts", matrix)
probe("pairs", [list(pair) for pair in hardest_pairs(matrix, 8)])
probe("all pairs", len(hardest_pairs(matrix, 99)))
probe("nothing", [confusion_matrix(truth[:0], answers[:0], 3), len(hardest_pairs(np.eye(4, dtype=int), 3))])
probe("ties", [list(pair) for pair in hardest_pairs(np.ones((4, 4), dtype=int), 4)])
kept = matrix.copy()
hardest_pairs(matrix, 3)
probe("the matrix is left alone", bool(np.array_equal(kept, matrix)))
### END HIDDEN TESTS

# %% [markdown]
"""
## Part 5: Where it looks (6 points)

Cover a square of the image with 0 and see how much the score of the right answer falls: where it falls most, the network looks.
`occlusion_map` does so for every position at which the square lies within the image. One batch for all positions is much faster than
one image after the other.
"""

# %% nbgrader={"grade": false, "grade_id": "occlusion", "locked": false, "schema_version": 3, "solution": true, "task": false}
def occlusion_map(model: Module, image: np.ndarray, label: int, size: int) -> np.ndarray:
    """Fall of the score of ``label`` when the square of ``size`` with its corner at (row, column) is covered.

    image: (1, h, w). Result: (h - size + 1, w - size + 1). In evaluation mode, without recording, in one batch.
    """
    ### BEGIN SOLUTION
    _, height, width = image.shape
    rows, columns = height - size + 1, width - size + 1
    covered = np.repeat(image[None], rows * columns, axis=0)
    for number in range(rows * columns):
        row, column = divmod(number, columns)
        covered[number, :, row : row + size, column : column + size] = 0
    with no_grad(), evaluation_mode(model):
        scores = model(Tensor(np.concatenate([image[None], covered]))).data[:, label]
    return (scores[0] - scores[1:]).reshape(rows, columns)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_occlusion", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
class WeighsPixels(Module):
    """Scores that are known: class c is (c + 1) times a weighted sum of the pixels."""

    def __init__(self, weights):
        self.weights, self.calls, self.modes = weights, 0, []

    def forward(self, x):
        self.calls += 1
        self.modes.append(self.training)
        return Tensor((x.data * self.weights).sum(axis=(1, 2, 3))[:, None] * np.arange(1, 4))


def test_unit_occlusion():
    """The map shows what each covered square contributed, in one batch, without side effects."""
    numbers = np.random.default_rng(0)
    image, weights = numbers.normal(size=(1, 5, 6)), numbers.normal(size=(5, 6))
    model = WeighsPixels(weights)
    kept = image.copy()
    got = occlusion_map(model, image, label=2, size=2)
    assert got.shape == (4, 5), f"occlusion_map of 5 × 6 pixels, squares of 2: expected (4, 5), got {got.shape}"
    product = 3 * image[0] * weights
    expected = [[product[r : r + 2, c : c + 2].sum() for c in range(5)] for r in range(4)]
    np.testing.assert_allclose(
        got, expected, rtol=1e-4, atol=1e-5, err_msg="occlusion_map: score of the whole image minus that of the covered one"
    )
    np.testing.assert_array_equal(image, kept, err_msg="occlusion_map changed the image")
    assert model.calls <= 2, f"occlusion_map called the model {model.calls} times; one batch for all positions"
    assert model.training and not any(model.modes), "occlusion_map: evaluation mode during the run, and back afterwards"
    print("occlusion_map: values, batch and modes are right")


test_unit_occlusion()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

image = rng.normal(size=(1, 7, 6))
model = WeighsPixels(rng.normal(size=(7, 6)))
probe("maps", [occlusion_map(model, image, label, size) for label, size in ((0, 1), (1, 3), (2, 6))])
network = Sequential(Conv2d(1, 2, 3, rng=np.random.default_rng(0)), Flatten(), Linear(8, 3, rng=np.random.default_rng(1)))
probe("a network", occlusion_map(network, rng.normal(size=(1, 4, 4)).astype(np.float32), 1, 2))
probe("no gradients", [parameter.grad is None for parameter in network.parameters()])
### END HIDDEN TESTS

# %% [markdown]
"""
## Part 6: Training (24 points)

`fit_model` trains a network on the training images for a number of epochs, with the validation images as validation set, and
returns the history. How, is your decision: optimizer, schedule, batch size, augmentation (anew in every epoch), early stopping,
the weights that the model has in the end. Only **two rules**:

- The validation images are for measuring and for choosing, never for training.
- Everything random depends on `seed`: equal seeds give equal weights.

The points go by the share of right answers on *fresh* images after 20 epochs, in steps up to 94 %. A test may take 30 seconds, and graders' machines are busy: stay below ten.
"""

# %% nbgrader={"grade": false, "grade_id": "fit_model", "locked": false, "schema_version": 3, "solution": true, "task": false}
def fit_model(
    model: Module,
    train: tuple[np.ndarray, np.ndarray],
    val: tuple[np.ndarray, np.ndarray],
    epochs: int,
    seed: int = 0,
) -> History:
    """Train ``model`` on (images, labels) and return a history with training and validation loss of each epoch.

    Hint: a ``Trainer`` goes on where it was: ``fit(data, 1, val=…)`` once for every epoch, with data shifted anew.
    """
    ### BEGIN SOLUTION
    images, labels = train
    draw, batch = np.random.default_rng(seed), 32
    steps = epochs * -(-len(images) // batch)
    optimizer = Adam(model.parameters(), lr=4e-3)
    schedule = CosineSchedule(4e-3, warmup=steps // 20, total=steps)
    trainer = Trainer(model, optimizer, cross_entropy, schedule, batch_size=batch, seed=seed)
    for _ in range(epochs):
        data = TensorDataset(Tensor(shifted(images, draw)), Tensor(labels))
        trainer.fit(data, 1, val=TensorDataset(Tensor(val[0]), Tensor(val[1])))
    return trainer.history
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_fit_model", "locked": true, "points": 24, "schema_version": 3, "solution": false, "task": false}
def right_answers(model, images, labels):
    """Share of right answers."""
    with no_grad(), evaluation_mode(model):
        return float(np.mean(model(Tensor(images)).data.argmax(axis=1) == labels))


trained = build_cnn(np.random.default_rng(0))


def test_unit_fit_model():
    """Training is reproducible, reports what it does, leaves the data alone, and learns."""
    few = train_images[:96], train_labels[:96]
    checked = val_images[:64], val_labels[:64]
    copies = [array.copy() for array in (*few, *checked)]
    states = []
    for _ in range(2):
        model = build_cnn(np.random.default_rng(2))
        before = model.state_dict()
        history = fit_model(model, few, checked, epochs=3, seed=4)
        states.append(model.state_dict())
    for (name, one), other in zip(states[0].items(), states[1].items()):
        np.testing.assert_array_equal(one, other[1], err_msg=f"fit_model: equal seeds, and {name} differs")
    assert any(np.abs(one - before[name]).max() > 0 for name, one in states[0].items()), "fit_model: no weight changed"
    lengths = len(history.train_loss), len(history.val_loss)
    assert 1 <= lengths[0] <= 3 and lengths[0] == lengths[1], f"fit_model, 3 epochs: losses of {lengths} epochs"
    for array, copy in zip((*few, *checked), copies):
        np.testing.assert_array_equal(array, copy, err_msg="fit_model changed the data")
    fit_model(trained, (train_images, train_labels), (val_images, val_labels), epochs=20)
    share = right_answers(trained, val_images, val_labels)
    assert share > 0.5, f"fit_model: {share:.1%} of the validation images after 20 epochs, more than half is wanted"
    print(f"fit_model: {share:.1%} of the validation images are right")


test_unit_fit_model()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

fresh, answers = digits(1500, rng)
share = right_answers(trained, fresh, answers)
for level in (0.60, 0.75, 0.85, 0.90, 0.92, 0.94):
    probe(f"{level:.0%} of fresh images", bool(share >= level))
noisy, answers = digits(800, rng, noise=0.35)
probe("70 % with more noise", bool(right_answers(trained, noisy, answers) >= 0.70))
small = digits(60, rng), digits(30, rng)
model = build_cnn(np.random.default_rng(0))
history = fit_model(model, *small, epochs=2, seed=9)
probe("history", [len(history.val_loss) == len(history.train_loss), bool(np.isfinite(history.val_loss).all())])
### END HIDDEN TESTS

# %% [markdown]
"""
### Your experiments

Use the next cells for the experiments of your report. Compare at least three variants (such as: without augmentation, another
width or depth, another schedule), each with at least three seeds, and print mean and range. This cell is yours; it is not run when
the notebook is graded. A baseline to compare with: a network without convolutions and with the same number of parameters.
"""

# %% tags=["measure"]
def baseline(rng):
    """A network without convolutions, of about the same size."""
    return Sequential(Flatten(), Linear(256, 60, rng=rng), ReLU(), Linear(60, 10, rng=rng))


for name, build in (("no convolutions", baseline), ("my network", build_cnn)):
    shares = []
    for seed in range(3):
        model = build(np.random.default_rng(seed))
        fit_model(model, (train_images, train_labels), (val_images, val_labels), epochs=10, seed=seed)
        shares.append(right_answers(model, val_images, val_labels))
    print(f"{name:18} {np.mean(shares):.1%} ({min(shares):.1%} to {max(shares):.1%}), 10 epochs, 3 seeds")

# %% [markdown]
"""
### What it confuses, and where it looked

The pairs that are confused most often, and some misread images above the occlusion map of the *wrong* answer: red is where
covering would have taken that answer away.
"""

# %% tags=["measure"]
with no_grad():
    guesses = trained(Tensor(val_images)).data.argmax(axis=1)
matrix = confusion_matrix(val_labels, guesses, 10)
print(f"confused most often: {hardest_pairs(matrix, 5)}")
wrong = np.flatnonzero(guesses != val_labels)[:8]
figure, axes = plt.subplots(2, 8, figsize=(11, 3))
for column, number in enumerate(wrong):
    image, label = val_images[number], val_labels[number]
    axes[0, column].imshow(image[0], cmap="gray")
    axes[0, column].set_title(f"{label}, read {guesses[number]}", fontsize=8)
    axes[1, column].imshow(occlusion_map(trained, image, guesses[number], 4), cmap="coolwarm")
for axis in axes.ravel():
    axis.axis("off")
plt.show()

# %% [markdown]
"""
## Report

Three answers of 150–300 words. Argue with your own design, your own figures, and your own mistakes.
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_1", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 1: Design under a budget

**Question:** Describe your network and how you came to it. Where do its parameters sit, and where its FLOPs, and why are these different
places? Which layer would you enlarge if the budget were doubled, and which one would you cut if it were halved? Name one design that you tried
and gave up, with its figures. What does the receptive field of your last spatial layer mean for these images?

**Expected response:** 150–300 words, with a cost table of your layers and at least one rejected design.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_1", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Describes the network completely, with parameters and FLOPs of each layer that add up to model_cost
- Explains that weights of a convolution are shared over positions: few parameters, many FLOPs; linear layers the reverse
- Argues about a doubled and a halved budget from the own table and accuracy, not by feeling
- Reports a rejected design with cost and accuracy of several seeds, and a reason for its failure
- Relates the receptive field to the size of a digit (about 10 to 15 pixels) and to the pooling before it
GOOD (7-8 points):
- Complete description with a cost table
- Knows where parameters and FLOPs sit, with the reason
- A rejected design with one figure
- Receptive field only stated
SATISFACTORY (5-6 points):
- Description without costs per layer
- Decisions justified by general rules ("deeper is better")
- Rejected design without figures
NEEDS IMPROVEMENT (1-4 points):
- Network copied from the module without a reason
- Parameters and FLOPs confused
- No figures
NO CREDIT (0 points):
- No answer, or about another task
- Copied question text only
- Every claim wrong
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_2", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 2: Experiments

**Question:** Report your comparison of at least three variants with at least three seeds each. Which differences are larger than the
scatter of the seeds? What did augmentation change in training loss, validation loss and accuracy, and why? You looked at the validation images
many times: how could you tell how much of your last figure is luck? How do your network and the baseline without convolutions
compare at equal size, and why?

**Expected response:** 150–300 words, with a table of means and ranges.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_2", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- A table of three or more variants with mean and range over three or more seeds, changing one thing at a time
- Distinguishes differences larger than the scatter from those that are not, and draws conclusions only from the former
- Explains augmentation: higher training loss, lower validation loss, by own figures, since each epoch shows other images
- Recognises selection on the validation set; proposes fresh images (digits with another generator) and reports that figure
- Explains the gap to the baseline by weight sharing and by shifts, with own accuracies at equal size
GOOD (7-8 points):
- Three variants with several seeds
- Augmentation explained with a figure
- Baseline compared
- Selection mentioned without a check
SATISFACTORY (5-6 points):
- Variants with a single seed, or several things changed at once
- Augmentation described in general
- Conclusions larger than the evidence
NEEDS IMPROVEMENT (1-4 points):
- One run, no comparison
- Training accuracy used as the measure
- No figures
NO CREDIT (0 points):
- No answer, or about another task
- Copied question text only
- Every claim wrong
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_3", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 3: Errors, and the next user

**Question:** Which digits does your network confuse, and what do the images and occlusion maps of these errors say about what it looks at? Your network
is now to read meter displays: other noise, other sizes, sometimes no digit at all. Measure one such change with `digits(…, noise=…)` or images of your own
and report what happens to accuracy and to the largest softmax probability. What would you change in data, training or output before it goes to
users, and how would you notice afterwards that it has become worse?

**Expected response:** 150–300 words, with at least two measurements beyond the validation accuracy.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_3", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Names the pairs confused most often with counts, and explains them by shared strokes or lost details, referring to own images and maps
- Uses an occlusion map as evidence, with its limits (it shows sensitivity, not understanding)
- Measures a changed input: accuracy and confidence, and notes that confidence falls less than accuracy, or that noise alone is read as a digit
- Proposes measures that fit the measurement: training data with such changes, a class or threshold for "no digit", calibration
- Says how to notice decay in service: labelled samples, distribution of inputs or confidences, with a consequence
GOOD (7-8 points):
- Confusions with counts and a plausible reason
- One changed input measured
- A sensible measure before deployment
- Monitoring named without detail
SATISFACTORY (5-6 points):
- Errors listed without analysis
- Change discussed without measurement
- General remarks on more data
NEEDS IMPROVEMENT (1-4 points):
- Only the accuracy is repeated
- Claims about what the network sees without evidence
- No figures
NO CREDIT (0 points):
- No answer, or about another task
- Copied question text only
- Every claim wrong
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown]
"""
## Before you hand in

Restart the kernel and run everything from the top: all six tests have to pass. Read your three answers once more beside your
figures. Then submit the notebook as you submit a module.
"""
