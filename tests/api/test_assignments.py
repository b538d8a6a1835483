"""What the course has set, over HTTP, while it answers and while it does not."""

import json

import pytest

from tinytorch_lab.api.assignments import OUTBOX
from tinytorch_lab.api.base import DESK, TESTING
from tinytorch_lab.coursework import Assignment
from tinytorch_lab.errors import NotAvailableError
from tinytorch_lab.learning.outbox import Outbox

DUE = "2026-11-27T23:59:00+00:00"


class Course:
    """A desk that can be away."""

    away = False

    def assignments(self) -> list[Assignment]:
        if self.away:
            raise NotAvailableError("Nobody answers.")
        return [Assignment("01_tensor", "open", None, DUE, False, "", None, 0, None, None, None)]


@pytest.fixture
def course(jp_serverapp) -> Course:
    course, settings = Course(), jp_serverapp.web_app.settings
    settings |= {DESK: course, OUTBOX: Outbox(settings[TESTING].workspace, course)}
    return course


@pytest.fixture
def ask(jp_fetch):
    async def ask() -> dict:
        return json.loads((await jp_fetch("tinytorch-lab", "api", "assignments")).body)

    return ask


async def test_what_the_course_last_said_is_answered_while_it_is_away(ask, course, jp_serverapp):
    course.away = True
    never = await ask()
    assert (never["connected"], never["as_of"], never["assignments"]) == (False, None, [])
    course.away = False
    reached = await ask()
    assert (reached["connected"], [found["due_at"] for found in reached["assignments"]]) == (True, [DUE])
    course.away = True
    assert await ask() == reached | {"connected": False, "message": "Nobody answers."}
    jp_serverapp.web_app.settings[DESK] = None
    alone = await ask()
    assert (alone["as_of"], alone["assignments"]) == (None, [])


async def test_a_workspace_that_may_not_be_written_still_hears_of_the_course(ask, course, jp_root_dir):
    (jp_root_dir / ".tinytorch").write_text("in the way", encoding="utf-8")
    assert (await ask())["connected"]
    course.away = True
    assert (await ask())["as_of"] is None
