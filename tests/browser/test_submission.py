"""A student hands in from the sidebar, is told what is saved and what is submitted, and reads what came back."""

import json
import re
from collections.abc import Iterator
from dataclasses import asdict

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import Lab, running_lab, wait_for_lab
from tests.browser.courses import STUDENT, make_course
from tests.browser.sidebar import Sidebar, source_on_disk
from tests.browser.test_accessibility import tab_to
from tinytorch_lab.coursework import OwnRun, OwnTest
from tinytorch_lab.curriculum.library import Library

RETURNED, MODULE = "01_tensor", "02_activations"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, library: Library) -> Iterator[Lab]:
    """A JupyterLab in which the student of a course works."""
    course = make_course(tmp_path_factory.mktemp("course") / "course", library, (RETURNED, MODULE), RETURNED)
    options = (f"--TinyTorchLab.course={course}", f"--TinyTorchLab.student={STUDENT}")
    with running_lab(tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("root"), *options) as lab:
        yield lab


def submit(page: Page, sidebar: Sidebar, button: str) -> None:
    sidebar.root.get_by_role("button", name=button, exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Submit 02 Activations?")
    sidebar.screenshot("submit-confirm")
    dialog.get_by_role("button", name="Submit").click()


def test_a_module_is_submitted_changed_submitted_again_and_restored(page: Page, sidebar: Sidebar, lab: Lab) -> None:
    notebook = lab.root / "modules" / MODULE / f"{MODULE}.ipynb"
    row, standing = sidebar.module(MODULE), sidebar.root.locator(".jp-TinyTorch-standing")
    sidebar.start(MODULE)
    sidebar.unfold("Modules", "Submission")
    expect(standing).to_contain_text("Not submitted")
    ready = sidebar.root.get_by_role("list", name="What will be submitted")
    expect(ready).to_contain_text("The tests have not been run")
    expect(ready).to_contain_text("Question 3: not answered")
    sidebar.screenshot("submission-open")
    submit(page, sidebar, "Submit…")
    expect(page.get_by_text("it is kept in your workspace")).to_be_visible()
    expect(standing).to_contain_text("What is saved is what you submitted")
    expect(row).to_contain_text("Submitted")
    expect(page.locator(".jp-TinyTorch-status")).to_contain_text("submitted")
    (receipt,) = (lab.root / ".tinytorch" / "receipts" / MODULE).glob("*.json")
    assert json.loads(receipt.read_text(encoding="utf-8"))["student"] == STUDENT

    sidebar.set_cell("response_1", "Changed afterwards")
    page.locator(".jp-NotebookPanel:visible .jp-Cell:visible").first.click()
    page.keyboard.press("Control+S")
    expect(standing).to_contain_text("Saved is not submitted: your notebook has changed")
    expect(row).to_contain_text("Saved, but not submitted")
    expect(page.locator(".jp-TinyTorch-status")).to_contain_text("saved, not submitted")
    sidebar.screenshot("submission-differs")
    submit(page, sidebar, "Submit again…")
    expect(sidebar.root.get_by_text("2 submissions")).to_be_visible()
    expect(standing).to_contain_text("What is saved is what you submitted")

    sidebar.root.get_by_text("2 submissions").click()
    sidebar.root.get_by_role("button", name="Restore the submission").last.click()
    page.get_by_role("dialog").get_by_role("button", name="Restore").click()
    expect(page.get_by_text("Your previous notebook is kept as")).to_be_visible()
    assert sidebar.cell_source("response_1") == "YOUR ANSWER HERE"
    (backup,) = (lab.root / ".tinytorch" / "backups" / MODULE).glob("*.ipynb")
    assert source_on_disk(backup, "response_1") == "Changed afterwards"
    assert source_on_disk(notebook, "response_1") == "YOUR ANSWER HERE"


def with_own_run(route: Route) -> None:
    """Answer the feedback as if the tests had been run on the student's own earlier modules, too."""
    test = OwnTest("test_unit_shapes", 4.0, 10.0, 10.0, "expected (2, 3), got (3, 2)", ("00_setup",))
    replaced = {"00_setup": "it was not handed in"}
    run = OwnRun(RETURNED, STUDENT, "2026-11-26T12:00:00+00:00", (test,), ("00_tools",), replaced)
    answer = route.fetch()
    route.fulfill(response=answer, json=answer.json() | {"own_run": asdict(run)})


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast"])
def test_what_came_back_is_read_in_the_sidebar_and_as_a_page(page: Page, sidebar: Sidebar, theme: str) -> None:
    page.context.route("**/feedback?*", with_own_run)
    sidebar.set_theme(theme)
    expect(sidebar.module(RETURNED)).to_contain_text("Feedback: 91 of 100 points")
    sidebar.start(RETURNED)
    sidebar.execute("tinytorch-lab:show-feedback")
    report = sidebar.root.get_by_role("region", name="Feedback: 91 of 100 points")
    expect(report).to_contain_text("Question 1: 7 of 10 points")
    expect(report).to_contain_text("Name the figure of your own run.")
    expect(report).to_contain_text("Level reached:")
    expect(report).to_contain_text("Next level up:")
    expect(report).to_contain_text("Shapes: 4 instead of 10 points")
    expect(report).to_contain_text("The reference stood in for 00_setup: it was not handed in")
    sidebar.unfold("Submission")
    report.scroll_into_view_if_needed()
    sidebar.screenshot(f"feedback-{theme.replace(' ', '-').lower()}")
    report.get_by_role("link", name="Open the feedback as a page").scroll_into_view_if_needed()
    sidebar.screenshot(f"feedback-end-{theme.replace(' ', '-').lower()}")
    found = Axe().run(page, context={"include": [["#tinytorch-lab-sidebar"]]})
    assert found.violations_count == 0, found.generate_report()
    with page.context.expect_page() as opened:
        report.get_by_role("link", name="Open the feedback as a page").click()
    expect(opened.value.get_by_role("heading").first).to_contain_text("Tensor")


def test_a_module_that_is_not_released_cannot_be_submitted(sidebar: Sidebar) -> None:
    sidebar.start("03_layers")
    sidebar.unfold("Submission")
    expect(sidebar.root.get_by_text("03 Layers is not released in this course")).to_be_visible()


def test_a_course_that_does_not_answer_is_one_sentence(page: Page, sidebar: Sidebar, console_errors: list[str]) -> None:
    page.context.route("**/tinytorch-lab/api/assignments*", lambda route: route.abort())
    page.reload()
    wait_for_lab(page)
    sidebar.open()
    sidebar.unfold("Submission")
    expect(sidebar.root.get_by_text("The Jupyter server does not answer.")).to_be_visible()
    page.context.unroute("**/tinytorch-lab/api/assignments*")
    sidebar.root.get_by_role("button", name="Try again").click()
    expect(sidebar.root.get_by_text("Open a module to submit its notebook.")).to_be_visible()
    assert all("ERR_FAILED" in error for error in console_errors)
    console_errors.clear()


def test_a_module_is_handed_in_by_keyboard_alone(page: Page, sidebar: Sidebar, lab: Lab) -> None:
    notebook = lab.root / "modules" / MODULE / f"{MODULE}.ipynb"
    enter_section(page, sidebar, "Modules")
    tab_to(page, sidebar.root.locator(f'[data-module="{RETURNED}"]'))
    page.keyboard.press("ArrowDown")
    expect(sidebar.root.locator(f'[data-module="{MODULE}"]')).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".jp-NotebookPanel:visible .jp-Notebook-ExecutionIndicator")).to_have_attribute(
        "data-status", "idle"
    )
    page.keyboard.press("Control+Shift+Y")
    expect(sidebar.summary).to_contain_text("points, in", timeout=60_000)

    enter_section(page, sidebar, "ML Systems Thinking")
    tab_to(page, sidebar.answer(1))
    page.keyboard.type("By keyboard alone.")
    expect(sidebar.root.locator(".jp-TinyTorch-saved")).to_have_text("Saved")
    page.keyboard.press("Alt+Shift+E")
    expect(sidebar.root.locator(".jp-TinyTorch-report")).to_contain_text("tinytorch/activations.py")

    enter_section(page, sidebar, "Submission")
    submit_button = sidebar.root.get_by_role("button", name=re.compile("^Submit( again)?…$"))
    tab_to(page, submit_button)
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Question 1: 3 words")
    expect(dialog.get_by_role("button", name="Submit")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(submit_button).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("button", name="Submit")).to_be_focused()
    page.keyboard.press("Enter")
    expect(sidebar.root.locator(".jp-TinyTorch-standing")).to_contain_text("What is saved is what you submitted")
    assert source_on_disk(notebook, "response_1") == "By keyboard alone."
    (receipt,) = (lab.root / ".tinytorch" / "receipts" / MODULE).glob("*.json")
    tab_to(page, sidebar.root.locator(".jp-TinyTorch-receipts summary"))
    page.keyboard.press("Enter")
    shown = f"Receipt {json.loads(receipt.read_text(encoding='utf-8'))['id'][:8]}"
    expect(sidebar.root.get_by_text(shown)).to_be_visible()
    sidebar.screenshot("submitted-by-keyboard")


def enter_section(page: Page, sidebar: Sidebar, title: str) -> None:
    """Go to a section's header from wherever the focus is, and make sure that the section is unfolded."""
    headers = sidebar.root.locator(".jp-AccordionPanel-title")
    focused: Locator = sidebar.root.locator(".jp-AccordionPanel-title:focus")
    page.keyboard.press("Alt+Shift+T")
    if not focused.count():
        page.keyboard.press("Alt+Shift+T")
    expect(focused).to_have_count(1)
    page.keyboard.press("Home")
    header = headers.filter(has_text=title)
    for _ in range(headers.count()):
        if title.lower() in focused.inner_text().lower():
            break
        page.keyboard.press("ArrowDown")
    expect(header).to_be_focused()
    if header.get_attribute("aria-expanded") == "false":
        page.keyboard.press("Enter")
    expect(header).to_have_attribute("aria-expanded", "true")
