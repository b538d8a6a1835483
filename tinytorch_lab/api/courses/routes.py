"""Every question that a course answers, with the least role that may ask it."""

from tinytorch_lab.api.courses import calibration, jobs, marking, overview, reports, student, terms
from tinytorch_lab.api.courses.calls import Route

_MODULE = "modules/{module}"
_QUESTION = f"{_MODULE}/questions/{{response}}"
_ANSWER = f"{_QUESTION}/answers/{{key}}"

_STUDENT: tuple[Route, ...] = (
    Route("GET", "assignments", "student", student.assignments),
    Route("GET", f"{_MODULE}/notebook", "student", student.notebook),
    Route("GET", f"{_MODULE}/submissions", "student", student.submissions),
    Route("POST", f"{_MODULE}/submissions", "student", student.submit, 201),
    Route("GET", "submissions/{receipt}", "student", student.submission),
    Route("GET", f"{_MODULE}/feedback", "student", student.feedback),
    Route("GET", f"{_MODULE}/feedback/page", "student", student.feedback_page),
)
_GRADER: tuple[Route, ...] = (
    Route("GET", "modules", "grader", overview.modules),
    Route("GET", f"{_MODULE}/questions", "grader", marking.questions),
    Route("GET", f"{_QUESTION}/answers", "grader", marking.queue),
    Route("GET", f"{_QUESTION}/pace", "grader", marking.pace),
    Route("GET", _ANSWER, "grader", marking.answer),
    Route("GET", f"{_ANSWER}/context", "grader", marking.context),
    Route("POST", f"{_ANSWER}/mark", "grader", marking.mark),
    Route("POST", f"{_ANSWER}/undo", "grader", marking.undo),
    Route("PUT", f"{_ANSWER}/flag", "grader", marking.set_flag, 204),
    Route("DELETE", f"{_ANSWER}/flag", "grader", marking.clear_flag, 204),
    Route("GET", f"{_QUESTION}/comments", "grader", marking.comments),
    Route("POST", f"{_QUESTION}/comments", "grader", marking.keep_comment, 201),
    Route("DELETE", "comments/{id}", "grader", marking.delete_comment, 204),
    Route("GET", f"{_QUESTION}/samples", "grader", calibration.samples),
    Route("POST", f"{_QUESTION}/samples/{{id}}/mark", "grader", calibration.mark_sample),
    Route("GET", f"{_QUESTION}/agreement", "grader", calibration.agreement),
)
_INSTRUCTOR: tuple[Route, ...] = (
    Route("GET", "overview", "instructor", overview.overview),
    Route("GET", "students/{student}", "instructor", overview.student),
    Route("GET", "struggling", "instructor", overview.struggling),
    Route("GET", f"{_MODULE}/statistics", "instructor", overview.statistics),
    Route("GET", "suspicious", "instructor", overview.suspicious),
    Route("GET", "audit", "instructor", overview.audit),
    Route("GET", f"{_ANSWER}/student", "instructor", marking.identity),
    Route("PUT", f"{_QUESTION}/shares", "instructor", marking.set_shares),
    Route("POST", f"{_QUESTION}/samples", "instructor", calibration.add_sample, 201),
    Route("DELETE", "samples/{id}", "instructor", calibration.remove_sample, 204),
    Route("GET", "jobs", "instructor", jobs.jobs),
    Route("POST", "jobs", "instructor", jobs.request, 202),
    Route("GET", "jobs/{id}", "instructor", jobs.job),
    Route("GET", "jobs/{id}/log", "instructor", jobs.log),
    Route("POST", "jobs/{id}/cancel", "instructor", jobs.cancel),
    Route("POST", "jobs/{id}/retry", "instructor", jobs.retry, 202),
    Route("POST", "jobs/{id}/apply", "instructor", jobs.apply, 202),
    Route("GET", "late-policy", "instructor", terms.late_policy),
    Route("PUT", "late-policy", "instructor", terms.set_late_policy),
    Route("POST", "roster", "instructor", terms.import_roster),
    Route("PUT", "students/{student}/milestones/{id}", "instructor", terms.record_milestone, 204),
    Route("PUT", f"{_MODULE}/due", "instructor", terms.set_due, 204),
    Route("POST", f"{_MODULE}/unrelease", "instructor", terms.unrelease, 204),
    Route("GET", f"{_MODULE}/extensions", "instructor", terms.extensions),
    Route("PUT", f"{_MODULE}/extensions/{{student}}", "instructor", terms.extend),
    Route("DELETE", f"{_MODULE}/extensions/{{student}}", "instructor", terms.withdraw),
    Route("GET", "reports/{format}", "instructor", reports.download),
    Route("GET", f"{_MODULE}/similarity", "instructor", reports.similarity),
    Route("GET", f"{_MODULE}/similarity/{{left}}/{{right}}", "instructor", reports.side_by_side),
)

ROUTES: tuple[Route, ...] = (*_STUDENT, *_GRADER, *_INSTRUCTOR)
