"""The milestones that have been written, by number."""

from collections.abc import Mapping

from tinytorch_lab.milestones import mnist, tinygpt, xor_inference, xor_training
from tinytorch_lab.milestones.script import Script

SCRIPTS: Mapping[int, Script] = {
    1: xor_inference.SCRIPT,
    2: xor_training.SCRIPT,
    3: mnist.SCRIPT,
    4: tinygpt.SCRIPT,
}

FULL: Mapping[int, Script] = {4: tinygpt.FULL}
"""Longer runs of some of them, which ask for more."""
