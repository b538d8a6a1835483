"""Notebook 7, which has no LabShell and one document a page, loads the extension without errors."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import TOKEN, Lab, keep_errors

pytest.importorskip("notebook", reason="Notebook 7 is not installed")

# Notebook 7.6 reports these by itself, with no extension of ours installed.
NOTEBOOKS_OWN = ("Cannot convert undefined or null to object", "Cannot read properties of undefined (reading 'schema')")


@pytest.fixture
def notebook7(browser: Browser, lab: Lab) -> Iterator[Page]:
    """A page of Notebook 7; an error in the browser's console fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=lab.url)
    page = context.new_page()
    page.set_default_timeout(30_000)
    errors: list[str] = []
    keep_errors(page, errors)
    yield page
    context.close()
    ours = [error for error in errors if not any(words in error for words in NOTEBOOKS_OWN)]
    assert not ours, ours


def test_the_file_browser_page_loads(notebook7: Page) -> None:
    notebook7.goto(f"/tree?token={TOKEN}")
    expect(notebook7.locator(".jp-DirListing")).to_be_visible()
    notebook7.wait_for_load_state("networkidle")


def test_the_sidebar_works_beside_a_notebook(notebook7: Page, lab: Lab) -> None:
    started = notebook7.request.post(
        f"{lab.url}/tinytorch-lab/api/modules/01_tensor/start", headers={"Authorization": f"token {TOKEN}"}
    )
    assert started.ok, started.text()
    notebook7.goto(f"/notebooks/modules/01_tensor/01_tensor.ipynb?token={TOKEN}")
    expect(notebook7.locator(".jp-Cell").first).to_be_visible()
    notebook7.wait_for_function("window.jupyterapp !== undefined")
    notebook7.evaluate("window.jupyterapp.restored.then(() => null)")
    notebook7.evaluate("void window.jupyterapp.commands.execute('tinytorch-lab:show-sidebar')")
    sidebar = notebook7.locator("#tinytorch-lab-sidebar")
    expect(sidebar.locator(".jp-TinyTorch-module")).to_have_count(16)
    sidebar.get_by_role("button", name="Run tests", exact=True).click()
    expect(sidebar.locator(".jp-TinyTorch-summary")).to_contain_text("points, in", timeout=60_000)
    sidebar.locator(".jp-TinyTorch-testOpen", has_text="Arithmetic").click()
    expect(notebook7.locator(".jp-TinyTorch-revealedCell")).to_be_in_viewport()
