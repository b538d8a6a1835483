"""Tests in the sidebar and on the notebook's cells: one, all, on save, beside a busy kernel."""

import re

import pytest
from nbformat import NotebookNode
from playwright.sync_api import Page, expect

from tests.browser.conftest import wait_for_lab
from tests.browser.sidebar import Sidebar, solution
from tinytorch_lab.curriculum.library import Library

MODULE = "01_tensor"


@pytest.fixture(scope="module")
def reference(library: Library) -> NotebookNode:
    """The module's notebook with its solutions."""
    return library.instructor(library.course.find(MODULE))


def test_one_test_is_run_and_the_results_outlive_a_change_and_a_reload(
    page: Page, sidebar: Sidebar, reference: NotebookNode
) -> None:
    sidebar.start(MODULE)
    sidebar.run_tests()
    environment, shapes = sidebar.test("Environment"), sidebar.test("Shapes")
    expect(environment).not_to_contain_text("Outdated")
    sidebar.set_cell("environment", solution(reference, "environment"))
    expect(environment).to_contain_text("Outdated: the code has changed since.")
    expect(shapes).to_contain_text("Outdated")
    environment.get_by_role("button", name="Run Environment by itself").click()
    expect(environment).to_contain_text("Passed")
    expect(environment).not_to_contain_text("Outdated")
    expect(environment).to_contain_text("the reference")
    expect(environment.locator(".jp-TinyTorch-cost")).to_have_count(2)
    expect(shapes).to_contain_text("Outdated")
    expect(shapes).to_contain_text("Failed")
    expect(sidebar.root.get_by_role("img", name=re.compile("The last 2 runs: from 0 of 9"))).to_be_visible()
    page.keyboard.press("Control+S")
    page.reload()
    wait_for_lab(page)
    sidebar.open()
    expect(environment).to_contain_text("Passed")
    expect(shapes).to_contain_text("Outdated")
    sidebar.screenshot("tests-outdated")


def test_a_mismatch_is_shown_with_both_sides_and_the_own_lines(sidebar: Sidebar, reference: NotebookNode) -> None:
    sidebar.start(MODULE)
    solved = solution(reference, "environment")
    sidebar.set_cell("environment", solved.replace("np.__version__", '"0.0"'))
    sidebar.unfold("Tests")
    sidebar.run_tests()
    row = sidebar.test("Environment")
    expect(row.get_by_role("definition")).to_have_count(2)
    expect(row.get_by_role("definition").nth(1)).to_have_text("0.0")
    row.get_by_text("Traceback").click()
    expect(row.locator(".jp-TinyTorch-frames")).to_contain_text("This test, line")
    sidebar.screenshot("tests-evidence")
    width = "node => node.scrollWidth <= node.clientWidth"
    assert sidebar.root.locator(".jp-TinyTorch-section:visible").first.evaluate(width)


def test_tests_run_while_the_kernel_is_busy(page: Page, sidebar: Sidebar) -> None:
    sidebar.start(MODULE)
    page.evaluate(
        """async () => {
            const panel = window.jupyterapp.shell.currentWidget;
            await panel.sessionContext.ready;
            panel.sessionContext.session.kernel.requestExecute({ code: 'import time; time.sleep(60)' });
        }"""
    )
    indicator = page.locator(".jp-NotebookPanel:visible .jp-Notebook-ExecutionIndicator")
    expect(indicator).to_have_attribute("data-status", "busy")
    sidebar.run_tests()
    sidebar.module(MODULE).get_by_role("button", name="Export 01 Tensor").click()
    expect(sidebar.root.locator(".jp-TinyTorch-report")).to_contain_text("tinytorch/setup.py")
    expect(indicator).to_have_attribute("data-status", "busy")


def test_each_test_cell_has_a_badge_that_leads_to_its_row_and_runs_it(
    page: Page, sidebar: Sidebar, reference: NotebookNode
) -> None:
    sidebar.start(MODULE)
    expect(page.locator(".jp-TinyTorch-badge")).to_have_count(0)
    sidebar.run_tests()
    sidebar.test_title("Environment").click()
    expect(page.locator(".jp-TinyTorch-revealedCell .jp-TinyTorch-badge")).to_contain_text("Failed")
    badge = page.get_by_role("button", name="Test Environment: ")
    expect(badge).to_have_text("Failed")
    for cell in page.locator(".jp-Cell:has(> .jp-TinyTorch-badge)").all():
        last = cell.evaluate("node => node.lastElementChild.className")
        assert last.endswith("jp-TinyTorch-badge"), "it stands below the input"
    sidebar.unfold("Milestones")
    for show in (lambda: page.keyboard.press("Enter"), badge.click):
        badge.focus()
        show()
        expect(sidebar.test_title("Environment")).to_be_focused()
        expect(sidebar.test_title("Environment")).to_be_in_viewport(ratio=1)
        sidebar.execute("application:toggle-left-area")
        expect(sidebar.root).not_to_be_visible()
    sidebar.open()
    sidebar.unfold("Modules", "Tests")
    sidebar.set_cell("environment", solution(reference, "environment"))
    expect(badge).to_have_text("Failed, outdated")
    page.locator(".jp-TinyTorch-badge").get_by_role("button", name="Run Environment by itself").click()
    expect(badge).to_have_text(re.compile("Passed, .*ms"))
    sidebar.screenshot("badge")
    sidebar.set_setting("showBadges", False)
    expect(page.locator(".jp-TinyTorch-badge")).to_have_count(0)
    sidebar.set_setting("showBadges", True)
    expect(badge).to_be_visible()


def test_tests_run_on_save_when_the_code_has_changed(page: Page, sidebar: Sidebar, reference: NotebookNode) -> None:
    sidebar.set_setting("runTestsOnSave", True)
    sidebar.start(MODULE)
    sidebar.set_cell("environment", solution(reference, "environment"))
    page.locator(".jp-NotebookPanel:visible .jp-Cell:visible").first.click()
    page.keyboard.press("Control+S")
    expect(sidebar.summary).to_contain_text("1 of 9 passed", timeout=60_000)
    sidebar.unfold("Tests", "Thinking")
    history = sidebar.root.get_by_text("Tests passed in the last 2 runs")
    sidebar.answer(1).fill("Only words.")
    expect(sidebar.root.locator(".jp-TinyTorch-saved")).to_have_text("Saved")
    expect(history).to_have_count(0)
    sidebar.set_cell("environment", "mine = 1")
    page.locator(".jp-NotebookPanel:visible .jp-Cell:visible").first.click()
    page.keyboard.press("Control+S")
    expect(history).to_be_visible(timeout=60_000)
    sidebar.set_setting("runTestsOnSave", False)
