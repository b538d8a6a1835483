"""The milestones that have been written, by number."""

from collections.abc import Mapping

from tinytorch_lab.learning.milestones import mnist, xor_inference, xor_training
from tinytorch_lab.learning.milestones.script import Script

SCRIPTS: Mapping[int, Script] = {1: xor_inference.SCRIPT, 2: xor_training.SCRIPT, 3: mnist.SCRIPT}
