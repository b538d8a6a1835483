"""The TinyTorch sidebar as a test speaks of it."""

import json
import os
from pathlib import Path

from nbformat import NotebookNode
from playwright.sync_api import Locator, Page, expect

from tinytorch_lab.curriculum.cells import grade_id


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
            wanted = any(title.lower() in header.inner_text().lower() for title in titles)
            if (header.get_attribute("aria-expanded") == "true") != wanted:
                header.click()

    def module(self, name: str) -> Locator:
        """The row of a module."""
        return self.root.locator(".jp-TinyTorch-module", has=self.page.locator(f'[data-module="{name}"]'))

    def start(self, name: str) -> None:
        """Start or open a module and wait for its notebook."""
        self.root.locator(f'[data-module="{name}"]').click()
        self.page.wait_for_function(
            "name => window.jupyterapp.shell.currentWidget?.context?.path.endsWith(`/${name}.ipynb`)", arg=name
        )
        self.page.evaluate("window.jupyterapp.shell.currentWidget.context.ready.then(() => null)")
        expect(self.page.locator(".jp-NotebookPanel:visible .jp-Cell").first).to_be_visible()
        expect(self.page.locator(".jp-NotebookPanel:visible .jp-Notebook-ExecutionIndicator")).to_have_attribute(
            "data-status", "idle"
        )

    def close_notebook(self) -> None:
        """Save the current notebook and close it.

        What the kernel tells of its language while a save is under way asks for one more.
        """
        self.page.evaluate(
            """async () => {
                const { context } = window.jupyterapp.shell.currentWidget;
                await context.save();
                if (context.model.dirty) {
                    await context.save();
                }
                await window.jupyterapp.commands.execute('application:close');
            }"""
        )

    def run_tests(self) -> None:
        """Run the current module's tests and wait for their end."""
        before = self.summary.get_attribute("data-run") or ""
        self.root.get_by_role("button", name="Run tests", exact=True).click()
        expect(self.summary).not_to_have_attribute("data-run", before)
        expect(self.summary).to_contain_text("points, in", timeout=60_000)

    @property
    def summary(self) -> Locator:
        """The line that sums up the tests."""
        return self.root.locator(".jp-TinyTorch-summary")

    def test(self, title: str) -> Locator:
        """The row of a test."""
        return self.root.locator(".jp-TinyTorch-test", has=self.page.get_by_role("button", name=title))

    def test_title(self, title: str) -> Locator:
        """The button of a test's row that leads to its cell."""
        return self.test(title).locator(".jp-TinyTorch-testOpen")

    def answer(self, number: int) -> Locator:
        """The editor of an answer."""
        return self.root.get_by_label(f"Your answer to question {number}")

    def empty_answer(self, number: int) -> None:
        """Delete an answer, also while JupyterLab is settling after a reload.

        Its notebook takes the focus once more then, whoever has it, and the key that deletes would go there.
        """
        for _ in range(3):
            self.answer(number).fill("")
            if self.answer(number).input_value() == "":
                return
        raise AssertionError(f"Answer {number} keeps its text.")

    def set_cell(self, name: str, source: str) -> None:
        """Put ``source`` into the cell of the current notebook, as typing it would."""
        self.page.evaluate(
            """([id, source]) => window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells
                .find(cell => cell.getMetadata('nbgrader')?.grade_id === id).setSource(source)""",
            [name, source],
        )

    def cell_source(self, name: str) -> str:
        """The text of a cell of the current notebook."""
        return str(
            self.page.evaluate(
                """id => window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells
                    .find(cell => cell.getMetadata('nbgrader')?.grade_id === id).getSource()""",
                name,
            )
        )

    def set_theme(self, theme: str) -> None:
        """Change JupyterLab's theme and wait until it shows."""
        self.page.evaluate(
            "theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme }).then(() => null)", theme
        )
        expect(self.page.locator(f"body[data-jp-theme-name='{theme}']")).to_be_attached()

    def set_setting(self, name: str, value: bool) -> None:
        """Tick or untick one of our settings on the settings page, and close that."""
        self.page.evaluate(
            "window.jupyterapp.commands.execute('settingeditor:open', { query: 'TinyTorch Lab' }).then(() => null)"
        )
        box = self.page.locator(f"[id$='_{name}'][type=checkbox]")
        box.set_checked(value)
        expect(box).to_be_checked(checked=value)
        self.page.wait_for_timeout(700)
        self.page.evaluate("window.jupyterapp.commands.execute('application:close').then(() => null)")

    def screenshot(self, name: str) -> None:
        """Keep a picture of the page where ``TINYTORCH_SCREENSHOTS`` names a folder."""
        folder = os.environ.get("TINYTORCH_SCREENSHOTS")
        if folder:
            self.page.screenshot(path=Path(folder) / f"{name}.png")


def solution(reference: NotebookNode, name: str) -> str:
    """The reference solution of a cell."""
    return str(next(cell.source for cell in reference.cells if grade_id(cell) == name))


def source_on_disk(notebook: Path, name: str) -> str:
    """The text of a cell as saved."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    cell = next(cell for cell in cells if cell["metadata"].get("nbgrader", {}).get("grade_id") == name)
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)
