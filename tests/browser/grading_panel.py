"""The grading panel as a test speaks of it."""

import os
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.conftest import TOKEN, Lab, wait_for_lab

_WATCH = """() => {
    window.shown = [];
    let pressed = 0;
    document.addEventListener('keydown', () => { pressed = performance.now(); }, true);
    const answer = () => document.querySelector('.jp-TinyTorch-answer article')?.textContent;
    let former = answer();
    const look = () => {
        const now = answer();
        if (now !== undefined && now !== former) {
            former = now;
            requestAnimationFrame(() => window.shown.push(performance.now() - pressed));
        }
    };
    new MutationObserver(look).observe(document.querySelector('.jp-TinyTorch-page'), {
        childList: true, subtree: true, characterData: true
    });
}"""


class GradingPanel:
    """What a grader does in the panel."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.root = page.locator(".jp-TinyTorch-grading")

    def open(self) -> None:
        """Open the panel and wait for its tabs."""
        self.page.evaluate("() => { void window.jupyterapp.commands.execute('tinytorch-lab:open-grading', {}) }")
        expect(self.root.get_by_role("tab").first).to_be_visible()

    def show(self, title: str) -> None:
        """Show a page of the panel."""
        self.root.get_by_role("tab", name=title, exact=True).click()

    def choose(self, module: str, response: str) -> None:
        """Choose module and question on the marking page, and wait for an answer."""
        self.root.get_by_role("combobox", name="Module").select_option(module)
        self.root.get_by_role("combobox", name="Question").select_option(response)
        desk = self.root.locator(f'.jp-TinyTorch-desk[data-response="{response}"]')
        # The former question's desk stays until the new one is drawn, and would take the first key with it.
        expect(desk).to_be_visible()
        expect(self.answer).to_be_visible()
        # Choosing what was chosen already leaves the focus where it is.
        desk.focus()

    @property
    def answer(self) -> Locator:
        """What the student wrote."""
        return self.root.locator(".jp-TinyTorch-answer article")

    @property
    def saved(self) -> Locator:
        """Whether the mark is on the server."""
        return self.root.locator(".jp-TinyTorch-saved")

    @property
    def points(self) -> Locator:
        """The field of the points."""
        return self.root.get_by_label("Points", exact=True)

    @property
    def comment(self) -> Locator:
        """The field of the comment."""
        return self.root.locator(".jp-TinyTorch-comment textarea")

    def expect_saved(self) -> None:
        """Wait until the mark is on the server."""
        expect(self.saved).to_have_attribute("data-state", "saved")

    def watch_the_clock(self) -> None:
        """Measure from now on how long it takes from a key to the next answer on screen."""
        self.page.evaluate(_WATCH)

    def screen_milliseconds(self) -> list[float]:
        """How long each answer took from the key to the screen."""
        return list(self.page.evaluate("window.shown"))

    def server_milliseconds(self) -> list[float]:
        """How long the server took for each answer, as the browser saw it."""
        return list(
            self.page.evaluate(
                """performance.getEntriesByType('resource')
                    .filter(entry => /answers\\/[0-9a-f]{20}(\\?|$)/.test(entry.name))
                    .map(entry => entry.responseEnd - entry.requestStart)"""
            )
        )

    def set_theme(self, theme: str) -> None:
        """Change JupyterLab's theme and wait until it shows."""
        self.page.evaluate(
            "theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme }).then(() => null)", theme
        )
        expect(self.page.locator(f"body[data-jp-theme-name='{theme}']")).to_be_attached()

    def screenshot(self, name: str) -> None:
        """Keep a picture of the page where ``TINYTORCH_SCREENSHOTS`` names a folder."""
        folder = os.environ.get("TINYTORCH_SCREENSHOTS")
        if folder:
            self.page.screenshot(path=Path(folder) / f"{name}.png")


def new_context(browser: Browser, lab: Lab, width: int = 1280, height: int = 900) -> BrowserContext:
    """A browser of somebody's own."""
    context = browser.new_context(viewport={"width": width, "height": height}, base_url=lab.url)
    context.set_default_timeout(60_000)
    return context


def open_panel(context: BrowserContext) -> GradingPanel:
    """Open JupyterLab in a new tab of ``context``, and the panel in it."""
    page = context.new_page()
    page.goto(f"/lab?reset&token={TOKEN}")
    wait_for_lab(page)
    panel = GradingPanel(page)
    panel.open()
    return panel
