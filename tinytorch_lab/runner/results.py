"""Turn what a child says about a cell into a result; every field is checked, because the child is not believed."""

import json
import math
import re
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinytorch_lab.runner.contract import Cell, CellResult, Failure, Frame, ProbeValue, Status
from tinytorch_lab.runner.frames import ProtocolError

_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_CELL_FILE = re.compile(r"^/tmp/ipykernel_\d+/(\d+)\.py$")
_TEST_FILE = re.compile(r"^<test (\d+)>$")
_JSON_TYPE = re.compile(r"^application/(.*\+)?json$")
_OWN = "tinytorch_lab/runner/"
_MOST_FRAMES = 100
_MOST_CHARACTERS = 4_000
_HIDDEN = "(hidden test)"
_BEGIN_HIDDEN, _END_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
_INSTALLED = sorted(
    {str(Path(path)) + "/" for path in (*sysconfig.get_paths().values(), *sys.path) if path}, key=len, reverse=True
)


@dataclass(frozen=True)
class Places:
    """What file names in tracebacks mean: the job's cells by place, and the folders whose names are dropped."""

    cells: tuple[Cell, ...]
    folders: tuple[str, ...]

    def cell(self, filename: str) -> Cell | None:
        """Return the cell whose code carries ``filename``."""
        match = _CELL_FILE.match(filename) or _TEST_FILE.match(filename)
        place = int(match.group(1)) if match else len(self.cells)
        return self.cells[place] if place < len(self.cells) else None

    def short(self, filename: str) -> str:
        """Return a file's name below the folder it is imported from."""
        for folder in (*self.folders, *_INSTALLED):
            if filename.startswith(folder):
                return filename[len(folder) :].lstrip("/")
        return filename.rsplit("/", 1)[-1]


def filename_of_test(place: int) -> str:
    """Return the file name that the code of the test cell at ``place`` carries."""
    return f"<test {place}>"


def hidden_lines(source: str) -> frozenset[int]:
    """Return the numbers, from 1, of the lines in the hidden part of a test cell."""
    found, inside = set(), False
    for number, line in enumerate(source.splitlines(), 1):
        inside = inside or _BEGIN_HIDDEN in line
        if inside:
            found.add(number)
        inside = inside and _END_HIDDEN not in line
    return frozenset(found)


def make_result(
    cell: Cell, said: dict[str, Any], seconds: float, late: bool, probes: tuple[ProbeValue, ...], places: Places
) -> CellResult:
    """Return the result of ``cell`` from the child's report; ``late`` tells that its time was over.

    Raises:
        ProtocolError: the report is not one the child's program makes.
    """
    try:
        failed = said["status"] != "ok"
        failure = _failure(said["failure"], places) if failed else None
        outputs = [_output(output) for output in said["outputs"]]
        if failure is not None and cell.role == "test":
            outputs.append(_error_output(failure))
        elif failure is not None:
            failure = _with_shown_traceback(failure, outputs)
        status: Status = "ok" if failure is None else "timeout" if late and failure.kind == "CellTimeout" else "error"
        return CellResult(
            id=cell.id, status=status, execution_count=_natural(said["count"]), outputs=tuple(outputs),
            failure=failure, seconds=seconds, peak_bytes=_natural(said["peak"]), probes=probes,
        )  # fmt: skip
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise ProtocolError(f"a report of a cell that makes no sense ({type(error).__name__})") from None


def made_failure(kind: str, message: str, *frames: Frame) -> Failure:
    """Return a failure that the trusted side itself states."""
    return Failure(kind, message, frames, _plain(kind, message, list(frames)))


def printable(text: Any) -> str:
    """Return ``text`` as a string that UTF-8 can hold."""
    if type(text) is not str:
        raise TypeError("str")
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _failure(said: dict[str, Any], places: Places) -> Failure:
    frames: list[Frame] = []
    function = ""
    hidden = False
    if len(said["frames"]) > _MOST_FRAMES:
        raise ValueError("frames")
    for filename, line, text, name in said["frames"]:
        owner = places.cell(printable(filename))
        if owner is None and (_OWN in filename or _is_machinery(filename)):
            continue
        function = printable(name)
        masked = owner is not None and owner.role == "test" and _natural(line) in hidden_lines(owner.source)
        hidden = hidden or masked
        frames.append(
            Frame(owner.id if owner else places.short(printable(filename)), _natural(line),
                  _HIDDEN if masked else _line(owner, _natural(line)) or printable(text)[:_MOST_CHARACTERS])
        )  # fmt: skip
    kind, message = printable(said["kind"])[:200], printable(said["message"])[:_MOST_CHARACTERS]
    if kind == "NotImplementedError" and not message and frames:
        message = _not_implemented(frames[-1], function)
    return Failure(kind, message, tuple(frames), _plain(kind, message, frames), hidden)


def _is_machinery(filename: str) -> bool:
    return "/IPython/core/" in filename or "/codeop.py" in filename


def _line(cell: Cell | None, line: int) -> str:
    lines = cell.source.splitlines() if cell else []
    return lines[line - 1] if 0 < line <= len(lines) else ""


def _not_implemented(frame: Frame, function: str) -> str:
    name = re.sub(r"\.?<\w+>", "", function)
    what = f"`{name}`, " if name else ""
    return f"not implemented yet: {what}cell {frame.cell}, line {frame.line}"


def _plain(kind: str, message: str, frames: list[Frame]) -> str:
    lines = [f"{frame.cell}, line {frame.line}\n    {frame.text.strip()}" for frame in frames]
    return "\n".join([*lines, f"{kind}: {message}" if message else kind])


def _with_shown_traceback(failure: Failure, outputs: list[dict[str, Any]]) -> Failure:
    for output in reversed(outputs):
        if output["output_type"] == "error" and output["traceback"]:
            text = _ANSI.sub("", "\n".join(output["traceback"]))
            return Failure(failure.kind, failure.message, failure.frames, text, failure.hidden)
    return failure


def _error_output(failure: Failure) -> dict[str, Any]:
    """Return a test cell's error as its notebook shows it: without what would tell the hidden inputs."""
    value = f"in a {_HIDDEN.strip('()')}" if failure.hidden else failure.message
    lines = _plain(failure.kind, value, list(failure.frames)).splitlines()
    return {"output_type": "error", "ename": failure.kind, "evalue": value, "traceback": lines}


def _output(said: dict[str, Any]) -> dict[str, Any]:
    kind = said["output_type"]
    if kind == "stream":
        name = "stderr" if said["name"] == "stderr" else "stdout"
        return {"output_type": "stream", "name": name, "text": printable(said["text"])}
    if kind == "error":
        lines = [printable(line) for line in said["traceback"]]
        return {"output_type": "error", "ename": printable(said["ename"]), "evalue": printable(said["evalue"]),
                "traceback": lines}  # fmt: skip
    if kind not in ("display_data", "execute_result"):
        raise ValueError("output")
    data = {mime: _of_mime_type(mime, value) for mime, value in _data(said["data"]).items()}
    output = {"output_type": kind, "data": data, "metadata": dict(_data(said["metadata"]))}
    return output | ({"execution_count": _natural(said["execution_count"])} if kind == "execute_result" else {})


def _data(said: Any) -> Any:
    """Return JSON data whose strings are all printable and whose numbers JSON can hold."""
    if isinstance(said, str):
        return printable(said)
    if isinstance(said, dict):
        return {printable(key): _data(value) for key, value in said.items()}
    if isinstance(said, float) and not math.isfinite(said):
        return None
    return [_data(item) for item in said] if isinstance(said, list) else said


def _of_mime_type(mime: str, value: Any) -> Any:
    """Return ``value`` as nbformat allows it: only JSON types may hold more than text."""
    return value if isinstance(value, str) or _JSON_TYPE.match(mime) else json.dumps(value)


def _natural(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 1 << 62:
        raise ValueError("number")
    return value
