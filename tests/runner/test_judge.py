"""Points come from values compared outside the sandbox, and messages give nothing away."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tinytorch_lab.errors import InvalidInputError
from tinytorch_lab.runner.contract import Cell, CellResult, Failure, Frame, ProbeValue
from tinytorch_lab.runner.judge import judge

A = np.linspace(0.5, 7.5, 8)


def result(*probes: tuple[str, Any], status: Any = "ok", failure: Failure | None = None) -> CellResult:
    return CellResult("test_a", status, probes=tuple(ProbeValue(*probe) for probe in probes), failure=failure)


def reason(actual: Any, expected: Any) -> str:
    return judge(result(("p", actual)), result(("p", expected)), 1).probes[0].reason


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (A, A + 1e-12),
        (A.astype(np.float32), A),
        (A.astype(np.float32) * np.float32(1 + 1e-6), A.astype(np.float32)),
        (np.array([np.nan, np.inf, -np.inf]), np.array([np.nan, np.inf, -np.inf])),
        (1e8 * A + 1e-3, 1e8 * A),
        (3.0, np.float64(3.0)),
        (np.array(7), 7),
        (True, np.array(True)),
        (10**30, 10**30),
        ("text", "text"),
        (None, None),
        ({"a": [1, (2.0, "x")]}, {"a": [1, (2.0 + 1e-12, "x")]}),
        (np.array(["a", "b"]), np.array(["a", "b"])),
        (1 + 2j, np.complex128(1 + 2j)),
        (np.zeros((0, 3)), np.zeros((0, 3))),
        (np.array([2**63], np.uint64), np.array([2**63], np.uint64)),
    ],
)
def test_equal_values_match(actual: Any, expected: Any) -> None:
    assert reason(actual, expected) == ""


@pytest.mark.parametrize(
    ("actual", "expected", "words"),
    [
        (A + 1e-4, A, "8 of 8 values differ; largest absolute error 0.0001 at"),
        (A.astype(np.float32) + np.float32(1e-3), A.astype(np.float32), "values differ"),
        (A[:4], A, "expected shape (8,), got shape (4,)"),
        (np.arange(3), np.arange(3.0), "expected floats (float64), got integers (int64)"),
        (True, 1, "expected integers"),
        (np.array([2**53]), np.array([2**53 + 1]), "1 of 1 values differ"),
        (np.array([np.nan]), np.array([1.0]), "expected 1.0 at (0,), got nan"),
        (np.array([1.0]), np.array([np.nan]), "expected nan"),
        (np.array([np.inf]), np.array([-np.inf]), "expected -inf"),
        (np.array([1e308]), np.array([np.inf]), "expected inf"),
        ("texT", "text", "expected text, got texT"),
        (None, 0, "expected int, got NoneType"),
        ([1], (1,), "expected tuple, got list"),
        ([1, 2], [1], "expected length 1, got length 2"),
        ({"a": 1}, {"b": 1}, "expected ['b'], got ['a']"),
        ({"a": [1, 2]}, {"a": [1, 3]}, "['a'][1]: expected 3, got 2"),
        (10**30, 10**30 + 1, "expected 1000"),
        (10**30, 5, "expected 5"),
        (np.array(["a"]), np.array(["b"]), "1 of 1 values differ"),
        ("3.0", 3.0, "expected float, got str"),
        (np.array([[1.0, 2.0], [3.0, 4.5]]), np.array([[1.0, 2.0], [3.0, 4.0]]), "expected 4.0 at (1, 1), got 4.5"),
    ],
)
def test_different_values_do_not_match(actual: Any, expected: Any, words: str) -> None:
    assert words in reason(actual, expected)


def test_score_is_the_share_of_the_references_probes() -> None:
    reference = result(("a", 1), ("b", 2), ("c", 3), ("d", 4))
    verdict = judge(result(("d", 4), ("a", 1), ("b", 0)), reference, 10)
    assert (verdict.score, verdict.possible) == (5, 10)
    assert [(probe.name, probe.matched) for probe in verdict.probes] == [
        ("a", True), ("b", False), ("c", False), ("d", True),
    ]  # fmt: skip
    assert judge(reference, reference, 10).score == 10
    assert judge(reference, reference, 10).message == ""


def test_extra_and_repeated_names_never_help() -> None:
    reference = result(("a", 1), ("b", 2))
    guesses = [("a", guess) for guess in (5, 4, 1)]
    verdict = judge(result(*guesses, ("z", 1), ("b", 2)), reference, 2)
    assert verdict.score == 1
    assert "3 values more than the test reports" in verdict.detail
    twice = result(("a", 1), ("a", 2))
    assert judge(result(("a", 2), ("a", 1)), twice, 2).score == 0
    assert judge(twice, twice, 2).score == 2


def test_cell_that_ends_early_keeps_what_it_had() -> None:
    reference = result(("a", 1), ("b", 2))
    failure = Failure("ValueError", "shapes (3, 4) and (4, 2)", (Frame("mine", 3, "x @ y"),), "", hidden=True)
    early = result(("a", 1), status="error", failure=failure)
    assert judge(early, reference, 2).score == 1
    assert judge(replace(early, status="killed"), reference, 2).score == 1
    assert judge(replace(early, probes=()), reference, 2).score == 0


def test_an_exception_s_name_tells_nothing_hidden() -> None:
    failure = Failure("Input_0_125_minus_3", "", (Frame("mine", 3, "raise type(repr(x))"),), "", hidden=True)
    verdict = judge(result(failure=failure), result(("a", 1)), 10)
    assert "0_125" not in verdict.message
    assert "A hidden check ended with an exception of its own in mine, line 3." in verdict.message
    assert "Input_0_125" in verdict.detail


def test_student_learns_neither_expected_values_nor_hidden_inputs() -> None:
    reference = result(("matmul", np.full((3, 4), 123.25)), ("shape error", "ValueError"), ("sum", 77.5))
    failure = Failure("TypeError", "got 123.25", (Frame("mine", 3, "x"),), "77.5", hidden=True)
    given = result(("matmul", np.full((3, 5), 9.5)), ("shape error", ""), status="error", failure=failure)
    verdict = judge(given, reference, 3)
    assert verdict.message == (
        "0 of 3 hidden checks agree: 'matmul' has the wrong shape; 'shape error' has the wrong value; "
        "'sum' was not reached. A hidden check ended with TypeError in mine, line 3."
    )
    assert "expected shape (3, 4), got shape (3, 5)" in verdict.detail
    assert "TypeError: got 123.25" in verdict.detail


def test_visible_failure_is_shown_in_full() -> None:
    failure = Failure("AssertionError", "Mismatched elements: 1 / 2", (), "")
    verdict = judge(result(status="error", failure=failure), result(("a", 1)), 5)
    assert (verdict.score, verdict.message) == (0, "AssertionError: Mismatched elements: 1 / 2")


def test_test_without_probes_counts_how_it_ended() -> None:
    failure = Failure("AssertionError", "no", (), "")
    assert judge(result(), result(), 5).score == 5
    assert judge(result(("extra", 1)), result(), 5).score == 5
    assert judge(result(status="error", failure=failure), result(), 5).score == 0
    assert judge(result(status="not_run"), result(), 5).score == 0


def test_reference_must_pass() -> None:
    broken = result(status="error", failure=Failure("KeyError", "'x'", (), ""))
    with pytest.raises(InvalidInputError, match="does not pass test 'test_a' \\(KeyError: 'x'\\)"):
        judge(result(), broken, 5)


@pytest.mark.parametrize(
    "value",
    [
        *("1", "-0.1", "float('nan')", "True", "None", "'ünï'", "10**100", "2-3j", "[1, [2, (3,)]]", "{'a': {'b': 1}}"),
        *(
            "np.arange(6).reshape(2, 3).T",
            "np.array([True, False])",
            "np.float16(0.5)",
            "np.array('x')",
            "np.str_('x')",
        ),
        *(
            "np.zeros((2, 0))",
            "np.longdouble(0.5)",
            "np.arange(3, dtype='>i4')",
            "np.ones(3, np.complex64)",
            "(1.5, 'x')",
        ),
    ],
)
def test_values_survive_the_way_out(run: Any, value: str) -> None:
    source = f"import numpy as np\nfrom tinytorch_lab.probes import probe\nprobe('v', {value})"
    (given,), _ = run(Cell("t", source, "test"))
    expected = eval(value, {"np": np})
    plain = str(expected) if isinstance(expected, np.str_) else expected
    assert reason(given.probes[0].value, plain if not isinstance(plain, np.generic) else np.asarray(plain)) == ""


@pytest.mark.parametrize(
    "value", ["object()", "lambda: 0", "{1: 2}", "np.array([object()])", "b'x'", "range(3)", "{1}"]
)
def test_other_values_match_nothing(run: Any, value: str) -> None:
    source = f"import numpy as np\nfrom tinytorch_lab.probes import probe\nprobe('v', {value})"
    (given,), end = run(Cell("t", source, "test"))
    assert end.integrity == "ok"
    assert "not plain data" in judge(given, result(("v", 1)), 1).message
