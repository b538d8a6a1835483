"""What a cell shows: streams and display messages, recorded as nbformat outputs and counted as they come."""

import io
import json
from typing import Any

_encode = json.JSONEncoder(separators=(",", ":"), default=repr).encode
_ERROR_CHARACTERS = 30_000
_MOST_ERRORS = 10
_OWN_FRAMES = "tinytorch_lab/runner/sandbox/"


class OutputLimitExceeded(Exception):
    """The cell has written more than it may."""


class Recorder:
    """Holds the running cell's outputs, each encoded as JSON as soon as it is complete."""

    def __init__(self, limit: int) -> None:
        self._limit = self._left = limit
        self._encoded: list[str] = []
        self._display_ids: dict[str, list[int]] = {}
        self._clear_next = False
        self._stream = ""
        self._parts: list[str] = []
        self._errors = 0

    def restart(self, limit: int) -> None:
        """Forget the last cell; the next may write ``limit`` characters."""
        Recorder.__init__(self, limit)

    def take(self) -> str:
        """Return the outputs as a JSON array."""
        self._end_stream()
        return f"[{','.join(self._encoded)}]"

    def write(self, stream: str, text: str) -> None:
        """Add ``text`` to ``stdout`` or ``stderr``."""
        if not text:
            return
        if self._stream != stream:
            self._end_stream()
            self._clear_if_due()
            self._stream = stream
        encoded = _encode(text[: self._left + 1])[1:-1]
        size = len(encoded)
        if size > self._left:
            encoded = _encode(text[: self._left])[1:-1]
            encoded = encoded if len(encoded) <= self._left else _encode(text[: self._left // 12])[1:-1]
        self._parts.append(encoded)
        self._charge(size)

    def message(self, kind: str, content: dict[str, Any]) -> None:
        """Add a message of the Jupyter protocol."""
        self._end_stream()
        if kind == "clear_output":
            self._clear_next = True
            if not content.get("wait"):
                self._clear_if_due()
        elif kind == "error":
            self._errors += 1
            if self._errors > _MOST_ERRORS:
                self._charge(self._left + 1)
            self._clear_if_due()
            self._encoded.append(_encode(_error(content)))
        elif kind in ("display_data", "update_display_data", "execute_result"):
            self._display(kind, content)

    def _display(self, kind: str, content: dict[str, Any]) -> None:
        if (size := _text_size([content["data"], content["metadata"]])) > self._left:
            self._charge(size)
        output = {"output_type": "display_data", "data": content["data"], "metadata": content["metadata"] or {}}
        if kind == "execute_result":
            output |= {"output_type": kind, "execution_count": content["execution_count"]}
        encoded = _encode(output)
        self._charge(len(encoded))
        display_id = content.get("transient", {}).get("display_id")
        if kind == "update_display_data":
            for place in self._display_ids.get(display_id, ()):
                self._encoded[place] = encoded
            return
        self._clear_if_due()
        if isinstance(display_id, str):
            self._display_ids.setdefault(display_id, []).append(len(self._encoded))
        self._encoded.append(encoded)

    def _charge(self, size: int) -> None:
        if size > self._left:
            self._left = 0
            raise OutputLimitExceeded(f"the cell wrote more than the {self._limit} bytes it may")
        self._left -= size

    def _clear_if_due(self) -> None:
        if self._clear_next:
            self._encoded.clear()
            self._display_ids.clear()
            self._clear_next = False

    def _end_stream(self) -> None:
        if self._parts:
            text = "".join(self._parts)
            self._encoded.append(f'{{"output_type":"stream","name":"{self._stream}","text":"{text}"}}')
            self._parts = []
        self._stream = ""


class Stream(io.TextIOBase):
    """``sys.stdout`` or ``sys.stderr`` of the student's code."""

    encoding = "UTF-8"
    errors = "replace"

    def __init__(self, name: str, recorder: Recorder) -> None:
        self.name = name
        self._recorder = recorder

    def writable(self) -> bool:
        """Tell that this stream can be written to."""
        return True

    def write(self, text: str) -> int:
        """Record ``text``."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        self._recorder.write(self.name, text)
        return len(text)


def _text_size(data: object) -> int:
    """Return the length of all strings in JSON data: far cheaper than encoding what is too long anyway."""
    if isinstance(data, str):
        return len(data)
    values = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return sum(map(_text_size, values))


def _error(content: dict[str, Any]) -> dict[str, Any]:
    """Return the error's output; a traceback of megabytes keeps its end, and none shows this package's own frames."""
    lines: list[str] = []
    size = 0
    for line in reversed(content["traceback"]):
        if _OWN_FRAMES in line:
            continue
        size += len(line)
        if size > _ERROR_CHARACTERS:
            break
        lines.insert(0, line)
    value = str(content["evalue"])[:_ERROR_CHARACTERS]
    return {"output_type": "error", "ename": str(content["ename"]), "evalue": value, "traceback": lines}
