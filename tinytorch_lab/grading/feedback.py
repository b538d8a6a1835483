"""The feedback on a submission: tests with their messages, answers with points, level and what the next one asks."""

from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup
from nbconvert.exporters import Exporter
from nbformat import NotebookNode
from nbgrader.api import Comment, Grade
from nbgrader.preprocessors import NbGraderPreprocessor

from tinytorch_lab.coursework import AnswerFeedback, Feedback, Outcome, TestFeedback
from tinytorch_lab.curriculum.cells import grade_id
from tinytorch_lab.errors import NotFoundError
from tinytorch_lab.grading.evidence import Evidence, load_evidence
from tinytorch_lab.grading.folder import CourseFolder, load_course_folder
from tinytorch_lab.grading.gradebook import CourseGradebook, comments_of, connection_of, grades_of
from tinytorch_lab.grading.markup import html_of
from tinytorch_lab.grading.repair import same_text
from tinytorch_lab.grading.sources import KnownCell, ModuleSource, load_module_source

Resources = dict[str, Any]
_KEY = "tinytorch_lab"


class CompileFeedback(NbGraderPreprocessor):  # type: ignore[misc]
    """Collect what the feedback page says from the gradebook, the evidence and the mark schemes in ``source/``."""

    def preprocess(self, notebook: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Put the feedback into ``resources`` for :class:`FeedbackExporter`."""
        place = resources["nbgrader"]
        course = load_course_folder(Path(self.config.CourseDirectory.root))
        resources[_KEY] = compile_feedback(course, place["assignment"], place["student"], notebook)
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
        return _template().render(feedback=resources[_KEY]), resources


def compile_feedback(course: CourseFolder, module: str, student: str, notebook: NotebookNode) -> Feedback:
    """Return the feedback on ``notebook``, the autograded submission of ``student``."""
    source = load_module_source(course.source(module))
    texts = {grade_id(cell): str(cell.source) for cell in notebook.cells}
    book = CourseGradebook(course)
    try:
        with book.transaction() as gradebook:
            evidence = load_evidence(connection_of(gradebook), module, student)
            grades = grades_of(gradebook, module, student)
            comments = comments_of(gradebook, module, student)
            submission = gradebook.find_submission_notebook(module, module, student)
            answers = tuple(
                _answer(cell, source, texts.get(cell.id, ""), grades[cell.id], comments[cell.id])
                for cell in source.responses
                if cell.id in grades
            )
            return Feedback(
                module=module,
                title=_title(course, module),
                student=student,
                score=submission.score,
                total=submission.max_score,
                penalty=submission.late_submission_penalty or 0.0,
                notes=evidence.notes if evidence else (),
                tests=tuple(_test(cell, evidence, grades[cell.id].score) for cell in source.tests if cell.id in grades),
                answers=answers,
            )
    finally:
        book.close()


def _answer(cell: KnownCell, source: ModuleSource, text: str, grade: Grade, comment: Comment) -> AnswerFeedback:
    marked = not grade.needs_manual_grade
    scheme = cell.scheme if marked else None
    level = scheme.level_for(grade.score) if scheme else None
    return AnswerFeedback(
        response_id=cell.id,
        question=source.question(cell),
        text="" if same_text(text, cell.released.source) else text,
        points=grade.score,
        total=cell.points,
        marked=marked,
        comment=(comment.comment or "") if marked else "",
        level=level,
        above=scheme.next_level(level) if scheme and level else None,
    )


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


def _title(course: CourseFolder, module: str) -> str:
    try:
        return course.library.course.find(module).title
    except NotFoundError:
        return module


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("tinytorch_lab.grading"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["markdown"] = lambda text: Markup(html_of(text))
    environment.filters["points"] = lambda value: f"{value:.4g}"
    return environment.get_template("feedback.html")
