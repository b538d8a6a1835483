"""Which notebook a student starts from: the course's, or the one that came with the program."""

from pathlib import Path

import pytest

from tinytorch_lab.errors import InvalidInputError, NotAvailableError, NotFoundError
from tinytorch_lab.learning.fetching import fetch
from tinytorch_lab.learning.workspace import Workspace

COURSES = b'{"cells": [], "metadata": {"course": "ours"}, "nbformat": 4, "nbformat_minor": 5}'


class Desk:
    """A course that answers with what it was made with."""

    def __init__(self, answer: bytes | Exception) -> None:
        self._answer = answer

    def notebook(self, module: str) -> bytes:
        assert module == "01_tensor"
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def test_a_course_gives_out_its_own_notebook(tmp_path: Path):
    workspace = Workspace(tmp_path)
    module = workspace.course.find("tensor")
    workspace.start(module, fetch(Desk(COURSES), module))
    assert workspace.notebook_path(module).read_bytes() == COURSES
    released = workspace.release.notebook_path(module).read_bytes()
    workspace.reset(module, fetch(None, module))
    assert workspace.notebook_path(module).read_bytes() == released
    workspace.reset(module, fetch(Desk(COURSES), module))
    assert workspace.notebook_path(module).read_bytes() == COURSES


def test_without_an_answer_the_released_one_serves(tmp_path: Path):
    workspace = Workspace(tmp_path)
    module = workspace.course.find("tensor")
    for reason in (NotFoundError("not released"), NotAvailableError("not reached")):
        assert fetch(Desk(reason), module) is None
    assert workspace.start(module, None).created
    assert workspace.notebook(module).cells


def test_what_is_no_notebook_never_becomes_one(tmp_path: Path):
    module = Workspace(tmp_path).course.find("tensor")
    for sent in (b"<html>Sign in</html>", b"\xff", b'{"nbformat": 4}'):
        with pytest.raises(InvalidInputError, match=r"What the course sent as 01_tensor.ipynb is not a"):
            fetch(Desk(sent), module)
