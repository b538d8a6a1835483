"""What is alike is found and shown with its lines; what the module leads everybody to is not."""

import copy
import random
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.grading.handins import cell, handed_in
from tests.modules import write_curriculum
from tinytorch_lab.curriculum.build import student_notebook
from tinytorch_lab.grading.fingerprints import Kind, Reader
from tinytorch_lab.grading.similarity import SimilarityReport, Work, module_similarity, similar_work
from tinytorch_lab.grading.sources import ModuleSource

SCAFFOLD = '''def forward(self, x):
    """Return the hidden state of x; hint: broadcast over the batch."""
    raise NotImplementedError()
'''
REFERENCE = """def forward(self, x):
    shifted = x.data - x.data.max(axis=self.axis, keepdims=True)
    raised = np.exp(shifted)
    return Tensor(raised / raised.sum(axis=self.axis, keepdims=True))
"""
OPERATIONS = ("+", "-", "*", "/", "**", "@", "//", "%", "&", "|")
NAMES = ("alpha", "beta", "gamma", "delta", "left", "right", "total", "scale")
METHODS = tuple(f"method_{verb}{thing}" for verb in range(30) for thing in "abcdefghij")


def invented(seed: int, lines: int = 25) -> str:
    """Return code that nobody else would write."""
    dice = random.Random(seed)
    made = [f"def forward_{seed}(self, x):"]
    for _ in range(lines):
        left, right, target = (dice.choice(NAMES) for _ in range(3))
        shape = dice.randrange(4)
        value = f"{left}.{dice.choice(METHODS)}({right}, axis={dice.randrange(100)})"
        made.append(
            (
                f"    {target} = {value} {dice.choice(OPERATIONS)} {right}",
                f"    if {left} {dice.choice('<>')} {right}.{dice.choice(METHODS)}():\n        {target} = {value}",
                f"    for {target} in range({value}):\n        {right} {dice.choice(OPERATIONS)}= {left}",
                f"    {target} = [{value} for {left} in {right} if {left}{dice.choice(OPERATIONS)}{target}]",
            )[shape]
        )
    return "\n".join(made) + "\n"


def prose(seed: int, words: int = 200) -> str:
    """Return an answer in words of its own."""
    dice = random.Random(seed)
    vocabulary = [
        f"{a}{b}"
        for a in ("mem", "band", "cach", "tens", "grad", "shap")
        for b in ("ory", "width", "e", "or", "ient", "es", "ing", "al")
    ]
    return " ".join(dice.choice(vocabulary) for _ in range(words))


def code(*sources: str) -> list[Work]:
    return [Work(f"s{number}", (("forward", source),)) for number, source in enumerate(sources)]


def compared(kind: Kind, works: Sequence[Work]) -> SimilarityReport:
    return similar_work(Reader(kind, (SCAFFOLD,), (SCAFFOLD + REFERENCE,)), works)


def test_different_solutions_are_not_paired():
    report = compared("code", code(*(invented(seed) for seed in range(20))))
    assert (report.compared, report.found, report.pairs, report.groups) == (20, 0, (), ())


def test_renaming_comments_and_layout_do_not_hide_a_copy():
    original = invented(1)
    disguised = original.replace("alpha", "a1").replace("total", "result").replace("    ", "\t")
    disguised = "\n".join(f"{line}  # step {number}" for number, line in enumerate(disguised.splitlines()))
    report = compared("code", code(original, invented(2), disguised))
    (pair,) = report.pairs
    assert (pair.left, pair.right, pair.share) == ("s0", "s2", 1.0)
    assert report.groups == (("s0", "s2"),)


def test_the_shared_lines_are_shown():
    mine, theirs = invented(3, 40).splitlines(), invented(4, 40).splitlines()
    taken = invented(5, 15).splitlines()
    left, right = "\n".join(mine[:10] + taken + mine[10:]), "\n".join(theirs[:20] + taken + theirs[20:])
    (pair,) = compared("code", code(left, right)).pairs
    match = max(pair.matches, key=lambda match: match.tokens)
    assert match.left.cell == match.right.cell == "forward"
    assert abs(match.left.first_line - 11) <= 1
    assert abs(match.left.last_line - (10 + len(taken))) <= 1
    assert match.right.first_line - match.left.first_line == 10
    assert pair.share < 0.6


def test_a_copied_function_stands_out_of_a_large_module():
    copied = invented(9, 16)
    left = Work("ada", (*((f"cell {n}", invented(100 + n)) for n in range(6)), ("norm", copied)))
    right = Work("ben", (("norm", copied), *((f"cell {n}", invented(200 + n)) for n in range(6))))
    (pair,) = compared("code", [left, right]).pairs
    assert {match.left.cell for match in pair.matches} == {"norm"}
    assert pair.share < 0.5


def test_scaffold_and_reference_solution_count_for_nothing():
    renamed = REFERENCE.replace("shifted", "z").replace("raised", "e")
    report = compared("code", code(*[SCAFFOLD + REFERENCE] * 3, *[SCAFFOLD + renamed] * 3))
    assert report.found == 0


def test_what_many_have_counts_for_nothing_but_a_file_passed_around_does():
    idiom = invented(7, 12)
    works = code(*(idiom + invented(seed) for seed in range(100, 120)))
    assert compared("code", works).found == 0
    leaked = code(*[invented(8)] * 20, *(invented(seed) for seed in range(100, 180)))
    report = compared("code", leaked)
    assert report.found == 190
    assert report.groups == (tuple(sorted(f"s{number}" for number in range(20))),)
    assert len(report.pairs) == 100


def test_answers_with_words_exchanged_are_found():
    original = prose(1)
    words = original.split()
    dice = random.Random(2)
    for place in dice.sample(range(len(words)), 30):
        words[place] = "other"
    works = [Work("ada", (("r", original),)), Work("ben", (("r", " ".join(words)),)), Work("cleo", (("r", prose(3)),))]
    (pair,) = compared("answer", works).pairs
    assert (pair.left, pair.right) == ("ada", "ben")
    assert pair.share == pytest.approx(0.85, abs=0.01)


def test_a_paragraph_taken_over_is_found_with_its_lines():
    taken = prose(4, 90)
    works = [
        Work("ada", (("r", f"{prose(5, 60)}\n\n{taken}\n\n{prose(6, 40)}"),)),
        Work("ben", (("r", f"{taken}\n\n{prose(7, 100)}"),)),
    ]
    (pair,) = compared("answer", works).pairs
    match = max(pair.matches, key=lambda match: match.tokens)
    assert (match.left.first_line, match.right.first_line) == (3, 1)
    assert match.tokens >= 85


def test_short_and_empty_answers_are_not_compared():
    works = [Work(name, (("r", text),)) for name, text in (("a", "I do not know."), ("b", "I do not know."), ("c", ""))]
    assert compared("answer", works).found == 0
    assert compared("answer", []).compared == 0


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_can_be_read(one: str, other: str):
    for kind in ("code", "answer"):
        compared(kind, [Work("a", (("c", one), ("d", other))), Work("b", (("c", one),))])


def test_code_that_python_cannot_read_is_read():
    broken = "def f(:\n  x = '''never ended\n y = \"neither"
    read = Reader("code").read([("c", broken), ("d", "x")])
    assert read.lines == [1, 1, 1, 1, 2, 2, 2, 1]
    assert (read.cell(6), read.cell(7)) == ("c", "d")


def test_hostile_text_takes_no_longer():
    begun = time.process_time()
    Reader("code").read([("c", "'\\" * 100_000), ("d", '"""' + '"\\' * 100_000), ("e", "a." * 100_000)])
    assert time.process_time() - begun < 5


def test_a_module_s_notebooks_are_compared_without_what_the_course_gave(tmp_path: Path):
    library = write_curriculum(tmp_path)
    instructor = library.instructor(library.course.find("01_sums"))
    source = ModuleSource("01_sums", instructor, "", {})
    released = student_notebook(instructor)
    own = invented(1)

    def wrote(text: str, answer: str):
        def change(notebook):
            cell(notebook, "double").source = f"#| export\n{text}"
            cell(notebook, "response_2").source = answer

        return change

    notebooks = [
        ("ada", handed_in(released, wrote(own, prose(1)), answers=False)),
        ("ben", handed_in(released, wrote(own.replace("gamma", "g"), prose(1)), answers=False)),
        ("cleo", handed_in(released, wrote(invented(2), prose(2)), answers=False)),
        ("dan", copy.deepcopy(released)),
    ]
    code_report, *answers = module_similarity(source, notebooks)
    assert [(pair.left, pair.right) for pair in code_report.pairs] == [("ada", "ben")]
    assert {match.left.cell for match in code_report.pairs[0].matches} == {"double"}
    assert [(report.cell, report.found) for report in answers] == [
        ("response_1", 0),
        ("response_2", 1),
        ("response_3", 0),
    ]
