"""The second run, on the student's own earlier modules: what they cause is found, and nothing of it counts."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat import NotebookNode

from tests.grading.handins import cell
from tests.modules import COURSE, marker
from tinytorch_lab.coursework import OwnRun
from tinytorch_lab.curriculum.build import student_notebook
from tinytorch_lab.curriculum.library import Library
from tinytorch_lab.curriculum.notebooks import write_notebook
from tinytorch_lab.errors import ConflictError, NotFoundError
from tinytorch_lab.grading.evidence import Evidence
from tinytorch_lab.grading.execution import ModuleRunner
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.own_modules import OwnModuleRunner, find_causes, load_own_run
from tinytorch_lab.grading.repair import repair
from tinytorch_lab.grading.sources import ModuleSource
from tinytorch_lab.grading.store.database import migrate, open_engine, put_row, transaction
from tinytorch_lab.grading.store.tables import runs

SUMS = f'''# %%
#| default_exp sums

# %% {marker("add", solution=True)}
#| export
def add(a, b):
    """Return a + b."""
    ### BEGIN SOLUTION
    return a + b
    ### END SOLUTION
'''
PRODUCTS = f'''# %%
#| default_exp products

# %% {marker("times", solution=True)}
#| export
def times(a, b):
    """Return a * b."""
    ### BEGIN SOLUTION
    return a * b
    ### END SOLUTION
'''
MIXED = f'''# %%
#| default_exp mixed

# %% {marker("mixed", solution=True)}
#| export
from tinytorch.products import times
from tinytorch.sums import add


def twice(a):
    """Return 2 a."""
    ### BEGIN SOLUTION
    return add(a, a)
    ### END SOLUTION


def square(a):
    """Return a * a."""
    ### BEGIN SOLUTION
    return times(a, a)
    ### END SOLUTION


# %% {marker("test_twice", points=30, grade=True, locked=True)}
assert twice(0) == 0, "twice(0): expected 0"
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, rng
probe("twice", twice(3.0))
probe("twice of an array", twice(rng.normal(size=3)))
### END HIDDEN TESTS

# %% {marker("test_square", points=20, grade=True, locked=True)}
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe
probe("square", square(3.0))
### END HIDDEN TESTS

# %% {marker("test_both", points=20, grade=True, locked=True)}
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe
probe("both", twice(3.0) + square(3.0))
### END HIDDEN TESTS
'''
MODULES = {"01_sums": SUMS, "02_products": PRODUCTS, "03_mixed": MIXED}
TABLE = '[[module]]\nname = "{}"\ntitle = "T"\nphase = 1\nprerequisites = []\nexports = ["{}"]\nsummary = "S"\n'


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> CourseFolder:
    folder = tmp_path_factory.mktemp("course")
    root = folder / "curriculum"
    for name, text in MODULES.items():
        (root / name).mkdir(parents=True)
        (root / name / f"{name}.py").write_text(text, encoding="utf-8")
    head = COURSE.partition("[[module]]")[0]
    tables = "".join(TABLE.format(name, name[3:]) for name in MODULES)
    (root / "course.toml").write_text(head + tables, encoding="utf-8")
    made = CourseFolder(folder, root, "mini", f"sqlite:///{folder / 'gradebook.db'}", allow_unsandboxed=True)
    made.state.mkdir()
    return made


@pytest.fixture(scope="module")
def source(course: CourseFolder) -> ModuleSource:
    module = course.library.course.find("mixed")
    return ModuleSource(module.name, course.library.instructor(module), "digest", {})


@pytest.fixture(scope="module")
def runner(course: CourseFolder) -> Iterator[ModuleRunner]:
    runner = ModuleRunner(course)
    yield runner
    runner.close()


def hand_in(course: CourseFolder, module: str, student: str, **solutions: str) -> NotebookNode:
    """Put what ``student`` wrote for an earlier module where a graded submission is; solved unless given."""
    library: Library = course.library
    instructor = library.instructor(library.course.find(module))
    notebook: NotebookNode = copy.deepcopy(student_notebook(instructor))
    for known in notebook.cells:
        if known.metadata.get("nbgrader", {}).get("solution"):
            name = known.metadata.nbgrader.grade_id
            known.source = solutions.get(name, cell(instructor, name).source)
    write_notebook(notebook, course.autograded(module, student))
    return notebook


def graded_run(course: CourseFolder, runner: ModuleRunner, source: ModuleSource, student: str) -> Evidence:
    """Grade the last module of ``student``, who solved it."""
    notebook = repair(hand_in(course, source.name, student).cells, source).notebook
    graded = runner.grade(source, copy.deepcopy(notebook))
    write_notebook(notebook, course.autograded(source.name, student))
    evidence = Evidence(source.name, student, "", "", "", "ok", "", "none", graded.tests, {}, ())
    assert evidence.score == 70
    return evidence


def second_run(course: CourseFolder, runner: ModuleRunner, source: ModuleSource, student: str) -> OwnRun:
    """Grade the last module of ``student``, then run it on their own earlier ones."""
    return OwnModuleRunner(course, runner).run(source, graded_run(course, runner, source, student))


WRONG_ADD = "#| export\ndef add(a, b):\n    return a - b\n"
WRONG_TIMES = "#| export\ndef times(a, b):\n    return a\n"


def found(run: OwnRun) -> dict[str, tuple[float, tuple[str, ...]]]:
    return {test.test: (test.score, test.causes) for test in run.tests}


def test_sound_earlier_modules_make_no_difference(course: CourseFolder, runner: ModuleRunner, source: ModuleSource):
    hand_in(course, "01_sums", "ada")
    hand_in(course, "02_products", "ada")
    run = second_run(course, runner, source, "ada")
    assert found(run) == {"test_twice": (30, ()), "test_square": (20, ()), "test_both": (20, ())}
    assert (run.own, run.replaced) == (("01_sums", "02_products"), {})
    assert not any(test.differs for test in run.tests)


def test_a_mistake_is_traced_to_its_module(course: CourseFolder, runner: ModuleRunner, source: ModuleSource):
    hand_in(course, "01_sums", "ben", add=WRONG_ADD)
    hand_in(course, "02_products", "ben")
    run = second_run(course, runner, source, "ben")
    assert found(run) == {
        "test_twice": (0, ("01_sums",)),
        "test_square": (20, ()),
        "test_both": (0, ("01_sums",)),
    }
    assert "hidden checks agree" in run.tests[0].message


def test_two_mistakes_are_told_apart(course: CourseFolder, runner: ModuleRunner, source: ModuleSource):
    hand_in(course, "01_sums", "cleo", add=WRONG_ADD)
    hand_in(course, "02_products", "cleo", times=WRONG_TIMES)
    run = second_run(course, runner, source, "cleo")
    assert found(run) == {
        "test_twice": (0, ("01_sums",)),
        "test_square": (0, ("02_products",)),
        "test_both": (0, ("01_sums", "02_products")),
    }


def test_what_cannot_be_used_is_replaced_and_told(course: CourseFolder, runner: ModuleRunner, source: ModuleSource):
    hand_in(course, "01_sums", "dan", add="#| export\ndef add(a, b)\n    return a\n")
    run = second_run(course, runner, source, "dan")
    assert run.own == ()
    assert run.replaced["02_products"] == "it was not handed in and graded"
    assert run.replaced["01_sums"].startswith("it cannot be exported: 01_sums.ipynb, cell 2, line 2:")
    assert all(test.score == test.graded for test in run.tests)


def test_what_is_not_written_yet_is_told_as_the_student_would_see_it(
    course: CourseFolder, runner: ModuleRunner, source: ModuleSource
):
    hand_in(course, "01_sums", "eve", add="#| export\ndef add(a, b):\n    raise NotImplementedError()\n")
    run = second_run(course, runner, source, "eve")
    assert found(run)["test_twice"] == (0, ("01_sums",))
    assert run.tests[0].message.startswith("NotImplementedError")


def test_nothing_of_a_student_is_left_for_the_next(course: CourseFolder, runner: ModuleRunner, source: ModuleSource):
    hand_in(course, "01_sums", "finn")
    second_run(course, runner, source, "finn")
    assert [path.name for path in (course.state / "own-modules").iterdir() if path.is_dir()] == []


def test_a_doubtful_or_missing_run_is_refused(course: CourseFolder, runner: ModuleRunner, source: ModuleSource):
    own = OwnModuleRunner(course, runner)
    tampered = Evidence(source.name, "gus", "", "", "", "tampered", "x", "none", (), {}, ())
    with pytest.raises(ConflictError, match="03_mixed by gus is in doubt"):
        own.run(source, tampered)
    with pytest.raises(NotFoundError):
        own.run(source, Evidence(source.name, "gus", "", "", "", "ok", "", "none", (), {}, ()))


def test_a_run_is_stored_in_place_of_an_earlier_one(
    course: CourseFolder, runner: ModuleRunner, source: ModuleSource, tmp_path: Path
):
    hand_in(course, "01_sums", "hal", add=WRONG_ADD)
    evidence = graded_run(course, runner, source, "hal")
    engine = open_engine(f"sqlite:///{tmp_path / 'gradebook.db'}")
    migrate(engine)
    own = OwnModuleRunner(course, runner)
    with pytest.raises(NotFoundError, match="03_mixed of hal has not been autograded"):
        own.run_and_store(engine, source, "hal")
    with transaction(engine) as connection:
        key = {"module": evidence.module, "student": evidence.student}
        put_row(connection, runs, key, {name: value for name, value in asdict(evidence).items() if name not in key})
        assert load_own_run(connection, source.name, "hal") is None
    for _ in range(2):
        row = own.run_and_store(engine, source, "hal")
        assert (row.score, row.total) == (20, 70)
        assert row.message == "Different on own modules: test_twice (01_sums), test_both (01_sums)."
    with transaction(engine) as connection:
        stored = load_own_run(connection, source.name, "hal")
    assert stored is not None
    assert found(stored)["test_both"] == (0, ("01_sums",))
    assert stored.replaced == {"02_products": "it was not handed in and graded"}
    engine.dispose()


NAMES = ("a", "b", "c")


@given(
    broken=st.fixed_dictionaries({test: st.sets(st.sampled_from(NAMES)) for test in ("t", "u")}),
)
def test_the_modules_that_break_a_test_are_its_causes(broken: dict[str, set[str]]):
    def judge(own: frozenset[str]) -> Mapping[str, float]:
        return {test: 0.0 if modules & own else 10.0 for test, modules in broken.items()}

    graded = {"t": 10.0, "u": 10.0}
    causes = find_causes(NAMES, graded, judge(frozenset(NAMES)), judge)
    assert {test: set(found) for test, found in causes.items()} == broken


def test_modules_that_break_a_test_only_together_are_named_together():
    def judge(own: frozenset[str]) -> Mapping[str, float]:
        return {"t": 0.0 if {"a", "b"} <= own or {"b", "c"} <= own or {"a", "c"} <= own else 10.0}

    assert find_causes(NAMES, {"t": 10.0}, judge(frozenset(NAMES)), judge) == {"t": NAMES}


def test_no_run_is_made_when_nothing_differs():
    def judge(own: frozenset[str]) -> Mapping[str, float]:
        raise AssertionError(own)

    assert find_causes(NAMES, {"t": 10.0}, {"t": 10.0}, judge) == {"t": ()}
