"""One written answer with all that marking it takes; nothing in it names the student."""

from dataclasses import dataclass, replace

from sqlalchemy import Connection, select

from tinytorch_lab.coursework import Outcome
from tinytorch_lab.curriculum.cells import grade_id
from tinytorch_lab.curriculum.markscheme import MarkScheme
from tinytorch_lab.curriculum.notebooks import read_notebook
from tinytorch_lab.errors import NotFoundError
from tinytorch_lab.grading.answers import answers_in
from tinytorch_lab.grading.evidence import digest, load_evidence
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.marking import answer_digest, mark_history, standing_mark
from tinytorch_lab.grading.markup import html_of
from tinytorch_lab.grading.queries.questions import question_title, response_cell, sample_of, student_of
from tinytorch_lab.grading.records import Mark
from tinytorch_lab.grading.rubric import scheme_of
from tinytorch_lab.grading.sources import KnownCell, load_module_source
from tinytorch_lab.grading.store.marking_tables import flags, sample_marks, samples
from tinytorch_lab.grading.store.tables import marks
from tinytorch_lab.words import count_words


@dataclass(frozen=True)
class MarkingView:
    """An answer as a grader sees it. ``html`` is sanitised; ``history`` is in order of time, the oldest first.

    ``answer`` is the digest of the answer as it was last graded, which a mark for it names. ``outdated`` tells that it
    was another when ``mark`` was given.
    """

    key: str
    module: str
    response: str
    question_html: str
    text: str
    answer: str
    html: str
    words: int
    scheme: MarkScheme
    mark: Mark | None
    outdated: bool
    history: tuple[Mark, ...]
    flag: str | None


@dataclass(frozen=True)
class CodeCell:
    """A cell of the student's own code."""

    id: str
    source: str


@dataclass(frozen=True)
class TestSummary:
    """One test of the submission, with what it measured beside the reference."""

    test: str
    score: float
    possible: float
    status: Outcome
    message: str
    seconds: float
    peak_bytes: int
    reference_seconds: float
    reference_peak_bytes: int


@dataclass(frozen=True)
class OtherAnswer:
    """Another answer of the same student: to this module's other questions, or in earlier modules."""

    module: str
    response: str
    title: str
    html: str
    points: float | None
    total: float


@dataclass(frozen=True)
class AnswerContext:
    """What stands around an answer: the code of the submission, its tests, and the student's other answers."""

    code: tuple[CodeCell, ...]
    tests: tuple[TestSummary, ...]
    answers: tuple[OtherAnswer, ...]


def marking_view(
    course: CourseFolder, connection: Connection, module: str, response: str, key: str, grader: str
) -> MarkingView:
    """Return the answer, or the sample, that ``key`` stands for in the queue of ``grader``.

    Raises:
        NotFoundError: there is none.
    """
    source, cell = response_cell(course, module, response)
    sample = sample_of(course, connection, module, response, grader, key)
    if sample is not None:
        text, mark = read_sample(connection, sample, grader)
        history: tuple[Mark, ...] = (mark,) if mark else ()
        answer, outdated, flag = digest(text), False, None
    else:
        student = student_of(course, connection, module, response, key)
        text = answer_texts(course, module, student, (cell,))[response]
        mark = standing_mark(connection, module, student, response)
        history = tuple(mark_history(connection, module, student, response))
        answer = answer_digest(connection, module, student, response)
        outdated = mark is not None and mark.answer != answer
        flag = _flag(connection, module, student, response)
    return MarkingView(
        key=key,
        module=module,
        response=response,
        question_html=html_of(source.question(cell)),
        text=text,
        answer=answer,
        html=html_of(text),
        words=count_words(text),
        scheme=scheme_of(cell),
        mark=anonymous(mark) if mark else None,
        outdated=outdated,
        history=tuple(anonymous(found) for found in history),
        flag=flag,
    )


def answer_context(
    course: CourseFolder, connection: Connection, module: str, response: str, key: str, grader: str
) -> AnswerContext:
    """Return what stands around the answer that ``key`` stands for; around a sample there is nothing.

    Raises:
        NotFoundError: there is none.
    """
    source, _ = response_cell(course, module, response)
    if sample_of(course, connection, module, response, grader, key) is not None:
        return AnswerContext((), (), ())
    student = student_of(course, connection, module, response, key)
    written = {cell.id for cell in source.known.values() if cell.is_implementation}
    notebook = read_notebook(course.autograded(module, student))
    code = [CodeCell(name, cell.source) for cell in notebook.cells if (name := grade_id(cell)) in written and name]
    evidence = load_evidence(connection, module, student)
    tests = [
        TestSummary(
            test.test,
            test.score,
            test.possible,
            test.status,
            test.message,
            test.seconds,
            test.peak_bytes,
            test.reference_seconds,
            test.reference_peak_bytes,
        )
        for test in (evidence.tests if evidence else ())
    ]
    return AnswerContext(
        tuple(code), tuple(tests), tuple(_other_answers(course, connection, module, response, student))
    )


def read_sample(connection: Connection, sample: int, grader: str) -> tuple[str, Mark | None]:
    """Return a sample's text and the mark that ``grader`` gave it when it came among the answers."""
    found = connection.execute(select(samples).where(samples.c.id == sample)).one()
    given = connection.execute(
        select(sample_marks)
        .where(sample_marks.c.sample_id == sample, sample_marks.c.grader == grader, sample_marks.c.reinserted.is_(True))
        .order_by(sample_marks.c.id.desc())
    ).first()
    if given is None:
        return found.text, None
    mark = Mark(
        given.id, found.module, "", found.response, given.points, "", (), "", grader, given.at, "", None, standing=True
    )
    return found.text, mark


def anonymous(mark: Mark) -> Mark:
    """Return ``mark`` without the name of the student."""
    return replace(mark, student="")


def answer_texts(course: CourseFolder, module: str, student: str, cells: tuple[KnownCell, ...]) -> dict[str, str]:
    """Return the student's texts for the response ``cells``; one left as released is empty."""
    try:
        notebook = read_notebook(course.autograded(module, student))
    except NotFoundError:
        return {cell.id: "" for cell in cells}
    texts = answers_in(notebook, load_module_source(course.source(module)))
    return {cell.id: texts[cell.id] for cell in cells}


def _other_answers(
    course: CourseFolder, connection: Connection, module: str, response: str, student: str
) -> list[OtherAnswer]:
    rows = connection.execute(
        select(marks.c.module, marks.c.response, marks.c.points)
        .where(marks.c.student == student, marks.c.standing.is_(True))
        .order_by(marks.c.id)
    )
    points = {(row.module, row.response): row.points for row in rows}
    modules = sorted({name for name, _ in points} | {module}, reverse=True)
    found = []
    for name in modules:
        if not course.source(name).is_file():
            continue
        source = load_module_source(course.source(name))
        texts = answer_texts(course, name, student, source.responses)
        found += [
            OtherAnswer(
                name,
                cell.id,
                question_title(source, cell),
                html_of(texts[cell.id]),
                points.get((name, cell.id)),
                cell.points,
            )
            for cell in source.responses
            if texts[cell.id] and (name, cell.id) != (module, response)
        ]
    return found


def _flag(connection: Connection, module: str, student: str, response: str) -> str | None:
    row = connection.execute(
        select(flags.c.note).where(flags.c.module == module, flags.c.student == student, flags.c.response == response)
    ).one_or_none()
    return row.note if row else None
