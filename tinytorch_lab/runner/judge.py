"""Turn the result of a test cell into points, by comparing what it computed with what the reference computed."""

import builtins
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tinytorch_lab.errors import InvalidInputError
from tinytorch_lab.runner.comparison import compare
from tinytorch_lab.runner.contract import CellResult, Failure, ProbeValue

_MISSING = object()
_KNOWN_KINDS = frozenset((*dir(builtins), "LinAlgError", "CellTimeout", "OutputLimitExceeded"))


@dataclass(frozen=True)
class ProbeVerdict:
    """Whether one probe of the reference was matched; ``reason`` is for graders and empty when it was."""

    name: str
    matched: bool
    reason: str


@dataclass(frozen=True)
class Verdict:
    """What a test cell earned. ``message`` is for the student and tells nothing hidden, ``detail`` for the grader."""

    score: float
    possible: float
    probes: tuple[ProbeVerdict, ...]
    message: str
    detail: str


def judge(result: CellResult, reference: CellResult, points: float) -> Verdict:
    """Compare a test cell's ``result`` with the ``reference`` solution's result of the same cell and seed.

    The score is the share of the reference's probes that arrived with the right value. Nothing else that the
    sandbox says is used: a cell whose visible part raised has sent no probe, and so scores nothing by itself.
    Only a test without any probe is scored by how it ended.

    Raises:
        InvalidInputError: the reference itself failed, so that there is nothing to compare with.
    """
    if reference.status != "ok":
        why = _why(reference)
        raise InvalidInputError(
            f"The reference solution does not pass test {reference.id!r} ({why}); correct it and release again."
        )
    if not reference.probes:
        return _judge_by_end(result, points)
    arrived = dict(_numbered(result.probes))
    verdicts, public = [], []
    for key, expected in _numbered(reference.probes):
        verdict, words = _judge_probe(key[0], arrived.get(key, _MISSING), expected)
        verdicts.append(verdict)
        public += [f"'{verdict.name}' {words}"] if words else []
    matched = sum(verdict.matched for verdict in verdicts)
    score = points * matched / len(verdicts)
    message = _message(result, matched, public, len(verdicts))
    surplus = len(result.probes) - len(reference.probes)
    return Verdict(score, points, tuple(verdicts), message, _details(result, verdicts, surplus))


def _judge_by_end(result: CellResult, points: float) -> Verdict:
    score = points if result.status == "ok" else 0.0
    return Verdict(score, points, (), _ending(result), _why(result))


def _judge_probe(name: str, actual: Any, expected: Any) -> tuple[ProbeVerdict, str]:
    if actual is _MISSING:
        return ProbeVerdict(name, False, "was not reached"), "was not reached"
    mismatch = compare(actual, expected)
    if mismatch is None:
        return ProbeVerdict(name, True, ""), ""
    return ProbeVerdict(name, False, mismatch.detail), mismatch.public


def _numbered(probes: Iterable[ProbeValue]) -> Iterable[tuple[tuple[str, int], Any]]:
    """Yield each probe under its name and how many of that name came before: a repeated name gives no second try."""
    seen: Counter[str] = Counter()
    for probe in probes:
        yield (probe.name, seen[probe.name]), probe.value
        seen[probe.name] += 1


def _message(result: CellResult, matched: int, wrong: list[str], total: int) -> str:
    """Say what went wrong without a hidden input or an expected value."""
    ending = _ending(result)
    if not wrong:
        return ending
    if matched == 0 and ending and result.failure is not None and not result.failure.hidden:
        return ending
    shown = "; ".join(wrong[:5]) + ("; …" if len(wrong) > 5 else "")
    return " ".join(part for part in (f"{matched} of {total} hidden checks agree: {shown}.", ending) if part)


def _ending(result: CellResult) -> str:
    failure = result.failure
    if failure is None:
        return ""
    if not failure.hidden:
        return f"{failure.kind}: {failure.message}"
    return f"A hidden check ended with {_kind(failure)}{_place(failure)}."


def _kind(failure: Failure) -> str:
    """Return the name of a known exception; one of the student's own could be named after a hidden input."""
    return failure.kind if failure.kind in _KNOWN_KINDS else "an exception of its own"


def _place(failure: Failure) -> str:
    """Return where in visible code a hidden check failed."""
    visible = [frame for frame in failure.frames if frame.text and frame.text != "(hidden test)"]
    return f" in {visible[-1].cell}, line {visible[-1].line}" if visible else ""


def _details(result: CellResult, verdicts: list[ProbeVerdict], surplus: int) -> str:
    lines = [f"{verdict.name}: {verdict.reason}" for verdict in verdicts if not verdict.matched]
    lines += [f"{surplus} values more than the test reports arrived; they count for nothing"] if surplus > 0 else []
    return "\n".join([*lines, *([_why(result)] if result.failure else [])])


def _why(result: CellResult) -> str:
    return f"{result.failure.kind}: {result.failure.message}" if result.failure else ""
