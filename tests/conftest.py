"""What all tests share."""

from pathlib import Path

import pytest
from hypothesis import settings

from tinytorch_lab.curriculum.library import Library

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def library() -> Library:
    """The checkout's curriculum."""
    return Library(ROOT / "curriculum")


# How long one example takes says more about the machine than about the code.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")
