"""Every defect the validator knows is planted in a sound module and must be reported at its line."""

from pathlib import Path

import pytest

from tests.modules import MODULE, SCHEME, marker, question, write_curriculum
from tinytorch_lab.authoring.static import check_source

TEST_ADD = f"# %% {marker('test_add', points=40, grade=True, locked=True)}"
ADD = f"# %% {marker('add', solution=True)}"
SUMMARY = '## Module Summary\n\nYou can add.\n"""\n'

# What is planted (old text, new text), the text on the line that must be named, and the words of the finding.
DEFECTS = {
    "duplicate grade_id": (
        marker("double", solution=True),
        marker("add", solution=True),
        None,
        "already that of cell 4",
    ),
    "missing grade_id": ('"grade_id": "add", ', "", '# %% nbgrader={"grade": false, "locked"', "has no grade_id"),
    "malformed grade_id": ('"grade_id": "add"', '"grade_id": "Add it!"', '"Add it!"', "malformed"),
    "no metadata": (ADD, "# %%", None, "without a grade_id"),
    "implementation without test": (
        TEST_ADD,
        "# %%\nprint(1)\n\n" + TEST_ADD,
        ADD,
        "not directly followed by its test",
    ),
    "automatic points": ('"points": 40', '"points": 41', None, "add up to 71, not 70"),
    "written points": (
        '"grade_id": "response_1", "locked": false, "points": 10',
        '"grade_id": "response_1", "locked": false, "points": 9',
        None,
        "add up to 29, not 30",
    ),
    "test without probe": (
        'probe("array", double(rng.normal(size=5)))\nprobe("zero", double(0))',
        "pass",
        '"test_double"',
        "without a probe",
    ),
    "test that is not called": ("\n\ntest_unit_add()\n", "\n\n", '"test_add"', "test_… function that it calls"),
    "test that students may edit": (
        '"grade_id": "test_add", "locked": true',
        '"grade_id": "test_add", "locked": false',
        '"test_add"',
        "students may edit",
    ),
    "test with a syntax error": ("assert add(2, 2) == 4,", "assert add(2, 2) == 4 4,", "4 4", "does not parse"),
    "missing section": ("## 3. In Production", "## 3. In use", None, "'In Production' is missing"),
    "sections out of order": (
        "## 3. In Production\n\n## 4. What Breaks First at Scale",
        "## 3. x\n",
        None,
        "is missing",
    ),
    "no objectives": ("**Learning objectives:**", "**You will:**", None, "learning objectives"),
    "summary not last": (
        SUMMARY,
        SUMMARY + '\n# %% [markdown]\n"""\nmore\n"""\n',
        "# %% [markdown]",
        "after the Module Summary",
    ),
    "question count": (question(3), "", None, "2 ML Systems Thinking responses instead of 3"),
    "response without question": (
        "### Question 2: What does it cost?",
        "### Nothing asked",
        '"response_2"',
        "without a question",
    ),
    "solution not closed": (
        "    return np.asarray(a) + b\n    ### END SOLUTION",
        "    return np.asarray(a) + b",
        "### BEGIN SOLUTION",
        "is not closed",
    ),
    "solution not opened": (
        "    ### BEGIN SOLUTION\n    return add(a, a)",
        "    return add(a, a)",
        "### END SOLUTION",
        "closes nothing",
    ),
    "hidden tests not closed": (
        'probe("zero", double(0))\n### END HIDDEN TESTS',
        'probe("zero", double(0))',
        "### BEGIN HIDDEN TESTS",
        "is not closed",
    ),
    "implementation without solution": (
        "    ### BEGIN SOLUTION\n    return add(a, a)\n    ### END SOLUTION",
        "    return add(a, a)",
        None,
        "without a solution region",
    ),
    "solution in a test cell": (
        "    assert double(3)",
        "    ### BEGIN SOLUTION\n    ### END SOLUTION\n    assert double(3)",
        "### BEGIN SOLUTION",
        "not a solution cell",
    ),
    "hidden tests in an implementation": (
        "#| default_exp sums",
        "#| default_exp sums\n### BEGIN HIDDEN TESTS\n### END HIDDEN TESTS",
        "### BEGIN HIDDEN TESTS",
        "not a test cell",
    ),
    "mark scheme that does not parse": (
        SCHEME,
        SCHEME.replace("(7-8 points)", "(six)"),
        "=== BEGIN MARK SCHEME ===",
        "gap",
    ),
    "mark scheme with another total": (
        SCHEME,
        SCHEME.replace("(9-10 points)", "(9-11 points)"),
        "=== BEGIN MARK SCHEME ===",
        "totals 11",
    ),
    "response without mark scheme": (SCHEME, "", '"response_1"', "without a mark scheme"),
    "mark scheme outside a response": (
        "## 1. Mathematical Foundations",
        "## 1. Mathematical Foundations\n" + SCHEME,
        "=== BEGIN MARK SCHEME ===",
        "outside a response cell",
    ),
    "export nobody lists": ("#| default_exp sums", "#| default_exp totals", None, "does not list"),
    "import of a later module": (
        "import numpy as np\n",
        "import numpy as np\nfrom tinytorch.later import x\n",
        "from tinytorch.later",
        "no earlier module exports",
    ),
    "too many solutions": (
        "    return add(a, a)\n",
        "    return add(a, a)\n" + "    ### END SOLUTION\n    ### BEGIN SOLUTION\n" * 5,
        None,
        "more than 5",
    ),
}


def findings(folder: Path, text: str) -> list[tuple[int, str]]:
    library = write_curriculum(folder, text)
    module = library.course.find("1")
    return [(finding.line, str(finding)) for finding in check_source(library.source(module), module, library.course)]


def test_a_sound_module_has_no_findings(tmp_path):
    assert findings(tmp_path, MODULE) == []


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_planted_defect_is_reported_with_file_line_cell_and_remedy(tmp_path, defect):
    old, new, place, words = DEFECTS[defect]
    assert old in MODULE
    text = MODULE.replace(old, new, 1)
    found = [(line, message) for line, message in findings(tmp_path, text) if words in message]
    assert found, findings(tmp_path, text)
    line, message = found[0]
    assert "01_sums.py:" in message
    assert ";" in message, "the remedy follows the problem"
    if place:
        assert place in text.splitlines()[line - 1], message


def test_the_curriculum_has_no_findings(library):
    assert library.available_modules()
    for module in library.available_modules():
        assert check_source(library.source(module), module, library.course) == []
