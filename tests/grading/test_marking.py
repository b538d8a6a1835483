"""Marks: who gave them, what they saw, what stands, and that nobody's is lost."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from nbgrader.api import Gradebook
from sqlalchemy import Engine, select

from tests.grading.conftest import MODULE
from tests.grading.handins import cell
from tests.modules import SCHEME
from tinytorch_lab.curriculum.markscheme import lift_mark_scheme, parse_mark_scheme
from tinytorch_lab.curriculum.notebooks import read_notebook, write_notebook
from tinytorch_lab.errors import ConflictError, InvalidInputError, NotFoundError
from tinytorch_lab.grading import marking
from tinytorch_lab.grading.evidence import digest
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.gradebook import CourseGradebook, connection_of
from tinytorch_lab.grading.queries.pace import GraderPace, marking_pace
from tinytorch_lab.grading.records import Mark, Marked
from tinytorch_lab.grading.rubric import scheme_of
from tinytorch_lab.grading.service import GradingService
from tinytorch_lab.grading.sources import load_module_source
from tinytorch_lab.grading.store.database import transaction
from tinytorch_lab.grading.store.tables import comments, marks, results, runs

Give = Callable[..., Marked]
TOP = "names the cost of `double` with its measured figure"


@pytest.fixture
def give(graded: CourseFolder, book: CourseGradebook) -> Give:
    """Mark ada's first answer."""

    def give(points: float, actor: str = "tess", **more: Any) -> Marked:
        given = {"student": "ada", "response": "response_1", "level": "", "criteria": (), "comment": "", "seen": None}
        with book.transaction() as gradebook:
            return marking.add_mark(graded, gradebook, actor, module=MODULE, points=points, **given | more)

    return give


def undone(course: CourseFolder, book: CourseGradebook, mark: int, actor: str = "tess") -> Mark:
    with book.transaction() as gradebook:
        return marking.undo_mark(course, gradebook, actor, mark)


def gradebook_says(course: CourseFolder, response: str = "response_1") -> tuple[float | None, bool, str | None]:
    """Return manual score, whether the answer waits, and the comment, as nbgrader's own API reads them."""
    with Gradebook(course.db_url, course.course_id) as gradebook:
        grade = gradebook.find_grade(response, MODULE, MODULE, "ada")
        comment = gradebook.find_comment(response, MODULE, MODULE, "ada").manual_comment
        return grade.manual_score, grade.needs_manual_grade, comment


def line_of(engine: Engine, student: str = "ada") -> Any:
    with engine.connect() as connection:
        return connection.execute(select(results).where(results.c.student == student)).one()


def test_a_mark_stands_in_gradebook_and_line_with_its_level(graded: CourseFolder, give: Give, engine: Engine):
    assert (line_of(engine).written, line_of(engine).to_mark, line_of(engine).marked_at) == (0.0, 3, None)
    given = give(9.5, criteria=(TOP,), comment=" Well measured.\0 ")
    assert given.other is None
    assert (given.mark.level, given.mark.criteria, given.mark.author) == ("Excellent", (TOP,), "tess")
    assert given.mark.standing
    assert gradebook_says(graded) == (9.5, False, "Well measured.")
    assert (line_of(engine).written, line_of(engine).to_mark) == (9.5, 2)
    assert line_of(engine).marked_at >= given.mark.at


def test_a_mark_takes_back_what_was_returned(give: Give, engine: Engine):
    with transaction(engine) as connection:
        connection.execute(results.update().values(feedback_at="2026", returned_at="2026"))
    give(5)
    assert (line_of(engine).feedback_at, line_of(engine).returned_at) == (None, None)
    assert line_of(engine, "ben").returned_at == "2026"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"points": 10.5}, "worth 0 to 10 points, not 10.5"),
        ({"points": -1}, "worth 0 to 10 points"),
        ({"points": float("nan")}, "worth 0 to 10 points"),
        ({"points": 8, "level": "Splendid"}, "no level 'Splendid'; its levels are Excellent, Good"),
        ({"points": 8, "level": "Excellent"}, "8 points for response_1 are the level Good, not Excellent"),
        ({"points": 8, "criteria": ("charm",)}, "no criterion 'charm'"),
        ({"points": 8, "actor": " "}, "name of who gives it"),
    ],
)
def test_what_the_scheme_does_not_know_is_refused(graded: CourseFolder, give: Give, given: dict[str, Any], says: str):
    with pytest.raises(InvalidInputError, match=says):
        give(**given)
    assert gradebook_says(graded) == (None, True, None)


def test_marks_on_what_is_not_there_are_refused(give: Give):
    with pytest.raises(NotFoundError, match="its questions are response_1, response_2, response_3"):
        give(8, response="test_add")
    with pytest.raises(ConflictError, match="has not been autograded"):
        give(8, student="nobody")


def test_another_graders_mark_that_was_not_seen_stands_until_somebody_decides(
    graded: CourseFolder, book: CourseGradebook, give: Give, engine: Engine
):
    first = give(8, "tess").mark
    met = give(4, "ugo")
    assert met.other == first
    assert not met.mark.standing
    assert gradebook_says(graded)[0] == 8
    assert line_of(engine).written == 8
    decided = give(6, "ugo", seen=first.id)
    assert decided.other is None
    assert gradebook_says(graded)[0] == 6
    with book.transaction() as gradebook:
        history = marking.mark_history(connection_of(gradebook), MODULE, "ada", "response_1")
    assert [(mark.author, mark.points, mark.standing) for mark in history] == [
        ("tess", 8, True),
        ("ugo", 4, False),
        ("ugo", 6, True),
    ]


def test_ones_own_mark_needs_no_look(give: Give):
    give(8)
    assert give(7).mark.standing


def test_undoing_restores_what_stood_before_down_to_nothing(graded: CourseFolder, book: CourseGradebook, give: Give):
    first = give(8, comment="first").mark
    second = give(3, comment="second").mark
    restored = undone(graded, book, second.id)
    assert (restored.points, restored.level, restored.comment, restored.author) == (8, "Good", "first", "tess")
    assert gradebook_says(graded) == (8, False, "first")
    with pytest.raises(ConflictError, match="Another mark stands by now"):
        undone(graded, book, first.id)
    with pytest.raises(NotFoundError, match="no mark 99"):
        undone(graded, book, 99)


def test_undoing_the_first_mark_has_the_answer_marked_again(
    graded: CourseFolder, book: CourseGradebook, give: Give, engine: Engine
):
    first = give(8, comment="oops").mark
    assert undone(graded, book, first.id).points is None
    assert gradebook_says(graded) == (None, True, None)
    assert (line_of(engine).written, line_of(engine).to_mark) == (0.0, 3)
    with book.transaction() as gradebook:
        assert marking.standing_mark(connection_of(gradebook), MODULE, "ada", "response_1") is None
    assert give(9, "ugo").mark.standing


def test_two_graders_at_once_both_keep_their_mark_and_one_is_told(graded: CourseFolder):
    with GradingService(graded) as service:
        service.start()
        with ThreadPoolExecutor(2) as threads:
            asked = [
                threads.submit(service.mark, MODULE, "ada", "response_2", points, actor=actor)
                for actor, points in (("tess", 9), ("ugo", 5))
            ]
            given = [answer.result() for answer in asked]
    (told,) = (one for one in given if one.other)
    (standing,) = (one.mark for one in given if not one.other)
    assert told.other == standing
    assert {told.mark.author, standing.author} == {"tess", "ugo"}
    assert gradebook_says(graded, "response_2")[0] == standing.points


def test_kept_comments_are_counted_when_a_mark_quotes_them(graded: CourseFolder, give: Give, engine: Engine):
    def keep(text: str) -> int:
        with transaction(engine) as connection:
            return marking.keep_comment(graded, connection, "tess", module=MODULE, response="response_1", text=text)

    kept = keep("Give figures.")
    assert keep(" Give figures. ") == kept
    give(7, comment="Give figures.")
    give(8, comment="Nearly. Give figures.")
    give(8, comment="Fine.")
    with transaction(engine) as connection:
        assert connection.execute(select(comments.c.uses)).scalar_one() == 1
        marking.delete_comment(graded, connection, "tess", kept)
        with pytest.raises(NotFoundError, match="no comment"):
            marking.delete_comment(graded, connection, "tess", kept)
    with pytest.raises(InvalidInputError, match="empty comment"):
        keep("  ")


def test_a_question_without_a_scheme_has_the_courses_rubric(graded: CourseFolder):
    path = graded.source(MODULE)
    assert scheme_of(load_module_source(path).known["response_1"]) == parse_mark_scheme(SCHEME)
    notebook = read_notebook(path)
    bare = cell(notebook, "response_1")
    bare.source = lift_mark_scheme(bare.source)
    bare.metadata["nbgrader"]["points"] = 5
    write_notebook(notebook, path)
    scheme = scheme_of(load_module_source(path).known["response_1"])
    assert [(level.low, level.high) for level in scheme.levels] == [(4.5, 5), (3.5, 4), (2.5, 3), (1.5, 2), (0, 1)]
    assert scheme.level_for(4.5).label == "Excellent"


def test_an_answer_saved_several_times_is_one_step_of_the_pace(give: Give, engine: Engine):
    for student in ("ada", "ada", "ada", "ben", "ben"):
        give(7, student=student)
    moments = ("12:00:00", "12:00:01", "12:00:40", "12:01:00", "12:01:05")
    with transaction(engine) as connection:
        for number, moment in zip(
            connection.execute(select(marks.c.id).order_by(marks.c.id)).scalars(), moments, strict=True
        ):
            connection.execute(marks.update().where(marks.c.id == number).values(at=f"2026-11-26T{moment}+00:00"))
        assert marking_pace(connection, MODULE, "response_1").pace == (GraderPace("tess", 2, 60.0),)


def answer_now(engine: Engine, text: str) -> None:
    """Have ada's first answer be ``text``, as a graded resubmission would."""
    with transaction(engine) as connection:
        answers = dict(connection.execute(select(runs.c.answers).where(runs.c.student == "ada")).scalar_one())
        changed = {**answers, "response_1": digest(text)}
        connection.execute(runs.update().where(runs.c.student == "ada").values(answers=changed))


def test_a_mark_for_a_text_that_is_no_longer_there_is_refused(graded: CourseFolder, give: Give, engine: Engine):
    answer_now(engine, "before")
    assert give(8, answer=digest("before")).mark.standing
    answer_now(engine, "after")
    with pytest.raises(ConflictError, match="changed since you opened it"):
        give(9, answer=digest("before"))
    assert gradebook_says(graded) == (8, False, None)
    assert give(9, answer=digest("after")).mark.answer == digest("after")


def test_undoing_has_a_changed_answer_wait_again(
    graded: CourseFolder, book: CourseGradebook, give: Give, engine: Engine
):
    answer_now(engine, "before")
    give(8)
    answer_now(engine, "after")
    second = give(2).mark
    restored = undone(graded, book, second.id)
    assert (restored.points, restored.answer) == (8, digest("before"))
    assert gradebook_says(graded) == (8, True, None)
    assert (line_of(engine).written, line_of(engine).to_mark) == (8.0, 3)
