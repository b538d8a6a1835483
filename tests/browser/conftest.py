"""A real JupyterLab with our extension, a real Chromium, and a page that fails its test on any console error."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.browser.sidebar import Sidebar

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
]
TOKEN = "browser-tests"
# A machine that does several things at once needs longer than a person would wait.
expect.set_options(timeout=30_000)


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab: its address, the folder it serves, which is the student's workspace, and what it logs."""

    url: str
    root: Path
    log: Path


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the browser tests, by name, where there is no Chromium."""
    if CHROMIUM is None:
        reason = "browser tests need Chromium: install it, or name it in CHROMIUM"
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab on loopback for the tests of one file."""
    with running_lab(tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("root")) as lab:
        yield lab


@contextmanager
def running_lab(
    home: Path, root: Path, *options: str, port: int | None = None, variables: Mapping[str, str] | None = None
) -> Iterator[Lab]:
    """Run a JupyterLab that keeps its state in ``home`` and serves ``root``, at a free port and as the present user.

    ``variables`` are put into its environment.
    """
    port = port or free_port()
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"),
        *("--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={root}"),
        "--LabApp.expose_app_in_browser=True",
        "--JupyterNotebookApp.expose_app_in_browser=True",
        "--ServerApp.jpserver_extensions=tinytorch_lab=True",
        *options,
    ]
    news = home / "settings" / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    news.parent.mkdir(parents=True, exist_ok=True)
    news.write_text('{"fetchNews": "false", "checkForUpdates": false}', encoding="utf-8")
    ours = home / "settings" / "tinytorch-lab" / "plugin.jupyterlab-settings"
    ours.parent.mkdir(parents=True, exist_ok=True)
    ours.write_text('{"showTour": false}', encoding="utf-8")
    environment = {
        **os.environ,
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "run"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "OPENBLAS_NUM_THREADS": "1",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        **(variables or {}),
    }
    log = home / "lab.log"
    with log.open("w") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        _wait_for(f"http://127.0.0.1:{port}/api?token={TOKEN}", process, log)
        yield Lab(f"http://127.0.0.1:{port}", root, log)
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            # A worker thread of Jupyter's file access sometimes waits for work when the event loop is gone.
            process.kill()
            process.wait(10)


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The Chromium of the session."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def console_errors() -> list[str]:
    """The errors in the browser's console so far; a test that provokes some looks at them and clears the list."""
    return []


END_SESSIONS = """async () => {
    const pause = time => new Promise(resolve => setTimeout(resolve, time));
    const starting = [...window.jupyterapp.shell.widgets('main')].map(widget => widget.sessionContext?.ready);
    await Promise.race([Promise.allSettled(starting), pause(10_000)]);
    const end = () => window.jupyterapp.serviceManager.sessions.shutdownAll().then(() => true, () => false);
    for (let tries = 0; tries < 50 && !(await end()); tries++) {
        await pause(200);
    }
}"""
"""Ends the kernels, also one that is just starting or restarting, whose session the next test would find dying.

The server refuses to end one while it restarts, so it is asked again.
"""


@pytest.fixture
def page(browser: Browser, lab: Lab, console_errors: list[str]) -> Iterator[Page]:
    """JupyterLab on an empty workspace; an error in the browser's console fails the test."""
    for leftover in ("modules", "tinytorch", ".tinytorch"):
        shutil.rmtree(lab.root / leftover, ignore_errors=True)
    context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=lab.url)
    page = context.new_page()
    page.set_default_timeout(20_000)
    keep_errors(page, console_errors)
    page.goto(f"/lab?reset&token={TOKEN}")
    wait_for_lab(page)
    # The launcher opens late and takes the focus, which would look as if the sidebar had lost it.
    expect(page.locator(".jp-Launcher")).to_be_focused(timeout=30_000)
    yield page
    found = list(console_errors)
    page.evaluate(END_SESSIONS)
    context.close()
    assert not found, f"{found}\n{lab.log.read_text()[-6000:]}"


def keep_errors(page: Page | BrowserContext, errors: list[str]) -> None:
    """Add to ``errors`` whatever goes wrong in the page, or in every page of the context, with where it did.

    Left out is one fault of Jupyter Server: asked for its kernels in the moment in which one is started, it meets a
    kernel without a time of last activity and answers 500. JupyterLab asks again by itself.
    """

    def keep(message: ConsoleMessage) -> None:
        url = message.location["url"]
        listing_kernels = urlsplit(url).path.endswith("/api/kernels") and "status of 500" in message.text
        if message.type == "error" and not listing_kernels:
            errors.append(f"{message.text} [{url}]")

    page.on("console", keep)
    if isinstance(page, Page):
        page.on("pageerror", lambda error: errors.append(str(error)))
    else:
        page.on("weberror", lambda error: errors.append(str(error.error)))


@pytest.fixture
def sidebar(page: Page) -> Sidebar:
    """The TinyTorch sidebar, open."""
    sidebar = Sidebar(page)
    sidebar.open()
    return sidebar


def wait_for_lab(page: Page) -> None:
    """Wait until JupyterLab has drawn itself and restored its layout."""
    page.wait_for_function("window.jupyterapp !== undefined", timeout=60_000)
    page.evaluate("window.jupyterapp.restored.then(() => null)")
    page.wait_for_selector("#jupyterlab-splash", state="detached", timeout=60_000)


def _wait_for(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(600):
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError:
            assert process.poll() is None, log.read_text()[-2000:]
            time.sleep(0.1)
    raise AssertionError(f"JupyterLab did not start:\n{log.read_text()[-2000:]}")
