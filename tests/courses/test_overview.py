"""The class as instructors see it: where everybody's work stands, and what it comes to."""

import csv
import io

import pytest

from tests.courses.conftest import STUDENTS, Desk
from tests.grading.conftest import MODULE, TESS, finish
from tinytorch_lab.errors import NotFoundError
from tinytorch_lab.grading.open_course import OpenCourse

QUESTIONS = [f"modules/{MODULE}/questions/response_{number}" for number in (1, 2, 3)]


def states(tess: Desk) -> dict[str, str]:
    overview = tess.get("overview")
    place = [column["module"] for column in overview["modules"]].index(MODULE)
    return {row["student"]: row["cells"][place]["state"] for row in overview["students"]}


def column(tess: Desk) -> dict[str, object]:
    return next(found for found in tess.get("overview")["modules"] if found["module"] == MODULE)


def mark_all(desk: Desk) -> None:
    for question in QUESTIONS:
        for item in desk.get(f"{question}/answers"):
            desk.ask("POST", f"{question}/answers/{item['key']}/mark", {"points": 8})


def test_the_grid_follows_the_work_from_submission_to_return(classroom: OpenCourse, tess: Desk):
    graded = states(tess)
    assert graded == {**dict.fromkeys(STUDENTS[:5], "to mark"), "finn": "marked", "gus": "not submitted"}
    assert (column(tess)["to_mark"], column(tess)["next_action"]) == (15, "mark")
    mark_all(tess)
    assert column(tess)["next_action"] == "feedback"
    finish(classroom.service.feedback(MODULE, actor=TESS))
    assert states(tess)["ada"] == "feedback"
    assert column(tess)["next_action"] == "return"
    finish(classroom.service.return_feedback(MODULE, actor=TESS))
    assert set(states(tess).values()) == {"returned", "not submitted"}
    assert column(tess)["returned"] == 6
    classroom.service.submit(MODULE, "ada", b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    assert states(tess)["ada"] == "submitted"
    assert column(tess)["next_action"] == "autograde"


def test_a_students_page_adds_up(classroom: OpenCourse, tess: Desk):
    mark_all(tess)
    page = tess.get("students/ada")
    (work,) = page["modules"]
    assert (work["automatic"], work["written"], work["to_mark"]) == (70, 24, 0)
    assert [test["status"] for test in work["tests"]] == ["passed"] * len(work["tests"])
    assert len(work["submissions"]) == 1
    part = next(part for part in page["grade"]["parts"] if part["name"] == MODULE)
    assert part["earned"] == pytest.approx(0.7 + 0.3 * 24 / 30)
    with pytest.raises(NotFoundError, match="no student"):
        tess.get("students/nobody")


def test_a_milestone_counts_once_somebody_has_seen_it(tess: Desk):
    def part() -> dict[str, object]:
        parts = tess.get("students/ada")["grade"]["parts"]
        return next(part for part in parts if part["kind"] == "milestone")

    assert part()["earned"] is None
    tess.ask("PUT", "students/ada/milestones/1", {"passed": True, "message": "Shown in the lab."})
    assert part()["earned"] == 1
    tess.ask("PUT", "students/ada/milestones/1", {"passed": False})
    assert part()["earned"] is None
    changes = [entry["details"] for entry in tess.get("audit") if entry["action"] == "milestone"]
    assert changes == [
        {"number": 1, "before": True, "after": False},
        {"number": 1, "before": None, "after": True},
    ]
    with pytest.raises(NotFoundError, match="the milestones are 1"):
        tess.ask("PUT", "students/ada/milestones/7", {"passed": True})
    with pytest.raises(NotFoundError, match="no student 'nobody'"):
        tess.ask("PUT", "students/nobody/milestones/1", {"passed": True})


def test_statistics_have_the_hardest_test_first_and_everybodys_scores(tess: Desk):
    found = tess.get(f"modules/{MODULE}/statistics")
    assert found["automatic"]["count"] == len(STUDENTS)
    assert sum(bar["count"] for bar in found["automatic"]["histogram"]) == len(STUDENTS)
    shares = [test["average"] for test in found["tests"]]
    assert shares == sorted(shares)


def test_grades_download_in_every_format(classroom: OpenCourse, tess: Desk):
    mark_all(tess)
    for form in ("csv", "json", "canvas", "moodle"):
        assert tess.get(f"reports/{form}")["content"]
    text = tess.get("reports/csv")["content"]
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row[next(iter(row))] for row in rows} == {*STUDENTS, "gus"}
    with pytest.raises(NotFoundError, match="the formats are csv, json, canvas, moodle"):
        tess.get("reports/pdf")


def test_work_that_is_alike_is_pointed_at(tess: Desk):
    reports = tess.get(f"modules/{MODULE}/similarity")
    assert {report["kind"] for report in reports} == {"code", "answer"}
    sides = tess.get(f"modules/{MODULE}/similarity/ada/ben")
    assert [cell["cell"] for cell in sides["left_cells"]] == [cell["cell"] for cell in sides["right_cells"]]


def test_due_dates_and_extensions_are_set_and_noted(tess: Desk):
    tess.ask("PUT", f"modules/{MODULE}/due", {"due_at": "2020-01-01"})
    assert all(row["cells"][0]["late"] for row in tess.get("overview")["students"] if row["student"] != "gus")
    tess.ask("PUT", f"modules/{MODULE}/extensions/ada", {"due_at": "2099-01-01", "reason": "ill"})
    late = {row["student"]: row["cells"][0]["late"] for row in tess.get("overview")["students"]}
    assert (late["ada"], late["ben"]) == (False, True)
    assert tess.ask("DELETE", f"modules/{MODULE}/extensions/ada") == []
    actions = [entry["action"] for entry in tess.get("audit")]
    assert actions[:3] == ["withdraw extension", "extend", "set due date"]
    assert "gus" in [item["student"] for item in tess.get("struggling")]
