"""The checks that run code, on the curriculum and on planted defects."""

import pytest

from tests.conftest import ROOT
from tests.modules import MODULE, write_curriculum
from tinytorch_lab.authoring.release import build_release, stale_files
from tinytorch_lab.authoring.validate import validate
from tinytorch_lab.curriculum.baselines import read_baselines
from tinytorch_lab.curriculum.library import Library, Release
from tinytorch_lab.package.build import check_reference
from tinytorch_lab.runner.pool import LocalExecutor

MODULES = Library(ROOT / "curriculum").available_assignments()


@pytest.fixture(scope="module")
def executor():
    with LocalExecutor() as executor:
        yield executor


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_the_reference_earns_every_point_and_the_unsolved_release_none(library, executor, module):
    result = validate(library, module, executor)
    assert [str(finding) for finding in result.findings] == []
    assert (result.reference_score, result.unsolved_score) == (70, 0)


def test_the_committed_package_and_release_are_fresh(library):
    assert check_reference(library, ROOT / "tinytorch") == ()
    assert stale_files(library, Release()) == []


def test_a_sound_module_is_valid(tmp_path, executor):
    library = write_curriculum(tmp_path)
    result = validate(library, library.course.find("1"), executor)
    assert [str(finding) for finding in result.findings] == []
    assert (result.reference_score, result.unsolved_score) == (70, 0)


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("return add(a, a)", "return add(a, 1)", "assert double(3)", "AssertionError: double(3): expected 6, got 4"),
        ('probe("zero", double(0))', 'probe("zero", [1][2])', 'probe("zero", [1][2])', "IndexError"),
        (
            'probe("zero", double(0))',
            'import os; probe("zero", os.urandom(4).hex())',
            '"test_double"',
            "earns 15 of 30",
        ),
        (
            'assert double(3) == 6, f"double(3): expected 6, got {double(3)}"',
            "pass",
            '"test_double"',
            "the unsolved release earns",
        ),
        ('print("peak", double(np.ones(1000)).nbytes)', "print(nothing)", "print(nothing)", "NameError"),
    ],
)
def test_what_running_shows_is_reported_at_its_line(tmp_path, executor, old, new, place, words):
    assert old in MODULE
    text = MODULE.replace(old, new)
    if words.startswith("the unsolved"):
        text = text.replace('probe("array", double(rng.normal(size=5)))', 'probe("array", 1)').replace(
            'probe("zero", double(0))', 'probe("zero", 2)'
        )
    library = write_curriculum(tmp_path, text)
    findings = validate(library, library.course.find("1"), executor).findings
    found = [finding for finding in findings if words in finding.problem]
    assert found, [str(finding) for finding in findings]
    assert place in text.splitlines()[found[0].line - 1]


def test_building_a_release_writes_only_what_is_stale(tmp_path, executor):
    library = write_curriculum(tmp_path / "curriculum")
    release = Release(tmp_path / "release")
    module = library.course.find("1")
    assert build_release(library, release, executor) == [
        "course.toml",
        "01_sums/01_sums.ipynb",
        "01_sums/baselines.json",
    ]
    baselines = read_baselines(release.baselines_path(module))
    assert baselines.keys() == {"test_add", "test_double"}
    assert all(baseline.peak_bytes > 0 for baseline in baselines.values())
    assert build_release(library, release, executor) == []
    write_curriculum(tmp_path / "curriculum", MODULE.replace("You can add.", "You can add and double."))
    assert stale_files(library, release) == ["01_sums/01_sums.ipynb"]


def test_a_test_that_needs_a_measurement_is_reported(tmp_path, executor):
    """Measurements are skipped when a module is tested, so nothing that they define may be needed."""
    place = MODULE.rindex("# %%", 0, MODULE.index("def double"))
    text = MODULE[:place] + '# %% tags=["measure"]\nmeasured = 0\n\n' + MODULE[place:]
    text = text.replace('probe("zero", double(0))', 'probe("zero", double(measured))')
    library = write_curriculum(tmp_path, text)
    findings = validate(library, library.course.find("1"), executor).findings
    assert ["NameError" in finding.problem for finding in findings] == [True]
