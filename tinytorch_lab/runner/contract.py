"""What goes into a run of notebook cells and what comes out of it.

Everything here is plain data: a job is a pure function's input, so running one twice is harmless, and a result
can cross a process or a machine as JSON.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Literal, Protocol

from tinytorch_lab.errors import InvalidInputError

_TABLE_KEYS: dict[str, tuple[str, int]] = {
    "cell_seconds": ("cell_seconds", 1),
    "notebook_seconds": ("notebook_seconds", 1),
    "memory_mb": ("memory_bytes", 1 << 20),
    "output_kb": ("output_bytes", 1 << 10),
    "file_mb": ("file_bytes", 1 << 20),
    "open_files": ("open_files", 1),
    "processes": ("processes", 1),
}

Role = Literal["student", "test", "skip"]
Status = Literal["ok", "error", "timeout", "killed", "skipped", "not_run"]
Integrity = Literal["ok", "tampered", "incomplete"]
Confinement = Literal["bwrap", "landlock", "none"]


@dataclass(frozen=True)
class Cell:
    """One code cell to run.

    ``role`` is ``test`` for a cell whose source is the course's own: it is plain Python, compiled outside the
    sandbox, and its probes are recorded. ``skip`` cells are reported as skipped and not run.
    """

    id: str
    source: str
    role: Role = "student"


@dataclass(frozen=True)
class Limits:
    """What a run may use; seconds of wall time, bytes.

    Output is counted for each cell, a file's size for each file. With ``processes`` other than 0 a notebook may
    start that many programs; only bubblewrap can clean up after them, so Landlock alone refuses such a job.
    """

    cell_seconds: float = 30.0
    notebook_seconds: float = 120.0
    memory_bytes: int = 2 << 30
    output_bytes: int = 2 << 20
    file_bytes: int = 64 << 20
    open_files: int = 256
    processes: int = 0

    @classmethod
    def from_table(cls, table: Mapping[str, Any], module: str = "", place: str = "course.toml") -> "Limits":
        """Return the limits that the table ``[limits]`` of the file ``place`` states; the rest keeps its default.

        A table ``[limits.MODULE]`` inside it overrides them for ``module``.

        Raises:
            InvalidInputError: a key is unknown or a value is no positive number.
        """
        general = {key: value for key, value in table.items() if not isinstance(value, Mapping)}
        own = table.get(module, {})
        return cls(**_stated(general, f"{place}: [limits]") | _stated(own, f"{place}: [limits.{module}]"))


def _stated(table: Mapping[str, Any], place: str) -> dict[str, Any]:
    stated: dict[str, Any] = {}
    for key, value in table.items():
        if key not in _TABLE_KEYS or isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            known = ", ".join(_TABLE_KEYS)
            raise InvalidInputError(f"{place} {key} = {value!r} is not a limit; known are {known}.")
        attribute, unit = _TABLE_KEYS[key]
        stated[attribute] = float(value) if attribute.endswith("_seconds") else int(value * unit)
    return stated


@dataclass(frozen=True)
class Job:
    """A notebook's code cells, in order, and all that running them depends on.

    ``files`` are written into the run's empty working folder (relative name to content) before the first cell;
    ``path`` are folders put first on ``sys.path``. ``seed`` fixes the hidden inputs that probes draw.
    """

    cells: tuple[Cell, ...]
    limits: Limits = field(default_factory=Limits)
    path: tuple[str, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse files that would not lie in the working folder.

        Raises:
            InvalidInputError: a name is absolute or leads upwards.
        """
        for name in self.files:
            path = PurePosixPath(name)
            if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
                raise InvalidInputError(f"A run's file must lie in its working folder, which {name!r} would not.")


@dataclass(frozen=True)
class Frame:
    """A place in a traceback: the cell's id (or a file name) and the line, from 1, with its text."""

    cell: str
    line: int
    text: str


@dataclass(frozen=True)
class Failure:
    """Why a cell did not end well.

    ``frames`` run from the cell to the place of the error, ``traceback`` is plain text. ``hidden`` tells that the
    error came up in the hidden part of a test cell: then ``message`` may show hidden inputs and is for graders only.
    """

    kind: str
    message: str
    frames: tuple[Frame, ...]
    traceback: str
    hidden: bool = False


@dataclass(frozen=True)
class ProbeValue:
    """One reported value, already rebuilt outside the sandbox from a JSON header and raw bytes."""

    name: str
    value: Any


@dataclass(frozen=True)
class CellResult:
    """How one cell ended. ``outputs`` are nbformat outputs; ``peak_bytes`` is tracemalloc's peak over the cell."""

    id: str
    status: Status
    execution_count: int | None = None
    outputs: tuple[dict[str, Any], ...] = ()
    failure: Failure | None = None
    seconds: float = 0.0
    peak_bytes: int = 0
    probes: tuple[ProbeValue, ...] = ()


SANDBOX_ENDED = "the sandbox ended unexpectedly"
"""The reason of a run whose sandbox died, not the notebook's process in it: a run again may well succeed."""


@dataclass(frozen=True)
class RunEnd:
    """How the whole run ended; the last item of every stream."""

    integrity: Integrity
    reason: str
    confinement: Confinement
    seconds: float
    cpu_seconds: float
    peak_rss_bytes: int


class Run(Protocol):
    """A run in progress: iterate for the results as cells end; the stream closes with one :class:`RunEnd`."""

    def __iter__(self) -> Iterator[CellResult | RunEnd]:
        """Yield one result for every cell of the job, in order, then the end."""

    def cancel(self) -> None:
        """Stop the run; cells that have not ended are reported as ``not_run``."""


class Executor(Protocol):
    """Whatever can run jobs."""

    def submit(self, job: Job) -> Run:
        """Start ``job`` and return its run; jobs of several callers may run at once."""

    def close(self) -> None:
        """Stop all runs and release the processes."""
