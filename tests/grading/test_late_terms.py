"""Setting what lateness costs: written where the course's rules are, counted at once, noted."""

import pytest
from sqlalchemy import select

from tests.grading.conftest import TESS
from tinytorch_lab.errors import InvalidInputError
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.lateness import LatePolicy
from tinytorch_lab.grading.rules import late_policy_of
from tinytorch_lab.grading.service import GradingService
from tinytorch_lab.grading.store.database import open_engine
from tinytorch_lab.grading.store.tables import audit

POLICY = LatePolicy(deduction=10, per="day", grace_minutes=15, maximum=50, cut_off_hours=240)


def test_the_policy_is_written_beside_what_else_is_there(course: CourseFolder, service: GradingService):
    rules = course.root / "course.toml"
    rules.write_text("# Our own limits.\n[limits]\ncell_seconds = 3\n", encoding="utf-8")
    service.set_late_policy(POLICY, actor=TESS)
    assert late_policy_of(course) == POLICY
    assert rules.read_text(encoding="utf-8").startswith("# Our own limits.\n[limits]\ncell_seconds = 3\n")
    engine = open_engine(course.db_url)
    with engine.connect() as connection:
        (entry,) = connection.execute(select(audit).where(audit.c.action == "set late policy")).all()
    engine.dispose()
    assert (entry.actor, entry.details["before"]["deduction"], entry.details["after"]["deduction"]) == (TESS, 0, 10)


def test_a_policy_that_makes_no_sense_changes_nothing(course: CourseFolder, service: GradingService):
    with pytest.raises(InvalidInputError, match="must not exceed 100"):
        service.set_late_policy(LatePolicy(deduction=200), actor=TESS)
    assert not (course.root / "course.toml").exists()
