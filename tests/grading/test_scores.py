"""What a graded run stores: nbgrader's rows as nbgrader would make them, our line beside them, both or neither."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest
from nbgrader.api import Gradebook
from sqlalchemy import select, update

from tests.grading.conftest import MODULE
from tinytorch_lab.errors import NotFoundError
from tinytorch_lab.grading.evidence import Evidence, ScoredTest, load_evidence, save_run
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.gradebook import CourseGradebook, connection_of, give_mark, prepare
from tinytorch_lab.grading.scores import AutomaticResult, Summary, read_summary, record_result
from tinytorch_lab.grading.store.tables import results

RESPONSES = ("response_1", "response_2", "response_3")
RESULT = AutomaticResult(
    scores={"test_add": 40.0, "test_double": 15.0},
    answered={"response_1": True, "response_2": True, "response_3": False},
    changed=frozenset(RESPONSES[:2]),
    needs_review=False,
)
EVIDENCE = Evidence(
    module=MODULE,
    student="ada",
    graded_at="2026-01-02T03:04:05.678+00:00",
    submission="1" * 64,
    source="2" * 64,
    integrity="ok",
    reason="",
    confinement="bwrap",
    tests=(
        ScoredTest("test_add", 40.0, 40.0, "passed", "", ""),
        ScoredTest("test_double", 15.0, 30.0, "partly passed", "no", "x"),
    ),
    answers={"response_1": "3" * 64},
    notes=("A note.",),
)
HANDED_IN = datetime(2026, 1, 1, 12, 30)


@pytest.fixture
def book(course: CourseFolder) -> Iterator[CourseGradebook]:
    prepare(course)
    book = CourseGradebook(course)
    yield book
    book.close()


def rows(gradebook: Gradebook, student: str) -> tuple[set[tuple[object, ...]], set[tuple[object, ...]]]:
    notebook = gradebook.find_submission_notebook(MODULE, MODULE, student)
    grades = {(row.name, row.auto_score, row.manual_score, row.needs_manual_grade) for row in notebook.grades}
    return grades, {(row.name, row.auto_comment, row.manual_comment) for row in notebook.comments}


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
def test_the_rows_are_those_that_nbgrader_makes(book: CourseGradebook):
    with book.transaction() as gradebook:
        gradebook.update_or_create_student("theirs")
        gradebook.add_submission(MODULE, "theirs", timestamp=HANDED_IN)
        for name, score in RESULT.scores.items():
            grade = gradebook.find_grade(name, MODULE, MODULE, "theirs")
            grade.auto_score, grade.needs_manual_grade = score, False
        grade = gradebook.find_grade("response_3", MODULE, MODULE, "theirs")
        grade.auto_score, grade.needs_manual_grade = 0.0, False
        gradebook.find_comment("response_3", MODULE, MODULE, "theirs").auto_comment = "No response."
    with book.transaction() as gradebook:
        record_result(connection_of(gradebook), MODULE, "ours", RESULT, HANDED_IN)
    with book.transaction() as gradebook:
        assert rows(gradebook, "ours") == rows(gradebook, "theirs")
        ours, theirs = (gradebook.find_submission(MODULE, name) for name in ("ours", "theirs"))
        assert (ours.timestamp, ours.score, ours.max_score) == (theirs.timestamp, theirs.score, theirs.max_score)
        assert ours.needs_manual_grade


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
def test_a_submission_that_nbgrader_entered_is_completed(book: CourseGradebook):
    with book.transaction() as gradebook:
        gradebook.add_submission(MODULE, "ada", timestamp=datetime(2025, 1, 1))
    with book.transaction() as gradebook:
        record_result(connection_of(gradebook), MODULE, "ada", RESULT, HANDED_IN)
    with book.transaction() as gradebook:
        assert gradebook.find_submission(MODULE, "ada").timestamp == HANDED_IN
        assert gradebook.find_grade("test_add", MODULE, MODULE, "ada").auto_score == 40.0
        assert len(gradebook.find_submission_notebook(MODULE, MODULE, "ada").grades) == 5


def test_marks_stay_and_are_asked_for_again_only_where_the_answer_changed(book: CourseGradebook):
    with book.transaction() as gradebook:
        connection = connection_of(gradebook)
        first = record_result(connection, MODULE, "ada", RESULT)
        assert first == Summary(55.0, 70.0, 0.0, 30.0, 2)
    with book.transaction() as gradebook:
        for name in RESPONSES[:2]:
            give_mark(gradebook, MODULE, "ada", name, 8.0, "good")
    with book.transaction() as gradebook:
        connection = connection_of(gradebook)
        assert read_summary(connection, MODULE, "ada") == Summary(55.0, 70.0, 16.0, 30.0, 0)
        again = replace(RESULT, changed=frozenset(["response_2"]))
        assert record_result(connection, MODULE, "ada", again) == Summary(55.0, 70.0, 16.0, 30.0, 1)
    with book.transaction() as gradebook:
        assert gradebook.find_grade("response_2", MODULE, MODULE, "ada").needs_manual_grade
        assert gradebook.find_comment("response_1", MODULE, MODULE, "ada").manual_comment == "good"
    with book.transaction() as gradebook:
        as_last_time = replace(RESULT, changed=frozenset())
        assert record_result(connection_of(gradebook), MODULE, "ada", as_last_time).to_mark == 1


def test_a_corrected_test_whose_score_changed_waits_until_it_is_looked_at(book: CourseGradebook):
    with book.transaction() as gradebook:
        record_result(connection_of(gradebook), MODULE, "ada", RESULT)
        grade = gradebook.find_grade("test_double", MODULE, MODULE, "ada")
        grade.manual_score, grade.needs_manual_grade = 20.0, False
    for _ in range(2):
        with book.transaction() as gradebook:
            lower = replace(RESULT, scores={**RESULT.scores, "test_double": 0.0})
            record_result(connection_of(gradebook), MODULE, "ada", lower)
        with book.transaction() as gradebook:
            assert gradebook.find_grade("test_double", MODULE, MODULE, "ada").needs_manual_grade


def test_a_module_that_was_not_released_stores_nothing(book: CourseGradebook):
    with pytest.raises(NotFoundError, match="09_other has not been released"), book.transaction() as gradebook:
        record_result(connection_of(gradebook), "09_other", "zoe", RESULT)
    with book.transaction() as gradebook:
        assert "zoe" not in [student.id for student in gradebook.students]


def test_scores_and_reasons_are_stored_together_or_not_at_all(book: CourseGradebook):
    def stored_halfway() -> None:
        with book.transaction() as gradebook:
            connection = connection_of(gradebook)
            save_run(connection, EVIDENCE, record_result(connection, MODULE, "ada", RESULT), None)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stored_halfway()
    with book.transaction() as gradebook:
        assert load_evidence(connection_of(gradebook), MODULE, "ada") is None
        assert read_summary(connection_of(gradebook), MODULE, "ada") is None


def test_what_was_returned_is_held_back_again_when_it_would_read_differently(book: CourseGradebook):
    def returned_after(evidence: Evidence) -> object:
        with book.transaction() as gradebook:
            connection = connection_of(gradebook)
            save_run(connection, EVIDENCE, Summary(55.0, 70.0, 0.0, 30.0, 2), None)
            connection.execute(update(results).values(returned_at="2026-02-01", feedback_at="2026-02-01", penalty=3.0))
            save_run(connection, evidence, Summary(60.0, 70.0, 0.0, 30.0, 2), EVIDENCE)
            row = connection.execute(select(results)).mappings().one()
            assert (row["automatic"], row["penalty"], row["to_mark"]) == (60.0, 3.0, 2)
            assert (row["graded_at"], row["integrity"]) == (evidence.graded_at, evidence.integrity)
            assert load_evidence(connection, MODULE, "ada") == evidence
            return row["returned_at"], row["feedback_at"]

    slower = tuple(replace(test, seconds=9.0, detail="y") for test in EVIDENCE.tests)
    later = "2026-03-01T00:00:00.000+00:00"
    assert returned_after(replace(EVIDENCE, graded_at=later, tests=slower)) == ("2026-02-01", "2026-02-01")
    better = (EVIDENCE.tests[0], replace(EVIDENCE.tests[1], score=30.0))
    for changed in ({"tests": better}, {"notes": ()}, {"submission": "4" * 64}, {"answers": {}}):
        assert returned_after(replace(EVIDENCE, **changed)) == (None, None)
