"""``tito milestone`` on a real workspace."""

import json
import math

import pytest

from tinytorch_lab.cli.milestone import loss_curve
from tinytorch_lab.package.build import build_reference


@pytest.fixture
def workspace(tmp_path, monkeypatch, library):
    root = tmp_path / "work"
    (root / ".tinytorch").mkdir(parents=True)
    build_reference(library, root / "tinytorch")
    monkeypatch.chdir(root)
    return root


def test_a_milestone_is_run_recorded_and_listed(tito, workspace, tmp_path):
    (workspace / "tinytorch" / "tinygpt.py").unlink()
    first = json.loads(tito("milestone", "list", "--json").out)
    assert (first[0]["number"], first[0]["status"]) == (1, "ready")
    assert first[3]["missing"][-1] == "16_tinygpt"

    plot = tmp_path / "xor.png"
    ran = tito("milestone", "run", 1, "--output", plot)
    assert ran.code == 0, ran.err
    assert ran.out.splitlines() == [
        "Milestone 1, XOR inference: passed.",
        "The network runs on the four XOR points, and with weights set by hand it computes XOR exactly.",
        f"Plot: {plot}",
    ]
    assert plot.read_bytes().startswith(b"\x89PNG")

    listed = json.loads(tito("milestone", "list", "--json").out)[0]
    assert (listed["status"], listed["result"]["plot"]) == ("passed", str(plot))
    table = tito("milestone", "list").out
    assert "largest error 0" in table
    assert "16_tinygpt" in table


def test_losses_are_shown_as_a_curve():
    assert loss_curve([4.0]) == "▁"
    assert loss_curve([4.0, 3.0, 1.0, 0.5]) == "█▆▂▁"
    assert loss_curve([4.0, math.inf, 0.5, math.nan]) == "█!▁!"
    assert loss_curve([math.nan]) == "!"
    for count in (24, 25, 47, 48, 200):
        curve = loss_curve([1 / (1 + step) for step in range(count)])
        assert 12 <= len(curve) <= 24
        assert (curve[0], curve[-1]) == ("█", "▁")


def test_a_missed_milestone_exits_with_1(tito, workspace):
    (workspace / "tinytorch" / "layers.py").write_text("")
    missed = tito("milestone", "run", "1", "--json")
    assert missed.code == 1
    assert missed.err == ""
    result = json.loads(missed.out)
    assert (result["passed"], result["plot"]) == (False, None)
    assert "cannot import name 'Linear'" in result["message"]
    assert "not reached" in tito("milestone", "list").out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((9,), "There is no milestone 9; the milestones are 1, 2, 3, 4."),
        ((4, "--full"), "Milestone 4 needs 03_layers exported"),
        ((1,), "Milestone 1 needs 03_layers exported; run 'tito export MODULE' for each, or 'tito export --all'."),
        ((1, "--workspace", "nowhere"), "There is no workspace folder nowhere"),
    ],
)
def test_what_cannot_be_run_is_one_sentence(tito, workspace, arguments, words):
    (workspace / "tinytorch" / "layers.py").unlink()
    outcome = tito("milestone", "run", *arguments)
    assert outcome.code == 1
    assert words in outcome.err
    assert outcome.err.count("\n") == 1, outcome.err
