"""Kill -9 at random moments, a full disk, a read-only folder: nothing is lost, nothing is done twice."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from nbformat import NotebookNode
from sqlalchemy import func, select, text

from tests.grading.conftest import MODULE, TESS, copied, finish, report_of
from tests.grading.handins import handed_in, write
from tinytorch_lab.errors import ConflictError, NotAvailableError
from tinytorch_lab.grading.evidence import now
from tinytorch_lab.grading.folder import CourseFolder, load_course_folder
from tinytorch_lab.grading.jobs import rows
from tinytorch_lab.grading.service import GradingService
from tinytorch_lab.grading.store.database import VERSION_TABLE, open_engine, reading
from tinytorch_lab.grading.store.tables import audit, results, runs
from tinytorch_lab.grading.upkeep import repair_course

CLASS = [f"student-{number:02}" for number in range(100)]
SERVER = """
import sys
from pathlib import Path
from tinytorch_lab.grading.evidence import now
from tinytorch_lab.grading.folder import load_course_folder
from tinytorch_lab.grading.jobs import rows
from tinytorch_lab.grading.service import GradingService, RequestedJob

with GradingService(load_course_folder(Path(sys.argv[1]))) as service:
    job = RequestedJob(service, int(sys.argv[2])) if len(sys.argv) > 2 else service.autograde("01_sums", actor="tess")
    print(job.id, flush=True)
    for step in job:
        print(step, flush=True)
"""


class Server:
    """A process with a grading service, like a Jupyter server: it follows a job until it ends or is killed."""

    def __init__(self, course: CourseFolder, job: int | None = None) -> None:
        command = [sys.executable, "-c", SERVER, str(course.root), *([str(job)] if job else [])]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self._said = self._process.stdout
        self.job = int(self._said.readline())

    @property
    def pid(self) -> int:
        return self._process.pid

    def ended(self) -> bool:
        return self._process.poll() is not None

    def wait(self) -> str:
        """Return the last line it said, which is the job's report."""
        said = self._said.read().strip().splitlines()
        self._process.wait()
        self._said.close()
        return said[-1] if said else ""


def children(pid: int) -> list[int]:
    """Return the processes below ``pid``."""
    with suppress(psutil.NoSuchProcess):
        return [process.pid for process in psutil.Process(pid).children(recursive=True)]
    return []


def worker_of(course: CourseFolder) -> int:
    return int((course.state / "worker.lock").read_text() or 0)


def done_of(course: CourseFolder) -> int:
    with reading(course.db_url) as connection:
        return connection.execute(select(func.count()).select_from(runs)).scalar_one()


def over(course: CourseFolder, job: int) -> bool:
    with reading(course.db_url) as connection:
        return rows.find(connection, job).finished


def killed(pids: list[int]) -> bool:
    """Kill the processes; tell whether there was one to kill."""
    found = False
    for pid in pids:
        with suppress(ProcessLookupError):  # One that is just being replaced is gone already.
            os.kill(pid, signal.SIGKILL)
            found = True
    return found


@pytest.mark.parametrize("database", ["course", "on_postgres"])
def test_kill_minus_nine_ten_times_leaves_everybody_with_one_grade(
    database: str, released: NotebookNode, request: pytest.FixtureRequest
):
    course: CourseFolder = request.getfixturevalue(database)

    def slow(notebook: NotebookNode) -> None:
        notebook.cells[1].source = "import time\ntime.sleep(0.15)"

    for student in CLASS:
        write(handed_in(released, slow), course.root / "submitted", student, f"{MODULE}/{MODULE}.ipynb")
    chance = random.Random(5)
    server = Server(course)
    kills = 0
    while kills < 10:
        assert not over(course, server.job), "there was nothing left to kill in the middle of"
        done = done_of(course)
        goal = done + chance.randint(1, 4)
        moment = time.monotonic() + 60
        while done_of(course) < goal and not server.ended() and time.monotonic() < moment:
            time.sleep(0.05)
        time.sleep(chance.random() * 0.3)
        worker = worker_of(course)
        victim = ("worker", "runner", "server")[kills % 3]
        kills += killed({"worker": [worker], "runner": children(worker)[:1], "server": [server.pid]}[victim])
        if victim == "server" or server.ended():
            server.wait()
            server = Server(course, server.job)
    server.wait()
    with GradingService(course) as service:
        if not (report := service.job_report(server.job)).ok:
            report = finish(service.retry(server.job, actor=TESS))
            assert report.ok, report
    lines = report_of(course)
    assert {name: lines[name].automatic for name in CLASS} == dict.fromkeys(CLASS, 70.0)
    with reading(course.db_url) as connection:
        if database == "course":
            assert connection.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"
        graded = connection.execute(text("SELECT student_id, count(*) FROM submitted_assignment GROUP BY 1")).all()
        assert sorted(graded) == [(student, 1) for student in CLASS]
        cells = text("SELECT notebook_id, cell_id, count(*) FROM grade GROUP BY 1, 2 HAVING count(*) > 1")
        assert connection.execute(cells).all() == []
        assert connection.execute(select(func.count()).select_from(results)).scalar_one() == len(CLASS)
    assert [line for line in repair_course(course, TESS) if "gradebook" in line or "damaged" in line] == []


@contextmanager
def mounted(options: str, place: Path) -> Iterator[Path]:
    """Mount a small file system at ``place``; skips where that is not allowed."""
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill(place: Path) -> Path:
    """Fill the disk at ``place`` to the last block."""
    filling = place / "filling"
    with filling.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            return filling


def refusals(service: GradingService, released: NotebookNode) -> list[str]:
    """Return what is said to whoever hands in, marks and autogrades."""
    said = []
    asked: list[Callable[[], object]] = [
        lambda: service.submit(MODULE, "dora", json.dumps(handed_in(released)).encode()),
        lambda: service.mark(MODULE, "ada", "response_1", 9, "x" * 9000, actor=TESS),
        lambda: finish(service.autograde(MODULE, ["ben"], actor=TESS)),
    ]
    for ask in asked:
        with pytest.raises(NotAvailableError) as caught:
            ask()
        said.append(str(caught.value))
    return said


def test_a_full_disk_is_said_and_nothing_is_lost(graded_template: CourseFolder, released: NotebookNode, tmp_path: Path):
    with mounted("size=24m", tmp_path / "disk") as disk:
        course = copied(graded_template, disk)
        before = report_of(course)
        with GradingService(course) as service:
            service.mark(MODULE, "ada", "response_1", 8, "kept", actor=TESS)
            filling = fill(disk)
            said = refusals(service, released)
            assert all("\n" not in sentence for sentence in said)
            assert all("full" in sentence or "space" in sentence for sentence in said), said
            filling.unlink()
            assert service.submit(MODULE, "dora", json.dumps(handed_in(released)).encode()).student == "dora"
            assert service.mark(MODULE, "ada", "response_1", 9, actor=TESS).mark.standing
            assert finish(service.autograde(MODULE, ["ben"], actor=TESS)).ok
        after = report_of(course)
        assert {name: row.automatic for name, row in before.items()} == {
            name: row.automatic for name, row in after.items() if name != "dora"
        }
        assert after["ada"].written == 9


def test_a_read_only_course_is_said_and_left_alone(graded_template: CourseFolder, tmp_path: Path):
    with mounted("size=24m", tmp_path / "disk") as disk:
        copied(graded_template, disk)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        course = load_course_folder(disk / "course")
        with GradingService(course) as service, pytest.raises(NotAvailableError, match="Read-only file system"):
            service.mark(MODULE, "ada", "response_1", 8, actor=TESS)
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
        with GradingService(course) as service:
            assert service.mark(MODULE, "ada", "response_1", 8, actor=TESS).mark.standing


def test_repair_mends_what_was_left_half_done(graded: CourseFolder, released: NotebookNode):
    assert repair_course(graded, TESS) == []
    (graded.state / ".01_sums.ipynb.ab12cd34").write_text("half", encoding="utf-8")
    write(handed_in(released), graded.root / "submitted", "emil", f"{MODULE}/{MODULE}.ipynb")
    engine = open_engine(graded.db_url)
    with engine.begin() as connection:
        connection.execute(
            results.update().where(results.c.student == "ada").values(automatic=3.0, penalty=2.0, returned_at="2026")
        )
        for table in ("sample_mark", "sample", "share", "flag"):
            connection.execute(text(f"DROP TABLE tinytorch_{table}"))
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '0001'"))
        rows.add(connection, "autograde", {"module": MODULE}, TESS, now())
    assert repair_course(graded, TESS) == [
        "Removed 1 half-written files.",
        f"Entered 1 submissions found in submitted/: emil's {MODULE}.",
        f"Brought 1 lines in step with the gradebook: ada's {MODULE}.",
        "Jobs that go on with the next command: 5.",
    ]
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM tinytorch_flag")).scalar_one() == 0
        (entry,) = connection.execute(select(audit)).all()[-1:]
        assert (entry.actor, entry.action) == (TESS, "repair")
        ada = connection.execute(select(results).where(results.c.student == "ada")).one()
        assert (ada.penalty, ada.returned_at) == (0.0, None)
    engine.dispose()
    assert report_of(graded)["ada"].automatic == 70.0
    assert report_of(graded)["emil"].state == "submitted"
    for blob in (graded.state / "store").rglob("*.ipynb"):
        blob.write_bytes(b"{}")
    assert "is damaged; restore it from a backup" in " ".join(repair_course(graded, TESS))


def test_repair_says_that_a_database_is_beyond_it(graded: CourseFolder):
    database = graded.root / "gradebook.db"
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    content = bytearray(database.read_bytes())
    content[len(content) // 2 :] = b"\xff" * (len(content) - len(content) // 2)
    database.write_bytes(content)
    with pytest.raises(NotAvailableError, match=r"restore|malformed|not a database"):
        repair_course(graded, TESS)


def test_repair_leaves_a_course_that_is_in_use_alone(graded: CourseFolder):
    with GradingService(graded) as service:
        service.start()
        with pytest.raises(ConflictError, match="graded by another process"):
            repair_course(graded, TESS)
