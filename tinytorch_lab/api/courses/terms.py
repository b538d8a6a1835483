"""What is set until when, and for whom otherwise."""

from tinytorch_lab.api.courses.calls import Call
from tinytorch_lab.api.courses.requests import DueBody, ExtensionBody
from tinytorch_lab.grading.queries.extensions import Extension, extensions_of


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
