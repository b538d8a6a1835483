"""Reading notebook files that are not what they should be."""

import json
import threading
import warnings
from contextlib import suppress

import pytest

from tinytorch_lab.curriculum.notebooks import (
    new_notebook,
    notebook_text,
    parse_notebook,
    read_notebook,
    write_notebook,
)
from tinytorch_lab.errors import InvalidInputError, NotFoundError
from tinytorch_lab.package.syntax import parse_cell
from tinytorch_lab.quiet import silenced

SOURCELESS = {
    "nbformat": 4,
    "nbformat_minor": 4,
    "metadata": {},
    "cells": [{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}],
}
SOURCELESS_TEXT = json.dumps(SOURCELESS).encode()


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "not a readable notebook"),
        (b"{", "not a readable notebook"),
        (b"[]", "not a readable notebook"),
        (b"\xff\xfe", "not UTF-8 text at byte 0"),
        (b'{"nbformat": 99, "cells": []}', "not a readable notebook"),
        (b"{\n<<<<<<< HEAD\n", "merge conflict"),
        (SOURCELESS_TEXT, "no source"),
    ],
)
def test_what_is_no_notebook_is_explained(tmp_path, content, complaint):
    path = tmp_path / "x.ipynb"
    path.write_bytes(content)
    with pytest.raises(InvalidInputError, match=complaint) as raised:
        read_notebook(path)
    assert "x.ipynb" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_missing_notebook_is_named(tmp_path):
    with pytest.raises(NotFoundError, match=r"y\.ipynb"):
        read_notebook(tmp_path / "y.ipynb")


@pytest.mark.parametrize("read", [lambda: parse_notebook(SOURCELESS_TEXT, "x"), lambda: parse_cell({1: "x = 1"})])
def test_reading_waits_for_whoever_has_silenced_the_warnings(read):
    def attempt() -> None:
        with suppress(InvalidInputError):
            read()

    waiting = threading.Thread(target=attempt)
    with silenced():
        waiting.start()
        waiting.join(0.2)
        assert waiting.is_alive()
    waiting.join(10)
    assert not waiting.is_alive()


def test_warnings_of_one_kind_are_silenced_and_others_are_not():
    filters = list(warnings.filters)
    with silenced(DeprecationWarning):
        warnings.warn("old", DeprecationWarning, stacklevel=1)
        with pytest.raises(UserWarning, match="odd"):
            warnings.warn("odd", UserWarning, stacklevel=1)
    assert list(warnings.filters) == filters


def test_writing_leaves_no_temporary_file(tmp_path):
    notebook = new_notebook([], {"kernelspec": {"name": "python3", "display_name": "Python 3"}})
    write_notebook(notebook, tmp_path / "new" / "x.ipynb")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["x.ipynb"]
    assert (tmp_path / "new" / "x.ipynb").read_text() == notebook_text(notebook)
