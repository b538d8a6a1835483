"""The corpus of attacks: each is a hand-in for one small assignment, with what must come of it.

Run as a program it checks the whole corpus as the present user and prints the violations as JSON; the tests use
that to repeat it as an ordinary user.
"""

import contextlib
import json
import os
import secrets
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import psutil

from tinytorch_lab.runner.contract import Cell, CellResult, Job, Limits, RunEnd
from tinytorch_lab.runner.judge import judge
from tinytorch_lab.runner.pool import LocalExecutor

ATTACKS = sorted((Path(__file__).parent / "attacks").glob("*.attack"))
LIMITS = Limits(
    cell_seconds=1,
    notebook_seconds=20,
    memory_bytes=1 << 30,
    output_bytes=100_000,
    file_bytes=32 << 20,
    open_files=64,
)
POINTS = 5.0

PRELUDE = """
import numpy as np

def attempt(what, call):
    try:
        call()
    except (Exception, SystemExit):
        return
    print("ESCAPED:", what)

def refused(result):
    if result is None or result < 0:
        raise OSError
    return result
"""
TEST_SCALE = """
def test_unit_scale():
    np.testing.assert_allclose(scale(np.ones(2), 3.0), [3.0, 3.0])
test_unit_scale()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng
a = rng.normal(size=4)
probe("scale", scale(a, 2.5))
probe("scale shape", scale(rng.normal(size=(2, 3)), 0.5))
### END HIDDEN TESTS
"""
TEST_TOTAL = """
def test_unit_total():
    np.testing.assert_allclose(total(np.array([1.0, 2.0, 3.0])), 6.0)
test_unit_total()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng
name = "marker-of-a-hidden-test"
for size in (4, 5, 6):
    probe(f"total of {size}", total(rng.normal(size=size)))
probe("total of text", raises(lambda: total("text")))
### END HIDDEN TESTS
"""


@dataclass(frozen=True)
class Attack:
    """A hand-in and what must come of it: one of ``scores``; ``integrity`` may be ``any``."""

    name: str
    scores: tuple[float, ...]
    integrity: str
    source: str


@dataclass(frozen=True)
class Surroundings:
    """What an attack could read, write or reach: a home with secrets, listening sockets, the grader's process."""

    home: Path
    secret: str
    tcp: socket.socket
    udp: list[socket.socket]
    names: dict[str, str]
    others: frozenset[int]

    def problems(self) -> list[str]:
        """Return what has been touched."""
        found = [] if _describe(self.home) == self.names["@STATE@"] else ["files of the grader were changed"]
        for listener in (self.tcp, *self.udp):
            listener.settimeout(0)
            with contextlib.suppress(BlockingIOError):
                _ = listener.accept() if listener is self.tcp else listener.recv(100)
                found.append("something arrived on the network")
        return found


def read_attack(path: Path) -> Attack:
    """Read an attack with its header."""
    text = path.read_text(encoding="utf-8")
    header = dict(line.removeprefix("# ").split(": ", 1) for line in text.splitlines()[:3])
    return Attack(path.stem, tuple(map(float, header["score"].split(" or "))), header["integrity"], text)


@contextlib.contextmanager
def surroundings() -> Iterator[Surroundings]:
    """Set up what attacks try to reach."""
    with contextlib.ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="grader-home-")))
        secret = f"SECRET-{secrets.token_hex(8)}"
        for name in ("gradebook.db", "solution.ipynb", ".ssh/id", "submitted/other/hw.ipynb"):
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).write_text(secret)
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        path, abstract = f"{home}/socket", f"tinytorch-{secrets.token_hex(4)}"
        listeners = []
        for address in (path, "\0" + abstract):
            listener = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
            listener.bind(address)
            listeners.append(listener)
        names = {
            "@SECRET@": f"{home}/gradebook.db", "@HOME@": str(home), "@PORT@": str(tcp.getsockname()[1]),
            "@SOCKET@": path, "@ABSTRACT@": abstract, "@PID@": str(os.getpid()), "@STATE@": _describe(home),
        }  # fmt: skip
        os.environ["TINYTORCH_TOKEN"] = secret
        stack.callback(os.environ.pop, "TINYTORCH_TOKEN")
        yield Surroundings(home, secret, tcp, listeners, names, frozenset(_below_us()))


def job(source: str, names: dict[str, str]) -> Job:
    """Return the job of a hand-in: its cells, then the tests."""
    for name, value in names.items():
        source = source.replace(name, value)
    pieces = [piece for piece in source.split("# %%") if piece.strip()]
    student = tuple(Cell(f"student{number}", piece) for number, piece in enumerate(pieces))
    tests = (Cell("test_scale", TEST_SCALE, "test"), Cell("test_total", TEST_TOTAL, "test"))
    return Job((Cell("prelude", PRELUDE), *student, *tests), limits=LIMITS, seed=7)


def run(executor: LocalExecutor, made: Job) -> tuple[list[CellResult], RunEnd]:
    """Run a job to its end."""
    items = list(executor.submit(made))
    end = items.pop()
    assert isinstance(end, RunEnd)
    return [item for item in items if isinstance(item, CellResult)], end


def score(results: list[CellResult], reference: list[CellResult]) -> float:
    """Return the points of the tests."""
    pairs = zip(results[-2:], reference[-2:], strict=True)
    return sum(judge(result, expected, POINTS).score for result, expected in pairs)


def violations(executor: LocalExecutor, attack: Attack, place: Surroundings, reference: list[CellResult]) -> list[str]:
    """Run one attack and return every rule it broke."""
    made = job(attack.source, place.names)
    started = time.monotonic()
    results, end = run(executor, made)
    found = place.problems()
    if time.monotonic() - started > LIMITS.notebook_seconds + 5:
        found.append("it took longer than a notebook may")
    if [result.id for result in results] != [cell.id for cell in made.cells]:
        found.append("cells are missing from the results")
    if end.integrity != attack.integrity != "any":
        found.append(f"integrity is {end.integrity} ({end.reason})")
    if "\0" in end.reason or end.reason.encode("utf-8", "replace") != end.reason.encode("utf-8", "surrogatepass"):
        found.append(f"no database takes its reason {end.reason!r}")
    if score(results, reference) not in attack.scores:
        found.append(f"it scores {score(results, reference)}")
    escapes = _shown_escapes(results)
    if escapes or place.secret in repr(results):
        found.append(f"it escaped: {escapes}")
    for result in results:
        for output in result.outputs:
            nbformat.validate(output, ref=output["output_type"], version=4)
    found += _left_behind(executor, place)
    after, after_end = run(executor, job((Path(__file__).parent / "attacks/honest.attack").read_text(), place.names))
    if (score(after, reference), after_end.integrity) != (2 * POINTS, "ok"):
        found.append(f"the next submission scored {score(after, reference)} ({after_end.reason})")
    traces, _ = run(executor, Job((Cell("look", LOOK),), limits=LIMITS))
    text = "".join(output.get("text", "") for output in traces[0].outputs)
    if text.strip() != "clean":
        found.append(f"the next submission finds {text.strip()!r}")
    return found


LOOK = """
import os, sys
import numpy as np
found = [f"{folder}/{name}" for folder in (".", "/tmp", "/dev/shm") if os.access(folder, os.R_OK)
         for name in (os.listdir(folder) if folder == "." else [])]
for folder in ("/tmp", "/dev/shm", os.environ["HOME"] + "/.."):
    try:
        found += [name for name in os.listdir(folder) if name != os.path.basename(os.getcwd())]
    except OSError:
        pass
    for name in ("trace-of-another", "attack-file", "attack-folder"):
        if os.path.lexists(f"{folder}/{name}"):
            found.append(f"{folder}/{name}")
if hasattr(np, "trace_of_another") or "trace_of_another" in sys.modules:
    found.append("state")
print(found or "clean")
"""


def _shown_escapes(results: list[CellResult]) -> list[str]:
    texts = [str(output.get("text", "")) for result in results for output in result.outputs]
    return [line[:200] for text in texts for line in text.splitlines() if "ESCAPED" in line or "SECRET" in line]


def _below_us() -> set[int]:
    return {process.pid for process in psutil.Process().children(recursive=True)}


def _left_behind(executor: LocalExecutor, place: Surroundings) -> list[str]:
    """Return the processes that are more than the fork server itself."""
    allowed = 2 if executor.confinement == "bwrap" else 1
    for _ in range(20):
        running = _below_us() - place.others
        if len(running) <= allowed:
            return []
        time.sleep(0.05)
    return [f"processes are left: {running}"]


def _describe(folder: Path) -> str:
    """Return names, modes, owners, times and contents below ``folder``."""
    lines = []
    for path in sorted([folder, *folder.rglob("*")]):
        found = path.stat()
        content = path.read_text() if path.is_file() else ""
        lines.append(f"{path} {found.st_mode} {found.st_uid} {found.st_mtime_ns} {content} {os.listxattr(path)}")
    return "\n".join(lines)


def reference_results(executor: LocalExecutor, place: Surroundings) -> list[CellResult]:
    """Return what the right solution gives."""
    return run(executor, job((Path(__file__).parent / "attacks/honest.attack").read_text(), place.names))[0]


def main() -> None:
    """Check every attack at each level named on the command line."""
    found = {}
    for level in sys.argv[1:]:
        with surroundings() as place, LocalExecutor(confinement=level) as executor:  # type: ignore[arg-type]
            reference = reference_results(executor, place)
            for path in ATTACKS:
                problems = violations(executor, read_attack(path), place, reference)
                if problems:
                    found[f"{level}: {path.stem}"] = problems
    print(json.dumps({"user": os.geteuid(), "checked": len(ATTACKS) * len(sys.argv[1:]), "violations": found}))


if __name__ == "__main__":
    main()
