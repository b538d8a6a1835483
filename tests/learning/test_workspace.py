"""Starting and resetting modules."""

import os
import shutil
import stat
from functools import partial
from pathlib import Path
from typing import cast

import pytest

from tinytorch_lab.coursework import Desk
from tinytorch_lab.curriculum.library import Release
from tinytorch_lab.errors import NotAvailableError, NotFoundError
from tinytorch_lab.learning import testing as runs
from tinytorch_lab.learning.handing_in import readiness, saved_digest
from tinytorch_lab.learning.outbox import Outbox
from tinytorch_lab.learning.workspace import Workspace
from tinytorch_lab.runner.contract import Executor


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path)


def test_starting_twice_keeps_the_work(workspace):
    module = workspace.course.find("tensor")
    first = workspace.start(module)
    assert first.created
    first.path.write_text("my work")
    again = workspace.start(module)
    assert (again.created, again.path.read_text()) == (False, "my work")
    assert workspace.started_modules() == (module,)


def test_a_reset_keeps_what_it_replaces(workspace):
    module = workspace.course.find("tensor")
    path = workspace.start(module).path
    released = path.read_bytes()
    backups = []
    for work in ("first", "second"):
        path.write_text(work)
        backups.append(workspace.reset(module).backup)
        assert path.read_bytes() == released
    assert [backup.read_text() for backup in backups] == ["first", "second"]


def test_what_cannot_be_started_or_reset(workspace, tmp_path):
    (tmp_path / "release").mkdir()
    shutil.copy(workspace.release.root / "course.toml", tmp_path / "release")
    early = Workspace(tmp_path, Release(tmp_path / "release"))
    with pytest.raises(NotAvailableError, match="not yet available"):
        early.start(early.course.find("tensor"))
    with pytest.raises(NotFoundError, match="tito module start 01_tensor"):
        workspace.reset(workspace.course.find("tensor"))


@pytest.mark.parametrize(
    ("error", "kind", "sentence"),
    [
        (PermissionError(13, "Permission denied"), NotAvailableError, r"Cannot read .*01_tensor\.ipynb: Permission"),
        (FileNotFoundError(2, "No such file"), NotFoundError, r"There is no notebook at .*01_tensor\.ipynb"),
    ],
)
def test_a_notebook_that_cannot_be_read_is_explained(workspace, monkeypatch, error, kind, sentence):
    module = workspace.course.find("tensor")
    workspace.start(module)

    def unreadable(_: Path) -> bytes:
        raise error

    testing = runs.Testing(workspace, cast(Executor, None))
    desk = cast(Desk, None)
    monkeypatch.setattr(Path, "read_bytes", unreadable)
    for read in (
        workspace.content,
        workspace.notebook,
        workspace.back_up,
        partial(readiness, workspace, testing),
        Outbox(workspace, desk).hand_in,
    ):
        with pytest.raises(kind, match=sentence):
            read(module)
    assert saved_digest(workspace, module) is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_workspace_is_explained(tmp_path):
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(NotAvailableError, match="nothing was changed"):
        Workspace(tmp_path).start(Release().course.find("tensor"))


def test_a_workspace_below_a_file_is_explained(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NotAvailableError, match="Cannot write"):
        Workspace(tmp_path / "file").start(Release().course.find("tensor"))
