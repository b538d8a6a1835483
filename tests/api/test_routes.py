"""The HTTP API on a real server, with a real runner."""

import asyncio
import json

import pytest
from tornado.httpclient import HTTPClientError

from tests.solutions import solve
from tinytorch_lab.api.routes import ROUTES
from tinytorch_lab.curriculum.notebooks import read_notebook, write_notebook
from tinytorch_lab.extension import EVENT

BASE = "tinytorch-lab", "api"


@pytest.fixture
def fetch(jp_fetch):
    async def fetch(method: str, *path: str):
        body = "{}" if method == "POST" else None
        response = await jp_fetch(*BASE, *path, method=method, body=body)
        return response.code, json.loads(response.body)

    return fetch


async def finished(fetch, module: str) -> dict:
    """Return the module's run once it has ended."""
    for _ in range(300):
        run = (await fetch("GET", "modules", module, "tests"))[1]
        if run["state"] != "running":
            return run
        await asyncio.sleep(0.05)
    raise AssertionError("the run did not end")


async def failure(fetch, method: str, *path: str) -> tuple[int, str]:
    """Return the status and message of a request that must fail."""
    with pytest.raises(HTTPClientError) as raised:
        await fetch(method, *path)
    body = json.loads(raised.value.response.body)
    assert list(body) == ["message"]
    assert "Traceback" not in body["message"]
    return raised.value.code, body["message"]


async def test_the_course_lists_sixteen_modules(fetch):
    status, course = await fetch("GET", "course")
    assert status == 200
    states = [module["status"] for module in course["modules"]]
    assert len(states) == 16
    assert set(states) == {"not_started"}
    assert course["answer_words"] == [150, 300]


async def test_the_whole_way_of_a_module(fetch, jp_root_dir, library):
    status, opened = await fetch("POST", "modules", "01_tensor", "start")
    assert (status, opened["created"]) == (201, True)
    assert (await fetch("POST", "modules", "01_tensor", "start"))[0] == 200
    path = jp_root_dir / opened["path"]

    status, run = await fetch("POST", "modules", "01_tensor", "tests")
    assert status == 202
    assert {row["status"] for row in run["rows"]} == {"pending"}
    run = await finished(fetch, "01_tensor")
    assert (run["state"], {row["status"] for row in run["rows"]}) == ("done", {"failed"})
    assert all("not implemented" in row["message"].lower() for row in run["rows"]), run["rows"]

    write_notebook(solve(read_notebook(path), library.instructor(library.course.find("01_tensor"))), path)
    await fetch("POST", "modules", "01_tensor", "tests")
    run = await finished(fetch, "01_tensor")
    assert [(row["grade_id"], row["message"]) for row in run["rows"] if row["status"] != "passed"] == []
    assert all(row["reference_peak_bytes"] for row in run["rows"])

    _, report = await fetch("POST", "modules", "01_tensor", "export")
    assert sorted(report["written"]) == ["tinytorch/__init__.py", "tinytorch/setup.py", "tinytorch/tensor.py"]
    _, course = await fetch("GET", "course")
    entry = course["modules"][0]
    assert (entry["status"], entry["package"], entry["tests_passed"]) == ("passed", "current", entry["tests_total"])

    notebook = read_notebook(path)
    broken = next(cell for cell in notebook.cells if "class Tensor" in cell.source)
    broken.source += "\ndef ("
    write_notebook(notebook, path)
    before = {file.name: file.read_bytes() for file in (jp_root_dir / "tinytorch").glob("*.py")}
    _, report = await fetch("POST", "export")
    assert report["written"] == []
    assert report["problems"][0]["cell"] == notebook.cells.index(broken) + 1
    assert {file.name: file.read_bytes() for file in (jp_root_dir / "tinytorch").glob("*.py")} == before

    _, reset = await fetch("POST", "modules", "01_tensor", "reset")
    assert (jp_root_dir / reset["backup"]).is_file()
    assert "def (" not in path.read_text()


async def test_rows_arrive_as_events(fetch, jp_serverapp):
    seen: list[dict] = []

    async def listener(logger, schema_id, data):
        seen.append(data)

    jp_serverapp.event_logger.add_listener(schema_id=EVENT, listener=listener)
    await fetch("POST", "modules", "02_activations", "start")
    await fetch("POST", "modules", "02_activations", "tests")
    run = await finished(fetch, "02_activations")
    for _ in range(100):
        if seen and seen[-1]["state"] == "done":
            break
        await asyncio.sleep(0.02)
    rows = {event["row"]["grade_id"]: event["row"] for event in seen if event["row"]}
    assert rows == {row["grade_id"]: row for row in run["rows"]}
    assert {event["run_id"] for event in seen} == {run["run_id"]}


async def test_two_runs_at_once_and_cancelling(fetch, jp_root_dir):
    _, opened = await fetch("POST", "modules", "01_tensor", "start")
    path = jp_root_dir / opened["path"]
    notebook = read_notebook(path)
    code = next(cell for cell in notebook.cells if cell.cell_type == "code")
    code.source += "\nimport time; time.sleep(20)"
    write_notebook(notebook, path)
    await fetch("POST", "modules", "01_tensor", "tests")
    assert await failure(fetch, "POST", "modules", "01_tensor", "tests") == (
        409,
        "The tests of 01_tensor are running already; wait for them or cancel them.",
    )
    await fetch("DELETE", "modules", "01_tensor", "tests")
    run = await finished(fetch, "01_tensor")
    assert (run["state"], {row["status"] for row in run["rows"]}) == ("cancelled", {"not_run"})


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("POST", ("modules", "99_nothing", "start"), 404, "There is no module '99_nothing'"),
        ("POST", ("modules", "01_tensor", "tests"), 404, "tito module start 01_tensor"),
        ("POST", ("modules", "01_tensor", "export"), 404, "not started"),
        ("POST", ("modules", "01_tensor", "reset"), 404, "not started"),
        ("POST", ("export",), 404, "No module is started"),
    ],
)
async def test_errors_are_one_sentence(fetch, method, path, status, words):
    code, message = await failure(fetch, method, *path)
    assert code == status
    assert words in message


async def test_a_notebook_that_cannot_be_read_is_named(fetch, jp_root_dir):
    _, opened = await fetch("POST", "modules", "01_tensor", "start")
    (jp_root_dir / opened["path"]).write_text("{ broken")
    code, message = await failure(fetch, "POST", "modules", "01_tensor", "tests")
    assert code == 400
    assert "01_tensor.ipynb is not a readable notebook" in message
    _, report = await fetch("POST", "modules", "01_tensor", "export")
    assert "not a readable notebook" in report["problems"][0]["message"]


READ = ("course", "history", "readme", "package", "assignments", "submissions", "feedback", "page")
METHODS = {"tests": ["GET", "POST", "DELETE"], "submission": ["GET", "POST"], **{key: ["GET"] for key in READ}}
CASES = [
    (method, pattern.replace("(?P<name>[a-z0-9_]+)", "01_tensor"))
    for pattern, _ in ROUTES
    for method in METHODS.get(pattern.rsplit("/", 1)[-1], ["POST"])
]


@pytest.mark.parametrize(("method", "path"), CASES)
async def test_no_route_answers_who_is_not_signed_in(jp_serverapp, http_server_client, jp_base_url, method, path):
    with pytest.raises(HTTPClientError) as raised:
        await http_server_client.fetch(jp_base_url + path, method=method, body="{}" if method == "POST" else None)
    assert raised.value.code == 403
    assert b"Tensor" not in raised.value.response.body


async def posted(jp_fetch, body: object, *path: str) -> dict:
    response = await jp_fetch(*BASE, *path, method="POST", body=json.dumps(body))
    return json.loads(response.body)


async def test_one_test_is_run_and_its_result_grows_stale(fetch, jp_fetch, jp_root_dir):
    _, opened = await fetch("POST", "modules", "01_tensor", "start")
    await posted(jp_fetch, {"test": "test_environment"}, "modules", "01_tensor", "tests")
    run = await finished(fetch, "01_tensor")
    assert {row["grade_id"]: row["status"] for row in run["rows"] if row["status"] != "not_run"} == {
        "test_environment": "failed"
    }
    assert not any(row["stale"] for row in run["rows"])
    path = jp_root_dir / opened["path"]
    notebook = read_notebook(path)
    next(cell for cell in notebook.cells if "def environment_report" in cell.source).source += "\n"
    write_notebook(notebook, path)
    run = (await fetch("GET", "modules", "01_tensor", "tests"))[1]
    assert [row["grade_id"] for row in run["rows"] if row["stale"]] == ["test_environment"]
    history = (await fetch("GET", "modules", "01_tensor", "tests", "history"))[1]
    assert [(past["passed"], past["total"]) for past in history["runs"]] == [(0, len(run["rows"]))]


@pytest.mark.parametrize("body", [[], {"test": 3}, "text"])
async def test_a_body_that_means_nothing_is_refused(fetch, jp_fetch, body):
    await fetch("POST", "modules", "01_tensor", "start")
    with pytest.raises(HTTPClientError) as raised:
        await posted(jp_fetch, body or [1], "modules", "01_tensor", "tests")
    assert raised.value.code == 400
    assert "'test'" in json.loads(raised.value.response.body)["message"]


async def test_one_cell_is_reset(fetch, jp_fetch, jp_root_dir):
    _, opened = await fetch("POST", "modules", "01_tensor", "start")
    path = jp_root_dir / opened["path"]
    released = path.read_text()
    path.write_text(released.replace("environment_report", "my_report"))
    reset = await posted(jp_fetch, {"cell": "environment"}, "modules", "01_tensor", "reset")
    assert "my_report" in (jp_root_dir / reset["backup"]).read_text()
    assert "def environment_report" in path.read_text()
    assert "my_report" in path.read_text()


async def test_a_module_has_its_readme(fetch):
    _, course = await fetch("GET", "course")
    assert [module["readme"] for module in course["modules"][:2]] == [True, True]
    _, readme = await fetch("GET", "modules", "01_tensor", "readme")
    assert "Tensor" in readme["markdown"]
    status, message = await failure(fetch, "GET", "modules", "99_nothing", "readme")
    assert (status, "There is no module '99_nothing'" in message) == (404, True)


async def test_the_package_tells_what_is_behind_and_what_is_wrong(fetch, jp_root_dir, library):
    assert (await fetch("GET", "package"))[1] == {"files": [], "uses": [], "problems": []}
    for name in ("01_tensor", "02_activations"):
        _, opened = await fetch("POST", "modules", name, "start")
        path = jp_root_dir / opened["path"]
        write_notebook(solve(read_notebook(path), library.instructor(library.course.find(name))), path)
    await fetch("POST", "modules", "01_tensor", "export")
    _, package = await fetch("GET", "package")
    states = {file["name"]: file["state"] for file in package["files"]}
    assert states == {"setup": "current", "tensor": "current", "activations": "missing"}
    assert "Tensor" in next(file["names"] for file in package["files"] if file["name"] == "tensor")
    await fetch("POST", "export")
    _, package = await fetch("GET", "package")
    assert ("activations", "tensor") in {(use["user"], use["used"]) for use in package["uses"]}

    notebook = read_notebook(path)
    broken = next(cell for cell in notebook.cells if "#| export" in cell.source)
    broken.source += "\ndef ("
    write_notebook(notebook, path)
    _, package = await fetch("GET", "package")
    assert {file["name"]: file["state"] for file in package["files"]}["activations"] == "behind"
    assert [problem["cell"] for problem in package["problems"]] == [notebook.cells.index(broken) + 1]
