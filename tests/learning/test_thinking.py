"""Questions, answers and their words."""

import pytest

from tinytorch_lab.curriculum.cells import is_response
from tinytorch_lab.learning.thinking import length_remark, questions
from tinytorch_lab.words import count_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("   \n\t ", 0),
        ("one", 1),
        ("one two\nthree", 3),
        ("- a bullet\n- another", 3),
        ("## Heading — with a dash", 4),
        ("`x @ y` costs O(n^3)", 4),
        ("naïve Größe 数组 значение", 4),
        ("**bold** *** ---", 1),
    ],
)
def test_words_are_runs_with_a_letter_or_digit(text, words):
    assert count_words(text) == words


@pytest.mark.parametrize(
    ("words", "remark"),
    [
        (0, "not answered"),
        (149, "1 short of 150"),
        (150, "within the expected length"),
        (300, "within the expected length"),
        (301, "1 over 300"),
    ],
)
def test_the_remark_on_the_length(words, remark):
    assert length_remark(words, (150, 300)) == remark


def test_the_released_answers_are_empty_and_a_written_one_is_found(library):
    notebook = library.student(library.course.find("tensor"))
    found = questions(notebook)
    assert [(question.points, question.answer, question.words) for question in found] == [(10, "", 0)] * 3
    assert all("uestion" in question.question for question in found)
    response = next(cell for cell in notebook.cells if is_response(cell))
    response.source = "Strides decide it."
    assert questions(notebook)[0].answer == "Strides decide it."
    assert questions(notebook)[0].words == 3
