"""Who may do what in which course: a group of the hub and a scope of the token, both.

The group says in which course somebody has which role; only the hub's administrators put people into groups. The
scope says what the token at hand was made for, so a token that leaked from elsewhere opens nothing here.
"""

from collections.abc import Collection

from tinytorch_lab.coursework import Role

GRADE = "custom:tinytorch:grade"
"""Scope: grade; it contains :data:`SUBMIT`."""

SUBMIT = "custom:tinytorch:submit"
"""Scope: fetch assignments and hand in."""

_RULES: tuple[tuple[Role, str, str], ...] = (
    ("instructor", "instructor-{}", GRADE),
    ("grader", "formgrade-{}", GRADE),
    ("student", "nbgrader-{}", SUBMIT),
)


def role_in(course: str, groups: Collection[str], scopes: Collection[str]) -> Role | None:
    """Return the highest role in ``course`` that both ``groups`` and ``scopes`` give; ``None`` without any.

    ``formgrade-<course>`` and ``nbgrader-<course>`` are the groups that nbgrader's own hub support uses.
    """
    held = {*scopes, *([SUBMIT] if GRADE in scopes else [])}
    found = (role for role, group, scope in _RULES if group.format(course) in groups and scope in held)
    return next(found, None)
