"""The Littlest JupyterHub: its installer with ``--plugin tinytorch-lab[grading,hub]`` makes a hub for TinyTorch.

Every folder below :data:`COURSES` that ``tito grade init`` made is a course of the grading service, which runs under
the account :data:`ACCOUNT`.
"""

import os
import pwd
import subprocess
from pathlib import Path
from typing import Any

from pluggy import HookimplMarker

from tinytorch_lab import __version__
from tinytorch_lab.grading.folder import SETTINGS, load_course_folder
from tinytorch_lab.hub.config import configure

hookimpl = HookimplMarker("tljh")

ACCOUNT = "tinytorch"
"""The service's account; it alone may read the courses."""
COURSES = Path("/srv/tinytorch/courses")
SERVICE_URL = "http://127.0.0.1:10163"


@hookimpl
def tljh_extra_user_pip_packages() -> list[str]:
    """Return what students' servers need."""
    return [f"tinytorch-lab=={__version__}"]


@hookimpl
def tljh_extra_hub_pip_packages() -> list[str]:
    """Return what the grading service needs."""
    return [f"tinytorch-lab[grading,hub]=={__version__}"]


@hookimpl
def tljh_extra_apt_packages() -> list[str]:
    """Return what confines students' code while it is graded."""
    return ["bubblewrap"]


@hookimpl
def tljh_custom_jupyterhub_config(c: Any) -> None:
    """Add the grading service, once there is a course."""
    folders = sorted(COURSES.glob(f"*/{SETTINGS}"))
    courses = {load_course_folder(found.parent).course_id: found.parent for found in folders}
    if courses:
        # Students' servers are on this machine too, and need no way through the proxy and its certificates.
        configure(c, courses, url=SERVICE_URL, hub_url=SERVICE_URL, user=ACCOUNT)


@hookimpl
def tljh_post_install() -> None:
    """Make the service's account and the folder of its courses."""
    try:
        account = pwd.getpwnam(ACCOUNT)
    except KeyError:
        subprocess.run(["useradd", "--system", "--home-dir", str(COURSES.parent), ACCOUNT], check=True)
        account = pwd.getpwnam(ACCOUNT)
    COURSES.mkdir(parents=True, exist_ok=True)
    for folder in (COURSES.parent, COURSES):
        folder.chmod(0o700)
        os.chown(folder, account.pw_uid, account.pw_gid)
