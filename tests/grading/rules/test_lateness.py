"""What handing in late costs, and that plain nbgrader takes off the same."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbgrader.preprocessors import AssignLatePenalties
from traitlets.config import Config

from tests.modules import write_curriculum
from tinytorch_lab.errors import InvalidInputError
from tinytorch_lab.grading.course_grade import Weights
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.late_plugin import CourseLatePenalty
from tinytorch_lab.grading.lateness import LatePolicy, late_policy
from tinytorch_lab.grading.rules import late_policy_of, weights_of

MINUTE, HOUR, DAY = 60, 3_600, 86_400
DAILY = LatePolicy(deduction=10, grace_minutes=15, maximum=50, cut_off_hours=7 * 24)


@pytest.mark.parametrize(
    ("late", "percent"),
    [
        (-DAY, 0),
        (0, 0),
        (15 * MINUTE, 0),
        (15 * MINUTE + 1, 10),
        (DAY, 10),
        (DAY + 0.001, 20),
        (4 * DAY, 40),
        (5 * DAY, 50),
        (7 * DAY, 50),
        (7 * DAY + 1, 100),
    ],
)
def test_each_day_begun_costs_up_to_the_maximum_and_after_the_cut_off_everything(late: float, percent: float):
    assert DAILY.percent(late) == percent
    assert DAILY.penalty(80, late) == pytest.approx(0.8 * percent)
    assert DAILY.kept(late) == pytest.approx(1 - percent / 100)


def test_hours_are_counted_from_the_due_date_once_the_grace_is_over():
    hourly = LatePolicy(deduction=2, per="hour", grace_minutes=90)
    assert [hourly.percent(hours * HOUR) for hours in (1, 1.5, 1.6, 3, 3.01)] == [0, 0, 4, 6, 8]
    assert hourly.percent(60 * HOUR) == 100


def test_without_a_rule_lateness_costs_nothing():
    assert late_policy({}).penalty(80, 30 * DAY) == 0
    assert late_policy({}).sentence() == "Handing in late costs no points."
    assert late_policy({}).reason(DAY) == ""


@given(
    score=st.floats(0, 100),
    deduction=st.floats(0, 100),
    maximum=st.floats(0, 100),
    grace=st.floats(0, 600),
    cut_off=st.floats(10, 1000),
    per=st.sampled_from(["day", "hour"]),
    times=st.tuples(st.floats(0, 90 * DAY), st.floats(0, 90 * DAY)),
)
def test_later_never_costs_less_and_never_more_than_was_earned(
    score: float, deduction: float, maximum: float, grace: float, cut_off: float, per: str, times: tuple[float, float]
):
    policy = LatePolicy(deduction, per, grace, maximum, cut_off)  # type: ignore[arg-type]
    earlier, later = sorted(times)
    assert 0 <= policy.penalty(score, earlier) <= policy.penalty(score, later) <= score


def test_students_read_the_rule_in_one_sentence():
    assert DAILY.sentence() == (
        "Each day begun after the due date costs 10 % of the points earned, at most 50 %; the first 15 minutes cost "
        "nothing; what comes more than 7 days late earns nothing."
    )
    assert LatePolicy(deduction=2.5, per="hour").sentence() == (
        "Each hour begun after the due date costs 2.5 % of the points earned."
    )
    assert LatePolicy(cut_off_hours=36).sentence() == (
        "Handing in late costs no points; what comes more than 36 hours late earns nothing."
    )


def test_a_deduction_is_explained():
    assert DAILY.reason(60) == ""
    assert DAILY.reason(DAY) == (
        "Handed in late, 1 day begun after the due date: 10 % of the points earned are taken off."
    )
    assert DAILY.reason(6 * DAY).endswith("50 % of the points earned are taken off, the most that is taken off.")
    assert DAILY.reason(8 * DAY) == "Handed in more than 7 days late, after which nothing is earned."


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"deducted": 5}, "course.toml: [late] deducted is no setting; known are cut_off_hours"),
        ({"deduction": "10"}, "course.toml: [late] deduction = '10' must be a number from 0 up."),
        ({"deduction": True}, "must be a number"),
        ({"deduction": -1}, "must be a number from 0 up"),
        ({"grace_minutes": float("nan")}, "must be a number"),
        ({"maximum": 150}, "[late] maximum = 150 is a percentage and must not exceed 100."),
        ({"per": "week"}, '[late] per = \'week\' must be "day" or "hour".'),
        ({"per": []}, "must be"),
        ({"grace_minutes": 120, "cut_off_hours": 1}, "must not end before"),
    ],
)
def test_a_wrong_setting_is_named(table: dict[str, object], message: str):
    with pytest.raises(InvalidInputError) as caught:
        late_policy(table)
    assert message in str(caught.value)


@pytest.fixture
def course(tmp_path: Path) -> CourseFolder:
    """A course folder whose rules stand in its curriculum."""
    library = write_curriculum(tmp_path / "curriculum")
    catalogue = library.root / "course.toml"
    rule = "[late]\ndeduction = 10\ngrace_minutes = 15\nmaximum = 50\ncut_off_hours = 168\n"
    catalogue.write_text(catalogue.read_text(encoding="utf-8") + rule, encoding="utf-8")
    root = tmp_path / "course"
    root.mkdir()
    settings = f'curriculum = "{library.root}"\ncourse_id = "mini"\n'
    (root / "tinytorch.toml").write_text(settings, encoding="utf-8")
    return CourseFolder(root, library.root, "mini", f"sqlite:///{root / 'gradebook.db'}")


def test_the_course_folder_overrides_its_curriculum(course: CourseFolder):
    assert late_policy_of(course) == DAILY
    (course.root / "course.toml").write_text("[late]\ndeduction = 5\n", encoding="utf-8")
    assert late_policy_of(course) == LatePolicy(deduction=5)
    assert weights_of(course) == Weights(0.64, 0.06, 0.15, 0.15, 0.7)
    own = "[weights]\nmodules = 0.7\nmilestones = 0.1\nmidterm = 0\nfinal = 0.2\n"
    (course.root / "course.toml").write_text(own, encoding="utf-8")
    assert weights_of(course) == Weights(0.7, 0.1, 0, 0.2, 0.7)


def test_a_broken_rules_file_is_named(course: CourseFolder):
    path = course.root / "course.toml"
    path.write_text("late = 5\n", encoding="utf-8")
    with pytest.raises(InvalidInputError, match=r"course\.toml: late must be a table, written as \[late\]"):
        late_policy_of(course)
    path.write_text("[late\n", encoding="utf-8")
    with pytest.raises(InvalidInputError, match="is not valid TOML"):
        late_policy_of(course)


@pytest.mark.parametrize("late", [60, 15 * MINUTE, DAY, 3.5 * DAY, 6 * DAY, 8 * DAY])
@pytest.mark.parametrize("score", [0.0, 33.33, 100.0])
def test_plain_nbgrader_takes_off_the_same(course: CourseFolder, late: float, score: float):
    config = Config()
    config.CourseDirectory.root = str(course.root)
    config.AssignLatePenalties.plugin_class = CourseLatePenalty
    step = AssignLatePenalties(config=config)
    step.init_plugin()
    assert step.plugin_inst.late_submission_penalty("ada", score, late) == DAILY.penalty(score, late)
