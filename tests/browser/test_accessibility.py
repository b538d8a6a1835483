"""The sidebar for everyone: axe on our own nodes, in both themes, and the keyboard alone."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.sidebar import Sidebar

MODULE = "01_tensor"
OUR_NODES = {"include": [["#tinytorch-lab-sidebar"], [".jp-TinyTorch-status"]]}


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast"])
def test_axe_finds_nothing(page: Page, sidebar: Sidebar, theme: str) -> None:
    page.evaluate(
        "theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme }).then(() => null)", theme
    )
    expect(page.locator(f"body[data-jp-theme-name='{theme}']")).to_be_attached()
    assert_accessible(page, "empty")
    sidebar.start(MODULE)
    sidebar.run_tests()
    sidebar.test("Environment").get_by_text("Traceback").click()
    assert_accessible(page, "modules and tests")
    sidebar.screenshot(f"axe-{theme.replace(' ', '-').lower()}")
    sidebar.unfold("Thinking")
    sidebar.answer(1).fill("Some words.")
    assert_accessible(page, "questions")


def test_the_list_of_modules_by_keyboard_alone(page: Page, sidebar: Sidebar) -> None:
    first = sidebar.root.locator(f'[data-module="{MODULE}"]')
    _tab_until_focused(page, sidebar)
    expect(first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(sidebar.root.locator('[data-module="02_activations"]')).to_be_focused()
    page.keyboard.press("End")
    expect(sidebar.root.locator('[data-module="16_tinygpt"]')).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".jp-NotebookPanel")).to_have_count(0)
    page.keyboard.press("Home")
    expect(first).to_be_focused()
    assert first.evaluate("node => getComputedStyle(node).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page.locator(".jp-NotebookPanel .jp-Cell").first).to_be_visible()
    page.keyboard.press("Control+Shift+Y")
    expect(sidebar.summary).to_contain_text("points, in", timeout=60_000)


def assert_accessible(page: Page, state: str) -> None:
    # axe looks at one moment, so what is still fading in or out has to come to rest.
    page.wait_for_function("document.getAnimations().every(one => one.playState !== 'running')")
    found = Axe().run(page, context=OUR_NODES)
    assert found.violations_count == 0, f"{state}: {found.generate_report()}"


def _tab_until_focused(page: Page, sidebar: Sidebar) -> None:
    sidebar.root.locator(".jp-AccordionPanel-title").first.focus()
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.module !== undefined"):
            return
    raise AssertionError("Tab never reached the list of modules.")
