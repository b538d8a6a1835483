"""A course on the hub from beginning to end: a student in Chromium, the instructor, and the student again."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import CHROMIUM, browser, wait_for_lab
from tests.browser.sidebar import Sidebar, solution
from tests.hub.conftest import Person
from tests.hub.running import PASSWORD, Hub
from tinytorch_lab.coursework import Receipt
from tinytorch_lab.curriculum.cells import grade_id, is_implementation, is_response
from tinytorch_lab.curriculum.library import Library
from tinytorch_lab.grading.folder import load_course_folder
from tinytorch_lab.grading.receipts import course_key, is_genuine

__all__ = ["browser"]

MODULE = "01_tensor"
ANSWER = "I measured it: the copy took 12 ms, the view took none. " * 14

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: install it, or name it in CHROMIUM")


@pytest.fixture
def page(browser: Browser, hub: Hub) -> Iterator[Page]:
    """A fresh browser window; an error in its console fails the test."""
    errors: list[str] = []
    context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=hub.url)
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert not errors, errors


def log_in(page: Page, name: str) -> Sidebar:
    """Log in to the hub as a person does, wait for the own server, and open the sidebar."""
    page.goto("/hub/login")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile(rf"/user/{name}/lab"), timeout=180_000)
    wait_for_lab(page)
    sidebar = Sidebar(page)
    sidebar.open()
    return sidebar


@pytest.mark.timeout(600)
def test_a_course_on_the_hub_from_login_to_feedback(
    page: Page, hub: Hub, tokens: dict[str, str], people: dict[str, Person], library: Library
):
    reference = library.instructor(library.course.find(MODULE))
    sidebar = log_in(page, "cora")
    sidebar.start(MODULE)
    for cell in reference.cells:
        name = grade_id(cell)
        if name and is_implementation(cell):
            sidebar.set_cell(name, solution(reference, name))
        elif name and is_response(cell):
            sidebar.set_cell(name, ANSWER)
    page.locator(".jp-NotebookPanel:visible .jp-Cell:visible").first.click()
    page.keyboard.press("Control+S")
    sidebar.run_tests()
    expect(sidebar.summary).to_contain_text("70 of 70 points")

    sidebar.unfold("Modules", "Submission")
    sidebar.root.get_by_role("button", name="Submit…", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Submit").click()
    expect(page.get_by_text("it is kept in your workspace")).to_be_visible()
    expect(sidebar.module(MODULE)).to_contain_text("Submitted")
    kept = hub.state / "homes" / "cora" / ".tinytorch" / "receipts" / MODULE
    (stored,) = hub.ask(tokens["cora"], "GET", f"courses/tinytorch/modules/{MODULE}/submissions").json()
    assert [path.stem for path in kept.glob("*.json")] == [stored["id"]]
    assert is_genuine(Receipt(**stored), course_key(load_course_folder(hub.state / "tinytorch"), "receipts"))

    for job in ("collect", "autograde"):
        done = hub.finish(tokens["iris"], "tinytorch", kind=job, module=MODULE)
        assert done["job"]["state"] == "done", done
    for number in (1, 2, 3):
        question = f"courses/tinytorch/modules/{MODULE}/questions/response_{number}"
        (answer,) = hub.ask(tokens["iris"], "GET", f"{question}/answers").json()
        mark = {"points": 7, "comment": "Name the figure of your own run."}
        marked = hub.ask(tokens["iris"], "POST", f"{question}/answers/{answer['key']}/mark", json=mark)
        assert marked.status_code == 200, marked.text
    done = hub.finish(tokens["iris"], "tinytorch", kind="return_feedback", module=MODULE)
    assert done["job"]["state"] == "done", done

    page.reload()
    wait_for_lab(page)
    sidebar.open()
    expect(sidebar.module(MODULE)).to_contain_text("Feedback: 91 of 100 points")
    sidebar.start(MODULE)
    sidebar.execute("tinytorch-lab:show-feedback")
    report = sidebar.root.get_by_role("region", name="Feedback: 91 of 100 points")
    expect(report).to_contain_text("Question 1: 7 of 10 points")
    expect(report).to_contain_text("Name the figure of your own run.")
    expect(report).to_contain_text("Level reached:")
    expect(report).to_contain_text("Next level up:")
    sidebar.screenshot("hub-feedback")


def test_the_instructors_own_server_passes_questions_on_and_keeps_the_token(page: Page, hub: Hub):
    """What the grading panel asks goes through the instructor's server; the browser never has the hub's token."""
    log_in(page, "iris")
    answers = page.evaluate(
        """async () => {
            const { serverSettings } = window.jupyterapp.serviceManager;
            const headers = { 'X-XSRFToken': /_xsrf=([^;]+)/.exec(document.cookie)[1] };
            const ask = path => fetch(`${serverSettings.baseUrl}tinytorch-lab/api/${path}`, { headers });
            const courses = await (await ask('courses')).json();
            const modules = await ask('courses/tinytorch/modules');
            return { courses, status: modules.status, modules: await modules.json() };
        }"""
    )
    assert [(found["course"], found["role"]) for found in answers["courses"]["courses"]] == [
        ("tinytorch", "instructor")
    ]
    assert answers["status"] == 200
    assert MODULE in [found["module"] for found in answers["modules"]["modules"]]
    assert "JUPYTERHUB_API_TOKEN" not in page.content()
