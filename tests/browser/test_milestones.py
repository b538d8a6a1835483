"""A student runs milestones from the sidebar, on the package as exported."""

import re
import shutil
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Lab, wait_for_lab
from tests.browser.sidebar import Sidebar
from tinytorch_lab.curriculum.library import Library
from tinytorch_lab.milestones.scripts import SCRIPTS
from tinytorch_lab.package.build import build_reference

THEMES = ["JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast"]


@pytest.fixture(scope="module")
def reference_package(library: Library, tmp_path_factory: pytest.TempPathFactory) -> Path:
    package = tmp_path_factory.mktemp("reference") / "tinytorch"
    build_reference(library, package)
    return package


@pytest.fixture
def package(sidebar: Sidebar, lab: Lab, reference_package: Path) -> Path:
    """The student's own package, which is the reference's; the sidebar knows of it and shows the milestones."""
    package = Path(shutil.copytree(reference_package, lab.root / "tinytorch"))
    sidebar.unfold("Milestones")
    sidebar.execute("tinytorch-lab:refresh")
    expect(status(sidebar, 1)).to_have_text("Ready")
    return package


def milestone(sidebar: Sidebar, number: int) -> Locator:
    return sidebar.root.locator(".jp-TinyTorch-milestone").nth(number - 1)


def status(sidebar: Sidebar, number: int) -> Locator:
    return milestone(sidebar, number).get_by_role("status")


def run(sidebar: Sidebar, number: int, outcome: str) -> None:
    milestone(sidebar, number).get_by_role("button", name=re.compile("^Run ")).click()
    expect(status(sidebar, number)).to_have_text(outcome, timeout=60_000)


def append(package: Path, source: str) -> None:
    with (package / "layers.py").open("a") as file:
        file.write(f"\n\n{source}\n")


def assert_plot_is_drawn(plot: Locator) -> None:
    expect(plot).to_be_visible()
    assert plot.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1200


def width(image: Locator) -> int:
    return int(image.evaluate("image => image.clientWidth"))


def test_milestones_that_cannot_be_run_say_why(sidebar: Sidebar) -> None:
    sidebar.unfold("Milestones")
    expect(sidebar.root.locator(".jp-TinyTorch-milestone")).to_have_count(4)
    expect(milestone(sidebar, 1)).to_contain_text("Export 01 Tensor, 02 Activations, 03 Layers to unlock")
    expect(milestone(sidebar, 1)).to_contain_text("After 03 Layers")
    for number in range(1, 5):
        expect(status(sidebar, number)).to_have_text("Locked" if number in SCRIPTS else "Not yet available")
        expect(milestone(sidebar, number).get_by_role("button")).to_have_count(0)
    sidebar.screenshot("milestones-locked")


def test_a_milestone_is_passed_by_keyboard_and_stays_so_after_a_reload(
    page: Page, sidebar: Sidebar, package: Path
) -> None:
    row = milestone(sidebar, 1)
    button = row.get_by_role("button", name="Run XOR inference")
    button.focus()
    page.keyboard.press("Enter")
    expect(status(sidebar, 1)).to_have_text("Passed", timeout=60_000)
    expect(button).to_be_focused()
    page.keyboard.press("Tab")
    plot = row.get_by_role("img", name="Plot of XOR inference. The network runs on the four XOR points")
    assert_plot_is_drawn(plot)
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    large = dialog.get_by_role("img")
    assert_plot_is_drawn(large)
    assert width(large) > 2 * width(plot)
    sidebar.screenshot("milestone-plot")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    row.get_by_text("Figures").click()
    expect(row.get_by_role("row", name="Largest error 0")).to_be_visible()
    page.reload()
    wait_for_lab(page)
    sidebar.open()
    sidebar.unfold("Milestones")
    expect(status(sidebar, 1)).to_have_text("Passed")
    assert_plot_is_drawn(milestone(sidebar, 1).get_by_role("img"))


def test_a_missed_milestone_says_which_piece_to_look_at(sidebar: Sidebar, package: Path) -> None:
    append(package, "del Linear")
    run(sidebar, 1, "Missed")
    expect(milestone(sidebar, 1)).to_contain_text("cannot import name 'Linear'")
    expect(milestone(sidebar, 1).get_by_role("img")).to_have_count(0)
    sidebar.screenshot("milestone-missed")


def test_a_run_shows_its_progress_and_can_be_cancelled(sidebar: Sidebar, package: Path) -> None:
    append(package, "import time\n\nLinear.forward = lambda self, x: time.sleep(20)")
    run(sidebar, 1, "Running")
    row = milestone(sidebar, 1)
    expect(row).to_contain_text("Step 1 of 3, imports: done")
    expect(row.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "1")
    sidebar.screenshot("milestone-running")
    row.get_by_role("button", name="Cancel").click()
    expect(status(sidebar, 1)).to_have_text("Ready")
    expect(row).to_contain_text("The run was cancelled.")


def test_the_command_unfolds_the_section_and_runs_the_next_milestone(
    page: Page, sidebar: Sidebar, package: Path
) -> None:
    sidebar.unfold("Modules")
    expect(milestone(sidebar, 1)).not_to_be_visible()
    sidebar.execute("tinytorch-lab:run-milestone")
    expect(status(sidebar, 1)).to_have_text("Passed", timeout=60_000)
    expect(milestone(sidebar, 1)).to_be_visible()


def test_the_loss_falls_on_the_way(sidebar: Sidebar, package: Path) -> None:
    row = milestone(sidebar, 2)
    row.evaluate(
        """row => {
            window.shown = new Set();
            new MutationObserver(() => window.shown.add(row.innerText)).observe(row, {
                childList: true, subtree: true, characterData: true
            });
        }"""
    )
    run(sidebar, 2, "Passed")
    shown = row.page.evaluate("[...window.shown].join('\\n')")
    losses = [float(loss) for loss in re.findall(r"Step \d+ of 23, .+: loss ([\d.e-]+)", shown)]
    assert losses
    assert losses[-1] < 0.01
    assert_plot_is_drawn(row.get_by_role("img"))
    row.get_by_text("Figures").click()
    expect(row.get_by_role("row", name="Accuracy 1")).to_be_visible()
    sidebar.screenshot("milestone-2")


@pytest.mark.parametrize("theme", THEMES)
def test_the_curve_of_a_run_outlives_a_reload(page: Page, sidebar: Sidebar, package: Path, theme: str) -> None:
    sidebar.set_theme(theme)
    slow = "lambda self, x, forward=Linear.forward: time.sleep(0.05) or forward(self, x)"
    append(package, f"import time\n\nLinear.forward = {slow}")
    run(sidebar, 2, "Running")
    curve = milestone(sidebar, 2).get_by_role("img", name=re.compile(r"The loss of XOR trained so far: .* (\d+) times"))
    expect(curve).to_be_visible()

    def measured() -> int:
        name = curve.get_attribute("aria-label") or ""
        return int(re.findall(r"measured (\d+) times", name)[0])

    before = measured()
    page.reload()
    wait_for_lab(page)
    sidebar.open()
    sidebar.unfold("Milestones")
    expect(curve).to_be_visible()
    assert measured() >= before > 1
    milestone(sidebar, 2).get_by_text("Losses").click()
    expect(milestone(sidebar, 2).get_by_role("row").nth(before - 1)).to_be_visible()
    assert_accessible(page, "running, with its losses")
    milestone(sidebar, 2).get_by_text("Losses").click()
    sidebar.screenshot(f"milestone-curve-{theme.replace(' ', '-').lower()}")
    milestone(sidebar, 2).get_by_role("button", name="Cancel").click()
    expect(status(sidebar, 2)).to_have_text("Ready")


def test_the_longer_run_is_offered_with_its_length(sidebar: Sidebar, package: Path) -> None:
    append(package, "del Linear")
    row = milestone(sidebar, 4)
    expect(row).to_contain_text("A run takes about 2 minutes")
    row.get_by_role("button", name="Longer run of TinyGPT, about 4 minutes").click()
    expect(status(sidebar, 4)).to_have_text("Missed", timeout=60_000)
    expect(row).to_contain_text("cannot import name 'Linear'")
    sidebar.screenshot("milestone-longer")


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing(page: Page, sidebar: Sidebar, package: Path, theme: str) -> None:
    page.evaluate(
        "theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme }).then(() => null)", theme
    )
    expect(page.locator(f"body[data-jp-theme-name='{theme}']")).to_be_attached()
    run(sidebar, 1, "Passed")
    row = milestone(sidebar, 1)
    assert_plot_is_drawn(row.get_by_role("img"))
    row.get_by_text("Figures").click()
    assert_accessible(page, "passed, locked, not yet available")
    sidebar.screenshot(f"milestones-{theme.replace(' ', '-').lower()}")
    append(package, "import time\n\nLinear.forward = lambda self, x: time.sleep(20)")
    run(sidebar, 1, "Running")
    expect(row).to_contain_text("Step 1 of 3")
    assert_accessible(page, "running")
    row.get_by_role("button", name="Cancel").click()
    expect(status(sidebar, 1)).to_have_text("Passed")
    assert_plot_is_drawn(row.get_by_role("img"))
    append(package, "del Linear")
    run(sidebar, 1, "Missed")
    assert_accessible(page, "missed")


def assert_accessible(page: Page, state: str) -> None:
    # The button that turns and the theme that changes have to come to rest; the icon of a run turns on.
    page.wait_for_function(
        """document.getAnimations().every(one => one.playState !== 'running'
            || one.effect.target.closest('.jp-TinyTorch-statusIcon'))"""
    )
    found = Axe().run(page, context={"include": [["#tinytorch-lab-sidebar"]]})
    assert found.violations_count == 0, f"{state}: {found.generate_report()}"
