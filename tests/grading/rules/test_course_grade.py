"""The course grade, worked out by hand beside what the rules say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinytorch_lab.errors import InvalidInputError
from tinytorch_lab.grading.course_grade import (
    MilestoneWork,
    StudentWork,
    Weights,
    Work,
    course_grade,
    course_weights,
    module_share,
    needed,
)

TABLE = {"modules": 0.64, "milestones": 0.06, "midterm": 0.15, "final": 0.15}
WEIGHTS = course_weights(TABLE, 70, 30)
NOTHING = Work()
MODULES = tuple(f"{number:02}_module" for number in range(1, 17))
MILESTONES = ("1", "2", "3", "4")


def full(**changes: object) -> Work:
    return Work(**{"automatic": 70.0, "written": 30.0, "submitted": True, **changes})  # type: ignore[arg-type]


def student(
    modules: dict[str, Work] | None = None,
    passed: tuple[str, ...] = (),
    midterm: Work = NOTHING,
    final: Work = NOTHING,
    rest: Work = NOTHING,
) -> StudentWork:
    return StudentWork(
        {name: (modules or {}).get(name, rest) for name in MODULES},
        {name: MilestoneWork(name in passed) for name in MILESTONES},
        midterm,
        final,
    )


def test_the_course_weights_are_read():
    assert Weights(0.64, 0.06, 0.15, 0.15, 0.7) == WEIGHTS


def test_everything_done_is_a_hundred_percent():
    grade = course_grade(WEIGHTS, student(passed=MILESTONES, midterm=full(), final=full(), rest=full()))
    assert (grade.so_far, grade.decided) == (pytest.approx(1), pytest.approx(1))
    assert grade.final
    assert grade.missing() == ()


def test_a_module_is_seventy_percent_automatic_and_thirty_written():
    assert module_share(Work(automatic=35, written=30), 0.7) == pytest.approx(0.65)
    assert module_share(Work(automatic=10, automatic_total=20, written=0, written_total=80), 0.7) == pytest.approx(0.35)
    assert module_share(Work(automatic=35, written=15, penalty=5), 0.7) == pytest.approx(0.45)
    assert module_share(Work(automatic=2, written=0, penalty=5), 0.7) == 0
    assert module_share(Work(automatic=5, automatic_total=10, written_total=0), 0.7) == pytest.approx(0.5)
    assert module_share(Work(automatic=0, automatic_total=0, written=6, written_total=8), 0.7) == pytest.approx(0.75)
    assert module_share(Work(automatic=0, automatic_total=0, written_total=0), 0.7) == 0
    assert module_share(Work(submitted=True), 0.7) is None


def test_each_module_is_four_percent_and_each_milestone_one_and_a_half():
    grade = course_grade(WEIGHTS, student({"01_module": full(automatic=35.0)}, passed=("1",)))
    first = grade.parts[0]
    assert (first.weight, first.earned, first.state) == (pytest.approx(0.04), pytest.approx(0.65), "graded")
    assert grade.parts[16].weight == pytest.approx(0.015)
    assert grade.decided == pytest.approx(0.055)
    assert grade.so_far == pytest.approx((0.04 * 0.65 + 0.015) / 0.055)
    assert grade.lowest == pytest.approx(0.04 * 0.65 + 0.015)
    assert grade.highest == pytest.approx(1 - 0.04 * 0.35)
    assert not grade.final


def test_in_midterm_and_final_every_point_counts_the_same():
    grade = course_grade(
        WEIGHTS,
        student(midterm=Work(automatic=10, automatic_total=40, written=60, written_total=60), final=full()),
    )
    midterm, final = grade.parts[-2:]
    assert (midterm.weight, midterm.earned) == (0.15, pytest.approx(0.7))
    assert final.earned == pytest.approx(1)
    assert grade.so_far == pytest.approx(0.85)


def test_missing_work_counts_as_nothing_but_may_still_be_possible():
    late = Work(overdue=True, reachable=0.8)
    gone = Work(overdue=True, reachable=0.0)
    grade = course_grade(WEIGHTS, student({"01_module": full(), "02_module": late, "03_module": gone}))
    assert grade.missing() == ("02_module", "03_module")
    assert grade.so_far == pytest.approx(1 / 3)
    assert grade.highest == pytest.approx(1 - 0.04 * 1.2)


def test_answers_without_marks_decide_nothing_but_bound_the_grade():
    grade = course_grade(WEIGHTS, student({"01_module": Work(automatic=70, submitted=True)}))
    part = grade.parts[0]
    assert (part.state, part.earned) == ("provisional", None)
    assert (part.lowest, part.highest) == (pytest.approx(0.7), pytest.approx(1))
    assert grade.so_far is None


def test_what_waits_to_be_graded_is_open():
    grade = course_grade(WEIGHTS, student({"01_module": Work(submitted=True, overdue=True)}))
    assert (grade.parts[0].state, grade.parts[0].highest) == ("submitted", 1)


def test_a_milestone_can_be_tried_again_until_it_is_closed():
    grade = course_grade(
        Weights(0, 1, 0, 0),
        StudentWork(
            {"01_module": NOTHING},
            {"1": MilestoneWork(True, closed=True), "2": MilestoneWork(False), "3": MilestoneWork(False, closed=True)},
            NOTHING,
            NOTHING,
        ),
    )
    assert [part.state for part in grade.parts[1:4]] == ["graded", "open", "missing"]
    assert (grade.lowest, grade.highest) == (pytest.approx(1 / 3), pytest.approx(2 / 3))
    assert grade.so_far == pytest.approx(0.5)


def test_a_course_without_modules_or_milestones_has_a_grade_too():
    grade = course_grade(WEIGHTS, StudentWork({}, {}, full(), full()))
    assert grade.so_far == pytest.approx(1)


def test_what_is_needed_for_a_goal():
    grade = course_grade(WEIGHTS, student({name: full(automatic=35.0) for name in MODULES[:8]}))
    assert needed(grade, 0.1) == 0
    assert needed(grade, 0.95) is None
    share = needed(grade, 0.5)
    assert share is not None
    assert grade.lowest + share * (grade.highest - grade.lowest) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({**TABLE, "final": 0.25}, "the shares in [weights] add up to 1.1, not to 1."),
        (
            {key: TABLE[key] for key in ("modules", "midterm", "final")},
            "must state modules, milestones, midterm, final",
        ),
        ({**TABLE, "homework": 0.0}, "and nothing else"),
        ({**TABLE, "final": "0.15"}, "[weights] final = '0.15' must be a share from 0 to 1."),
        ({**TABLE, "final": -0.15}, "must be a share from 0 to 1."),
        ({**TABLE, "final": float("nan")}, "must be a share from 0 to 1."),
    ],
)
def test_wrong_weights_are_named(table: dict[str, float], message: str):
    with pytest.raises(InvalidInputError) as caught:
        course_weights(table, 70, 30)
    assert message in str(caught.value)


WORKS = st.builds(
    Work,
    automatic=st.none() | st.floats(0, 70),
    written=st.none() | st.floats(0, 30),
    penalty=st.floats(0, 100),
    submitted=st.booleans(),
    overdue=st.booleans(),
    reachable=st.floats(0, 1),
)


@given(modules=st.lists(WORKS, min_size=1, max_size=4), midterm=WORKS, final=WORKS, passed=st.booleans())
def test_a_grade_lies_between_what_is_sure_and_what_is_possible(
    modules: list[Work], midterm: Work, final: Work, passed: bool
):
    work = StudentWork(dict(zip(MODULES, modules, strict=False)), {"1": MilestoneWork(passed)}, midterm, final)
    grade = course_grade(WEIGHTS, work)
    assert -1e-9 <= grade.lowest <= grade.highest + 1e-9 <= 1 + 1e-8
    assert 0 <= grade.decided <= 1 + 1e-9
    assert grade.so_far is None or 0 <= grade.so_far <= 1 + 1e-9
    for part in grade.parts:
        assert part.earned is None or part.lowest <= part.earned <= part.highest
