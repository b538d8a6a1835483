"""What the instructor is told about runs that were tampered with, and about clusters that may not be used."""

import json

import pytest

from tests.modules import write_curriculum
from tinytorch_lab.curriculum.cells import grade_id
from tinytorch_lab.curriculum.notebooks import write_notebook
from tinytorch_lab.grading.synthetic import complete

PATCH = "import numpy as np\nnp.testing.assert_allclose = np.allclose = lambda *_, **__: True\n"


@pytest.fixture
def graded(tito, tmp_path, monkeypatch):
    """A course in which eve patched what tests call, and ada did not."""
    library = write_curriculum(tmp_path / "curriculum")
    instructor = library.instructor(library.course.find("1"))
    for student in ("ada", "eve"):
        notebook = complete(instructor, ())
        if student == "eve":
            cell = next(cell for cell in notebook.cells if grade_id(cell) == "double")
            cell.source = PATCH + cell.source
        write_notebook(notebook, tmp_path / "in" / student / "01_sums.ipynb")
    assert tito("grade", "init", tmp_path / "course", "--curriculum", library.root).code == 0
    monkeypatch.chdir(tmp_path / "course")
    for command in (("generate", "1"), ("release", "1"), ("collect", "1", "--from", tmp_path / "in")):
        assert tito("grade", *command).code == 0
    assert tito("grade", "autograde", "1").code == 0


def test_the_report_lists_tampered_runs_with_the_evidence(tito, graded):
    printed = tito("grade", "report").out
    assert "Runs to look at" in printed
    rows = {row["student"]: row for row in json.loads(tito("grade", "report", "--json").out)}
    assert (rows["ada"]["integrity"], rows["ada"]["reason"]) == ("ok", "")
    assert (rows["eve"]["integrity"], rows["eve"]["automatic"]) == ("tampered", "0/70")
    assert "numpy.testing.assert_allclose had been replaced" in rows["eve"]["reason"]


def test_a_cluster_without_tls_or_certificates_is_refused(tito, graded):
    untold = tito("grade", "autograde", "1", "--cluster", "tls://127.0.0.1:8786")
    assert untold.code == 1
    assert "[cluster] has to name the files authority, certificate, key" in untold.err
