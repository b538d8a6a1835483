"""What arrives from the sandbox is checked down to the last byte."""

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinytorch_lab.runner.canary import canary_places, deal_checks, make_canary
from tinytorch_lab.runner.contract import Cell
from tinytorch_lab.runner.frames import FrameReader, ProtocolError, pack
from tinytorch_lab.runner.results import Places, hidden_lines, make_result
from tinytorch_lab.runner.values import decode

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


def test_messages_arrive_however_they_are_cut() -> None:
    stream = pack({"a": 1}, b"raw") + pack({}, b"") + pack({"b": "ü"}, bytes(1000))
    for size in (1, 7, 1000, len(stream)):
        reader, found = FrameReader(10_000, 10_000), []
        for start in range(0, len(stream), size):
            found += reader.feed(stream[start : start + size])
        assert found == [({"a": 1}, b"raw"), ({}, b""), ({"b": "ü"}, bytes(1000))]


@pytest.mark.parametrize("header", [b"[]", b"1", b"{", b"\xff", b"[" * 100_000, b"1" * 5000])
def test_message_without_an_object_is_refused(header: bytes) -> None:
    with pytest.raises(ProtocolError):
        FrameReader(1 << 20, 1 << 20).feed(struct.pack("!II", len(header), 0) + header)


def test_long_message_is_refused_before_it_has_come() -> None:
    with pytest.raises(ProtocolError, match="4294967305 bytes, which is too long"):
        FrameReader(1 << 20, 1 << 20).feed(struct.pack("!II", 2, (1 << 32) - 1))


@pytest.mark.parametrize(
    "spec",
    [
        {"t": "array", "d": "f8", "s": [2]},
        {"t": "array", "d": "f8", "s": [-1]},
        {"t": "array", "d": "f8", "s": [1 << 39, 1 << 39, 1 << 39]},
        {"t": "array", "d": "f8", "s": [True]},
        {"t": "array", "d": "O8", "s": [0]},
        {"t": "array", "d": "V0", "s": [1]},
        {"t": "array", "d": "f16", "s": [0]},
        {"t": "array", "d": "M8", "s": [0]},
        {"t": "array", "d": "f8", "s": [1] * 40},
        {"t": "strings", "s": [2], "v": ["a"]},
        {"t": "strings", "s": [1], "v": [1]},
        {"t": "strings", "s": [100_001], "v": ["x" * 1_000_000] + [""] * 100_000},
        {"t": "int", "v": "1" * 4001},
        {"t": "int", "v": 1},
        {"t": "float", "v": "0x1p999999"},
        {"t": "bool", "v": 1},
        {"t": "dict", "v": [[1, {"t": "none"}]]},
        {"t": "pickle", "v": ""},
        {"t": []},
        [],
        None,
    ],
)
def test_forged_values_are_refused(spec: Any) -> None:
    with pytest.raises(ProtocolError):
        decode(spec, b"1234567")


@given(JSON, st.binary(max_size=20))
def test_any_description_is_decoded_or_refused(spec: Any, raw: bytes) -> None:
    for candidate in (spec, {"t": "list", "v": spec}, {"t": "array", "d": spec, "s": spec}, {"t": "dict", "v": spec}):
        try:
            decode(candidate, raw)
        except ProtocolError:
            continue


@given(st.dictionaries(st.sampled_from(["status", "count", "peak", "outputs", "failure", "replaced"]), JSON))
def test_any_report_is_taken_or_refused(said: dict[str, Any]) -> None:
    cell = Cell("c", "x", "test")
    try:
        result = make_result(cell, said, 0.1, False, (), Places((cell,), ()))
    except ProtocolError:
        return
    assert result.id == "c"


def test_hidden_lines_are_found() -> None:
    source = "a\n### BEGIN HIDDEN TESTS\nb\nc\n### END HIDDEN TESTS\nd"
    assert hidden_lines(source) == {2, 3, 4, 5}
    assert hidden_lines("a\nb") == frozenset()


def test_canaries_stand_at_tests_and_are_never_few() -> None:
    assert canary_places([]) == {}
    for tests in ([3], [1, 5], list(range(12))):
        places = canary_places(tests)
        assert set(places) <= set(tests)
        assert sum(places.values()) >= 2
    assert len({tuple(sorted(canary_places(list(range(12))).items())) for _ in range(20)}) > 1


def test_canaries_try_every_check_between_them() -> None:
    for count in (1, 2, 5, 30):
        dealt = deal_checks(count)
        assert len(dealt) == count
        assert sorted(number for checks in dealt for number in checks) == list(range(10))


def test_canary_believes_only_exact_answers() -> None:
    canary = make_canary([1, 2, 3], (0, 9))
    right = [(canary.name, [[], *canary.expected])]
    assert canary.evidence("error", right) == ""
    assert "assert" in canary.evidence("ok", right)
    assert "np.testing" in canary.evidence("error", [(canary.name, [[0], *canary.expected])])
    assert "do not report" in canary.evidence("error", [(canary.name, [[], "", "", 0.5, 1.0])])
    for answer in ([], [], [("other", right[0][1])], [(canary.name, [])], [(canary.name, None)], right * 2):
        assert "not carried out" in canary.evidence("error", answer)
