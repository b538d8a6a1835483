"""What somebody with a token, a script and time on their hands tries; each is refused and logged."""

import json
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import httpx
import pytest

from tests.hub.conftest import COURSE, METRICS_TOKEN, Person
from tests.hub.running import Hub
from tinytorch_lab.coursework import Receipt
from tinytorch_lab.grading.folder import load_course_folder
from tinytorch_lab.grading.receipts import course_key, is_genuine

PLACE = f"courses/{COURSE}/modules/01_sums/submissions"


@pytest.fixture(scope="module")
def released(hub: Hub) -> bytes:
    return load_course_folder(hub.course).released("01_sums").read_bytes()


def log_lines(hub: Hub) -> list[dict[str, Any]]:
    """Return what the service has logged so far."""
    lines = (hub.state / "hub.log").read_text(encoding="utf-8", errors="replace").splitlines()
    return [json.loads(line) for line in lines if line.startswith('{"time"')]


def refused(hub: Hub, answer: httpx.Response, status: int) -> None:
    """Check that the request was refused without data, and is in the log."""
    assert answer.status_code == status, answer.text
    assert list(answer.json()) == ["message"]
    assert "Traceback" not in answer.text
    # The line is written after the answer is sent.
    deadline = time.monotonic() + 10
    while _last_refused(hub) != status and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _last_refused(hub) == status


def _last_refused(hub: Hub) -> int | None:
    found = [line["status"] for line in log_lines(hub) if line["message"] == "refused"]
    return found[-1] if found else None


def test_the_name_comes_from_the_token_and_the_time_from_the_server(hub: Hub, tokens: dict[str, str], released: bytes):
    lies = {"student": "ben", "received_at": "2020-01-01T00:00:00.000+00:00", "course": "other"}
    answer = hub.ask(
        tokens["ada"],
        "POST",
        PLACE,
        content=released,
        params=lies,
    )
    assert answer.status_code == 201
    receipt = answer.json()
    assert (receipt["student"], receipt["course"]) == ("ada", COURSE)
    assert receipt["received_at"] > "2026"


def test_a_receipt_that_was_changed_is_not_genuine(hub: Hub, tokens: dict[str, str], released: bytes):
    receipt = Receipt(**hub.ask(tokens["ada"], "POST", PLACE, content=released).json())
    key = course_key(load_course_folder(hub.course), "receipts")
    assert is_genuine(receipt, key)
    for change in ({"received_at": "2020-01-01T00:00:00.000+00:00"}, {"student": "ben"}, {"digest": "0" * 64}):
        assert not is_genuine(Receipt(**{**vars(receipt), **change}), key)


def test_a_token_that_was_made_for_something_else_opens_nothing(hub: Hub, people: dict[str, Person], released: bytes):
    narrow = people["ada"].token(scopes=("read:users:name!user",))
    refused(hub, hub.ask(narrow, "POST", PLACE, content=released), 403)
    # May reach the service, but was not made for handing in.
    reaching = people["ada"].token(scopes=("access:services!service=tinytorch-lab", "read:users:groups!user"))
    refused(hub, hub.ask(reaching, "POST", PLACE, content=released), 404)
    # An instructor's token that was made for handing in does not grade.
    submitting = people["ines"].token(
        scopes=("access:services!service=tinytorch-lab", "custom:tinytorch:submit", "read:users:groups!user")
    )
    refused(hub, hub.ask(submitting, "GET", f"courses/{COURSE}/overview"), 404)


def test_nobody_gets_a_token_with_more_than_their_own_rights(hub: Hub, people: dict[str, Person]):
    with pytest.raises(AssertionError, match="custom:tinytorch:grade"):
        people["ada"].token(scopes=("access:services!service=tinytorch-lab", "custom:tinytorch:grade"))


def test_a_token_that_was_revoked_is_worth_nothing(hub: Hub, released: bytes):
    refused(hub, hub.ask("0" * 32, "POST", PLACE, content=released), 401)


def deeply_nested() -> bytes:
    return b'{"cells": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"


def one_gigantic_number() -> bytes:
    return b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": ' + b"9" * 1_000_000 + b"}"


def many_cells() -> bytes:
    cell = {"cell_type": "markdown", "metadata": {}, "source": ""}
    return json.dumps({"cells": [cell] * 300_000, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}).encode()


def not_a_notebook() -> bytes:
    return b"PK\x03\x04" + b"\0" * 1000


def another_encoding() -> bytes:
    return b"\xff\xfe{\x00}\x00"


BOMBS = (deeply_nested, one_gigantic_number, not_a_notebook, another_encoding)


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: bomb.__name__)
def test_what_is_no_notebook_is_refused_in_one_sentence(hub: Hub, tokens: dict[str, str], bomb: Callable[[], bytes]):
    answer = hub.ask(tokens["ada"], "POST", PLACE, content=bomb())
    assert answer.status_code == 400, answer.text
    assert answer.json()["message"].count("\n") == 0
    assert httpx.get(f"{hub.service}/health", timeout=30).json() == {"status": "ok", "broken": []}


def test_a_notebook_of_three_hundred_thousand_cells_holds_nobody_up(hub: Hub, tokens: dict[str, str]):
    answer = hub.ask(tokens["ben"], "POST", PLACE, content=many_cells())
    assert answer.status_code in (201, 400), answer.text
    assert hub.ask(tokens["ada"], "GET", PLACE).status_code == 200


def test_two_hundred_megabytes_are_refused_before_they_are_read(hub: Hub, tokens: dict[str, str]):
    where = urlparse(hub.service)
    head = (
        f"POST {where.path}/api/{PLACE} HTTP/1.1\r\nHost: {where.netloc}\r\n"
        f"Authorization: token {tokens['ada']}\r\nContent-Length: {200 << 20}\r\n\r\n"
    )
    with socket.create_connection((where.hostname, where.port), timeout=30) as connection:
        connection.sendall(head.encode() + b"x" * 1000)
        status = connection.recv(1000).splitlines()[0]
    assert b"413" in status or b"400" in status, status
    assert httpx.get(f"{hub.service}/health", timeout=30).status_code == 200


@pytest.mark.parametrize(
    "module",
    ["..", "../../etc/passwd", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "01_sums/../../other", "01_sums%00", "nothing"],
)
def test_no_path_leads_out_of_the_course(hub: Hub, tokens: dict[str, str], released: bytes, module: str):
    before = {path for path in hub.course.rglob("*") if "store" not in path.parts}
    answer = hub.ask(tokens["ada"], "POST", f"courses/{COURSE}/modules/{module}/submissions", content=released)
    assert answer.status_code in (400, 404, 405), answer.text
    made = {path for path in hub.course.rglob("*") if "store" not in path.parts} - before
    assert not [path for path in made if path.suffix == ".ipynb"]


def test_a_symlink_in_the_course_is_never_followed_into_a_submission(
    hub: Hub, tokens: dict[str, str], released: bytes, tmp_path: Path
):
    """Whoever shares a disk with the service cannot make it hand out, or grade, what a link points to."""
    secret = tmp_path / "secret.ipynb"
    secret.write_text("the instructor's secret", encoding="utf-8")
    link = hub.course / "submitted" / "ben" / "01_sums" / "01_sums.ipynb"
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(secret)
    done = hub.finish(tokens["ines"], COURSE, kind="autograde", module="01_sums", students=["ben"])
    assert "secret" not in json.dumps(done)
    link.unlink()


def test_a_request_is_one_line_of_the_log_without_its_path(hub: Hub, tokens: dict[str, str]):
    before = len(log_lines(hub))
    hub.ask(tokens["greta"], "GET", "courses/mini/students/ada")
    deadline = time.monotonic() + 10
    while not (found := log_lines(hub)[before:]) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [line["user"] for line in found] == ["greta"]
    assert "/students/ada" not in json.dumps(found)


def test_the_log_holds_no_tokens_and_nothing_that_students_wrote(hub: Hub, tokens: dict[str, str]):
    marked = {"cells": [], "metadata": {"note": "SECRET-OF-ADA"}, "nbformat": 4, "nbformat_minor": 4}
    assert hub.ask(tokens["ada"], "POST", PLACE, content=json.dumps(marked).encode()).status_code == 201
    text = (hub.state / "hub.log").read_text(encoding="utf-8", errors="replace")
    assert "SECRET-OF-ADA" not in text
    assert not [name for name, token in tokens.items() if token in text]
    assert {"time", "level", "message", "user", "course", "method", "route", "status", "milliseconds"} <= set(
        [line for line in log_lines(hub) if line["message"] == "answered"][-1]
    )


def test_figures_are_for_a_token_that_may_read_them(hub: Hub, tokens: dict[str, str]):
    assert httpx.get(f"{hub.service}/metrics", timeout=30).status_code == 401
    headers = {"Authorization": f"token {tokens['ines']}"}
    assert httpx.get(f"{hub.service}/metrics", headers=headers, timeout=30).status_code == 403
    headers = {"Authorization": f"token {METRICS_TOKEN}"}
    text = httpx.get(f"{hub.service}/metrics", headers=headers, timeout=30).text
    assert 'tinytorch_lab_requests_total{course="mini"' in text
    assert "ada" not in text


def test_too_many_requests_are_put_off(hub: Hub, tokens: dict[str, str]):
    def ask(_: int) -> httpx.Response:
        return hub.ask(tokens["otto"], "POST", PLACE, content=b"{}")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(150)))
    others = [answer.text for answer in answers if answer.status_code not in (404, 429)]
    assert not others, others
    put_off = next(answer for answer in answers if answer.status_code == 429)
    assert int(put_off.headers["Retry-After"]) >= 1
    # Nobody else has to wait for it.
    assert hub.ask(tokens["ada"], "GET", PLACE).status_code == 200
