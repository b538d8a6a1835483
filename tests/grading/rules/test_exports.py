"""What is exported reads back as it was, and nothing in it is a formula."""

import csv
import io
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinytorch_lab.grading.exports import (
    Assignment,
    Score,
    StudentGrades,
    as_text,
    canvas_csv,
    class_csv,
    class_json,
    moodle_csv,
)

MODULES = (Assignment("01_tensor", "Tensor", 100.0), Assignment("midterm", "Midterm, spring", 62.5))
DONE = Score(automatic=66.666, written=25.5, penalty=9.21, marked=True, state="returned")
TO_MARK = Score(automatic=40.0, written=None, penalty=0.0, marked=False, state="to mark")


def grades(student: str = "ada", **changes: object) -> StudentGrades:
    values: dict[str, object] = {
        "student": student,
        "first_name": "Ada",
        "last_name": "Lovelace",
        "email": "ada@example.org",
        "scores": {"01_tensor": DONE, "midterm": TO_MARK},
        "milestones": {"1": True, "2": False},
        "so_far": 0.8295,
        "lowest": 0.033,
        "highest": 0.99,
    }
    return StudentGrades(**{**values, **changes})  # type: ignore[arg-type]


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def test_a_line_per_student_with_every_part():
    header, row = read(class_csv(MODULES, [grades()]))
    assert dict(zip(header, row, strict=True)) == {
        "student": "ada",
        "last name": "Lovelace",
        "first name": "Ada",
        "email": "ada@example.org",
        "01_tensor automatic": "66.67",
        "01_tensor written": "25.5",
        "01_tensor penalty": "9.21",
        "01_tensor points": "82.96",
        "01_tensor state": "returned",
        "midterm automatic": "40",
        "midterm written": "",
        "midterm penalty": "0",
        "midterm points": "40",
        "midterm state": "to mark",
        "milestone 1": "yes",
        "milestone 2": "no",
        "course so far %": "82.95",
        "course at least %": "3.3",
        "course at most %": "99",
    }


def test_what_is_not_there_is_empty():
    header, row = read(class_csv(MODULES, [grades(scores={}, milestones={}, so_far=None)]))
    line = dict(zip(header, row, strict=True))
    assert (line["01_tensor points"], line["midterm state"], line["course so far %"]) == ("", "", "")
    nothing = Score(None, None, 0.0, marked=False, state="not submitted")
    assert nothing.points is None
    assert Score(1.0, None, 5.0, marked=True, state="graded").points == 0


def test_canvas_gets_its_columns_and_only_finished_grades():
    rows = read(canvas_csv(MODULES, [grades(), grades("ben", first_name="", last_name="")]))
    assert rows == [
        ["Student", "ID", "SIS Login ID", "Section", "Tensor", "Midterm, spring"],
        ["    Points Possible", "", "", "", "100", "62.5"],
        ["Lovelace, Ada", "", "ada", "", "82.96", ""],
        ["ben", "", "ben", "", "82.96", ""],
    ]


def test_moodle_gets_its_columns_and_a_dash_for_no_grade():
    assert read(moodle_csv(MODULES, [grades()])) == [
        ["Username", "Email address", "First name", "Last name", "Tensor", "Midterm, spring"],
        ["ada", "ada@example.org", "Ada", "Lovelace", "82.96", "-"],
    ]


def test_json_holds_the_same_in_full():
    made = json.loads(class_json(MODULES, [grades()]))
    assert made["assignments"][1] == {"name": "midterm", "title": "Midterm, spring", "total": 62.5}
    (student,) = made["students"]
    assert student["scores"]["01_tensor"]["points"] == pytest.approx(82.956)
    assert student["scores"]["midterm"]["written"] is None
    assert student["so_far"] == 0.8295


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1+1", "\t'=1+1"),
        ("\r=1+1", "\r'=1+1"),
        ("a\n=1+1", "a\n'=1+1"),
        ("  =1+1", "  '=1+1"),
        ("x;=HYPERLINK(1)", "x;'=HYPERLINK(1)"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("O'Neil-Smith", "O'Neil-Smith"),
        ("ada@example.org", "ada@example.org"),
        ("", ""),
    ],
)
def test_text_is_never_a_formula(text: str, safe: str):
    assert as_text(text) == safe


HOSTILE = st.text(alphabet=st.sampled_from("=+-@;,\t\r\n\"' a1\uff1d|\u00a0"), max_size=12)


@given(first=HOSTILE, last=HOSTILE, state=HOSTILE)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_no_cell_is_a_formula_whatever_separates_the_cells(first: str, last: str, state: str, delimiter: str):
    score = Score(1.0, 1.0, 0.0, marked=True, state=state)
    row = grades(first_name=first, last_name=last, scores={"01_tensor": score})
    for text in (class_csv(MODULES, [row]), canvas_csv(MODULES, [row]), moodle_csv(MODULES, [row])):
        for line in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            for cell in line:
                assert cell == "-" or not re.match(r"\s*[=+\-@\uff1d]", cell) or _number(cell)


@given(first=HOSTILE, last=HOSTILE)
def test_every_export_keeps_its_shape(first: str, last: str):
    rows = read(class_csv(MODULES, [grades(first_name=first, last_name=last)]))
    assert len(rows) == 2
    assert {len(row) for row in rows} == {19}
    assert rows[1][2].replace("'", "") == first.replace("'", "")


def _number(cell: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?", cell) is not None
