"""Long work on a course: asked for here, done by its worker, looked at here."""

from dataclasses import dataclass

from tinytorch_lab.api.courses.calls import Call
from tinytorch_lab.api.courses.requests import ApplyBody, JobBody
from tinytorch_lab.grading.records import Job, JobRow


@dataclass(frozen=True)
class JobDetails:
    """A job with what it did for each subject so far."""

    job: Job
    rows: tuple[JobRow, ...]


@dataclass(frozen=True)
class JobLog:
    """What was logged during a job."""

    text: str


def jobs(call: Call) -> list[Job]:
    """Return the last jobs, the newest first."""
    return call.course.service.jobs()


def job(call: Call) -> JobDetails:
    """Return one job."""
    return _details(call, int(call.path["id"]))


def request(call: Call, body: JobBody) -> Job:
    """Enter a job in the queue."""
    service, actor = call.course.service, call.caller.name
    match body.kind:
        case "generate":
            asked = service.generate(body.module, actor=actor)
        case "release":
            asked = service.release(body.module, actor=actor)
        case "collect":
            asked = service.collect(body.module, body.students, actor=actor)
        case "autograde":
            asked = service.autograde(body.module, body.students, body.changed, actor=actor)
        case "own_modules":
            asked = service.run_on_own_modules(body.module, body.students, actor=actor)
        case "milestone":
            asked = service.run_milestone(body.module, body.students, actor=actor)
        case "feedback":
            asked = service.feedback(body.module, body.students, body.force, actor=actor)
        case "return_feedback":
            asked = service.return_feedback(body.module, body.students, body.force, actor=actor)
        case "regrade":
            asked = service.regrade(body.module, body.students, actor=actor)
    return service.job(asked.id)


def apply(call: Call, body: ApplyBody) -> Job:
    """Enter a job that stores what a regrade found."""
    asked = call.course.service.apply_regrade(int(call.path["id"]), body.students, actor=call.caller.name)
    return call.course.service.job(asked.id)


def cancel(call: Call) -> Job:
    """Stop a job after the subject in hand."""
    return call.course.service.cancel(int(call.path["id"]), actor=call.caller.name)


def retry(call: Call) -> Job:
    """Enter a job again for those it failed for."""
    asked = call.course.service.retry(int(call.path["id"]), actor=call.caller.name)
    return call.course.service.job(asked.id)


def log(call: Call) -> JobLog:
    """Return a job's log."""
    return JobLog(call.course.service.job_log(int(call.path["id"])))


def _details(call: Call, number: int) -> JobDetails:
    service = call.course.service
    return JobDetails(service.job(number), service.job_report(number).rows)
