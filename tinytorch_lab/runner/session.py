"""One run from the trusted side: cells go in one at a time, what comes back is checked against whose turn it is."""

import functools
import hashlib
import marshal
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from tinytorch_lab.runner.canary import canary_places, deal_checks, make_canary
from tinytorch_lab.runner.confinement import readable_paths
from tinytorch_lab.runner.connection import Connection, Lost
from tinytorch_lab.runner.contract import Cell, CellResult, Confinement, Frame, Integrity, Job, ProbeValue, RunEnd
from tinytorch_lab.runner.forkserver import ForkServer
from tinytorch_lab.runner.frames import FrameReader, ProtocolError, pack
from tinytorch_lab.runner.results import Places, filename_of_test, made_failure, make_result, printable
from tinytorch_lab.runner.values import MAX_DESCRIPTION_BYTES, MAX_VALUE_BYTES, decode

_GRACE_SECONDS = 3.0
"""How long after its time a cell may still answer before its process is killed: showing and describing an error may
take a second each, and a machine that grades on all its cores needs a little more."""

_MAX_PROBES = 2_000
_MAX_PROBE_BYTES = 64 << 20
_CANARY_SECONDS = 5.0
_REPORT_BYTES = 2 << 20
"""What a cell's report may hold beside its outputs: errors and their tracebacks."""

_DISK_FACTOR = 4
_OUTPUT_FACTOR = 4
"""How much more than one file, or one cell, a whole notebook may write."""


class Session:
    """Runs one job in one child of a fork server."""

    def __init__(self, job: Job, server: ForkServer, confinement: Confinement, cancelled: Callable[[], bool]) -> None:
        self._job, self._server, self._confinement, self._cancelled = job, server, confinement, cancelled
        self._started = time.monotonic()
        self._deadline = self._started + job.limits.notebook_seconds
        self._places = Places(job.cells, job.path)
        self._connection: Connection | None = None
        self._output_left = _OUTPUT_FACTOR * job.limits.output_bytes
        self._probe_bytes_left = _MAX_PROBE_BYTES
        self._lost: Lost | None = None
        self._evidence: list[str] = []

    def items(self) -> Iterator[CellResult | RunEnd]:
        """Yield one result for every cell, in order, whatever happens to the child, and the end."""
        canaries = canary_places([place for place, cell in enumerate(self._job.cells) if cell.role == "test"])
        checks = deal_checks(sum(canaries.values())) if canaries else []
        try:
            self._guarded(self._open)
            for place, cell in enumerate(self._job.cells):
                yield self._result(place, cell)
                for _ in range(canaries.get(place, 0)):
                    self._guarded(lambda: self._check_canary(checks.pop()))
        finally:
            end = self._connection.close() if self._connection else None
        integrity, reason = self._verdict()
        cpu, rss = (end.cpu_seconds, end.peak_rss_bytes) if end else (0.0, 0)
        yield RunEnd(integrity, reason, self._confinement, time.monotonic() - self._started, cpu, rss)

    def _verdict(self) -> tuple[Integrity, str]:
        reasons = [*dict.fromkeys(self._evidence), *([self._lost.reason] if self._lost else [])]
        tampered = bool(self._evidence) or (self._lost is not None and self._lost.tampered)
        integrity: Integrity = "tampered" if tampered else "incomplete" if self._lost else "ok"
        return integrity, "; ".join(reasons)

    def _open(self) -> None:
        job, limits = self._job, self._job.limits
        reader = FrameReader(max(limits.output_bytes + _REPORT_BYTES, MAX_DESCRIPTION_BYTES), MAX_VALUE_BYTES)
        disk_limit = _DISK_FACTOR * limits.file_bytes
        self._connection = Connection(self._server, reader, disk_limit, self._cancelled)
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
        self._connection.send(pack(header, b"".join(job.files.values())), self._deadline)
        said, _ = self._connection.next(self._deadline)
        self._places = Places(job.cells, (*job.path, str(said["work"])))
        if self._confinement != "bwrap":
            self._connection.watch(said["pid"])

    def _result(self, place: int, cell: Cell) -> CellResult:
        if cell.role == "skip":
            return CellResult(cell.id, "skipped")
        if self._lost is not None:
            return CellResult(cell.id, "not_run", failure=made_failure("NotRun", self._lost.reason))
        if not cell.source.strip():
            return CellResult(cell.id, "ok")
        started, probes = time.monotonic(), list[ProbeValue]()
        try:
            return self._within_budget(self._run(place, cell, probes))
        except SyntaxError as error:
            frame = Frame(cell.id, error.lineno or 1, (error.text or "").rstrip("\n"))
            return CellResult(cell.id, "error", failure=made_failure("SyntaxError", error.msg, frame))
        except ProtocolError as error:
            lost = _forged(f"sent {error}")
        except Lost as error:
            lost = error
        self._lose(lost)
        failure = made_failure(_KINDS.get(lost.status, "NotRun"), lost.reason)
        seconds = time.monotonic() - started
        return CellResult(cell.id, lost.status, failure=failure, seconds=seconds, probes=tuple(probes))

    def _run(self, place: int, cell: Cell, probes: list[ProbeValue]) -> CellResult:
        limits = self._job.limits
        header: dict[str, Any] = {"place": place, "kind": "student", "output_bytes": limits.output_bytes}
        raw = cell.source.encode("utf-8", "replace")
        if cell.role == "test":
            header |= {"kind": "test", "seed": _seed(self._job.seed, cell.id), "names": None}
            raw = _compiled(cell.source, place)
        started = time.monotonic()
        allowed = min(limits.cell_seconds, self._deadline - started)
        report = self._ask(header, raw, allowed, probes)
        seconds = time.monotonic() - started
        if cell.role == "test":
            self._note_replaced(cell, report)
        return make_result(cell, report, seconds, seconds >= 0.9 * allowed, tuple(probes), self._places)

    def _ask(self, header: dict[str, Any], raw: bytes, seconds: float, probes: list[ProbeValue]) -> dict[str, Any]:
        """Have the child run one cell, collect what it probes, and return its report."""
        connection = self._connection
        if connection is None:
            raise Lost("not_run", "the sandbox was not there")
        if connection.heard():
            raise _forged("spoke out of turn")
        if seconds <= 0:
            raise Lost("not_run", f"the notebook used up its {self._job.limits.notebook_seconds:g} seconds")
        token = secrets.randbits(50)
        deadline = time.monotonic() + seconds + _GRACE_SECONDS
        connection.send(pack(header | {"token": token, "seconds": seconds}, raw), deadline)
        while True:
            said, body = connection.next(deadline)
            if said.get("end") == token:
                return said
            if said.get("probe") != token or header["kind"] != "test":
                raise _forged("sent a message although it was not its turn")
            probes.append(self._probe(said, body, len(probes)))

    def _probe(self, said: dict[str, Any], body: bytes, count: int) -> ProbeValue:
        self._probe_bytes_left -= len(body) + 200
        if self._probe_bytes_left < 0 or count >= _MAX_PROBES:
            raise ProtocolError("more probes than a test may report")
        try:
            name = printable(said["name"])
        except (KeyError, TypeError):
            raise ProtocolError("a probe without a name") from None
        return ProbeValue(name[:200], decode(said.get("value"), body))

    def _note_replaced(self, cell: Cell, report: dict[str, Any]) -> None:
        replaced = report.get("replaced")
        for name in replaced[:5] if isinstance(replaced, list) else []:
            try:
                found = printable(name)[:100].replace("\0", "\N{REPLACEMENT CHARACTER}")
            except TypeError:
                raise ProtocolError("a name of something replaced that is no text") from None
            self._evidence.append(f"{found} had been replaced before {cell.id}")

    def _check_canary(self, checks: tuple[int, ...]) -> None:
        seed = _seed(secrets.randbits(64), "canary")
        canary = make_canary(seed, checks)
        place = len(self._job.cells)
        header = {"kind": "test", "place": place, "seed": seed, "names": canary.values, "output_bytes": 1000}
        probes: list[ProbeValue] = []
        report = self._ask(header, _compiled(canary.source, place), _CANARY_SECONDS, probes)
        evidence = canary.evidence(str(report.get("status")), [(probe.name, probe.value) for probe in probes])
        self._evidence += [evidence] if evidence else []

    def _guarded(self, step: Callable[[], None]) -> None:
        if self._lost is not None:
            return
        try:
            step()
        except ProtocolError as error:
            self._lose(_forged(f"sent {error}"))
        except Lost as lost:
            self._lose(lost)

    def _lose(self, lost: Lost) -> None:
        self._lost = lost
        if self._connection is not None:
            self._connection.close()

    def _within_budget(self, result: CellResult) -> CellResult:
        """Drop outputs beyond what a whole notebook may show."""
        size = sum(len(repr(output)) for output in result.outputs)
        if size <= self._output_left:
            self._output_left -= size
            return result
        note = {"output_type": "stream", "name": "stderr", "text": "[the notebook has shown all it may]\n"}
        errors = [output for output in result.outputs if output["output_type"] == "error"]
        return replace(result, outputs=(note, *errors))


_KINDS = {"timeout": "CellTimeout", "killed": "ProcessEnded"}


def _forged(what: str) -> Lost:
    return Lost("killed", f"the notebook's process {what}", tampered=True)


@functools.lru_cache(maxsize=256)
def _compiled(source: str, place: int) -> bytes:
    """Return the code of a test cell; every student of a class gets the same."""
    return marshal.dumps(compile(source, filename_of_test(place), "exec", dont_inherit=True, optimize=0))


def _seed(seed: int, label: str) -> list[int]:
    digest = hashlib.sha256(f"{seed}:{label}".encode()).digest()
    return [int.from_bytes(digest[start : start + 4], "big") for start in range(0, 16, 4)]
