"""The worker process: one per course, ends with its parent, and its errors arrive as they were raised."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import psutil
import pytest
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from sqlalchemy import select

from tests.grading.conftest import MODULE, TESS, finish, refused
from tests.grading.handins import handed_in, write
from tinytorch_lab.errors import ConflictError, InvalidInputError, NotAvailableError, NotFoundError
from tinytorch_lab.grading.connection import WorkerConnection
from tinytorch_lab.grading.course import init_course
from tinytorch_lab.grading.evidence import now
from tinytorch_lab.grading.folder import SETTINGS, CourseFolder, load_course_folder
from tinytorch_lab.grading.jobs import rows
from tinytorch_lab.grading.records import JobEvent, JobReport, Progress
from tinytorch_lab.grading.service import GradingService, RequestedJob
from tinytorch_lab.grading.store.database import open_engine, transaction
from tinytorch_lab.grading.store.tables import runs


def started(course: CourseFolder) -> subprocess.Popen[bytes]:
    """Start a worker by hand and wait until it serves."""
    command = [sys.executable, "-m", "tinytorch_lab.grading", str(course.root)]
    worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert worker.stdout is not None
    assert json.loads(worker.stdout.readline())["kind"] == "ready"
    return worker


def ended(worker: subprocess.Popen[bytes], seconds: float = 20) -> int:
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.close()
    code = worker.wait(seconds)
    worker.stdout.close()
    return code


def test_a_second_worker_refuses_and_names_the_first(course: CourseFolder):
    worker = started(course)
    try:
        with GradingService(course) as service, pytest.raises(ConflictError, match=rf"pid {worker.pid}\)") as caught:
            service.jobs()
        assert "\n" not in str(caught.value)
    finally:
        assert ended(worker) == 0


def slow(notebook: NotebookNode) -> None:
    notebook.cells[1].source = "import time\ntime.sleep(0.4)"


def submitted(course: CourseFolder, notebook: NotebookNode, count: int) -> list[str]:
    """Put ``count`` equal submissions into the course folder, as collecting would."""
    students = [f"student-{number:02}" for number in range(count)]
    for student in students:
        write(notebook, course.root / "submitted", student, f"{MODULE}/{MODULE}.ipynb")
    return students


def worker_of(course: CourseFolder) -> int:
    return int((course.state / "worker.lock").read_text())


def runs_of(course: CourseFolder) -> list[str]:
    """Return the students that were graded, in that order."""
    engine = open_engine(course.db_url)
    with transaction(engine) as connection:
        found = list(connection.execute(select(runs.c.student).order_by(runs.c.graded_at)).scalars())
    engine.dispose()
    return found


def test_the_worker_ends_with_its_parent_in_the_middle_of_a_job_which_the_next_one_goes_on_with(
    course: CourseFolder, released: NotebookNode
):
    students = submitted(course, handed_in(released, slow), 8)
    with GradingService(course) as service:
        job = service.autograde(MODULE, actor=TESS)
        next(step for step in job if isinstance(step, Progress))
        ending = time.monotonic()
    assert time.monotonic() - ending < 3
    graded = runs_of(course)
    assert 1 <= len(graded) < 8
    with GradingService(course) as service:
        report = finish(RequestedJob(service, job.id))
        assert {row.subject for row in report.rows} == set(students)
        assert service.job(job.id).attempt == 1
    assert runs_of(course)[: len(graded)] == graded


def test_a_killed_worker_is_replaced_and_its_job_gone_on_with(course: CourseFolder, released: NotebookNode):
    students = submitted(course, handed_in(released, slow), 4)
    with GradingService(course) as service:
        job = service.autograde(MODULE, actor=TESS)
        steps = iter(job)
        first = next(steps)
        os.kill(worker_of(course), signal.SIGKILL)
        *rest, report = steps
        assert isinstance(report, JobReport)
        assert report.ok
        assert sorted(step.subject for step in [first, *rest] if isinstance(step, Progress)) == students
        again = service.job(job.id)
        assert (again.state, again.attempt, again.done, again.total) == ("done", 2, 4, 4)
        assert again.requested_at <= again.queued_at <= (again.started_at or "") <= (again.finished_at or "")
        assert again.reported_at is not None
    assert sorted(runs_of(course)) == students


def test_a_request_that_a_dying_worker_leaves_open_is_refused_and_the_next_is_served(
    service: GradingService, course: CourseFolder
):
    service.start()
    os.kill(worker_of(course), signal.SIGSTOP)
    with ThreadPoolExecutor() as threads:
        asked = threads.submit(service.jobs)
        time.sleep(0.2)
        os.kill(worker_of(course), signal.SIGKILL)
        with pytest.raises(NotAvailableError, match=r"worker\.log"):
            asked.result()
    assert [job.kind for job in service.jobs()] == ["release", "generate"]


def test_who_was_refused_is_served_even_before_the_end_of_the_worker_was_told(
    service: GradingService, course: CourseFolder, monkeypatch: pytest.MonkeyPatch
):
    served, told, tell = Event(), Event(), service._worker_died

    def ask_until_refused() -> None:
        while True:
            service.jobs()

    def told_late(worker: WorkerConnection) -> None:
        assert served.wait(30)
        tell(worker)
        told.set()

    monkeypatch.setattr(service, "_worker_died", told_late)
    service.start()
    dying = worker_of(course)
    with service.listening() as events:
        os.kill(dying, signal.SIGKILL)
        with pytest.raises(NotAvailableError, match=r"worker\.log"):
            ask_until_refused()
        assert [job.kind for job in service.jobs()] == ["release", "generate"]
        successor = worker_of(course)
        served.set()
        assert told.wait(30)
        assert events.get(timeout=30) is None
    assert worker_of(course) == successor != dying


def test_the_end_of_a_worker_is_told_although_a_request_broke_on_its_pipe(
    service: GradingService, course: CourseFolder
):
    busy, go_on = Event(), Event()

    def hold(_event: JobEvent | None) -> None:
        busy.set()
        assert go_on.wait(30)

    service.start()
    with ThreadPoolExecutor() as threads, service.listening() as events:
        service.listen(hold)
        threads.submit(service.release, MODULE, actor=TESS)
        assert busy.wait(30)
        worker = psutil.Process(worker_of(course))
        worker.kill()
        while worker.status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)
        asked = threads.submit(service.jobs)
        time.sleep(0.3)
        go_on.set()
        while events.get(timeout=30) is not None:
            pass
        assert isinstance(asked.exception(30), NotAvailableError | None)


def test_what_kills_the_worker_twice_is_left_out_and_said(course: CourseFolder, released: NotebookNode):
    submitted(course, handed_in(released), 2)
    with GradingService(course) as service:
        service.start()
    engine = open_engine(course.db_url)
    with transaction(engine) as connection:
        job = rows.add(connection, "autograde", {"module": MODULE, "students": None, "changed": False}, TESS, now())
        rows.plan(connection, job.id, ["student-00", "student-01"])
        for _ in range(2):
            assert rows.begin(connection, job.id, "student-00")
    engine.dispose()
    with GradingService(course) as service:
        report = finish(RequestedJob(service, job.id))
        assert [(row.subject, row.ok) for row in report.rows] == [("student-01", True), ("student-00", False)]
        assert "died twice" in report.rows[1].message
        retried = finish(service.retry(job.id, actor=TESS))
        assert [(row.subject, row.ok, row.score) for row in retried.rows] == [("student-00", True, 70.0)]
        with pytest.raises(NotFoundError, match="nothing to try again"):
            service.retry(service.jobs(1)[0].id, actor=TESS)


def test_short_operations_do_not_wait_for_a_job_and_many_may_ask_at_once(course: CourseFolder, released: NotebookNode):
    submitted(course, handed_in(released, slow), 24)
    with GradingService(course) as service:
        service.start()
        job = service.autograde(MODULE, actor=TESS)
        next(iter(job))
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda number: service.enrol([f"guest-{number}"], actor=TESS), range(24)))
        assert not service.job(job.id).finished
        service.cancel(job.id, actor=TESS)
        finish(job)
    with Gradebook(course.db_url, course.course_id) as gradebook:
        assert {f"guest-{number}" for number in range(24)} <= {student.id for student in gradebook.students}


def test_a_cancelled_job_ends_after_the_subjects_in_hand_and_a_waiting_one_never_begins(
    course: CourseFolder, released: NotebookNode
):
    in_hand = len(os.sched_getaffinity(0)) + 1
    submitted(course, handed_in(released, slow), in_hand + 3)
    with GradingService(course) as service:
        job, waiting = service.autograde(MODULE, actor=TESS), service.autograde(MODULE, actor=TESS)
        steps = iter(job)
        next(steps)
        assert service.cancel(job.id, actor="ida").state == "cancelled"
        service.cancel(waiting.id, actor="ida")
        *_, report = steps
        assert isinstance(report, JobReport)
        assert (report.ok, report.state, report.message) == (False, "cancelled", "Cancelled by ida.")
        assert 1 <= len(report.rows) <= 1 + in_hand
        assert finish(waiting).rows == ()
        with pytest.raises(ConflictError, match="cancelled already"):
            service.cancel(job.id, actor=TESS)
        with pytest.raises(NotFoundError, match="no job 99"):
            service.job(99)


def test_what_is_logged_during_a_job_is_kept_with_it(service: GradingService, course: CourseFolder):
    job = service.release(MODULE, actor=TESS)
    assert finish(job).ok
    assert "01_sums" in service.job_log(job.id)
    assert service.job_log(99) == ""


@pytest.mark.parametrize(
    ("call", "kind", "says"),
    [
        (lambda service: service.generate("17", actor=TESS), NotFoundError, "There is no module '17'"),
        (lambda service: service.release("../01_sums", actor=TESS), NotFoundError, "There is no module"),
        (lambda service: service.mark("1", "zoe", "response_1", 5, actor=TESS), ConflictError, "not been autograded"),
        (lambda service: service.set_due("1", "tomorrow", actor=TESS), InvalidInputError, "'tomorrow' is no date"),
        (lambda service: service.enrol(["a/b"], actor=TESS), InvalidInputError, "no student id"),
        (lambda service: service.submit("later", "ada", b"{}"), NotFoundError, "not released"),
    ],
)
def test_errors_cross_the_boundary_as_one_sentence(shared, call, kind, says):
    with pytest.raises(kind, match=says) as caught:
        call(shared[1])
    assert "\n" not in str(caught.value)
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda service: service.generate("02", actor=TESS), "not yet available"),
        (lambda service: service.release("later", actor=TESS), "tito grade generate 02_later"),
        (lambda service: service.collect("1", source=Path("/nowhere/at"), actor=TESS), "no folder /nowhere/at"),
        (lambda service: service.collect("1", ["zoe"], actor=TESS), "zoe has not handed in 01_sums"),
        (lambda service: service.autograde("1", actor=TESS), "nothing to do for 01_sums; collect it first"),
        (lambda service: service.autograde("1", ["zoe"], actor=TESS), "nothing of zoe"),
        (lambda service: service.feedback("1", actor=TESS), "autograde it first"),
    ],
)
def test_a_job_that_cannot_be_done_says_why_in_one_sentence(shared, call, says):
    reason = refused(call(shared[1]))
    assert says in reason
    assert "\n" not in reason


def test_making_a_course_again_completes_it_and_changes_nothing_else(course: CourseFolder, tmp_path: Path):
    settings, config = course.root / SETTINGS, course.root / "nbgrader_config.py"
    changed = settings.read_text(encoding="utf-8").replace("= false", "= true")
    settings.write_text(changed, encoding="utf-8")
    config.unlink()
    released = course.released(MODULE).read_bytes()
    again = init_course(course.root, course.library, ["ada", "ben"])
    assert again.allow_unsandboxed
    assert settings.read_text(encoding="utf-8") == changed
    assert config.is_file()
    assert course.released(MODULE).read_bytes() == released
    with Gradebook(course.db_url, course.course_id) as gradebook:
        assert [student.id for student in gradebook.students] == ["ada", "ben"]
        assert [assignment.name for assignment in gradebook.assignments] == [MODULE]
    with pytest.raises(InvalidInputError, match="no student id"):
        init_course(tmp_path / "new", course.library, ["not/an/id"])
    assert not (tmp_path / "new").exists()


def test_what_is_no_course_is_said_so(tmp_path: Path, course: CourseFolder):
    with pytest.raises(NotFoundError, match="is not a course folder; make one with: tito grade init"):
        load_course_folder(tmp_path)
    with pytest.raises(NotFoundError, match="There is no folder"):
        load_course_folder(tmp_path / "missing")
    settings = course.root / SETTINGS
    text = settings.read_text(encoding="utf-8")
    for broken, says in (
        (text + "typo = 1\n", "typo"),
        (text.replace('"mini"', "7"), "course_id"),
        ("a =", "not valid TOML"),
    ):
        settings.write_text(broken, encoding="utf-8")
        with pytest.raises(InvalidInputError, match=says):
            load_course_folder(course.root)
    settings.write_text(text, encoding="utf-8")
    settings.write_text(text.replace(str(course.curriculum), str(tmp_path / "gone")), encoding="utf-8")
    with pytest.raises(NotFoundError, match=r"holds no course\.toml"):
        load_course_folder(course.root)


def test_what_cannot_be_written_or_run_is_named_and_changes_nothing(service: GradingService, course: CourseFolder):
    config = course.root / "nbgrader_config.py"
    config.write_text("c = get_config(\n", encoding="utf-8")
    reason = refused(service.release(MODULE, actor=TESS))
    assert "nbgrader_config.py cannot be run: SyntaxError" in reason
    assert course.released(MODULE).is_file()
    folder = course.source(MODULE).parent
    folder.rename(folder.with_name("aside"))
    folder.write_text("in the way", encoding="utf-8")
    reason = refused(service.generate(MODULE, actor=TESS))
    assert "Cannot write" in reason
    assert "01_sums.ipynb" in reason
    assert folder.read_text(encoding="utf-8") == "in the way"


def test_a_broken_gradebook_is_named(course: CourseFolder):
    (course.root / "gradebook.db").write_bytes(b"no database, but long enough to look at" * 100)
    with GradingService(course) as service, pytest.raises(NotAvailableError, match="file is not a database"):
        service.jobs()


def test_without_a_place_for_the_lock_there_is_no_worker(course: CourseFolder):
    course.state.rename(course.root / "aside")
    course.state.write_text("in the way", encoding="utf-8")
    with GradingService(course) as service, pytest.raises(NotAvailableError, match="Cannot start the worker"):
        service.jobs()
