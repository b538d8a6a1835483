"""Mark schemes: parsing, lifting, and what is wrong with a bad one."""

import pytest

from tests.modules import SCHEME
from tinytorch_lab.curriculum.markscheme import lift_mark_scheme, parse_mark_scheme
from tinytorch_lab.errors import InvalidInputError


def test_levels_come_best_first_with_their_criteria():
    scheme = parse_mark_scheme(f"before\n{SCHEME}\nafter")
    assert scheme.total == 10
    assert [level.label for level in scheme.levels] == [
        "Excellent",
        "Good",
        "Satisfactory",
        "Needs improvement",
        "No credit",
    ]
    assert (scheme.levels[0].low, scheme.levels[0].high) == (9, 10)
    assert scheme.levels[1].criteria == ("names the cost without a figure",)


@pytest.mark.parametrize(
    ("points", "label", "above"),
    [
        (10, "Excellent", None),
        (9, "Excellent", None),
        (8.5, "Good", "Excellent"),
        (0.5, "No credit", "Needs improvement"),
    ],
)
def test_points_reach_the_highest_level_whose_lower_bound_they_meet(points, label, above):
    scheme = parse_mark_scheme(SCHEME)
    level = scheme.level_for(points)
    higher = scheme.next_level(level)
    assert level.label == label
    assert (higher.label if higher else None) == above


def test_lifting_leaves_the_rest_of_the_cell():
    assert lift_mark_scheme(f"one\n{SCHEME}\n\n**Your response:**") == "one\n\n**Your response:**"
    assert lift_mark_scheme("nothing to lift") == "nothing to lift"


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("=== END MARK SCHEME ===", "", "must stand between"),
        ("EXCELLENT (9-10 points):", "EXCELLENT (8-10 points):", "overlap"),
        ("GOOD (7-8 points):", "GOOD (7 points):", "gap"),
        ("- names the cost without a figure\n", "", "names no criterion"),
        ("NO CREDIT (0 points):\n- no response\n", "", "lowest level starts at 1"),
        ("EXCELLENT (9-10 points):", "EXCELLENT (10-9 points):", "runs from 10 down to 9"),
        ("EXCELLENT", "TOTAL (12 points total)\nEXCELLENT", "not at the total of 12"),
    ],
)
def test_a_bad_scheme_is_explained(old, new, complaint):
    assert old in SCHEME
    with pytest.raises(InvalidInputError, match=complaint):
        parse_mark_scheme(SCHEME.replace(old, new))


def test_a_scheme_without_levels_says_how_to_write_one():
    with pytest.raises(InvalidInputError, match=r"EXCELLENT \(9-10 points\)"):
        parse_mark_scheme("=== BEGIN MARK SCHEME ===\ngood answers get points\n=== END MARK SCHEME ===")
