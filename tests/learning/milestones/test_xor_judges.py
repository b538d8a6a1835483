"""The judges, fed what a run would report."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from tinytorch_lab.milestones.script import LOSS, Malformed
from tinytorch_lab.milestones.scripts import FULL, SCRIPTS
from tinytorch_lab.milestones.xor import GRID_SHAPE

XOR = np.array([[0.0], [1.0], [1.0], [0.0]], dtype=np.float32)


def training_reports(**changed):
    losses = [float(loss) for loss in np.geomspace(1, 1e-4, 101)]
    reports = {
        LOSS: losses,
        "the output of the trained network": [XOR],
        "the output on the grid": [np.full(GRID_SHAPE, 0.25, dtype=np.float32)],
    }
    return reports | {name.replace("_", " "): value for name, value in changed.items()}


def test_learning_passes_and_says_since_when():
    outcome = SCRIPTS[2].judge(training_reports(), {})
    assert outcome.passed
    assert outcome.figures == {"loss": pytest.approx(1e-4), "accuracy": 1.0, "epochs": 100.0, "epochs_to_goal": 51.0}
    assert "below 0.01 from epoch 51 on" in outcome.sentence
    figure = Figure()
    outcome.draw(figure)
    titles = {axes.get_title() for axes in figure.axes}
    assert {"Loss on the four points", "Decision boundary (output = ½)"} <= titles
    assert all(axes.get_xlabel() or axes.get_ylabel() for axes in figure.axes)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"the_loss": [0.5] * 100 + [0.01]}, "the loss is 0.01 and 4 of 4"),
        ({"the_output_of_the_trained_network": [1 - XOR]}, "0 of 4 points are right"),
        ({"the_output_of_the_trained_network": [XOR * 0 + 1]}, "2 of 4 points are right"),
    ],
)
def test_not_enough_learning_is_not_a_pass(changed, words):
    outcome = SCRIPTS[2].judge(training_reports(**changed), {})
    assert not outcome.passed
    assert words in outcome.sentence
    outcome.draw(Figure())


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"the_loss": [0.5] * 100}, "The loss is not 101 finite numbers"),
        ({"the_loss": [0.5] * 100 + [float("nan")]}, "not 101 finite numbers"),
        ({"the_loss": [0.5] * 100 + ["low"]}, "not 101 finite numbers"),
        ({"the_output_on_the_grid": []}, "The output on the grid is not an array of numbers"),
        ({"the_output_on_the_grid": [XOR]}, r"has shape \(4, 1\); expected \(3721, 1\)"),
        ({"the_output_of_the_trained_network": [XOR + np.inf]}, "holds values that are not finite"),
    ],
)
def test_reports_that_make_no_sense_are_said_to(changed, words):
    with pytest.raises(Malformed, match=words):
        SCRIPTS[2].judge(training_reports(**changed), {})


def test_every_step_is_python_with_a_title_of_its_own():
    for script in (*SCRIPTS.values(), *FULL.values()):
        titles = [step.id for step in script.steps]
        assert len(set(titles)) == len(titles)
        for step in script.steps:
            compile(step.source, step.id, "exec")
