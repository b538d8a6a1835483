"""The text of milestone 4 as a run finds it: tiny Shakespeare, or four sonnets where it cannot be had."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from tinytorch_lab.datasets import shakespeare_text, sonnets
from tinytorch_lab.errors import NotAvailableError

TEXT = "tinyshakespeare.txt"
ABOUT = "about.json"
"""The file that tells the steps which text this is, and how much of the training it is worth."""

_WORD = re.compile(r"[a-z']+")


@dataclass(frozen=True)
class Text:
    """A text to learn from, and what is asked of a model that has.

    ``goal`` is what a table of trigrams reaches on the last tenth of the text, in nats per character, when it has
    counted the other nine and 0.1 was added to each count. A full run has to reach ``full_goal``, and the share
    ``known`` of what it writes has to be words of the text. ``share`` is the part of the training steps that the text
    is worth.
    """

    name: str
    goal: float
    full_goal: float
    known: float
    share: float


SHAKESPEARE = Text("tiny Shakespeare", goal=2.046, full_goal=1.90, known=0.75, share=1.0)
SONNETS = Text("four sonnets", goal=2.762, full_goal=2.762, known=0.0, share=0.2)
TEXTS: Mapping[str, Text] = {text.name: text for text in (SHAKESPEARE, SONNETS)}


def text_files() -> dict[str, bytes]:
    """Return tiny Shakespeare, from the cache or the network, else four sonnets under its name, and which it is."""
    try:
        content, kind = shakespeare_text(), SHAKESPEARE
    except NotAvailableError:
        content, kind = sonnets(), SONNETS
    return {TEXT: content.encode(), ABOUT: json.dumps({"name": kind.name, "share": kind.share}).encode()}


def known_words(written: str, kind: Text) -> float:
    """Return the share of the words in ``written`` that occur in the text of ``kind``; 0 if there is no word.

    Raises:
        NotAvailableError: the text was removed since the run began.
    """
    known = set(_WORD.findall((sonnets() if kind is SONNETS else shakespeare_text()).lower()))
    found = _WORD.findall(written.lower())
    return sum(word in known for word in found) / len(found) if found else 0.0
