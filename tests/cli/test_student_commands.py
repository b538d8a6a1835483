"""The student's commands on a real workspace."""

import json

import pytest

from tests.solutions import solve
from tinytorch_lab.curriculum.cells import is_response
from tinytorch_lab.curriculum.notebooks import read_notebook, write_notebook


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    (tmp_path / "work" / ".tinytorch").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


def notebook_of(workspace):
    return workspace / "modules" / "01_tensor" / "01_tensor.ipynb"


def test_a_student_solves_and_exports_a_module(tito, workspace, library):
    assert tito("module", "start", "tensor").code == 0
    unsolved = tito("module", "test", "1", "--json")
    assert unsolved.code == 1
    assert {row["status"] for row in json.loads(unsolved.out)} == {"failed"}

    path = notebook_of(workspace)
    write_notebook(solve(read_notebook(path), library.instructor(library.course.find("1"))), path)
    solved = tito("module", "test", "01", "--verbose")
    assert solved.code == 0, solved.out
    assert "9 of 9 tests passed, 70 of 70 points." in solved.out

    assert tito("export", "--all", "--check").code == 1
    exported = tito("export", "--all", "--json")
    assert "tinytorch/tensor.py" in json.loads(exported.out)["written"]
    assert json.loads(tito("export", "01_tensor", "--check", "--json").out) == {"stale": [], "problems": []}
    status = json.loads(tito("module", "status", "1", "--json").out)
    expected = {"module": "01_tensor", "status": "passed", "tests": "9/9", "package": "current", "recheck": None}
    assert status == [expected]

    reset = tito("module", "reset", "1", "--yes")
    assert reset.code == 0
    assert "was kept as" in reset.out


def test_all_sixteen_modules_are_listed(tito, workspace):
    rows = json.loads(tito("module", "list", "--json").out)
    assert len(rows) == 16
    assert rows[0]["status"] == "not started"
    assert rows[15]["module"] == "16_tinygpt"
    assert "16_tinygpt" in tito("module", "list").out


def test_answers_are_checked_for_their_length(tito, workspace):
    tito("module", "start", "1")
    checked = tito("thinking", "check", "1", "--json")
    assert checked.code == 1
    assert [row["remark"] for row in json.loads(checked.out)] == ["not answered"] * 3
    path = notebook_of(workspace)
    notebook = read_notebook(path)
    for cell in notebook.cells:
        if is_response(cell):
            cell.source = "word " * 200
    write_notebook(notebook, path)
    assert tito("thinking", "check", "1").code == 0
    shown = json.loads(tito("thinking", "show", "1", "--json").out)
    assert [row["words"] for row in shown] == [200] * 3
    assert "uestion" in shown[0]["question"]


def test_a_project_is_asked_about_like_a_module(tito, workspace):
    tito("module", "start", "midterm")
    (status,) = json.loads(tito("module", "status", "midterm", "--json").out)
    assert (status["module"], status["status"], status["package"]) == ("midterm", "in progress", None)
    assert len(json.loads(tito("thinking", "show", "midterm", "--json").out)) == 3
    assert tito("thinking", "check", "midterm").code == 1


def test_a_syntax_error_leaves_the_package_as_it_was(tito, workspace, library):
    tito("module", "start", "1")
    tito("export", "1")
    before = {path.name: path.read_bytes() for path in (workspace / "tinytorch").glob("*.py")}
    assert before
    notebook = read_notebook(notebook_of(workspace))
    number, cell = next((n, cell) for n, cell in enumerate(notebook.cells, 1) if "class Tensor" in cell.source)
    cell.source += "\nreturn ("
    write_notebook(notebook, notebook_of(workspace))
    outcome = tito("export", "1")
    assert outcome.code == 1
    assert f"modules/01_tensor/01_tensor.ipynb, cell {number}" in outcome.err
    assert {path.name: path.read_bytes() for path in (workspace / "tinytorch").glob("*.py")} == before


def test_a_check_tells_all_problems_as_an_export_does(tito, workspace):
    path = notebook_of(workspace)
    tito("module", "start", "1")
    notebook = read_notebook(path)
    for cell in [cell for cell in notebook.cells if cell.cell_type == "code"][-3:]:
        cell.source = "#| export\nreturn ("
    write_notebook(notebook, path)
    checked, exported = (tito("export", "--all", "--json", *option) for option in (["--check"], []))
    assert (checked.code, exported.code) == (1, 1)
    found = json.loads(checked.out)
    assert found == {"stale": [], "problems": json.loads(exported.out)["problems"]}
    assert len(found["problems"]) == 3
    for option in (["--check"], []):
        told = tito("export", "--all", *option)
        assert (told.code, told.err.count("01_tensor.ipynb, cell"), told.err.count("Error:")) == (1, 3, 3)
        assert "Nothing was written" in told.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("module", "start", "99"), "There is no module '99'"),
        (("module", "test", "1"), "tito module start 01_tensor"),
        (("module", "reset", "1", "--yes"), "not started"),
        (("module", "export", "1"), "not started"),
        (("module", "status", "nonsense"), "There is no module"),
        (("module", "list", "--workspace", "nowhere"), "There is no workspace folder nowhere"),
        (("export",), "Name one module, or give --all."),
        (("export", "--all"), "No module is started"),
        (("export", "--all", "--check"), "No module is started"),
        (("export", "--all", "--check", "--json"), "No module is started"),
        (("module", "status", "1", "--student", "ada"), "name no module with --student"),
        (("module", "status", "1", "--export", "class.csv"), "name no module with --student"),
        (("thinking", "show", "1"), "not started"),
        (("thinking", "check", "x"), "There is no module"),
        (("dev", "validate", "--curriculum", "nowhere"), "There is no course.toml in nowhere"),
        (("dev", "build"), "No curriculum was found"),
        (("demo",), "No curriculum was found"),
        (("grade", "init", "course"), "No curriculum was found"),
        (("grade", "generate", "1"), "not a course folder"),
        (("grade", "report", "--course", "nowhere"), "There is no folder nowhere"),
        (("nbgrader", "release", "1"), "not a course folder"),
        (("lab", "file"), "file is a file"),
    ],
)
def test_bad_input_is_one_sentence_and_changes_nothing(tito, workspace, arguments, words):
    (workspace / "file").write_text("")
    before = sorted(path.relative_to(workspace) for path in workspace.rglob("*"))
    outcome = tito(*arguments)
    assert outcome.code == 1
    assert words in outcome.err
    assert outcome.err.count("\n") == 1, outcome.err
    assert sorted(path.relative_to(workspace) for path in workspace.rglob("*")) == before


@pytest.mark.parametrize("command", [("module", "test"), ("module", "export"), ("thinking", "show")])
def test_an_unreadable_notebook_is_named(tito, workspace, command):
    tito("module", "start", "1")
    notebook_of(workspace).write_text("{ not json")
    outcome = tito(*command, "1")
    assert outcome.code == 1
    assert "01_tensor.ipynb is not a readable notebook" in outcome.err
    assert "Traceback" not in outcome.err


def test_a_workspace_that_cannot_be_written_is_explained(tito, workspace):
    (workspace / "modules").write_text("in the way")
    outcome = tito("module", "start", "1")
    assert outcome.code == 1
    assert "Cannot write" in outcome.err


def test_health_and_info(tito, workspace):
    checks = json.loads(tito("system", "health", "--json").out)
    assert {check["check"]: check["ok"] for check in checks}["runner"] is True
    assert "numpy" in json.loads(tito("system", "info", "--json").out)


def test_one_test_is_run_and_one_cell_reset(tito, workspace, library):
    tito("module", "start", "1")
    path = notebook_of(workspace)
    write_notebook(solve(read_notebook(path), library.instructor(library.course.find("1")), only="environment"), path)
    assert tito("module", "test", "1", "--only", "test_environment").code == 0
    assert tito("module", "test", "1", "--only", "test_shapes").code == 1
    assert "has no test 'nothing'" in tito("module", "test", "1", "--only", "nothing").err
    reset = tito("module", "reset", "1", "--cell", "environment", "--yes")
    assert "Reset the cell environment of 01_tensor.ipynb" in reset.out
    assert tito("module", "test", "1", "--only", "test_environment").code == 1
    assert "has no cell 'nothing'" in tito("module", "reset", "1", "--cell", "nothing", "--yes").err
