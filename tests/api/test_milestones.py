"""Milestones over HTTP: real runs on a real package, their events, results and plots."""

import asyncio
import json
import shutil
from pathlib import Path

import pytest
from tornado.httpclient import HTTPClientError

from tinytorch_lab.curriculum.library import Library
from tinytorch_lab.extension import MILESTONE_EVENT
from tinytorch_lab.learning.milestones.state import list_milestones
from tinytorch_lab.learning.workspace import Workspace
from tinytorch_lab.milestones.script import LOSS, Outcome, Script, step
from tinytorch_lab.milestones.scripts import FULL, SCRIPTS
from tinytorch_lab.package.build import build_reference

BASE = "tinytorch-lab", "api"
NEVER = {"run_id": "", "state": "never", "progress": None, "reason": ""}


@pytest.fixture(scope="module")
def reference_package(library: Library, tmp_path_factory: pytest.TempPathFactory) -> Path:
    package = tmp_path_factory.mktemp("reference") / "tinytorch"
    build_reference(library, package)
    return package


@pytest.fixture
def package(reference_package, jp_root_dir) -> Path:
    """The student's own package, which is the reference's."""
    return Path(shutil.copytree(reference_package, jp_root_dir / "tinytorch"))


@pytest.fixture
def fetch(jp_fetch):
    async def fetch(method: str, *path: str):
        body = "{}" if method == "POST" else None
        response = await jp_fetch(*BASE, "milestones", *path, method=method, body=body)
        return response.code, json.loads(response.body)

    return fetch


@pytest.fixture
def events(jp_serverapp) -> list[dict]:
    """What the event bus has carried of milestones."""
    seen: list[dict] = []

    async def listener(logger, schema_id, data):
        # As it crosses the wire, where a number that JSON does not know would end the stream.
        seen.append(json.loads(json.dumps(data, allow_nan=False)))

    jp_serverapp.event_logger.add_listener(schema_id=MILESTONE_EVENT, listener=listener)
    return seen


def slow_down(package: Path) -> None:
    """Let the package take longer than any test waits."""
    with (package / "layers.py").open("a") as file:
        file.write("\n\nimport time\n\nLinear.forward = lambda self, x: time.sleep(20)\n")


async def ended(fetch, number: str) -> dict:
    """Return the milestone once its run has ended."""
    for _ in range(600):
        entry = (await fetch("GET", number))[1]
        if entry["run"]["state"] != "running":
            return entry
        await asyncio.sleep(0.05)
    raise AssertionError("the run did not end")


async def last_event(events: list[dict]) -> dict:
    for _ in range(200):
        if events and events[-1]["run"]["state"] != "running":
            return events[-1]
        await asyncio.sleep(0.02)
    raise AssertionError("no event said that the run ended")


async def failure(fetch, method: str, *path: str) -> tuple[int, str]:
    """Return the status and message of a request that must fail."""
    with pytest.raises(HTTPClientError) as raised:
        await fetch(method, *path)
    body = json.loads(raised.value.response.body)
    assert list(body) == ["message"]
    return raised.value.code, body["message"]


async def test_the_list_says_what_each_milestone_needs(fetch, jp_root_dir):
    status, answer = await fetch("GET")
    assert status == 200
    assert [(entry["number"], entry["after"]) for entry in answer["milestones"]] == [
        (1, "03_layers"),
        (2, "08_training"),
        (3, "09_spatial"),
        (4, "16_tinygpt"),
    ]
    for entry, state in zip(answer["milestones"], list_milestones(Workspace(jp_root_dir)), strict=True):
        assert entry["status"] == ("blocked" if entry["number"] in SCRIPTS else "unavailable")
        assert entry["missing"] == list(state.missing) != []
        assert (entry["goal"], entry["result"], entry["run"]) == (state.milestone.goal, None, NEVER)


async def test_a_milestone_is_run_and_its_result_and_plot_stay(fetch, jp_fetch, events, package, jp_root_dir):
    assert (await fetch("GET", "1"))[1]["status"] == "ready"
    status, entry = await fetch("POST", "1", "run")
    assert (status, entry["run"]["state"], entry["result"]) == (202, "running", None)
    entry = await ended(fetch, "1")
    assert (entry["status"], entry["run"]["state"], entry["run"]["reason"]) == ("passed", "done", "")
    result = entry["result"]
    assert (result["passed"], result["plot"]) == (True, True)
    assert {"name": "largest_error", "value": 0} in result["figures"]
    assert "computes XOR exactly" in result["message"]

    last = await last_event(events)
    assert last == {"number": 1, "run": entry["run"]}
    runs = [event["run"] for event in events]
    assert {run["run_id"] for run in runs} == {entry["run"]["run_id"]}
    assert [run["progress"] and run["progress"]["done"] for run in runs] == [None, 1, 2, 3, 3]
    assert runs[1]["progress"] == {"done": 1, "total": 3, "step": "imports", "losses": []}

    plot = await jp_fetch(*BASE, "milestones", "1", "plot")
    assert (plot.headers["Content-Type"], plot.headers["Cache-Control"]) == ("image/png", "no-store")
    assert plot.body == (jp_root_dir / ".tinytorch" / "milestones" / "1.png").read_bytes()
    assert plot.body.startswith(b"\x89PNG")
    assert (await fetch("GET"))[1]["milestones"][0] == entry


async def test_a_missing_piece_is_named_and_leaves_no_plot(fetch, package):
    (package / "layers.py").write_text("Sequential = None\n")
    await fetch("POST", "1", "run")
    entry = await ended(fetch, "1")
    assert (entry["status"], entry["run"]["state"]) == ("failed", "done")
    assert "cannot import name 'Linear'" in entry["result"]["message"]
    assert "\n" not in entry["result"]["message"]
    assert entry["result"]["plot"] is False
    code, message = await failure(fetch, "GET", "1", "plot")
    assert (code, message) == (404, "The last run of milestone 1 left no plot in the workspace; run it again.")


async def test_a_plot_that_was_put_elsewhere_is_not_mistaken(fetch, package, jp_root_dir):
    await fetch("POST", "1", "run")
    assert (await ended(fetch, "1"))["result"]["plot"] is True
    record = jp_root_dir / ".tinytorch" / "milestones" / "1.json"
    secret = jp_root_dir / "secret.png"
    secret.write_text("not a plot")
    record.write_text(json.dumps(json.loads(record.read_text()) | {"plot": str(secret)}))
    assert (await fetch("GET", "1"))[1]["result"]["plot"] is False
    assert (await failure(fetch, "GET", "1", "plot"))[0] == 404


LOSSES = ("0.5", "0.25", "float('inf')")


async def test_the_loss_is_shown_as_it_falls_and_when_it_has_diverged(fetch, events, package, monkeypatch):
    steps = tuple(step(f"epoch {number}", f'probe("{LOSS}", {loss})') for number, loss in enumerate(LOSSES, 1))
    missed = Outcome(False, "Missed.", {}, lambda _figure: None)
    monkeypatch.setitem(SCRIPTS, 1, Script(steps, lambda _reports, _files: missed))
    await fetch("POST", "1", "run")
    entry = await ended(fetch, "1")
    await last_event(events)
    shown = [event["run"]["progress"] for event in events[1:-1]]
    assert [progress["losses"] for progress in shown] == [[0.5], [0.5, 0.25], [0.5, 0.25, None]]
    last = {"done": 3, "total": 3, "step": "epoch 3", "losses": [0.5, 0.25, None]}
    assert shown[-1] == last == entry["run"]["progress"]


async def test_the_longer_run_is_offered_and_run_where_there_is_one(fetch, jp_fetch, package, monkeypatch):
    offered = {entry["number"]: entry["full_minutes"] for entry in (await fetch("GET"))[1]["milestones"]}
    assert offered == {1: None, 2: None, 3: None, 4: FULL[4].minutes}

    async def run(body: object) -> None:
        await jp_fetch(*BASE, "milestones", "1", "run", method="POST", body=json.dumps(body))

    for body, words in (
        ({"full": True}, "no longer run"),
        ({"full": 1}, "must be true or false"),
        ([1], "JSON object"),
    ):
        with pytest.raises(HTTPClientError) as refused:
            await run(body)
        assert (refused.value.code, words in refused.value.response.body.decode()) == (400, True)
    reached = Outcome(True, "The longer way.", {}, lambda _figure: None)
    monkeypatch.setitem(FULL, 1, Script((step("all", "pass"),), lambda _reports, _files: reached, minutes=7))
    assert (await fetch("GET", "1"))[1]["full_minutes"] == 7
    await run({"full": True})
    assert (await ended(fetch, "1"))["result"]["message"] == "The longer way."
    await run({"full": False})
    assert "computes XOR exactly" in (await ended(fetch, "1"))["result"]["message"]


async def test_a_milestone_runs_once_at_a_time_and_a_cancelled_run_leaves_the_last_result(fetch, events, package):
    await fetch("POST", "1", "run")
    passed = await ended(fetch, "1")
    await last_event(events)
    slow_down(package)
    await fetch("POST", "1", "run")
    assert await failure(fetch, "POST", "1", "run") == (
        409,
        "Milestone 1 is running already; wait for it or cancel it.",
    )
    await fetch("DELETE", "1", "run")
    entry = await ended(fetch, "1")
    assert entry["run"]["state"] == "cancelled"
    assert entry["run"]["run_id"] != passed["run"]["run_id"]
    assert (entry["status"], entry["result"]) == ("passed", passed["result"])
    assert (await fetch("DELETE", "1", "run"))[1] == entry, "cancelling what is over changes nothing"


async def test_a_server_that_stops_records_no_missed_milestone(fetch, package, jp_serverapp, jp_root_dir):
    slow_down(package)
    await fetch("POST", "1", "run")
    await jp_serverapp.cleanup_extensions()
    assert (await ended(fetch, "1"))["run"]["state"] == "cancelled"
    assert not (jp_root_dir / ".tinytorch" / "milestones" / "1.json").exists()
    code, message = await failure(fetch, "POST", "1", "run")
    assert (code, message) == (503, "The runner is shutting down; try again when it has restarted.")


async def test_a_result_that_cannot_be_written_is_told(fetch, package, jp_root_dir):
    (jp_root_dir / ".tinytorch").write_text("in the way")
    await fetch("POST", "1", "run")
    run = (await ended(fetch, "1"))["run"]
    assert run["state"] == "failed"
    assert run["reason"].startswith("Milestone 1 stopped: Cannot write ")


async def test_the_tests_of_a_module_need_not_wait_for_a_milestone(fetch, jp_fetch, package):
    slow_down(package)
    await fetch("POST", "1", "run")
    await jp_fetch(*BASE, "modules", "01_tensor", "start", method="POST", body="{}")
    await jp_fetch(*BASE, "modules", "01_tensor", "tests", method="POST", body="{}")
    for _ in range(200):
        if json.loads((await jp_fetch(*BASE, "modules", "01_tensor", "tests")).body)["state"] == "done":
            break
        await asyncio.sleep(0.05)
    else:
        raise AssertionError("the tests did not end")
    assert (await fetch("DELETE", "1", "run"))[1]["run"]["state"] == "running"
    assert (await ended(fetch, "1"))["run"]["state"] == "cancelled"


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", ("9",), 404, "There is no milestone 9; the milestones are 1, 2, 3, 4."),
        ("POST", ("9", "run"), 404, "There is no milestone 9"),
        ("DELETE", ("9", "run"), 404, "There is no milestone 9"),
        ("GET", ("9", "plot"), 404, "There is no milestone 9"),
        ("GET", ("1", "plot"), 404, "left no plot"),
        ("POST", ("1", "run"), 409, "Milestone 1 needs 03_layers exported"),
    ],
)
async def test_errors_are_one_sentence(fetch, package, method, path, status, words):
    (package / "layers.py").unlink()
    code, message = await failure(fetch, method, *path)
    assert code == status
    assert words in message
    assert (await fetch("GET", "1"))[1]["run"] == NEVER


async def test_a_milestone_that_is_not_written_is_not_run(fetch, package, monkeypatch):
    monkeypatch.delitem(SCRIPTS, 1)
    assert await failure(fetch, "POST", "1", "run") == (503, "Milestone 1, XOR inference, is not yet available.")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "milestones"),
        ("GET", "milestones/1"),
        ("POST", "milestones/1/run"),
        ("DELETE", "milestones/1/run"),
        ("GET", "milestones/1/plot"),
    ],
)
async def test_no_route_answers_who_is_not_signed_in(jp_serverapp, http_server_client, jp_base_url, method, path):
    url = f"{jp_base_url}tinytorch-lab/api/{path}"
    with pytest.raises(HTTPClientError) as raised:
        await http_server_client.fetch(url, method=method, body="{}" if method == "POST" else None)
    assert raised.value.code == 403
    assert b"XOR" not in raised.value.response.body
