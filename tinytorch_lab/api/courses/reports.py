"""Grades as files, and work that resembles other work."""

from collections.abc import Callable, Mapping

from tinytorch_lab.api.courses.calls import Call, Download
from tinytorch_lab.errors import NotFoundError
from tinytorch_lab.grading import exports
from tinytorch_lab.grading.queries import similar
from tinytorch_lab.grading.queries.grades import class_grades
from tinytorch_lab.grading.similarity import SimilarityReport

_FORMATS: Mapping[str, tuple[Callable[..., str], str, str]] = {
    "csv": (exports.class_csv, "text/csv; charset=utf-8", "grades.csv"),
    "json": (exports.class_json, "application/json", "grades.json"),
    "canvas": (exports.canvas_csv, "text/csv; charset=utf-8", "grades-canvas.csv"),
    "moodle": (exports.moodle_csv, "text/csv; charset=utf-8", "grades-moodle.csv"),
}


def download(call: Call) -> Download:
    """Return all grades in the format that was asked for.

    Raises:
        NotFoundError: there is no such format.
    """
    if call.path["format"] not in _FORMATS:
        raise NotFoundError(f"There is no such format; the formats are {', '.join(_FORMATS)}.")
    written, media_type, name = _FORMATS[call.path["format"]]
    with call.course.reading() as connection:
        assignments, students = class_grades(call.course.folder, connection)
    return Download(written(assignments, students).encode(), media_type, f"{call.course.folder.course_id}-{name}")


def similarity(call: Call) -> tuple[SimilarityReport, ...]:
    """Return the pairs of students whose work in a module is alike."""
    return similar.similarity(call.course.folder, _module(call))


def side_by_side(call: Call) -> similar.SideBySide:
    """Return what two students handed in, for a person to compare."""
    return similar.side_by_side(call.course.folder, _module(call), call.path["left"], call.path["right"])


def _module(call: Call) -> str:
    return call.course.folder.assignment(call.path["module"])
