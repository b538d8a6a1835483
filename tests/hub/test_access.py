"""Every route by everybody: exactly those answer who may, and whoever may not learns nothing."""

import json
import re
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.grading.handins import handed_in
from tests.hub.running import Hub
from tinytorch_lab.api.courses.calls import RANK, Route
from tinytorch_lab.api.courses.routes import ROUTES
from tinytorch_lab.curriculum.notebooks import read_notebook
from tinytorch_lab.grading.folder import load_course_folder

MODULE = "01_sums"
ROLES = {"ada": "student", "ben": "student", "greta": "grader", "ines": "instructor"}
BODIES: dict[str, Any] = {
    "POST modules/{module}/questions/{response}/answers/{key}/mark": {"points": 8, "seen": None},
    "POST modules/{module}/questions/{response}/answers/{key}/undo": {"mark": 1},
    "PUT modules/{module}/questions/{response}/answers/{key}/flag": {"note": "look again"},
    "POST modules/{module}/questions/{response}/comments": {"text": "Name the figure."},
    "POST modules/{module}/questions/{response}/samples/{id}/mark": {"points": 7},
    "PUT modules/{module}/questions/{response}/shares": {"graders": ["greta", "ines"]},
    "POST modules/{module}/questions/{response}/samples": {"text": "It costs a copy.", "points": 6},
    "POST jobs": {"kind": "autograde", "module": MODULE},
    "POST jobs/{id}/apply": {},
    "PUT students/{student}/milestones/{id}": {"passed": True},
    "PUT late-policy": {"deduction": 10, "maximum": 50},
    "POST roster": {"content": "id,first_name,last_name\nada,Ada,Byron\n"},
    "PUT modules/{module}/due": {"due_at": "2099-01-01"},
    "PUT modules/{module}/extensions/{student}": {"due_at": "2099-02-01", "reason": "ill"},
}
"""What a request needs in its body, by route."""

HARMFUL = ("unrelease",)
"""Allowed, but the other cases could not go on after it."""


@dataclass(frozen=True)
class Classroom:
    """What there is to ask for: all of it is Ada's, or the course's."""

    receipt: str
    notebook: bytes
    values: dict[str, str]


@pytest.fixture(scope="module")
def classroom(hub: Hub, tokens: dict[str, str]) -> Classroom:
    """Ada and Ben handed in; Ada's is graded, and one of her answers is marked."""
    released = read_notebook(load_course_folder(hub.course).released(MODULE))
    notebook = json.dumps(handed_in(released)).encode()
    receipts = [_submit(hub, tokens[name], notebook) for name in ("ada", "ben")]
    for job in ({"kind": "collect"}, {"kind": "autograde", "students": ["ada"]}):
        done = hub.finish(tokens["ines"], "mini", module=MODULE, **job)
        assert done["job"]["state"] == "done", done
    question = f"courses/mini/modules/{MODULE}/questions/response_1"
    (answer,) = hub.ask(tokens["greta"], "GET", f"{question}/answers").json()
    assert answer["state"] == "to mark"
    mark = {"points": 8, "comment": "Good."}
    assert hub.ask(tokens["greta"], "POST", f"{question}/answers/{answer['key']}/mark", json=mark).status_code == 200
    comment = hub.ask(tokens["greta"], "POST", f"{question}/comments", json={"text": "Say how much."}).json()[0]
    sample = {"text": "Doubling costs as much as copying.", "points": 7, "reason": "no figure"}
    samples = hub.ask(tokens["ines"], "POST", f"{question}/samples", json=sample).json()
    values = {
        "module": MODULE,
        "response": "response_1",
        "key": answer["key"],
        "receipt": receipts[0],
        "student": "ada",
        "left": "ada",
        "right": "ada",
        "format": "csv",
        "id": str(samples[0]["id"]),
        "comment": str(comment["id"]),
    }
    return Classroom(receipts[0], notebook, values)


def _submit(hub: Hub, token: str, notebook: bytes) -> str:
    answer = hub.ask(token, "POST", f"courses/mini/modules/{MODULE}/submissions", content=notebook)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def _ask(hub: Hub, token: str, route: Route, classroom: Classroom, course: str = "mini") -> httpx.Response:
    path = re.sub(r"\{(\w+)\}", lambda found: classroom.values[found[1]], route.pattern)
    body: dict[str, Any] = {"json": BODIES[_name(route)]} if _name(route) in BODIES else {}
    if route.body is bytes:
        body = {"content": classroom.notebook}
    return hub.ask(token, route.method, f"courses/{course}/{path}", **body)


def _name(route: Route) -> str:
    return f"{route.method} {route.pattern}"


def _tells_nothing(answer: httpx.Response) -> bool:
    return list(answer.json()) == ["message"] and len(answer.content) < 200 and "Traceback" not in answer.text


@pytest.mark.parametrize("route", ROUTES, ids=_name)
def test_whoever_may_not_is_refused_without_data(hub: Hub, tokens: dict[str, str], classroom: Classroom, route: Route):
    refused = {"": 401, "a-made-up-token": 401, tokens["nobody"]: 403, tokens["otto"]: 404}
    refused |= {tokens[name]: 403 for name, role in ROLES.items() if RANK[role] < RANK[route.role]}
    for token, status in refused.items():
        answer = _ask(hub, token, route, classroom)
        assert (answer.status_code, _tells_nothing(answer)) == (status, True), answer.text
    assert _ask(hub, tokens["ines"], route, classroom, course="other").status_code == 404
    assert _ask(hub, tokens["ines"], route, classroom, course="none").status_code == 404


@pytest.mark.parametrize("route", [route for route in ROUTES if route.method == "GET"], ids=_name)
def test_whoever_may_ask_gets_an_answer(hub: Hub, tokens: dict[str, str], classroom: Classroom, route: Route):
    for name, role in ROLES.items():
        if RANK[role] < RANK[route.role] or (RANK[role] > RANK[route.role] == 0):
            continue
        answer = _ask(hub, tokens[name], route, classroom)
        expected = _expected(route, name)
        assert answer.status_code == expected, (name, answer.text)
        if name == "ben":
            assert '"ada"' not in answer.text


def _expected(route: Route, name: str) -> int:
    if route.pattern.endswith(("feedback", "feedback/page")):
        return 409  # nothing is returned yet
    if route.pattern == "submissions/{receipt}":
        return 200 if name == "ada" else 404
    return 200


@pytest.mark.parametrize(
    "route",
    [route for route in ROUTES if route.method != "GET" and not route.pattern.endswith(HARMFUL)],
    ids=_name,
)
def test_whoever_may_change_something_can(hub: Hub, tokens: dict[str, str], classroom: Classroom, route: Route):
    name = next(name for name, role in ROLES.items() if role == route.role)
    answer = _ask(hub, tokens[name], route, classroom)
    # What was removed by an earlier case is no longer there, and a job that is done cannot be cancelled.
    assert answer.status_code in (route.status, 404, 409), answer.text


def test_feedback_is_told_only_once_it_is_returned(hub: Hub, tokens: dict[str, str], classroom: Classroom):
    before = hub.ask(tokens["ada"], "GET", "courses/mini/assignments").json()[0]
    assert (before["state"], before["score"], before["total"]) == ("graded", None, None)
    assert before["returned_at"] is None
