"""One course from release to feedback, on the real worker, the real runner and nbgrader's own gradebook."""

import re
from pathlib import Path

import pytest
from nbformat import NotebookNode
from nbgrader.api import Gradebook

from tests.grading.conftest import MODULE, TESS, answers_of, finish, refused, report_of
from tests.grading.handins import ANSWER, cell, half_wrong, handed_in, write
from tests.grading.nbgrader_commands import nbgrader
from tests.modules import SCHEME, marker
from tinytorch_lab.curriculum.build import student_notebook
from tinytorch_lab.curriculum.cells import grade_id
from tinytorch_lab.curriculum.notebooks import read_notebook
from tinytorch_lab.errors import ConflictError, InvalidInputError, NotFoundError
from tinytorch_lab.grading.evidence import Evidence, load_evidence
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.records import Progress
from tinytorch_lab.grading.reports import GradeRow
from tinytorch_lab.grading.service import GradingService
from tinytorch_lab.grading.store.database import open_engine, transaction
from tinytorch_lab.grading.written_answers import Answer
from tinytorch_lab.words import count_words

Shared = tuple[CourseFolder, GradingService]


def answers(shared: Shared, student: str) -> dict[str, Answer]:
    return {answer.response_id: answer for answer in answers_of(shared[0], student)}


def evidence_of(course: CourseFolder, student: str) -> Evidence | None:
    with transaction(open_engine(course.db_url)) as connection:
        return load_evidence(connection, MODULE, student)


def rows(shared: Shared) -> dict[str, GradeRow]:
    return report_of(shared[0])


def test_release_equals_the_self_paced_release_cell_by_cell(template: CourseFolder, released: NotebookNode):
    expected = student_notebook(read_notebook(template.source(MODULE)))
    assert [(item.cell_type, item.source) for item in released.cells] == [
        (item.cell_type, item.source) for item in expected.cells
    ]
    assert [grade_id(item) for item in released.cells] == [grade_id(item) for item in expected.cells]


def test_nothing_secret_is_released(template: CourseFolder):
    published = template.exchange / template.course_id / "outbound" / MODULE / f"{MODULE}.ipynb"
    files = [file for file in [*(template.root / "release").rglob("*"), published] if file.is_file()]
    assert len(files) == 2
    for file in files:
        text = file.read_text(encoding="utf-8")
        for secret in ("BEGIN SOLUTION", "HIDDEN TESTS", "MARK SCHEME", "probe(", "np.asarray(a) + b", "EXCELLENT"):
            assert secret not in text


def test_collect_and_autograde_store_partial_scores(shared: Shared, released: NotebookNode, tmp_path: Path):
    course, service = shared
    write(handed_in(released), tmp_path, "ada")
    write(handed_in(released, half_wrong), tmp_path, "ben", "modules/01_sums/01_sums.ipynb")
    write(handed_in(released, answers=False), tmp_path, "cleo", "01_sums/01_sums.ipynb")
    assert finish(service.collect(MODULE, source=tmp_path, actor=TESS)).ok
    events = list(service.autograde("sums", actor=TESS))
    steps = [event for event in events if isinstance(event, Progress)]
    assert [(step.done, step.total, step.subject) for step in steps] == [(1, 3, "ada"), (2, 3, "ben"), (3, 3, "cleo")]
    with Gradebook(course.db_url, course.course_id) as gradebook:
        scores = {
            (student, test): gradebook.find_grade(test, MODULE, MODULE, student).auto_score
            for student in ("ada", "ben", "cleo")
            for test in ("test_add", "test_double")
        }
        assert gradebook.find_submission(MODULE, "ben").needs_manual_grade
    assert scores == {
        ("ada", "test_add"): 40.0,
        ("ada", "test_double"): 30.0,
        ("ben", "test_add"): 40.0,
        ("ben", "test_double"): 15.0,
        ("cleo", "test_add"): 40.0,
        ("cleo", "test_double"): 30.0,
    }


def test_the_reasons_are_kept_out_of_the_folders_students_see(shared: Shared):
    course, _ = shared
    evidence = evidence_of(course, "ben")
    assert evidence is not None
    half = evidence.tests[1]
    assert (half.status, half.score) == ("partly passed", 15.0)
    assert half.message
    assert half.reference_peak_bytes > 0
    assert not list((course.root / "autograded").rglob("*.json"))


def test_manual_shows_answer_question_words_and_scheme(shared: Shared):
    answer = answers(shared, "ada")["response_2"]
    assert answer.text == f"{ANSWER} (2)"
    assert answer.words == count_words(answer.text) == 16, "the dash is no word"
    assert answer.question.startswith("### Question 2")
    assert answer.scheme is not None
    assert [level.label for level in answer.scheme.levels][:2] == ["Excellent", "Good"]
    assert (answer.points, answer.total, answer.marked) == (None, 10.0, False)
    untouched = answers(shared, "cleo")["response_2"]
    assert (untouched.text, untouched.points, untouched.marked) == ("", 0.0, True)


def test_feedback_waits_for_the_marks(shared: Shared):
    reason = refused(shared[1].feedback(MODULE, actor=TESS))
    assert reason.startswith("6 answers are not marked yet in 01_sums (ada, ben)")
    assert rows(shared)["ada"].state == "to mark"


@pytest.mark.parametrize("points", [-1, 10.5, 99, float("nan"), float("inf")])
def test_marks_outside_the_range_are_refused(shared: Shared, points: float):
    with pytest.raises(InvalidInputError, match="worth 0 to 10 points"):
        shared[1].mark(MODULE, "ada", "response_1", points, "", actor=TESS)
    assert answers(shared, "ada")["response_1"].points is None


def test_marks_on_what_is_not_there_are_refused(shared: Shared):
    with pytest.raises(NotFoundError, match="its questions are response_1, response_2, response_3"):
        shared[1].mark(MODULE, "ada", "test_add", 10, "", actor=TESS)
    with pytest.raises(ConflictError, match="has not been autograded"):
        shared[1].mark(MODULE, "nobody", "response_1", 10, "", actor=TESS)


def test_a_mark_is_stored_with_its_author(shared: Shared):
    course, service = shared
    for student in ("ada", "ben"):
        for name in answers(shared, student):
            service.mark(MODULE, student, name, 8, "Give **figures**. <script>alert(1)</script>", actor=TESS)
    answer = answers(shared, "ada")["response_1"]
    assert (answer.points, answer.author, answer.marked) == (8.0, "tess", True)
    with Gradebook(course.db_url, course.course_id) as gradebook:
        grade = gradebook.find_grade("response_1", MODULE, MODULE, "ada")
        assert (grade.manual_score, grade.needs_manual_grade) == (8.0, False)
        assert gradebook.find_comment("response_1", MODULE, MODULE, "ada").manual_comment.startswith("Give")


def test_feedback_quotes_level_criteria_and_next_level(shared: Shared):
    course, service = shared
    assert finish(service.feedback(MODULE, actor=TESS)).ok
    page = course.feedback(MODULE, "ada").read_text(encoding="utf-8")
    assert "94 of 100" in page
    assert "8 of 10 points: Good" in page
    assert "names the cost without a figure" in page
    assert "Excellent (9\N{EN DASH}10 points)" in page
    assert "names the cost of <code>double</code> with its measured figure" in page
    assert "Give <strong>figures</strong>." in page
    assert "says that it costs something" not in page
    assert "<script" not in page
    page = course.feedback(MODULE, "ben").read_text(encoding="utf-8")
    assert "15 of 30" in page
    assert "partly passed" in page
    assert "probe(" not in page


def test_the_report_has_everyone(shared: Shared):
    _course, service = shared
    service.enrol(["dora"], actor=TESS)
    found = rows(shared)
    assert {name: (row.automatic, row.written, row.score, row.state) for name, row in found.items()} == {
        "ada": (70.0, 24.0, 94.0, "feedback"),
        "ben": (55.0, 24.0, 79.0, "feedback"),
        "cleo": (70.0, 0.0, 70.0, "feedback"),
        "dora": (None, None, None, "not submitted"),
    }
    assert {(row.automatic_total, row.written_total, row.total) for row in found.values()} == {(70.0, 30.0, 100.0)}


def test_nbgraders_own_feedback_command_makes_the_same_page(shared: Shared):
    course, _ = shared
    page = course.feedback(MODULE, "ada")
    ours = page.read_text(encoding="utf-8")
    page.unlink()
    nbgrader(course, "generate_feedback", MODULE, "--force")
    assert page.read_text(encoding="utf-8") == ours


def test_nbgraders_own_autograde_command_gives_the_same_scores_and_keeps_the_marks(shared: Shared):
    course, _ = shared
    before = rows(shared)
    nbgrader(course, "autograde", MODULE, "--student", "ben", "--force")
    after = rows(shared)
    assert (after["ben"].automatic, after["ben"].written) == (before["ben"].automatic, before["ben"].written)
    assert after["ben"].state == "marked"


def test_a_changed_answer_is_to_be_marked_again(shared: Shared, released: NotebookNode, tmp_path: Path):
    def rewrite(notebook: NotebookNode) -> None:
        cell(notebook, "response_3").source = "I thought again."

    _course, service = shared
    write(handed_in(released, rewrite), tmp_path, "ada")
    finish(service.collect(MODULE, source=tmp_path, actor=TESS))
    assert rows(shared)["ada"].state == "submitted"
    assert rows(shared)["ada"].note == "A newer submission waits to be autograded."
    finish(service.autograde(MODULE, ["ada"], actor=TESS))
    marked = {name: answer.marked for name, answer in answers(shared, "ada").items()}
    assert marked == {"response_1": True, "response_2": True, "response_3": False}
    assert answers(shared, "ada")["response_3"].points == 8.0


def test_releasing_again_after_submissions_works_while_cells_are_the_same(shared: Shared):
    course, service = shared
    source = course.library.source_path(course.library.course.modules[0])
    original = source.read_text(encoding="utf-8")
    try:
        source.write_text(original.replace("You can add.", "You can add and double."), encoding="utf-8")
        finish(service.generate(MODULE, actor=TESS))
        assert finish(service.release(MODULE, actor=TESS)).ok
        assert "add and double" in course.released(MODULE).read_text(encoding="utf-8")
        source.write_text(original.replace("test_double", "test_twice"), encoding="utf-8")
        finish(service.generate(MODULE, actor=TESS))
        assert "test_double is gone, test_twice is new" in refused(service.release(MODULE, actor=TESS))
        source.write_text(original.replace('"points": 40', '"points": 41').replace('"points": 30', '"points": 29'))
        finish(service.generate(MODULE, actor=TESS))
        assert "test_add is worth 41 instead of 40 points" in refused(service.release(MODULE, actor=TESS))
        assert "test_double" in course.released(MODULE).read_text(encoding="utf-8")
    finally:
        source.write_text(original, encoding="utf-8")
    finish(service.generate(MODULE, actor=TESS))
    assert finish(service.release(MODULE, actor=TESS)).ok


def test_a_broken_mark_scheme_is_reported_and_the_former_notebook_stays(shared: Shared):
    course, service = shared
    source = course.library.source_path(course.library.course.modules[0])
    original = source.read_text(encoding="utf-8")
    former = course.source(MODULE).read_bytes()
    broken = original.replace(SCHEME, SCHEME.replace("GOOD (7-8 points)", "GOOD (7-9 points)"), 1)
    try:
        source.write_text(broken, encoding="utf-8")
        reason = refused(service.generate(MODULE, actor=TESS))
        assert re.search(r"cell response_1: Levels 'Good' and 'Excellent' .* overlap", reason)
    finally:
        source.write_text(original, encoding="utf-8")
    assert course.source(MODULE).read_bytes() == former


def test_a_module_that_cannot_be_graded_stops_the_job_before_any_student(
    shared: Shared, released: NotebookNode, tmp_path: Path
):
    course, service = shared
    write(handed_in(released), tmp_path / "class", "emil")
    finish(service.collect(MODULE, source=tmp_path / "class", actor=TESS))
    source = course.source(MODULE)
    original = source.read_text(encoding="utf-8")
    source.write_text(original.replace("return add(a, a)", "return a"), encoding="utf-8")
    reason = refused(service.autograde(MODULE, actor=TESS))
    assert "reference solution of 01_sums fails its own test test_double" in reason
    source.write_text(original.replace('"points": 40', '"points": 41'), encoding="utf-8")
    assert "changed since its release; release it again" in refused(service.autograde(MODULE, actor=TESS))
    assert evidence_of(course, "emil") is None
    source.write_text(original, encoding="utf-8")
    assert finish(service.autograde(MODULE, ["emil"], actor=TESS)).rows[0].score == 70.0


def test_the_exchange_works_with_nbgraders_own_commands(course: CourseFolder, service: GradingService, tmp_path: Path):
    home = tmp_path / "student"
    home.mkdir()
    config = (course.root / "nbgrader_config.py").read_text(encoding="utf-8")
    config = config.replace("Path(__file__).parent", f"Path({str(course.root)!r})")
    (home / "nbgrader_config.py").write_text(config, encoding="utf-8")
    nbgrader(course, "fetch_assignment", MODULE, folder=home)
    fetched = home / MODULE / f"{MODULE}.ipynb"
    write(handed_in(read_notebook(fetched)), home, MODULE, f"{MODULE}.ipynb")
    nbgrader(course, "submit", MODULE, folder=home)
    (inbound,) = (course.exchange / course.course_id / "inbound").iterdir()
    student = re.split(r"\+", inbound.name)[0]
    report = finish(service.collect(MODULE, actor=TESS))
    assert [(row.subject, row.ok) for row in report.rows] == [(student, True)]
    assert course.submitted(MODULE, student).read_bytes() == fetched.read_bytes()
    assert finish(service.autograde(MODULE, actor=TESS)).rows[0].score == 70.0
    assert finish(service.return_feedback(MODULE, force=True, actor=TESS)).ok
    nbgrader(course, "fetch_feedback", MODULE, folder=home)
    (page,) = home.glob(f"{MODULE}/feedback/*/{MODULE}.html")
    assert page.read_bytes() == course.feedback(MODULE, student).read_bytes()
    assert (course.exchange / course.course_id / "feedback").stat().st_mode & 0o777 == 0o711


QUESTIONS = f"""# Reflection, in the notation of the course's established response cells
# %% [markdown] {marker("thinking-task-1", locked=True).replace('"task": false', '"task": true')}
\"\"\"
### Question 1: Where the time goes
**Question:** Which of your two functions waits for memory?
\"\"\"
# %% [markdown] {marker("thinking-response-1", points=10, grade=True, solution=True)}
\"\"\"
=== BEGIN MARK SCHEME ===
GRADING CRITERIA (10 points total):
EXCELLENT (9-10 points):
- compares bytes moved with operations done
GOOD (5-8 points):
- names memory traffic
NO CREDIT (0-4 points):
- no response or off-topic
=== END MARK SCHEME ===
**Your Response:**
[Student writes their analysis here]
\"\"\"
"""


def test_question_cells_that_nbgrader_refuses_go_the_whole_way(shared: Shared, tmp_path: Path):
    course, service = shared
    source = tmp_path / "reflection.py"
    source.write_text(QUESTIONS, encoding="utf-8")
    finish(service.generate("reflection", source, actor=TESS))
    assert finish(service.release("reflection", actor=TESS)).ok
    released = read_notebook(course.released("reflection"))
    assert cell(released, "thinking-response-1").source == "YOUR ANSWER HERE"
    assert "memory traffic" not in course.released("reflection").read_text(encoding="utf-8")
    cell(released, "thinking-response-1").source = "The elementwise one, since it moves more than it computes."
    write(released, tmp_path / "class", "ada", "reflection.ipynb")
    finish(service.collect("reflection", source=tmp_path / "class", actor=TESS))
    finish(service.autograde("reflection", actor=TESS))
    (answer,) = answers_of(course, module="reflection")
    assert answer.scheme is not None
    assert [(level.low, level.high) for level in answer.scheme.levels] == [(9, 10), (5, 8), (0, 4)]
    service.mark("reflection", "ada", "thinking-response-1", 7, "", actor=TESS)
    assert finish(service.feedback("reflection", actor=TESS)).ok
    page = course.feedback("reflection", "ada").read_text(encoding="utf-8")
    assert "7 of 10 points: Good" in page
    assert "compares bytes moved with operations done" in page


def test_a_hostile_submission_does_nothing_to_the_reader_of_its_feedback(
    shared: Shared, released: NotebookNode, tmp_path: Path
):
    course, service = shared
    attack = "<script>alert(1)</script>"

    def hostile(notebook: NotebookNode) -> None:
        cell(notebook, "response_1").source = f"{attack} [x](javascript:alert(1)) <img src=x onerror=alert(1)>"
        cell(notebook, "add").source = f"raise ValueError('{attack}')"
        cell(notebook, "double").source = (
            "from IPython.display import HTML, display\n"
            f"display(HTML('{attack}'))\n"
            f"class Tag(Exception):\n    pass\nTag.__name__ = '{attack}'\n"
            f"def double(a):\n    raise Tag('{attack}')\n"
        )

    write(handed_in(released, hostile), tmp_path / "class", "mallory")
    finish(service.collect(MODULE, source=tmp_path / "class", actor=TESS))
    finish(service.autograde(MODULE, ["mallory"], actor=TESS))
    assert finish(service.feedback(MODULE, ["mallory"], force=True, actor=TESS)).ok
    page = course.feedback(MODULE, "mallory").read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(1)" in page
    for active in ("<script", "<img", 'href="javascript', "onerror=alert(1)>"):
        assert active not in page
    assert "default-src 'none'" in page
