"""Students who may need help, each with the reasons; the rules are few enough to be told to the student too."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

ReasonKind = Literal["missing", "low written", "incomplete", "falling"]

LOW_WRITTEN = 0.5
"""Written scores below this share, on average over at least two modules, are low."""

FALL = 0.15
"""So much less, in shares, over the last three graded modules, each lower than the one before, is a fall."""


@dataclass(frozen=True)
class ModuleStanding:
    """One student's state in one module; shares from 0 to 1, ``None`` where nothing is graded or marked.

    ``unwritten`` counts the tests of a submission that failed because what they test was not written.
    """

    module: str
    submitted: bool
    overdue: bool
    automatic: float | None = None
    written: float | None = None
    total: float | None = None
    unwritten: int = 0


@dataclass(frozen=True)
class Reason:
    """Why a student is listed: in a sentence, with the modules it is about."""

    kind: ReasonKind
    sentence: str
    modules: tuple[str, ...]


@dataclass(frozen=True)
class Struggling:
    """A student with at least one reason to be looked at."""

    student: str
    reasons: tuple[Reason, ...]


def struggling_students(standings: Iterable[tuple[str, Sequence[ModuleStanding]]]) -> tuple[Struggling, ...]:
    """Return the students with a reason, those with most first; ``standings`` has each one's modules in order."""
    found = [Struggling(student, reasons) for student, modules in standings if (reasons := reasons_of(modules))]
    return tuple(sorted(found, key=lambda item: (-len(item.reasons), -_modules(item), item.student)))


def reasons_of(modules: Sequence[ModuleStanding]) -> tuple[Reason, ...]:
    """Return why a student with these modules, in the course's order, may need help."""
    found = (_missing(modules), _low_written(modules), _incomplete(modules), _falling(modules))
    return tuple(reason for reason in found if reason)


def _modules(item: Struggling) -> int:
    return sum(len(reason.modules) for reason in item.reasons)


def _missing(modules: Sequence[ModuleStanding]) -> Reason | None:
    names = tuple(module.module for module in modules if module.overdue and not module.submitted)
    if not names:
        return None
    return Reason("missing", f"Due and not handed in: {', '.join(names)}.", names)


def _low_written(modules: Sequence[ModuleStanding]) -> Reason | None:
    marked = [(module.module, module.written) for module in modules if module.written is not None]
    if len(marked) < 2:
        return None
    average = sum(share for _, share in marked) / len(marked)
    if average >= LOW_WRITTEN:
        return None
    low = tuple(name for name, share in marked if share < LOW_WRITTEN)
    sentence = f"Written answers earn {average:.0%} on average over {len(marked)} modules; low in {', '.join(low)}."
    return Reason("low written", sentence, low)


def _incomplete(modules: Sequence[ModuleStanding]) -> Reason | None:
    found = [module for module in modules if module.submitted and module.unwritten]
    if not found:
        return None
    parts = ", ".join(f"{module.module} ({module.unwritten})" for module in found)
    sentence = f"Handed in with tests of code that was not written: {parts}."
    return Reason("incomplete", sentence, tuple(module.module for module in found))


def _falling(modules: Sequence[ModuleStanding]) -> Reason | None:
    graded = [(module.module, module.total) for module in modules if module.total is not None][-3:]
    shares = [share for _, share in graded]
    falls = all(later < earlier for earlier, later in itertools.pairwise(shares))
    # Shares are sums of points over a total, so a fall of exactly the limit must not fail by rounding.
    if len(shares) < 3 or not falls or shares[0] - shares[-1] < FALL - 1e-9:
        return None
    steps = " → ".join(f"{share:.0%}" for share in shares)
    names = tuple(name for name, _ in graded)
    return Reason("falling", f"Each module scored lower than the one before: {steps} ({', '.join(names)}).", names)
