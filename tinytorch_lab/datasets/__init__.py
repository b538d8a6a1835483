"""The course's data: MNIST and tiny Shakespeare from a cache, and small defaults for a machine without a network."""

from tinytorch_lab.datasets.offline import digits, sonnets
from tinytorch_lab.datasets.sources import mnist_folder, shakespeare_text

__all__ = ["digits", "mnist_folder", "shakespeare_text", "sonnets"]
