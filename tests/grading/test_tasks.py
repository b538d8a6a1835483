"""nbgrader's task cells: the whole way, with a mark scheme in levels and with one in free text."""

from pathlib import Path

from tests.grading.conftest import TESS, answers_of, finish, report_of
from tests.grading.handins import cell, write
from tests.modules import SCHEME, marker
from tinytorch_lab.curriculum.notebooks import new_notebook, read_notebook
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.service import GradingService
from tinytorch_lab.grading.submissions import new_cell

FREE = "=== BEGIN MARK SCHEME ===\n- 3 points for a plot\n- 2 points for its axes\n=== END MARK SCHEME ==="


def task(name: str, points: int, scheme: str) -> str:
    metadata = marker(name, points=points, locked=True).replace('"task": false', '"task": true')
    return f'# %% [markdown] {metadata}\n"""\n### {name}: show it\n{scheme}\n"""\n'


def test_tasks_are_released_answered_marked_and_told(course: CourseFolder, service: GradingService, tmp_path: Path):
    source = tmp_path / "project.py"
    source.write_text(f"# A project\n{task('levels', 10, SCHEME)}\n{task('free', 5, FREE)}", encoding="utf-8")
    assert finish(service.generate("project", source, actor=TESS)).ok
    assert finish(service.release("project", actor=TESS)).ok
    released = read_notebook(course.released("project"))
    assert "points for a plot" not in str(released)
    assert "EXCELLENT" not in str(released)

    place = released.cells.index(cell(released, "levels"))
    own = [new_cell("markdown", "It doubles."), new_cell("code", "print(2)")]
    handed_in = new_notebook([*released.cells[: place + 1], *own, *released.cells[place + 1 :]], released.metadata)
    write(handed_in, tmp_path / "class", "ada", "project.ipynb")
    assert finish(service.collect("project", source=tmp_path / "class", actor=TESS)).ok
    assert finish(service.autograde("project", actor=TESS)).ok

    levels, free = answers_of(course, "ada", "project")
    assert (levels.text, levels.marked, levels.total) == ("It doubles.\n\nprint(2)", False, 10.0)
    assert levels.question.startswith("### levels: show it")
    assert "EXCELLENT" not in levels.question
    assert (free.text, free.marked, free.points) == ("", True, 0.0)
    assert free.scheme.levels[0].criteria == ("3 points for a plot", "2 points for its axes")

    given = service.mark("project", "ada", "levels", 8, criteria=("names the cost without a figure",), actor=TESS)
    assert given.mark.level == "Good"
    assert finish(service.autograde("project", actor=TESS)).ok
    line = report_of(course, "project")["ada"]
    assert (line.written, line.written_total, line.state) == (8.0, 15.0, "marked")
    assert finish(service.return_feedback("project", actor=TESS)).ok
    page = course.feedback("project", "ada").read_text(encoding="utf-8")
    assert "8 of 10 points: Good" in page
    assert "It doubles." in page
