"""The list of modules: search, README, what to check again, one cell begun again, the tour, the launcher's card."""

import json
from pathlib import Path

import pytest
from nbformat import NotebookNode
from playwright.sync_api import Page, Request, expect

from tests.browser.conftest import Lab, wait_for_lab
from tests.browser.sidebar import Sidebar, source_on_disk
from tests.solutions import solve
from tinytorch_lab.curriculum.library import Library
from tinytorch_lab.curriculum.notebooks import write_notebook

MODULE = "01_tensor"


@pytest.fixture(scope="module")
def reference(library: Library) -> NotebookNode:
    """The module's notebook with its solutions."""
    return library.instructor(library.course.find(MODULE))


def solve_on_disk(lab: Lab, library: Library, name: str) -> Path:
    module = library.course.find(name)
    path = lab.root / "modules" / name / f"{name}.ipynb"
    write_notebook(solve(library.student(module), library.instructor(module)), path)
    return path


def layout_stored(request: Request) -> str:
    """Return the main area's layout as JSON if ``request`` stores it, else nothing."""
    if "/api/workspaces" not in request.url or request.method != "PUT":
        return ""
    layout = request.post_data_json["data"].get("layout-restorer:data", {})
    return json.dumps(layout.get("main"))


def test_modules_are_found_and_described(page: Page, sidebar: Sidebar) -> None:
    sidebar.root.get_by_label("Search modules").fill("relu")
    expect(sidebar.root.locator(".jp-TinyTorch-module")).to_have_count(1)
    expect(sidebar.module("02_activations")).to_contain_text("Builds on 01 Tensor")
    sidebar.root.get_by_label("Search modules").fill("no such thing")
    expect(sidebar.root.get_by_text("No module is about “no such thing”.")).to_be_visible()
    sidebar.root.get_by_label("Search modules").fill("")
    sidebar.start(MODULE)
    readme = page.locator(".jp-TinyTorch-readme")
    # JupyterLab stores its layout a moment later.
    with page.expect_response(lambda answer: "tinytorch-lab-readme" in layout_stored(answer.request)):
        sidebar.module(MODULE).get_by_role("button", name="Read about 01 Tensor").click()
        expect(readme.get_by_role("heading").first).to_contain_text("Tensor")
    sidebar.screenshot("readme")
    page.reload()
    wait_for_lab(page)
    expect(readme.get_by_role("heading").first).to_contain_text("Tensor")


def test_a_change_in_an_earlier_module_asks_for_a_re_check(sidebar: Sidebar, lab: Lab, library: Library) -> None:
    for name in (MODULE, "02_activations"):
        solve_on_disk(lab, library, name)
    sidebar.execute("tinytorch-lab:export-all")
    expect(sidebar.root.locator(".jp-TinyTorch-report")).to_contain_text("tinytorch/activations.py")
    sidebar.start("02_activations")
    sidebar.run_tests()
    expect(sidebar.module("02_activations")).to_contain_text("Passed")
    sidebar.start(MODULE)
    sidebar.set_cell("environment", "#| export\nmine = 1")
    sidebar.set_cell("arithmetic", sidebar.cell_source("arithmetic") + "\n\nEXTRA = 1")
    sidebar.module(MODULE).get_by_role("button", name="Export 01 Tensor").click()
    expect(sidebar.module("02_activations")).to_contain_text("Needs re-check: 01 Tensor changed")
    sidebar.screenshot("re-check")
    expect(sidebar.module(MODULE)).not_to_contain_text("Needs re-check")


def test_one_cell_is_begun_again(page: Page, sidebar: Sidebar, lab: Lab, reference: NotebookNode) -> None:
    sidebar.start(MODULE)
    sidebar.set_cell("environment", "mine = 1")
    sidebar.set_cell("measure_memory", "mine = 2")
    page.evaluate(
        """() => {
            const notebook = window.jupyterapp.shell.currentWidget.content;
            notebook.activeCellIndex = notebook.widgets.findIndex(
                cell => cell.model.getMetadata('nbgrader')?.grade_id === 'environment'
            );
        }"""
    )
    sidebar.execute("tinytorch-lab:reset-cell")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Reset environment?")
    dialog.get_by_role("button", name="Reset").click()
    expect(page.get_by_text("Your previous notebook is kept as")).to_be_visible()
    assert "NotImplementedError" in sidebar.cell_source("environment")
    assert sidebar.cell_source("measure_memory") == "mine = 2"
    (backup,) = (lab.root / ".tinytorch" / "backups" / MODULE).glob("*.ipynb")
    assert source_on_disk(backup, "environment") == "mine = 1"


def test_a_cell_that_is_not_the_students_is_not_begun_again(page: Page, sidebar: Sidebar) -> None:
    sidebar.start(MODULE)
    sidebar.execute("tinytorch-lab:reset-cell")
    expect(page.get_by_text("only such a cell can be reset")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_tour_is_read_or_skipped_once(page: Page, sidebar: Sidebar) -> None:
    tour = sidebar.root.get_by_role("region", name="A short tour")
    expect(tour).to_have_count(0)
    sidebar.execute("tinytorch-lab:show-tour")
    expect(tour).to_contain_text("A short tour, 1 of 4")
    sidebar.screenshot("tour")
    for step in (2, 3, 4):
        tour.get_by_role("button", name="Next").click()
        expect(tour).to_contain_text(f"{step} of 4")
    tour.get_by_role("button", name="Done").click()
    expect(tour).to_have_count(0)
    sidebar.execute("tinytorch-lab:show-tour")
    tour.get_by_role("button", name="Skip the tour").click()
    expect(tour).to_have_count(0)
    page.reload()
    wait_for_lab(page)
    sidebar.open()
    expect(tour).to_have_count(0)


def test_the_launcher_goes_on_where_the_student_stopped(page: Page, sidebar: Sidebar) -> None:
    page.locator(".jp-Launcher").get_by_text("TinyTorch", exact=True).last.click()
    expect(page.locator(".jp-NotebookPanel:visible .jp-Cell").first).to_be_visible()
    expect(page.locator(".jp-TinyTorch-status")).to_contain_text("01 Tensor")


def test_what_was_unfolded_is_so_after_a_reload(page: Page, sidebar: Sidebar) -> None:
    sidebar.unfold("Package")
    page.wait_for_timeout(1000)
    page.reload()
    wait_for_lab(page)
    sidebar.execute("tinytorch-lab:show-sidebar")
    headers = sidebar.root.locator(".jp-AccordionPanel-title")
    expect(headers.nth(3)).to_have_attribute("aria-expanded", "true")
    expect(headers.nth(0)).to_have_attribute("aria-expanded", "false")
