"""Handing in, receipts and restoring from the command line, at a course on this machine."""

import io
import json
import sys

import pytest

from tests.modules import COURSE, write_curriculum
from tinytorch_lab.curriculum.library import Library
from tinytorch_lab.curriculum.notebooks import read_notebook, write_notebook
from tinytorch_lab.grading.course import init_course
from tinytorch_lab.grading.service import GradingService

MODULE = "01_tensor"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course that has released a small module under the name of the first one."""
    folder = tmp_path_factory.mktemp("course")
    library = write_curriculum(folder / "curriculum")
    (library.root / "01_sums").rename(library.root / MODULE)
    (library.root / MODULE / "01_sums.py").rename(library.root / MODULE / f"{MODULE}.py")
    (library.root / "course.toml").write_text(COURSE.replace("01_sums", MODULE), encoding="utf-8")
    made = init_course(folder / "course", Library(library.root), ["ada"])
    with GradingService(made) as service:
        list(service.generate(MODULE, actor="tess"))
        list(service.release(MODULE, actor="tess"))
    return made.root


@pytest.fixture
def workspace(tmp_path, monkeypatch, course):
    (tmp_path / "work" / ".tinytorch").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("TINYTORCH_LAB_COURSE", str(course))
    monkeypatch.setenv("LOGNAME", "ada")
    return tmp_path / "work"


def test_a_module_is_submitted_listed_and_restored(tito, workspace):
    tito("module", "start", "1")
    path = workspace / "modules" / MODULE / f"{MODULE}.ipynb"
    submitted = path.read_bytes()
    first = tito("module", "submit", "1", "--yes")
    assert first.code == 0, first.err
    assert "Not written yet: add, double" in first.out
    assert "Tests: not run." in first.out
    assert "Submitted 01_tensor: receipt" in first.out

    notebook = read_notebook(path)
    notebook.cells[0].source += "\nchanged"
    write_notebook(notebook, path)
    (status,) = json.loads(tito("module", "status", "1", "--json").out)
    assert (status["course"], status["saved"]) == ("submitted", "not submitted")
    receipt = json.loads(tito("module", "submit", "1", "--yes", "--json").out)
    listed = json.loads(tito("module", "submissions", "1", "--json").out)
    assert [row["saved"] for row in listed] == [True, False]
    assert listed[0]["receipt"] == receipt["id"]

    restored = tito("module", "restore", "1", listed[1]["receipt"])
    assert restored.code == 0
    assert "your notebook was kept as" in restored.out
    assert path.read_bytes() == submitted
    assert "not been returned" in tito("module", "feedback", "1").err


def test_nothing_stands_before_the_json(tito, workspace, monkeypatch):
    tito("module", "start", "1")
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    submitted = tito("module", "submit", "1", "--json")
    assert submitted.code == 0, submitted.err
    assert json.loads(submitted.out)["module"] == MODULE
    assert f"Submit {MODULE}.ipynb?" in submitted.err


def test_what_became_of_a_notebook_that_waited_is_told_beside_the_json(tito, workspace, monkeypatch, free_tcp_port):
    tito("module", "start", "1")
    with monkeypatch.context() as away:
        away.setenv("TINYTORCH_LAB_SERVICE", f"http://127.0.0.1:{free_tcp_port}")
        away.setenv("JUPYTERHUB_API_TOKEN", "token")
        assert "waits in the outbox" in tito("module", "submit", "1", "--yes").err
    submitted = tito("module", "submit", "1", "--yes", "--json")
    assert json.loads(submitted.out)["module"] == MODULE
    assert f"{MODULE} waited in the outbox and is handed in now" in submitted.err


def test_without_a_course_nothing_is_handed_in(tito, workspace, monkeypatch):
    monkeypatch.delenv("TINYTORCH_LAB_COURSE")
    tito("module", "start", "1")
    for command in (("submit", "1", "--yes"), ("submissions", "1"), ("restore", "1", "x"), ("feedback", "1")):
        outcome = tito("module", *command)
        assert outcome.code == 1
        assert "belongs to no course" in outcome.err
    (status,) = json.loads(tito("module", "status", "1", "--json").out)
    assert "course" not in status


def test_while_the_course_is_away_the_status_is_what_it_last_said(tito, workspace, monkeypatch, free_tcp_port):
    tito("module", "start", "1")
    tito("module", "submit", "1", "--yes")
    told = tito("module", "status", "1", "--json")
    assert told.err == ""
    monkeypatch.setenv("TINYTORCH_LAB_SERVICE", f"http://127.0.0.1:{free_tcp_port}")
    monkeypatch.setenv("TINYTORCH_LAB_COURSE", "mini")
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "token")
    kept = tito("module", "status", "1", "--json")
    assert json.loads(kept.out) == json.loads(told.out)
    assert "Dates and submissions are as of 20" in kept.err
    (workspace / ".tinytorch" / "assignments.json").unlink()
    forgotten = tito("module", "status", "1", "--json")
    (status,) = json.loads(forgotten.out)
    assert "course" not in status
    assert "cannot be reached" in forgotten.err


def test_a_module_that_is_not_started_is_not_handed_in(tito, workspace):
    assert "not started" in tito("module", "submit", "1", "--yes").err
