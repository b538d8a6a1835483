"""TinyGPT of the reference package: caches, drawing, windows, and the course guides' program."""

import math
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest_plugins = ("tests.curriculum.packages",)

few = settings(max_examples=20, deadline=None, derandomize=True, database=None)
TEXT = "the king and the queen and the fool went to the sea. " * 60


def tiny(tt: ModuleType, seed: int = 0, block_size: int = 10, layers: int = 2) -> Any:
    """A model with opinions, in single precision."""
    model = tt.TinyGPT(9, layers, 2, 8, block_size, np.random.default_rng(seed))
    for parameter in model.parameters():
        parameter.data += 0.3 * np.random.default_rng(seed + 1).normal(size=parameter.shape).astype(np.float32)
    model.tokenizer = tt.CharTokenizer().fit("abcdefghi")
    return model


@few
@given(st.lists(st.integers(1, 4), min_size=1, max_size=6), st.integers(0, 50), st.integers(1, 3))
def test_scores_with_a_cache_are_those_without(tt: ModuleType, cuts: list[int], seed: int, layers: int):
    model = tiny(tt, seed, block_size=sum(cuts), layers=layers)
    ids = np.random.default_rng(seed).integers(0, 9, size=sum(cuts))
    cache = model.new_cache()
    for end in np.cumsum(cuts):
        np.testing.assert_allclose(
            tt.next_logits(model, ids[:end], cache), tt.next_logits(model, ids[:end]), rtol=0, atol=1e-5
        )
        assert cache.length == end


def test_scores_with_a_cache_hold_for_the_milestones_model(tt: ModuleType):
    model = tt.TinyGPT(65, rng=np.random.default_rng(0))
    for parameter in model.parameters():
        parameter.data *= 1.5
    ids, cache = np.random.default_rng(1).integers(0, 65, size=64), model.new_cache()
    for length in range(1, 65):
        fast, slow = tt.next_logits(model, ids[:length], cache), tt.next_logits(model, ids[:length])
        assert np.abs(fast - slow).max() < 1e-5
    assert cache.nbytes == 2 * 4 * 64 * 128 * 4


@few
@given(st.integers(1, 9), st.integers(1, 25), st.integers(0, 30), st.sampled_from([0, 0.7, 1.5]))
def test_a_cache_changes_the_time_and_not_the_text(
    tt: ModuleType, block_size: int, prompt: int, seed: int, temperature: float
):
    model = tiny(tt, seed, block_size)
    text = ("abcdefghi" * 3)[:prompt]
    fast, slow = (model.generate(text, 30, temperature, seed=seed, use_cache=flag) for flag in (True, False))
    assert fast == slow
    assert fast.startswith(text)
    assert len(fast) == prompt + 30


@few
@given(
    st.lists(st.floats(-20, 20), min_size=1, max_size=12), st.floats(0.05, 5), st.none() | st.integers(1, 15), st.data()
)
def test_a_drawn_token_is_one_of_the_most_likely(
    tt: ModuleType, scores: list[float], temperature: float, top_k: int | None, data: Any
):
    rng = np.random.default_rng(data.draw(st.integers(0, 100)))
    token = tt.sample(np.array(scores), temperature, top_k, rng)
    better = sum(score > scores[token] for score in scores)
    equal_before = sum(score == scores[token] for score in scores[:token])
    assert better + equal_before < (top_k or len(scores))


def test_frequencies_of_draws_follow_the_softmax(tt: ModuleType):
    scores, rng = np.array([0.3, -1.0, 2.0, 0.0]), np.random.default_rng(0)
    counts = np.bincount([tt.sample(scores, 0.8, None, rng) for _ in range(20_000)], minlength=4)
    weights = np.exp(scores / 0.8)
    expected = 20_000 * weights / weights.sum()
    assert ((counts - expected) ** 2 / expected).sum() < 16.3, "chi square, three degrees of freedom, one in a thousand"


def test_a_table_of_ngrams_is_counted_as_by_hand(tt: ModuleType):
    ids, unseen = np.array([0, 1, 2, 0, 1, 0, 1, 2]), np.array([0, 1, 2, 2])
    for n in (1, 2, 3):
        losses = []
        for place in range(n - 1, len(unseen)):
            context = tuple(unseen[place - n + 1 : place])
            follow = [ids[k + n - 1] for k in range(len(ids) - n + 1) if tuple(ids[k : k + n - 1]) == context]
            losses.append(-math.log((follow.count(unseen[place]) + 0.1) / (len(follow) + 0.3)))
        assert tt.ngram_loss(ids, unseen, 3, n) == pytest.approx(np.mean(losses))


def test_the_program_of_the_course_guides_runs(tt: ModuleType):
    """With six steps on a small text instead of two thousand on Shakespeare."""
    model = tt.TinyGPT(vocab_size=1000, layers=6, heads=8)
    history = tt.train_on_shakespeare(model, steps=6, text=TEXT)
    assert isinstance(model.tokenizer, tt.BPETokenizer)
    assert history.train_loss[-1] < history.train_loss[0]
    generated = model.generate("to be or not to be", max_new_tokens=20, seed=0)
    assert generated.startswith("to be or not to be")


def test_shakespeare_is_read_from_the_folder_that_is_named(tt: ModuleType, tmp_path: Any, monkeypatch: Any):
    (tmp_path / "tinyshakespeare.txt").write_text("Was ist das für 1 Text?", encoding="utf-8")
    monkeypatch.setenv("TINYTORCH_DATA", str(tmp_path))
    assert tt.shakespeare() == "Was ist das für 1 Text?"
    monkeypatch.delenv("TINYTORCH_DATA")
    monkeypatch.chdir(tmp_path)
    assert tt.shakespeare() == "Was ist das für 1 Text?"


def test_blocks_do_not_overlap_and_targets_follow(tt: ModuleType):
    inputs, targets = tt.text_blocks(np.arange(23), 5).tensors
    np.testing.assert_array_equal(inputs.data.reshape(-1), np.arange(20))
    np.testing.assert_array_equal(targets.data.reshape(-1), np.arange(1, 21))
    few_blocks, _ = tt.text_blocks(np.arange(101), 5, most=4).tensors
    np.testing.assert_array_equal(few_blocks.data[:, 0], [0, 25, 50, 75])
    with pytest.raises(ValueError, match="5 tokens are too few for a block of 5"):
        tt.text_blocks(np.arange(5), 5)


def test_reuse_is_a_matter_of_counting(tt: ModuleType):
    """The package under test has another name, so only the end of a module's name may count."""
    model = tt.TinyGPT(9, 2, 2, 8, 4)
    assert tt.component_reuse(model) == pytest.approx(0.55, abs=0.03)
