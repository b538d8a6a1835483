"""Downloads are bounded in time and size."""

import time

import pytest

from tests.datasets.conftest import dribbling, whole
from tinytorch_lab.datasets.download import DownloadError, download


def nothing(_done):
    pass


def test_a_redirect_is_followed(server):
    target = server.url("/target", whole(b"content"))

    def elsewhere(handler):
        handler.send_response(302)
        handler.send_header("Location", target)
        handler.end_headers()

    assert download(server.url("/", elsewhere), 7, nothing) == b"content"
    assert server.requests == ["/", "/target"]


def test_a_silent_server_is_given_up(server):
    def silent(handler):
        handler.begin(4)
        handler.wfile.write(b"ab")
        time.sleep(1.5)

    started = time.monotonic()
    with pytest.raises(DownloadError, match=r"sent nothing for 0\.3 seconds"):
        download(server.url("/", silent), 4, nothing, stall_seconds=0.3)
    assert time.monotonic() - started < 1.2


def test_a_server_that_never_answers_is_given_up(server):
    with pytest.raises(DownloadError, match=r"sent nothing for 0\.3 seconds"):
        download(server.url("/", lambda _handler: time.sleep(1.5)), 4, nothing, stall_seconds=0.3)


def test_a_slow_server_is_given_up_although_it_keeps_sending(server):
    started = time.monotonic()
    with pytest.raises(DownloadError, match=r"was too slow: [0-9]+ of 1,000 bytes came in time"):
        download(server.url("/", dribbling(b"x" * 1000, 0.02)), 1000, nothing, stall_seconds=5, total_seconds=0.4)
    assert time.monotonic() - started < 3


def test_an_endless_answer_is_cut_at_the_expected_size(server):
    sent = []

    def endless(handler):
        handler.send_response(200)
        handler.end_headers()
        while len(sent) < 100_000:
            handler.wfile.write(b"x" * 65536)
            sent.append(65536)

    with pytest.raises(DownloadError, match="sent more than the expected 1,000 bytes"):
        download(server.url("/", endless), 1000, nothing)
    assert sum(sent) < 64 << 20


def test_an_error_of_the_progress_callback_is_the_callers_own(server):
    def stop(done):
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(server.url("/", whole(b"content")), 7, stop)
