"""Setting what lateness costs: ``[late]`` in the course folder's own ``course.toml``, everything else there kept."""

from dataclasses import asdict
from pathlib import Path

import tomlkit
from sqlalchemy import Connection, select
from tomlkit.exceptions import TOMLKitError

from tinytorch_lab.errors import InvalidInputError, NotAvailableError
from tinytorch_lab.files import write_text
from tinytorch_lab.grading import auditing
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.lateness import LatePolicy, late_policy
from tinytorch_lab.grading.rules import RULES, late_policy_of
from tinytorch_lab.grading.store.tables import assignments
from tinytorch_lab.grading.terms import count_lateness


def set_late_policy(
    course: CourseFolder,
    connection: Connection,
    actor: str,
    deduction: float,
    per: str,
    grace_minutes: float,
    maximum: float,
    cut_off_hours: float,
) -> None:
    """Write the policy and count everybody's lateness anew.

    Raises:
        InvalidInputError: a value is out of its range, or the course's ``course.toml`` is not TOML.
        NotAvailableError: the course folder is not ours to write.
    """
    path = course.root / RULES
    table = {
        "deduction": deduction,
        "per": per,
        "grace_minutes": grace_minutes,
        "maximum": maximum,
        "cut_off_hours": cut_off_hours,
    }
    policy, former = late_policy(table, str(path)), late_policy_of(course)
    _write(path, policy)
    for module in connection.execute(select(assignments.c.module)).scalars().all():
        count_lateness(course, connection, module)
    auditing.note(connection, actor, "set late policy", before=asdict(former), after=asdict(policy))


def _write(path: Path, policy: LatePolicy) -> None:
    try:
        document = tomlkit.parse(path.read_text(encoding="utf-8")) if path.exists() else tomlkit.document()
    except TOMLKitError as error:
        raise InvalidInputError(f"{path} is not valid TOML: {error}.") from None
    except OSError as error:
        raise NotAvailableError(f"Cannot read {path}: {error.strerror}.") from None
    document["late"] = asdict(policy)
    write_text(path, tomlkit.dumps(document))
