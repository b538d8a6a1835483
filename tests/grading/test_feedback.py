"""What feedback tells beyond scores: deduction, ticked criteria, the course's rubric, the run on own modules."""

from dataclasses import replace
from datetime import datetime

import pytest
from nbgrader.api import Gradebook
from sqlalchemy import Engine, select, update

from tests.grading.conftest import MODULE, TESS, finish
from tinytorch_lab.coursework import Feedback, OwnRun, OwnTest
from tinytorch_lab.curriculum.notebooks import read_notebook
from tinytorch_lab.grading import marking, terms
from tinytorch_lab.grading.evidence import load_evidence, now
from tinytorch_lab.grading.feedback import compile_feedback, render_page
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.gradebook import CourseGradebook
from tinytorch_lab.grading.own_modules import save_own_run
from tinytorch_lab.grading.service import GradingService
from tinytorch_lab.grading.store.database import open_engine, transaction
from tinytorch_lab.grading.store.tables import results

CRITERION = "names the cost without a figure"


def feedback_on(course: CourseFolder, student: str = "ada") -> Feedback:
    engine = open_engine(course.db_url)
    try:
        with engine.connect() as connection:
            notebook = read_notebook(course.autograded(MODULE, student))
            return compile_feedback(course, connection, MODULE, student, notebook)
    finally:
        engine.dispose()


def test_a_deduction_is_told_with_its_reason(graded: CourseFolder, engine: Engine):
    assert (feedback_on(graded).penalty, feedback_on(graded).lateness) == (0, "")
    (graded.root / "course.toml").write_text("[late]\ndeduction = 10\n", encoding="utf-8")
    with Gradebook(graded.db_url, graded.course_id) as gradebook:
        gradebook.find_submission(MODULE, "ada").timestamp = datetime(2026, 10, 3, 12)
        gradebook.db.commit()
    with transaction(engine) as connection:
        terms.set_due(graded, connection, TESS, module=MODULE, due_at="2026-10-02T00:00:00+00:00")
    found = feedback_on(graded)
    assert found.penalty == pytest.approx(found.score * 0.2)
    assert found.lateness.startswith("Handed in late, 2 days begun after the due date: 20 %")
    assert found.lateness in render_page(found)


def test_the_criteria_that_were_ticked_are_told_once_marked(graded: CourseFolder, book: CourseGradebook):
    assert feedback_on(graded).answers[0].ticked == ()
    place = {"module": MODULE, "student": "ada", "response": "response_1"}
    given = {"points": 8, "level": "Good", "criteria": (CRITERION,), "comment": "Add a figure.", "seen": None}
    with book.transaction() as gradebook:
        marking.add_mark(graded, gradebook, TESS, **place, **given)
    answer = feedback_on(graded).answers[0]
    assert (answer.ticked, answer.comment) == ((CRITERION,), "Add a figure.")
    assert answer.level is not None
    assert answer.above is not None
    assert (answer.level.label, answer.above.label) == ("Good", "Excellent")


def test_the_run_on_own_modules_is_told_until_it_is_graded_anew(graded: CourseFolder, engine: Engine):
    assert feedback_on(graded).own_run is None
    test = OwnTest("test_add", 10, 40, 40, "NotImplementedError", ("00_start",))
    run = OwnRun(MODULE, "ada", now(), (test,), ("00_start",), {})
    with transaction(engine) as connection:
        save_own_run(connection, run)
    found = feedback_on(graded)
    assert found.own_run == run
    assert "Tests that end differently" in render_page(found)
    with transaction(engine) as connection:
        evidence = load_evidence(connection, MODULE, "ada")
        assert evidence is not None
        save_own_run(connection, replace(run, graded_at="2000-01-01T00:00:00.000+00:00"))
    assert feedback_on(graded).own_run is None


@pytest.mark.parametrize(("returned", "kept"), [(None, None), ("2026-10-09T00:00:00.000+00:00", "2026")])
def test_a_page_not_yet_returned_is_written_again_to_tell_of_it(
    graded: CourseFolder, engine: Engine, returned: str | None, kept: str | None
):
    of_ada = results.c.student == "ada"
    with transaction(engine) as connection:
        connection.execute(update(results).where(of_ada).values(feedback_at="2026", returned_at=returned))
        save_own_run(connection, OwnRun(MODULE, "ada", now(), (), (), {}))
        assert connection.execute(select(results.c.feedback_at).where(of_ada)).scalar_one() == kept


def test_the_page_holds_no_hidden_input_and_no_solution(graded: CourseFolder):
    page = render_page(feedback_on(graded))
    for secret in ("probe(", "rng.normal", "BEGIN HIDDEN", "MARK SCHEME", "np.asarray"):
        assert secret not in page


def test_a_job_runs_submissions_on_own_modules(graded: CourseFolder, engine: Engine):
    with GradingService(graded) as service:
        report = finish(service.run_on_own_modules(MODULE, ["ada"], actor=TESS))
    assert [(row.subject, row.ok, row.message) for row in report.rows] == [("ada", True, "No difference.")]
    own_run = feedback_on(graded).own_run
    assert own_run is not None
    assert [test.score for test in own_run.tests] == [40, 30]
