"""Which handler answers which address."""

from tinytorch_lab.api.assignments import (
    AssignmentsHandler,
    FeedbackHandler,
    FeedbackPageHandler,
    RestoreHandler,
    SubmissionHandler,
    SubmissionsHandler,
)
from tinytorch_lab.api.base import LabHandler
from tinytorch_lab.api.course import CourseHandler, ReadmeHandler, ResetHandler, StartHandler
from tinytorch_lab.api.export import ExportHandler, PackageHandler
from tinytorch_lab.api.memberships import MembershipsHandler
from tinytorch_lab.api.milestones import MilestoneHandler, MilestoneRunHandler, MilestonesHandler, PlotHandler
from tinytorch_lab.api.tests import HistoryHandler, TestsHandler

_BASE = r"tinytorch-lab/api/"
_MODULE = r"modules/(?P<name>[a-z0-9_]+)"
_RECEIPT = r"(?P<receipt>[0-9a-f]{32})"
_MILESTONE = r"milestones/(?P<number>[0-9]{1,4})"

ROUTES: tuple[tuple[str, type[LabHandler]], ...] = (
    (_BASE + r"course", CourseHandler),
    (_BASE + _MODULE + r"/start", StartHandler),
    (_BASE + _MODULE + r"/reset", ResetHandler),
    (_BASE + _MODULE + r"/readme", ReadmeHandler),
    (_BASE + _MODULE + r"/tests", TestsHandler),
    (_BASE + _MODULE + r"/tests/history", HistoryHandler),
    (_BASE + _MODULE + r"/export", ExportHandler),
    (_BASE + r"export", ExportHandler),
    (_BASE + r"package", PackageHandler),
    (_BASE + r"courses", MembershipsHandler),
    (_BASE + r"assignments", AssignmentsHandler),
    (_BASE + _MODULE + r"/submission", SubmissionHandler),
    (_BASE + _MODULE + r"/submissions", SubmissionsHandler),
    (_BASE + _MODULE + r"/submissions/" + _RECEIPT + r"/restore", RestoreHandler),
    (_BASE + _MODULE + r"/feedback", FeedbackHandler),
    (_BASE + _MODULE + r"/feedback/page", FeedbackPageHandler),
    (_BASE + r"milestones", MilestonesHandler),
    (_BASE + _MILESTONE, MilestoneHandler),
    (_BASE + _MILESTONE + r"/run", MilestoneRunHandler),
    (_BASE + _MILESTONE + r"/plot", PlotHandler),
)
"""Every address below the server's base URL."""
