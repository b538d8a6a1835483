"""nbgrader's own command line, in a course of ours."""

import os
import subprocess
import sys
from pathlib import Path

from tinytorch_lab.grading.folder import CourseFolder


def nbgrader(course: CourseFolder, *arguments: str, folder: Path | None = None) -> None:
    """Run nbgrader's own command, which must succeed."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    environment["JUPYTER_DATA_DIR"] = str(course.root.parent / "jupyter-data")
    command = [sys.executable, "-m", "nbgrader", *arguments]
    done = subprocess.run(
        command, cwd=folder or course.root, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
