"""The TinyTorch sidebar as a test speaks of it."""

import json
import os
from pathlib import Path

from playwright.sync_api import Locator, Page, expect


class Sidebar:
    """What a student does in the sidebar and in the notebook beside it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.root = page.locator("#tinytorch-lab-sidebar")

    def open(self) -> None:
        """Show the sidebar and wait for the course."""
        self.execute("tinytorch-lab:show-sidebar")
        expect(self.root).to_be_visible()
        expect(self.root.locator(".jp-TinyTorch-module")).to_have_count(16)

    def execute(self, command: str, **args: str) -> None:
        """Run a command as a menu or a key does."""
        self.page.evaluate(
            "([command, args]) => { void window.jupyterapp.commands.execute(command, args) }", [command, args]
        )

    def unfold(self, *titles: str) -> None:
        """Unfold the sections with these titles and fold the others."""
        for header in self.root.locator(".jp-AccordionPanel-title").all():
            wanted = any(title in header.inner_text().title() for title in titles)
            if (header.get_attribute("aria-expanded") == "true") != wanted:
                header.click()

    def module(self, name: str) -> Locator:
        """The row of a module."""
        return self.root.locator(".jp-TinyTorch-module", has=self.page.locator(f'[data-module="{name}"]'))

    def start(self, name: str) -> None:
        """Start or open a module and wait for its notebook."""
        self.root.locator(f'[data-module="{name}"]').click()
        expect(self.page.locator(".jp-NotebookPanel:visible .jp-Cell").first).to_be_visible()
        expect(self.page.locator(".jp-NotebookPanel:visible .jp-Notebook-ExecutionIndicator")).to_have_attribute(
            "data-status", "idle"
        )

    def run_tests(self) -> None:
        """Run the current module's tests and wait for their end."""
        self.root.get_by_role("button", name="Run tests", exact=True).click()
        expect(self.summary).to_contain_text("points, in", timeout=60_000)

    @property
    def summary(self) -> Locator:
        """The line that sums up the tests."""
        return self.root.locator(".jp-TinyTorch-summary")

    def test(self, title: str) -> Locator:
        """The row of a test."""
        return self.root.locator(".jp-TinyTorch-test", has=self.page.get_by_role("button", name=title))

    def answer(self, number: int) -> Locator:
        """The editor of an answer."""
        return self.root.get_by_label(f"Your answer to question {number}")

    def set_cell(self, grade_id: str, source: str) -> None:
        """Put ``source`` into the cell of the current notebook, as typing it would."""
        self.page.evaluate(
            """([id, source]) => window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells
                .find(cell => cell.getMetadata('nbgrader')?.grade_id === id).setSource(source)""",
            [grade_id, source],
        )

    def cell_source(self, grade_id: str) -> str:
        """The text of a cell of the current notebook."""
        return str(
            self.page.evaluate(
                """id => window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells
                    .find(cell => cell.getMetadata('nbgrader')?.grade_id === id).getSource()""",
                grade_id,
            )
        )

    def screenshot(self, name: str) -> None:
        """Keep a picture of the page where ``TINYTORCH_SCREENSHOTS`` names a folder."""
        folder = os.environ.get("TINYTORCH_SCREENSHOTS")
        if folder:
            self.page.screenshot(path=Path(folder) / f"{name}.png")


def source_on_disk(notebook: Path, grade_id: str) -> str:
    """The text of a cell as saved."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    cell = next(cell for cell in cells if cell["metadata"].get("nbgrader", {}).get("grade_id") == grade_id)
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)
