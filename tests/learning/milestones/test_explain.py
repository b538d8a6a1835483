"""What a student is told when a milestone stops."""

from tinytorch_lab.milestones.explain import explain
from tinytorch_lab.runner.contract import CellResult, Failure


def test_an_import_error_shows_no_folder_of_the_machine(tmp_path):
    message = f"cannot import name 'Linear' from 'tinytorch.layers' ({tmp_path}/tinytorch/layers.py)"
    result = CellResult("build", "error", failure=Failure("ImportError", message, (), ""))
    said = explain(result, tmp_path / "tinytorch")
    assert said == "The step 'build' failed with ImportError: cannot import name 'Linear' from 'tinytorch.layers'."
