"""Milestones on a student's own package."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from tests.solutions import solve
from tinytorch_lab.curriculum.library import RELEASE, Release
from tinytorch_lab.curriculum.notebooks import write_notebook
from tinytorch_lab.errors import ConflictError, InvalidInputError, NotAvailableError, NotFoundError
from tinytorch_lab.learning.exporting import export
from tinytorch_lab.learning.milestones.running import run_milestone
from tinytorch_lab.learning.milestones.state import list_milestones, milestone_state, read_result
from tinytorch_lab.learning.workspace import Workspace
from tinytorch_lab.milestones.scripts import SCRIPTS


def append(workspace, module, source):
    """Add to an exported file, as a student's notebook might have."""
    path = workspace.package / f"{module}.py"
    path.write_text(f"{path.read_text()}\n\n{source}\n")


def test_milestone_1_passes_on_the_reference(workspace, executor):
    steps = []
    result = run_milestone(workspace, executor, 1, steps.append)
    assert result.passed, result.message
    assert "computes XOR exactly" in result.message
    assert result.figures["largest_error"] == 0
    assert [(step.done, step.total, step.losses) for step in steps] == [(1, 3, ()), (2, 3, ()), (3, 3, ())]
    assert result.plot == ".tinytorch/milestones/1.png"
    picture = imread(workspace.root / result.plot)
    assert picture.shape[1] == 1200
    assert (picture[:20] > 0.99).mean() > 0.8, "the background should be white"
    assert len(np.unique(picture.reshape(-1, picture.shape[2]), axis=0)) > 50
    assert read_result(workspace, 1) == result
    assert milestone_state(workspace, 1).status == "passed"
    stored = json.loads((workspace.root / ".tinytorch" / "milestones" / "1.json").read_text())
    assert (stored["passed"], stored["plot"], stored["date"][-6:]) == (True, result.plot, "+00:00")


def test_milestone_2_passes_on_the_reference(workspace, executor):
    steps = []
    result = run_milestone(workspace, executor, 2, steps.append)
    assert result.passed, result.message
    assert result.figures["loss"] < 0.01
    assert result.figures["accuracy"] == 1
    assert 0 < result.figures["epochs_to_goal"] <= 100
    losses = steps[-1].losses
    assert len(losses) > 10
    assert losses[-1] < losses[0] / 10
    assert (workspace.root / result.plot).read_bytes().startswith(b"\x89PNG")


def test_milestone_2_shows_gradients_that_are_never_cleared(workspace, executor):
    append(workspace, "optimizers", "Adam.zero_grad = lambda self: None")
    result = run_milestone(workspace, executor, 2)
    assert not result.passed
    assert "XOR is not learned: after 100 epochs the loss is" in result.message
    assert "clears those of the step before" in result.message
    assert result.plot is not None, "the curve shows what went wrong"


def test_an_unwritten_piece_is_named_with_its_cell(library, tmp_path, executor):
    workspace = Workspace(tmp_path.resolve())
    modules = [library.course.find(name) for name in ("tensor", "activations", "layers")]
    for module in modules:
        notebook = library.student(module)
        if module.number < 3:
            solve(notebook, library.instructor(module))
        write_notebook(notebook, workspace.notebook_path(module))
    export(workspace, modules)
    result = run_milestone(workspace, executor, 1)
    assert not result.passed
    name, rest = result.message.removeprefix("`").split("`", 1)
    assert name.split(".")[0] in (workspace.package / "layers.py").read_text()
    place, advice = rest.split("; ")
    assert place.startswith(" is not written yet (modules/03_layers/03_layers.ipynb, cell ")
    assert advice == "write it, export the module, and run the milestone again."
    assert (result.plot, result.figures) == (None, {})
    assert milestone_state(workspace, 1).status == "failed"
    cell = int(place.split("cell ")[1].split(",")[0])
    assert "NotImplementedError" in library.student(modules[2]).cells[cell - 1].source


def test_a_piece_that_raises_is_named_with_its_error(library, workspace, executor):
    layers = library.course.find("layers")
    notebook = library.instructor(layers)
    number, cell = next((n, c) for n, c in enumerate(notebook.cells, 1) if "class Linear(" in c.source)
    lines = cell.source.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("class Linear("))
    body = ["class Linear(Module):", "    def __init__(self, *sizes, rng=None):", "        raise KeyError('weight')"]
    cell.source = "\n".join([*lines[:at], *body])
    write_notebook(notebook, workspace.notebook_path(layers))
    export(workspace, [layers])
    result = run_milestone(workspace, executor, 1)
    place = f"modules/03_layers/03_layers.ipynb, cell {number}, line {at + 3}"
    assert result.message == f"`Linear.__init__` raised KeyError: 'weight' ({place})."


@pytest.mark.parametrize(
    ("module", "source", "sentence"),
    [
        ("layers", "del Linear", "The step 'imports' failed with ImportError: cannot import name 'Linear'"),
        ("layers", "raise RuntimeError", "The step 'imports' failed with RuntimeError."),
        ("layers", "import os\nLinear.forward = lambda self, x: os._exit(0)", "The step 'fresh network' was stopped: "),
        ("layers", "Linear.forward = lambda self, x: x", "The output of the fresh network has shape (4, 2); expected"),
        (
            "layers",
            "class Odd:\n    data = 'text'\nSequential.__call__ = lambda self, x: Odd()",
            "The output of the fresh network is not an array of numbers.",
        ),
        (
            "activations",
            "ReLU.forward = lambda self, x: x * float('nan')",
            "The output of the fresh network holds values that are not finite.",
        ),
        (
            "activations",
            "ReLU.forward = lambda self, x: x",
            "The network runs, but with weights that compute XOR it gives 2, 1, 1, 0 instead of 0, 1, 1, 0.",
        ),
    ],
)
def test_a_wrong_package_misses_the_milestone_with_one_sentence(workspace, executor, module, source, sentence):
    append(workspace, module, source)
    result = run_milestone(workspace, executor, 1)
    assert not result.passed
    assert result.message.startswith(sentence), result.message
    assert "\n" not in result.message
    assert read_result(workspace, 1) == result


def test_a_run_that_was_tampered_with_does_not_count(workspace, executor):
    class Suspicious:
        """The real executor, whose runs all end with a finding: real findings depend on where canaries fall."""

        def submit(self, job):
            *results, end = executor.submit(job)
            return [*results, replace(end, integrity="tampered", reason="probe had been replaced")]

    result = run_milestone(workspace, Suspicious(), 1)
    assert (result.passed, result.message) == (False, "The run does not count: probe had been replaced.")


def test_a_step_without_end_is_stopped_and_named(workspace, executor, tmp_path):
    course = (RELEASE / "course.toml").read_text().replace("cell_seconds = 30", "cell_seconds = 1")
    (tmp_path / "release").mkdir()
    (tmp_path / "release" / "course.toml").write_text(course)
    append(workspace, "layers", "def endless(self, x):\n    while True:\n        pass\n\n\nLinear.forward = endless")
    result = run_milestone(Workspace(workspace.root, Release(tmp_path / "release")), executor, 1)
    assert result.message.startswith("The step 'fresh network' ran out of time")


def test_a_missed_milestone_replaces_the_pass(workspace, executor):
    assert run_milestone(workspace, executor, 1).passed
    append(workspace, "layers", "raise RuntimeError('broken since')")
    assert not run_milestone(workspace, executor, 1).passed
    assert milestone_state(workspace, 1).status == "failed"


def test_the_plot_goes_where_it_is_wanted(workspace, executor, tmp_path):
    result = run_milestone(workspace, executor, 1, plot=tmp_path / "elsewhere" / "xor.svg")
    assert result.plot == str(tmp_path / "elsewhere" / "xor.svg")
    assert "<svg" in Path(result.plot).read_text()


def test_what_cannot_be_run_is_one_sentence_and_changes_nothing(workspace, executor, monkeypatch):
    (workspace.package / "layers.py").unlink()
    before = sorted(workspace.root.rglob("*"))
    with pytest.raises(ConflictError, match="Milestone 1 needs 03_layers exported; run 'tito export MODULE'"):
        run_milestone(workspace, executor, 1)
    with pytest.raises(NotFoundError, match="There is no milestone 5; the milestones are 1, 2, 3, 4"):
        run_milestone(workspace, executor, 5)
    monkeypatch.delitem(SCRIPTS, 4)
    with pytest.raises(NotAvailableError, match="Milestone 4, TinyGPT, is not yet available"):
        run_milestone(workspace, executor, 4)
    assert sorted(workspace.root.rglob("*")) == before


def test_a_plot_of_unknown_format_is_refused_before_the_run(workspace, executor):
    with pytest.raises(InvalidInputError, match=r"plot\.doc must end in \.png, \.svg or \.pdf"):
        run_milestone(workspace, executor, 1, plot=Path("plot.doc"))
    assert not workspace.state.exists()


def test_only_a_milestone_with_a_longer_run_has_one(workspace, executor):
    with pytest.raises(InvalidInputError, match="Milestone 1 has one length only, and no longer run"):
        run_milestone(workspace, executor, 1, full=True)
    assert not workspace.state.exists()


def test_an_empty_workspace_needs_everything(tmp_path):
    states = list_milestones(Workspace(tmp_path))
    assert [state.milestone.number for state in states] == [1, 2, 3, 4]
    assert {state.status for state in states} == {"blocked"}
    assert states[0].missing == ("01_tensor", "02_activations", "03_layers")
    assert states[1].missing == tuple(module.name for module in Release().course.modules if module.number <= 8)


def test_a_notebook_ahead_of_the_package_is_told(library, workspace):
    layers = library.course.find("layers")
    notebook = library.instructor(layers)
    write_notebook(notebook, workspace.notebook_path(layers))
    export(workspace, [layers])
    assert milestone_state(workspace, 1).outdated == ()
    next(cell for cell in notebook.cells if "class Linear(" in cell.source).source += "\n\nSIZE = 3"
    write_notebook(notebook, workspace.notebook_path(layers))
    state = milestone_state(workspace, 1)
    assert (state.outdated, state.status) == (("03_layers",), "ready")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"number": 1}', '{"number": 1, "unknown": 2}'])
def test_an_unreadable_record_counts_as_none(workspace, content):
    path = workspace.state / "milestones" / "1.json"
    path.parent.mkdir(parents=True)
    path.write_text(content)
    assert read_result(workspace, 1) is None
    assert milestone_state(workspace, 1).status == "ready"
