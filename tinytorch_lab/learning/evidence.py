"""What a failed check expected and what came instead, read from its message."""

import re
from dataclasses import dataclass

_SHAPES = re.compile(r"\(shapes (?P<actual>\(.*?\)), (?P<expected>\(.*?\)) mismatch\)")
_ELEMENTS = re.compile(r"^Mismatched elements: (?P<wrong>\d+) / (?P<all>\d+)", re.MULTILINE)
_DIFFERENCE = re.compile(r"^Max absolute difference.*?: (?P<figure>\S+)$", re.MULTILINE)
_ARRAYS = re.compile(r"^ ?(?:ACTUAL|x): (?P<actual>.*?)\n ?(?:DESIRED|y): (?P<expected>.*)\Z", re.MULTILINE | re.DOTALL)
_SENTENCE = re.compile(r"expected (?P<expected>.+), got (?P<actual>.+?)\.?$", re.DOTALL)
_LONGEST = 400


@dataclass(frozen=True)
class Evidence:
    """Both sides of a mismatch as text; a side or a figure that the message does not give is ``None``.

    ``wrong`` of ``elements`` array elements differ, by ``difference`` at most.
    """

    expected: str | None = None
    actual: str | None = None
    expected_shape: str | None = None
    actual_shape: str | None = None
    wrong: int | None = None
    elements: int | None = None
    difference: str | None = None


def evidence(message: str) -> Evidence | None:
    """Return what ``message`` says of a mismatch: NumPy's comparison, or the words "expected …, got …"."""
    shapes = _SHAPES.search(message)
    elements = _ELEMENTS.search(message)
    difference = _DIFFERENCE.search(message)
    sides = _ARRAYS.search(message) or _SENTENCE.search(message)
    if not (shapes or elements or sides):
        return None
    return Evidence(
        expected=_shortened(sides["expected"]) if sides else None,
        actual=_shortened(sides["actual"]) if sides else None,
        expected_shape=shapes["expected"] if shapes else None,
        actual_shape=shapes["actual"] if shapes else None,
        wrong=int(elements["wrong"]) if elements else None,
        elements=int(elements["all"]) if elements else None,
        difference=difference["figure"] if difference else None,
    )


def _shortened(text: str) -> str:
    text = text.strip()
    return text if len(text) <= _LONGEST else text[:_LONGEST] + " …"
