"""Handing in from a workspace to a real course: what is missing is said, what is kept can be had again."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.solutions import solve
from tinytorch_lab.coursework import Desk
from tinytorch_lab.curriculum.catalogue import ModuleInfo
from tinytorch_lab.curriculum.cells import is_implementation, is_response
from tinytorch_lab.curriculum.library import Library
from tinytorch_lab.curriculum.notebooks import write_notebook
from tinytorch_lab.errors import NotFoundError
from tinytorch_lab.grading.folder import CourseFolder, default_db_url
from tinytorch_lab.grading.gradebook import prepare
from tinytorch_lab.grading.store.database import open_engine, transaction
from tinytorch_lab.grading.store.tables import assignments
from tinytorch_lab.grading.student_desk import StudentDesk
from tinytorch_lab.learning import testing as runs
from tinytorch_lab.learning.handing_in import readiness, receipts_folder, restore, saved_digest
from tinytorch_lab.learning.outbox import Outbox
from tinytorch_lab.learning.workspace import Workspace
from tinytorch_lab.runner.pool import LocalExecutor


@pytest.fixture
def desk(library: Library, tmp_path: Path) -> Iterator[Desk]:
    root = tmp_path / "course"
    root.mkdir()
    course = CourseFolder(root, library.root, "tinytorch", default_db_url(root))
    prepare(course)
    engine = open_engine(course.db_url)
    with transaction(engine) as connection:
        released = {"module": "01_tensor", "released_at": "2026-01-01T00:00:00.000+00:00"}
        connection.execute(assignments.insert().values(**released))
        yield StudentDesk(course, connection, "ada")
    engine.dispose()


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "work").mkdir()
    return Workspace(tmp_path / "work")


@pytest.fixture
def module(workspace: Workspace) -> ModuleInfo:
    module = workspace.course.find("tensor")
    workspace.start(module)
    return module


@pytest.fixture
def testing(workspace: Workspace) -> Iterator[runs.Testing]:
    with LocalExecutor(confinement="none") as executor:
        yield runs.Testing(workspace, executor)


def test_what_is_missing_is_said_before_it_is_handed_in(
    workspace: Workspace, module: ModuleInfo, testing: runs.Testing
):
    found = readiness(workspace, testing, module)
    assert len(found.unwritten) >= 5
    assert (found.tests_total, found.tests_current, found.complete) == (0, False, False)
    assert [answer.remark for answer in found.answers] == ["not answered"] * 3


def test_a_solved_and_tested_module_is_complete_until_its_code_changes(
    workspace: Workspace, module: ModuleInfo, testing: runs.Testing, library: Library
):
    notebook = solve(workspace.notebook(module), library.instructor(module))
    for cell in notebook.cells:
        if is_response(cell):
            cell.source = "measured " * 200
    write_notebook(notebook, workspace.notebook_path(module))
    testing.run(module)
    found = readiness(workspace, testing, module)
    assert (found.unwritten, found.tests_passed, found.complete) == ((), found.tests_total, True)
    path = workspace.notebook_path(module)
    next(cell for cell in notebook.cells if is_response(cell)).source = "seen " * 200
    write_notebook(notebook, path)
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime + 3600))
    assert readiness(workspace, testing, module).complete, "words written after the tests change nothing about them"
    next(cell for cell in notebook.cells if is_implementation(cell)).source += "\n\nEXTRA = 1"
    write_notebook(notebook, path)
    found = readiness(workspace, testing, module)
    assert (found.tests_current, found.complete) == (False, False)


def test_the_receipt_is_kept_and_names_what_is_saved(workspace: Workspace, module: ModuleInfo, desk: Desk):
    receipt = Outbox(workspace, desk).hand_in(module)
    assert receipt.digest == saved_digest(workspace, module)
    (kept,) = receipts_folder(workspace, module).iterdir()
    assert json.loads(kept.read_text(encoding="utf-8"))["signature"] == receipt.signature
    workspace.notebook_path(module).write_text("{}", encoding="utf-8")
    assert receipt.digest != saved_digest(workspace, module)


def test_an_earlier_submission_comes_back_and_the_present_notebook_is_kept(
    workspace: Workspace, module: ModuleInfo, desk: Desk
):
    path = workspace.notebook_path(module)
    submitted = path.read_bytes()
    receipt = Outbox(workspace, desk).hand_in(module)
    path.write_text('{"cells": []}', encoding="utf-8")
    opened = restore(workspace, desk, module, receipt.id)
    assert path.read_bytes() == submitted
    assert opened.backup is not None
    assert opened.backup.read_text(encoding="utf-8") == '{"cells": []}'
    with pytest.raises(NotFoundError):
        restore(workspace, desk, module, "not-mine")
    assert path.read_bytes() == submitted
    with pytest.raises(NotFoundError, match="no submission of 02_activations with the receipt"):
        restore(workspace, desk, workspace.course.find("02"), receipt.id)
