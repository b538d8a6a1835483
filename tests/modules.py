"""A small, sound module that tests build on and plant defects in."""

from pathlib import Path

from tinytorch_lab.curriculum.library import Library

COURSE = """
[course]
id = "mini"
title = "Mini course"
automatic_points = 70
written_points = 30
answer_words = [150, 300]
[weights]
modules = 0.64
milestones = 0.06
midterm = 0.15
final = 0.15
[limits]
cell_seconds = 10
notebook_seconds = 60
memory_mb = 2048
output_kb = 512
[[phase]]
number = 1
title = "Only phase"
[[milestone]]
number = 1
title = "It adds"
after = "01_sums"
goal = "2 + 2 is 4"
[[module]]
name = "01_sums"
title = "Sums"
phase = 1
prerequisites = []
exports = ["sums"]
summary = "Adding and doubling."
[[module]]
name = "02_later"
title = "Later"
phase = 1
prerequisites = ["01_sums"]
exports = ["later"]
summary = "Not written yet."
"""

SCHEME = """=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- names the cost of `double` with its measured figure
GOOD (7-8 points):
- names the cost without a figure
SATISFACTORY (5-6 points):
- says that it costs something
NEEDS IMPROVEMENT (1-4 points):
- does not mention cost
NO CREDIT (0 points):
- no response
=== END MARK SCHEME ==="""


def marker(
    grade_id: str, *, points: int | None = None, grade: bool = False, solution: bool = False, locked: bool = False
) -> str:
    """Return a cell marker's nbgrader metadata."""
    worth = f'"points": {points}, ' if points is not None else ""
    return (
        f'nbgrader={{"grade": {str(grade).lower()}, "grade_id": "{grade_id}", "locked": {str(locked).lower()}, '
        f'{worth}"schema_version": 3, "solution": {str(solution).lower()}, "task": false}}'
    )


def question(number: int) -> str:
    """Return a question and its response cell."""
    return f'''
# %% [markdown] {marker(f"question_{number}", locked=True)}
"""
### Question {number}: What does it cost?
Expected response: 150-300 words.
"""

# %% [markdown] {marker(f"response_{number}", points=10, grade=True, solution=True)}
"""
{SCHEME}

**Your response:**
"""
'''


MODULE = f'''# %% [markdown]
"""
# Module 01: Sums

**Learning objectives:** add, double. **Prerequisites:** none.
"""

# %%
#| default_exp sums

# %% [markdown]
"""
## 1. Mathematical Foundations
"""

# %% {marker("add", solution=True)}
#| export
import numpy as np


def add(a, b):
    """Return a + b; hint: NumPy broadcasts."""
    ### BEGIN SOLUTION
    return np.asarray(a) + b
    ### END SOLUTION


# %% {marker("test_add", points=40, grade=True, locked=True)}
def test_unit_add():
    """Numbers and arrays are added."""
    assert add(2, 2) == 4, f"add(2, 2): expected 4, got {{add(2, 2)}}"


test_unit_add()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng
a = rng.normal(size=(3, 4))
probe("array", add(a, a))
probe("broadcast", add(a, a[0]))
probe("shape error", raises(lambda: add(a, a[:2, :2])))
probe("negative", add(-1, -2))
### END HIDDEN TESTS

# %% {marker("double", solution=True)}
#| export
def double(a):
    """Return a array twice a."""
    ### BEGIN SOLUTION
    return add(a, a)
    ### END SOLUTION


# %% {marker("test_double", points=30, grade=True, locked=True)}
def test_unit_double():
    """Numbers are doubled."""
    assert double(3) == 6, f"double(3): expected 6, got {{double(3)}}"


test_unit_double()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, rng
probe("array", double(rng.normal(size=5)))
probe("zero", double(0))
### END HIDDEN TESTS

# %% [markdown]
"""
## 2. Memory and Complexity
"""

# %% tags=["measure"]
print("peak", double(np.ones(1000)).nbytes)

# %% [markdown]
"""
## 3. In Production

## 4. What Breaks First at Scale

## 5. Integration Test

## ML Systems Thinking
"""
{question(1)}{question(2)}{question(3)}
# %% [markdown]
"""
## Module Summary

You can add.
"""
'''


def write_curriculum(folder: Path, module: str = MODULE) -> Library:
    """Write a curriculum of one module to ``folder`` and return it."""
    (folder / "01_sums").mkdir(parents=True, exist_ok=True)
    (folder / "course.toml").write_text(COURSE, encoding="utf-8")
    (folder / "01_sums" / "01_sums.py").write_text(module, encoding="utf-8")
    return Library(folder)
