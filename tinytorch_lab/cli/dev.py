"""``tito dev``: for those who write the curriculum."""

from dataclasses import asdict
from typing import Annotated

import typer

from tinytorch_lab.authoring.findings import Finding
from tinytorch_lab.authoring.release import build_release
from tinytorch_lab.authoring.release import stale_files as stale_release_files
from tinytorch_lab.authoring.validate import Validation, validate
from tinytorch_lab.cli.output import Json, complain, err, say, show_json
from tinytorch_lab.cli.workspaces import CurriculumOption, library_at
from tinytorch_lab.curriculum.library import Release
from tinytorch_lab.errors import NotFoundError
from tinytorch_lab.package.build import build_reference, check_reference
from tinytorch_lab.runner.pool import LocalExecutor

app = typer.Typer(help="Validate and build the curriculum.", no_args_is_help=True)


@app.command("validate")
def validate_modules(
    names: Annotated[list[str] | None, typer.Argument(metavar="[MODULE]...")] = None,
    curriculum: CurriculumOption = None,
    as_json: Json = False,
) -> None:
    """Check modules and projects (default: all that exist) and run them; exits with 1 on any finding."""
    library = library_at(curriculum)
    modules = [library.course.assignment(name) for name in names] if names else list(library.available_assignments())
    if not modules:
        raise NotFoundError(f"There is no module source below {library.root}.")
    results: list[Validation] = []
    with LocalExecutor(allow_unsandboxed=True) as executor:
        for module in modules:
            with err.status(f"Validating {module.name} …"):
                results.append(validate(library, module, executor))
            if not as_json:
                _print(results[-1])
    if as_json:
        show_json([_row(result) for result in results])
    if not all(result.valid for result in results):
        raise typer.Exit(1)


@app.command("build")
def build(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit with 1 if a build is due.")] = False,
    curriculum: CurriculumOption = None,
) -> None:
    """Write the reference package and the student release from the curriculum."""
    library, release = library_at(curriculum), Release()
    package = library.root.parent / "tinytorch"
    if check:
        stale = [
            *check_reference(library, package),
            *(f"release/{name}" for name in stale_release_files(library, release)),
        ]
        for name in stale:
            say(f"stale  {name}")
        if stale:
            complain("The build is out of date; run 'tito dev build'.")
            raise typer.Exit(1)
        say("The reference package and the student release are up to date.")
        return
    with LocalExecutor(allow_unsandboxed=True) as executor, err.status("Building …"):
        written = [
            *build_reference(library, package).written,
            *(f"release/{name}" for name in build_release(library, release, executor)),
        ]
    for name in written:
        say(f"wrote  {name}")
    if not written:
        say("Everything was up to date.")


def _print(result: Validation) -> None:
    for finding in result.findings:
        say(str(finding))
    if result.reference_score is not None:
        scores = f"reference {result.reference_score:g}, unsolved {result.unsolved_score:g} automatic points"
    else:
        scores = "not run: mend the findings first"
    verdict = "valid" if result.valid else f"{len(result.findings)} findings"
    say(f"{result.module.name}: {verdict} ({scores}).")


def _row(result: Validation) -> dict[str, object]:
    return {
        "module": result.module.name,
        "valid": result.valid,
        "reference_score": result.reference_score,
        "unsolved_score": result.unsolved_score,
        "findings": [_finding(finding) for finding in result.findings],
    }


def _finding(finding: Finding) -> dict[str, object]:
    return asdict(finding) | {"file": str(finding.file)}
