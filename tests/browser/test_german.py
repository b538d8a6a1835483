"""The sidebar and the grading panel in German."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Lab, running_lab
from tests.browser.grading_panel import GradingPanel, new_context, open_panel
from tests.browser.sidebar import Sidebar
from tinytorch_lab.curriculum.library import Library
from tinytorch_lab.grading.course import init_course

pytest.importorskip("jupyterlab_language_pack_de_DE", reason="the German language pack is not installed")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab in German."""
    with running_lab(german_home(tmp_path_factory.mktemp("home")), tmp_path_factory.mktemp("root")) as lab:
        yield lab


@pytest.fixture
def panel(browser: Browser, tmp_path: Path, library: Library) -> Iterator[GradingPanel]:
    """The grading panel of a new course in a JupyterLab in German."""
    course = init_course(tmp_path / "course", library)
    home, root = german_home(tmp_path / "home"), tmp_path / "root"
    root.mkdir()
    with running_lab(home, root, f"--TinyTorchLab.course={course.root}") as lab:
        context = new_context(browser, lab)
        yield open_panel(context)
        context.close()


def german_home(home: Path) -> Path:
    settings = home / "settings" / "@jupyterlab" / "translation-extension" / "plugin.jupyterlab-settings"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"locale": "de_DE"}), encoding="utf-8")
    return home


def test_the_sidebar_speaks_german(page: Page, sidebar: Sidebar) -> None:
    expect(sidebar.root.get_by_label("Module suchen")).to_be_visible()
    headers = sidebar.root.locator(".jp-AccordionPanel-title")
    titles = ["Module", "Tests", "ML Systems Thinking", "Paket", "Abgabe", "Meilensteine"]
    assert [title.lower() for title in headers.all_inner_texts()] == [title.lower() for title in titles]
    expect(sidebar.module("01_tensor")).to_contain_text("Nicht begonnen")
    expect(sidebar.module("02_activations")).to_contain_text("Baut auf 01 Tensor auf")
    sidebar.start("01_tensor")
    sidebar.root.get_by_role("button", name="Tests ausführen", exact=True).click()
    expect(sidebar.summary).to_contain_text("0 von 9 bestanden, 0 von 70 Punkten", timeout=60_000)
    expect(sidebar.test("Environment")).to_contain_text("Nicht bestanden")
    sidebar.unfold("Thinking")
    sidebar.root.get_by_label("Ihre Antwort auf Frage 1").fill("Eins zwei")
    expect(sidebar.root.get_by_text("2 Wörter: 148 zu wenig für 150")).to_be_visible()
    expect(page.locator(".jp-TinyTorch-status")).to_contain_text("0/9 Tests")
    sidebar.unfold("Module", "Tests")
    sidebar.screenshot("german")


def test_the_grading_panel_speaks_german(panel: GradingPanel) -> None:
    titles = ["Übersicht", "Bewerten", "Aufträge", "Kalibrierung", "Termine und Verspätung", "Berichte"]
    assert panel.root.get_by_role("tab").all_inner_texts() == [*titles, "Ähnlichkeit", "Protokoll"]
    expect(panel.root.get_by_role("columnheader", name="Zu bewerten")).to_be_visible()
    panel.screenshot("german-overview")
    panel.root.get_by_role("button", name="Zu den Aufträgen").click()
    panel.root.get_by_label("Arbeit").select_option(label="Erzeugen")
    expect(panel.root.get_by_role("combobox", name="Modul")).to_have_value("01_tensor")
    panel.root.get_by_role("button", name="Beginnen").click()
    expect(panel.root.get_by_role("cell", name="fertig")).to_be_visible()
    panel.show("Übersicht")
    expect(panel.root.get_by_role("row", name="01 Tensor").get_by_role("button", name="Ausgeben")).to_be_visible()
    panel.show("Termine und Verspätung")
    expect(panel.root.get_by_role("button", name="Festlegen und Verspätung neu berechnen")).to_be_visible()
    panel.screenshot("german-terms")
