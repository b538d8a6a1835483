"""Two graders at once, on a real hub: each in a browser and a server of their own, on the same answers."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.conftest import wait_for_lab
from tests.browser.grading_panel import GradingPanel
from tests.hub.running import PASSWORD, PROXY, Hub, running_hub
from tests.modules import write_curriculum
from tinytorch_lab.curriculum.notebooks import notebook_text
from tinytorch_lab.grading.course import init_course
from tinytorch_lab.grading.records import JobReport
from tinytorch_lab.grading.service import GradingService, RequestedJob
from tinytorch_lab.grading.synthetic import complete

MODULE, QUESTION = "01_sums", "response_1"
STUDENTS = ("ada", "ben")
GROUPS = {"nbgrader-mini": STUDENTS, "formgrade-mini": ("greta", "gus")}

pytestmark = pytest.mark.skipif(not PROXY.exists(), reason="configurable-http-proxy is not installed; run: npm ci")


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub with a course in which two students' answers wait to be marked."""
    state = tmp_path_factory.mktemp("hub")
    with running_hub(state, {"mini": _course(state)}, GROUPS, {}) as hub:
        yield hub


def _course(state: Path) -> str:
    library = write_curriculum(state / "curriculum")
    course = init_course(state / "course", library, STUDENTS)
    instructor = library.instructor(library.course.find(MODULE))
    with GradingService(course) as service:
        _finish(service.generate(MODULE, actor="test"))
        _finish(service.release(MODULE, actor="test"))
        for student in STUDENTS:
            service.submit(MODULE, student, notebook_text(complete(instructor, (), student)).encode())
        _finish(service.collect(MODULE, actor="test"))
        _finish(service.autograde(MODULE, actor="test"))
    return str(course.root)


def _finish(events: RequestedJob) -> None:
    *_, report = events
    assert isinstance(report, JobReport)
    assert report.ok, report


@pytest.mark.timeout(600)
def test_two_marks_for_one_answer_are_both_kept_and_somebody_decides(browser: Browser, hub: Hub) -> None:
    contexts = {name: browser.new_context(base_url=hub.url) for name in ("greta", "gus")}
    greta, gus = (_panel(context, name) for name, context in contexts.items())
    for panel in (greta, gus):
        expect(panel.root.get_by_role("tab")).to_have_text(["Marking", "Calibration"])
        panel.choose(MODULE, QUESTION)
        expect(panel.root.get_by_label("Show names")).to_have_count(0)
    text = greta.answer.inner_text()
    assert gus.answer.inner_text() == text

    greta.page.keyboard.press("8")
    greta.expect_saved()
    gus.page.keyboard.press("c")
    gus.page.keyboard.type("A figure is missing.")
    gus.page.keyboard.press("Escape")
    gus.page.keyboard.press("3")
    dialog = gus.page.locator(".jp-Dialog")
    expect(dialog).to_contain_text("8 points")
    expect(dialog).to_contain_text("3 points")
    expect(dialog).to_contain_text("A figure is missing.")
    gus.screenshot("grading-conflict")
    # Closing the browser now decides nothing and loses nothing.
    contexts["gus"].close()

    greta.page.reload()
    wait_for_lab(greta.page)
    greta.open()
    greta.choose(MODULE, QUESTION)
    if greta.answer.inner_text() != text:
        greta.page.keyboard.press("k")
    expect(greta.answer).to_have_text(re.compile(re.escape(text[:40])))
    expect(greta.points).to_have_value("8")
    greta.root.get_by_role("button", name="Decide…").click()
    greta.page.locator(".jp-Dialog").get_by_role("button", name=re.compile("Let gus.s stand")).click()
    greta.expect_saved()
    expect(greta.points).to_have_value("3")
    expect(greta.comment).to_have_value("A figure is missing.")
    contexts["greta"].close()


def _panel(context: BrowserContext, name: str) -> GradingPanel:
    context.set_default_timeout(120_000)
    page = context.new_page()
    page.goto("/hub/login")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile(rf"/user/{name}/lab"), timeout=180_000)
    wait_for_lab(page)
    panel = GradingPanel(page)
    panel.open()
    return panel
