"""A student works through a module: start, test, solve, export, answer."""

import re
from pathlib import Path

import pytest
from nbformat import NotebookNode
from playwright.sync_api import Page, expect

from tests.browser.conftest import Lab, wait_for_lab
from tests.browser.sidebar import Sidebar, solution, source_on_disk
from tinytorch_lab.curriculum.cells import grade_id, is_response
from tinytorch_lab.curriculum.library import Library

MODULE = "01_tensor"


@pytest.fixture(scope="module")
def reference(library: Library) -> NotebookNode:
    """The module's notebook with its solutions."""
    return library.instructor(library.course.find(MODULE))


@pytest.fixture
def notebook(lab: Lab) -> Path:
    """Where the started module's notebook is."""
    return lab.root / "modules" / MODULE / f"{MODULE}.ipynb"


def test_start_copies_the_notebook_and_opens_it(page: Page, sidebar: Sidebar, notebook: Path) -> None:
    expect(sidebar.module(MODULE)).to_contain_text("Not started")
    sidebar.start(MODULE)
    assert notebook.is_file()
    expect(sidebar.module(MODULE)).to_contain_text("In progress")
    expect(page.locator(".jp-TinyTorch-status")).to_contain_text("TinyTorch: 01 Tensor")
    sidebar.screenshot("module-started")


def test_solving_a_cell_makes_its_test_pass(sidebar: Sidebar, reference: NotebookNode) -> None:
    sidebar.start(MODULE)
    sidebar.run_tests()
    expect(sidebar.summary).to_contain_text("0 of")
    row = sidebar.test("Environment")
    expect(row).to_contain_text("Failed")
    expect(row).to_contain_text("not implemented yet: `environment_report`")
    sidebar.screenshot("tests-unsolved")
    sidebar.set_cell("environment", solution(reference, "environment"))
    sidebar.run_tests()
    expect(row).to_contain_text("Passed")
    expect(sidebar.summary).to_contain_text("1 of")
    expect(sidebar.module(MODULE)).to_contain_text("1 of")
    sidebar.screenshot("tests-one-solved")


def test_a_test_leads_to_its_cell_and_keeps_the_focus(page: Page, sidebar: Sidebar) -> None:
    sidebar.start(MODULE)
    sidebar.run_tests()
    active = "window.jupyterapp.shell.currentWidget.content.activeCellIndex"
    before = page.evaluate(active)
    link = sidebar.test("Arithmetic").get_by_role("button", name="Your cell")
    link.click()
    revealed = page.locator(".jp-TinyTorch-revealedCell")
    expect(revealed).to_be_in_viewport()
    expect(revealed).to_contain_text("NotImplementedError")
    expect(link).to_be_focused()
    assert page.evaluate(active) == before
    page.locator(".jp-NotebookPanel:visible .jp-Cell:visible").first.click()
    expect(revealed).to_have_count(0)


def test_a_test_leads_to_a_notebook_that_is_behind_another_tab(page: Page, sidebar: Sidebar) -> None:
    sidebar.start(MODULE)
    sidebar.run_tests()
    page.evaluate("window.jupyterapp.commands.execute('launcher:create').then(() => null)")
    expect(page.locator(".jp-NotebookPanel:visible")).to_have_count(0)
    title = sidebar.test_title("Arithmetic")
    title.click()
    expect(page.locator(".jp-TinyTorch-revealedCell")).to_be_in_viewport()
    expect(title).to_be_focused()


def test_the_exported_package_is_what_a_notebook_imports(
    page: Page, sidebar: Sidebar, reference: NotebookNode, lab: Lab
) -> None:
    sidebar.start(MODULE)
    sidebar.set_cell("environment", solution(reference, "environment"))
    sidebar.module(MODULE).get_by_role("button", name="Export 01 Tensor").click()
    expect(sidebar.root.locator(".jp-TinyTorch-report")).to_contain_text("tinytorch/setup.py")
    expect(sidebar.module(MODULE).locator(".jp-TinyTorch-modulePackage")).to_have_text("Exported")
    sidebar.screenshot("exported")
    output = _run_in_new_notebook(
        page,
        "from tinytorch.setup import environment_report as report; print(report.__code__.co_filename, len(report()))",
    )
    assert str(lab.root / "tinytorch" / "setup.py") in output


def test_an_export_with_a_syntax_error_names_the_cell_and_leads_there(page: Page, sidebar: Sidebar, lab: Lab) -> None:
    sidebar.start(MODULE)
    sidebar.set_cell("environment", "#| export\ndef environment_report(:\n    return {}")
    sidebar.module(MODULE).get_by_role("button", name="Export 01 Tensor").click()
    problem = sidebar.root.locator(".jp-TinyTorch-report")
    expect(problem).to_contain_text("Not exported")
    link = problem.get_by_role("button", name=re.compile(r"01_tensor\.ipynb, cell \d+, line 2"))
    sidebar.screenshot("export-problem")
    link.click()
    expect(page.locator(".jp-TinyTorch-revealedCell")).to_contain_text("def environment_report(:")
    assert not (lab.root / "tinytorch" / "setup.py").exists()


def test_an_answer_is_counted_saved_and_there_after_a_reload(
    page: Page, sidebar: Sidebar, reference: NotebookNode, notebook: Path
) -> None:
    response = next(grade_id(cell) for cell in reference.cells if is_response(cell))
    assert response is not None
    sidebar.start(MODULE)
    sidebar.unfold("Thinking")
    answer = sidebar.answer(1)
    expect(answer).to_have_value("")
    answer.press_sequentially("Row-major keeps rows together.")
    expect(sidebar.root.get_by_text("4 words: 146 short of 150")).to_be_visible()
    assert sidebar.cell_source(response) == "Row-major keeps rows together."
    expect(sidebar.root.locator(".jp-TinyTorch-saved")).to_have_text("Saved")
    assert source_on_disk(notebook, response) == "Row-major keeps rows together."
    sidebar.screenshot("thinking")
    sidebar.set_cell(response, "Written in the notebook")
    expect(answer).to_have_value("Written in the notebook")
    page.keyboard.press("Control+S")
    expect(sidebar.root.locator(".jp-TinyTorch-saved")).to_have_text("Saved")
    page.reload()
    wait_for_lab(page)
    sidebar.open()
    expect(sidebar.answer(1)).to_have_value("Written in the notebook")
    sidebar.empty_answer(1)
    expect(sidebar.root.locator(".jp-TinyTorch-saved")).to_have_text("Saved")
    assert sidebar.cell_source(response) == "YOUR ANSWER HERE"


def test_a_closed_notebook_can_be_opened_from_its_questions(page: Page, sidebar: Sidebar) -> None:
    sidebar.start(MODULE)
    sidebar.unfold("Thinking")
    sidebar.answer(1).fill("Kept")
    expect(sidebar.root.locator(".jp-TinyTorch-saved")).to_have_text("Saved")
    page.evaluate("window.jupyterapp.commands.execute('application:close').then(() => null)")
    sidebar.root.get_by_role("button", name=f"Open {MODULE}").click()
    expect(sidebar.answer(1)).to_have_value("Kept")


def test_reset_keeps_the_present_notebook_and_shows_the_fresh_one(page: Page, sidebar: Sidebar, lab: Lab) -> None:
    sidebar.start(MODULE)
    sidebar.set_cell("environment", "mine = 1")
    sidebar.module(MODULE).get_by_role("button", name="Reset 01 Tensor").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f".tinytorch/backups/{MODULE}")
    sidebar.screenshot("reset")
    dialog.get_by_role("button", name="Reset").click()
    expect(page.get_by_text("Your previous notebook is kept as")).to_be_visible()
    assert "NotImplementedError" in sidebar.cell_source("environment")
    backups = list((lab.root / ".tinytorch" / "backups" / MODULE).glob("*.ipynb"))
    assert [source_on_disk(backup, "environment") for backup in backups] == ["mine = 1"]


def _run_in_new_notebook(page: Page, source: str) -> str:
    page.evaluate(
        """async source => {
            const { commands } = window.jupyterapp;
            await commands.execute('notebook:create-new', { kernelName: 'python3' });
            const panel = window.jupyterapp.shell.currentWidget;
            await panel.context.ready;
            await panel.sessionContext.ready;
            panel.content.model.sharedModel.cells[0].setSource(source);
            await commands.execute('notebook:run-cell');
        }""",
        source,
    )
    output = page.locator(".jp-NotebookPanel:visible .jp-OutputArea-output")
    expect(output).to_be_visible()
    return output.inner_text()
