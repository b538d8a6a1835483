"""Silencing warnings, one thread at a time: two that swap the process's filters at once can leave them so for good."""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_alone = threading.Lock()


@contextmanager
def silenced(kind: type[Warning] = Warning) -> Iterator[None]:
    """Silence warnings of ``kind``; other threads that want the same wait."""
    with _alone, warnings.catch_warnings():
        warnings.simplefilter("ignore", kind)
        yield
