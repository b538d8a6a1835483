"""Running tests: all, one, and what is remembered of it."""

import json

import pytest

from tests.learning.conftest import solve_module
from tinytorch_lab.errors import NotFoundError
from tinytorch_lab.learning import testing as runs
from tinytorch_lab.learning.checksums import checksums_of_tests
from tinytorch_lab.learning.results import Results


def test_one_test_is_run_and_the_others_keep_their_results(workspace, module, testing, library):
    all_failed = testing.run(module)
    names = [row.grade_id for row in all_failed.rows]
    solve_module(workspace, module, library, only="environment")
    run = testing.run(module, names[0])
    assert [row.status for row in run.rows] == ["passed"] + ["failed"] * (len(names) - 1)
    assert run.rows[1:] == all_failed.rows[1:]
    present = checksums_of_tests(workspace.notebook(module))
    assert [row.checksum == present[row.grade_id] for row in run.rows] == [True] + [False] * (len(names) - 1)


def test_one_test_before_any_other_run_leaves_the_others_not_run(module, testing):
    name = testing.run(module).rows[-1].grade_id
    testing.results.folder.joinpath(f"{module.name}.json").unlink()
    fresh = runs.Testing(testing.workspace, testing._executor)
    rows = fresh.run(module, name).rows
    assert {row.status for row in rows[:-1]} == {"not_run"}
    assert rows[-1].status == "failed"


def test_a_test_that_is_not_there_is_refused(module, testing):
    with pytest.raises(NotFoundError, match="has no test 'test_nothing'"):
        testing.run(module, "test_nothing")


def test_a_failed_comparison_comes_with_its_evidence(workspace, module, testing, library):
    solve_module(workspace, module, library)
    path = workspace.notebook_path(module)
    path.write_text(path.read_text().replace('assert report[\\"numpy\\"] == np.__version__', "assert 1 == 2"))
    row = testing.run(module).rows[0]
    assert row.evidence is not None
    assert (row.evidence.expected is not None, row.evidence.actual is not None) == (True, True)


def test_runs_are_remembered_and_their_progress_with_them(workspace, module, testing, library):
    testing.run(module)
    solve_module(workspace, module, library)
    run = testing.run(module)
    again = Results(testing.results.folder)
    assert again.latest(module.name) == run
    history = again.history(module.name)
    assert [past.passed for past in history] == [0, len(run.rows)]
    assert history[-1].points == 70
    path = testing.results.folder / f"{module.name}.history.jsonl"
    path.write_text("not json\n" + path.read_text() + '{"at": 1}\n')
    assert again.history(module.name) == history


def test_a_run_started_elsewhere_is_seen(workspace, module, testing):
    assert testing.latest(module).state == "never"
    elsewhere = runs.Testing(workspace, testing._executor)
    assert elsewhere.run(module) == testing.latest(module)


def test_a_record_from_an_earlier_version_is_read_or_counts_as_never_run(module, testing):
    testing.run(module)
    path = testing.results.folder / f"{module.name}.json"
    stored = json.loads(path.read_text())
    for row in stored["rows"]:
        del row["checksum"], row["evidence"]
    del stored["package"]
    path.write_text(json.dumps(stored))
    assert Results(path.parent).latest(module.name).state == "done"
    path.write_text("[]")
    assert Results(path.parent).latest(module.name).state == "never"


def test_results_are_shown_where_the_folder_is_a_file(workspace, module, testing):
    workspace.state.joinpath("tests").parent.mkdir(exist_ok=True)
    workspace.state.joinpath("tests").write_text("in the way")
    run = testing.run(module)
    assert (run.state, run.rows[0].status) == ("done", "failed")
    assert "These results are not kept." in run.reason
    assert testing.latest(module) == run
