"""The recorder that test cells find behind ``tinytorch_lab.probes``."""

import json
import random
import sys

import numpy as np

from tinytorch_lab import probes
from tinytorch_lab.runner.sandbox.channel import Channel
from tinytorch_lab.runner.values import Encoder

_encode = json.JSONEncoder(separators=(",", ":")).encode
_NAMES = ("probes.probe", "probes.raises", "probes.rng")
_ORIGINAL = probes.probe, probes.raises, probes.rng
_seed_numpy, _seed_random, _make_generator = np.random.seed, random.seed, np.random.default_rng


class ProbeRecorder:
    """Sends every probed value out at once, so that a later crash takes nothing back."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._token = 0

    def start(self, token: int, seed: list[int]) -> list[str]:
        """Put this recorder and a generator of hidden inputs in place for the test cell known by ``token``.

        The global generators are seeded too: a test of a random initialisation gives the same values each time.
        Returns what had been put in place of these.
        """
        self._token = token
        found = probes.probe, probes.raises, probes.rng
        changed = [name for name, old, new in zip(_NAMES, _ORIGINAL, found, strict=True) if old is not new]
        if sys.modules.get("tinytorch_lab.probes") is not probes:
            changed.append("tinytorch_lab.probes")
        sys.modules["tinytorch_lab.probes"] = probes
        probes.probe, probes.raises, probes.rng = self.probe, _ORIGINAL[1], _make_generator(seed)
        seed_generators(seed[::-1])
        return changed

    def finish(self) -> None:
        """Put the plain functions back: a student's cell that probes does no harm, and is no attack."""
        probes.probe, probes.raises, probes.rng = _ORIGINAL

    def probe(self, name: str, value: object) -> None:
        """Report ``value`` under ``name``."""
        encoder = Encoder()
        spec = encoder.encode(value)
        self._channel.send(_encode({"probe": self._token, "name": str(name), "value": spec}), bytes(encoder.raw))


def seed_generators(seed: list[int]) -> None:
    """Seed Python's and NumPy's global generators."""
    _seed_numpy(seed)
    _seed_random(repr(seed))
