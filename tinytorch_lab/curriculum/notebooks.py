"""Reading and writing notebook files, with errors a person can act on."""

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import nbformat
from nbformat import NotebookNode
from nbformat.warnings import MissingIDFieldWarning

from tinytorch_lab.errors import InvalidInputError, NotAvailableError, NotFoundError
from tinytorch_lab.files import write_text
from tinytorch_lab.quiet import silenced

_read = cast(Any, nbformat.reads)
_write = cast(Any, nbformat.writes)
_node = cast(Any, nbformat.from_dict)
_shallow = cast(Any, NotebookNode)


def new_notebook(cells: Sequence[NotebookNode], metadata: Mapping[str, Any]) -> NotebookNode:
    """Return a notebook (nbformat 4.5) of ``cells`` with a copy of ``metadata``."""
    own = _node(copy.deepcopy(dict(metadata)))
    return cast(NotebookNode, _shallow(cells=list(cells), metadata=own, nbformat=4, nbformat_minor=5))


def read_notebook(path: Path) -> NotebookNode:
    """Read the notebook at ``path``, upgraded to nbformat 4.

    Raises:
        NotFoundError: there is no such file.
        InvalidInputError: it is not a notebook; the sentence says where it breaks.
        NotAvailableError: it may not be read.
    """
    return parse_notebook(read_content(path), str(path))


def read_content(path: Path) -> bytes:
    """Return the bytes of the notebook at ``path``, which need not make sense.

    Raises:
        NotFoundError: there is no such file.
        NotAvailableError: it may not be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise NotFoundError(f"There is no notebook at {path}.") from None
    except OSError as error:
        raise NotAvailableError(f"Cannot read {path}: {error.strerror}.") from None


def parse_notebook(content: bytes, name: str) -> NotebookNode:
    """Parse a notebook's bytes; ``name`` is what messages call it.

    Raises:
        InvalidInputError: the bytes are no notebook; the sentence says where it breaks.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"{name} is not a notebook: it is not UTF-8 text at byte {error.start}.") from None
    if any(line.startswith("<<<<<<< ") for line in text.splitlines()):
        raise InvalidInputError(f"{name} holds a merge conflict; resolve it, or restore an earlier version.")
    try:
        with silenced(MissingIDFieldWarning):  # A cell without an id is given one, which nbformat announces.
            notebook = cast(NotebookNode, _read(text, as_version=4))
        cells = notebook.cells
    except Exception as error:  # nbformat raises whatever the malformed content provokes
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InvalidInputError(f"{name} is not a readable notebook: {reason[:200]}.") from None
    if not all(isinstance(cell, dict) and isinstance(cell.get("source"), str) for cell in cells):
        raise InvalidInputError(f"{name} is not a readable notebook: one of its cells has no source.")
    return notebook


def notebook_text(notebook: NotebookNode) -> str:
    """Return ``notebook`` as the text of its file."""
    return cast(str, _write(notebook, version=nbformat.NO_CONVERT)) + "\n"


def write_notebook(notebook: NotebookNode, path: Path) -> None:
    """Write ``notebook`` to ``path``, all or nothing.

    Raises:
        NotAvailableError: the disk is full or read-only.
    """
    write_text(path, notebook_text(notebook))
