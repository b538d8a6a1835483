"""Who is what in a course, and how often one may ask: pure rules."""

import pytest

from tinytorch_lab.hub.rates import Rate, RateLimiter
from tinytorch_lab.hub.roles import GRADE, SUBMIT, role_in


@pytest.mark.parametrize(
    ("groups", "scopes", "role"),
    [
        ({"nbgrader-c"}, {SUBMIT}, "student"),
        ({"nbgrader-c"}, {GRADE}, "student"),
        ({"nbgrader-c"}, set(), None),
        (set(), {SUBMIT, GRADE}, None),
        ({"formgrade-c"}, {GRADE}, "grader"),
        ({"formgrade-c"}, {SUBMIT}, None),
        ({"instructor-c"}, {GRADE}, "instructor"),
        ({"instructor-other"}, {GRADE}, None),
        ({"instructor-c", "nbgrader-c"}, {SUBMIT}, "student"),
        ({"nbgrader-c", "formgrade-c", "instructor-c"}, {GRADE, SUBMIT}, "instructor"),
        ({"nbgrader-c-2"}, {SUBMIT}, None),
    ],
)
def test_a_role_needs_the_group_and_the_scope(groups, scopes, role):
    assert role_in("c", groups, scopes) == role


def test_a_burst_is_allowed_then_a_steady_rate():
    now = [0.0]
    limiter = RateLimiter(Rate(burst=3, per_minute=60), lambda: now[0])
    assert [limiter.wait_for("ada") for _ in range(3)] == [0, 0, 0]
    assert limiter.wait_for("ada") == pytest.approx(1.0)
    assert limiter.wait_for("ben") == 0
    now[0] = 0.5
    assert limiter.wait_for("ada") == pytest.approx(0.5)
    now[0] = 1.0
    assert limiter.wait_for("ada") == 0
    now[0] = 100.0
    assert [limiter.wait_for("ada") for _ in range(4)] == [0, 0, 0, pytest.approx(1.0)]


def test_whoever_asked_longest_ago_is_forgotten():
    limiter = RateLimiter(Rate(burst=1, per_minute=60), lambda: 0.0)
    for number in range(10_001):
        assert limiter.wait_for(str(number)) == 0
    assert limiter.wait_for("0") == 0
    assert limiter.wait_for("10000") > 0
