"""The service goes away, on purpose or not: what was receipted is there afterwards, and what was not is sent again."""

import json
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.hub.running import Hub
from tinytorch_lab.errors import NotAvailableError
from tinytorch_lab.grading.folder import load_course_folder
from tinytorch_lab.learning.outbox import Outbox
from tinytorch_lab.learning.remote_desk import UNREACHABLE, RemoteDesk
from tinytorch_lab.learning.workspace import Workspace

PLACE = "courses/mini/modules/01_sums/submissions"


def versions(hub: Hub, count: int, mark: str) -> list[bytes]:
    """Return ``count`` notebooks that differ."""
    document = json.loads(load_course_folder(hub.course).released("01_sums").read_text(encoding="utf-8"))
    return [json.dumps({**document, "metadata": {"version": f"{mark} {place}"}}).encode() for place in range(count)]


def hand_in(hub: Hub, token: str, notebook: bytes) -> dict[str, Any]:
    """Hand in until there is a receipt."""
    for _ in range(600):
        try:
            answer = hub.ask(token, "POST", PLACE, content=notebook)
        except httpx.HTTPError:
            continue
        if answer.status_code == 201:
            receipt: dict[str, Any] = answer.json()
            return receipt
        assert answer.status_code in (429, 503), answer.text
        time.sleep(0.3)
    raise AssertionError("the service did not come back")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_every_receipt_is_honoured_after_the_service_was_stopped(hub: Hub, tokens: dict[str, str], how: signal.Signals):
    notebooks = versions(hub, 12, how.name)
    with ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(hand_in, hub, tokens["ben"], notebook) for notebook in notebooks]
        for early in waiting[:3]:
            early.result()
        killed = hub.service_process()
        killed.send_signal(how)
        receipts = [found.result() for found in waiting]
    assert hub.service_process().pid != killed.pid
    listed = hub.ask(tokens["ben"], "GET", PLACE).json()
    for receipt, notebook in zip(receipts, notebooks, strict=True):
        assert listed.count(receipt) == 1
        assert hub.ask(tokens["ben"], "GET", f"courses/mini/submissions/{receipt['id']}").content == notebook
    # Handed in again because the answer got lost, a notebook is one submission only when nothing came between;
    # no notebook of these is there more often than it was sent.
    mine = [found["digest"] for found in listed if found["digest"] in {receipt["digest"] for receipt in receipts}]
    assert len(set(mine)) == len(notebooks)


def test_what_is_handed_in_while_the_service_is_away_goes_out_by_itself(
    hub: Hub, tokens: dict[str, str], tmp_path: Path
):
    workspace = Workspace(tmp_path)
    module = workspace.course.find("tensor")
    workspace.start(module)
    with closing(RemoteDesk(hub.service, "tinytorch", tokens["cora"])) as desk:
        outbox = Outbox(workspace, desk)
        hub.service_process().kill()
        with pytest.raises(NotAvailableError, match=rf"^{UNREACHABLE} Your notebook waits in the outbox"):
            outbox.hand_in(module)
        away = time.monotonic()
        while outbox.waiting():
            assert time.monotonic() - away < 120
            time.sleep(0.5)
            outbox.send()
    (sentence,) = outbox.take_news()
    assert sentence.startswith("01_tensor waited in the outbox and is handed in now: receipt ")
    newest = hub.ask(tokens["cora"], "GET", "courses/tinytorch/modules/01_tensor/submissions").json()[0]
    assert newest["id"][:8] in sentence
    assert newest["digest"] in (tmp_path / ".tinytorch" / "receipts" / "01_tensor" / f"{newest['id']}.json").read_text()
