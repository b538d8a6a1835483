"""How the class did in one module: its tests, its scores, and the submissions that need a person's look."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from tinytorch_lab.grading.evidence import ScoredTest
from tinytorch_lab.grading.statistics import Distribution, TestStatistics, distribution, hardest, statistics_by_test
from tinytorch_lab.grading.store.tables import results, runs


@dataclass(frozen=True)
class ModuleStatistics:
    """The distributions are absent before anything is graded (or marked); ``tests`` has the hardest first."""

    module: str
    tests: tuple[TestStatistics, ...]
    automatic: Distribution | None
    written: Distribution | None
    total: Distribution | None


@dataclass(frozen=True)
class Suspicious:
    """A submission whose run was tampered with or did not come to its end, with what was seen."""

    module: str
    student: str
    integrity: str
    reason: str
    notes: tuple[str, ...]
    graded_at: str


def module_statistics(connection: Connection, module: str) -> ModuleStatistics:
    """Return the statistics over all graded submissions of ``module``."""
    evidence = connection.execute(select(runs.c.tests).where(runs.c.module == module).order_by(runs.c.student))
    tests = statistics_by_test([ScoredTest(**test) for test in row.tests] for row in evidence)
    graded = connection.execute(select(results).where(results.c.module == module)).all()
    scored = [row for row in graded if row.automatic is not None]
    marked = [row for row in scored if not row.to_mark and row.written is not None]
    totals = (graded[0].automatic_total, graded[0].written_total) if graded else (0.0, 0.0)
    return ModuleStatistics(
        module=module,
        tests=hardest(tests),
        automatic=_distribution([row.automatic for row in scored], totals[0]),
        written=_distribution([row.written for row in marked], totals[1]),
        total=_distribution([row.automatic + row.written - row.penalty for row in marked], sum(totals)),
    )


def suspicious_runs(connection: Connection) -> list[Suspicious]:
    """Return the graded runs that are not simply in order, the newest first."""
    rows = connection.execute(select(runs).where(runs.c.integrity != "ok").order_by(runs.c.graded_at.desc()))
    return [
        Suspicious(row.module, row.student, row.integrity, row.reason, tuple(row.notes), row.graded_at) for row in rows
    ]


def _distribution(scores: list[float], total: float) -> Distribution | None:
    return distribution(scores, total) if total > 0 else None
