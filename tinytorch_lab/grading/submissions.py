"""Reading what a student handed in, whatever its state."""

import json
from typing import Any, cast

from nbformat import NotebookNode

from tinytorch_lab.errors import InvalidInputError

MAX_CELLS = 2000
_KINDS = ("code", "markdown", "raw")
_new = cast(Any, NotebookNode)


def read_submission(content: bytes) -> list[NotebookNode]:
    """Return the cells of a notebook file, rebuilt from type, text, id and metadata; outputs are left behind.

    Raises:
        InvalidInputError: the file is not JSON, or JSON that is no notebook.
    """
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"The notebook cannot be read: it is not UTF-8 text (byte {error.start}).") from None
    except json.JSONDecodeError as error:
        reason = f"line {error.lineno}, column {error.colno}: {error.msg}"
        raise InvalidInputError(f"The notebook cannot be read: it is not complete JSON ({reason}).") from None
    except RecursionError:
        raise InvalidInputError("The notebook cannot be read: its JSON is nested too deeply.") from None
    except ValueError:
        raise InvalidInputError(
            "The notebook cannot be read: its JSON holds a number of thousands of digits."
        ) from None
    cells = _cells_of(document)
    if len(cells) > MAX_CELLS:
        raise InvalidInputError(f"The notebook cannot be read: it has {len(cells)} cells, more than {MAX_CELLS}.")
    return [_cell(cell) for cell in cells]


def new_cell(kind: str, source: str) -> NotebookNode:
    """Return an empty ``code``, ``markdown`` or ``raw`` cell with ``source``; any other kind becomes ``raw``."""
    kind = kind if kind in _KINDS else "raw"
    made = _new(cell_type=kind, id="", metadata=_new(), source=source)
    if kind == "code":
        dict.update(made, execution_count=None, outputs=[])
    return cast(NotebookNode, made)


def _cells_of(document: Any) -> list[dict[str, Any]]:
    if not isinstance(document, dict):
        raise InvalidInputError("The notebook cannot be read: it is JSON, but not a notebook.")
    sheets = document.get("worksheets")
    if isinstance(sheets, list) and sheets and isinstance(sheets[0], dict):
        document = sheets[0]
    cells = document.get("cells")
    if not isinstance(cells, list):
        raise InvalidInputError("The notebook cannot be read: it is JSON, but has no list of cells.")
    return [cell for cell in cells if isinstance(cell, dict)]


def _cell(cell: dict[str, Any]) -> NotebookNode:
    made = new_cell(str(cell.get("cell_type")), _text(cell.get("source", cell.get("input", ""))))
    metadata = cell.get("metadata")
    made.metadata.update(metadata if isinstance(metadata, dict) else {})
    made["id"] = cell["id"] if isinstance(cell.get("id"), str) else ""
    return made


def _text(source: Any) -> str:
    lines = source if isinstance(source, list) else [source]
    text = "".join(line for line in lines if isinstance(line, str))
    # A lone surrogate is legal JSON, but cannot be written as UTF-8.
    return text.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
