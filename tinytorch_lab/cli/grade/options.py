"""The options that commands on a course share."""

from pathlib import Path
from typing import Annotated

import typer

CourseOption = Annotated[
    Path | None,
    typer.Option("--course", "-c", envvar="TINYTORCH_COURSE", help="The course's folder. Default: this folder."),
]
StudentsOption = Annotated[
    list[str] | None, typer.Option("--student", help="Only this student; may be repeated.", show_default=False)
]
StudentOption = Annotated[str | None, typer.Option("--student", help="Only this student.")]
