"""A server on loopback that serves files well and badly."""

import contextlib
import http.server
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tests.conftest import ROOT

Answer = Callable[["Handler"], None]
SHARED = ROOT.parent / "shared" / "data"


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers a GET with what the server's table has for its path."""

    server: "Server"

    def do_GET(self) -> None:
        self.server.requests.append(self.path)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.server.answers.get(self.path, lambda handler: handler.send_error(404))(self)

    def log_message(self, *arguments: object) -> None:
        pass

    def begin(self, length: int) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(length))
        self.end_headers()


class Server(http.server.ThreadingHTTPServer):
    """What is served, and what was asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: dict[str, Answer] = {}
        self.requests: list[str] = []

    def url(self, path: str, answer: Answer) -> str:
        self.answers[path] = answer
        return f"http://127.0.0.1:{self.server_port}{path}"


def whole(content: bytes) -> Answer:
    def answer(handler: Handler) -> None:
        handler.begin(len(content))
        handler.wfile.write(content)

    return answer


def truncated(content: bytes) -> Answer:
    """Promise all and hang up after half."""

    def answer(handler: Handler) -> None:
        handler.begin(len(content))
        handler.wfile.write(content[: len(content) // 2])

    return answer


def dribbling(content: bytes, pause: float) -> Answer:
    """Send byte by byte."""

    def answer(handler: Handler) -> None:
        handler.begin(len(content))
        for number in range(len(content)):
            handler.wfile.write(content[number : number + 1])
            time.sleep(pause)

    return answer


@pytest.fixture
def server(monkeypatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Server() as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture
def shared_data(monkeypatch):
    """Point the cache at the real data beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip(f"NOT TESTED: there is no MNIST and no tiny Shakespeare in {SHARED}")
    monkeypatch.setenv("TINYTORCH_DATA", str(SHARED))
    return SHARED
