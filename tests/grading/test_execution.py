"""What a graded run can reach: the reference of earlier modules, never that of its own."""

import copy
from collections.abc import Iterator

import psutil
import pytest
from nbformat import NotebookNode

from tests.grading.handins import cell
from tests.modules import marker, write_curriculum
from tinytorch_lab.curriculum.build import student_notebook
from tinytorch_lab.errors import InvalidInputError
from tinytorch_lab.grading.execution import GradedRun, ModuleRunner
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.repair import repair
from tinytorch_lab.grading.sources import ModuleSource
from tinytorch_lab.runner.contract import CellResult, Job, RunEnd
from tinytorch_lab.runner.pool import LocalExecutor

LATER = f'''# %%
#| default_exp later

# %% {marker("triple", solution=True)}
#| export
from tinytorch.sums import add


def triple(a):
    """Return three times a."""
    ### BEGIN SOLUTION
    return add(add(a, a), a)
    ### END SOLUTION


# %% {marker("test_triple", points=70, grade=True, locked=True)}
assert triple(1) == 3
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, rng
probe("array", triple(rng.normal(size=3)))
probe("zero", triple(0))
probe("negative", triple(-2))
### END HIDDEN TESTS
'''


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> CourseFolder:
    folder = tmp_path_factory.mktemp("course")
    library = write_curriculum(folder / "curriculum")
    (library.root / "02_later").mkdir()
    (library.root / "02_later" / "02_later.py").write_text(LATER, encoding="utf-8")
    return CourseFolder(folder, library.root, "mini", f"sqlite:///{folder / 'gradebook.db'}", allow_unsandboxed=True)


@pytest.fixture(scope="module")
def source(course: CourseFolder) -> ModuleSource:
    module = course.library.course.find("later")
    return ModuleSource(module.name, course.library.instructor(module), "digest", {})


@pytest.fixture(scope="module")
def runner(course: CourseFolder) -> Iterator[ModuleRunner]:
    runner = ModuleRunner(course)
    yield runner
    runner.close()


def graded(runner: ModuleRunner, source: ModuleSource, code: str) -> GradedRun:
    notebook: NotebookNode = copy.deepcopy(student_notebook(source.notebook))
    cell(notebook, "triple").source = code
    repaired = repair(notebook.cells, source)
    return runner.grade(source, repaired.notebook)


def test_earlier_modules_are_the_reference(runner: ModuleRunner, source: ModuleSource):
    run = graded(runner, source, "from tinytorch.sums import add\ndef triple(a):\n    return add(a, add(a, a))")
    assert run.tests[0].score == 70.0
    assert run.problems == ()


def test_the_modules_own_reference_is_out_of_reach(runner: ModuleRunner, source: ModuleSource, course: CourseFolder):
    run = graded(runner, source, "from tinytorch.later import triple")
    assert run.tests[0].score == 0.0
    assert run.problems == (
        "Cell triple, line 1, stopped with ModuleNotFoundError: No module named 'tinytorch.later'.",
    )
    package = course.state / "reference" / "02_later" / "tinytorch"
    assert sorted(path.name for path in package.glob("*.py")) == ["__init__.py", "sums.py"]


def test_a_test_earns_its_share_of_hidden_checks(runner: ModuleRunner, source: ModuleSource):
    run = graded(runner, source, "def triple(a):\n    return 3 * a if not hasattr(a, 'shape') and a >= 0 else a")
    assert (run.tests[0].score, run.tests[0].status) == (23.33, "partly passed")


def test_the_same_submission_scores_the_same_again(runner: ModuleRunner, source: ModuleSource, course: CourseFolder):
    code = "def triple(a):\n    return a * 3 + (a * 0 if not hasattr(a, 'shape') else 1e-9)"
    first, second = graded(runner, source, code), graded(runner, source, code)
    assert [test.score for test in first.tests] == [test.score for test in second.tests]
    assert (course.state / "secret").stat().st_mode & 0o777 == 0o600


def test_a_reference_that_fails_is_the_modules_fault(runner: ModuleRunner, source: ModuleSource):
    broken = copy.deepcopy(source.notebook)
    cell(broken, "test_triple").source = "assert triple(1) == 4, 'no'"
    with pytest.raises(InvalidInputError, match="reference solution of 02_later fails its own test test_triple"):
        runner.prepare(ModuleSource("02_later", broken, "other", {}))


def test_a_sandbox_killed_under_the_reference_is_not_the_modules_fault(
    runner: ModuleRunner, source: ModuleSource, monkeypatch: pytest.MonkeyPatch
):
    submit, runs = LocalExecutor.submit, []

    def killed_once(executor: LocalExecutor, job: Job) -> Iterator[CellResult | RunEnd]:
        runs.append(job)
        for result in submit(executor, job):
            yield result
            for process in psutil.Process().children() if len(runs) == 1 else ():
                process.kill()

    slow = copy.deepcopy(source.notebook)
    cell(slow, "triple").source += "\nimport time\ntime.sleep(1)"
    monkeypatch.setattr(LocalExecutor, "submit", killed_once)
    runner.prepare(ModuleSource("02_later", slow, "slow", {}))
    assert len(runs) == 2
    assert graded(runner, source, "def triple(a):\n    return 3 * a").tests[0].score == 70.0
