"""Marking by several people: a stable order without names, shares, conflicts, samples among the answers."""

import pytest

from tests.courses.conftest import STUDENTS, Desk
from tests.grading.conftest import MODULE
from tinytorch_lab.errors import ConflictError, NotFoundError
from tinytorch_lab.grading.open_course import OpenCourse
from tinytorch_lab.grading.queries import questions

QUESTION = f"modules/{MODULE}/questions/response_1"


def keys(desk: Desk, question: str = QUESTION, **query: str) -> list[str]:
    return [item["key"] for item in desk.get(f"{question}/answers", **query)]


def test_the_order_is_stable_and_another_for_every_question(greta: Desk, omar: Desk, tess: Desk):
    first = keys(greta)
    assert len(first) == 5, "who wrote nothing is not to be marked"
    assert keys(greta) == keys(omar) == first
    students = [tess.get(f"{QUESTION}/answers/{key}/student")["student"] for key in first]
    assert sorted(students) == sorted(STUDENTS[:5])
    second = f"modules/{MODULE}/questions/response_2"
    others = [tess.get(f"{second}/answers/{key}/student")["student"] for key in keys(tess, second)]
    assert sorted(others) == sorted(students)
    assert others != students
    assert not {*keys(tess, second)} & {*first}


def test_an_answer_comes_with_all_that_marking_takes_and_no_name(greta: Desk):
    for key in keys(greta):
        view = greta.get(f"{QUESTION}/answers/{key}")
        text = view["text"]
        name = text.split("says ")[1].split()[0]
        view["text"] = view["html"] = ""
        assert name in STUDENTS
        assert f"'{name}'" not in str(view)
        assert view["words"] == len(text.split())
        assert view["scheme"]["levels"][0]["label"] == "Excellent"
    context = greta.get(f"{QUESTION}/answers/{key}/context")
    assert [cell["id"] for cell in context["code"]] == ["add", "double"]
    assert {test["status"] for test in context["tests"]} == {"passed"}
    assert len(context["answers"]) == 2


def test_two_marks_meet_and_one_decides(greta: Desk, omar: Desk):
    place = f"{QUESTION}/answers/{keys(greta)[0]}"
    read = greta.get(place)["answer"]
    with pytest.raises(ConflictError, match="changed since you opened it"):
        greta.ask("POST", f"{place}/mark", {"points": 8, "answer": "0" * 64})
    first = greta.ask("POST", f"{place}/mark", {"points": 8, "comment": "Name a figure.", "answer": read})
    assert first["other"] is None
    second = omar.ask("POST", f"{place}/mark", {"points": 5, "seen": None})
    assert (second["mark"]["standing"], second["other"]["author"], second["other"]["points"]) == (False, "greta", 8)
    queued = {item["key"]: item for item in omar.get(f"{QUESTION}/answers")}[keys(greta)[0]]
    assert (queued["conflict"], queued["points"], queued["author"]) == (True, 8, "greta")
    assert omar.get(f"modules/{MODULE}/questions")[0]["conflicts"] == 1
    decided = omar.ask("POST", f"{place}/mark", {"points": 7, "seen": second["other"]["id"]})
    assert decided["mark"]["standing"]
    view = greta.get(place)
    assert [mark["points"] for mark in view["history"]] == [8, 5, 7]
    assert view["mark"]["points"] == 7
    assert omar.get(f"modules/{MODULE}/questions")[0]["conflicts"] == 0
    assert greta.ask("POST", f"{place}/undo", {"mark": view["mark"]["id"]})["mark"]["points"] == 8


def test_flags_come_and_go(greta: Desk):
    place = f"{QUESTION}/answers/{keys(greta)[2]}"
    greta.ask("PUT", f"{place}/flag", {"note": "Is this a joke?"})
    assert greta.get(place)["flag"] == "Is this a joke?"
    assert [item["flagged"] for item in greta.get(f"{QUESTION}/answers")] == [False, False, True, False, False]
    greta.ask("DELETE", f"{place}/flag")
    assert greta.get(place)["flag"] is None


def test_shares_divide_the_answers_without_remainder(greta: Desk, omar: Desk, tess: Desk):
    tess.ask("PUT", f"{QUESTION}/shares", {"graders": ["greta", "omar"]})
    mine, others = keys(greta, share="mine"), keys(omar, share="mine")
    assert (len(mine), len(others)) == (3, 2)
    assert {*mine} | {*others} == {*keys(tess)}
    assert keys(tess, share="mine") == []
    assert tess.get(f"{QUESTION}/pace")["graders"] == ["greta", "omar"]


def test_kept_comments_come_most_used_first(greta: Desk):
    greta.ask("POST", f"{QUESTION}/comments", {"text": "Rarely said."})
    greta.ask("POST", f"{QUESTION}/comments", {"text": "Name a figure."})
    for key in keys(greta)[:2]:
        greta.ask("POST", f"{QUESTION}/answers/{key}/mark", {"points": 8, "comment": "Good. Name a figure."})
    found = greta.get(f"{QUESTION}/comments")
    assert [(comment["text"], comment["uses"]) for comment in found] == [("Name a figure.", 2), ("Rarely said.", 0)]
    greta.ask("DELETE", f"comments/{found[1]['id']}")
    assert len(greta.get(f"{QUESTION}/comments")) == 1


def test_samples_are_blind_until_marked_then_come_among_the_answers(
    greta: Desk, omar: Desk, tess: Desk, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(questions, "SAMPLE_EVERY", 2)
    agreed = {"text": "Doubling is as dear as copying.", "points": 7, "reason": "no figure"}
    (sample,) = tess.ask("POST", f"{QUESTION}/samples", agreed)
    (seen,) = greta.get(f"{QUESTION}/samples", reveal="true")
    assert (seen["agreed"], seen["reason"], seen["given"]) == (None, None, None)
    assert len(keys(greta)) == 5
    (told,) = greta.ask("POST", f"{QUESTION}/samples/{sample['id']}/mark", {"points": 9})
    assert (told["given"], told["agreed"], told["reason"]) == (9, 7, "no figure")
    with pytest.raises(ConflictError, match="You have marked this sample"):
        greta.ask("POST", f"{QUESTION}/samples/{sample['id']}/mark", {"points": 7})

    mixed = greta.get(f"{QUESTION}/answers")
    assert [item["key"] for item in omar.get(f"{QUESTION}/answers")] == [
        item["key"] for place, item in enumerate(mixed) if place != 2
    ]
    place = f"{QUESTION}/answers/{mixed[2]['key']}"
    assert mixed[2].keys() == mixed[0].keys()
    assert greta.get(place)["text"] == "Doubling is as dear as copying."
    with pytest.raises(NotFoundError):
        omar.get(place)
    given = greta.ask("POST", f"{place}/mark", {"points": 5})
    assert (given["mark"]["points"], given["other"]) == (5, None)
    assert greta.get(place)["mark"]["points"] == 5
    assert greta.ask("POST", f"{place}/undo", {"mark": given["mark"]["id"]})["mark"] is None
    greta.ask("POST", f"{place}/mark", {"points": 4})
    # A flag must not tell a sample from an answer.
    greta.ask("PUT", f"{place}/flag", {"note": "Is this the level above?"})
    greta.ask("DELETE", f"{place}/flag")

    agreement = tess.get(f"{QUESTION}/agreement")["agreements"]
    assert [(one["grader"], one["marks"], one["difference"], one["drift"]) for one in agreement] == [
        ("greta", 1, 2.0, -3.0)
    ]
    assert [one["grader"] for one in omar.get(f"{QUESTION}/agreement")["agreements"]] == ["omar"]


def test_an_unknown_key_is_nobodys(greta: Desk, classroom: OpenCourse):
    with pytest.raises(NotFoundError, match="no such answer"):
        greta.get(f"{QUESTION}/answers/{'0' * 20}")
