# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
r"""
# Module 10: Tokenization

Until now the data were numbers: pixels, coordinates. Text is not, and before a model sees it, somebody has decided
into which pieces it is cut and which integer stands for each piece. That decision is made once, before training,
without any gradient, and can never be corrected by training afterwards. In this module you build the two tokenizers
that matter most: one token for each character, and byte-pair encoding, with which nearly every large language model
reads and writes.

**Learning objectives**

- tell characters, code points and bytes apart, and say which of them a tokenizer should stand on;
- build a character tokenizer, and find out what it cannot do;
- write byte-pair encoding from its two steps, counting pairs and merging one, and train it on a megabyte in about a
  second, by updating counts instead of counting anew;
- encode and decode *any* text without loss, emoji and damaged model output included;
- turn a stream of tokens into training examples by indexing, without a copy for each of them;
- measure what the size of a vocabulary costs and saves, and where tokenizers fail.

**Prerequisites:** Module 05 (`Dataset`, `DataLoader`: a dataset is indexed with whole arrays of positions).
Dictionaries, sets and `collections.Counter`.

**Estimated time:** 3–4 hours.
"""

# %%
#| default_exp tokenization

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
#| export
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from itertools import chain, pairwise
from typing import Any

import numpy as np

from tinytorch.dataloader import Dataset

# %% [markdown]
r"""
## 1. Mathematical Foundations

### A code for text

A tokenizer is a pair of functions between strings and sequences of integers below a vocabulary size $V$,

$$\text{encode}: \text{text} \to \{0, \dots, V-1\}^n, \qquad \text{decode}: \{0, \dots, V-1\}^n \to \text{text},$$

and the least one may ask is that nothing gets lost: $\text{decode}(\text{encode}(s)) = s$ for *every* string $s$, not
only for those that somebody thought of. The other direction need not hold: several sequences of tokens may spell
the same text, and `encode` chooses one of them.

### Short sequences or small vocabularies

Let a text have $B$ bytes and its encoding $n$ tokens. The **compression ratio** is $B / n$, bytes for each token.
What does it buy? A model of width $d$ with a context of $n$ tokens has

$$\underbrace{V d}_{\text{weights of the table}} \qquad
  \underbrace{\propto n}_{\text{work of all layers}} \qquad
  \underbrace{\propto n^2}_{\text{attention, Module 12}}$$

so a text that is half as long costs half, and in attention a quarter. The price is the table (Module 11), and rare
tokens: the row of a token that occurs ten times in the training text is trained ten times in an epoch, beside twenty
thousand times for a common one.

### Byte-pair encoding

Philip Gage published it as a compression scheme in 1994, Sennrich, Haddow and Birch brought it to language models in
2016. Begin with the 256 possible bytes as tokens. Then, again and again:

1. count how often each pair of neighbouring tokens occurs;
2. make a new token of the commonest pair, and merge it wherever it occurs.

```text
   text     l o w   l o w e r   l o w e s t          pairs: lo 3, ow 3, we 2, er 1, es 1, st 1
   merge    lo                                       (a tie: the smaller pair of ids goes first)
   text     [lo] w   [lo] w e r   [lo] w e s t       pairs: [lo]w 3, we 2, …
   merge    [lo] + w
   text     [low]   [low] e r   [low] e s t          pairs: [low]e 2, …
```

The sequence of merges *is* the trained tokenizer. Encoding repeats them, in the same order, on new text: a greedy
algorithm, with no claim to the shortest possible encoding. Decoding just writes the bytes of every token one after
the other. Since every byte is a token, every text has an encoding: there are **no unknown characters**.

### Words first

Merges that cross word boundaries would spend vocabulary on accidents such as `. The` or `e of t`. So text is cut into
words first, and merged only within them. A space belongs to the word *behind* it: ` the` is one token, and text
needs no separate token for every space. It has a second advantage, which decides about speed. Language repeats its
words: a megabyte of Shakespeare has 300,000 words, of which 15,000 are distinct. Whoever counts each distinct word
once, with its frequency, has a twentieth of the work, in training as well as in encoding.
"""

# %% [markdown]
r"""
## 2. Characters

The simplest tokenizer: every character that occurs in the training text gets a number, in sorted order, so that the
same characters always get the same numbers. What to decide:

- **Order.** `set` has none that you may rely on: strings hash differently in every Python process. Sort.
- **Unknown characters.** There is no number for a character that `fit` has not seen. Refuse, and say which one it
  is. A model that silently reads *?* instead, or nothing, is worse than one that stops.
- **Ids that do not exist.** A list takes index −1 without complaint, and yields its last entry. The given
  `id_list` checks, for both tokenizers.

`encode` returns an integer array, since that is what datasets and embeddings want. An empty text is a text: its
encoding is an empty *integer* array, while `np.array([])` alone would hold floats.
"""


# %% nbgrader={"grade": false, "grade_id": "id_list", "locked": true, "schema_version": 3, "solution": false, "task": false}
#| export
def id_list(ids: Any, size: int) -> list[int]:
    """Token ids (tensor, array or sequence) as a flat list of Python integers.

    Raises TypeError if they are no integers, and IndexError if one is not in 0 … size - 1 (naming it).
    """
    array = np.asarray(ids).reshape(-1)
    if array.size == 0:
        return []
    if array.dtype.kind not in "iu":
        raise TypeError(f"token ids must be integers, got {array.dtype}")
    for extreme in (array.min(), array.max()):
        if not 0 <= extreme < size:
            raise IndexError(f"token id {extreme} is not in 0 … {size - 1}")
    return array.tolist()


# %% nbgrader={"grade": false, "grade_id": "char", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
class CharTokenizer:
    """One token for each character of the text that ``fit`` has seen."""

    def __init__(self) -> None:
        self.chars = ""
        self.ids: dict[str, int] = {}

    def fit(self, text: str) -> "CharTokenizer":
        """Set ``chars``, the distinct characters of ``text`` in ascending order, and ``ids``, the number of each.

        Forgets what an earlier ``fit`` has found. Returns the tokenizer itself.
        """
        ### BEGIN SOLUTION
        self.chars = "".join(sorted(set(text)))
        self.ids = {char: number for number, char in enumerate(self.chars)}
        return self
        ### END SOLUTION

    @property
    def vocab_size(self) -> int:
        """Number of different tokens."""
        ### BEGIN SOLUTION
        return len(self.chars)
        ### END SOLUTION

    def encode(self, text: str) -> np.ndarray:
        """The ids of the characters: int64, shape (len(text),).

        Raises ValueError, naming it, for a character that is not in the vocabulary.
        Hint: a dictionary raises KeyError, and the key is ``error.args[0]``.
        """
        ### BEGIN SOLUTION
        try:
            return np.array([self.ids[char] for char in text], dtype=np.int64)
        except KeyError as error:
            raise ValueError(f"character {error.args[0]!r} is not in the vocabulary") from None
        ### END SOLUTION

    def decode(self, ids: Any) -> str:
        """The text of these ids. Raises what ``id_list`` raises."""
        ### BEGIN SOLUTION
        return "".join(self.chars[number] for number in id_list(ids, self.vocab_size))
        ### END SOLUTION


# %% [markdown]
"""
### Testing the character tokenizer

Order, round trips, and what must be refused.
"""


# %% nbgrader={"grade": true, "grade_id": "test_char", "locked": true, "points": 16, "schema_version": 3, "solution": false, "task": false}
def test_unit_char():
    """Ids follow the order of characters, round trips lose nothing, and the unknown is refused by name."""
    tokenizer = CharTokenizer()
    assert tokenizer.vocab_size == 0, f"CharTokenizer before fit: vocab_size is {tokenizer.vocab_size}, not 0"
    assert tokenizer.fit("hello world") is tokenizer, "fit must return the tokenizer itself"
    assert tokenizer.chars == " dehlorw", f"fit('hello world'): chars should be ' dehlorw', got {tokenizer.chars!r}"
    assert tokenizer.vocab_size == 8, f"fit('hello world'): vocab_size should be 8, got {tokenizer.vocab_size}"
    ids = tokenizer.encode("low")
    assert isinstance(ids, np.ndarray) and ids.dtype == np.int64, (
        f"encode: expected an int64 array, got {type(ids).__name__} {getattr(ids, 'dtype', '')}"
    )
    np.testing.assert_array_equal(ids, [4, 5, 7], err_msg="encode('low'): positions of l, o, w in ' dehlorw'")
    assert tokenizer.decode([3, 2, 4, 4, 5]) == "hello", (
        f"decode([3, 2, 4, 4, 5]): expected 'hello', got {tokenizer.decode([3, 2, 4, 4, 5])!r}"
    )
    assert tokenizer.decode(ids) == "low", "decode must take the array that encode returns"
    empty = tokenizer.encode("")
    assert empty.shape == (0,) and empty.dtype == np.int64, (
        f"encode(''): expected an empty int64 array, got {empty.dtype} of shape {empty.shape}"
    )
    assert tokenizer.decode(empty) == "" and tokenizer.decode([]) == "", "decode of nothing is ''"

    for text in ("naïve café, 42 €\n", "ταῦτα", "你好，世界", "👩‍🚀 and 🏴\t\x00", "e\u0301 is not é"):
        got = CharTokenizer().fit(text)
        assert got.decode(got.encode(text)) == text, f"round trip of {text!r}: got {got.decode(got.encode(text))!r}"

    for label, call, kind, named in [
        ("encode('hex')", lambda: tokenizer.encode("hex"), ValueError, "x"),
        ("encode('low\\n')", lambda: tokenizer.encode("low\n"), ValueError, "\\n"),
        ("decode([8])", lambda: tokenizer.decode([8]), IndexError, "8"),
        ("decode([-1])", lambda: tokenizer.decode([-1]), IndexError, "-1"),
    ]:
        try:
            got = call()
        except kind as error:
            assert named in str(error), f"{label}: the error should name {named!r}, it says {error}"
        except KeyError:
            raise AssertionError(f"{label}: expected {kind.__name__}, got a bare KeyError") from None
        else:
            raise AssertionError(f"{label}: expected {kind.__name__}, got {got!r}")
    assert tokenizer.fit("ab").vocab_size == 2, "a second fit replaces the vocabulary of the first"
    assert list(tokenizer.encode("ba")) == [1, 0], "a second fit replaces the ids of the first"
    print("CharTokenizer: ids, round trips and errors are right")


test_unit_char()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

letters = [chr(int(code)) for code in rng.choice(np.arange(33, 0xD000), size=40, replace=False)]
text = "".join(rng.choice(letters, size=300))
tokenizer = CharTokenizer().fit(text)
probe("vocabulary", [tokenizer.chars, tokenizer.vocab_size])
probe("ids of characters", [tokenizer.ids[char] for char in sorted(set(text))])
probe("encode", tokenizer.encode(text))
probe("decode", tokenizer.decode(rng.integers(0, tokenizer.vocab_size, size=50)))
probe("decode of a list", tokenizer.decode([0, tokenizer.vocab_size - 1]))
probe("decode of bytes", tokenizer.decode(np.array([2, 1, 2], dtype=np.uint8)))
far = "".join(chr(int(code)) for code in rng.integers(0x10000, 0x110000, size=30))
probe("round trip of far code points", CharTokenizer().fit(far).decode(CharTokenizer().fit(far).encode(far)) == far)
probe("round trip", tokenizer.decode(tokenizer.encode(text)) == text)
probe("empty", [list(tokenizer.encode("").shape), str(tokenizer.encode("").dtype), tokenizer.decode([])])
probe("fit on nothing", [CharTokenizer().fit("").vocab_size, CharTokenizer().fit("").decode([])])
probe("independent", [CharTokenizer().fit("ab").chars, CharTokenizer().fit("c").chars, tokenizer.vocab_size])
again = CharTokenizer().fit("xyz")
again.fit("zab")
probe("second fit", [again.chars, again.encode("az"), raises(lambda: again.encode("x"))])
wrong = [lambda: tokenizer.encode(text + "\x07"), lambda: CharTokenizer().encode("a")]
wrong += [lambda: tokenizer.decode([tokenizer.vocab_size]), lambda: tokenizer.decode([0, -1])]
wrong += [lambda: tokenizer.decode([0.5]), lambda: CharTokenizer().decode([0])]
probe("errors", [raises(call) for call in wrong])
### END HIDDEN TESTS

# %% [markdown]
r"""
### What is a character?

The next cell shows what a few short texts consist of: what a reader would call characters, Python's **code points**
(`len(text)`), and **bytes** in UTF-8. What to look for:

- a code point takes one to four bytes, and which languages get away with one is an accident of history;
- *é* exists twice: as one code point, and as *e* with an accent behind it. Both look the same, and have different
  tokens. Whoever wants them equal must *normalise* the text first, and then no longer gets back what came in;
- the astronaut is three code points, joined. A character tokenizer may take her apart;
- there are about 150,000 assigned code points, and their number grows every year. A character tokenizer for all
  languages would need a row for each. Bytes are 256, for ever.
"""

# %% tags=["measure"]
SAMPLES = {
    "English": "The quick brown fox",
    "German": "Größe überzeugt",
    "é, one code point": "caf\u00e9",
    "é, two code points": "cafe\u0301",
    "Greek": "γνῶθι σεαυτόν",
    "Hindi": "नमस्ते दुनिया",
    "Chinese": "学而时习之",
    "emoji": "👩‍🚀",
}
print(f"{'text':20} {'code points':>12} {'bytes':>6}   first bytes")
for name, sample in SAMPLES.items():
    data = sample.encode("utf-8")
    print(f"{name:20} {len(sample):12} {len(data):6}   {data[:8].hex(' ')}")

# %% [markdown]
r"""
## 3. Counting Pairs

Byte-pair encoding works on words, and a word is a tuple of tokens. Two functions are given: `split_words` cuts a text
into words so that joining them gives back the text, and `count_words` makes of each distinct word a tuple of its
UTF-8 bytes, with the number of times that it occurs:

```text
   "low low lower"   split_words ──►  ["low", " low", " lower"]
                     count_words ──►  {(108, 111, 119): 1, (32, 108, 111, 119): 1, (32, 108, 111, 119, 101, 114): 1}
```

The pattern reads: letters, digits or other signs, each with at most one space in front; and white space, of which the
last space before a word is left to that word. Nothing is dropped, whatever the script.

Your first function counts the pairs of neighbours. Two things are easily overlooked:

- A word that occurs seven times contributes each of its pairs **seven** times.
- `(97, 97, 97)`, "aaa", has the pair (97, 97) at *two* positions. Only one of them can be merged, since they overlap,
  but counting is simpler than that: count both.
"""

# %% nbgrader={"grade": false, "grade_id": "words", "locked": true, "schema_version": 3, "solution": false, "task": false}
#| export
Pair = tuple[int, int]
Word = tuple[int, ...]

# Letters, digits or signs, each with the space in front of it; and other white space.
WORDS = re.compile(r" ?[^\W\d]+| ?\d+| ?[^\s\w]+|\s+(?!\S)|\s+")


def split_words(text: str) -> list[str]:
    """The words of a text, with the spaces in front of them; joined, they are the text again."""
    return WORDS.findall(text)


def count_words(text: str) -> dict[Word, int]:
    """Every distinct word of a text as a tuple of its UTF-8 bytes, with its number of occurrences."""
    return {tuple(word.encode("utf-8")): count for word, count in Counter(split_words(text)).items()}


# %% nbgrader={"grade": false, "grade_id": "count_pairs", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def count_pairs(words: Mapping[Word, int]) -> Counter[Pair]:
    """How often each pair of neighbouring tokens occurs in all words together.

    words: tuples of tokens, with the number of occurrences of each. Overlapping pairs all count. Pairs that
    do not occur are not in the result.
    Hint: ``itertools.pairwise``.
    """
    ### BEGIN SOLUTION
    pairs: Counter[Pair] = Counter()
    for word, count in words.items():
        for pair in pairwise(word):
            pairs[pair] += count
    return pairs
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_count_pairs", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
def test_unit_count_pairs():
    """Pairs are weighted by their words' counts, overlaps count, and order within a pair matters."""
    cases = [
        ({(1, 2, 3): 1}, {(1, 2): 1, (2, 3): 1}, "each neighbour pair once"),
        ({(1, 2): 7, (2, 1, 2): 2}, {(1, 2): 9, (2, 1): 2}, "a word that occurs 7 times counts 7 times"),
        ({(5, 5, 5): 1}, {(5, 5): 2}, "overlapping pairs both count"),
        ({(4,): 3, (): 2}, {}, "a word of one token has no pair"),
        ({}, {}, "no words, no pairs"),
    ]
    for words, expected, why in cases:
        got = count_pairs(words)
        assert dict(got) == expected, f"count_pairs({words}): expected {expected} ({why}), got {dict(got)}"
    words = {(1, 2): 3}
    count_pairs(words)
    assert words == {(1, 2): 3}, "count_pairs changed its argument"
    pairs = count_pairs(count_words("low low lower lowest"))
    assert pairs[(108, 111)] == 4, f"count_pairs of 'low low lower lowest': expected 4 times (l, o), got {pairs[108, 111]}"
    print("count_pairs: weights and overlaps are right")


test_unit_count_pairs()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng


def random_words(number, letters=4, longest=9):
    """Distinct words of few letters, with random counts."""
    lengths = rng.integers(0, longest + 1, size=number)
    return {tuple(map(int, rng.integers(0, letters, size=n))): int(rng.integers(1, 50)) for n in lengths}


def plain(pairs):
    """Pairs and counts as sorted rows."""
    return [[*pair, int(count)] for pair, count in sorted(pairs.items()) if count]


for number in (1, 5, 60):
    probe(f"{number} words", plain(count_pairs(random_words(number))))
probe("large ids", plain(count_pairs({(300, 70000, 300, 70000): 2, (0, 300): 5})))
probe("repeats", plain(count_pairs({(7,) * 6: 4, (7, 7): 1})))
probe("short words", [plain(count_pairs({(): 4, (9,): 2})), plain(count_pairs({}))])
probe("of a text", plain(count_pairs(count_words("ein Ei, zwei Eier, 22 €, zwei"))))
probe("no pair with count 0", sorted(map(list, count_pairs({(1, 2): 1, (3,): 9}))))
### END HIDDEN TESTS

# %% [markdown]
r"""
## 4. Merging a Pair

`merge_tokens` replaces a pair by a new token in *one* word. From left to right, without looking back: "aaaa" with
(a, a) becomes two new tokens, "aaa" becomes a new one and an *a*. A merged pair is used up, so its second half cannot
begin another one. `merge_pair` does it in all words, and keeps their counts.
"""


# %% nbgrader={"grade": false, "grade_id": "merge_pair", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def merge_tokens(tokens: Word, pair: Pair, token: int) -> Word:
    """``tokens`` with ``token`` in place of ``pair``, at every position, from left to right, without overlaps.

    Hint: a loop with an index that moves on by one or by two.
    """
    ### BEGIN SOLUTION
    result = []
    position = 0
    while position < len(tokens):
        if tokens[position : position + 2] == pair:
            result.append(token)
            position += 2
        else:
            result.append(tokens[position])
            position += 1
    return tuple(result)
    ### END SOLUTION


def merge_pair(words: Mapping[Word, int], pair: Pair, token: int) -> dict[Word, int]:
    """All words with ``token`` in place of ``pair``, with their counts; ``words`` itself does not change.

    Words that become equal are counted together.
    """
    ### BEGIN SOLUTION
    merged: Counter[Word] = Counter()
    for word, count in words.items():
        merged[merge_tokens(word, pair, token)] += count
    return dict(merged)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_merge_pair", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
def test_unit_merge_pair():
    """Pairs are replaced from left to right without overlaps, in all words, whose counts stay."""
    cases = [
        ((1, 2, 3), (1, 2), (9, 3)),
        ((1, 2, 1, 2), (1, 2), (9, 9)),
        ((3, 1, 2), (1, 2), (3, 9)),
        ((2, 1), (1, 2), (2, 1)),
        ((1, 1, 1), (1, 1), (9, 1)),
        ((1, 1, 1, 1), (1, 1), (9, 9)),
        ((1, 1, 2), (1, 2), (1, 9)),
        ((1,), (1, 2), (1,)),
        ((), (1, 2), ()),
    ]
    for tokens, pair, expected in cases:
        got = merge_tokens(tokens, pair, 9)
        assert got == expected, f"merge_tokens({tokens}, {pair}, 9): expected {expected}, got {got}"
    words = {(1, 2, 3): 4, (3, 1, 2, 1, 2): 1, (2, 1): 6}
    got = merge_pair(words, (1, 2), 9)
    expected = {(9, 3): 4, (3, 9, 9): 1, (2, 1): 6}
    assert dict(got) == expected, f"merge_pair({words}, (1, 2), 9): expected {expected}, got {got}"
    assert words == {(1, 2, 3): 4, (3, 1, 2, 1, 2): 1, (2, 1): 6}, "merge_pair changed its argument"
    got = merge_pair({(1, 2): 3, (9,): 4}, (1, 2), 9)
    assert dict(got) == {(9,): 7}, f"merge_pair: two words that become equal count together, (9,): 7; got {got}"
    assert (1, 2) not in count_pairs(expected), "after the merge the pair is gone"
    print("merge_pair: replacement, overlaps and counts are right")


test_unit_merge_pair()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng


def rows(words):
    """Words and counts in a fixed order."""
    return [[list(word), int(count)] for word, count in sorted(words.items())]


for number, letters in ((1, 2), (8, 2), (50, 3)):
    lengths = rng.integers(0, 12, size=number)
    words = {tuple(map(int, rng.integers(0, letters, size=n))): int(rng.integers(1, 30)) for n in lengths}
    pair = tuple(map(int, rng.integers(0, letters, size=2)))
    probe(f"{number} words of {letters} letters", rows(merge_pair(words, pair, 256)))
for letters in (1, 2, 3):
    tokens = tuple(map(int, rng.integers(0, letters, size=40)))
    probe(f"a long word of {letters} letters", list(merge_tokens(tokens, (0, letters - 1), 500)))
probe("the end", [list(merge_tokens((4, 5, 4), (4, 5), 6)), list(merge_tokens((5, 4), (4, 5), 6))])
probe("a token merged again", list(merge_tokens((300, 7, 300, 7, 7), (300, 7), 301)))
probe("absent", rows(merge_pair({(1, 2): 3, (): 1}, (2, 2), 9)))
probe("equal words", rows(merge_pair({(1, 2): 3, (9,): 4, (1, 1, 2): 1, (1, 9): 2}, (1, 2), 9)))
probe("a tuple", isinstance(merge_tokens((1, 2), (1, 2), 3), tuple))
### END HIDDEN TESTS

# %% [markdown]
r"""
### The first merges

Two functions, and training is a loop of three lines. The next cell runs it and prints what each merge has made. Its
text is tiny Shakespeare (a million characters of dialogue) if the environment variable `TINYTORCH_DATA` names a
folder with `tinyshakespeare.txt`, and otherwise an **invented text**, whose words are made of syllables and whose
frequencies follow Zipf's law. What to look for: the number of tokens falls with every merge, quickly at first; soon
there are syllables, and among them the first whole words; and the time for one merge, which is the time to
look at *all* words, although a merge changes few of them.
"""

# %% nbgrader={"grade": false, "grade_id": "example_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
import os
import time
from pathlib import Path


def invented_text(size, seed=0):
    """Roughly ``size`` characters of words made of syllables, with frequencies after Zipf's law."""
    draw = np.random.default_rng(seed)
    onsets = [*"bdfglmnprstvw", "ch", "st", "th"]
    syllables = [onset + vowel for onset in onsets for vowel in [*"aeiou", "ai", "ea", "on", "er"]]
    names = ["".join(draw.choice(syllables, size=draw.integers(1, 4))) for _ in range(12_000)]
    weights = 1 / np.arange(1, len(names) + 1)
    words = draw.choice(names, size=size // 6, p=weights / weights.sum())
    ends = draw.choice([" ", " ", " ", " ", ", ", ".\n"], size=len(words))
    return "".join(word + end for word, end in zip(words, ends))


def example_text():
    """Tiny Shakespeare if it is at hand, or an invented text, and the name of what it is."""
    path = Path(os.environ.get("TINYTORCH_DATA", "."), "tinyshakespeare.txt")
    if path.is_file():
        return path.read_text(encoding="utf-8"), "tiny Shakespeare"
    return invented_text(1_000_000), "invented text (TINYTORCH_DATA names no folder with tinyshakespeare.txt)"


# %% tags=["measure"]
corpus, source = example_text()
words = count_words(corpus)
occurrences = sum(words.values())
print(f"{source}: {len(corpus):,} characters, {occurrences:,} words, of which {len(words):,} are distinct")
pieces = {byte: bytes([byte]) for byte in range(256)}
for merge in range(1, 31):
    start = time.perf_counter()
    pair, times = max(count_pairs(words).items(), key=lambda item: (item[1], [-token for token in item[0]]))
    words = merge_pair(words, pair, 255 + merge)
    took = time.perf_counter() - start
    pieces[255 + merge] = pieces[pair[0]] + pieces[pair[1]]
    if merge <= 5 or merge % 5 == 0:
        length = sum(len(word) * count for word, count in words.items())
        shown = pieces[255 + merge].decode("utf-8", "replace")
        print(f"merge {merge:3}: {shown!r:8} {times:7,} times, {length:,} tokens left, {1e3 * took:.0f} ms")

# %% [markdown]
r"""
## 5. Training: Update Instead of Recount

Seven hundred merges at the price you have just seen: the better part of a minute for one megabyte, and real
vocabularies have a hundred times as many merges from far more text. Nearly all of that is wasted. A merge changes
only the words that contain the pair, and of the counts only those of pairs *in these words*. So keep, from merge to
merge,

```text
   tokens[k]    the current tokens of word number k            times[k]   how often the word occurs
   counts[p]    how often pair p occurs now                    where[p]   numbers of the words in which p occurs
```

and for each merge, of pair $p$ into a new token,

1. for every word number in `where[p]`: take the pairs of its old tokens *out* of the counts, merge, put the pairs of
   its new tokens *in*, and enter the word under its new pairs in `where`;
2. $p$ itself is then gone: no word contains it any longer.

A word may be listed under a pair that it no longer has. That costs a futile visit, and nothing else: its old and new
tokens are the same, and what is taken out is put in again. Taking out only what disappears and putting in only what
appears would be less work still, and much more to think about.

**Ties** must be broken by a rule, or the result depends on the order in which a dictionary was filled. Ours: the
highest count first, and among equals the smallest pair, compared as tuples. **Stop** when the commonest pair occurs
once: merging it would only memorise one word.

Begin with the recount if you like: it takes three lines, it is right, and it can check the rest. The visible test
prints how many additions of counts you needed beside how many a recount takes; one of the hidden ones asks for few.
"""


# %% nbgrader={"grade": false, "grade_id": "learn_merges", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def learn_merges(words: Mapping[Word, int], count: int) -> list[Pair]:
    """The first ``count`` merges of byte-pair encoding, in order; merge number k makes the token 256 + k.

    words: tuples of bytes, with the number of occurrences of each. Each merge joins the pair with the highest
    count, among equals the smallest pair. Returns fewer merges if no pair occurs twice any longer.
    Hint: ``defaultdict(set)``; find the highest count first, and the smallest pair that has it second.
    """
    ### BEGIN SOLUTION
    tokens, times = list(words), list(words.values())
    counts = count_pairs(words)
    where: defaultdict[Pair, set[int]] = defaultdict(set)
    for number, word in enumerate(tokens):
        for pair in pairwise(word):
            where[pair].add(number)
    merges: list[Pair] = []
    while len(merges) < count:
        most = max(counts.values(), default=0)
        if most < 2:
            break
        best = min(pair for pair, occurrences in counts.items() if occurrences == most)
        for number in where.pop(best):
            old = tokens[number]
            new = tokens[number] = merge_tokens(old, best, 256 + len(merges))
            for pair in pairwise(old):
                counts[pair] -= times[number]
            for pair in pairwise(new):
                counts[pair] += times[number]
                where[pair].add(number)
        merges.append(best)
    return merges
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_learn_merges", "locked": true, "points": 14, "schema_version": 3, "solution": false, "task": false}
def as_bytes(*names):
    """Words as tuples of bytes."""
    return [tuple(name.encode("utf-8")) for name in names]


class Watched(int):
    """A number of occurrences that counts how often it, or a sum with it, is added or subtracted."""

    used = 0

    def counted(self, value):
        Watched.used += 1
        return Watched(value)

    def __add__(self, other):
        return self.counted(int(self) + int(other))

    def __sub__(self, other):
        return self.counted(int(self) - int(other))

    def __rsub__(self, other):
        return self.counted(int(other) - int(self))

    __radd__ = __add__


def generated_words(number, seed):
    """Words of sixty syllables with counts that follow Zipf's law."""
    draw = np.random.default_rng(seed)
    syllables = [a + b for a in "bcdfglmnprst" for b in "aeiou"]
    names = {"".join(draw.choice(syllables, size=draw.integers(1, 5))) for _ in range(number)}
    return {word: 1 + 1000 // (rank + 1) for rank, word in enumerate(as_bytes(*sorted(names)))}


def test_unit_learn_merges():
    """Merges come in the right order, ties and the end are defined, and counts are updated."""
    low, lower, newest, widest = as_bytes("low", "lower", "newest", "widest")
    merges = learn_merges({low: 5, lower: 2, newest: 6, widest: 3}, 5)
    assert len(merges) == 5, f"learn_merges(…, 5): expected five merges, got {len(merges)}"
    expected = [(101, 115), (256, 116), (108, 111), (258, 119), (101, 119)]
    names = "e+s, es+t, l+o, lo+w, e+w"
    for number, (got, wanted) in enumerate(zip(merges, expected)):
        assert tuple(got) == wanted, (
            f"learn_merges of low 5, lower 2, newest 6, widest 3: merge {number} should be {wanted} ({names}), got {got}"
        )
    assert learn_merges({low: 5, lower: 2, newest: 6, widest: 3}, 3) == merges[:3], (
        "learn_merges(…, 3): the first three merges do not depend on how many follow"
    )
    assert learn_merges({low: 5}, 0) == [], "learn_merges(…, 0): no merges were asked for"
    cases = [
        ({as_bytes("ab")[0]: 1, as_bytes("cd")[0]: 1}, [], "no pair occurs twice"),
        ({as_bytes("aaaa")[0]: 1}, [(97, 97)], "after a+a the pair (256, 256) occurs only once"),
        ({as_bytes("zy")[0]: 2, as_bytes("ba")[0]: 2}, [(98, 97), (122, 121)], "among equals the smallest pair"),
        ({as_bytes("ab")[0]: 3}, [(97, 98)], "then the word is one token"),
        ({}, [], "no words"),
    ]
    for words, expected, why in cases:
        got = [tuple(pair) for pair in learn_merges(words, 10)]
        assert got == expected, f"learn_merges({words}, 10): expected {expected} ({why}), got {got}"
    words = {low: 5, lower: 2}
    learn_merges(words, 2)
    assert words == {low: 5, lower: 2}, "learn_merges changed its argument"

    words = generated_words(250, seed=1)
    merges = learn_merges(words, 60)
    assert len(merges) == 60, f"learn_merges(…, 60): got {len(merges)} merges"
    current, recount = words, 0
    for number, pair in enumerate(merges):
        pairs = count_pairs(current)
        recount += sum(len(word) - 1 for word in current)
        most = max(pairs.values())
        best = min(other for other in pairs if pairs[other] == most)
        assert tuple(pair) == best, (
            f"learn_merges of {len(words)} words: merge {number} should be {best}, which occurs {most} times; got {pair}, "
            f"which occurs {pairs[tuple(pair)]} times"
        )
        current = merge_pair(current, best, 256 + number)
    Watched.used = 0
    learn_merges({word: Watched(count) for word, count in words.items()}, 60)
    print(f"learn_merges: order, ties and end are right; {Watched.used:,} additions, a recount takes {recount:,}")


test_unit_learn_merges()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng


def merge_list(words, count):
    return [list(map(int, pair)) for pair in learn_merges(words, count)]


for letters in (1, 2, 5):
    lengths = rng.integers(1, 15, size=40)
    words = {tuple(97 + int(x) for x in rng.integers(0, letters, size=n)): int(rng.integers(1, 9)) for n in lengths}
    probe(f"words of {letters} letters", merge_list(words, 30))
probe("syllables", merge_list(generated_words(300, seed=int(rng.integers(1000))), 80))
probe("to the end", merge_list({tuple(b"banana"): 2, tuple(b"bandana"): 1}, 100))
probe("one long word", merge_list({tuple(97 + int(x) for x in rng.integers(0, 3, size=300)): 1}, 40))
probe("a run", merge_list({(97,) * 37: 2}, 10))
probe("ties", merge_list({(120, 121): 4, (97, 98): 4, (98, 97): 4, (97, 97): 4}, 4))
probe("bytes of other scripts", merge_list(count_words("über über 你好 你好 你们 😀😀 😀"), 20))
probe("nothing", [merge_list({}, 5), merge_list({(1,): 9, (): 4}, 5), merge_list({(1, 2): 1}, 5)])
words = {word: Watched(count) for word, count in generated_words(300, seed=2).items()}
Watched.used = 0
learn_merges(words, 60)
probe("no recount", Watched.used < 20 * sum(len(word) - 1 for word in words))
### END HIDDEN TESTS

# %% [markdown]
r"""
### Measure: a recount against updates

The next cell times both ways on the example text for growing numbers of merges. What to look for: the recount is a
straight line, as steep as the time for one merge that you saw above; the update costs one count of everything at the
beginning, and then less with every merge, since later pairs occur in fewer words. The figure at the end of the line
is the ratio for 744 merges, with the recount extrapolated.
"""

# %% tags=["measure"]
import matplotlib.pyplot as plt


def recounting(words, count):
    """The same merges by the definition."""
    merges = []
    for number in range(count):
        pairs = count_pairs(words)
        most = max(pairs.values())
        merges.append(min(pair for pair in pairs if pairs[pair] == most))
        words = merge_pair(words, merges[-1], 256 + number)
    return merges


words = count_words(corpus)
slow, fast = {}, {}
for count in (5, 10, 20):
    start = time.perf_counter()
    expected = recounting(words, count)
    slow[count] = time.perf_counter() - start
for count in (5, 20, 100, 300, 744):
    start = time.perf_counter()
    merges = learn_merges(words, count)
    fast[count] = time.perf_counter() - start
assert merges[:20] == expected
price = (slow[20] - slow[5]) / 15
figure, axis = plt.subplots(figsize=(6.5, 3.4))
axis.loglog(list(slow), list(slow.values()), "o-", label="recount")
axis.loglog([20, 744], [slow[20], 744 * price], ":", color="C0", label="recount, extrapolated")
axis.loglog(list(fast), list(fast.values()), "s-", label="update")
axis.set(xlabel="merges", ylabel="seconds", title=f"training on {len(corpus):,} characters")
axis.grid(alpha=0.3)
axis.legend()
plt.show()
print(f"744 merges: update {fast[744]:.2f} s, recount about {744 * price:.0f} s: {744 * price / fast[744]:.0f} times longer")

# %% [markdown]
r"""
## 6. The Tokenizer

What is left is the object that people use:

- **`set_merges`** makes of a list of merges a dictionary from pair to new token, and the bytes of every token: token
  256 + k spells what its two parts spell. Whoever stores a trained tokenizer stores this list.
- **`encode_word`** repeats on one word what training did: of all pairs of neighbours, merge the one that training
  merged *first*, until no pair is in the dictionary. The pair that comes first in the *word* is not good enough:
  training never saw such tokens.
- **`encode`** cuts text into words and looks each of them up in a **cache**. Most words have been seen before, and
  for them the price is one dictionary access. A new training makes the cache worthless.
- **`decode`** joins bytes, and then reads UTF-8. Joining first is essential, since one character may be spread over
  several tokens. And a *model* may produce bytes that are no UTF-8 at all, half a character for example. `decode`
  must not fail then: `errors="replace"` puts � there.

Last, `compression_ratio` is section 1's $B/n$, for any tokenizer.
"""


# %% nbgrader={"grade": false, "grade_id": "bpe", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
class BPETokenizer:
    """Byte-pair encoding: 256 tokens for the bytes, and one for each merge that ``train`` has found."""

    def __init__(self, vocab_size: int) -> None:
        """``vocab_size``: the most tokens that training may make. Raises ValueError if it is below 256."""
        if vocab_size < 256:
            raise ValueError(f"there are 256 bytes, so vocab_size cannot be {vocab_size}")
        self.target_size = vocab_size
        self.set_merges([])

    def set_merges(self, merges: list[Pair]) -> None:
        """Use these merges from now on; number k makes the token 256 + k.

        Sets ``merges``, a dictionary from pair to token in the given order; ``vocabulary``, a list with the bytes
        of every token; and ``cache``, an empty dictionary for ``encode``.
        Hint: ``bytes([65])`` is b"A", and ``+`` joins bytes.
        """
        self.merges: dict[Pair, int]
        self.vocabulary: list[bytes]
        self.cache: dict[str, Word]
        ### BEGIN SOLUTION
        self.merges = {pair: 256 + number for number, pair in enumerate(merges)}
        self.vocabulary = [bytes([byte]) for byte in range(256)]
        for left, right in merges:
            self.vocabulary.append(self.vocabulary[left] + self.vocabulary[right])
        self.cache = {}
        ### END SOLUTION

    @property
    def vocab_size(self) -> int:
        """Number of tokens that there are: fewer than asked for if the text had too few pairs to merge."""
        return len(self.vocabulary)

    def train(self, text: str) -> "BPETokenizer":
        """Learn the merges of ``text``, instead of those from before. Returns the tokenizer itself."""
        self.set_merges(learn_merges(count_words(text), self.target_size - 256))
        return self

    def encode_word(self, word: str) -> Word:
        """The tokens of one word: its UTF-8 bytes, merged in the order of training as long as a pair can be merged.

        Hint: ``min(..., key=...)`` over the pairs; ``merges.get(pair, infinity)``.
        """
        ### BEGIN SOLUTION
        tokens = tuple(word.encode("utf-8"))
        while len(tokens) > 1:
            first = min(pairwise(tokens), key=lambda pair: self.merges.get(pair, float("inf")))
            if first not in self.merges:
                break
            tokens = merge_tokens(tokens, first, self.merges[first])
        return tokens
        ### END SOLUTION

    def encode(self, text: str) -> np.ndarray:
        """The tokens of all words of ``text``, in order: int64, shape (n,).

        Each distinct word is encoded once, by ``encode_word``, and from then on found in ``cache``.
        Raises ValueError (a UnicodeEncodeError) if ``text`` is no Unicode text: half a surrogate pair.
        Hint: ``chain.from_iterable``.
        """
        ### BEGIN SOLUTION
        words = split_words(text)
        for word in set(words) - self.cache.keys():
            self.cache[word] = self.encode_word(word)
        return np.array(list(chain.from_iterable(self.cache[word] for word in words)), dtype=np.int64)
        ### END SOLUTION

    def decode(self, ids: Any) -> str:
        """The text that the tokens spell; bytes that are no UTF-8 become �. Raises what ``id_list`` raises."""
        ### BEGIN SOLUTION
        data = b"".join(self.vocabulary[number] for number in id_list(ids, self.vocab_size))
        return data.decode("utf-8", errors="replace")
        ### END SOLUTION


def compression_ratio(tokenizer: CharTokenizer | BPETokenizer, text: str) -> float:
    """UTF-8 bytes of ``text`` for each of its tokens. Raises ValueError for an empty text."""
    ### BEGIN SOLUTION
    if not text:
        raise ValueError("an empty text has no compression ratio")
    return len(text.encode("utf-8")) / len(tokenizer.encode(text))
    ### END SOLUTION


# %% [markdown]
"""
### Testing the tokenizer

Order of merges, round trips of everything that Unicode has to offer, damaged input, and a new training.
"""

# %% nbgrader={"grade": true, "grade_id": "test_bpe", "locked": true, "points": 14, "schema_version": 3, "solution": false, "task": false}
TRAINING_TEXT = "low lower lowest, new newer newest; slow slower slowest, few fewer fewest.\n" * 4
HARD_TEXTS = [
    "",
    " ",
    "\n\n  two  spaces \t and\r\nlines \u00a0\u2003 ",
    "12345 3.14 1,000,000 x2 __init__ a_b",
    "don't — “quoted” … (c) #1!?",
    "naïve cafe\u0301 ÄÖÜß ŁÓDŹ",
    "Ελληνικά, русский, עברית, العربية, हिन्दी, ไทย, 中文, 日本語, 한국어",
    "👩‍🚀👨‍👩‍👧 🏳️‍🌈 e\u0301\u0327\u0323 𝔘𝔫𝔦 𓀀",
    "\x00\x01\x1c\x7f\x85\ufeff\ufffd\uffff\U0010ffff",
]


def test_unit_bpe():
    """Words are merged in the order of training, and every text survives the way there and back."""
    tokenizer = BPETokenizer(270)
    assert tokenizer.vocab_size == 256, f"before training there are the 256 bytes, vocab_size is {tokenizer.vocab_size}"
    np.testing.assert_array_equal(
        tokenizer.encode("hé"), [104, 195, 169], err_msg="before training, encode('hé') gives the bytes"
    )
    tokenizer.set_merges([(101, 114), (108, 111), (257, 119), (256, 115)])
    assert tokenizer.vocabulary[256:] == [b"er", b"lo", b"low", b"ers"], (
        f"set_merges: tokens 256 to 259 should spell er, lo, low, ers; got {tokenizer.vocabulary[256:]}"
    )
    assert list(tokenizer.merges.items())[:2] == [((101, 114), 256), ((108, 111), 257)], (
        f"set_merges: merges should map (101, 114) to 256, …; got {tokenizer.merges}"
    )
    for word, expected in [("lowers", (258, 259)), ("slow", (115, 258)), ("x", (120,)), ("", ()), ("erer", (256, 256))]:
        got = tokenizer.encode_word(word)
        assert tuple(got) == expected, f"encode_word({word!r}) with er, lo, low, ers: expected {expected}, got {got}"
    tokenizer.set_merges([(98, 99), (97, 98)])
    assert tuple(tokenizer.encode_word("abc")) == (97, 256), (
        "encode_word('abc') with merges bc, then ab: bc was learned first, so (97, 256) is expected, "
        f"got {tokenizer.encode_word('abc')}"
    )

    assert tokenizer.train(TRAINING_TEXT) is tokenizer, "train must return the tokenizer itself"
    assert tokenizer.vocab_size == 270, f"BPETokenizer(270).train: expected 270 tokens, got {tokenizer.vocab_size}"
    ids = tokenizer.encode(TRAINING_TEXT)
    assert isinstance(ids, np.ndarray) and ids.dtype == np.int64, "encode: expected an int64 array"
    words = [tokenizer.encode_word(word) for word in split_words(TRAINING_TEXT)]
    np.testing.assert_array_equal(
        ids, [token for word in words for token in word], err_msg="encode: the tokens of all words one after the other"
    )
    for text in [TRAINING_TEXT, *HARD_TEXTS]:
        got = tokenizer.decode(tokenizer.encode(text))
        assert got == text, f"round trip of {text!r}: got {got!r}"
    empty = tokenizer.encode("")
    assert empty.dtype == np.int64 and empty.shape == (0,), "encode(''): expected an empty int64 array"

    smile = list("😀".encode())
    assert tokenizer.decode(smile) == "😀", "decode: join the bytes of all tokens first, then decode UTF-8"
    assert tokenizer.decode([*smile[:2], 33]).endswith("!"), "decode: half a character must not hide what follows"
    for bad in ([270], [-1]):
        try:
            got = tokenizer.decode(bad)
        except IndexError:
            continue
        raise AssertionError(f"decode({bad}) with 270 tokens: expected IndexError, got {got!r}")
    tokenizer.encode("lowest fewest")
    tokenizer.train("aaaa bbbb aaaa bbbb " * 5)
    got = tokenizer.decode(tokenizer.encode("lowest fewest"))
    assert got == "lowest fewest", f"after another training: words from an old cache? 'lowest fewest' became {got!r}"
    np.testing.assert_allclose(
        compression_ratio(BPETokenizer(256), "naïve"), 1, err_msg="compression_ratio: untrained, one byte each"
    )
    np.testing.assert_allclose(
        compression_ratio(CharTokenizer().fit("naïve"), "naïve"),
        6 / 5,
        err_msg="compression_ratio of characters, 'naïve': six bytes (ï has two), five tokens",
    )
    try:
        compression_ratio(tokenizer, "")
    except ValueError:
        pass
    else:
        raise AssertionError("compression_ratio of an empty text must raise ValueError")
    print("BPETokenizer: merges, round trips and damaged input are right")


test_unit_bpe()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng


def random_text(low, high, size):
    """Random code points between low and high, without the surrogates."""
    codes = rng.integers(low, high, size=size)
    return "".join(chr(int(code)) for code in codes if not 0xD800 <= code < 0xE000)


syllables = ["ka", "lo", "mi", "na", "tu", " ", " ", ", ", "é", "x9 "]
training = "".join(rng.choice(syllables, size=600))
tokenizer = BPETokenizer(320).train(training)
probe("vocabulary", [word.hex() for word in tokenizer.vocabulary[256:]])
probe("merges", [[*pair, token] for pair, token in tokenizer.merges.items()])
probe("encode", tokenizer.encode(training))
unseen = "".join(rng.choice([*syllables, "ß", "q"], size=200))
probe("encode what is new", tokenizer.encode(unseen))
probe("encode once more", tokenizer.encode(unseen + training[:50]))
probe("words", [list(tokenizer.encode_word(word)) for word in ("kalomi", "tutututu", "é", "", "lolo9", " na")])
probe("decode", tokenizer.decode(rng.permutation(tokenizer.encode(training))))
ranges = {"ascii": (0, 128), "two bytes": (128, 2048), "the plane of most scripts": (0, 0x10000), "all": (0, 0x110000)}
for name, (low, high) in ranges.items():
    text = random_text(low, high, 300)
    probe(f"round trip, {name}", tokenizer.decode(tokenizer.encode(text)) == text)
    probe(f"tokens, {name}", tokenizer.encode(text[:40]))
junk = rng.integers(0, tokenizer.vocab_size, size=80)
probe("what a model may say", tokenizer.decode(junk))
probe("half a character", [tokenizer.decode([0xF0, 0x9F]), tokenizer.decode([0xC3]), tokenizer.decode([0xA9, 65])])
probe("cached", [word in tokenizer.cache for word in split_words(unseen)[:20]])
calls = []
counted = BPETokenizer(320)
counted.set_merges(list(tokenizer.merges))
original = counted.encode_word
counted.encode_word = lambda word: (calls.append(word), original(word))[1]
counted.encode("na na na lo na")
counted.encode(" na lo")
probe("each word is encoded once", len(calls))
counted.set_merges([])
probe("new merges, new words", counted.encode(" na lo"))
few = BPETokenizer(1000).train("abab cdcd abab")
probe("too little text", [few.vocab_size, few.encode("abab cdcd")])
probe("trained twice", [few.train("xyxy xyxy").vocab_size, few.encode("abab xyxy")])
probe("ratios", [compression_ratio(tokenizer, training), compression_ratio(BPETokenizer(256), "日本")])
wrong = [lambda: BPETokenizer(255), lambda: tokenizer.decode([320]), lambda: tokenizer.decode([3, -1])]
wrong += [lambda: tokenizer.decode([0.5]), lambda: compression_ratio(tokenizer, "")]
probe("errors", [raises(call) for call in wrong])
try:
    tokenizer.encode("half \ud83d a pair")
    refused = False
except ValueError:
    refused = True
probe("a lone surrogate", refused)
### END HIDDEN TESTS

# %% [markdown]
r"""
### What your tokenizer sees

The next cell trains 1,000 tokens on the example text and shows how it cuts a few lines; a dot marks a space. What to
look for: common words are one token, rare ones fall into syllables, and what never occurred in training falls into
bytes. Capitals, spaces and commas change the tokens of the *same* word: nobody has told the model that `the`, ` the`
and `The` have anything in common. It has to learn that from data.
"""

# %% tags=["measure"]
start = time.perf_counter()
bpe = BPETokenizer(1000).train(corpus)
print(f"trained on {len(corpus):,} characters in {time.perf_counter() - start:.2f} s; the last tokens, longest first:")
print("  ", *sorted((repr(token.decode("utf-8", "replace")) for token in bpe.vocabulary[256:]), key=len)[:-15:-1])


def shown(token):
    """The text of one token, or its bytes if they are no text."""
    data = bpe.vocabulary[token]
    try:
        return data.decode("utf-8").replace(" ", "·").replace("\n", "⏎")
    except UnicodeDecodeError:
        return data.hex()


for line in (corpus[:60], "The then Other other, the THE", "antidisestablishmentarianism", "3.14159 and 1000000", "naïve 你好"):
    tokens = bpe.encode(line)
    print(f"{len(line):3} characters, {len(tokens):3} tokens:  {' | '.join(shown(token) for token in tokens)}")

# %% [markdown]
r"""
## 7. Memory and Complexity

### How large should a vocabulary be?

The next cell trains tokenizers of growing size on the first nine tenths of the example text, and measures on the rest
what they make of it. The other columns apply section 1 to a model of width 128 and a passage of 2,000 bytes. What to
look for:

- compression grows like the *logarithm* of the vocabulary: every doubling gives about the same, while the table
  doubles;
- the work of attention falls with the square of the compression: for the first few hundred tokens this is the best
  bargain in the course;
- the last column: how many of the tokens occur at least a hundred times in the training text. The others have rows
  that are hardly ever trained.
"""

# %% tags=["measure"]
cut = 9 * len(corpus) // 10
training, held_out = corpus[:cut], corpus[cut:]
bpe = BPETokenizer(2048).train(training)
merges = list(bpe.merges)
sizes = [256, 320, 512, 1024, bpe.vocab_size]
ratios, tables = [], []
print(f"{'tokens':>7} {'bytes/token':>12} {'passage, tokens':>16} {'attention':>10} {'table, MB':>10} {'seen ≥ 100 times':>17}")
for size in sizes:
    part = BPETokenizer(size)
    part.set_merges(merges[: size - 256])
    ratio = compression_ratio(part, held_out)
    seen = np.bincount(part.encode(training), minlength=size)
    ratios.append(ratio)
    tables.append(size * 128 * 4 / 1e6)
    print(f"{size:7,} {ratio:12.2f} {2000 / ratio:16,.0f} {1 / ratio**2:9.0%} {tables[-1]:10.2f} {np.mean(seen >= 100):17.0%}")
figure, axis = plt.subplots(figsize=(6.5, 3.4))
axis.semilogx(sizes, ratios, "o-", label="bytes for each token")
axis.set(xlabel="vocabulary", ylabel="bytes for each token", title="what a vocabulary saves, and its table")
other = axis.twinx()
other.semilogx(sizes, tables, "s--", color="C1", label="table of width 128")
other.set(ylabel="MB")
figure.legend(loc="upper left", bbox_to_anchor=(0.13, 0.87), fontsize=8)
plt.show()

# %% [markdown]
r"""
### Throughput

Tokenizing is done before training, once, or in the loading processes while training runs. How fast is it? The cell
measures megabytes each second for both tokenizers, and for byte-pair encoding with a cold cache, with a warm one, and
without any. What to look for: the cache is worth more than any cleverness in `encode_word`, *because language repeats
its words*; the character tokenizer, which does nothing but look up, is only a small factor faster than byte-pair
encoding with a warm cache; and the last line, how long a trillion tokens would take on this one core.

Then the memory of the result: the same ids as int64, as the smallest type that holds them, and as the text they came
from. What to look for: int64 takes more than the text itself. Store two bytes for each token, and convert batches.
"""

# %% tags=["measure"]
characters = CharTokenizer().fit(corpus)
bpe = BPETokenizer(1000).train(corpus)
megabytes = len(corpus.encode("utf-8")) / 1e6


def seconds(fn):
    start = time.perf_counter()
    fn()
    return time.perf_counter() - start


rates = {"characters": seconds(lambda: characters.encode(corpus))}
rates["byte pairs, cold cache"] = seconds(lambda: bpe.encode(corpus))
rates["byte pairs, warm cache"] = seconds(lambda: bpe.encode(corpus))
some = split_words(corpus)[:20_000]
without = seconds(lambda: [bpe.encode_word(word) for word in some])
rates["byte pairs, no cache"] = without * megabytes / (len("".join(some).encode("utf-8")) / 1e6)
for name, took in rates.items():
    print(f"{name:24} {megabytes / took:8.2f} MB/s")
print(f"the cache holds {len(bpe.cache):,} words")
ids = bpe.encode(corpus)
days = 1e12 / (len(ids) / rates["byte pairs, warm cache"]) / 86400
print(f"a trillion tokens at the best rate of byte pairs: {days:,.0f} days on one core")
print(f"\n{len(ids):,} tokens: {ids.nbytes / 1e6:.1f} MB as int64, {ids.astype(np.uint16).nbytes / 1e6:.1f} MB as uint16;", end="")
print(f" {megabytes:.1f} MB of text")

# %% [markdown]
r"""
## 8. In Production

**The same algorithm.** GPT-2 introduced byte-level merges with 50,257 tokens; GPT-4's vocabulary has about 100,000,
Llama 3's 128,000. The libraries (OpenAI's tiktoken and Hugging Face's tokenizers) are written in Rust, run on all
cores, and split text into words first, by longer patterns than ours; GPT-4's cuts digits into groups of at most
three. Hugging Face's keeps a cache of words as you do, tiktoken looks first whether a whole word is a token.

**Other families.** WordPiece (BERT) merges the pair that raises the likelihood of the text most, and marks the
*insides* of words. Unigram models (SentencePiece: T5, many multilingual models) begin with a large vocabulary, drop
what is least useful, and choose the most probable cut instead of repeating merges. SentencePiece also treats the text
as one stream, so that languages without spaces need no splitting; and it may *normalise*, so that not every text
comes back as it was.

**Special tokens.** End of text, beginning of a turn, a tool's answer: tokens that no text spells. They have ids
beyond the merges, and `encode` must never produce them from what a *user* has written; otherwise anybody can type the
marker that ends the system's instructions. tiktoken therefore raises an error if the text contains such a marker and
the caller has not allowed it.

**A tokenizer is part of the model.** Weights without their merges are worthless, and with other merges worse: ids
that mean something else, no error, nonsense. They are stored and versioned together.

**Data pipelines.** Corpora are tokenized once, in parallel, into large files of 16- or 32-bit integers, which
training maps into memory (Module 05): a batch is then a copy from the page cache. nanoGPT's `train.bin` is exactly
that.

## 9. What Breaks First at Scale

**Fairness, and the bill.** Whoever's language was rare in the training text pays for it: more tokens for the same
meaning, hence a higher price, a shorter context and a slower answer. The first table of the next cell encodes one
sentence in several languages with a tokenizer that has seen English only. What to look for: tokens for each code
point, and how nothing but bytes is left for other scripts.

**Numbers.** The second line shows how numbers are cut by a tokenizer that was trained on years and round amounts.
What to look for: they are cut by frequency, not by decimal places. One year is a single token, another one needs
three; the leading token `·12` means thousands in one number and millions in the next. Column by column arithmetic, as
taught in school, is not what the model gets to see.

**Long words.** `encode_word` walks through the whole word once for every *different* merge that it finds: length
times rounds. For words that is nothing. For a megabyte without spaces (a base64 block, a Chinese text without the
right splitting, or an attack on a service) it is everything. The third line doubles the length and measures. What to
look for: the time goes up more than twofold, because longer words need more rounds, and less than fourfold, because
744 merges allow no more than 744 rounds. With a vocabulary of 100,000 it is nearly quadratic. A heap of pairs would
make it $n \log n$; a limit on the length of words is the usual remedy.

**The cache.** It holds every distinct word that ever came, and a service lives long. The last line extrapolates its
size by the memory of the words seen so far. What would you do about it?
"""

# %% tags=["measure"]
import sys

SENTENCES = {
    "English": "All human beings are born free and equal in dignity and rights.",
    "German": "Alle Menschen sind frei und gleich an Würde und Rechten geboren.",
    "Greek": "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα.",
    "Russian": "Все люди рождаются свободными и равными в своем достоинстве и правах.",
    "Hindi": "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है।",
    "Chinese": "人人生而自由，在尊严和权利上一律平等。",
}
english = len(bpe.encode(SENTENCES["English"]))
print(f"{'language':10} {'code points':>12} {'bytes':>6} {'tokens':>7} {'tokens per code point':>22} {'against English':>16}")
for name, sentence in SENTENCES.items():
    tokens = len(bpe.encode(sentence))
    size = len(sentence.encode("utf-8"))
    print(f"{name:10} {len(sentence):12} {size:6} {tokens:7} {tokens / len(sentence):22.2f} {tokens / english:15.1f}×")

draw = np.random.default_rng(0)
years, amounts = draw.normal(2000, 15, size=5000).astype(int), 10 ** draw.uniform(1, 6, size=5000)
numbers = [*years.tolist(), *(int(float(f"{amount:.2g}")) for amount in amounts)]
numeric = BPETokenizer(330).train(" ".join(map(str, draw.permutation(numbers))))
print("\nnumbers, trained on years and round amounts: ", end="")
for number in (1997, 2019, 2020, 2047, 12345, 1234567):
    print(*(numeric.vocabulary[token].decode().replace(" ", "·") for token in numeric.encode(f" {number}")), end=" | ")

print("\n\nletters without a space, milliseconds:", end=" ")
for length in (500, 1000, 2000, 4000):
    word = "".join(draw.choice(list("etaoinshrdlu"), size=length))
    print(f"{length}: {1e3 * seconds(lambda: bpe.encode_word(word)):.0f}", end="   ")
held = sum(sys.getsizeof(word) + sys.getsizeof(tokens) for word, tokens in bpe.cache.items()) / len(bpe.cache)
print(f"\n\ncache: {len(bpe.cache):,} words of about {held:.0f} bytes; 100 million words would take {held * 1e8 / 1e9:.0f} GB")

# %% [markdown]
r"""
## 10. Integration Test: Text as a Dataset

A language model learns to say what comes next, so a training example is a window of the text and the same window one
token later:

```text
   ids          7   1   4   4   9   2   6        block_size 4
   sample 0     7   1   4   4                    input
                    1   4   4   9                target: at every position the token that follows
   sample 1         1   4   4   9
                        4   4   9   2
   sample 2             4   4   9   2            the last one: its target ends with the last token
                            4   9   2   6
```

There are as many samples as there are positions at which a window *and its target* fit. Stored one by one they would
take `block_size` times the memory of the text; but they all overlap, so the dataset holds the ids once, in whatever
integer type they came, and cuts windows out when it is asked. The rule of Module 05 holds: **the index may be a whole
array of positions**. An array of positions, an axis more, plus the numbers 0 … block_size − 1: one index for all
windows, and no loop.

Three details. Input and target are arrays of their own, not two views of one, so that nobody who writes into one
changes the other. They are int64, whatever is stored: unsigned types wrap around when somebody subtracts. And
position −1 does not exist: it would yield a window that starts at the end of the text and goes on at its beginning.
"""

# %% nbgrader={"grade": false, "grade_id": "text_dataset", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
class TextDataset(Dataset):
    """All windows of ``block_size`` tokens, each with the same window one token later as its target."""

    def __init__(self, ids: Any, block_size: int) -> None:
        """Keep ``ids``, a vector of integers (array or tensor), without a copy, and ``block_size``.

        Raises ValueError, naming both lengths, if not even one window with its target fits.
        """
        ### BEGIN SOLUTION
        self.ids = np.asarray(ids)
        self.block_size = block_size
        if len(self.ids) <= block_size:
            raise ValueError(f"{len(self.ids)} tokens are too few for a block of {block_size} and its target")
        ### END SOLUTION

    def __len__(self) -> int:
        """Number of windows whose target fits, too."""
        ### BEGIN SOLUTION
        return len(self.ids) - self.block_size
        ### END SOLUTION

    def __getitem__(self, index: Any) -> tuple[np.ndarray, np.ndarray]:
        """Inputs and targets at ``index``: int64, each of shape (*index.shape, block_size).

        index: a position or an integer array of positions. Raises IndexError if one is not in 0 … len - 1.
        Hint: ``positions[..., None] + np.arange(...)``.
        """
        ### BEGIN SOLUTION
        positions = np.asarray(index)
        if positions.size and not 0 <= positions.min() <= positions.max() < len(self):
            raise IndexError(f"positions {positions} are not all in 0 … {len(self) - 1}")
        window = positions[..., None] + np.arange(self.block_size)
        return self.ids[window].astype(np.int64), self.ids[window + 1].astype(np.int64)
        ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_text_dataset", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
from tinytorch.dataloader import DataLoader
from tinytorch.tensor import Tensor


def test_unit_text_dataset():
    """Windows and targets are right, for one position and for many, and go through a DataLoader as text."""
    ids = np.array([7, 1, 4, 4, 9, 2, 6], dtype=np.uint8)
    data = TextDataset(ids, 4)
    assert len(data) == 3, f"TextDataset of 7 tokens with block_size 4: expected 3 windows, got {len(data)}"
    inputs, targets = data[1]
    np.testing.assert_array_equal(inputs, [1, 4, 4, 9], err_msg="TextDataset[1]: the window")
    np.testing.assert_array_equal(targets, [4, 4, 9, 2], err_msg="TextDataset[1]: the window one token later")
    inputs, targets = data[np.array([2, 0, 2])]
    np.testing.assert_array_equal(
        inputs, [[4, 4, 9, 2], [7, 1, 4, 4], [4, 4, 9, 2]], err_msg="TextDataset[[2, 0, 2]]: one window for each"
    )
    np.testing.assert_array_equal(
        targets, [[4, 9, 2, 6], [1, 4, 4, 9], [4, 9, 2, 6]], err_msg="TextDataset[[2, 0, 2]]: their targets"
    )
    assert inputs.dtype == targets.dtype == np.int64, f"TextDataset: int64 is delivered, got {inputs.dtype}"
    assert data.ids.dtype == np.uint8, f"TextDataset: stored as it came, as uint8, not {data.ids.dtype}"
    assert not np.shares_memory(*data[np.array([0, 1])]), "TextDataset: input and target share memory"
    for bad in (3, -1, np.array([0, 3]), np.array([-1, 0])):
        try:
            data[bad]
        except IndexError:
            continue
        raise AssertionError(f"TextDataset with 3 windows: position {bad} must raise IndexError")
    try:
        TextDataset(ids, 7)
    except ValueError as error:
        assert "7" in str(error), f"TextDataset, too few tokens: name the lengths; the error says {error}"
    else:
        raise AssertionError("TextDataset of 7 tokens, block_size 7: no target fits, ValueError is expected")
    assert len(TextDataset(ids, 6)) == 1, "TextDataset of 7 tokens, block_size 6: exactly one window fits"

    story = "the owl and the cat sat on the mat, and the owl said: naïve cat! " * 3
    for tokenizer in (CharTokenizer().fit(story), BPETokenizer(300).train(story)):
        name = type(tokenizer).__name__
        data = TextDataset(tokenizer.encode(story), 8)
        batches = list(DataLoader(data, batch_size=16, shuffle=True, seed=0))
        assert sum(len(inputs) for inputs, _ in batches) == len(data), f"{name}: an epoch shows every window once"
        for inputs, targets in batches:
            assert isinstance(inputs, Tensor) and inputs.dtype == np.int64, f"{name}: batches are integer tensors"
            for row, following in zip(inputs.data, targets.data):
                assert tokenizer.decode(row) in story or "\ufffd" in tokenizer.decode(row), f"{name}: no part of the text"
                np.testing.assert_array_equal(row[1:], following[:-1], err_msg=f"{name}: target = input, one later")
    print("TextDataset: windows, targets, errors and batches are right")


test_unit_text_dataset()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

ids = rng.integers(0, 1000, size=60).astype(np.uint16)
block = int(rng.integers(3, 9))
data = TextDataset(ids, block)
probe("length", [len(data), len(TextDataset(ids, 59)), len(TextDataset(ids, 1))])
probe("ends", [*data[0], *data[len(data) - 1]])
probe("many", list(data[rng.integers(0, len(data), size=12)]))
probe("a table of positions", list(data[rng.integers(0, len(data), size=(2, 3))]))
probe("dtypes", [str(part.dtype) for part in data[np.array([1])]] + [str(data.ids.dtype)])
probe("shapes", [list(part.shape) for index in (0, np.array([0]), np.arange(0)) for part in data[index]])
probe("a tensor of ids", list(TextDataset(Tensor(ids.astype(np.int32)), 3)[np.array([4])]))
probe("no copy", bool(np.shares_memory(data.ids, ids)))
inputs, targets = data[np.array([0, 1])]
inputs[:] = 0
probe("own memory", [targets, data[0][0]])
small = TextDataset(np.arange(250, 256, dtype=np.uint8), 5)
probe("the largest byte", list(small[0]))
batches = list(DataLoader(data, batch_size=16, shuffle=True, seed=3))
probe("batches", [part.data for batch in batches for part in batch])
wrong = [lambda: data[len(data)], lambda: data[-1], lambda: data[np.array([0, -1])], lambda: data[np.array([0, 60])]]
wrong += [lambda: TextDataset(ids, 60), lambda: TextDataset(ids[:0], 1)]
probe("errors", [raises(call) for call in wrong])
### END HIDDEN TESTS

# %% [markdown]
r"""
### Why a random split leaks here

In Module 05 a random tenth of the samples made a validation set. Windows overlap, and that changes everything. The
next cell splits the windows of the example text at random, and measures how many windows of the validation set share
most of their tokens with a window of the training set; then it splits the *text* instead, first nine tenths and last
tenth. What to look for: 100 % against nearly nothing. A model that has merely memorised the text would get a
brilliant validation loss in the first case. Split first, cut windows afterwards.
"""

# %% tags=["measure"]
ids = BPETokenizer(512).train(corpus[:200_000]).encode(corpus[:200_000])
block_size = 64
windows = TextDataset(ids, block_size)
shuffled = np.random.default_rng(0).permutation(len(windows))
cut = len(windows) // 10
for name, validation, training in (
    ("random windows", shuffled[:cut], np.sort(shuffled[cut:])),
    ("last tenth of the text", np.arange(len(windows) - cut, len(windows)), np.arange(len(windows) - cut - block_size)),
):
    after = np.clip(np.searchsorted(training, validation), 0, len(training) - 1)
    nearest = np.minimum(abs(training[after] - validation), abs(training[np.maximum(after - 1, 0)] - validation))
    print(f"{name:24} {np.mean(nearest <= block_size // 8):5.0%} of the validation windows lie within", end=" ")
    print(f"{block_size // 8} tokens of a training window; median distance {np.median(nearest):,.0f}")

# %% [markdown]
"""
## 🤔 ML Systems Thinking

Three questions, each answered in 150–300 words. Argue with your own code and with figures from your own run,
with their units.
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_1", "locked": true, "schema_version": 3, "solution": false, "task": false}
r"""
### Question 1: The size of a vocabulary

**Context:** You measured compression, attention and table for vocabularies from 256 to 2,048 tokens, and how
many tokens occur at least a hundred times.

**Question:** A team builds a model of width 512 for passages of 8,000 bytes, and hesitates between 1,000 and 50,000
tokens. Estimate, from your figures and their trend, the length of a passage in tokens, the relative work of attention
and the bytes of the token table (float32) for both. With Adam, training holds four numbers for each weight: what does
the larger table cost then? Which vocabulary would you choose for a phone, which for a data centre, and why? Explain
why compression grows so slowly with the vocabulary, and what rare tokens mean for training. A colleague wants to
compare the two models by their loss *per token*: what is wrong with that, and what should be compared?

**Expected response:** 150–300 words, with the calculation and at least two of your measured figures.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_1", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Reads the ratio for about 1,000 tokens from the own table and extrapolates to 50,000 by adding a roughly constant amount for each doubling (between 5 and 6 doublings), giving both lengths, e.g. about 3,500 against 2,000 tokens
- Attention as the inverse square of the ratios, with a number
- Tables 1,000 · 512 · 4 B ≈ 2 MB and 50,000 · 512 · 4 B ≈ 102 MB; with gradient and Adam's averages about 410 MB
- Chooses with a reason: small where memory rules (phone), large where time for each passage rules (data centre)
- Explains the slow growth by Zipf's law (each further merge is rarer) and rare tokens by rows with few updates; quotes the last column of the own table
- Loss per token is not comparable, since tokens of different vocabularies hold different amounts of text; compares loss per byte (or character)
GOOD (7-8 points):
- Lengths and tables right for both, with own figures
- Attention at least as a tendency with its square
- A choice with a reason
- Sees that loss per token misleads
SATISFACTORY (5-6 points):
- Calculates the tables, sequence length only as a tendency
- Knows that larger vocabularies shorten sequences
- No word on rare tokens or on comparing losses
NEEDS IMPROVEMENT (1-4 points):
- Believes that a larger vocabulary is always better or always worse
- Confuses tokens with characters or words
- No own figures
NO CREDIT (0 points):
- No response or off-topic
- Copied question or notebook text without an answer
- Every claim wrong
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_2", "locked": true, "schema_version": 3, "solution": false, "task": false}
r"""
### Question 2: Throughput and pipelines

**Context:** You timed training by recount and by update, encoding with a cold, a warm and no cache, and compared the
memory of ids as int64 and as uint16.

**Question:** A corpus of 2 TB of text is to be tokenized for a model that trains at 400,000 tokens each second. From
your own rate: how long would one core take, and how many cores would be needed so that tokenizing *during* training
does not slow it down? Argue for or against tokenizing once in advance: what is stored, in which type, how large is
it, and what is lost if the vocabulary changes? Why does the cache help so much, for which data would it not, and what
does it need in a service that runs for months? Explain why the update is so much faster than the recount, and why its
advantage *grows* with the number of merges.

**Expected response:** 150–300 words, with the calculation and at least two of your measured figures.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_2", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Divides 2 TB by the own warm rate in MB/s and gets days for one core; converts 400,000 tokens/s with the own ratio (times bytes per token) into MB/s and into a number of cores
- Argues for advance tokenization: once instead of every epoch, 16-bit ids (or 32-bit beyond 65,536 tokens), memory-mapped files; size from the own ratio (2 TB / ratio · 2 B); a new vocabulary means doing it all again
- Explains the cache by repeated words (own figures: distinct against all words); fails for data with few repeats such as identifiers, base64, languages without spaces
- Demands a bound (least recently used, or a maximal size) for a service, using the own bytes per entry
- Update: work only in words that contain the pair, later pairs occur in fewer words, while the recount looks at all words every time; quotes the own ratio
- Notes that words and files are independent, so the work divides among cores without communication
GOOD (7-8 points):
- Time for one core and number of cores right
- Advance tokenization with type and size
- Cache explained with own figures
- Update against recount explained
SATISFACTORY (5-6 points):
- One of the two calculations right
- Knows that caching and advance work help, without figures
- No limits of the cache
NEEDS IMPROVEMENT (1-4 points):
- Proposes a faster language only
- Confuses training a tokenizer with training a model
- No calculation
NO CREDIT (0 points):
- No response or off-topic
- Copied question or notebook text without an answer
- Every claim wrong
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_3", "locked": true, "schema_version": 3, "solution": false, "task": false}
r"""
### Question 3: Where tokenizers fail

**Context:** You saw one sentence in six languages, numbers cut in different ways, words that change their tokens with
a space or a capital, ids that decode to �, and a character tokenizer that refuses what it has not seen.

**Question:** A company sells answers by the token and trains its tokenizer on English web pages. Who pays more, by
which factor in *your* table, and what else gets worse for them besides the price? Give two remedies with their costs.
Why are byte tokens a better answer to unknown characters than an "unknown" token, and what new failure do they bring
when text is streamed to a screen token by token? Explain why a model may be bad at arithmetic or at counting the
letters of a word, and what splitting digits would change. Finally, a user types the text of a special marker: what
must `encode` guarantee?

**Expected response:** 150–300 words, with at least two of your measured figures.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_3", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Quotes own factors against English for at least two scripts, and names shorter effective context, slower answers and worse quality (longer sequences of rarely trained tokens) besides price
- Two remedies with costs: balanced training text or a larger multilingual vocabulary (larger table, less English compression), price by bytes or characters, language-specific tokenizers (no sharing)
- Byte tokens lose nothing and can be decoded, an unknown token destroys information; new failure: a token may end within a character, so a stream must hold back incomplete bytes
- Explains arithmetic and letters: the model sees ids, not digits or letters; neighbouring numbers are cut differently (own examples); splitting digits gives a regular code at the price of longer sequences
- encode must never produce a special id from a user's text (treat it as plain bytes, or refuse); special ids are added by the program only
- Refers to the same word with and without space or capital as different ids
GOOD (7-8 points):
- Factor from the own table and one consequence besides price
- One remedy with its cost
- Bytes against unknown token explained
- Arithmetic or letters explained by ids
SATISFACTORY (5-6 points):
- Knows that other languages need more tokens, without a factor
- Numbers or letters mentioned without a reason
- Special tokens not understood
NEEDS IMPROVEMENT (1-4 points):
- Attributes the differences to the languages themselves
- Believes that training the model longer corrects the tokenizer
- No own figures
NO CREDIT (0 points):
- No response or off-topic
- Copied question or notebook text without an answer
- Every claim wrong
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown]
r"""
## 🎯 Module Summary

**Built.** `CharTokenizer`; `count_pairs`, `merge_tokens` and `merge_pair`; `learn_merges`, which updates its counts;
`BPETokenizer` with a cache; `compression_ratio`; and `TextDataset`, which cuts windows out of one array.

**Measured.** Code points and bytes; the first merges; a recount against updates; compression, attention and table for
growing vocabularies; megabytes each second with and without a cache; six languages, numbers, long words; and a split
that leaks.

**Understood.**

- Bytes are the alphabet that covers everything. Characters are a matter of taste, and of the year.
- Byte-pair encoding is two steps in a loop. What makes it fast is to do again only what has changed.
- Language repeats itself: counting words once pays in training, caching them pays in encoding.
- A vocabulary trades the length of sequences for rows of a table, and gets less for every further row.
- A tokenizer is chosen before training, and no gradient corrects it.
- Windows overlap. Split the text, not the windows.

**Next.** Module 11 gives every token a vector.
"""
