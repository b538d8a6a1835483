"""The feedback on a submission: tests with their messages, answers with points, level and what the next one asks."""

from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape
from nbconvert.exporters import Exporter
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from sqlalchemy import Connection

from tinytorch_lab.coursework import AnswerFeedback, Feedback, Outcome, OwnRun, TestFeedback
from tinytorch_lab.grading.answers import answers_in
from tinytorch_lab.grading.evidence import Evidence, load_evidence
from tinytorch_lab.grading.folder import CourseFolder, load_course_folder
from tinytorch_lab.grading.graded_work import GradedCell, graded_work
from tinytorch_lab.grading.marking import standing_mark
from tinytorch_lab.grading.markup import html_of
from tinytorch_lab.grading.own_modules import load_own_run
from tinytorch_lab.grading.records import Mark
from tinytorch_lab.grading.rubric import scheme_of
from tinytorch_lab.grading.rules import late_policy_of
from tinytorch_lab.grading.sources import KnownCell, load_module_source
from tinytorch_lab.grading.store.database import open_engine

Resources = dict[str, Any]
_KEY = "tinytorch_lab"


class CompileFeedback(NbGraderPreprocessor):  # type: ignore[misc]
    """Collect what the feedback page says from the gradebook, the evidence and the mark schemes in ``source/``."""

    def preprocess(self, notebook: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Put the feedback into ``resources`` for :class:`FeedbackExporter`."""
        place = resources["nbgrader"]
        course = load_course_folder(Path(self.config.CourseDirectory.root))
        engine = open_engine(course.db_url)
        try:
            with engine.connect() as connection:
                resources[_KEY] = compile_feedback(course, connection, place["assignment"], place["student"], notebook)
        finally:
            engine.dispose()
        return notebook, resources


class FeedbackExporter(Exporter):
    """Renders the feedback as one self-contained page that runs and loads nothing."""

    file_extension = ".html"
    output_mimetype = "text/html"

    def from_notebook_node(  # type: ignore[override]
        self, nb: NotebookNode, resources: Resources | None = None, **kwargs: Any
    ) -> tuple[str, Resources]:
        """Return the page for ``nb`` once the preprocessors have compiled its feedback."""
        _, resources = super().from_notebook_node(nb, resources, **kwargs)
        return render_page(resources[_KEY]), resources


def render_page(feedback: Feedback) -> str:
    """Return ``feedback`` as one self-contained HTML page that runs and loads nothing, whatever its texts hold."""
    return _template().render(feedback=feedback)


def compile_feedback(
    course: CourseFolder, connection: Connection, module: str, student: str, notebook: NotebookNode
) -> Feedback:
    """Return the feedback on ``notebook``, the autograded submission of ``student``.

    Raises:
        NotFoundError: it has not been autograded, or the module has not been generated.
    """
    source = load_module_source(course.source(module))
    texts = answers_in(notebook, source)
    evidence = load_evidence(connection, module, student)
    work = graded_work(connection, module, student)
    return Feedback(
        module=module,
        title=course.title(module),
        student=student,
        score=work.score,
        total=work.possible,
        penalty=work.penalty,
        lateness=late_policy_of(course).reason(work.late_seconds) if work.penalty else "",
        notes=evidence.notes if evidence else (),
        tests=tuple(_test(cell, evidence, work.cells[cell.id].score) for cell in source.tests if cell.id in work.cells),
        answers=tuple(
            _answer(
                cell,
                source.question(cell),
                texts[cell.id],
                work.cells[cell.id],
                standing_mark(connection, module, student, cell.id),
            )
            for cell in source.responses
            if cell.id in work.cells
        ),
        own_run=_own_run(connection, evidence),
    )


def _answer(cell: KnownCell, question: str, text: str, graded: GradedCell, mark: Mark | None) -> AnswerFeedback:
    scheme = None if graded.waits else scheme_of(cell)
    level = scheme.level_for(graded.score) if scheme else None
    return AnswerFeedback(
        response_id=cell.id,
        question=question,
        text=text,
        points=graded.score,
        total=cell.points,
        marked=not graded.waits,
        comment="" if graded.waits else graded.comment,
        level=level,
        above=scheme.next_level(level) if scheme and level else None,
        ticked=mark.criteria if mark and not graded.waits else (),
    )


def _own_run(connection: Connection, evidence: Evidence | None) -> OwnRun | None:
    """Return the run on the student's own earlier modules, unless the submission was graded anew since."""
    run = load_own_run(connection, evidence.module, evidence.student) if evidence else None
    return run if run and evidence and run.graded_at >= evidence.graded_at else None


def _test(cell: KnownCell, evidence: Evidence | None, score: float) -> TestFeedback:
    for test in evidence.tests if evidence else ():
        if test.test == cell.id:
            return TestFeedback(
                test=test.test,
                score=score,
                possible=test.possible,
                status=test.status,
                message=test.message,
                corrected=score != test.score,
                seconds=test.seconds,
                peak_bytes=test.peak_bytes,
                reference_seconds=test.reference_seconds,
                reference_peak_bytes=test.reference_peak_bytes,
            )
    status: Outcome = "passed" if score == cell.points else "failed"
    return TestFeedback(cell.id, score, cell.points, status, "", False, 0.0, 0, 0.0, 0)


def _size(count: float) -> str:
    for unit, size in (("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count:.0f} B"


def _duration(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds >= 1 else f"{1000 * seconds:.3g} ms"


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("tinytorch_lab.grading"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["markdown"] = lambda text, below: Markup(html_of(text, below))
    environment.filters["breakable"] = lambda name: escape(name).replace("_", Markup("_<wbr>"))
    environment.filters["points"] = lambda value: f"{round(value, 2):g}"
    environment.filters["size"] = _size
    environment.filters["duration"] = _duration
    return environment.get_template("feedback.html")
