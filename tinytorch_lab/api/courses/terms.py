"""What is set until when, and for whom otherwise."""

from dataclasses import dataclass

from tinytorch_lab.api.courses.calls import Call
from tinytorch_lab.api.courses.requests import DueBody, ExtensionBody, LatePolicyBody, MilestoneBody, RosterBody
from tinytorch_lab.grading.lateness import LatePolicy
from tinytorch_lab.grading.queries.extensions import Extension, extensions_of
from tinytorch_lab.grading.roster import parse_roster
from tinytorch_lab.grading.rules import late_policy_of


@dataclass(frozen=True)
class LateTerms:
    """What lateness costs, and how students are told."""

    policy: LatePolicy
    sentence: str


@dataclass(frozen=True)
class Imported:
    """How many students of a class list were new, and how many known."""

    new: int
    known: int


def late_policy(call: Call) -> LateTerms:
    """Return what lateness costs."""
    policy = late_policy_of(call.course.folder)
    return LateTerms(policy, policy.sentence())


def set_late_policy(call: Call, body: LatePolicyBody) -> LateTerms:
    """Set what lateness costs; everybody's is counted anew."""
    call.course.service.set_late_policy(LatePolicy(**body.model_dump()), actor=call.caller.name)
    return late_policy(call)


def import_roster(call: Call, body: RosterBody) -> Imported:
    """Enter a class list."""
    entries = parse_roster(body.content.encode(), body.name)
    counts = call.course.service.import_roster(entries, actor=call.caller.name)
    return Imported(counts["new"], counts["known"])


def record_milestone(call: Call, body: MilestoneBody) -> None:
    """Note whether a student has reached a milestone."""
    student, number = call.path["student"], int(call.path["id"])
    call.course.service.record_milestone(student, number, body.passed, body.message, actor=call.caller.name)


def set_due(call: Call, body: DueBody) -> None:
    """Set when a module is due."""
    call.course.service.set_due(call.path["module"], body.due_at, actor=call.caller.name)


def unrelease(call: Call) -> None:
    """Take a module back from students."""
    call.course.service.unrelease(call.path["module"], actor=call.caller.name)


def extensions(call: Call) -> list[Extension]:
    """Return the extensions of a module."""
    with call.course.reading() as connection:
        return extensions_of(connection, call.course.folder.assignment(call.path["module"]))


def extend(call: Call, body: ExtensionBody) -> list[Extension]:
    """Give a student a due date of their own and return all of the module's."""
    module, student = call.path["module"], call.path["student"]
    call.course.service.extend(module, student, body.due_at, body.reason, actor=call.caller.name)
    return extensions(call)


def withdraw(call: Call) -> list[Extension]:
    """Take a student's own due date back and return the module's other ones."""
    call.course.service.withdraw_extension(call.path["module"], call.path["student"], actor=call.caller.name)
    return extensions(call)
