"""Why a cell failed, as plain data; student code runs here through ``__str__``, so nothing is taken for granted."""

import linecache
from types import TracebackType
from typing import Any

_MESSAGE_CHARACTERS = 4_000
_FRAMES = 40
_TEXT_CHARACTERS = 300


def describe(error: BaseException) -> dict[str, Any]:
    """Return the kind, the message and the frames of ``error``."""
    frames = _frames(error.__traceback__)
    if isinstance(error, SyntaxError) and isinstance(error.filename, str):
        frames.append((error.filename, error.lineno or 1, (error.text or "").rstrip("\n")[:_TEXT_CHARACTERS], ""))
    return {"kind": type(error).__name__, "message": _message(error), "frames": frames}


def _message(error: BaseException) -> str:
    try:
        text = str(error.msg) if isinstance(error, SyntaxError) else str(error)
    except Exception as second:
        text = f"<the exception's own text failed with {type(second).__name__}>"
    return text[:_MESSAGE_CHARACTERS]


def _frames(traceback: TracebackType | None) -> list[tuple[str, int, str, str]]:
    """Return file name, line, text and function of the first and the last frames."""
    found = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        found.append((code.co_filename, traceback.tb_lineno or 1, code.co_qualname))
        traceback = traceback.tb_next
    if len(found) > _FRAMES:
        found = found[: _FRAMES // 2] + found[-_FRAMES // 2 :]
    return [(name, line, _text(name, line), function[:200]) for name, line, function in found]


def _text(filename: str, line: int) -> str:
    return linecache.getline(filename, line).strip("\n")[:_TEXT_CHARACTERS]
