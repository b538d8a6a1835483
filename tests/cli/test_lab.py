"""What ``tito lab`` takes for the workspace, and what it passes on to JupyterLab."""

import os
import shlex

import pytest


@pytest.fixture
def started(monkeypatch, tmp_path):
    """The arguments JupyterLab was started with, from an empty folder; of the command that was run last."""
    calls: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda _, arguments: calls.append(arguments[3:]))
    monkeypatch.chdir(tmp_path)
    return calls


@pytest.mark.parametrize(
    ("words", "folder", "passed_on"),
    [
        ("", "", ""),
        ("w2", "w2", ""),
        ("--TinyTorchLab.course=X", "", "--TinyTorchLab.course=X"),
        ("--port=9999 w2", "w2", "--port=9999"),
        ("--port 9999", "", "--port 9999"),
        ("--port 9999 w2", "w2", "--port 9999"),
        ("w2 --port 9999 --debug", "w2", "--port 9999 --debug"),
        ("--debug w2", "w2", "--debug"),
        ("-y w2", "w2", "-y"),
        ("--TinyTorchLab.student ada --ip=::", "", "--TinyTorchLab.student ada --ip=::"),
        ("w2 modules/notes.ipynb --debug", "w2", "modules/notes.ipynb --debug"),
        ("--log-level DEBUG --allow-root w2", "w2", "--log-level DEBUG --allow-root"),
    ],
)
def test_options_go_to_jupyterlab_and_a_folder_is_the_workspace(tito, started, tmp_path, words, folder, passed_on):
    outcome = tito("lab", *words.split())
    assert outcome.code == 0, outcome.err
    place = tmp_path / folder
    wanted = [f"--ServerApp.root_dir={place}", "--TinyTorchLab.workspace=.", *passed_on.split()]
    assert [word for word in started[-1] if word != "--allow-root"] == [w for w in wanted if w != "--allow-root"]
    assert (place / ".tinytorch").is_dir()
    assert [path.name for path in tmp_path.iterdir()] == [folder or ".tinytorch"]


def test_what_tito_takes_for_itself_is_not_passed_on(tito, started, tmp_path):
    assert tito("lab", "--port", "9999", "--root", tmp_path, "--no-browser", "w2").code == 0
    assert started[-1][:4] == [f"--ServerApp.root_dir={tmp_path}", "--TinyTorchLab.workspace=w2", "--port", "9999"]
    assert "--no-browser" in started[-1]


def test_what_the_demo_says_to_type_opens_its_course(tito, started, tmp_path, monkeypatch):
    from tinytorch_lab.cli.grade.demo import panel_command

    command, *words = shlex.split(panel_command(tmp_path / "a course"))
    assert command == "tito"
    assert tito(*words).code == 0
    assert f"--TinyTorchLab.course={tmp_path / 'a course'}" in started[-1]
    assert not (tmp_path / "a course").exists()
