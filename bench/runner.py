"""Time the runner beside nbclient on the same notebook, in one run: ``python bench/runner.py [--json]``.

The notebook has twelve cells of ordinary NumPy work. nbclient starts a kernel for each notebook, as graders that use it
do; our figures are for a confined run with the fork server already up, and its start is given on its own line. What
tracing memory costs is measured by running the same code as a test cell, which is traced, and as a student's cell.
"""

import argparse
import json
import os
import resource
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from tinytorch_lab.runner.contract import Cell, CellResult, Job, RunEnd
from tinytorch_lab.runner.pool import LocalExecutor

REPEATS = 20
GOAL_SECONDS = 0.040
SOURCES = (
    "import numpy as np\nimport math",
    "class Tensor:\n    def __init__(self, data):\n        self.data = np.asarray(data, np.float32)\n    "
    "def __matmul__(self, other):\n        return Tensor(self.data @ other.data)",
    "a = Tensor(np.ones((64, 64)))\nb = Tensor(np.eye(64))",
    "(a @ b).data.sum()",
    "def relu(x):\n    return np.maximum(x, 0)",
    "relu(np.array([-1.0, 2.0]))",
    "def softmax(x):\n    e = np.exp(x - x.max(-1, keepdims=True))\n    return e / e.sum(-1, keepdims=True)",
    "softmax(np.arange(6.0).reshape(2, 3))",
    "x = np.random.default_rng(0).normal(size=(100, 10))\nw = np.zeros(10)",
    "for step in range(50):\n    w -= 0.1 * x.T @ (x @ w - 1) / len(x)",
    "print(f'loss {np.mean((x @ w - 1) ** 2):.4f}')",
    "np.testing.assert_allclose(softmax(x).sum(-1), 1.0)",
)
NOTEBOOK = Job(tuple(Cell(f"c{number}", source) for number, source in enumerate(SOURCES)))
PYTHON_LOOP = "table = {}\nfor i in range(40000):\n    table[i % 97] = [i, str(i)]\n"
NUMPY_LOOP = "import numpy as np\nm = np.ones((200, 200))\nfor i in range(40):\n    m = np.tanh(m @ m)\n"


def seconds(action: Callable[[], object], repeats: int) -> float:
    """Return the median time of ``action``."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def run(executor: LocalExecutor, job: Job) -> tuple[list[CellResult], RunEnd]:
    """Run ``job`` to its end."""
    *results, end = executor.submit(job)
    assert isinstance(end, RunEnd)
    assert end.integrity == "ok", end.reason
    return [result for result in results if isinstance(result, CellResult)], end


def throughput(workers: int) -> float:
    """Return the notebooks a second of a pool."""
    with LocalExecutor(workers) as executor, ThreadPoolExecutor(8) as callers:
        list(callers.map(lambda _: run(executor, NOTEBOOK), range(8)))
        start = time.perf_counter()
        list(callers.map(lambda _: run(executor, NOTEBOOK), range(60)))
        return 60 / (time.perf_counter() - start)


def tracing_ratio(executor: LocalExecutor, source: str) -> float:
    """Return how much longer ``source`` takes in a traced cell."""
    traced, plain = [], []
    for _ in range(7):
        (test, student), _ = run(executor, Job((Cell("t", source, "test"), Cell("s", source))))
        traced.append(test.seconds)
        plain.append(student.seconds)
    return statistics.median(traced) / statistics.median(plain)


def with_nbclient() -> None:
    """Run the notebook as nbclient does, with a kernel of its own."""
    notebook = new_notebook(cells=[new_code_cell(source) for source in SOURCES])
    NotebookClient(notebook, kernel_name="python3", timeout=60).execute()


def measure() -> dict[str, float | str]:
    """Measure everything once."""
    with LocalExecutor() as executor:
        start = seconds(lambda: run(executor, Job(())), 1)
        found: dict[str, float | str] = {"confinement": executor.confinement, "start_seconds": start}
        found["empty_seconds"] = seconds(lambda: run(executor, Job(())), REPEATS)
        found["notebook_seconds"] = seconds(lambda: run(executor, NOTEBOOK), REPEATS)
        found["notebook_cpu_seconds"] = statistics.median(run(executor, NOTEBOOK)[1].cpu_seconds for _ in range(9))
        found["tracing_python"] = tracing_ratio(executor, PYTHON_LOOP)
        found["tracing_numpy"] = tracing_ratio(executor, NUMPY_LOOP)
    for workers in (1, 2):
        found[f"pool_{workers}_per_second"] = throughput(workers)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    found["nbclient_seconds"] = seconds(with_nbclient, 3)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    found["nbclient_cpu_seconds"] = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / 3
    return found


def main() -> None:
    """Print the figures; exit with 1 when the notebook took longer than it may."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    found = measure()
    if as_json:
        print(json.dumps(found))
    else:
        print(f"{os.cpu_count()} processors, confinement {found.pop('confinement')}")
        for name, value in found.items():
            shown = f"{float(value) * 1e3:9.1f} ms" if name.endswith("seconds") else f"{float(value):9.1f}"
            print(f"{name:24} {shown}")
    raise SystemExit(float(found["notebook_seconds"]) > GOAL_SECONDS)


if __name__ == "__main__":
    main()
