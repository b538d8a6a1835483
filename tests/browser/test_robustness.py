"""Two tabs, restarts, a cut network, notebooks that are gone, broken or may not be written: nothing is lost."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import TOKEN, Lab, free_port, running_lab, wait_for_lab
from tests.browser.sidebar import Sidebar, source_on_disk
from tinytorch_lab.curriculum.library import Release
from tinytorch_lab.learning.workspace import Workspace

MODULE = "01_tensor"
RESPONSE = "response_1"
SAVED = ".jp-TinyTorch-saved"


@pytest.fixture
def notebook(lab: Lab) -> Path:
    return lab.root / "modules" / MODULE / f"{MODULE}.ipynb"


@pytest.fixture
def forgiving(page: Page, console_errors: list[str]) -> Iterator[None]:
    """Let JupyterLab complain of connections that a test cuts and of notebooks it closes while their kernel starts."""
    yield
    page.context.set_offline(False)
    own = ("net::ERR_", "WebSocket", "Failed to fetch", "status of 4", "status of 5", "Comm not found")
    own += ("Canceled future", "Disposed", "reading 'kernel'", "NotFound", "Connection lost")
    console_errors[:] = [error for error in console_errors if not any(words in error for words in own)]


def dismiss_dialogs(page: Page) -> None:
    """Close JupyterLab's own messages that the server is gone and that a notebook could not be saved."""
    dialog = page.get_by_role("dialog")
    while dialog.count():
        dialog.last.get_by_role("button").last.click()
        page.wait_for_timeout(500)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Keep everybody from writing below ``folder``; root is kept from it by a read-only mount alone."""
    if os.geteuid():
        paths = [folder, *folder.rglob("*")]
        modes = {path: path.stat().st_mode for path in paths}
        for path in paths:
            path.chmod(modes[path] & ~0o222)
        try:
            yield
        finally:
            for path in paths:
                path.chmod(modes[path])
        return
    commands = (["mount", "--bind", folder, folder], ["mount", "-o", "remount,bind,ro", folder])
    if any(subprocess.run(command, check=False, capture_output=True).returncode for command in commands):
        pytest.skip("NOT TESTED: root can only be kept from writing by a mount, which is not allowed here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def open_beside(page: Page, lab: Lab) -> Page:
    """A second tab of the same browser."""
    other = page.context.new_page()
    other.goto(f"/lab/workspaces/second?reset&token={TOKEN}")
    wait_for_lab(other)
    return other


@pytest.mark.usefixtures("forgiving")
def test_two_tabs_on_one_notebook(page: Page, sidebar: Sidebar, lab: Lab, notebook: Path) -> None:
    sidebar.start(MODULE)
    second = Sidebar(open_beside(page, lab))
    second.open()
    second.start(MODULE)
    sidebar.run_tests()
    expect(second.test("Environment")).to_contain_text("Failed")
    sidebar.unfold("Thinking")
    sidebar.answer(1).fill("From the first tab.")
    expect(sidebar.root.locator(SAVED)).to_have_text("Saved")
    second.unfold("Thinking")
    second.answer(2).fill("From the second tab.")
    dialog = second.page.get_by_role("dialog")
    expect(dialog).to_contain_text("has changed on disk")
    assert source_on_disk(notebook, RESPONSE) == "From the first tab."
    dialog.get_by_role("button", name="Revert").click()
    expect(second.answer(1)).to_have_value("From the first tab.")
    second.page.close()


@pytest.mark.usefixtures("forgiving")
def test_the_kernel_is_restarted(page: Page, sidebar: Sidebar) -> None:
    sidebar.start(MODULE)
    sidebar.run_tests()
    sidebar.execute("notebook:restart-kernel")
    page.get_by_role("dialog").get_by_role("button", name="Confirm Kernel Restart").click()
    expect(sidebar.test("Environment")).to_contain_text("Failed")
    sidebar.run_tests()


@pytest.mark.usefixtures("forgiving")
def test_the_network_is_cut_while_an_answer_is_written(page: Page, sidebar: Sidebar, notebook: Path) -> None:
    sidebar.start(MODULE)
    sidebar.unfold("Modules", "Thinking")
    page.context.set_offline(True)
    sidebar.answer(1).fill("Written without a network.")
    expect(sidebar.root.locator(SAVED)).to_contain_text("Not saved yet: the server does not answer.")
    dismiss_dialogs(page)
    expect(sidebar.root.get_by_text("The Jupyter server does not answer. It may")).to_be_visible()
    sidebar.answer(2).fill("And more of it.")
    sidebar.screenshot("offline")
    page.wait_for_timeout(30_000)
    expect(page.get_by_role("dialog").filter(has_text="File Save Error")).to_have_count(0)
    page.context.set_offline(False)
    expect(sidebar.root.locator(SAVED)).to_have_text("Saved", timeout=60_000)
    expect(sidebar.root.get_by_text("The Jupyter server does not answer. It may")).to_have_count(0)
    assert source_on_disk(notebook, RESPONSE) == "Written without a network."
    assert source_on_disk(notebook, "response_2") == "And more of it."


@pytest.mark.usefixtures("forgiving")
def test_the_notebook_is_renamed_and_brought_back(page: Page, sidebar: Sidebar, notebook: Path) -> None:
    sidebar.start(MODULE)
    rename = "([from, to]) => window.jupyterapp.serviceManager.contents.rename(from, to).then(() => null)"
    own, other = f"modules/{MODULE}/{MODULE}.ipynb", f"modules/{MODULE}/mine.ipynb"
    page.evaluate(rename, [own, other])
    gone = "The notebook of 01 Tensor was renamed or deleted. Bring it back to modules/01_tensor/01_tensor.ipynb"
    expect(sidebar.root.get_by_text(gone).first).to_be_visible()
    sidebar.screenshot("notebook-gone")
    page.evaluate(rename, [other, own])
    expect(sidebar.root.get_by_text(gone)).to_have_count(0)
    sidebar.run_tests()


@pytest.mark.usefixtures("forgiving")
def test_a_deleted_notebook_is_started_again(page: Page, sidebar: Sidebar, notebook: Path) -> None:
    sidebar.start(MODULE)
    sidebar.close_notebook()
    notebook.unlink()
    sidebar.execute("tinytorch-lab:refresh")
    sidebar.root.get_by_role("button", name="Start 01 Tensor again").click()
    expect(page.locator(".jp-NotebookPanel:visible .jp-Cell").first).to_be_visible()
    assert notebook.is_file()


@pytest.mark.usefixtures("forgiving")
def test_a_merge_conflict_in_the_notebook_is_named_and_can_be_reset(
    page: Page, sidebar: Sidebar, lab: Lab, notebook: Path
) -> None:
    sidebar.start(MODULE)
    sidebar.run_tests()
    sidebar.close_notebook()
    conflict = "<<<<<<< HEAD\n" + notebook.read_text(encoding="utf-8")
    notebook.write_text(conflict, encoding="utf-8")
    sidebar.root.get_by_role("button", name="Run tests", exact=True).click()
    alert = sidebar.root.get_by_role("alert")
    expect(alert).to_contain_text("01_tensor.ipynb holds a merge conflict; resolve it, or restore an earlier version.")
    sidebar.screenshot("merge-conflict")
    sidebar.module(MODULE).get_by_role("button", name="Export 01 Tensor").click()
    expect(sidebar.root.locator(".jp-TinyTorch-report")).to_contain_text("holds a merge conflict")
    sidebar.module(MODULE).get_by_role("button", name="Reset 01 Tensor").click()
    page.get_by_role("dialog").get_by_role("button", name="Reset").click()
    expect(page.get_by_text("Your previous notebook is kept as")).to_be_visible()
    (backup,) = (lab.root / ".tinytorch" / "backups" / MODULE).glob("*.ipynb")
    assert backup.read_text(encoding="utf-8") == conflict


def test_the_server_is_restarted(browser: Browser, tmp_path: Path) -> None:
    home, root, port = tmp_path / "home", tmp_path / "root", free_port()
    home.mkdir()
    root.mkdir()
    with running_lab(home, root, port=port) as lab:
        context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=lab.url)
        page = context.new_page()
        page.goto(f"/lab?reset&token={TOKEN}")
        wait_for_lab(page)
        sidebar = Sidebar(page)
        sidebar.open()
        sidebar.start(MODULE)
        sidebar.run_tests()
        sidebar.unfold("Modules", "Tests", "Thinking")
    sidebar.answer(1).fill("Written while there was no server.")
    expect(sidebar.root.locator(SAVED)).to_contain_text("Not saved yet: the server does not answer.")
    dismiss_dialogs(page)
    with running_lab(home, root, port=port):
        expect(sidebar.root.locator(SAVED)).to_have_text("Saved", timeout=90_000)
        path = root / "modules" / MODULE / f"{MODULE}.ipynb"
        assert source_on_disk(path, RESPONSE) == "Written while there was no server."
        dismiss_dialogs(page)
        sidebar.run_tests()
        expect(sidebar.root.get_by_role("img", name="The last 2 runs")).to_be_visible()
        context.close()


def test_a_folder_that_may_not_be_written(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> None:
    home, root = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("root")
    Workspace(root).start(Release().course.find(MODULE))
    with read_only(root), running_lab(home, root) as lab:
        context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=lab.url)
        page = context.new_page()
        page.goto(f"/lab?reset&token={TOKEN}")
        wait_for_lab(page)
        sidebar = Sidebar(page)
        sidebar.open()
        sidebar.start(MODULE)
        sidebar.run_tests()
        unkept = sidebar.root.get_by_text("These results are not kept. Cannot write")
        unkept.scroll_into_view_if_needed()
        expect(unkept).to_be_visible()
        sidebar.unfold("Modules", "Thinking")
        expect(sidebar.root.locator(SAVED)).to_have_text("Cannot save: the notebook is read-only.")
        sidebar.screenshot("read-only")
        sidebar.module(MODULE).get_by_role("button", name="Export 01 Tensor").click()
        expect(page.get_by_text(re.compile("Cannot write .*tinytorch")).filter(visible=True).first).to_be_visible()
        context.close()
