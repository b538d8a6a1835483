"""Where a course's rules stand: in the ``course.toml`` of the course folder, else in that of its curriculum."""

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tinytorch_lab.errors import InvalidInputError, NotAvailableError
from tinytorch_lab.grading.course_grade import Weights, course_weights
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.lateness import LatePolicy, late_policy
from tinytorch_lab.runner.cluster import Certificates
from tinytorch_lab.runner.contract import Limits

RULES = "course.toml"
_CERTIFICATES = ("authority", "certificate", "key")


def rule_table(course: CourseFolder, name: str) -> tuple[dict[str, Any], Path]:
    """Return the table ``name`` of the course's rules (empty when nobody states it) and the file it stands in.

    Raises:
        InvalidInputError: a file is not TOML, or ``name`` is no table in it.
        NotAvailableError: a file cannot be read.
    """
    own, general = course.root / RULES, course.curriculum / RULES
    for path in (own, general):
        tables = _tables(path)
        if name in tables:
            if not isinstance(tables[name], dict):
                raise InvalidInputError(f"{path}: {name} must be a table, written as [{name}].")
            return tables[name], path
    return {}, general


def late_policy_of(course: CourseFolder) -> LatePolicy:
    """Return what handing in late costs in ``course``.

    Raises:
        InvalidInputError: its ``[late]`` is wrong.
    """
    table, path = rule_table(course, "late")
    return late_policy(table, str(path))


def weights_of(course: CourseFolder) -> Weights:
    """Return what counts how much in ``course``.

    Raises:
        InvalidInputError: its ``[weights]`` is wrong.
    """
    table, path = rule_table(course, "weights")
    catalogue = course.library.course
    return course_weights(table, catalogue.automatic_points, catalogue.written_points, str(path))


def limits_of(course: CourseFolder, module: str, beyond: Mapping[str, float] = MappingProxyType({})) -> Limits:
    """Return what a run of ``module`` may use, with entries of ``beyond`` in place of the course's general ones.

    Raises:
        InvalidInputError: ``[limits]`` is wrong, or one of its tables ``[limits.NN_name]`` is of no module.
    """
    table, path = rule_table(course, "limits")
    modules = {info.name for info in course.library.course.assignments} | {module}
    strange = [key for key, value in table.items() if isinstance(value, dict) and key not in modules]
    if strange:
        raise InvalidInputError(f"{path}: [limits.{strange[0]}] is of no module of this course.")
    return Limits.from_table({**table, **beyond}, module, str(path))


def certificates_of(course: CourseFolder) -> Certificates:
    """Return the files with which ``course`` shows a grading cluster that it may use it.

    Raises:
        InvalidInputError: ``[cluster]`` does not name all of them, or one is not there.
    """
    table, path = rule_table(course, "cluster")
    files = {name: path.parent / str(table.get(name, "")) for name in _CERTIFICATES}
    missing = [name for name, file in files.items() if not file.is_file()]
    if missing or table.keys() - files.keys() - {"address"}:
        needed = (
            f"[cluster] has to name the files {', '.join(_CERTIFICATES)} of the TLS connection and may name the address"
        )
        raise InvalidInputError(f"{path}: {needed}{f'; there is no {missing[0]}' if missing else ''}.")
    return Certificates(**files)


def cluster_of(course: CourseFolder) -> str:
    """Return the address of the cluster on which ``course`` grades unless told otherwise; empty: on this machine."""
    table, _ = rule_table(course, "cluster")
    return str(table.get("address", ""))


def _tables(path: Path) -> dict[str, Any]:
    try:
        return _parsed(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise NotAvailableError(f"Cannot read {path}: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"{path} is not valid TOML: {error}.") from None


@lru_cache(maxsize=16)
def _parsed(text: str) -> dict[str, Any]:
    """Return the tables of ``text``; reading them takes a hundred times longer than reading the file."""
    return tomllib.loads(text)
