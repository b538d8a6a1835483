"""How long a written answer is: one rule for students, graders and the browser (``words.ts``)."""

import re

_WORD_CHARACTER = re.compile(r"\w")


def count_words(text: str) -> int:
    """Count the runs of non-space characters that hold a letter, digit or underscore; Markdown's marks are no words."""
    return sum(1 for run in text.split() if _WORD_CHARACTER.search(run))
