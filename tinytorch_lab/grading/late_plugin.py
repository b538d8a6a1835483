"""The course's late policy as nbgrader's plug-in, so that ``nbgrader autograde`` takes off what we do."""

from pathlib import Path

from nbgrader.plugins import BasePlugin

from tinytorch_lab.grading.folder import load_course_folder
from tinytorch_lab.grading.rules import late_policy_of


class CourseLatePenalty(BasePlugin):  # type: ignore[misc]
    """Applies ``[late]`` of the course that nbgrader is configured for."""

    def late_submission_penalty(self, _student: str, score: float, total_seconds_late: float) -> float:
        """Return the points to take off ``score``; nbgrader counts the lateness, extensions included."""
        course = load_course_folder(Path(self.config.CourseDirectory.root))
        return late_policy_of(course).penalty(score, total_seconds_late)
