"""The instructor's commands, and the demo, on a real course folder."""

import io
import json
import subprocess
import sys

import pytest

from tests.modules import MODULE, write_curriculum
from tinytorch_lab.curriculum.notebooks import write_notebook
from tinytorch_lab.grading.course import init_course
from tinytorch_lab.grading.synthetic import complete


@pytest.fixture
def curriculum(tmp_path):
    library = write_curriculum(tmp_path / "curriculum")
    (library.root / "01_sums" / "mutants.toml").write_text(
        '[[mutant]]\nname = "plus"\ncell = "double"\nfind = "add(a, a)"\nreplace = "add(a, 1)"\n'
        'fails = "test_double"\nwhy = "Adds one instead of doubling."\n'
    )
    return library


def test_a_course_from_init_to_feedback(tito, curriculum, tmp_path, monkeypatch):
    assert tito("grade", "init", tmp_path / "course", "--curriculum", curriculum.root, "--student", "ada").code == 0
    monkeypatch.chdir(tmp_path / "course")
    module = curriculum.course.find("1")
    handed_in = tmp_path / "in" / "ada" / "01_sums.ipynb"
    write_notebook(complete(curriculum.instructor(module), ()), handed_in)
    for command in (("generate", "1"), ("release", "1"), ("collect", "1", "--from", tmp_path / "in")):
        assert tito("grade", *command).code == 0
    graded = json.loads(tito("nbgrader", "autograde", "sums", "--json").out)
    assert [(row["subject"], row["score"], row["total"]) for row in graded] == [("ada", 70, 70)]

    own = json.loads(tito("grade", "own-modules", "1", "--json").out)
    assert [(row["subject"], row["message"]) for row in own] == [("ada", "No difference.")]

    answers = json.loads(tito("grade", "manual", "1", "--json").out)
    assert [answer["response_id"] for answer in answers] == ["response_1", "response_2", "response_3"]
    assert answers[0]["scheme"]["levels"][0]["label"] == "Excellent"
    assert "measurements" in answers[0]["text"]

    unmarked = tito("grade", "feedback", "1")
    assert unmarked.code == 1
    too_many = tito("grade", "manual", "1", "--student", "ada", "--response", "response_1", "--points", 99)
    assert too_many.code == 1
    assert "10" in too_many.err
    for number in (1, 2, 3):
        marked = tito("grade", "manual", "1", "--student", "ada", "--response", f"response_{number}", "--points", 8)
        assert marked.code == 0, marked.err
    assert tito("grade", "feedback", "1").code == 0
    page = (tmp_path / "course" / "feedback" / "ada" / "01_sums" / "01_sums.html").read_text()
    assert "names the cost without a figure" in page
    rows = json.loads(tito("grade", "report", "--json").out)
    assert [(row["student"], row["automatic"], row["written"], row["state"]) for row in rows] == [
        ("ada", "70/70", "24/30", "feedback")
    ]


def test_a_module_with_findings_is_not_generated(tito, curriculum, tmp_path, monkeypatch):
    write_curriculum(curriculum.root, MODULE.replace('"points": 40', '"points": 41'))
    tito("grade", "init", tmp_path / "course", "--curriculum", curriculum.root)
    monkeypatch.chdir(tmp_path / "course")
    outcome = tito("grade", "generate", "1")
    assert outcome.code == 1
    assert "add up to 71, not 70" in outcome.err
    assert not list((tmp_path / "course").glob("source/*/*.ipynb"))


@pytest.fixture(scope="module")
def empty_course(tmp_path_factory):
    folder = tmp_path_factory.mktemp("course")
    library = write_curriculum(folder / "curriculum")
    init_course(folder / "course", library)
    return folder / "course"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("release", "1"), "generate"),
        (("autograde", "1"), "01_sums"),
        (("manual", "1"), "01_sums"),
        (("feedback", "1"), "01_sums"),
        (("collect", "1", "--from", "nowhere"), "nowhere"),
        (("generate", "99"), "There is no module"),
        (("generate", "later"), "not yet available"),
        (("report", "--module", "99"), "There is no module"),
        (("manual", "1", "--points", "3"), "give --student, --response and --points"),
    ],
)
def test_bad_input_is_one_sentence(tito, empty_course, monkeypatch, arguments, words):
    monkeypatch.chdir(empty_course)
    outcome = tito("grade", *arguments)
    assert outcome.code == 1
    assert words in outcome.err
    assert "Traceback" not in outcome.err


def test_the_demo_says_who_got_what_and_why(tito, curriculum, tmp_path):
    outcome = tito("demo", "--curriculum", curriculum.root, "--json", "--keep", tmp_path / "kept")
    rows = {row["student"]: row for row in json.loads(outcome.out)}
    scores = {student: (row["automatic"], row["state"]) for student, row in rows.items()}
    assert {student: scores[student] for student in ("ada", "ben", "cleo", "dan", "eve", "finn")} == {
        "ada": ("70/70", "returned"),
        "ben": ("40/70", "returned"),
        "cleo": ("40/70", "returned"),
        "dan": ("40/70", "returned"),
        "eve": ("0/70", "returned"),
        "finn": (None, "not submitted"),
    }
    assert len(rows) == 20
    assert "test_double" in rows["ben"]["lost"]
    assert "SyntaxError" in rows["dan"]["note"]
    assert (tmp_path / "kept" / "gradebook.db").is_file()
    again = tito("demo", "--curriculum", curriculum.root, "--keep", tmp_path / "kept")
    assert (again.code, again.err.count("\n")) == (1, 1)
    assert "exists already" in again.err


def test_the_whole_course_from_a_class_list_to_exports(tito, curriculum, tmp_path, monkeypatch):
    roster = tmp_path / "class.csv"
    roster.write_text('Student ID,Name,Email\nada,"Lovelace, Ada",ada@example.edu\nben,Ben,\n', encoding="utf-8")
    course = tmp_path / "course"
    for _ in range(2):
        outcome = tito("nbgrader", "setup", course, "--curriculum", curriculum.root, "--roster", roster)
        assert outcome.code == 0, outcome.err
    monkeypatch.chdir(course)
    write_notebook(complete(curriculum.instructor(curriculum.course.find("1")), ()), tmp_path / "in/ada/01_sums.ipynb")
    for command in (
        ("generate", "1"),
        ("release", "1", "--due", "2020-01-31"),
        ("extend", "1", "--student", "ada", "--until", "2100-01-31", "--reason", "ill"),
        ("collect", "1", "--from", tmp_path / "in"),
        ("autograde", "1", "--changed"),
        ("manual", "1", "--student", "ada", "--response", "response_1", "--points", 9, "--author", "tess"),
    ):
        outcome = tito("grade", *command)
        assert outcome.code == 0, (command, outcome.err)
    assert json.loads(tito("grade", "autograde", "1", "--changed", "--json").out) == []
    (granted,) = json.loads(tito("grade", "extensions", "1", "--json").out)
    assert (granted["student"], granted["reason"]) == ("ada", "ill")

    met = tito("grade", "manual", "1", "--student", "ada", "--response", "response_1", "--points", 2, "--author", "ugo")
    assert met.code == 1
    assert "tess gave 9 points" in met.err
    undone = tito("grade", "manual", "1", "--student", "ada", "--response", "response_1", "--undo", "--author", "tess")
    assert "not marked" in undone.out
    unmarked = tito("grade", "return", "1", "--student", "ada")
    assert unmarked.code == 1
    assert "3 answers are not marked yet" in unmarked.err
    assert tito("grade", "return", "1", "--student", "ada", "--force").code == 0

    table = tito("grade", "export", "--module", "1").out
    assert table.splitlines()[1].startswith("ada,Lovelace,Ada,ada@example.edu,70,0,0,70,returned")
    assert tito("grade", "export", "--format", "canvas", "--output", tmp_path / "canvas.csv").code == 0
    assert "Points Possible" in (tmp_path / "canvas.csv").read_text(encoding="utf-8")
    assert tito("module", "status", "--export", tmp_path / "progress.csv").code == 0
    assert tito("checkpoint", "export", "--output", tmp_path / "same.csv").code == 0
    assert (tmp_path / "progress.csv").read_bytes() == (tmp_path / "same.csv").read_bytes()
    both = tito("module", "status", "--student", "ada", "--json", "--export", tmp_path / "progress.csv")
    assert json.loads(both.out)["modules"][0]["automatic"] == 70
    assert "Written to" in both.err
    assert "Course grade" in tito("checkpoint", "status", "--student", "ada").out
    assert "ben" in tito("grade", "struggling").out
    assert json.loads(tito("grade", "similarity", "1", "--json").out) == []
    assert [job["kind"] for job in json.loads(tito("grade", "jobs", "--json").out)][:2] == [
        "return_feedback",
        "return_feedback",
    ]


def test_regrade_repair_backup_and_restore(tito, curriculum, tmp_path, monkeypatch):
    course = tmp_path / "course"
    assert tito("grade", "init", course, "--curriculum", curriculum.root).code == 0
    monkeypatch.chdir(course)
    write_notebook(complete(curriculum.instructor(curriculum.course.find("1")), ()), tmp_path / "in/ada/01_sums.ipynb")
    for command in (("generate", "1"), ("release", "1"), ("collect", "1", "--from", tmp_path / "in")):
        assert tito("grade", *command).code == 0
    assert tito("grade", "autograde", "1").code == 0
    dry = tito("grade", "regrade", "1", "--dry-run")
    assert dry.code == 0
    assert "0 rise, 0 fall, 1 stay." in dry.out
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    declined = tito("grade", "regrade", "1", "--json")
    assert declined.code == 1
    assert json.loads(declined.out) == json.loads(tito("grade", "regrade", "1", "--dry-run", "--json").out)
    assert "Change the scores so?" in declined.err
    assert tito("grade", "regrade", "1", "--yes").code == 0
    assert "Nothing was wrong" in tito("grade", "repair").out
    assert tito("grade", "backup", tmp_path / "saved.tar.gz").code == 0
    assert tito("grade", "unrelease", "1").code == 0
    assert tito("grade", "due", "1").code == 1
    assert tito("grade", "due", "1", "--never").code == 0
    monkeypatch.chdir(tmp_path)
    assert tito("grade", "restore", tmp_path / "saved.tar.gz", course, "--yes").code == 0
    rows = json.loads(tito("grade", "report", "--course", course, "--json").out)
    assert [(row["student"], row["automatic"]) for row in rows] == [("ada", "70/70")]


def test_students_need_nothing_of_the_grading_side():
    code = (
        "import sys\n"
        "for name in ('nbgrader', 'sqlalchemy', 'alembic'):\n"
        "    sys.modules[name] = None\n"
        "sys.argv = ['tito', 'module', '--help']\n"
        "from tinytorch_lab.cli.main import main\n"
        "main()\n"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60).returncode == 0
