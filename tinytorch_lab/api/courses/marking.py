"""Marking, question by question, without names."""

from dataclasses import dataclass

from sqlalchemy import Connection

from tinytorch_lab.api.courses.calls import Call
from tinytorch_lab.api.courses.requests import CommentBody, FlagBody, MarkBody, SharesBody, UndoBody
from tinytorch_lab.grading.queries import answers as views
from tinytorch_lab.grading.queries import comments as kept
from tinytorch_lab.grading.queries import questions as questions_of
from tinytorch_lab.grading.queries.pace import MarkingPace, marking_pace
from tinytorch_lab.grading.records import Mark


@dataclass(frozen=True)
class MarkOutcome:
    """What became of a mark: it stands, or ``other`` does, which its author had not seen; then somebody decides."""

    mark: Mark
    other: Mark | None


@dataclass(frozen=True)
class Identity:
    """Whose answer it is."""

    student: str


def questions(call: Call) -> list[questions_of.Question]:
    """Return the questions of a module with how far their marking is."""
    with call.course.reading() as connection:
        return questions_of.questions(call.course.folder, connection, _module(call))


def queue(call: Call) -> list[questions_of.QueuedAnswer]:
    """Return the answers to a question in the caller's order; with ``share=mine`` those that fall to the caller."""
    mine = call.query.get("share") == "mine"
    with call.course.reading() as connection:
        return questions_of.queue(
            call.course.folder, connection, _module(call), call.path["response"], call.caller.name, share=mine
        )


def answer(call: Call) -> views.MarkingView:
    """Return an answer with its mark scheme and marks."""
    with call.course.reading() as connection:
        return views.marking_view(call.course.folder, connection, *_answer(call), call.caller.name)


def context(call: Call) -> views.AnswerContext:
    """Return the code and tests around an answer, and the same student's other answers."""
    with call.course.reading() as connection:
        return views.answer_context(call.course.folder, connection, *_answer(call), call.caller.name)


def identity(call: Call) -> Identity:
    """Return whose answer it is."""
    with call.course.reading() as connection:
        return Identity(_student(call, connection))


def mark(call: Call, body: MarkBody) -> MarkOutcome:
    """Mark an answer."""
    module, response, _ = _answer(call)
    with call.course.reading() as connection:
        sample = _sample(call, connection)
        student = "" if sample is not None else _student(call, connection)
    if sample is not None:
        call.course.service.mark_sample(sample, body.points, reinserted=True, actor=call.caller.name)
        return MarkOutcome(_sample_mark(call, sample), None)
    given = call.course.service.mark(
        module,
        student,
        response,
        body.points,
        body.comment,
        level=body.level,
        criteria=body.criteria,
        seen=body.seen,
        answer=body.answer,
        actor=call.caller.name,
    )
    other = views.anonymous(given.other) if given.other else None
    return MarkOutcome(views.anonymous(given.mark), other)


def undo(call: Call, body: UndoBody) -> views.MarkingView:
    """Take back the mark that stands, and return the answer as it then is."""
    with call.course.reading() as connection:
        sample = _sample(call, connection)
    if sample is not None:
        call.course.service.unmark_sample(sample, actor=call.caller.name)
    else:
        call.course.service.undo_mark(body.mark, actor=call.caller.name)
    return answer(call)


def set_flag(call: Call, body: FlagBody) -> None:
    """Ask for another look at an answer; at a sample, which must not be told apart, nobody needs to look."""
    if not _is_sample(call):
        call.course.service.set_flag(*_place(call), body.note, actor=call.caller.name)


def clear_flag(call: Call) -> None:
    """Take the flag off an answer."""
    if not _is_sample(call):
        call.course.service.clear_flag(*_place(call), actor=call.caller.name)


def comments(call: Call) -> list[kept.KeptComment]:
    """Return the comments kept for a question."""
    with call.course.reading() as connection:
        return kept.kept_comments(connection, _module(call), call.path["response"])


def keep_comment(call: Call, body: CommentBody) -> list[kept.KeptComment]:
    """Keep a comment and return all of the question's."""
    call.course.service.keep_comment(_module(call), call.path["response"], body.text, actor=call.caller.name)
    return comments(call)


def delete_comment(call: Call) -> None:
    """Drop a comment."""
    call.course.service.delete_comment(int(call.path["id"]), actor=call.caller.name)


def pace(call: Call) -> MarkingPace:
    """Return who marked how much of a question."""
    with call.course.reading() as connection:
        return marking_pace(connection, _module(call), call.path["response"])


def set_shares(call: Call, body: SharesBody) -> MarkingPace:
    """Divide the answers to a question among graders."""
    call.course.service.set_shares(_module(call), call.path["response"], body.graders, actor=call.caller.name)
    return pace(call)


def _module(call: Call) -> str:
    return call.course.folder.assignment(call.path["module"])


def _answer(call: Call) -> tuple[str, str, str]:
    return _module(call), call.path["response"], call.path["key"]


def _place(call: Call) -> tuple[str, str, str]:
    """Return module, student and response of an answer."""
    with call.course.reading() as connection:
        return _module(call), _student(call, connection), call.path["response"]


def _student(call: Call, connection: Connection) -> str:
    return questions_of.student_of(call.course.folder, connection, *_answer(call))


def _is_sample(call: Call) -> bool:
    with call.course.reading() as connection:
        return _sample(call, connection) is not None


def _sample(call: Call, connection: Connection) -> int | None:
    return questions_of.sample_of(
        call.course.folder,
        connection,
        _module(call),
        call.path["response"],
        call.caller.name,
        call.path["key"],
    )


def _sample_mark(call: Call, sample: int) -> Mark:
    with call.course.reading() as connection:
        _, mark = views.read_sample(connection, sample, call.caller.name)
    if mark is None:
        raise RuntimeError("the mark was just given")
    return mark
