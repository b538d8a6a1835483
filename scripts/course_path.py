"""Go the whole path of a student and print what every step earned: modules, milestones, projects, grading.

Run it from the root of a checkout: ``python scripts/course_path.py [--quick]``. It takes six to fifteen minutes
of processor time, most of it for milestones 3 and 4, which ``--quick`` leaves out. Exits with 1 if anything is lost, or
cannot be run.
"""

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.curriculum.course_path import hand_in, learn, student_release  # noqa: E402
from tinytorch_lab.curriculum.library import Library  # noqa: E402
from tinytorch_lab.errors import NotAvailableError  # noqa: E402
from tinytorch_lab.learning.milestones.running import run_milestone  # noqa: E402
from tinytorch_lab.learning.workspace import Workspace  # noqa: E402
from tinytorch_lab.runner.pool import LocalExecutor  # noqa: E402


def learning(library: Library, folder: Path, quick: bool) -> bool:
    """Solve, export and test all modules, then run the milestones on the student's own package."""
    workspace = Workspace(folder / "work", student_release(library, folder / "release"))
    workspace.root.mkdir()
    complete = True
    with LocalExecutor() as executor:
        for done in learn(library, workspace, executor):
            print(f"tests      {done.module:18} {done.points:g} of 70  {done.lost or ''}", flush=True)
            complete &= done.points == library.course.automatic_points
        for milestone in library.course.milestones:
            if quick and milestone.number > 2:
                continue
            try:
                result = run_milestone(workspace, executor, milestone.number)
            except NotAvailableError as error:
                print(f"milestone  {milestone.number} {milestone.title:16} not run: {error}", flush=True)
                complete = False
                continue
            print(
                f"milestone  {milestone.number} {milestone.title:16} {'passed' if result.passed else 'missed'}",
                flush=True,
            )
            complete &= result.passed
    return complete


def grading(library: Library, folder: Path, quick: bool) -> bool:
    """Hand in all modules and projects, have them graded, marked, returned, and run on own modules with milestones."""
    complete = True
    assignments = [*library.course.modules, *library.course.projects]
    for work in hand_in(library, folder, assignments, milestones=2 if quick else 4):
        print(
            f"graded     {work.name:18} {work.automatic:g} + {work.written:g}, on {len(work.own_modules)} own modules "
            f"{work.on_own_modules:g}  {', '.join(work.lost)}",
            flush=True,
        )
        if work.milestone:
            print(f"           {work.milestone}", flush=True)
        complete &= not work.milestone or work.milestone.startswith("Reached: ")
        complete &= (work.automatic, work.written, work.on_own_modules, work.returned) == (70, 30, 70, True)
    return complete


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="course-path-") as place:
        library = Library(ROOT / "curriculum")
        complete = learning(library, Path(place), "--quick" in sys.argv)
        complete &= grading(library, Path(place), "--quick" in sys.argv)
    print("everything was earned" if complete else "something was lost or could not be run")
    sys.exit(0 if complete else 1)
