"""What all tests share."""

from pathlib import Path

import pytest

from tinytorch_lab.curriculum.library import Library

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def library() -> Library:
    """The checkout's curriculum."""
    return Library(ROOT / "curriculum")
