"""Calibration: sample answers, marked blind, and how graders agree."""

from tinytorch_lab.api.courses.calls import RANK, Call
from tinytorch_lab.api.courses.requests import SampleBody, SampleMarkBody
from tinytorch_lab.grading.queries import calibration as views


def samples(call: Call) -> list[views.Sample]:
    """Return the samples of a question; what was agreed is told to instructors, and to who has marked it."""
    reveal = call.caller.role == "instructor" and call.query.get("reveal") == "true"
    with call.course.reading() as connection:
        return views.samples_for(connection, *_question(call), call.caller.name, reveal=reveal)


def add_sample(call: Call, body: SampleBody) -> list[views.Sample]:
    """Keep a sample and return all of the question's."""
    module, response = _question(call)
    call.course.service.add_sample(module, response, body.text, body.points, body.reason, actor=call.caller.name)
    return samples(call)


def remove_sample(call: Call) -> None:
    """Remove a sample with its marks."""
    call.course.service.remove_sample(int(call.path["id"]), actor=call.caller.name)


def mark_sample(call: Call, body: SampleMarkBody) -> list[views.Sample]:
    """Mark a sample blind; then what was agreed is told."""
    sample = int(call.path["id"])
    call.course.service.mark_sample(sample, body.points, reinserted=False, actor=call.caller.name)
    return samples(call)


def agreement(call: Call) -> views.Calibration:
    """Return how all graders agree with what was agreed; to a grader, only the grader's own figures."""
    everybody = RANK[call.caller.role] >= RANK["instructor"]
    with call.course.reading() as connection:
        grader = None if everybody else call.caller.name
        return views.calibration(call.course.folder, connection, *_question(call), grader)


def _question(call: Call) -> tuple[str, str]:
    return call.course.folder.assignment(call.path["module"]), call.path["response"]
