"""Grade one synthetic course three ways in one run: ``python bench/autograde.py [--json] [--submissions N]``.

Twenty submissions of a module with twelve test cells and three written answers go through plain ``nbgrader autograde``,
through nbclient alone (execution without grading), and through TinyTorch Lab (repaired, confined, judged, written to
the gradebook), first with one sandbox on one processor, then with one on each. Processor time is that of all processes
involved. What starting costs (nbgrader's command, our service and its sandboxes) is measured by itself, given on lines
of its own and taken off both. The scores of nbgrader and ours are compared grade by grade. Some submissions are wrong,
all are honest: plain nbgrader believes what it is told.
"""

import argparse
import copy
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbgrader.api import Gradebook

from tinytorch_lab.curriculum.cells import grade_id
from tinytorch_lab.curriculum.library import Library
from tinytorch_lab.grading.course import CourseFolder, init_course
from tinytorch_lab.grading.records import JobReport
from tinytorch_lab.grading.service import GradingService, RequestedJob

MODULE = "01_numbers"
ACTOR = "bench"
TESTS = 12
GOAL_RATIO = 20.0

COURSE = f"""
[course]
id = "bench"
title = "Bench"
automatic_points = 70
written_points = 30
answer_words = [150, 300]
[weights]
modules = 0.64
milestones = 0.06
midterm = 0.15
final = 0.15
[limits]
cell_seconds = 30
notebook_seconds = 120
memory_mb = 2048
output_kb = 2048
[[phase]]
number = 1
title = "Only phase"
[[milestone]]
number = 1
title = "None"
after = "{MODULE}"
goal = "None"
[[module]]
name = "{MODULE}"
title = "Numbers"
phase = 1
prerequisites = []
exports = ["numbers"]
summary = "Twelve functions."
"""


@dataclass(frozen=True)
class Cost:
    """What grading all submissions took, in seconds."""

    cpu: float
    wall: float


def metadata(name: str, *, points: float | None = None, grade: bool = False, solution: bool = False) -> str:
    """Return a cell marker's nbgrader metadata."""
    found = {"grade": grade, "grade_id": name, "locked": not solution, "schema_version": 3, "solution": solution}
    return "nbgrader=" + json.dumps(found | {"task": False} | ({"points": points} if points is not None else {}))


def function(number: int) -> str:
    """Return an implementation cell and its test cell."""
    points = 5.0 if number < TESTS - 1 else 70 - 5.0 * (TESTS - 1)
    return f'''
# %% {metadata(f"f{number}", solution=True)}
#| export
def f{number}(x):
    """Return {number + 2} x + tanh(x)."""
    ### BEGIN SOLUTION
    return {number + 2} * x + np.tanh(x)
    ### END SOLUTION

# %% {metadata(f"test_f{number}", points=points, grade=True)}
def test_unit_f{number}():
    """The function is right at two places."""
    np.testing.assert_allclose(f{number}(np.array([0.0, 1.0])), [0.0, {number + 2} + np.tanh(1.0)])
    assert f{number}(np.ones((2, 3))).shape == (2, 3)


test_unit_f{number}()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, rng
x = rng.normal(size=(50, 40))
probe("values", f{number}(x))
probe("sum", f{number}(x).sum())
### END HIDDEN TESTS
'''


def question(number: int) -> str:
    """Return a question and its response cell."""
    return f'''
# %% [markdown] {metadata(f"question_{number}")}
"""
### Question {number}
Expected response: 150-300 words.
"""

# %% [markdown] {metadata(f"response_{number}", points=10, grade=True, solution=True)}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- measured
GOOD (1-8 points):
- named
NO CREDIT (0 points):
- no response
=== END MARK SCHEME ===
"""
'''


def write_library(folder: Path) -> Library:
    """Write a curriculum of the one module."""
    (folder / MODULE).mkdir(parents=True)
    (folder / "course.toml").write_text(COURSE, encoding="utf-8")
    cells = ["# %%\n#| default_exp numbers\n", f"# %% {metadata('imports')}\n#| export\nimport numpy as np\n"]
    cells += [function(number) for number in range(TESTS)] + [question(number) for number in (1, 2, 3)]
    (folder / MODULE / f"{MODULE}.py").write_text("\n".join(cells), encoding="utf-8")
    return Library(folder)


def submission(released: NotebookNode, place: int) -> NotebookNode:
    """Return a hand-in with some functions wrong, one left out or broken, and its answers."""
    notebook: NotebookNode = copy.deepcopy(released)
    for cell in notebook.cells:
        name = grade_id(cell) or ""
        if name.startswith("response"):
            cell.source = f"I measured it, student {place}."
        elif name[:1] == "f" and cell.cell_type == "code":
            number = int(name[1:])
            wrong = (place + number) % 5 == 0 and place % 2 == 1
            body = "x" if wrong else f"{number + 2} * x + np.tanh(x)"
            cell.source = f"#| export\ndef {name}(x):\n    return {body}\n"
            if place % 7 == 3 and number == 4:
                cell.source = f"#| export\ndef {name}(x):\n    raise NotImplementedError()\n"
            if place % 9 == 5 and number == 6:
                cell.source = f"def {name}(x:\n    return x\n"
    return notebook


def finish(job: RequestedJob) -> None:
    """Wait for a job of ours to end."""
    *_, report = job
    if not isinstance(report, JobReport) or not report.ok:
        raise RuntimeError(f"a job did not work: {report}")


def cost(action: Callable[[], None]) -> Cost:
    """Return what ``action`` took, the processes below this one included, ended or not."""
    before, start = processor_seconds(), time.perf_counter()
    action()
    wall = time.perf_counter() - start
    return Cost(processor_seconds() - before, wall)


def processor_seconds() -> float:
    """Return the processor time of this process, its descendants, and those of them that have ended."""
    me = psutil.Process()
    times = [process.cpu_times() for process in (me, *me.children(recursive=True))]
    return sum(spent.user + spent.system + spent.children_user + spent.children_system for spent in times)


def nbgrader(folder: Path, *arguments: str) -> None:
    """Run nbgrader's own command line in ``folder``."""
    command = [sys.executable, "-m", "nbgrader", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=environment())
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)} failed: {done.stderr[-2000:]}")


def environment() -> dict[str, str]:
    """Return an environment in which commands of this interpreter are found."""
    return os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def scores(db_url: str, students: list[str]) -> dict[tuple[str, str], float]:
    """Return the automatic score of every test of every student."""
    with Gradebook(db_url) as gradebook:
        notebooks = {student: gradebook.find_submission_notebook(MODULE, MODULE, student) for student in students}
        return {
            (student, grade.name): float(grade.auto_score or 0)
            for student, notebook in notebooks.items()
            for grade in notebook.grades
            if grade.name.startswith("test_")
        }


def execute_alone(folder: Path, source: NotebookNode) -> None:
    """Execute every submission, the tests put back, with a kernel of its own and nothing else."""
    tests = {grade_id(cell): cell.source for cell in source.cells if (grade_id(cell) or "").startswith("test_")}
    for path in sorted(folder.glob("*/*/*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            cell.source = tests.get(grade_id(cell), cell.source)
        NotebookClient(notebook, kernel_name="python3", allow_errors=True, timeout=60).execute()


def measure(folder: Path, count: int) -> dict[str, float | bool]:
    """Grade ``count`` submissions three ways and compare."""
    students = [f"student{place:02}" for place in range(count)]
    course = init_course(folder / "course", write_library(folder / "curriculum"), students)
    with GradingService(course) as service:
        finish(service.generate(MODULE, actor=ACTOR))
        finish(service.release(MODULE, actor=ACTOR))
        released = nbformat.read(course.released(MODULE), as_version=4)
        for place, student in enumerate(students):
            path = folder / "handed-in" / student / f"{MODULE}.ipynb"
            path.parent.mkdir(parents=True)
            nbformat.write(submission(released, place), path)
        finish(service.collect(MODULE, source=folder / "handed-in", actor=ACTOR))
    plain = folder / "plain"
    shutil.copytree(course.source(MODULE).parent, plain / "source" / MODULE)
    (plain / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'bench'\n")
    nbgrader(plain, "generate_assignment", MODULE)
    shutil.copytree(course.root / "submitted", plain / "submitted")

    costs = {"nbgrader": cost(lambda: nbgrader(plain, "autograde", MODULE))}
    starts = {"nbgrader": cost(lambda: nbgrader(plain, "autograde", MODULE))}
    instructor = nbformat.read(course.source(MODULE), as_version=4)
    costs["nbclient"] = cost(lambda: execute_alone(plain / "submitted", instructor))
    starts["ours"], costs["ours"] = grade_on(1, course, students)
    starts["ours_on_all"], costs["ours_on_all"] = grade_on(len(os.sched_getaffinity(0)), course, students)
    theirs, own = scores(f"sqlite:///{plain}/gradebook.db", students), scores(course.db_url, students)
    found: dict[str, float | bool] = {"submissions": count, "grades": len(own), "processors": os.cpu_count() or 1}
    costs["nbgrader"] = Cost(
        costs["nbgrader"].cpu - starts["nbgrader"].cpu, costs["nbgrader"].wall - starts["nbgrader"].wall
    )
    for name, spent in starts.items():
        found[f"{name}_start_cpu_ms"] = 1e3 * spent.cpu
    for name, spent in costs.items():
        found[f"{name}_cpu_ms"] = 1e3 * spent.cpu / count
        found[f"{name}_wall_ms"] = 1e3 * spent.wall / count
    found["cpu_ratio"] = costs["nbgrader"].cpu / costs["ours"].cpu
    found["wall_ratio"] = costs["nbgrader"].wall / costs["ours"].wall
    found["wall_ratio_on_all"] = costs["nbgrader"].wall / costs["ours_on_all"].wall
    found["scores_equal"] = own == theirs
    return found


def grade_on(processors: int, course: CourseFolder, students: list[str]) -> tuple[Cost, Cost]:
    """Grade everybody with as many sandboxes as ``processors``; return what starting them cost, and the rest."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(allowed)[:processors])
    try:
        with GradingService(course) as service:
            first = students[: 2 * processors]
            start = cost(lambda: finish(service.autograde(MODULE, first, actor=ACTOR)))
            return start, cost(lambda: finish(service.autograde(MODULE, actor=ACTOR)))
    finally:
        os.sched_setaffinity(0, allowed)


def main() -> None:
    """Print the figures; exit with 1 when the goal is missed or a grade differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--submissions", type=int, default=20)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-autograde-") as folder:
        found = measure(Path(folder), chosen.submissions)
    if chosen.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name:22} {value if isinstance(value, bool) else f'{value:10.1f}'}")
    raise SystemExit(not found["scores_equal"] or found["cpu_ratio"] < GOAL_RATIO)


if __name__ == "__main__":
    main()
