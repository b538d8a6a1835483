"""What a failed check's message gives to show."""

import numpy as np
import pytest

from tinytorch_lab.learning.evidence import Evidence, evidence


def message_of(actual: object, expected: object) -> str:
    with pytest.raises(AssertionError) as raised:
        np.testing.assert_allclose(actual, expected, err_msg="relu: the hint of the course")
    return str(raised.value)


def test_shapes_that_differ_are_named_on_both_sides():
    found = evidence(message_of(np.zeros((2, 2)), np.ones((2, 3))))
    assert found is not None
    assert (found.expected_shape, found.actual_shape, found.wrong) == ("(2, 3)", "(2, 2)", None)
    assert found.expected is not None
    assert "[1., 1., 1.]" in found.expected


def test_elements_that_differ_are_counted():
    found = evidence(message_of(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.5, 3.0])))
    assert found == Evidence("array([1. , 2.5, 3. ])", "array([1., 2., 3.])", None, None, 1, 3, "0.5")


def test_the_courses_own_sentences_are_read():
    found = evidence("add(2, 2): expected 4, got 5")
    assert found == Evidence(expected="4", actual="5")


def test_a_long_side_is_shortened():
    found = evidence("expected 4, got " + "x" * 5000)
    assert found is not None
    assert found.actual is not None
    assert len(found.actual) < 500


@pytest.mark.parametrize("message", ["", "numpy: not implemented", "float must be float64"])
def test_other_messages_speak_for_themselves(message):
    assert evidence(message) is None
