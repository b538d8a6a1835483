"""Who is listed as struggling, and with which reason."""

from tinytorch_lab.grading.struggling import ModuleStanding, Reason, reasons_of, struggling_students


def module(number: int, **values: object) -> ModuleStanding:
    return ModuleStanding(**{"module": f"{number:02}_m", "submitted": True, "overdue": True, **values})  # type: ignore[arg-type]


def totals(*shares: float | None) -> list[ModuleStanding]:
    return [module(number, total=share) for number, share in enumerate(shares, 1)]


def kinds(modules: list[ModuleStanding]) -> list[str]:
    return [reason.kind for reason in reasons_of(modules)]


def test_a_student_who_does_well_is_not_listed():
    assert reasons_of([module(1, automatic=1.0, written=0.9, total=0.97), module(2, overdue=False)]) == ()
    assert reasons_of([]) == ()


def test_modules_that_are_due_and_not_there_are_missing():
    modules = [module(1), module(2, submitted=False), module(3, submitted=False, overdue=False)]
    assert reasons_of(modules) == (Reason("missing", "Due and not handed in: 02_m.", ("02_m",)),)


def test_low_written_scores_need_two_modules():
    assert kinds([module(1, written=0.1)]) == []
    assert kinds([module(1, written=0.5), module(2, written=0.5)]) == []
    (reason,) = reasons_of([module(1, written=0.3), module(2), module(3, written=0.6), module(4, written=0.3)])
    assert reason.sentence == "Written answers earn 40% on average over 3 modules; low in 01_m, 04_m."
    assert reason.modules == ("01_m", "04_m")


def test_an_unfinished_submission_is_incomplete_but_a_missing_one_is_not():
    (reason,) = reasons_of([module(1, unwritten=3), module(2)])
    assert reason.sentence == "Handed in with tests of code that was not written: 01_m (3)."
    assert kinds([module(1, submitted=False, unwritten=3)]) == ["missing"]


def test_three_falling_scores_are_a_trend():
    assert kinds(totals(0.9, 0.85, 0.75)) == ["falling"]
    assert kinds(totals(0.9, 0.88, 0.80)) == []
    assert kinds(totals(0.9, 0.5)) == []
    assert kinds(totals(0.9, 0.95, 0.5)) == []
    assert kinds(totals(0.2, 0.9, None, 0.8, 0.7)) == ["falling"]
    assert kinds(totals(0.9, 0.8, 0.7, 0.71)) == []
    (reason,) = reasons_of(totals(0.82, 0.74, 0.6))
    assert reason.sentence == "Each module scored lower than the one before: 82% → 74% → 60% (01_m, 02_m, 03_m)."


def test_those_with_most_reasons_come_first():
    one = [module(1, submitted=False)]
    two = [module(1, submitted=False), module(2, submitted=False)]
    both = [module(1, submitted=False), module(2, unwritten=1)]
    found = struggling_students([("ada", [module(1)]), ("ben", one), ("cleo", two), ("dan", both), ("abe", one)])
    assert [item.student for item in found] == ["dan", "cleo", "abe", "ben"]
