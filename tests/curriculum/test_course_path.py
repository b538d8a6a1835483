"""The course as one student goes through it, the documents about it, and the example programs of its guides."""

import sys
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.curriculum.course_path import Graded, Learned, hand_in, learn, student_release
from tinytorch_lab.curriculum.library import Library
from tinytorch_lab.learning.milestones.running import run_milestone
from tinytorch_lab.learning.workspace import Workspace
from tinytorch_lab.runner.pool import LocalExecutor

pytest_plugins = ("tests.curriculum.packages",)


@pytest.fixture(scope="module")
def executor() -> Iterator[LocalExecutor]:
    with LocalExecutor() as executor:
        yield executor


@pytest.fixture(scope="module")
def path(
    library: Library, tmp_path_factory: pytest.TempPathFactory, executor: LocalExecutor
) -> tuple[Workspace, list[Learned]]:
    folder = tmp_path_factory.mktemp("student")
    workspace = Workspace(folder / "work", student_release(library, folder / "release"))
    workspace.root.mkdir()
    return workspace, list(learn(library, workspace, executor))


@pytest.mark.timeout(900)
def test_every_test_of_the_release_passes_on_the_students_own_package(
    library: Library, path: tuple[Workspace, list[Learned]]
):
    _, learned = path
    assert [(done.module, done.points, done.lost) for done in learned] == [
        (assignment.name, 70, {}) for assignment in (*library.course.modules, *library.course.projects)
    ]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("number", [1, 2])
def test_the_first_milestones_are_reached(number: int, path: tuple[Workspace, list[Learned]], executor: LocalExecutor):
    """The others train for minutes: ``scripts/course_path.py`` runs them."""
    result = run_milestone(path[0], executor, number)
    assert result.passed, result


@pytest.mark.timeout(900)
def test_everything_handed_in_earns_every_point_also_on_own_modules(library: Library, tmp_path: Path):
    """The first modules and a project; ``scripts/course_path.py`` hands in all of them."""
    handed_in = [*library.course.modules[:3], library.course.projects[0]]
    earlier = [()] + [tuple(module.name for module in library.course.modules[: number + 1]) for number in range(3)]
    for assignment, own, work in zip(handed_in, earlier, hand_in(library, tmp_path, handed_in), strict=True):
        assert replace(work, milestone="") == Graded(assignment.name, 70, 30, own, 70, (), True)
        assert work.milestone.startswith("Reached: ") == (assignment.name == "03_layers"), work.milestone


@pytest.mark.parametrize("document", ["course-map.md", "schedule.md", "instructor.md"])
def test_documents_name_every_module_and_project(document: str, library: Library):
    text = (ROOT / "docs" / document).read_text(encoding="utf-8")
    for module in library.course.modules:
        assert f"{module.name[:2]} {module.title}" in text or f"| {module.name[:2]} |" in text
    for project in library.course.projects:
        assert project.name in text.lower()
    for milestone in library.course.milestones if document != "instructor.md" else ():
        assert f"Milestone {milestone.number}" in text


def test_project_notes_state_the_points_of_their_parts(library: Library):
    for project in library.course.projects:
        cells = library.instructor(project).cells
        worth = sorted(
            cell.metadata.nbgrader.points for cell in cells if cell.metadata.get("nbgrader", {}).get("points")
        )
        table = (library.root / project.name / "README.md").read_text(encoding="utf-8")
        listed = [
            int(line.split("|")[-2]) for line in table.splitlines() if line.startswith("|") and line[-3].isdigit()
        ]
        assert sorted([part for part in listed if part != 30] + [10, 10, 10]) == worth


# The example programs of the course's guides, on our package, with ``zero_grad`` where they leave it out.


def test_guide_xor_inference(tt: ModuleType):
    net = tt.Sequential([tt.Linear(2, 4), tt.ReLU(), tt.Linear(4, 1)])
    assert net(tt.Tensor([[0, 0], [0, 1], [1, 0], [1, 1]])).shape == (4, 1)


def test_guide_xor_training(tt: ModuleType, capsys: pytest.CaptureFixture[str]):
    x, y = tt.Tensor([[0, 0], [0, 1], [1, 0], [1, 1]]), tt.Tensor([[0], [1], [1], [0]])
    rng = np.random.default_rng(0)
    net = tt.Sequential([tt.Linear(2, 8, rng=rng), tt.Tanh(), tt.Linear(8, 1, rng=rng)])
    optimizer = tt.Adam(net.parameters(), lr=0.1)
    for epoch in range(100):
        optimizer.zero_grad()
        pred = net(x)
        loss = tt.mse_loss(pred, y)
        loss.backward()
        optimizer.step()
        print(f"Epoch {epoch}: Loss = {loss.data}")
    assert loss.item() < 0.01
    assert capsys.readouterr().out.startswith("Epoch 0: Loss = ")


def test_guide_cnn(tt: ModuleType):
    cnn = tt.Sequential(
        [
            tt.Conv2d(1, 16, 3), tt.ReLU(), tt.MaxPool2d(2),
            tt.Conv2d(16, 32, 3), tt.ReLU(), tt.MaxPool2d(2),
            tt.Flatten(), tt.Linear(32 * 5 * 5, 10),
        ]
    )  # fmt: skip
    rng = np.random.default_rng(0)
    images, labels = rng.normal(size=(64, 1, 28, 28)), rng.integers(0, 10, size=64)
    mnist_train = tt.TensorDataset(tt.Tensor(images), tt.Tensor(labels))
    trainer = tt.Trainer(cnn, tt.Adam(cnn.parameters(), lr=1e-3), tt.cross_entropy)
    history = trainer.fit(mnist_train, epochs=5)
    assert history.train_loss[-1] < history.train_loss[0]
    assert 0 <= trainer.evaluate(mnist_train, tt.accuracy) <= 1


@pytest.mark.timeout(900)
def test_guide_tinygpt(tt: ModuleType):
    """As in the guide, but for the text, which is shorter, and the number of steps."""
    text = "To be, or not to be, that is the question: whether 'tis nobler in the mind to suffer. " * 40
    model = tt.TinyGPT(vocab_size=1000, layers=6, heads=8)
    tt.train_on_shakespeare(model, steps=2, text=text)
    generated = model.generate("To be or not to be", max_new_tokens=5)
    assert generated.startswith("To be or not to be")


def test_guide_profilers(tt: ModuleType, capsys: pytest.CaptureFixture[str]):
    with tt.TimeProfiler("operation"):
        np.ones((200, 200)) @ np.ones((200, 200))
    print(f"Memory: {tt.get_memory_usage():.2f} MB")
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == ["operation", "Memory"]


def test_guide_dense_layer_and_its_memory(tt: ModuleType):
    output = tt.Dense(10, 5).forward(np.random.default_rng(0).normal(size=(32, 10)))
    assert output.shape == (32, 5)
    tracemalloc.start()
    layer = tt.Dense(1000, 1000)
    layer.forward(np.random.default_rng(0).normal(size=(128, 1000)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert layer.weight.data.nbytes <= peak < 10 * layer.weight.data.nbytes


def test_guide_layer_norm(tt: ModuleType):
    """As in the guide, but for the layer: ours is told its width, since it learns a scale and a shift."""
    layer = tt.LayerNorm(512)
    x = tt.Tensor(np.random.default_rng(0).normal(3.0, 2.0, size=(1000, 512)))
    output = layer.forward(x)
    plain = (x.data - x.data.mean(axis=-1, keepdims=True)) / np.sqrt(x.data.var(axis=-1, keepdims=True) + 1e-5)
    np.testing.assert_allclose(output.data, plain, atol=1e-4)


def test_the_package_reads_like_a_framework(tt: ModuleType):
    """Everything that modules export is at hand as ``tinytorch.name``, and nothing stands for two things."""
    names = [name for module in tt._NAMES.values() for name in module]
    assert len(names) == len(set(names))
    for name in ("Tensor", "Linear", "Conv2d", "GPT", "TinyGPT", "Profiler", "quantize_int8", "Adam", "no_grad"):
        assert getattr(tt, name) is getattr(sys.modules[f"{tt.__name__}.{_home(tt, name)}"], name)


def _home(tt: ModuleType, name: str) -> str:
    return next(module for module, names in tt._NAMES.items() if name in names)
