"""What a hub's ``jupyterhub_config.py`` needs for the grading service; works with JupyterHub 5 and 6."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jupyterhub

from tinytorch_lab.desks import COURSE, SERVICE
from tinytorch_lab.hub.roles import GRADE, SUBMIT

NAME = "tinytorch-lab"
_START_SECONDS = 120
"""How long the hub waits for the service, which on a busy machine takes its time to load."""
GROUPS = ("nbgrader-{}", "formgrade-{}", "instructor-{}")
"""The groups of a course: its students, graders and instructors."""


def configure(
    c: Any,
    courses: Mapping[str, Path | str],
    *,
    url: str = "http://127.0.0.1:10163",
    hub_url: str = "http://127.0.0.1:8000",
    command: list[str] | None = None,
    managed: bool = True,
    **service: Any,
) -> None:
    """Add the grading service of ``courses`` (id to folder) to the hub's configuration ``c``.

    Args:
        c: the configuration object of ``jupyterhub_config.py``.
        courses: folder of each course as made by ``tito grade init``, by the course's id.
        url: where the service listens.
        hub_url: where the students' servers reach the hub's proxy.
        command: how the hub starts the service; by default the program installed beside this one.
        managed: whether the hub starts the service; with ``False`` it runs by itself (a deployment of its own).
        service: further settings of the hub's service, such as ``user`` or, unless managed, ``api_token``.
    """
    started = {"command": command or _command(courses), **_started()} if managed else {}
    scopes = [GRADE, SUBMIT, "read:users:groups!user"]
    definition = {
        "name": NAME,
        "url": url,
        "display": True,
        "oauth_client_allowed_scopes": scopes,
        "oauth_no_confirm": True,
        **started,
        **service,
    }
    _extend(c.JupyterHub, "services", [definition])
    _merge(
        c.JupyterHub,
        "custom_scopes",
        {
            GRADE: {"description": "Grade TinyTorch submissions", "subscopes": [SUBMIT]},
            SUBMIT: {"description": "Fetch TinyTorch assignments and hand in work"},
        },
    )
    _merge(c.JupyterHub, "load_groups", {group.format(course): {} for course in courses for group in GROUPS})
    _extend(c.JupyterHub, "load_roles", [role for course in courses for role in _roles(course)])
    access = f"access:services!service={NAME}"
    _extend(
        c.Spawner,
        "server_token_scopes",
        ["users:activity!user", "access:servers!server", access, *scopes],
    )
    _extend(c.Spawner, "oauth_client_allowed_scopes", ["access:servers!server", GRADE, SUBMIT])
    _merge(
        c.Spawner,
        "environment",
        {SERVICE: f"{hub_url.rstrip('/')}/services/{NAME}", COURSE: _course_of(tuple(courses))},
    )


def _command(courses: Mapping[str, Path | str]) -> list[str]:
    program = str(Path(sys.executable).parent / "tinytorch-lab-service")
    return [program, *(part for folder in courses.values() for part in ("--course", str(folder)))]


def _started() -> dict[str, Any]:
    # nbgrader calls alembic by its name.
    environment = {"PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"}
    # JupyterHub 5 has a fixed time of its own.
    patience = {"timeout": _START_SECONDS} if jupyterhub.version_info >= (6,) else {}
    return {"environment": environment, **patience}


def _roles(course: str) -> list[dict[str, Any]]:
    access = f"access:services!service={NAME}"
    students, graders, instructors = (group.format(course) for group in GROUPS)
    return [
        {"name": f"tinytorch-students-{course}", "groups": [students], "scopes": [access, SUBMIT]},
        {"name": f"tinytorch-graders-{course}", "groups": [graders], "scopes": [access, GRADE]},
        {"name": f"tinytorch-instructors-{course}", "groups": [instructors], "scopes": [access, GRADE]},
    ]


def _course_of(courses: tuple[str, ...]) -> Callable[[Any], str]:
    def course_of(spawner: Any) -> str:
        """Return the course that a named server is called after, else the first that its owner is in."""
        groups = {group.name for group in spawner.user.groups}
        owned = [course for course in courses if groups & {group.format(course) for group in GROUPS}]
        return spawner.name if spawner.name in owned else next(iter(owned), courses[0])

    return course_of


def _extend(section: Any, name: str, values: list[Any]) -> None:
    present = section.get(name)
    setattr(section, name, [*(present if isinstance(present, list) else []), *values])


def _merge(section: Any, name: str, values: dict[str, Any]) -> None:
    present = section.get(name)
    setattr(section, name, {**values, **(present if isinstance(present, dict) else {})})
