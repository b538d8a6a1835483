"""The worker process: one per course, ends with its parent, and its errors arrive as they were raised."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from nbformat import NotebookNode
from nbgrader.api import Gradebook

from tests.grading.conftest import MODULE, finish
from tests.grading.handins import handed_in, write
from tinytorch_lab.errors import ConflictError, InvalidInputError, NotAvailableError, NotFoundError
from tinytorch_lab.grading.course import init_course
from tinytorch_lab.grading.folder import SETTINGS, CourseFolder, load_course_folder
from tinytorch_lab.grading.service import GradingService


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
            service.report()
        assert "\n" not in str(caught.value)
    finally:
        assert ended(worker) == 0


def test_the_worker_ends_with_its_parent_in_the_middle_of_a_job(course: CourseFolder, released: NotebookNode):
    def endless(notebook: NotebookNode) -> None:
        notebook.cells[1].source = "while True:\n    pass"

    for number in range(20):
        place = f"{MODULE}/{MODULE}.ipynb"
        write(handed_in(released, endless), course.root / "submitted", f"student-{number:02}", place)
    worker = started(course)
    assert worker.stdin is not None
    request = {"operation": "autograde", "arguments": {"module": MODULE, "student": None}}
    worker.stdin.write(json.dumps(request).encode() + b"\n")
    worker.stdin.flush()
    time.sleep(3)
    assert worker.poll() is None
    ended(worker, 5)
    with GradingService(course) as service:
        assert finish(service.autograde(MODULE, "student-19")).rows[0].score == 70.0


def test_a_killed_worker_is_reported_and_replaced(service: GradingService, course: CourseFolder):
    assert service.report()
    pid = int((course.state / "worker.lock").read_text())
    os.kill(pid, 9)
    with pytest.raises(NotAvailableError, match=r"worker\.log"):
        service.report()
    assert service.report()


def test_leaving_a_job_early_stops_it(service: GradingService, released: NotebookNode, tmp_path: Path):
    for student in ("ada", "ben", "cleo"):
        write(handed_in(released), tmp_path / "class", student)
    events = service.collect(MODULE, source=tmp_path / "class")
    next(events)
    events.close()
    assert finish(service.collect(MODULE, source=tmp_path / "class")).ok


@pytest.mark.parametrize(
    ("call", "kind", "says"),
    [
        (lambda service: service.generate("17"), NotFoundError, "There is no module '17'"),
        (lambda service: service.generate("02"), NotAvailableError, "not yet available"),
        (lambda service: service.release("../01_sums"), NotFoundError, "There is no module"),
        (lambda service: service.release("later"), NotFoundError, "tito grade generate 02_later"),
        (
            lambda service: service.collect("1", source=Path("/nowhere/at/all")),
            NotFoundError,
            "no folder /nowhere/at/all",
        ),
        (lambda service: service.collect("1", "zoe"), NotFoundError, "zoe has not handed in 01_sums"),
        (lambda service: service.autograde("1"), NotFoundError, "nothing to do for 01_sums; collect it first"),
        (lambda service: service.autograde("1", "zoe"), NotFoundError, "nothing of zoe"),
        (lambda service: service.feedback("1"), NotFoundError, "autograde it first"),
        (lambda service: iter(service.report("later")), NotFoundError, "02_later has not been released"),
        (lambda service: iter(service.manual("1", "zoe")), NotFoundError, "of zoe has not been autograded"),
    ],
)
def test_errors_cross_the_boundary_as_one_sentence(shared, call, kind, says):
    with pytest.raises(kind, match=says) as caught:
        list(call(shared[1]))
    assert "\n" not in str(caught.value)
    assert type(caught.value) is kind


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
    with pytest.raises(InvalidInputError, match=r"nbgrader_config\.py cannot be run: SyntaxError"):
        finish(service.release(MODULE))
    assert course.released(MODULE).is_file()
    folder = course.source(MODULE).parent
    folder.rename(folder.with_name("aside"))
    folder.write_text("in the way", encoding="utf-8")
    with pytest.raises(NotAvailableError, match=r"Cannot write .*01_sums\.ipynb"):
        finish(service.generate(MODULE))
    assert folder.read_text(encoding="utf-8") == "in the way"


def test_a_broken_gradebook_is_named(course: CourseFolder):
    (course.root / "gradebook.db").write_bytes(b"no database, but long enough to look at" * 100)
    with GradingService(course) as service, pytest.raises(NotAvailableError, match="file is not a database"):
        service.report()


def test_without_a_place_for_the_lock_there_is_no_worker(course: CourseFolder):
    course.state.rename(course.root / "aside")
    course.state.write_text("in the way", encoding="utf-8")
    with GradingService(course) as service, pytest.raises(NotAvailableError, match="Cannot start the worker"):
        service.report()
