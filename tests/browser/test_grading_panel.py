"""The grading panel in Chromium, on a class of a thousand with a module to mark."""

import getpass
import json
import re
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import TOKEN, Lab, keep_errors, running_lab, wait_for_lab
from tests.browser.grading_panel import GradingPanel, new_context, open_panel
from tests.browser.large_class import enlarge
from tinytorch_lab.curriculum.library import Library
from tinytorch_lab.grading.course import init_course
from tinytorch_lab.grading.folder import CourseFolder, load_course_folder
from tinytorch_lab.grading.queries.answers import marking_view
from tinytorch_lab.grading.queries.overview import class_overview
from tinytorch_lab.grading.queries.questions import QueuedAnswer, queue
from tinytorch_lab.grading.records import JobReport
from tinytorch_lab.grading.service import GradingService, RequestedJob
from tinytorch_lab.grading.store.database import reading
from tinytorch_lab.grading.synthetic import STUDENTS
from tinytorch_lab.grading.synthetic_course import SyntheticCourse

MODULE, QUESTION = "02_activations", "response_3"
CLASS = 1000
THEMES = ("JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast")
PAGES = ("Overview", "Marking", "Jobs", "Calibration", "Dates and lateness", "Reports", "Similarity", "Audit")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory, library: Library) -> CourseFolder:
    """A course with one module returned and one being marked, in which a thousand are enrolled."""
    root = tmp_path_factory.mktemp("grading")
    made = init_course(root / "course", library)
    with GradingService(made) as grading:
        SyntheticCourse(made, grading, _finish).fill(library.available_modules()[:2], root / "handed-in")
    more = [f"s{number:04}" for number in range(CLASS - len(STUDENTS))]
    enlarge(made, MODULE, "rosa", more)
    return made


def _finish(events: RequestedJob, title: str) -> None:
    *_, report = events
    assert isinstance(report, JobReport), title


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, course: CourseFolder) -> Iterator[Lab]:
    """A JupyterLab whose user is the course's instructor."""
    home, root = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("root")
    with running_lab(home, root, f"--TinyTorchLab.course={course.root}") as lab:
        yield lab


@pytest.fixture
def panel(browser: Browser, lab: Lab) -> Iterator[GradingPanel]:
    """The panel in a browser of its own; an error in the console fails the test."""
    context = new_context(browser, lab)
    errors: list[str] = []
    keep_errors(context, errors)
    panel = open_panel(context)
    yield panel
    context.close()
    assert not errors, errors


def test_the_panel_is_there_once_the_course_can_be_asked(browser: Browser, lab: Lab) -> None:
    context = new_context(browser, lab)
    page = context.new_page()
    away = json.dumps({"message": "The course hub cannot be reached.", "courses": []})
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(body=away)

    page.route("**/tinytorch-lab/api/courses?*", answer, times=1)
    page.goto(f"/lab?reset&token={TOKEN}")
    wait_for_lab(page)
    card = page.locator(".jp-LauncherCard", has_text="Open the Grading Panel")
    expect(card).to_have_count(0)
    card.click(timeout=30_000)
    expect(GradingPanel(page).root.get_by_role("tab").first).to_be_visible()
    assert len(asked) == 1
    context.close()


def test_the_class_of_a_thousand_sorts_and_filters(panel: GradingPanel) -> None:
    rows = panel.root.locator(".jp-TinyTorch-grid tbody tr[aria-rowindex]")
    expect(rows.first).to_be_visible()
    assert rows.count() < 100
    grid = panel.root.locator(".jp-TinyTorch-grid")
    expect(grid).to_have_attribute("aria-rowcount", str(CLASS + 1))
    grid.get_by_role("button", name="02 Activations").click()
    grid.get_by_role("button", name="02 Activations").click()
    expect(grid.locator("th[aria-sort=descending]")).to_contain_text("02")
    best = rows.first.locator("td").nth(1).inner_text()
    assert best.startswith("97"), best
    panel.show("Jobs")
    began = time.perf_counter()
    panel.show("Overview")
    expect(rows.first).to_be_visible()
    print(f"\nthe class of {CLASS} on screen after {time.perf_counter() - began:.2f} s")
    panel.root.get_by_label("Find").fill("lindqvist")
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("Eve Lindqvist")
    rows.first.get_by_role("button").click()
    expect(panel.root.get_by_role("heading", name="Eve Lindqvist (eve)")).to_be_visible()
    expect(panel.root).to_contain_text("Tests 0 / 70")
    panel.root.get_by_role("button", name="Back to the class").click()
    expect(panel.root.get_by_role("img", name="Histogram of Tests").first).to_be_visible()


def test_thirty_answers_by_keyboard_alone(panel: GradingPanel, course: CourseFolder) -> None:
    panel.show("Marking")
    panel.choose(MODULE, QUESTION)
    keyboard, marked = panel.page.keyboard, 30
    panel.watch_the_clock()
    before = _queue(course)
    first = next(place for place, item in enumerate(before) if item.state == "to mark")
    given = dict(zip((item.key for item in before[first:]), range(marked), strict=False))
    for number in range(marked):
        text = panel.answer.inner_text()
        keyboard.press("asdf"[number % 4] if number % 2 else str(number % 10))
        if number % 10 == 3:
            keyboard.press("c")
            keyboard.type("Quote your own figure.")
            keyboard.press("Escape")
        # What a person takes to read is more than what the next answer takes to come.
        panel.page.wait_for_timeout(700)
        keyboard.press("j")
        expect(panel.answer).not_to_have_text(text)
    keyboard.press("k")
    panel.expect_saved()
    after = {item.key: item for item in _queue(course)}
    assert len(given) == marked
    assert {key: after[key].author for key in given} == dict.fromkeys(given, getpass.getuser())
    digits = {key: number % 10 for key, number in given.items() if number % 2 == 0}
    assert {key: after[key].points for key in digits} == digits
    changed = {item.key for item in before if item != after[item.key]}
    assert changed <= set(given)
    screen, server = panel.screen_milliseconds(), panel.server_milliseconds()
    print(
        f"\n{len(screen)} answers on screen after {statistics.median(screen):.0f} ms (median), {max(screen):.0f} ms at "
        f"most; the server took {statistics.median(server):.0f} ms (median)"
    )
    assert statistics.median(screen) <= 200


def _queue(course: CourseFolder) -> list[QueuedAnswer]:
    with reading(course.db_url) as connection:
        return queue(course, connection, MODULE, QUESTION, "anyone")


def test_a_thousand_cost_the_server_little(course: CourseFolder) -> None:
    with reading(course.db_url) as connection:
        found = queue(course, connection, MODULE, QUESTION, "anyone")
        assert len(found) > CLASS - len(STUDENTS)
        seconds = []
        for item in found[:20]:
            began = time.process_time()
            marking_view(course, connection, MODULE, QUESTION, item.key, "anyone")
            seconds.append(time.process_time() - began)
        began = time.process_time()
        assert len(class_overview(course, connection).students) == CLASS
        overview = time.process_time() - began
    print(
        f"\nthe next answer among {len(found)}: {statistics.median(seconds) * 1000:.0f} ms of CPU (median); "
        f"the class of {CLASS}: {overview * 1000:.0f} ms"
    )
    assert statistics.median(seconds) <= 0.1
    assert overview <= 0.3


def test_keys_flag_undo_and_take_a_kept_comment(panel: GradingPanel) -> None:
    panel.show("Marking")
    panel.choose(MODULE, "response_2")
    keyboard = panel.page.keyboard
    keyboard.press("7")
    panel.expect_saved()
    keyboard.press("1")
    keyboard.press("0")
    expect(panel.points).to_have_value("10")
    panel.expect_saved()
    keyboard.press("u")
    expect(panel.points).to_have_value("7")
    keyboard.press("l")
    expect(panel.root.get_by_role("button", name="Take the flag off")).to_be_visible()
    keyboard.press("/")
    keyboard.type("quote")
    keyboard.press("Enter")
    expect(panel.comment).to_have_value("Right, and general: quote the figures you measured.")
    panel.root.get_by_role("button", name="Preview").click()
    expect(panel.root.locator(".jp-TinyTorch-preview")).to_contain_text("quote the figures")
    panel.expect_saved()
    panel.root.locator(".jp-TinyTorch-bank input").press("Escape")
    keyboard.press("e")
    expect(panel.root.get_by_role("heading", name="Tests and what they measured")).to_be_visible()
    keyboard.press("?")
    expect(panel.root.get_by_label("Keys while marking")).to_be_visible()


def test_a_share_leaves_the_other_graders_answers_out(panel: GradingPanel) -> None:
    panel.show("Marking")
    panel.choose(MODULE, QUESTION)
    pace = panel.root.locator(".jp-TinyTorch-pace")
    pace.locator("summary").click()
    pace.get_by_label("Divide among").fill(f"{getpass.getuser()}, greta")
    pace.get_by_role("button", name="Divide").click()
    expect(pace).to_contain_text("Divided among")
    panel.root.get_by_label("Only my share").check()
    expect(panel.root.locator(".jp-TinyTorch-position")).to_contain_text("of 499")


def test_a_tab_closed_in_the_middle_of_an_answer_loses_nothing(browser: Browser, lab: Lab) -> None:
    closing, other = new_context(browser, lab), new_context(browser, lab)
    first, second = open_panel(closing), open_panel(other)
    for panel in (first, second):
        panel.show("Marking")
        panel.choose(MODULE, "response_1")
        panel.root.get_by_label("Go through").select_option("all")
        panel.root.locator(".jp-TinyTorch-desk").focus()
    text = first.answer.inner_text()
    assert second.answer.inner_text() == text
    first.page.keyboard.press("c")
    first.page.keyboard.type("Half a sentence")
    expect(first.saved).to_have_attribute("data-state", "incomplete")
    first.page.close()
    second.page.keyboard.press("4")
    second.expect_saved()
    again = open_panel(closing)
    again.show("Marking")
    again.choose(MODULE, "response_1")
    again.page.keyboard.press("k")
    expect(again.answer).to_have_text(text)
    expect(again.comment).to_have_value("Half a sentence")
    again.page.keyboard.press("6")
    again.expect_saved()
    history = again.root.locator(".jp-TinyTorch-history")
    history.locator("summary").click()
    expect(history.locator("li")).to_have_count(2)
    expect(history).to_contain_text("4 points")
    expect(history).to_contain_text("6 points")
    for context in (closing, other):
        context.close()


def test_two_marks_are_shown_and_one_is_decided_for(panel: GradingPanel) -> None:
    panel.show("Marking")
    panel.choose(MODULE, "response_1")
    panel.root.get_by_label("Go through").select_option("conflict")
    panel.root.locator(".jp-TinyTorch-desk").focus()
    panel.page.keyboard.press("j")
    if not panel.root.get_by_role("button", name="Decide…").is_visible():
        panel.page.keyboard.press("k")
    panel.root.get_by_role("button", name="Decide…").click()
    dialog = panel.page.locator(".jp-Dialog")
    expect(dialog).to_contain_text("greta")
    expect(dialog).to_contain_text("Is there a figure?")
    dialog.get_by_role("button", name=re.compile("Let gus.s stand")).click()
    panel.expect_saved()
    expect(panel.root.get_by_role("button", name="Decide…")).to_have_count(0)


def test_a_job_goes_on_when_the_tab_is_closed(browser: Browser, lab: Lab) -> None:
    context = new_context(browser, lab)
    panel = open_panel(context)
    panel.show("Jobs")
    panel.root.get_by_role("combobox", name="Work").select_option("regrade")
    panel.root.get_by_role("combobox", name="Module").select_option(MODULE)
    panel.root.get_by_label("Students").fill("ada cleo dan")
    panel.root.get_by_role("button", name="Start").click()
    row = panel.root.get_by_role("row").filter(has_text="Regrade: preview").first
    expect(row).to_be_visible()
    panel.page.close()
    again = open_panel(context)
    again.show("Jobs")
    row = again.root.get_by_role("row").filter(has_text="Regrade: preview").first
    expect(row).to_contain_text("3 of 3", timeout=120_000)
    row.get_by_role("button", name="Details").click()
    expect(again.root).to_contain_text("points would change.")
    again.root.get_by_text("Log", exact=True).click()
    expect(again.root.locator("pre.jp-TinyTorch-code")).to_be_visible()
    context.close()


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing(panel: GradingPanel, theme: str) -> None:
    panel.set_theme(theme)
    for title in PAGES:
        panel.show(title)
        _settle(panel.page)
        if title == "Marking":
            panel.page.keyboard.press("?")
            panel.page.keyboard.press("e")
            _settle(panel.page)
        if title == "Similarity":
            panel.root.get_by_role("button", name="Side by side").first.click()
            _settle(panel.page)
        panel.screenshot(f"grading-{title.split()[0].lower()}-{theme.replace(' ', '-').lower()}")
        found = Axe().run(panel.page, context={"include": [[".jp-TinyTorch-grading"]]})
        assert found.violations_count == 0, f"{title}: {found.generate_report()}"


def _settle(page: Page) -> None:
    expect(page.locator(".jp-TinyTorch-page").get_by_text("Loading…")).to_have_count(0)
    page.wait_for_timeout(300)
    expect(page.locator(".jp-TinyTorch-page").get_by_text("Loading…")).to_have_count(0)


def test_at_twice_the_size_nothing_is_cut_off(browser: Browser, lab: Lab) -> None:
    context = new_context(browser, lab, 640, 450)
    panel = open_panel(context)
    panel.page.evaluate("window.jupyterapp.shell.collapseLeft()")
    for title in PAGES:
        panel.show(title)
        _settle(panel.page)
        panel.screenshot(f"grading-zoomed-{title.split()[0].lower()}")
        wider = panel.root.locator(".jp-TinyTorch-page").evaluate("node => node.scrollWidth - node.clientWidth")
        assert wider <= 0, f"{title} is {wider} px too wide"
    context.close()


def test_the_files_of_grades_arrive(panel: GradingPanel, tmp_path: Path) -> None:
    panel.show("Reports")
    with panel.page.expect_download() as waiting:
        panel.root.get_by_role("button", name="Download: Canvas").click()
    target = tmp_path / "grades.csv"
    waiting.value.save_as(target)
    assert "ada" in target.read_text(encoding="utf-8")


def test_terms_are_set_and_noted(panel: GradingPanel, course: CourseFolder) -> None:
    panel.show("Dates and lateness")
    form = panel.root.get_by_role("form", name="Late policy")
    form.get_by_label("At most, percent").fill("40")
    form.get_by_role("button").click()
    expect(form).to_contain_text("at most 40 %")
    grant = panel.root.get_by_role("form", name="Grant an extension")
    grant.get_by_label("Student").fill("mei")
    grant.get_by_label("Due").fill("2026-12-24T18:00")
    grant.get_by_label("Reason").fill("Moved house")
    grant.get_by_role("button").click()
    expect(panel.root).to_contain_text("Moved house")
    panel.show("Audit")
    expect(panel.root.get_by_role("row").filter(has_text="extend").first).to_contain_text("mei")
    assert "maximum = 40" in (load_course_folder(course.root).root / "course.toml").read_text(encoding="utf-8")
