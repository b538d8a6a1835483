"""One run from the trusted side: cells go in one at a time, what comes back is checked against whose turn it is."""

import hashlib
import marshal
import secrets
import select
import signal
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tinytorch_lab.runner.canary import canary_places, make_canary
from tinytorch_lab.runner.confinement import readable_paths
from tinytorch_lab.runner.contract import Cell, CellResult, Failure, Frame, Integrity, Job, ProbeValue, Status
from tinytorch_lab.runner.forkserver import ChildEnd, ForkServer
from tinytorch_lab.runner.frames import FrameReader, ProtocolError, pack
from tinytorch_lab.runner.results import Places, made_failure, make_result, printable, test_filename
from tinytorch_lab.runner.values import MAX_VALUE_BYTES, decode

_GRACE_SECONDS = 1.0
"""How long after its time a cell may still answer before its process is killed."""

_TICK_SECONDS = 0.1
_MAX_PROBES = 2_000
_MAX_PROBE_BYTES = 64 << 20
_CANARY_SECONDS = 5.0


class _Lost(Exception):
    """The child cannot go on: ``status`` of the cell it was running, and why."""

    def __init__(self, status: Status, reason: str, tampered: bool = False) -> None:
        super().__init__(reason)
        self.status: Status = status
        self.reason = reason
        self.tampered = tampered


@dataclass
class _Answer:
    report: dict[str, Any]
    probes: tuple[ProbeValue, ...]
    seconds: float


class Session:
    """Runs one job in one child of a fork server."""

    def __init__(self, job: Job, server: ForkServer, cancelled: Callable[[], bool]) -> None:
        self._job, self._server, self._cancelled = job, server, cancelled
        self._started = time.monotonic()
        self._places = Places(job.cells, job.path)
        self._connection: socket.socket | None = None
        self._reader = FrameReader(6 * job.limits.output_bytes + MAX_VALUE_BYTES + (8 << 20))
        self._inbox: list[tuple[dict[str, Any], bytes]] = []
        self._output_left = 4 * job.limits.output_bytes
        self._probe_bytes_left = _MAX_PROBE_BYTES
        self._lost: _Lost | None = None
        self._evidence: list[str] = []
        self.end: ChildEnd | None = None

    def results(self) -> Iterator[CellResult]:
        """Yield one result for every cell, in order, whatever happens to the child."""
        canaries = canary_places([place for place, cell in enumerate(self._job.cells) if cell.role == "test"])
        self._guarded(self._open)
        for place, cell in enumerate(self._job.cells):
            yield self._result(place, cell)
            for _ in range(canaries.get(place, 0)):
                self._guarded(self._check_canary)
        self._finish()

    @property
    def integrity(self) -> tuple[Integrity, str]:
        """The verdict on the whole run and the evidence for it."""
        lost = self._lost
        if self._evidence or (lost and lost.tampered):
            return "tampered", "; ".join([*dict.fromkeys(self._evidence), *([lost.reason] if lost else [])])
        return ("incomplete", lost.reason) if lost else ("ok", "")

    def _open(self) -> None:
        job, limits = self._job, self._job.limits
        self._connection = self._server.fork()
        header = {
            "files": [[name, len(content)] for name, content in job.files.items()],
            "path": list(job.path),
            "seed": _seed(job.seed, "start"),
            "bounds": {
                "memory_bytes": limits.memory_bytes,
                "file_bytes": limits.file_bytes,
                "open_files": limits.open_files,
                "cpu_seconds": int(2 * limits.notebook_seconds) + 10,
                "processes": limits.processes,
                "readable": readable_paths(job.path),
            },
        }
        deadline = self._started + job.limits.notebook_seconds
        self._send(pack(header, b"".join(job.files.values())), deadline)
        said, _ = self._next(deadline)
        self._places = Places(job.cells, (*job.path, str(said.get("work", ""))))

    def _result(self, place: int, cell: Cell) -> CellResult:
        if cell.role == "skip":
            return CellResult(cell.id, "skipped")
        if self._lost is not None:
            return CellResult(cell.id, "not_run", failure=made_failure("NotRun", self._lost.reason))
        if not cell.source.strip():
            return CellResult(cell.id, "ok")
        try:
            return self._run(place, cell)
        except SyntaxError as error:
            frame = Frame(cell.id, error.lineno or 1, (error.text or "").rstrip("\n"))
            return CellResult(cell.id, "error", failure=made_failure("SyntaxError", error.msg, frame))

    def _run(self, place: int, cell: Cell) -> CellResult:
        limits = self._job.limits
        header: dict[str, Any] = {"place": place, "output_bytes": limits.output_bytes}
        if cell.role == "test":
            header |= {"kind": "test", "seed": _seed(self._job.seed, cell.id), "separate": False}
            raw = _compiled(cell.source, place)
        else:
            header["kind"] = "student"
            raw = cell.source.encode("utf-8", "replace")
        started, probes = time.monotonic(), list[ProbeValue]()
        try:
            answer = self._ask(header, raw, limits.cell_seconds, probes)
            late = answer.seconds >= 0.9 * min(limits.cell_seconds, self._remaining(started))
            if cell.role == "test" and answer.report["replaced"]:
                self._evidence += [f"{printable(name)[:100]} had been replaced before {cell.id}"
                                   for name in answer.report["replaced"][:5]]  # fmt: skip
            result = make_result(cell, answer.report, answer.seconds, late, answer.probes, self._places)
            return self._within_budget(result)
        except ProtocolError as error:
            self._lose(_Lost("killed", f"the notebook's process sent {error}", tampered=True))
        except _Lost as lost:
            self._lose(lost)
        return self._lost_result(cell, time.monotonic() - started, tuple(probes))

    def _ask(self, header: dict[str, Any], raw: bytes, seconds: float, probes: list[ProbeValue]) -> _Answer:
        """Have the child run one cell and wait for its report."""
        if self._heard():
            raise _Lost("killed", "the notebook's process spoke out of turn", tampered=True)
        token = secrets.randbits(50)
        started = time.monotonic()
        seconds = min(seconds, self._remaining(started))
        if seconds <= 0:
            raise _Lost("not_run", _notebook_time(self._job))
        deadline = started + seconds + _GRACE_SECONDS
        self._send(pack(header | {"token": token, "seconds": seconds}, raw), deadline)
        while True:
            said, body = self._next(deadline)
            if said.get("probe") == token and header["kind"] == "test":
                self._take_probe(said, body, probes)
            elif said.get("end") == token:
                return _Answer(said, tuple(probes), time.monotonic() - started)
            else:
                raise _Lost("killed", "the notebook's process sent a message that was not its turn", tampered=True)

    def _take_probe(self, said: dict[str, Any], body: bytes, probes: list[ProbeValue]) -> None:
        self._probe_bytes_left -= len(body) + 200
        if self._probe_bytes_left < 0 or len(probes) >= _MAX_PROBES:
            raise ProtocolError("more probes than a test may report")
        try:
            name = printable(said["name"])
        except (KeyError, TypeError):
            raise ProtocolError("a probe without a name") from None
        probes.append(ProbeValue(name[:200], decode(said.get("value"), body)))

    def _check_canary(self) -> None:
        seed = _seed(secrets.randbits(64), "canary")
        canary = make_canary(seed)
        header = {"kind": "test", "place": len(self._job.cells), "seed": seed, "separate": True, "output_bytes": 1000}
        probes: list[ProbeValue] = []
        report = self._ask(header, _compiled(canary.source, len(self._job.cells)), _CANARY_SECONDS, probes).report
        failure = report.get("failure")
        kind = str(failure.get("kind")) if isinstance(failure, dict) else ""
        evidence = canary.evidence(str(report.get("status")), kind, [(probe.name, probe.value) for probe in probes])
        self._evidence += [evidence] if evidence else []

    def _send(self, message: bytes, deadline: float) -> None:
        if self._connection is None:
            raise _Lost("not_run", "the sandbox was not there")
        self._connection.settimeout(max(deadline - time.monotonic(), 0.01))
        try:
            self._connection.sendall(message)
        except TimeoutError:
            raise _Lost("timeout", "the notebook's process stopped listening") from None
        except OSError:
            raise self._ended() from None

    def _next(self, deadline: float) -> tuple[dict[str, Any], bytes]:
        while not self._inbox:
            now = time.monotonic()
            if self._cancelled():
                raise _Lost("not_run", "the run was cancelled")
            if now > deadline:
                raise _Lost("timeout", "the cell did not stop when its time was over, so its process was ended")
            self._receive(min(_TICK_SECONDS, deadline - now + 0.001))
        return self._inbox.pop(0)

    def _heard(self) -> bool:
        """Tell whether the child has said anything that nobody asked for."""
        if not self._inbox:
            self._receive(0)
        return bool(self._inbox)

    def _receive(self, seconds: float) -> None:
        connection = self._connection
        if connection is None:
            raise _Lost("not_run", "the sandbox was not there")
        readable, _, _ = select.select([connection], [], [], seconds)
        if readable:
            try:
                data = connection.recv(1 << 18)
            except OSError:
                data = b""
            if not data:
                raise self._ended()
            self._inbox += self._reader.feed(data)

    def _ended(self) -> _Lost:
        self.end = self.end or self._server.end_child(wait=True)
        if self.end is None:
            return _Lost("killed", "the sandbox ended unexpectedly")
        status = self.end.status
        how = f"signal {_signal_name(-status)}" if status < 0 else f"exit status {status}"
        return _Lost("killed", f"the notebook's process ended with {how}")

    def _guarded(self, step: Callable[[], None]) -> None:
        if self._lost is not None:
            return
        try:
            step()
        except ProtocolError as error:
            self._lose(_Lost("killed", f"the notebook's process sent {error}", tampered=True))
        except _Lost as lost:
            self._lose(lost)

    def _lose(self, lost: _Lost) -> None:
        self._lost = lost
        self._finish()

    def _finish(self) -> None:
        if self._connection is not None:
            self.end = self.end or self._server.end_child()
            self._connection.close()
            self._connection = None

    def _lost_result(self, cell: Cell, seconds: float, probes: tuple[ProbeValue, ...]) -> CellResult:
        lost = self._lost
        assert lost is not None
        kind = {"timeout": "CellTimeout", "killed": "ProcessEnded"}.get(lost.status, "NotRun")
        failure: Failure = made_failure(kind, lost.reason)
        return CellResult(cell.id, lost.status, failure=failure, seconds=seconds, probes=probes)

    def _within_budget(self, result: CellResult) -> CellResult:
        """Drop outputs beyond what a whole notebook may show."""
        size = sum(len(repr(output)) for output in result.outputs)
        if size <= self._output_left:
            self._output_left -= size
            return result
        note = {"output_type": "stream", "name": "stderr", "text": "[the notebook has shown all it may]\n"}
        errors = tuple(output for output in result.outputs if output["output_type"] == "error")
        return CellResult(**{**vars(result), "outputs": (note, *errors)})

    def _remaining(self, now: float) -> float:
        return self._started + self._job.limits.notebook_seconds - now


def _compiled(source: str, place: int) -> bytes:
    return marshal.dumps(compile(source, test_filename(place), "exec", dont_inherit=True, optimize=0))


def _seed(seed: int, label: str) -> list[int]:
    digest = hashlib.sha256(f"{seed}:{label}".encode()).digest()
    return [int.from_bytes(digest[start : start + 4], "big") for start in range(0, 16, 4)]


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)


def _notebook_time(job: Job) -> str:
    return f"the notebook used up its {job.limits.notebook_seconds:g} seconds"
