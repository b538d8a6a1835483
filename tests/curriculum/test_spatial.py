"""Convolution and pooling of the reference: central differences, PyTorch's values and gradients, and MNIST."""

import math
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.curriculum.test_gradients import check

pytest_plugins = ("tests.curriculum.packages",)

DATA = ROOT.parent / "shared" / "data" / "mnist"
RTOL = 1e-6

Shape = tuple[int, ...]

# Images, output channels, window, stride, padding: odd sizes, pixels in no window, one image, windows of one pixel.
CONVOLUTIONS: list[tuple[Shape, int, int, int, int]] = [
    ((2, 3, 5, 6), 4, 3, 1, 0),
    ((2, 3, 5, 6), 4, 3, 1, 1),
    ((1, 2, 7, 5), 3, 3, 2, 0),
    ((1, 2, 7, 5), 3, 3, 2, 1),
    ((1, 1, 6, 6), 1, 2, 3, 0),
    ((2, 1, 4, 7), 2, 4, 1, 2),
    ((1, 4, 3, 3), 2, 1, 1, 0),
    ((2, 2, 5, 5), 3, 1, 2, 1),
    ((1, 1, 3, 3), 1, 3, 1, 0),
    ((3, 2, 1, 1), 2, 3, 1, 1),
]
POOLINGS: list[tuple[Shape, int, int]] = [
    ((2, 3, 4, 6), 2, 2),
    ((1, 2, 7, 5), 2, 2),
    ((1, 2, 7, 5), 3, 2),
    ((2, 1, 5, 5), 3, 1),
    ((1, 1, 8, 6), 2, 3),
    ((1, 3, 4, 4), 4, 4),
    ((2, 2, 3, 4), 1, 1),
]
convolutions = pytest.mark.parametrize(("shape", "out", "k", "stride", "padding"), CONVOLUTIONS, ids=str)
poolings = pytest.mark.parametrize(("shape", "k", "stride"), POOLINGS, ids=str)


@pytest.fixture(scope="session")
def torch() -> Any:
    return pytest.importorskip(
        "torch", reason="NOT TESTED: agreement with PyTorch of convolution and pooling; torch is not installed"
    )


def convolution(tt: ModuleType, stride: int, padding: int) -> Callable[..., Any]:
    return lambda *inputs: tt.Conv2dOp.apply(*inputs, stride=stride, padding=padding)


def arrays_for(shape: Shape, out: int, k: int) -> list[np.ndarray]:
    rng = np.random.default_rng(out + k)
    return [rng.normal(size=size) for size in (shape, (out, shape[1], k, k), (out,))]


def apart(shape: Shape) -> np.ndarray:
    """Numbers far enough from each other that a small step changes no maximum."""
    return np.random.default_rng(3).permutation(math.prod(shape)).reshape(shape) / 10


def tied(shape: Shape) -> np.ndarray:
    return np.random.default_rng(4).integers(0, 3, size=shape).astype(np.float64)


@convolutions
@pytest.mark.parametrize("bias", [True, False])
def test_convolution_against_central_differences(
    shape: Shape, out: int, k: int, stride: int, padding: int, bias: bool, tt: ModuleType
):
    check(tt, convolution(tt, stride, padding), arrays_for(shape, out, k)[: 2 + bias])


@poolings
@pytest.mark.parametrize("kind", ["MaxPool2d", "AvgPool2d"])
def test_pooling_against_central_differences(shape: Shape, k: int, stride: int, kind: str, tt: ModuleType):
    check(tt, getattr(tt, kind)(k, stride), [apart(shape)])


@convolutions
def test_the_fast_way_is_the_definition(shape: Shape, out: int, k: int, stride: int, padding: int, tt: ModuleType):
    x, w, b = arrays_for(shape, out, k)
    fast = convolution(tt, stride, padding)(*(tt.Tensor(array, dtype=np.float64) for array in (x, w, b)))
    np.testing.assert_allclose(fast.data, tt.conv2d_loops(x, w, b, stride, padding), rtol=1e-12, atol=1e-12)


@convolutions
def test_col2im_is_the_adjoint_of_im2col(shape: Shape, out: int, k: int, stride: int, padding: int, tt: ModuleType):
    rng = np.random.default_rng(5)
    x = rng.normal(size=shape)
    columns = tt.im2col(x, k, stride, padding)
    c = rng.normal(size=columns.shape)
    assert np.vdot(columns, c) == pytest.approx(np.vdot(x, tt.col2im(c, shape, k, stride, padding)), rel=1e-12)


@convolutions
def test_columns_are_those_of_unfold_and_fold(
    shape: Shape, out: int, k: int, stride: int, padding: int, tt: ModuleType, torch: Any
):
    x = np.random.default_rng(6).normal(size=shape)
    options = {"kernel_size": k, "stride": stride, "padding": padding}
    columns = tt.im2col(x, k, stride, padding)
    unfolded = torch.nn.functional.unfold(torch.from_numpy(x), **options)
    np.testing.assert_array_equal(columns, unfolded.numpy())
    folded = torch.nn.functional.fold(unfolded, output_size=shape[2:], **options)
    np.testing.assert_allclose(tt.col2im(columns, shape, k, stride, padding), folded.numpy(), rtol=1e-12)


def agree(tt: ModuleType, torch: Any, ours: Any, theirs: Any, x: np.ndarray) -> None:
    """Compare result, gradient of ``x`` and gradients of all parameters of two layers."""
    mine = tt.Tensor(x, dtype=x.dtype, requires_grad=True)
    other = torch.tensor(x, requires_grad=True)
    result, expected = ours(mine), theirs(other)
    assert result.dtype == x.dtype
    np.testing.assert_allclose(result.data, expected.detach().numpy(), rtol=RTOL, atol=RTOL)
    weights = (1 + np.cos(np.arange(result.size))).reshape(result.shape)
    result.backward(weights)
    expected.backward(torch.from_numpy(weights.astype(x.dtype)))
    np.testing.assert_allclose(mine.grad, other.grad.numpy(), rtol=RTOL, atol=RTOL, err_msg="images")
    for (name, parameter), their in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(parameter.grad, their.grad.numpy(), rtol=RTOL, atol=RTOL, err_msg=name)


@convolutions
@pytest.mark.parametrize("bias", [True, False])
def test_conv2d_is_torchs(
    shape: Shape, out: int, k: int, stride: int, padding: int, bias: bool, tt: ModuleType, torch: Any
):
    ours = tt.Conv2d(shape[1], out, k, stride, padding, bias=bias, rng=np.random.default_rng(7)).to(np.float64)
    theirs = torch.nn.Conv2d(shape[1], out, k, stride, padding, bias=bias).double()
    theirs.load_state_dict({name: torch.from_numpy(value) for name, value in ours.state_dict().items()}, strict=True)
    agree(tt, torch, ours, theirs, np.random.default_rng(8).normal(size=shape))


@poolings
@pytest.mark.parametrize("images", [apart, tied, np.zeros], ids=["apart", "tied", "zeros"])
def test_max_pooling_is_torchs_with_ties(
    shape: Shape, k: int, stride: int, images: Callable[[Shape], np.ndarray], tt: ModuleType, torch: Any
):
    agree(tt, torch, tt.MaxPool2d(k, stride), torch.nn.MaxPool2d(k, stride), images(shape))


@poolings
def test_average_pooling_is_torchs(shape: Shape, k: int, stride: int, tt: ModuleType, torch: Any):
    agree(tt, torch, tt.AvgPool2d(k, stride), torch.nn.AvgPool2d(k, stride), apart(shape))


def test_the_first_maximum_wins_in_a_window_of_more_than_256_pixels(tt: ModuleType, torch: Any):
    images = np.zeros((1, 1, 20, 20))
    images[0, 0, 15:, 15:] = 1.0
    agree(tt, torch, tt.MaxPool2d(20), torch.nn.MaxPool2d(20), images)


def networks(tt: ModuleType, torch: Any, dtype: Any) -> tuple[Any, Any]:
    """The network of milestone 3 in both libraries, with the same weights."""
    rng, nn = np.random.default_rng(9), torch.nn
    ours = tt.Sequential(
        tt.Conv2d(1, 16, 3, rng=rng), tt.ReLU(), tt.MaxPool2d(2), tt.Conv2d(16, 32, 3, rng=rng), tt.ReLU(),
        tt.MaxPool2d(2), tt.Flatten(), tt.Linear(800, 10, rng=rng),
    ).to(dtype)  # fmt: skip
    theirs = nn.Sequential(
        nn.Conv2d(1, 16, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(800, 10),
    ).to(torch.from_numpy(np.zeros(1, dtype)).dtype)  # fmt: skip
    state = {name.removeprefix("layers."): torch.from_numpy(value) for name, value in ours.state_dict().items()}
    theirs.load_state_dict(state, strict=True)
    return ours, theirs


def test_the_digit_network_is_torchs(tt: ModuleType, torch: Any):
    ours, theirs = networks(tt, torch, np.float64)
    rng = np.random.default_rng(10)
    images, labels = np.maximum(rng.normal(size=(3, 1, 28, 28)), 0), rng.integers(10, size=3)
    loss = tt.cross_entropy(ours(tt.Tensor(images, dtype=np.float64)), labels)
    expected = torch.nn.functional.cross_entropy(theirs(torch.from_numpy(images)), torch.from_numpy(labels))
    assert loss.item() == pytest.approx(expected.item(), rel=1e-9)
    loss.backward()
    expected.backward()
    for (name, mine), other in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(mine.grad, other.grad.numpy(), rtol=RTOL, atol=1e-9, err_msg=name)


@pytest.fixture
def trained(tt: ModuleType) -> list[float]:
    """Accuracy on MNIST's test images after one, two and three epochs, from the package alone."""
    if not DATA.is_dir():
        pytest.skip(f"NOT TESTED: accuracy on MNIST; its files are not in {DATA}")
    draw = np.random.default_rng(0)
    network = tt.Sequential(
        tt.Conv2d(1, 16, 3, rng=draw), tt.ReLU(), tt.MaxPool2d(2), tt.Conv2d(16, 32, 3, rng=draw), tt.ReLU(),
        tt.MaxPool2d(2), tt.Flatten(), tt.Linear(800, 10, rng=draw),
    )  # fmt: skip
    trainer = tt.Trainer(network, tt.Adam(network.parameters(), lr=0.002), tt.CrossEntropyLoss())
    test, reached = tt.MNIST(DATA, train=False), []
    trainer.fit(tt.MNIST(DATA), 3, on_epoch=lambda trainer: reached.append(trainer.evaluate(test, tt.accuracy)))
    return reached


@pytest.mark.timeout(1800)
def test_mnist_is_read_after_one_epoch_and_well_after_three(trained: list[float]):
    assert trained[0] >= 0.97
    assert trained[2] >= 0.98
