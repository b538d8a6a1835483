"""The ML Systems Thinking questions of a notebook and the answers in it."""

from dataclasses import dataclass

from nbformat import NotebookNode

from tinytorch_lab.curriculum.build import ANSWER_STUB
from tinytorch_lab.curriculum.cells import grade_id, is_response, points
from tinytorch_lab.words import count_words


@dataclass(frozen=True)
class Question:
    """A question and the student's answer; ``answer`` is empty while the cell holds its stub."""

    response_id: str
    points: float
    question: str
    answer: str

    @property
    def words(self) -> int:
        """How many words the answer has."""
        return count_words(self.answer)


def questions(notebook: NotebookNode) -> list[Question]:
    """Return the notebook's questions in order; a question is the Markdown cell before its response."""
    found: list[Question] = []
    before = ""
    for cell in notebook.cells:
        if is_response(cell):
            answer = "" if cell.source.strip() == ANSWER_STUB else cell.source
            found.append(Question(grade_id(cell) or "", points(cell), before, answer))
        if cell.cell_type == "markdown":
            before = cell.source
    return found


def length_remark(words: int, bounds: tuple[int, int]) -> str:
    """Say how ``words`` stand to the expected length."""
    low, high = bounds
    if words == 0:
        return "not answered"
    if words < low:
        return f"{low - words} short of {low}"
    return f"{words - high} over {high}" if words > high else "within the expected length"
