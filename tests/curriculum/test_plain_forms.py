"""Where a reference solution is written for speed, the plain form of the same formula earns all points, too."""

from pathlib import Path

import pytest
from nbformat import NotebookNode

from tests.conftest import ROOT
from tinytorch_lab.curriculum.catalogue import ModuleInfo
from tinytorch_lab.curriculum.cells import points, role_of
from tinytorch_lab.curriculum.library import Library
from tinytorch_lab.curriculum.mutants import Mutant, mutate
from tinytorch_lab.package.build import build_earlier
from tinytorch_lab.package.exporter import NotebookSource, export_package
from tinytorch_lab.runner.contract import CellResult, Job
from tinytorch_lab.runner.judge import judge
from tinytorch_lab.runner.notebook import cells_of
from tinytorch_lab.runner.pool import LocalExecutor

LIBRARY = Library(ROOT / "curriculum")
SEEDS = 3


# In a cell, the text from its second entry up to and including the third becomes the fourth.
FORMS: dict[str, list[tuple[str, str, str, str]]] = {
    "02_activations": [
        (
            "softmax",
            "weights = x",
            "np.exp(weights, out=weights)",
            "weights = np.exp(x - x.max(self.axis, keepdims=True))",
        ),
        (
            "gelu",
            "y = np.empty_like",
            "return y",
            "self.tanh = np.tanh(SQRT_2_OVER_PI * (x + 0.044715 * x**3))\n        return 0.5 * x * (1 + self.tanh)",
        ),
    ],
    "03_layers": [("linear", "y = Add.apply", "in_place=True)", "y = y + self.bias")],
    "04_losses": [
        ("cross_entropy", "-rows[", ".mean()", "-(rows[np.arange(len(labels)), labels].sum() / len(labels))")
    ],
    "06_autograd": [
        (
            "unbroadcast",
            "    if grad.shape[missing:] == shape",
            "@ rows).reshape(shape)\n",
            "",
        ),
        (
            "arithmetic",
            "return tuple(",
            "for t in op.inputs)",
            "return unbroadcast(grad, op.inputs[0].shape), unbroadcast(grad, op.inputs[1].shape)",
        ),
        (
            "arithmetic",
            "grad_a = unbroadcast(grad * b",
            "return grad_a, grad_b",
            "return unbroadcast(grad * b.data, a.shape), unbroadcast(grad * a.data, b.shape)",
        ),
        (
            "activations",
            "slope = grad - np.expand_dims",
            "(means, op.axis)",
            "slope = grad - (grad * op.output).sum(axis=op.axis, keepdims=True)",
        ),
        ("matmul", "product_like(a, grad, b.swapaxes(-1, -2))", "", "grad @ b.swapaxes(-1, -2)"),
        ("matmul", "product_like(b, folded[0].T, folded[1])", "", "(folded[0].T @ folded[1])"),
    ],
    "09_spatial": [
        ("im2col", "    x = batch_last(x)\n", "", ""),
        (
            "im2col",
            "np.moveaxis(np.empty(",
            "-1, 0)",
            "np.empty((batch, channels, k * k, rows, columns), dtype=x.dtype)",
        ),
        (
            "col2im",
            "padded = np.moveaxis(",
            "-1, 0)",
            "padded = np.zeros((batch, channels, *size[1:3]), dtype=cols.dtype)",
        ),
    ],
    "12_attention": [("sdpa", "exchange_last(k @ exchange_last(scaled))", "", "scaled @ exchange_last(k)")],
    "13_transformers": [
        ("layer_norm", "y = centred * weight", "return y", "return centred * weight + bias"),
        ("layer_norm", 'np.einsum("...i->...", x)', "/ width", "x.mean(axis=-1, keepdims=True)"),
        ("layer_norm", "squares / width", "", "(centred * centred).mean(axis=-1, keepdims=True)"),
        (
            "layer_norm_backward",
            "ones @ product",
            "ones @ grad.reshape(-1, width)",
            "product.reshape(-1, width).sum(axis=0), grad.reshape(-1, width).sum(axis=0)",
        ),
        ("block", "Add.apply(self.attention", "in_place=True)", "x + self.attention(self.norm1(x), extend=extend)"),
        ("block", "Add.apply(self.feed_forward", "in_place=True)", "x + self.feed_forward(self.norm2(x))"),
    ],
    "14_profiling": [
        (
            "model_monitor",
            "self.requests.popitem(last=False)",
            "",
            "del self.requests[next(iter(self.requests))]",
        )
    ],
    "15_acceleration": [
        (
            "blocked_matmul",
            "a[i : i + block, k : k + block] @",
            "j : j + block]",
            "a[i : i + block, k : k + block].dot(b[k : k + block, j : j + block])",
        )
    ],
}


@pytest.fixture(scope="module")
def executor():
    with LocalExecutor() as executor:
        yield executor


def plainly_written(module: ModuleInfo) -> NotebookNode:
    """Return the module's notebook with its plain forms, where it has some."""
    written = LIBRARY.instructor(module)
    for cell, start, end, form in FORMS.get(module.name, ()):
        source = next(node.source for node in written.cells if node["id"] == cell)
        begin = source.index(start)
        stop = source.index(end, begin + len(start)) + len(end) if end else begin + len(start)
        written = mutate(written, Mutant("plain", cell, source[begin:stop], form, fails="", why=""))
    return written


@pytest.fixture(scope="module")
def plain_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a package in which every module has its plain forms."""
    folder = tmp_path_factory.mktemp("plain")
    sources = [
        NotebookSource(f"{module.name}.ipynb", plainly_written(module), module.exports)
        for module in LIBRARY.available_modules()
    ]
    export_package(sources, folder / "tinytorch")
    return folder


@pytest.mark.parametrize("module", LIBRARY.available_modules()[2:], ids=lambda module: module.name)
def test_tests_pass_whichever_way_the_earlier_modules_are_written(
    module: ModuleInfo, executor: LocalExecutor, plain_package: Path
):
    job = Job(cells_of(LIBRARY.instructor(module), role_of), path=(str(plain_package),))
    results = [result for result in executor.submit(job) if isinstance(result, CellResult)]
    assert {result.id: result.failure for result in results if result.status not in ("ok", "skipped")} == {}


@pytest.mark.parametrize("name", FORMS)
def test_plain_forms_earn_all_points(name: str, executor: LocalExecutor, tmp_path: Path):
    module = next(module for module in LIBRARY.available_modules() if module.name == name)
    build_earlier(LIBRARY, module, tmp_path / "tinytorch")
    reference = LIBRARY.instructor(module)
    written = plainly_written(module)
    worth = {node["id"]: points(node) for node in reference.cells if role_of(node) == "test"}
    for seed in range(SEEDS):
        expected, got = (
            {
                item.id: item
                for item in executor.submit(Job(cells_of(notebook, role_of), path=(str(tmp_path),), seed=seed))
                if isinstance(item, CellResult)
            }
            for notebook in (reference, written)
        )
        scores = {test: judge(got[test], expected[test], most).score for test, most in worth.items()}
        assert scores == worth
