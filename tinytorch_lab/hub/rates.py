"""How often one person may ask, so that nobody's script makes the others wait."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

_MOST_KEYS = 10_000


@dataclass(frozen=True)
class Rate:
    """``burst`` requests at once, then ``per_minute``."""

    burst: int
    per_minute: float


class RateLimiter:
    """A token bucket for each key. Source: J. Turner, "New directions in communications", IEEE (1986)."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._clock = rate, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_for(self, key: str) -> float:
        """Return 0 when ``key`` may ask now, which counts, else the seconds until it may."""
        at, per_second = self._clock(), self._rate.per_minute / 60
        filled, since = self._buckets.pop(key, (float(self._rate.burst), at))
        filled = min(self._rate.burst, filled + (at - since) * per_second)
        allowed = filled >= 1
        self._buckets[key] = (filled - 1 if allowed else filled, at)
        if len(self._buckets) > _MOST_KEYS:
            # Whoever asked longest ago has a full bucket again by now.
            self._buckets.popitem(last=False)
        return 0.0 if allowed else (1 - filled) / per_second
