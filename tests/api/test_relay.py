"""Questions to a course that are passed on to the grading service."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@pytest.fixture(autouse=True)
def asked(monkeypatch):
    """The paths that a grading service on loopback is asked for."""
    paths = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            paths.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_):
            """Keep the test's output clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("TINYTORCH_LAB_SERVICE", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("TINYTORCH_LAB_COURSE", "tt101")
        monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "of-the-instructor")
        yield paths
        server.shutdown()
        thread.join()


async def test_names_of_any_letters_arrive_as_they_were_asked_for(jp_fetch, asked):
    answer = await jp_fetch("tinytorch-lab", "api", "courses", "tt101", "students", "müller x", params={"a": "b c"})
    assert answer.code == 200
    assert asked[-1] == "/api/courses/tt101/students/m%C3%BCller%20x?a=b+c"
