"""nbgrader's own commands for students, with the grading service behind them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.grading.handins import handed_in
from tests.hub.running import Hub
from tinytorch_lab.curriculum.notebooks import read_notebook, write_notebook
from tinytorch_lab.desks import COURSE, SERVICE

MODULE = "01_sums"
CONFIG = "from tinytorch_lab.hub.exchange import configure\n\nc = get_config()\nconfigure(c)\n"


def nbgrader(hub: Hub, token: str, folder: Path, *arguments: str) -> tuple[int, str]:
    """Run nbgrader as a student does in their own server; return its exit code and what it said."""
    (folder / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    environment = os.environ | {
        SERVICE: hub.service,
        COURSE: "mini",
        "JUPYTERHUB_API_TOKEN": token,
        "HOME": str(folder),
    }
    command = [sys.executable, "-m", "nbgrader", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stderr


@pytest.mark.timeout(600)
def test_students_list_fetch_submit_and_read_feedback_with_nbgrader(hub: Hub, tokens: dict[str, str], tmp_path: Path):
    def run(*arguments: str) -> tuple[int, str]:
        return nbgrader(hub, tokens["eve"], tmp_path, *arguments)

    assert f"mini {MODULE}\n" in run("list")[1]
    assert run("fetch_assignment", MODULE)[0] == 0
    notebook = tmp_path / MODULE / f"{MODULE}.ipynb"
    assert notebook.read_bytes() == hub.ask(tokens["eve"], "GET", f"courses/mini/modules/{MODULE}/notebook").content
    code, said = run("fetch_assignment", MODULE)
    assert (code, "You already have a copy" in said) == (1, True)
    assert f"mini {MODULE} (already downloaded)" in run("list")[1]

    write_notebook(handed_in(read_notebook(notebook)), notebook)
    code, said = run("submit", MODULE)
    (receipt,) = hub.ask(tokens["eve"], "GET", f"courses/mini/modules/{MODULE}/submissions").json()
    assert (code, receipt["id"] in said, receipt["student"]) == (0, True, "eve")
    assert f"mini eve {MODULE} {receipt['received_at']}" in run("list", "--inbound")[1]
    code, said = run("fetch_feedback", MODULE)
    assert (code, "has not been returned yet" in said) == (1, True)

    for job in ({"kind": "collect"}, {"kind": "autograde"}, {"kind": "return_feedback", "force": True}):
        done = hub.finish(tokens["ines"], "mini", module=MODULE, students=["eve"], **job)
        assert done["job"]["state"] == "done", done
    assert run("fetch_feedback", MODULE)[0] == 0
    (page,) = (tmp_path / MODULE / "feedback").glob(f"*/{MODULE}.html")
    assert "Sums" in page.read_text(encoding="utf-8")


def test_a_refusal_of_the_service_ends_the_command_with_its_sentence(hub: Hub, tokens: dict[str, str], tmp_path: Path):
    code, said = nbgrader(hub, tokens["eve"], tmp_path, "fetch_assignment", "02_later")
    assert (code, "02_later is not released in this course" in said) == (1, True)
    code, said = nbgrader(hub, tokens["eve"], tmp_path, "submit", MODULE)
    assert (code, "fetch the assignment first" in said) == (1, True)
    code, said = nbgrader(hub, "no-token", tmp_path, "list")
    assert code == 1
