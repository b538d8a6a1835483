"""What handing in late costs: the rule of ``[late]`` in ``course.toml``, in figures and in one sentence."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from tinytorch_lab.errors import InvalidInputError

Period = Literal["day", "hour"]

_SECONDS: dict[str, int] = {"day": 86_400, "hour": 3_600}


@dataclass(frozen=True)
class LatePolicy:
    """``deduction`` percent of the points earned for each ``per`` begun after the due date, up to ``maximum`` percent.

    The first ``grace_minutes`` cost nothing; once they are over, lateness counts from the due date. What comes more
    than ``cut_off_hours`` late earns nothing (0: there is no cut-off). A share of the points *earned* is all that
    nbgrader's own plug-in can take, so its command line and ours agree.
    """

    deduction: float = 0.0
    per: Period = "day"
    grace_minutes: float = 0.0
    maximum: float = 100.0
    cut_off_hours: float = 0.0

    def percent(self, late_seconds: float) -> float:
        """Return the percentage of the earned points that is lost ``late_seconds`` after the due date."""
        if late_seconds <= 0:
            return 0.0
        if self.cut_off_hours and late_seconds > self.cut_off_hours * _SECONDS["hour"]:
            return 100.0
        if late_seconds <= self.grace_minutes * 60:
            return 0.0
        return min(self.deduction * self._begun(late_seconds), self.maximum)

    def penalty(self, score: float, late_seconds: float) -> float:
        """Return the points taken off ``score``, rounded to hundredths, never more than the score."""
        return min(score, round(score * self.percent(late_seconds) / 100, 2)) if score > 0 else 0.0

    def kept(self, late_seconds: float) -> float:
        """Return the share (0 to 1) of the points that can still be earned ``late_seconds`` after the due date."""
        return 1 - self.percent(late_seconds) / 100

    def reason(self, late_seconds: float) -> str:
        """Return in a sentence how late a submission is and what that costs; empty when it costs nothing."""
        percent = self.percent(late_seconds)
        if not percent:
            return ""
        begun = self._begun(late_seconds)
        late = f"{begun} {self.per}{'s' if begun > 1 else ''} begun after the due date"
        if self.cut_off_hours and late_seconds > self.cut_off_hours * _SECONDS["hour"]:
            return f"Handed in more than {_span(self.cut_off_hours)} late, after which nothing is earned."
        capped = ", the most that is taken off" if percent == self.maximum < self.deduction * begun else ""
        return f"Handed in late, {late}: {percent:g} % of the points earned are taken off{capped}."

    def sentence(self) -> str:
        """Return the rule as students read it."""
        if self.deduction:
            most = f", at most {self.maximum:g} %" if self.maximum < 100 else ""
            parts = [f"Each {self.per} begun after the due date costs {self.deduction:g} % of the points earned{most}"]
            parts += [f"the first {_span(self.grace_minutes / 60)} cost nothing"] if self.grace_minutes else []
        else:
            parts = ["Handing in late costs no points"]
        if self.cut_off_hours:
            parts.append(f"what comes more than {_span(self.cut_off_hours)} late earns nothing")
        return "; ".join(parts) + "."

    def _begun(self, late_seconds: float) -> int:
        return math.ceil(late_seconds / _SECONDS[self.per])


def late_policy(table: Mapping[str, Any], place: str = "course.toml") -> LatePolicy:
    """Return the policy that the table ``[late]`` of the file ``place`` states; what it leaves out keeps its default.

    Raises:
        InvalidInputError: a key is unknown, or a value is not of its kind or range.
    """
    known = {field.name for field in fields(LatePolicy)}
    for key, value in table.items():
        if key not in known:
            raise InvalidInputError(f"{place}: [late] {key} is no setting; known are {', '.join(sorted(known))}.")
        if key == "per":
            if value not in tuple(_SECONDS):
                raise InvalidInputError(f'{place}: [late] per = {value!r} must be "day" or "hour".')
        elif isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
            raise InvalidInputError(f"{place}: [late] {key} = {value!r} must be a number from 0 up.")
        elif key in ("deduction", "maximum") and value > 100:
            raise InvalidInputError(f"{place}: [late] {key} = {value!r} is a percentage and must not exceed 100.")
    policy = LatePolicy(**table)
    if policy.cut_off_hours and policy.cut_off_hours * 60 < policy.grace_minutes:
        raise InvalidInputError(f"{place}: [late] cut_off_hours must not end before grace_minutes do.")
    return policy


def _span(hours: float) -> str:
    """Return a span of time in the largest unit that says it in a whole number."""
    minutes = round(hours * 60)
    for unit, size in (("day", 24 * 60), ("hour", 60)):
        if minutes >= size and minutes % size == 0:
            return _counted(minutes // size, unit)
    return _counted(minutes, "minute")


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'}"
