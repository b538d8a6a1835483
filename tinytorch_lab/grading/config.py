"""What a course's ``nbgrader_config.py`` calls, so that nbgrader's own commands do what ours do."""

from pathlib import Path

from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    LockCells,
    SaveCells,
)
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from tinytorch_lab.errors import InvalidInputError, NotFoundError
from tinytorch_lab.grading.exchange import CarefulCollect
from tinytorch_lab.grading.feedback import CompileFeedback, FeedbackExporter
from tinytorch_lab.grading.folder import CourseFolder, load_course_folder
from tinytorch_lab.grading.late_plugin import CourseLatePenalty
from tinytorch_lab.grading.preprocessors import GradeSubmission, LiftMarkSchemes, RepairSubmission


def configure(c: Config, root: Path) -> None:
    """Set up nbgrader for the course in ``root``."""
    course = load_course_folder(root)
    c.CourseDirectory.root = str(course.root)
    c.CourseDirectory.course_id = course.course_id
    c.CourseDirectory.db_url = course.db_url
    c.Exchange.root = str(course.exchange)
    c.ExchangeFactory.collect = CarefulCollect
    c.GenerateAssignment.preprocessors = [
        LiftMarkSchemes,
        LockCells,
        ClearSolutions,
        ClearOutput,
        CheckCellMetadata,
        ComputeChecksums,
        SaveCells,
        ClearHiddenTests,
        ClearMarkScheme,
        ComputeChecksums,
        CheckCellMetadata,
    ]
    c.Autograde.sanitize_preprocessors = [RepairSubmission]
    c.Autograde.autograde_preprocessors = [GradeSubmission, AssignLatePenalties]
    c.AssignLatePenalties.plugin_class = CourseLatePenalty
    c.GenerateFeedback.preprocessors = [CompileFeedback]
    c.GenerateFeedback.exporter_class = FeedbackExporter


def load_config(course: CourseFolder) -> Config:
    """Return nbgrader's configuration of ``course`` with whatever the instructor added to it.

    Raises:
        NotFoundError: ``nbgrader_config.py`` is missing.
        InvalidInputError: it cannot be run.
    """
    path = course.root / "nbgrader_config.py"
    if not path.is_file():
        raise NotFoundError(f"There is no {path}; make it again with: tito grade init {course.root}")
    try:
        config: Config = PyFileConfigLoader(path.name, path=str(path.parent)).load_config()
    except Exception as error:
        raise InvalidInputError(f"{path} cannot be run: {type(error).__name__}: {error}.") from None
    return config
