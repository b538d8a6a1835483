"""Grading many at once: in order, each result stored before it is told, one student's trouble nobody else's."""

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from tests.clusters import make_certificates, running_cluster
from tests.grading.conftest import MODULE, TESS, finish, refused, report_of
from tests.grading.handins import cell, half_wrong, handed_in
from tinytorch_lab.errors import InvalidInputError, NotAvailableError, NotFoundError
from tinytorch_lab.grading.autograde import Autograder
from tinytorch_lab.grading.evidence import Evidence, load_evidence
from tinytorch_lab.grading.execution import ModuleRunner
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.gradebook import CourseGradebook, connection_of
from tinytorch_lab.grading.rules import certificates_of, limits_of
from tinytorch_lab.grading.service import GradingService
from tinytorch_lab.runner.contract import Limits

STUDENTS = [f"student{number}" for number in range(8)]


@pytest.fixture
def collected(course: CourseFolder, released: NotebookNode) -> CourseFolder:
    """A course in which eight have handed in, every other one of them half wrong."""
    for number, student in enumerate(STUDENTS):
        path = course.submitted(MODULE, student)
        path.parent.mkdir(parents=True)
        nbformat.write(handed_in(released, *([half_wrong] if number % 2 else [])), path)
    return course


@pytest.fixture
def gradebook(collected: CourseFolder) -> Iterator[CourseGradebook]:
    gradebook = CourseGradebook(collected)
    yield gradebook
    gradebook.close()


@pytest.fixture
def autograder(collected: CourseFolder, gradebook: CourseGradebook) -> Iterator[Autograder]:
    with Autograder(collected, gradebook) as autograder:
        autograder.prepare(MODULE)
        yield autograder


def stored(gradebook: CourseGradebook, student: str) -> Evidence | None:
    with gradebook.transaction() as book:
        return load_evidence(connection_of(book), MODULE, student)


def scores(outcomes: list[tuple[str, Evidence | Exception]]) -> list[float | str]:
    return [outcome.score if isinstance(outcome, Evidence) else type(outcome).__name__ for _, outcome in outcomes]


def test_a_class_is_graded_in_its_order_and_stored_as_it_goes(autograder: Autograder, gradebook: CourseGradebook):
    outcomes = []
    for student, outcome in autograder.grade_many(MODULE, STUDENTS):
        assert stored(gradebook, student) == outcome
        outcomes.append((student, outcome))
    assert [student for student, _ in outcomes] == STUDENTS
    assert scores(outcomes) == [70.0, 55.0] * 4


def test_what_is_stored_beside_the_scores_is_a_valid_notebook(autograder: Autograder, collected: CourseFolder):
    list(autograder.grade_many(MODULE, STUDENTS[:2]))
    for student in STUDENTS[:2]:
        notebook = nbformat.read(collected.autograded(MODULE, student), as_version=4)
        nbformat.validate(notebook)
        assert cell(notebook, "test_add").execution_count


def test_a_students_trouble_is_that_students_alone(
    autograder: Autograder, collected: CourseFolder, gradebook: CourseGradebook
):
    collected.submitted(MODULE, STUDENTS[1]).write_text("{", encoding="utf-8")
    outcomes = list(autograder.grade_many(MODULE, [STUDENTS[0], "nobody", STUDENTS[1], STUDENTS[2]]))
    assert scores(outcomes) == [70.0, "NotFoundError", 0.0, 70.0]
    assert isinstance(outcomes[1][1], NotFoundError)
    assert stored(gradebook, "nobody") is None


def test_the_courses_trouble_ends_it(autograder: Autograder, collected: CourseFolder):
    (collected.root / "autograded").write_text("in the way")
    with pytest.raises(NotAvailableError, match="Cannot write"):
        list(autograder.grade_many(MODULE, STUDENTS))


def test_students_are_taken_when_there_is_room_and_given_up_when_nobody_waits(
    autograder: Autograder, gradebook: CourseGradebook
):
    taken: list[str] = []

    def names() -> Iterator[str]:
        for student in STUDENTS:
            taken.append(student)
            yield student

    outcomes = autograder.grade_many(MODULE, names())
    next(outcomes)
    assert STUDENTS[0] in taken
    assert len(taken) < len(STUDENTS)
    outcomes.close()
    assert stored(gradebook, STUDENTS[0]) is not None
    assert stored(gradebook, STUDENTS[1]) is None


def test_limits_are_the_modules_own_then_the_courses(collected: CourseFolder):
    rules = collected.root / "course.toml"
    rules.write_text(f"[limits]\ncell_seconds = 7\n[limits.{MODULE}]\nopen_files = 99\n")
    assert limits_of(collected, MODULE) == Limits(cell_seconds=7.0, open_files=99)
    rules.write_text("[limits.01_sum]\nopen_files = 99\n")
    with pytest.raises(InvalidInputError, match=r"course\.toml: \[limits\.01_sum\] is of no module of this course"):
        limits_of(collected, MODULE)


def test_a_module_may_be_allowed_to_start_programs(collected: CourseFolder, gradebook: CourseGradebook):
    path = collected.submitted(MODULE, STUDENTS[0])
    notebook = nbformat.read(path, as_version=4)
    starts = "import subprocess\nassert subprocess.run(['true']).returncode == 0\n"
    cell(notebook, "double").source = starts + cell(notebook, "double").source
    nbformat.write(notebook, path)
    rules = collected.root / "course.toml"
    for processes, score in ((0, 40.0), (4, 70.0)):
        rules.write_text(f"[limits.{MODULE}]\nprocesses = {processes}\n")
        with Autograder(collected, gradebook) as autograder:
            autograder.prepare(MODULE)
            assert autograder.grade(MODULE, STUDENTS[0]).score == score


def test_the_reference_runs_again_only_when_something_changed(
    collected: CourseFolder, monkeypatch: pytest.MonkeyPatch, gradebook: CourseGradebook
):
    started: list[str] = []
    job = ModuleRunner._job

    def noted(*arguments: object) -> object:
        started.append("run")
        return job(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(ModuleRunner, "_job", noted)
    with Autograder(collected, gradebook) as autograder:
        autograder.prepare(MODULE)
        autograder.prepare(MODULE)
        assert len(started) == 1
        (collected.root / "course.toml").write_text("[limits]\ncell_seconds = 9\n")
        autograder.prepare(MODULE)
        assert len(started) == 2


def test_a_cluster_grades_as_this_machine_does(collected: CourseFolder, tmp_path: Path):
    pytest.importorskip("distributed")
    certificates = make_certificates(tmp_path)
    with (
        running_cluster(tmp_path, certificates, workers=2) as cluster,
        GradingService(collected) as service,
    ):
        refusal = refused(service.autograde(MODULE, STUDENTS[:1], cluster=cluster.address, actor=TESS))
        assert "[cluster] has to name the files authority, certificate, key" in refusal
        files = (f'{name} = "{getattr(certificates, name)}"' for name in ("authority", "certificate", "key"))
        (collected.root / "course.toml").write_text("\n".join(["[cluster]", *files]))
        assert certificates_of(collected) == certificates
        tcp = cluster.address.replace("tls://", "tcp://")
        assert "not a TLS address" in refused(service.autograde(MODULE, STUDENTS[:1], cluster=tcp, actor=TESS))
        assert finish(service.autograde(MODULE, cluster=cluster.address, actor=TESS)).ok
        there = {student: row.lost for student, row in report_of(collected).items()}
        assert finish(service.autograde(MODULE, actor=TESS)).ok
        here = {student: row.lost for student, row in report_of(collected).items()}
    assert here == there
    assert here[STUDENTS[0]] == ()
    assert here[STUDENTS[1]] != ()
