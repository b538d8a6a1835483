"""The grading service goes away: what it last said stays in the sidebar, also after a reload, with its time."""

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Lab, running_lab, wait_for_lab
from tests.browser.sidebar import Sidebar
from tinytorch_lab.coursework import Assignment

MODULE = "01_tensor"
AS_OF = re.compile(r"The course cannot be reached: dates and submissions are as of \w+")
SET = Assignment(MODULE, "open", None, "2099-11-27T23:59:00+00:00", False, "", None, 0, None, None, None)


class _Answer(BaseHTTPRequestHandler):
    """A grading service that has released one module."""

    def do_GET(self) -> None:
        found = {"assignments": [asdict(SET)], "courses": [], "submissions": []}.get(self.path.rsplit("/", 1)[-1])
        body = json.dumps({"message": "Not here."} if found is None else found).encode()
        self.send_response(404 if found is None else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture(scope="module")
def service() -> Iterator[ThreadingHTTPServer]:
    """A grading service on loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, service: ThreadingHTTPServer) -> Iterator[Lab]:
    """A student's JupyterLab at a course of that service."""
    variables = {
        "TINYTORCH_LAB_SERVICE": f"http://127.0.0.1:{service.server_port}",
        "TINYTORCH_LAB_COURSE": "tt101",
        "JUPYTERHUB_API_TOKEN": "of-the-student",
    }
    with running_lab(tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("root"), variables=variables) as lab:
        yield lab


def test_dates_outlive_a_reload_while_the_course_is_away(
    page: Page, sidebar: Sidebar, service: ThreadingHTTPServer
) -> None:
    due = re.compile(r"Due \w+, Nov 27.* days left")
    sidebar.start(MODULE)
    expect(sidebar.module(MODULE)).to_contain_text(due)
    expect(sidebar.root.get_by_text(AS_OF)).to_have_count(0)
    lab_page = page.url
    # Nobody may be asking while the course goes: the browser would report the refusal as an error.
    page.goto("about:blank")
    service.shutdown()
    service.socket.close()
    page.goto(lab_page)
    wait_for_lab(page)
    sidebar.open()
    expect(sidebar.module(MODULE)).to_contain_text(due)
    sidebar.unfold("Modules", "Submission")
    expect(sidebar.root.get_by_text(AS_OF)).to_have_count(2)
    expect(sidebar.root.get_by_role("alert")).to_contain_text("grading service cannot be reached at the moment")
    expect(sidebar.root.locator(".jp-TinyTorch-standing")).to_contain_text(due)
    sidebar.screenshot("course-away")
