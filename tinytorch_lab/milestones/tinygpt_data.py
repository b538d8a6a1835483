"""The text of milestone 4 as a run finds it: tiny Shakespeare, or four sonnets where it cannot be had."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from tinytorch_lab.datasets import shakespeare_text, sonnets
from tinytorch_lab.errors import NotAvailableError

TEXT = "tinyshakespeare.txt"
ABOUT = "about.json"
"""The file that tells the steps how much of the training the text is worth."""

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


def text_files() -> dict[str, bytes]:
    """Return the text as the file that the steps read, which one it is, and what it is worth.

    It is tiny Shakespeare, from the cache or the network, else the four sonnets.
    """
    try:
        kind, content = SHAKESPEARE, shakespeare_text()
    except NotAvailableError:
        kind, content = SONNETS, sonnets()
    return {TEXT: content.encode(), ABOUT: json.dumps({"text": kind.name, "share": kind.share}).encode()}


def shown_text(files: Mapping[str, bytes]) -> tuple[Text, str]:
    """Return the text of a run that was given ``files``, and which it is."""
    kind = SHAKESPEARE if json.loads(files[ABOUT])["text"] == SHAKESPEARE.name else SONNETS
    return kind, files[TEXT].decode()


def known_words(written: str, text: str) -> float:
    """Return the share of the words in ``written`` that occur in ``text``; 0 if there is no word."""
    known = set(_WORD.findall(text.lower()))
    found = _WORD.findall(written.lower())
    return sum(word in known for word in found) / len(found) if found else 0.0
