"""The sidebar for everyone: axe on our own nodes in every theme, narrow and wide, and the keyboard alone."""

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Lab
from tests.browser.sidebar import Sidebar, source_on_disk

MODULE = "01_tensor"
OUR_NODES = {"include": [["#tinytorch-lab-sidebar"], [".jp-TinyTorch-status"], [".jp-TinyTorch-badge"]]}
SECTIONS = ("Modules", "Tests", "Thinking", "Package", "Submission", "Milestones")


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast"])
def test_axe_finds_nothing(page: Page, sidebar: Sidebar, theme: str) -> None:
    sidebar.set_theme(theme)
    name = theme.replace(" ", "-").lower()
    sidebar.execute("tinytorch-lab:show-tour")
    assert_accessible(page, "empty, with the tour", without_badges=True)
    sidebar.root.get_by_role("button", name="Skip the tour").click()
    sidebar.start(MODULE)
    sidebar.run_tests()
    sidebar.set_cell("measure_memory", "mine = 1")
    expect(sidebar.test("Run tests")).to_contain_text("Outdated")
    sidebar.test("Environment").get_by_text("Traceback").click()
    sidebar.test_title("Environment").click()
    expect(page.locator(".jp-TinyTorch-badge").first).to_be_visible()
    assert_accessible(page, "modules and tests")
    sidebar.screenshot(f"axe-{name}")
    sidebar.unfold("Thinking")
    sidebar.answer(1).fill("Some **words**.")
    sidebar.root.get_by_role("button", name="Insert my measurement into answer 2").click()
    sidebar.root.get_by_role("button", name="Preview answer 1").click()
    assert_accessible(page, "questions")
    sidebar.screenshot(f"axe-questions-{name}")
    sidebar.execute("tinytorch-lab:export-module")
    sidebar.unfold("Package", "Submission")
    expect(sidebar.root.locator(".jp-TinyTorch-report")).to_contain_text("tinytorch/setup.py")
    assert_accessible(page, "package and submission")
    sidebar.screenshot(f"axe-package-{name}")


@pytest.mark.parametrize("width", [250, 320, 640])
def test_nothing_is_wider_than_the_sidebar(page: Page, sidebar: Sidebar, width: int) -> None:
    sidebar.start(MODULE)
    sidebar.run_tests()
    handle = page.locator("#jp-main-split-panel > .lm-SplitPanel-handle:not(.lm-mod-hidden)").first
    box = handle.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 300)
    page.mouse.down()
    left = page.locator("#jp-left-stack").bounding_box()
    assert left is not None
    page.mouse.move(left["x"] + width, box["y"] + 300, steps=5)
    page.mouse.up()
    shown = sidebar.root.bounding_box()
    assert shown is not None
    assert abs(shown["width"] - width) < 12
    for section in SECTIONS:
        sidebar.unfold(section)
        for body in sidebar.root.locator(".jp-TinyTorch-body:visible").all():
            assert body.evaluate("node => node.scrollWidth <= node.clientWidth"), section
        sidebar.screenshot(f"width-{width}-{section.lower()}")


def test_the_list_of_modules_by_keyboard_alone(page: Page, sidebar: Sidebar) -> None:
    first = sidebar.root.locator(f'[data-module="{MODULE}"]')
    sidebar.root.locator(".jp-AccordionPanel-title").first.focus()
    tab_to(page, first)
    page.keyboard.press("ArrowDown")
    expect(sidebar.root.locator('[data-module="02_activations"]')).to_be_focused()
    page.keyboard.press("End")
    expect(sidebar.root.locator('[data-module="16_tinygpt"]')).to_be_focused()
    page.keyboard.press("Home")
    expect(first).to_be_focused()
    assert first.evaluate("node => getComputedStyle(node).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page.locator(".jp-NotebookPanel .jp-Cell").first).to_be_visible()


def test_a_module_is_worked_through_by_keyboard_alone(page: Page, sidebar: Sidebar, lab: Lab) -> None:
    notebook: Path = lab.root / "modules" / MODULE / f"{MODULE}.ipynb"
    page.keyboard.press("Alt+Shift+T")
    expect(sidebar.root.locator(".jp-AccordionPanel-title").first).to_be_focused()
    tab_to(page, sidebar.root.locator(f'[data-module="{MODULE}"]'))
    page.keyboard.press("Enter")
    expect(page.locator(".jp-NotebookPanel:visible .jp-Cell").first).to_be_visible()
    expect(page.locator(".jp-Notebook-ExecutionIndicator:visible")).to_have_attribute("data-status", "idle")
    page.keyboard.press("Control+Shift+Y")
    expect(sidebar.summary).to_contain_text("points, in", timeout=60_000)

    headers = sidebar.root.locator(".jp-AccordionPanel-title")
    headers.nth(1).focus()
    row = sidebar.test("Environment")
    tab_to(page, sidebar.test_title("Environment"))
    page.keyboard.press("Enter")
    expect(page.locator(".jp-TinyTorch-revealedCell")).to_contain_text("test_unit_environment")
    page.keyboard.press("Tab")
    expect(row.get_by_role("button", name="Run Environment by itself")).to_be_focused()
    page.keyboard.press("Enter")
    expect(sidebar.root.get_by_role("img", name=re.compile("The last 2 runs"))).to_be_visible()

    headers.nth(1).focus()
    page.keyboard.press("Enter")
    expect(headers.nth(1)).to_have_attribute("aria-expanded", "false")
    headers.nth(2).focus()
    page.keyboard.press("Enter")
    tab_to(page, sidebar.answer(1))
    page.keyboard.type("By keyboard alone.")
    expect(sidebar.root.locator(".jp-TinyTorch-saved")).to_have_text("Saved")
    assert source_on_disk(notebook, "response_1") == "By keyboard alone."
    page.keyboard.press("Alt+Shift+E")
    expect(sidebar.root.locator(".jp-TinyTorch-report")).to_contain_text("tinytorch/setup.py")


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until ``wanted`` has the focus."""
    for _ in range(60):
        if wanted.evaluate("node => node === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reached {wanted}.")


def assert_accessible(page: Page, state: str, *, without_badges: bool = False) -> None:
    # axe looks at one moment, so what is still fading in or out has to come to rest.
    page.wait_for_function("document.getAnimations().every(one => one.playState !== 'running')")
    nodes = OUR_NODES["include"][:2] if without_badges else OUR_NODES["include"]
    found = Axe().run(page, context={"include": nodes})
    assert found.violations_count == 0, f"{state}: {found.generate_report()}"
