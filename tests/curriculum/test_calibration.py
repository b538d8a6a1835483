"""Calibration samples earn what they claim; instructors' notes run as written and stay with the instructors."""

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.modules import write_curriculum
from tinytorch_lab.authoring.release import release_files
from tinytorch_lab.curriculum.calibration import (
    AnswerSample,
    CodeSample,
    Expected,
    read_calibration,
    with_sample,
)
from tinytorch_lab.curriculum.catalogue import ModuleInfo
from tinytorch_lab.curriculum.cells import grade_id, points, role_of
from tinytorch_lab.curriculum.library import Library
from tinytorch_lab.curriculum.markscheme import parse_mark_scheme
from tinytorch_lab.errors import InvalidInputError
from tinytorch_lab.package.build import build_earlier, build_reference
from tinytorch_lab.runner.contract import Cell, CellResult, Job
from tinytorch_lab.runner.judge import judge
from tinytorch_lab.runner.notebook import cells_of
from tinytorch_lab.runner.pool import LocalExecutor

LIBRARY = Library(ROOT / "curriculum")
CALIBRATED = [module for module in LIBRARY.available_modules() if LIBRARY.calibration(module).code]
NOTES = sorted((ROOT / "curriculum").glob("*/INSTRUCTOR.md"))
ANSWERS = [(module, answer) for module in CALIBRATED for answer in LIBRARY.calibration(module).answers]
TENTHS = {"excellent": (9, 10), "good": (7, 8), "acceptable": (5, 6), "weak": (0, 4)}
HUNDREDTH = 0.005

SAMPLE = """
[[code]]
name = "doubles"
level = "good"
cell = "double"
find = "2 * x"
replace = "x + x"
points = { test_double = [3, 4], test_all = 5 }
why = "The same number."
comment = "Fine."
"""


@pytest.fixture(scope="module")
def executor():
    with LocalExecutor() as executor:
        yield executor


@pytest.mark.parametrize("module", CALIBRATED, ids=lambda module: module.name)
def test_each_code_sample_earns_the_points_it_states(module: ModuleInfo, executor: LocalExecutor, tmp_path: Path):
    build_earlier(LIBRARY, module, tmp_path / "tinytorch")
    instructor = LIBRARY.instructor(module)
    worth = {grade_id(cell): points(cell) for cell in instructor.cells}

    def run(notebook) -> dict[str, CellResult]:
        job = Job(cells_of(notebook, role_of), path=(str(tmp_path),), seed=1)
        return {item.id: item for item in executor.submit(job) if isinstance(item, CellResult)}

    reference = run(instructor)
    wrong = []
    for sample in LIBRARY.calibration(module).code:
        result = run(with_sample(instructor, sample))
        for stated in sample.points:
            verdict = judge(result[stated.test], reference[stated.test], worth[stated.test])
            if not stated.low - HUNDREDTH <= verdict.score <= stated.high + HUNDREDTH:
                wrong.append((sample.name, stated, verdict.score, verdict.message))
    assert wrong == []


@pytest.mark.parametrize("module", CALIBRATED, ids=lambda module: module.name)
def test_each_calibrated_cell_has_all_levels_and_they_differ_in_points(module: ModuleInfo):
    worth = {grade_id(cell): points(cell) for cell in LIBRARY.instructor(module).cells}
    by_cell: dict[tuple[str, str], list[CodeSample]] = {}
    for sample in LIBRARY.calibration(module).code:
        by_cell.setdefault((sample.cell, sample.points[0].test), []).append(sample)
    for samples in by_cell.values():
        assert {sample.level for sample in samples} == {"excellent", "good", "acceptable", "flawed"}
        for sample in samples:
            own, full = sample.points[0], worth[sample.points[0].test]
            assert sample.level not in ("excellent", "good") or own.low == full, sample.name
            assert sample.level != "acceptable" or own.low > full / 2, sample.name
            assert sample.level != "flawed" or own.high < full / 2, sample.name


@pytest.mark.parametrize(("module", "answer"), ANSWERS, ids=lambda value: value.name)
def test_each_answer_is_placed_by_the_criteria_of_its_mark_scheme(module: ModuleInfo, answer: AnswerSample):
    cell = next(cell for cell in LIBRARY.instructor(module).cells if grade_id(cell) == answer.response)
    scheme = parse_mark_scheme(cell.source)
    low, high = TENTHS[answer.level]
    assert low <= answer.points <= high
    reached = scheme.level_for(answer.points).criteria
    criteria = [criterion for level in scheme.levels for criterion in level.criteria]
    for quoted in (*answer.meets, *answer.misses):
        assert len([criterion for criterion in criteria if criterion.startswith(quoted)]) == 1, quoted
    assert [quoted for quoted in answer.meets if any(criterion.startswith(quoted) for criterion in reached)]
    assert not set(answer.meets) & set(answer.misses)
    fewest, most = LIBRARY.course.answer_words
    words = len(answer.text.split())
    assert words <= most
    assert answer.level == "weak" or words >= fewest


@pytest.mark.parametrize("module", CALIBRATED, ids=lambda module: module.name)
def test_one_question_of_each_calibrated_module_has_answers_of_all_levels(module: ModuleInfo):
    answers = LIBRARY.calibration(module).answers
    assert len({answer.response for answer in answers}) == 1
    assert [answer.level for answer in answers] == list(TENTHS)


def test_the_instructor_guide_names_the_calibrated_modules():
    guide = (ROOT / "docs" / "instructor.md").read_text(encoding="utf-8")
    named = re.search(r"Modules ([\d, and]+) have samples", guide)
    without = re.search(r"and for ([\d, ]+) and the projects, which have no samples", guide)
    assert named
    assert without
    calibrated = {module.name[:2] for module in CALIBRATED}
    assert set(re.findall(r"\d+", named[1])) == calibrated
    assert set(re.findall(r"\d+", without[1])) == {module.name[:2] for module in LIBRARY.course.modules} - calibrated


@pytest.mark.parametrize(
    "path",
    [path for path in NOTES if path.parent.name in {module.name for module in LIBRARY.course.modules}],
    ids=lambda path: path.parent.name,
)
def test_the_demo_in_the_notes_runs_on_the_reference(path: Path, executor: LocalExecutor, tmp_path: Path):
    build_reference(LIBRARY, tmp_path / "tinytorch")
    blocks = re.findall(r"```python\n(.*?)```", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert blocks
    cells = tuple(Cell(f"demo_{number}", block) for number, block in enumerate(blocks))
    ran = [item for item in executor.submit(Job(cells, path=(str(tmp_path),))) if isinstance(item, CellResult)]
    assert [(item.id, item.failure) for item in ran if item.status != "ok"] == []


def test_every_written_module_has_notes():
    assert {path.parent.name for path in NOTES} >= {module.name for module in LIBRARY.available_modules()}


@pytest.mark.parametrize("path", NOTES, ids=lambda path: path.parent.name)
def test_the_notes_name_only_tests_of_their_module(path: Path):
    tests = {grade_id(cell) for cell in LIBRARY.instructor(LIBRARY.course.assignment(path.parent.name)).cells}
    named = set(re.findall(r"`(test_\w+)`", path.read_text(encoding="utf-8")))
    assert named
    assert named <= tests


def test_schedule_and_map_have_every_module_by_its_title():
    schedule = (ROOT / "docs" / "schedule.md").read_text(encoding="utf-8")
    course_map = (ROOT / "docs" / "course-map.md").read_text(encoding="utf-8")
    titles = {module.number: f"{module.name[:2]} {module.title}" for module in LIBRARY.course.modules}
    assert [title for number, title in titles.items() if f"| {number} | {title} |" not in schedule] == []
    assert [title for title in titles.values() if f"| **{title}** |" not in course_map] == []


def test_notes_and_samples_are_not_released():
    released = [name for name, _ in release_files(LIBRARY)]
    assert {Path(name).suffix for name in released} == {".ipynb", ".md", ".toml"}
    assert [name for name in released if "INSTRUCTOR" in name or "calibration" in name] == []


def test_points_are_a_number_or_a_range(tmp_path: Path):
    path = tmp_path / "calibration.toml"
    path.write_text(SAMPLE, encoding="utf-8")
    (sample,) = read_calibration(path).code
    assert sample.points == (Expected("test_double", 3, 4), Expected("test_all", 5, 5))


@pytest.mark.parametrize(
    ("cell", "complaint"), [("triple", "no cell 'triple'"), ("double", "does not hold the text of 'find' exactly once")]
)
def test_a_sample_that_does_not_fit_its_module_is_refused(tmp_path: Path, cell: str, complaint: str):
    library = write_curriculum(tmp_path / "curriculum")
    path = tmp_path / "calibration.toml"
    text = SAMPLE.replace('"double"', f'"{cell}"').replace("2 * x", "not there")
    path.write_text(text, encoding="utf-8")
    (sample,) = read_calibration(path).code
    with pytest.raises(InvalidInputError, match=complaint):
        with_sample(library.instructor(library.course.find("01")), sample)


def test_a_module_without_samples_has_none(tmp_path: Path):
    assert read_calibration(tmp_path / "calibration.toml").code == ()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[[code]", "cannot be read"),
        (SAMPLE.replace("comment", "remark"), "remark"),
        (SAMPLE.replace('"good"', '"great"'), "known are excellent, good"),
        (SAMPLE.replace('find = "2 * x"', ""), "needs either source"),
        (SAMPLE.replace("[3, 4]", "[3, 4, 5]"), "cannot be read"),
        (SAMPLE.replace("points", "marks"), "points"),
    ],
)
def test_a_broken_file_is_named_with_what_is_wrong(tmp_path: Path, text: str, complaint: str):
    path = tmp_path / "calibration.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInputError, match=complaint) as caught:
        read_calibration(path)
    assert str(path) in str(caught.value)
