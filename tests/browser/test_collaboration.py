"""Two browsers on one notebook with jupyter-collaboration: what is written in one is in the other, and on disk."""

import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from nbformat import NotebookNode
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import TOKEN, Lab, free_port, keep_errors, running_lab, wait_for_lab
from tests.browser.sidebar import Sidebar, solution, source_on_disk
from tests.browser.test_robustness import dismiss_dialogs
from tinytorch_lab.curriculum.library import Library

PACKAGES = Path(sys.prefix) / "collaboration"
MODULE, OTHER = "01_tensor", "02_activations"
SAVED = ".jp-TinyTorch-saved"

if not (PACKAGES / "jupyter_server_ydoc").is_dir():
    pytest.skip(f"NOT TESTED: {PACKAGES} is made by 'make test-browser'", allow_module_level=True)

VARIABLES = {
    "PYTHONPATH": os.pathsep.join(filter(None, (str(PACKAGES), os.environ.get("PYTHONPATH")))),
    "JUPYTER_PATH": str(PACKAGES / "share" / "jupyter"),
    "JUPYTER_CONFIG_PATH": str(PACKAGES / "etc" / "jupyter"),
}
WRITE_IN_CELL = """async name => {
    const notebook = window.jupyterapp.shell.currentWidget.content;
    const index = notebook.widgets.findIndex(
        cell => cell.model.sharedModel.getMetadata('nbgrader')?.grade_id === name);
    await notebook.scrollToItem(index);
    notebook.activeCellIndex = index;
    await notebook.activeCell.ready;
    notebook.activeCell.rendered = false;
    notebook.mode = 'edit';
    notebook.activeCell.editor.focus();
}"""


def shared_lab(home: Path, root: Path, port: int | None = None) -> AbstractContextManager[Lab]:
    """A JupyterLab in which several people edit one document."""
    return running_lab(home, root, f"--SQLiteYStore.db_path={home / 'edits.db'}", port=port, variables=VARIABLES)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The JupyterLab that the clients share."""
    home, root = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("root")
    with shared_lab(home, root) as lab:
        yield lab


@pytest.fixture
def clients(browser: Browser, lab: Lab, console_errors: list[str]) -> Iterator[tuple[Sidebar, Sidebar]]:
    """The sidebars of two browsers that share nothing but the server."""
    first, second = (open_client(browser, lab, name, console_errors) for name in ("first", "second"))
    yield first, second
    for client in (first, second):
        assert not client.page.get_by_role("dialog").all_inner_texts()
        client.page.context.close()
    # The second browser on a kernel hears of what the first has opened there.
    assert not [error for error in console_errors if "Comm not found" not in error]


def open_client(browser: Browser, lab: Lab, name: str, console_errors: list[str]) -> Sidebar:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=lab.url)
    page = context.new_page()
    page.set_default_timeout(20_000)
    keep_errors(page, console_errors)
    page.goto(f"/lab/workspaces/{name}?reset&token={TOKEN}")
    wait_for_lab(page)
    sidebar = Sidebar(page)
    sidebar.open()
    return sidebar


def is_shared(page: Page) -> bool:
    return bool(page.evaluate("window.jupyterapp.shell.currentWidget.context.model.collaborative"))


def test_an_answer_is_bound_both_ways_in_two_browsers(clients: tuple[Sidebar, Sidebar], lab: Lab) -> None:
    first, second = clients
    for client in clients:
        client.start(OTHER)
        assert is_shared(client.page)
        client.unfold("Modules", "Thinking")
    mine, theirs = first.answer(1), second.answer(1)
    mine.fill("It is fast.")
    expect(theirs).to_have_value("It is fast.")
    assert second.cell_source("response_1") == "It is fast."

    mine.evaluate("box => box.setSelectionRange(5, 5)")
    second.page.evaluate(WRITE_IN_CELL, "response_1")
    second.page.keyboard.press("Control+End")
    second.page.keyboard.type(" On their laptop.")
    expect(mine).to_have_value("It is fast. On their laptop.")
    mine.press_sequentially(" very")
    expect(theirs).to_have_value("It is very fast. On their laptop.")
    assert first.cell_source("response_1") == second.cell_source("response_1") == mine.input_value()
    for client in clients:
        expect(client.root.locator(SAVED)).to_have_text("Saved")
        expect(client.root.get_by_text("7 words: 143 short of 150")).to_be_visible()
    first.screenshot("collaboration")
    notebook = lab.root / "modules" / OTHER / f"{OTHER}.ipynb"
    assert source_on_disk(notebook, "response_1") == "It is very fast. On their laptop."


def test_runs_badges_and_a_reset_are_seen_in_both_browsers(
    clients: tuple[Sidebar, Sidebar], lab: Lab, library: Library
) -> None:
    reference: NotebookNode = library.instructor(library.course.find(MODULE))
    first, second = clients
    for client in clients:
        client.start(MODULE)
        assert is_shared(client.page)
    # At once: the tests are of what is on the screen.
    first.set_cell("environment", solution(reference, "environment"))
    first.run_tests()
    for client in clients:
        expect(client.test("Environment")).to_contain_text("Passed")
        expect(client.page.locator(".jp-TinyTorch-badge").first).to_be_attached()
    second.set_cell("environment", "changed = True")
    for client in clients:
        expect(client.test("Environment")).to_contain_text("Outdated")
    first.module(MODULE).get_by_role("button", name="Reset 01 Tensor").click()
    first.page.get_by_role("dialog").get_by_role("button", name="Reset").click()
    for client in clients:
        expect(client.page.get_by_text("Your previous notebook is kept as")).to_have_count(int(client is first))
        client.page.wait_for_function(
            """window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells
                .every(cell => cell.getSource() !== 'changed = True')"""
        )
    (backup,) = (lab.root / ".tinytorch" / "backups" / MODULE).glob("*.ipynb")
    assert source_on_disk(backup, "environment") == "changed = True"


def test_what_is_written_while_the_server_is_restarted_arrives(browser: Browser, tmp_path: Path) -> None:
    home, root, port = tmp_path / "home", tmp_path / "root", free_port()
    home.mkdir()
    root.mkdir()
    with shared_lab(home, root, port) as lab:
        first, second = (open_client(browser, lab, name, []) for name in ("first", "second"))
        for client in (first, second):
            client.start(MODULE)
            client.unfold("Modules", "Tests", "Thinking")
        first.answer(1).fill("Before.")
        expect(second.answer(1)).to_have_value("Before.")
        expect(second.root.locator(SAVED)).to_have_text("Saved")
    first.answer(1).fill("Written while there was no server.")
    expect(first.root.locator(SAVED)).to_contain_text("Not saved yet: the server does not answer.")
    with shared_lab(home, root, port):
        expect(second.answer(1)).to_have_value("Written while there was no server.", timeout=90_000)
        expect(first.root.locator(SAVED)).to_have_text("Saved", timeout=90_000)
        notebook = root / "modules" / MODULE / f"{MODULE}.ipynb"
        assert source_on_disk(notebook, "response_1") == "Written while there was no server."
        for client in (first, second):
            dismiss_dialogs(client.page)
        first.run_tests()
        for client in (first, second):
            client.page.context.close()
