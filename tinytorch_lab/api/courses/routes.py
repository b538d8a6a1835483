"""Every question that a course answers, with the least role that may ask it."""

from tinytorch_lab.api.courses import overview, student
from tinytorch_lab.api.courses.calls import Route

_MODULE = "modules/{module}"

ROUTES: tuple[Route, ...] = (
    Route("GET", "assignments", "student", student.assignments),
    Route("GET", f"{_MODULE}/notebook", "student", student.notebook),
    Route("GET", f"{_MODULE}/submissions", "student", student.submissions),
    Route("POST", f"{_MODULE}/submissions", "student", student.submit, 201),
    Route("GET", "submissions/{receipt}", "student", student.submission),
    Route("GET", f"{_MODULE}/feedback", "student", student.feedback),
    Route("GET", f"{_MODULE}/feedback/page", "student", student.feedback_page),
    Route("GET", "modules", "grader", overview.modules),
    Route("GET", "overview", "instructor", overview.overview),
    Route("GET", "students/{student}", "instructor", overview.student),
    Route("GET", "struggling", "instructor", overview.struggling),
    Route("GET", f"{_MODULE}/statistics", "instructor", overview.statistics),
    Route("GET", "suspicious", "instructor", overview.suspicious),
    Route("GET", "audit", "instructor", overview.audit),
)
