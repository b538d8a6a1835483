"""Tokenizers of the reference package: round trips of any Unicode, an independent trainer, and speed on a megabyte."""

import sys
import time
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tinytorch_lab.datasets import shakespeare_text
from tinytorch_lab.errors import NotAvailableError

pytest_plugins = ("tests.curriculum.packages",)

SEVERAL = settings(max_examples=150, deadline=None, derandomize=True, database=None)
any_text = st.text(st.characters(exclude_categories=["Cs"]))
few_letters = st.text("abc ", max_size=40)
TRAINING_SECONDS = 8
ENCODING_SECONDS = 4


@pytest.fixture(scope="module")
def bpe(tt: ModuleType) -> Any:
    """A tokenizer trained on several scripts."""
    text = "the cat sat on the mat, déjà vu; 你好 你好吗, привет привет! 👩‍🚀 42 1997\n" * 5
    return tt.BPETokenizer(330).train(text)


@pytest.fixture(scope="module")
def shakespeare() -> str:
    try:
        return shakespeare_text()
    except NotAvailableError as error:
        pytest.skip(f"NOT TESTED: speed of the tokenizers; {error}")


def merges_by_definition(words: dict[tuple[int, ...], int], count: int) -> list[tuple[int, int]]:
    """Byte-pair encoding as its definition reads, written without the package's functions."""
    texts = {word: [*word] for word in words}
    merges: list[tuple[int, int]] = []
    while len(merges) < count:
        pairs: Counter[tuple[int, int]] = Counter()
        for word, tokens in texts.items():
            for pair in pairwise(tokens):
                pairs[pair] += words[word]
        if not pairs or max(pairs.values()) < 2:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        for tokens in texts.values():
            position = 0
            while position + 1 < len(tokens):
                if (tokens[position], tokens[position + 1]) == best:
                    tokens[position : position + 2] = [256 + len(merges)]
                position += 1
        merges.append(best)
    return merges


@given(text=any_text)
@example(text="")
@example(text="\x00\x1c\x85\u2028\ufeff\ufffe\uffff\U0010ffff")
@example(text="👩‍🚀👨‍👩‍👧‍👦 🏳️‍🌈 e\u0301\u0327 \u202eabc")
@example(text=" \u00a0\u2003\u3000\t\r\n  x")
@SEVERAL
def test_any_text_survives_byte_pair_encoding(bpe: Any, text: str):
    ids = bpe.encode(text)
    assert ids.dtype == np.int64
    assert ids.shape == (len(ids),)
    assert bpe.decode(ids) == text


def test_every_code_point_survives_by_itself_and_in_a_row(bpe: Any):
    text = "".join(chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000)
    assert bpe.decode(bpe.encode(text[:20_000])) == text[:20_000]
    assert "".join(bpe.decode(bpe.encode(char)) for char in text[::97]) == text[::97]


@given(text=any_text, other=any_text)
@SEVERAL
def test_characters_survive_or_are_refused_by_name(tt: ModuleType, text: str, other: str):
    tokenizer = tt.CharTokenizer().fit(text)
    assert tokenizer.decode(tokenizer.encode(text)) == text
    unknown = sorted(set(other) - set(text))
    if unknown:
        with pytest.raises(ValueError, match="not in the vocabulary"):
            tokenizer.encode(other)
    else:
        assert tokenizer.decode(tokenizer.encode(other)) == other


@given(text=any_text)
@SEVERAL
def test_splitting_into_words_keeps_every_character(tt: ModuleType, text: str):
    words = tt.split_words(text)
    assert "".join(words) == text
    assert "" not in words


@given(data=st.data())
@SEVERAL
def test_whatever_a_model_says_can_be_decoded(bpe: Any, data: st.DataObject):
    ids = data.draw(st.lists(st.integers(0, bpe.vocab_size - 1), max_size=30))
    assert bpe.decode(ids) == b"".join(bpe.vocabulary[number] for number in ids).decode("utf-8", "replace")


@given(texts=st.lists(few_letters, max_size=8), count=st.integers(0, 25))
@SEVERAL
def test_merges_are_those_of_the_definition(tt: ModuleType, texts: list[str], count: int):
    words = tt.count_words(" ".join(texts))
    assert tt.learn_merges(words, count) == merges_by_definition(words, count)


@given(text=few_letters)
@SEVERAL
def test_encoding_repeats_training(tt: ModuleType, text: str):
    tokenizer = tt.BPETokenizer(280).train(text)
    words = tt.count_words(text)
    for number, pair in enumerate(tokenizer.merges):
        words = tt.merge_pair(words, pair, 256 + number)
    assert Counter(tokenizer.encode_word(word) for word in tt.split_words(text)) == words


def test_a_lone_surrogate_is_refused(bpe: Any):
    with pytest.raises(ValueError, match="surrogates not allowed"):
        bpe.encode("half \ud83d a pair")


@given(length=st.integers(2, 40), block=st.integers(1, 39), data=st.data())
@SEVERAL
def test_windows_are_slices_of_the_text(tt: ModuleType, length: int, block: int, data: st.DataObject):
    ids = np.arange(length, dtype=np.uint16)
    if length <= block:
        with pytest.raises(ValueError, match="too few"):
            tt.TextDataset(ids, block)
        return
    windows = tt.TextDataset(ids, block)
    positions = np.array(data.draw(st.lists(st.integers(0, len(windows) - 1), max_size=5)), dtype=np.int64)
    inputs, targets = windows[positions]
    assert inputs.shape == targets.shape == (len(positions), block)
    for position, row, target in zip(positions, inputs, targets, strict=True):
        np.testing.assert_array_equal(row, ids[position : position + block])
        np.testing.assert_array_equal(target, ids[position + 1 : position + 1 + block])
        assert [part.shape for part in windows[int(position)]] == [(block,), (block,)]


def cpu_seconds(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def test_a_megabyte_is_learned_and_encoded_in_seconds(tt: ModuleType, shakespeare: str):
    tokenizer = tt.BPETokenizer(1000)
    assert cpu_seconds(lambda: tokenizer.train(shakespeare)) < TRAINING_SECONDS
    assert tokenizer.vocab_size == 1000
    assert cpu_seconds(lambda: tokenizer.encode(shakespeare)) < ENCODING_SECONDS
    assert tokenizer.decode(tokenizer.encode(shakespeare)) == shakespeare
    assert tt.compression_ratio(tokenizer, shakespeare) > 2.3
    characters = tt.CharTokenizer().fit(shakespeare)
    assert characters.vocab_size == 65
    assert characters.decode(characters.encode(shakespeare)) == shakespeare


def test_a_trained_tokenizer_is_its_merges(tt: ModuleType, bpe: Any, tmp_path: Path):
    path = tmp_path / "merges.txt"
    np.savetxt(path, np.array(list(bpe.merges)), fmt="%d")
    restored = tt.BPETokenizer(bpe.vocab_size)
    restored.set_merges([tuple(map(int, row)) for row in np.loadtxt(path, dtype=int)])
    assert restored.vocabulary == bpe.vocabulary
    np.testing.assert_array_equal(restored.encode("the cat, déjà 你好"), bpe.encode("the cat, déjà 你好"))
