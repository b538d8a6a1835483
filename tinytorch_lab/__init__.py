"""TinyTorch Lab: teach machine-learning systems by building."""

from tinytorch_lab._version import __version__

__all__ = ["__version__"]
