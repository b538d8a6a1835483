"""Milestone 4: its text, its judge, and a run on the reference package."""

import json

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

from tests.conftest import ROOT
from tinytorch_lab.datasets import sonnets
from tinytorch_lab.learning.milestones.running import run_milestone
from tinytorch_lab.milestones.script import LOSS, Malformed
from tinytorch_lab.milestones.scripts import FULL, SCRIPTS
from tinytorch_lab.milestones.tinygpt import Length, script_for
from tinytorch_lab.milestones.tinygpt_data import SHAKESPEARE, SONNETS, known_words, text_files

SHARED = ROOT.parent / "shared" / "data"
QUICK_PARTS, FULL_PARTS = 20, 50
SONNET_WORDS = "Shall I compare thee to a summer's day?"


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """A machine on which tiny Shakespeare can be neither found nor stored."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("TINYTORCH_DATA", str(tmp_path / "file"))


@pytest.fixture
def shakespeare(monkeypatch):
    """A machine on which every text is four sonnets, whatever it is called."""
    monkeypatch.setattr("tinytorch_lab.milestones.tinygpt_data.shakespeare_text", sonnets)


def reports(parts=QUICK_PARTS, loss=1.9, written=SONNET_WORDS, **changed):
    """What a run reports whose loss on all of the unseen text is ``loss``."""
    found = {
        LOSS: [float(value) for value in np.linspace(4.2, loss, parts + 1)],
        "the training loss": [float(value) for value in np.linspace(3.5, loss, parts)],
        "the loss on all of the unseen text": [loss],
        "the influence of a later character": [0.0],
        "tokens a second with a cache": [800.0],
        "tokens a second without": [200.0],
        "the largest difference of scores with and without a cache": [2e-6],
    }
    found |= {f"written at {temperature:g}": [written] for temperature in (0.5, 0.8, 1.0, 1.3)}
    return found | {name.replace("_", " "): value for name, value in changed.items()}


def test_below_the_table_of_trigrams_passes(shakespeare):
    outcome = SCRIPTS[4].judge(reports(loss=1.965), text_files())
    assert outcome.passed
    assert outcome.sentence == (
        "TinyGPT writes: after 600 steps the loss on unseen text is 1.965 nats per character (2.046 is a table of "
        "trigrams), 100% of the words written at temperature 0.5 are known, and it writes 800 tokens a second, "
        "200 without a cache."
    )
    assert outcome.figures["loss"] == 1.965
    assert outcome.figures["perplexity"] == pytest.approx(np.exp(1.965))
    assert outcome.figures["known_words"] == 1
    figure = Figure()
    outcome.draw(figure)
    curve, texts = figure.axes
    assert [line.get_label() for line in curve.lines] == [
        "training",
        "unseen text, a sixteenth",
        "all of it: 1.965",
        "table of trigrams: 2.046",
    ]
    assert len(texts.texts) == 4
    assert SONNET_WORDS in texts.texts[0].get_text()


def test_what_is_written_is_drawn_as_it_is(shakespeare):
    """Neither mathematics nor missing signs: dollars, braces, line ends, and a line longer than the plot is wide."""
    outcome = SCRIPTS[4].judge(reports(written="$x_{2$ \\frac\n\n" + "long " * 60 + "\n" * 30 + "\ufffd"), text_files())
    figure = Figure()
    outcome.draw(figure)
    figure.canvas.draw()
    assert all(text.get_text().count("\n") <= 6 for text in figure.axes[1].texts)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"loss": 2.046}, "Not yet: the loss on unseen text is not below 2.046; after 600 steps"),
        ({"the_influence_of_a_later_character": [0.01]}, "sees the characters that it is to predict.* its causal mask"),
        (
            {"the_largest_difference_of_scores_with_and_without_a_cache": [0.31]},
            "with a cache the scores differ by up to 0.31 from those without; check KVCache",
        ),
    ],
)
def test_what_is_missed_is_said(changed, words, shakespeare):
    outcome = SCRIPTS[4].judge(reports(**changed), text_files())
    assert not outcome.passed
    assert pytest.approx(changed.get("loss", 1.9)) == outcome.figures["loss"]
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(outcome.sentence)


@pytest.mark.parametrize(
    ("loss", "written", "passed"),
    [
        (1.89, SONNET_WORDS, True),
        (1.90, SONNET_WORDS, False),
        (1.7, "Shall I compare xyzzy", True),
        (1.7, "Shall I xyzzy", False),
        (1.7, "", False),
    ],
)
def test_the_full_run_asks_for_more(loss, written, passed, shakespeare):
    outcome = FULL[4].judge(reports(parts=FULL_PARTS, loss=loss, written=written), text_files())
    assert outcome.passed is passed
    assert "after 2,000 steps" in outcome.sentence
    outcome.draw(Figure())


def test_a_run_is_judged_by_the_text_it_was_given(nowhere, monkeypatch):
    given = text_files()
    monkeypatch.setattr("tinytorch_lab.milestones.tinygpt_data.shakespeare_text", sonnets)
    assert SCRIPTS[4].judge(reports(loss=2.7), given).passed
    assert not SCRIPTS[4].judge(reports(loss=2.7), text_files()).passed


def test_sonnets_are_said_to_be_sonnets(nowhere):
    outcome = SCRIPTS[4].judge(reports(loss=2.7), text_files())
    assert outcome.passed
    assert outcome.sentence.startswith(
        "Tiny Shakespeare could not be had, so this is four sonnets. TinyGPT writes: after 120 steps"
    )
    assert not SCRIPTS[4].judge(reports(loss=2.8), text_files()).passed


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"the_loss": [2.0] * 20}, "The loss is not 21 finite numbers"),
        ({"the_training_loss": [float("nan")] * 20}, "The training loss is not 20 finite numbers"),
        ({"the_loss_on_all_of_the_unseen_text": []}, "The loss on all of the unseen text is not a finite number"),
        ({"written_at_0.8": [7]}, "What was written at temperature 0.8 is not a text"),
        (
            {"the_largest_difference_of_scores_with_and_without_a_cache": [float("nan")]},
            "The largest difference of scores with and without a cache is not a finite number",
        ),
        ({"tokens_a_second_without": ["fast"]}, "Tokens a second without is not a finite number"),
    ],
)
def test_reports_that_make_no_sense_are_said_to(changed, words, shakespeare):
    with pytest.raises(Malformed, match=words):
        SCRIPTS[4].judge(reports(**changed), text_files())


def test_words_are_known_whatever_their_case_and_stops():
    assert known_words("SHALL i, Compare!\n\nthee?", sonnets()) == 1
    assert known_words("shall qwxyz", sonnets()) == 0.5
    assert known_words(" \n.,!", sonnets()) == 0


def test_tiny_shakespeare_is_taken_where_it_is(monkeypatch):
    if not SHARED.is_dir():
        pytest.skip(f"NOT TESTED: there is no tiny Shakespeare in {SHARED}")
    monkeypatch.setenv("TINYTORCH_DATA", str(SHARED))
    files = text_files()
    assert len(files["tinyshakespeare.txt"]) == 1_115_394
    assert json.loads(files["about.json"]) == {"text": "tiny Shakespeare", "share": 1.0}


@pytest.mark.parametrize("kind", [SHAKESPEARE, SONNETS], ids=lambda kind: kind.name)
def test_the_goal_is_what_a_table_of_trigrams_reaches(kind, monkeypatch):
    if kind is SHAKESPEARE and not SHARED.is_dir():
        pytest.skip(f"NOT TESTED: there is no tiny Shakespeare in {SHARED}")
    text = sonnets() if kind is SONNETS else (SHARED / "tinyshakespeare.txt").read_text(encoding="utf-8")
    characters = sorted(set(text))
    ids = np.array([characters.index(char) for char in text])
    seen, unseen = np.split(ids, [int(0.9 * len(ids))])
    counts = np.full((len(characters),) * 3, 0.1)
    np.add.at(counts, (seen[:-2], seen[1:-1], seen[2:]), 1)
    shares = counts / counts.sum(axis=-1, keepdims=True)
    loss = -np.log(shares[unseen[:-2], unseen[1:-1], unseen[2:]]).mean()
    assert round(float(loss), 3) == kind.goal


def test_milestone_4_passes_on_the_reference(workspace, executor, nowhere):
    steps = []
    result = run_milestone(workspace, executor, 4, steps.append)
    assert result.passed, result.message
    assert "this is four sonnets" in result.message
    losses = steps[-1].losses
    assert losses[-1] < losses[0] - 1
    assert len(steps) == steps[0].total == QUICK_PARTS + 8
    assert imread(workspace.root / result.plot).shape[1] == 1200


def test_a_model_that_sees_the_future_is_found_out(workspace, executor, nowhere, monkeypatch):
    monkeypatch.setitem(SCRIPTS, 4, script_for(Length(parts=1, steps=10, lr=1e-3, minutes=0, full=False)))
    path = workspace.package / "attention.py"
    path.write_text(f"{path.read_text()}\n\ncausal_mask = lambda n, past=0: np.ones((n, past + n), dtype=bool)\n")
    result = run_milestone(workspace, executor, 4)
    assert not result.passed
    assert "the model sees the characters that it is to predict" in result.message


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("offset=known, ", "offset=0, "),
        ("start = self.filled[layer]\n", "start = max(0, self.filled[layer] - 1)\n"),
        ("self.values[layer, :, :, start:end] = values.data", "self.values[layer, :, :, start:end] = keys.data"),
    ],
    ids=["no offset", "a place overwritten", "keys for values"],
)
def test_a_wrong_cache_is_found_out(right, wrong, workspace, executor, nowhere, monkeypatch):
    monkeypatch.setitem(SCRIPTS, 4, script_for(Length(parts=1, steps=10, lr=1e-3, minutes=0, full=False)))
    path = workspace.package / "tinygpt.py"
    source = path.read_text()
    assert source.count(right) == 1
    path.write_text(source.replace(right, wrong))
    result = run_milestone(workspace, executor, 4)
    assert not result.passed
    assert "with a cache the scores differ by up to" in result.message


def test_a_cache_that_only_rounds_otherwise_is_right(workspace, executor, nowhere, monkeypatch):
    """Its text may be another one: what counts is how far the scores are apart."""
    monkeypatch.setitem(SCRIPTS, 4, script_for(Length(parts=1, steps=10, lr=1e-3, minutes=0, full=False)))
    path = workspace.package / "tinygpt.py"
    source = path.read_text()
    exact = "    return logits.data[0, -1]\n"
    assert source.count(exact) == 1
    rounded = "    return logits.data[0, -1] + (0 if cache is None else 1e-5 * (-1) ** np.arange(logits.shape[-1]))\n"
    path.write_text(source.replace(exact, rounded))
    result = run_milestone(workspace, executor, 4)
    assert "with a cache the scores differ" not in result.message
    assert "the loss on unseen text is not below" in result.message


def test_milestone_4_names_what_is_not_written(workspace, executor, nowhere):
    path = workspace.package / "tinygpt.py"
    path.write_text(f"{path.read_text()}\n\ndel training_steps\n")
    result = run_milestone(workspace, executor, 4)
    assert result.message.startswith(
        "The step 'imports and text' failed with ImportError: cannot import name 'training_steps'"
    )
