"""Running a milestone on what students handed in: their own modules, in a sandbox, judged outside of it."""

import os
import shutil
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sqlalchemy import Engine

from tinytorch_lab.curriculum.catalogue import Milestone
from tinytorch_lab.curriculum.notebooks import read_notebook
from tinytorch_lab.errors import InvalidInputError, NotAvailableError, NotFoundError
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.milestones import has_reached, record_milestone
from tinytorch_lab.grading.rules import limits_of
from tinytorch_lab.grading.store.database import transaction
from tinytorch_lab.milestones.running import ScriptRun, start_script
from tinytorch_lab.milestones.scripts import SCRIPTS
from tinytorch_lab.package.exporter import NotebookSource, export_package
from tinytorch_lab.runner.pool import LocalExecutor

_FOLDER = "milestone-"


@dataclass(frozen=True)
class _InHand:
    """A student's milestone on its way, in ``folder``; without a ``run``, ``reason`` says why there is none."""

    student: str
    folder: Path
    run: ScriptRun | None = None
    reason: str = ""


class MilestoneRunner:
    """Runs milestones of one course, as many students at once as there are processors."""

    def __init__(self, course: CourseFolder, engine: Engine) -> None:
        """Start nothing yet.

        Raises:
            NotAvailableError: nothing can be confined here, and the course does not allow to do without.
        """
        self._course, self._engine = course, engine
        workers = len(os.sched_getaffinity(0))
        for left_behind in course.state.glob(f"{_FOLDER}*"):
            shutil.rmtree(left_behind)
        self._executor = LocalExecutor(workers, allow_unsandboxed=course.allow_unsandboxed)

    def close(self) -> None:
        """End the processes that run milestones."""
        self._executor.close()

    def run_many(
        self, actor: str, milestone: Milestone, students: Iterable[str]
    ) -> Iterator[tuple[str, str | Exception]]:
        """Run ``milestone`` for ``students`` and note who has reached it; yield what became of each, in their order.

        What is wrong with one student is that student's result. A milestone that was reached before stays reached.
        Closing the iterator gives up those in hand.

        Raises:
            NotAvailableError: nothing can be run here, the data cannot be had, or the course cannot be written.
        """
        waiting, in_hand = iter(students), deque[_InHand]()
        try:
            while True:
                for student in islice(waiting, self._executor.workers + 1 - len(in_hand)):
                    in_hand.append(self._begin(milestone, student))
                if not in_hand:
                    return
                yield in_hand[0].student, self._finish(actor, milestone, in_hand[0])
                shutil.rmtree(in_hand.popleft().folder)
        finally:
            for begun in in_hand:
                if begun.run is not None:
                    begun.run.run.cancel()
                shutil.rmtree(begun.folder)

    def _begin(self, milestone: Milestone, student: str) -> _InHand:
        # A sandbox goes on showing the folder it was started with, so that none can serve twice.
        folder = Path(tempfile.mkdtemp(prefix=_FOLDER, dir=self._course.state))
        package = folder / "tinytorch"
        try:
            export_package(self._own_modules(milestone, student), package)
        except (NotFoundError, InvalidInputError) as error:
            return _InHand(student, folder, reason=str(error))
        script = SCRIPTS[milestone.number]
        limits = limits_of(self._course, milestone.after, script.limits)
        try:
            return _InHand(student, folder, start_script(self._executor, script, package, limits))
        except NotAvailableError:
            shutil.rmtree(folder)
            raise

    def _own_modules(self, milestone: Milestone, student: str) -> list[NotebookSource]:
        sources = []
        for module in self._course.library.course.needed(milestone):
            try:
                notebook = read_notebook(self._course.autograded(module.name, student))
            except NotFoundError:
                raise NotFoundError(f"{module.name} was not handed in and graded.") from None
            sources.append(NotebookSource(f"{module.name}.ipynb", notebook, module.exports))
        return sources

    def _finish(self, actor: str, milestone: Milestone, begun: _InHand) -> str | Exception:
        try:
            judged = begun.run.finish() if begun.run else None
        except NotAvailableError:
            raise
        except Exception as error:
            return error
        passed, message = (judged.passed, judged.message) if judged else (False, begun.reason)
        with transaction(self._engine) as connection:
            stays = not passed and has_reached(connection, begun.student, milestone.number)
            if not stays:
                record_milestone(self._course, connection, actor, begun.student, milestone.number, passed, message)
        verdict = "Reached" if passed else "Reached before, not this time" if stays else "Not reached"
        return f"{verdict}: {message}"
