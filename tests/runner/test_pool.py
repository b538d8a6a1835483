"""The local executor: what a run reports, whatever its cells do."""

import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from tinytorch_lab.errors import InvalidInputError, NotAvailableError
from tinytorch_lab.runner.confinement import PACKAGE
from tinytorch_lab.runner.contract import Cell, CellResult, Job, Limits, RunEnd
from tinytorch_lab.runner.pool import LocalExecutor

SHORT = Limits(cell_seconds=0.5)


def test_outputs_are_those_of_a_notebook(run):
    (result,), end = run("import sys\nprint('out')\nprint('err', file=sys.stderr)\n6 * 7")
    assert result.status == "ok"
    assert result.execution_count == 1
    assert result.outputs == (
        {"output_type": "stream", "name": "stdout", "text": "out\n"},
        {"output_type": "stream", "name": "stderr", "text": "err\n"},
        {"output_type": "execute_result", "data": {"text/plain": "42"}, "metadata": {}, "execution_count": 1},
    )
    assert (end.integrity, end.reason) == ("ok", "")
    assert end.cpu_seconds > 0
    assert end.peak_rss_bytes > 10 << 20


def test_counts_are_those_of_jupyter(run):
    results, _ = run("1", "", Cell("s", "1", "skip"), Cell("t", "pass", "test"), "2")
    assert [result.execution_count for result in results] == [1, None, None, 2, 3]
    assert [result.status for result in results] == ["ok", "ok", "skipped", "ok", "ok"]


def test_failure_leads_to_the_line_in_the_cell(run):
    (_, result), _ = run("def f(x):\n    return 1 / x", "a = 1\nf(0)")
    failure = result.failure
    assert (failure.kind, failure.message) == ("ZeroDivisionError", "division by zero")
    assert [(frame.cell, frame.line, frame.text) for frame in failure.frames] == [
        ("c1", 2, "f(0)"),
        ("c0", 2, "    return 1 / x"),
    ]
    assert "\x1b" not in failure.traceback
    assert failure.traceback.endswith("ZeroDivisionError: division by zero")


def test_installed_files_are_named_without_their_place(run):
    (result,), _ = run("import json\njson.loads('{')")
    assert [frame.cell for frame in result.failure.frames][1:] == [
        "json/__init__.py",
        "json/decoder.py",
        "json/decoder.py",
    ]


def test_syntax_error_has_its_line(run):
    (student, test), _ = run("a = 1\nb = (", Cell("t", "a = 1\nb = )", "test"))
    assert student.failure.kind == test.failure.kind == "SyntaxError"
    assert [(frame.cell, frame.line) for frame in student.failure.frames] == [("c0", 2)]
    assert [(frame.cell, frame.line) for frame in test.failure.frames] == [("t", 2)]


def test_stub_is_called_unfinished(run):
    stub = "class Tensor:\n    def __init__(self):\n        # YOUR CODE HERE\n        raise NotImplementedError()"
    (_, result), _ = run(stub, Cell("t", "Tensor()", "test"))
    assert result.failure.message == "not implemented yet: `Tensor.__init__`, cell c0, line 4"
    assert result.outputs[-1]["evalue"] == result.failure.message


def test_late_cell_fails_and_the_rest_runs(run):
    (late, after), end = run("while True: pass", "print('still here')", limits=SHORT)
    assert late.status == "timeout"
    assert late.failure.kind == "CellTimeout"
    assert [(frame.cell, frame.line) for frame in late.failure.frames] == [("c0", 1)]
    assert "sandbox" not in late.failure.traceback
    assert after.outputs[0]["text"] == "still here\n"
    assert end.integrity == "ok"


SLOW_TRACEBACK = """
import time
tracebacks = get_ipython().InteractiveTB
usual = tracebacks.structured_traceback
def slow(*arguments, **options):
    time.sleep({seconds})
    return usual(*arguments, **options)
tracebacks.structured_traceback = slow"""


@pytest.mark.parametrize(("seconds", "shown"), [(0.25, True), (5, False)])
def test_a_late_cell_says_where_although_showing_it_takes_long(run, seconds, shown):
    (_, late, after), end = run(
        SLOW_TRACEBACK.format(seconds=seconds), "while True: pass", "print('still here')", limits=SHORT
    )
    assert late.status == "timeout"
    assert [(frame.cell, frame.line) for frame in late.failure.frames] == [("c1", 1)]
    assert ("error" in [output["output_type"] for output in late.outputs]) is shown
    assert after.outputs[0]["text"] == "still here\n"
    assert end.integrity == "ok"


def test_an_error_just_in_time_is_no_timeout(run):
    limits = Limits(cell_seconds=2)
    (_, result), _ = run(SLOW_TRACEBACK.format(seconds=0.8), "time.sleep(1.6)\n1 / 0", limits=limits)
    assert (result.status, result.failure.kind) == ("error", "ZeroDivisionError")
    assert [(frame.cell, frame.line) for frame in result.failure.frames] == [("c1", 2)]


def test_a_traceback_shown_on_the_way_neither_shortens_nor_frees_a_cell(run):
    shown = "get_ipython().run_cell('1 / 0')\n"
    (short, late), end = run(shown + "import time\ntime.sleep(1.3)", shown + "while True: pass", limits=Limits(3))
    assert (short.status, late.status) == ("ok", "timeout")
    assert [(frame.cell, frame.line) for frame in late.failure.frames] == [("c1", 2)]
    assert late.seconds < 5.5
    assert end.integrity == "ok"


def test_cell_that_will_not_stop_ends_the_run(run):
    stubborn = "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\nwhile True: pass"
    results, end = run("1", stubborn, "2", limits=SHORT)
    assert [result.status for result in results] == ["ok", "timeout", "not_run"]
    assert end.integrity == "incomplete"
    assert results[2].failure.message == end.reason
    assert end.seconds < 5


def test_notebook_has_its_time_too(run):
    limits = Limits(cell_seconds=10, notebook_seconds=1.6)
    results, end = run(*["import time\ntime.sleep(1)"] * 3, limits=limits)
    assert [result.status for result in results] == ["ok", "timeout", "not_run"]
    assert "1.6 seconds" in end.reason


def test_killed_process_says_how_it_ended(run):
    results, end = run("1", "import os\nos._exit(3)", "2")
    assert [result.status for result in results] == ["ok", "killed", "not_run"]
    assert results[1].failure.message == "the notebook's process ended with exit status 3"
    assert end.integrity == "incomplete"
    results, _ = run("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)")
    assert "SIGSEGV" in results[0].failure.message


def test_exit_and_input_are_errors_of_their_cell(run):
    results, end = run("import sys\nsys.exit(1)", "exit()", "input('?')", "quit", "print('on')")
    assert [result.status for result in results] == ["error", "error", "error", "error", "ok"]
    assert results[2].failure.kind == "StdinNotImplementedError"
    assert end.integrity == "ok"


def test_output_is_limited_and_the_rest_runs(run):
    limits = Limits(output_bytes=1000)
    results, end = run(
        "print('x' * 10**7)",
        "for i in range(10**6): print(i)",
        "from IPython.display import HTML\nHTML('x' * 5000)",
        "1",
        limits=limits,
    )
    assert [result.status for result in results] == ["error", "error", "error", "ok"]
    assert {result.failure.kind for result in results[:2]} == {"OutputLimitExceeded"}
    assert all(len(str(result.outputs)) < 20_000 for result in results)
    assert results[0].outputs[0]["text"] == "x" * 1000
    assert end.integrity == "ok"


def test_memory_is_limited(run):
    results, _ = run("x = bytearray(3 << 30)", "1", limits=Limits(memory_bytes=1 << 30))
    assert [result.status for result in results] == ["error", "ok"]
    assert results[0].failure.kind == "MemoryError"


def test_files_and_path_reach_the_run(run, tmp_path):
    (tmp_path / "beside.py").write_text("VALUE = 5\n")
    files = {
        "data.txt": b"seven",
        "package/__init__.py": b"",
        "package/mod.py": b"def f():\n    raise ValueError('x')\n",
    }
    results, _ = run(
        "import beside\nbeside.VALUE", "open('data.txt').read()", "from package.mod import f\nf()",
        path=(str(tmp_path),), files=files,
    )  # fmt: skip
    assert results[0].outputs[0]["data"]["text/plain"] == "5"
    assert results[1].outputs[0]["data"]["text/plain"] == "'seven'"
    assert results[2].failure.frames[-1].cell == "package/mod.py"
    assert results[2].failure.frames[-1].text.strip() == "raise ValueError('x')"


def test_reference_package_is_out_of_reach(run):
    (result,), _ = run("import tinytorch")
    assert result.failure.kind == "ModuleNotFoundError"


def test_runs_do_not_see_each_other(run):
    run("secret = 5\nimport numpy as np\nnp.secret = 6\nopen('left.txt', 'w').write('x')")
    results, _ = run("secret", "import numpy as np\nnp.secret", "import os\nos.listdir()")
    assert [result.status for result in results] == ["error", "error", "ok"]
    assert results[2].outputs[0]["data"]["text/plain"] == "[]"


def test_same_job_gives_the_same_numbers(run):
    source = "import numpy as np, random\n(np.random.rand(), random.random())"
    first, second, other = (run(source, seed=seed)[0][0].outputs for seed in (1, 1, 2))
    assert first == second != other


def test_rng_depends_on_seed_and_cell(run):
    source = "from tinytorch_lab.probes import probe, rng\nprobe('x', rng.random(3))"
    (one, two), _ = run(Cell("one", source, "test"), Cell("two", source, "test"), seed=1)
    (again,), _ = run(Cell("one", source, "test"), seed=1)
    (other,), _ = run(Cell("one", source, "test"), seed=2)
    values = [result.probes[0].value.tolist() for result in (one, two, again, other)]
    assert values[0] == values[2]
    assert len({tuple(value) for value in values}) == 3


def test_memory_of_test_cells_is_measured(run):
    (student, test), _ = run("import numpy as np\nx = np.ones(10**6)", Cell("t", "y = np.ones(10**6)\ndel y", "test"))
    assert student.peak_bytes == 0
    assert 8_000_000 <= test.peak_bytes < 9_000_000


def test_magics_do_not_touch_test_cells(run):
    eraser = "get_ipython().input_transformers_cleanup.append(lambda lines: ['pass\\n'])"
    (_, erased, test), _ = run(eraser, "1 / 0", Cell("t", "1 / 0", "test"))
    assert erased.status == "ok"
    assert test.status == "error"


def test_results_arrive_while_the_run_goes_on(executor):
    stream = iter(executor.submit(Job((Cell("a", "1"), Cell("b", "import time\ntime.sleep(1)")))))
    next(stream)
    started = time.monotonic()
    assert [type(item) for item in stream] == [CellResult, RunEnd]
    assert time.monotonic() - started > 0.8


def test_cancel_reports_what_has_not_ended(executor):
    run = executor.submit(Job((Cell("a", "1"), Cell("b", "import time\ntime.sleep(20)"), Cell("c", "1"))))
    stream = iter(run)
    first = next(stream)
    threading.Timer(0.2, run.cancel).start()
    started = time.monotonic()
    *rest, end = stream
    assert time.monotonic() - started < 5
    assert [first.status, *(result.status for result in rest)] == ["ok", "not_run", "not_run"]
    assert (end.integrity, end.reason) == ("incomplete", "the run was cancelled")


def test_jobs_of_several_threads_are_all_answered(executor):
    def one(number: int) -> None:
        *_, result, end = executor.submit(Job((Cell("a", f"print({number})"),)))
        answers[number] = (result.outputs[0]["text"], end.integrity)

    answers: dict[int, tuple[str, str]] = {}
    threads = [threading.Thread(target=one, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert answers == {number: (f"{number}\n", "ok") for number in range(12)}


def test_dead_fork_server_is_replaced(executor, run):
    stream = iter(executor.submit(Job((Cell("a", "1"), Cell("b", "import time\ntime.sleep(20)"), Cell("c", "1")))))
    next(stream)
    for process in psutil.Process().children():
        process.kill()
    *results, end = stream
    assert [result.status for result in results] == ["killed", "not_run"]
    assert end.integrity == "incomplete"
    assert run("1")[1].integrity == "ok"


def test_close_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    with LocalExecutor(workers=2, confinement="none") as executor:
        runs = [
            executor.submit(
                Job((Cell("a", "import os, time\nprint(os.getpid(), os.getppid())"), Cell("b", "time.sleep(30)")))
            )
            for _ in range(2)
        ]
        pids = [int(pid) for run in runs for pid in next(iter(run)).outputs[0]["text"].split()]
    assert len(set(pids)) == 4
    assert [end.reason for *_, end in runs] == ["the run was cancelled"] * 2
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(NotAvailableError, match="shutting down"):
        executor.submit(Job(()))


def test_idle_fork_server_is_ended_and_comes_back(monkeypatch):
    monkeypatch.setattr("tinytorch_lab.runner.pool._IDLE_SECONDS", 0.3)
    with LocalExecutor(confinement="none") as executor:
        before = {process.pid for process in psutil.Process().children()}
        assert next(iter(executor.submit(Job(())))).integrity == "ok"
        deadline = time.monotonic() + 10
        while {process.pid for process in psutil.Process().children()} - before and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not {process.pid for process in psutil.Process().children()} - before
        assert next(iter(executor.submit(Job(())))).integrity == "ok"


def test_sets_have_one_order_everywhere():
    source = "list({'tokens', 'come', 'in', 'one', 'order', 'here', 'and', 'there'})"
    orders = set()
    for _ in range(3):
        with LocalExecutor(confinement="none") as executor:
            result, _ = executor.submit(Job((Cell("a", source),)))
            orders.add(result.outputs[0]["data"]["text/plain"])
    assert len(orders) == 1


def test_limits_are_read_from_the_course():
    table = {"cell_seconds": 30, "memory_mb": 512, "output_kb": 64, "processes": 2}
    assert Limits.from_table(table) == Limits(
        cell_seconds=30.0, memory_bytes=512 << 20, output_bytes=64 << 10, processes=2
    )
    for wrong in ({"memory": 1}, {"memory_mb": "2"}, {"cell_seconds": -1}, {"open_files": True}):
        with pytest.raises(InvalidInputError, match="is not a limit; known are cell_seconds"):
            Limits.from_table(wrong)


def test_a_modules_own_limits_go_before_the_courses():
    table = {"cell_seconds": 30, "open_files": 9, "02_text": {"cell_seconds": 60, "processes": 2}}
    assert Limits.from_table(table, "02_text") == Limits(cell_seconds=60.0, open_files=9, processes=2)
    assert Limits.from_table(table, "03_other") == Limits.from_table(table) == Limits(cell_seconds=30.0, open_files=9)
    with pytest.raises(InvalidInputError, match=re.escape("rules.toml: [limits.02_text] memory = 1 is not a limit")):
        Limits.from_table({"02_text": {"memory": 1}}, "02_text", "rules.toml")


def test_waiting_run_can_be_cancelled_at_once(executor):
    busy = executor.submit(Job((Cell("a", "import time\ntime.sleep(5)"),)))
    waiting = executor.submit(Job((Cell("b", "1"),)))
    started = time.monotonic()
    waiting.cancel()
    waiting.cancel()
    result, end = waiting
    assert (result.status, end.reason) == ("not_run", "the run was cancelled")
    busy.cancel()
    *_, end = busy
    assert time.monotonic() - started < 4


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "", "a\0b"])
def test_files_stay_in_the_working_folder(name):
    with pytest.raises(InvalidInputError, match="must lie in its working folder"):
        Job((), files={name: b""})


def test_errors_without_end_are_stopped(run):
    source = "for i in range(40):\n    get_ipython().run_cell('1/0')"
    (result, after), end = run(source, "1")
    assert sum(output["output_type"] == "error" for output in result.outputs) <= 11
    assert (after.status, end.integrity) == ("ok", "ok")


def test_output_of_any_characters_is_no_tampering(run):
    limits = Limits(output_bytes=2 << 20)
    results, end = run("print('\\x00' * 10**7)", "print('\\U0001f600' * 10**6)", "print('\\\\' * 10**7)", limits=limits)
    assert [result.failure.kind for result in results] == ["OutputLimitExceeded"] * 3
    assert all(len(result.outputs[0]["text"]) > 100_000 for result in results)
    assert end.integrity == "ok"


def test_student_may_probe_without_harm(run):
    source = "from tinytorch_lab.probes import probe, raises, rng\nprobe('x', rng.random())\nraises(lambda: 1 / 0)"
    results, end = run(source, Cell("t", source, "test"), source, Cell("u", source, "test"), source)
    assert [len(result.probes) for result in results] == [0, 1, 0, 1, 0]
    assert results[2].outputs[0]["data"]["text/plain"] == "'ZeroDivisionError'"
    assert end.integrity == "ok"


def test_what_a_failing_test_leaves_replaced_is_not_blamed(run):
    careless = "import numpy as np\nkept = np.allclose\nnp.allclose = None\nassert False\nnp.allclose = kept"
    results, end = run("1", Cell("t", careless, "test"), Cell("u", "pass", "test"))
    assert [result.status for result in results] == ["ok", "error", "ok"]
    assert (end.integrity, end.reason) == ("ok", "")


def test_killed_executor_leaves_nothing_behind(tmp_path):
    source = (
        "import sys\nfrom tinytorch_lab.runner.contract import *\nfrom tinytorch_lab.runner.pool import LocalExecutor\n"
        "run = LocalExecutor(confinement=sys.argv[1]).submit(Job((Cell('a', '1'), Cell('b', 'while True: pass'))))\n"
        "next(iter(run)); print('going', flush=True); list(run)"
    )
    for level in ("bwrap", "landlock"):
        command = [sys.executable, "-c", source, level]
        environment = os.environ | {"TMPDIR": str(tmp_path)}
        with subprocess.Popen(command, cwd=PACKAGE.parent, env=environment, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"going\n"
            below = psutil.Process(process.pid).children(recursive=True)
            assert len(below) == (3 if level == "bwrap" else 2)
            process.kill()
        _, alive = psutil.wait_procs(below, timeout=10)
        assert alive == []
    assert list(tmp_path.glob("tinytorch-run-*")) == []
