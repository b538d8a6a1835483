"""The package's folder when disks fill up, processes race or die, and clocks are coarse."""

import ast
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tinytorch_lab.errors import NotAvailableError
from tinytorch_lab.package.exporter import check_package, export_package
from tinytorch_lab.package.storage import exclusive

from .notebooks import DEFAULT, source

ROOT = Path(__file__).parents[2]

EXPORT = """
import sys
from pathlib import Path
from tests.package.notebooks import source
from tinytorch_lab.errors import TinyTorchError
from tinytorch_lab.package.exporter import export_package

size = int(sys.argv[2])
modules = [source(f"#| default_exp {name}", f"#| export\\nx = {'9' * size!r}", name=f"{name}.ipynb") for name in "abc"]
try:
    export_package(modules, Path(sys.argv[1]))
except TinyTorchError as error:
    print(type(error).__name__, error)
else:
    print("written")
"""

RACE = """
import sys
from pathlib import Path
from tests.package.notebooks import source
from tinytorch_lab.package.exporter import export_package

package, who = Path(sys.argv[1]), sys.argv[2]
print("ready", flush=True)
sys.stdin.readline()
for turn in range(25):
    pair = [source(f"#| default_exp {name}", f"#| export\\nTAG = '{who}{turn}'", name=f"{name}.ipynb") for name in "pq"]
    export_package(pair, package)
    export_package([source(f"#| default_exp own_{who}{turn}", "#| export\\nz = 1", name=f"{who}{turn}.ipynb")], package)
"""


def files(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.glob("*.py")}


def run(code: str, *arguments: str, wrapper: tuple[str, ...] = ()) -> str:
    command = [*wrapper, sys.executable, "-W", "error", "-c", code, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def sandbox(*mounts: str) -> tuple[str, ...]:
    """Return a command prefix under which the file system looks as ``mounts`` say."""
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        pytest.skip("bubblewrap is not installed: full and read-only disks are not tested")
    return (bwrap, "--bind", "/", "/", "--dev", "/dev", *mounts)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    package = tmp_path / "tinytorch"
    modules = [source(f"#| default_exp {name}", "#| export\nx = '999'", name=f"{name}.ipynb") for name in "abc"]
    export_package(modules, package)
    return package


def test_read_only_folder(package: Path) -> None:
    before = files(package)
    said = run(EXPORT, str(package), "4", wrapper=sandbox("--ro-bind", str(package), str(package)))
    assert said == f"NotAvailableError Cannot write {package}: Read-only file system; nothing was changed."
    assert files(package) == before


def test_full_disk(tmp_path: Path) -> None:
    package = tmp_path / "tinytorch"
    wrapper = sandbox("--size", "131072", "--tmpfs", str(tmp_path))
    said, state = _export_twice(wrapper, package)
    assert said == f"NotAvailableError Cannot write {package}: No space left on device; nothing was changed."
    names, first = json.loads(state)
    assert names == [".export.lock", "__init__.py", "a.py", "b.py", "c.py"]
    assert "x = '999'\n" in first


def _export_twice(wrapper: tuple[str, ...], package: Path) -> tuple[str, str]:
    """Export on a small disk, then once more what does not fit; return what was said and what is there."""
    code = f"""
import json, sys
from pathlib import Path
for size in ("3", "50000"):
    sys.argv[2] = size
    exec({EXPORT!r})
package = Path(sys.argv[1])
print(json.dumps([sorted(path.name for path in package.iterdir()), (package / "a.py").read_text()]))
"""
    first, said, state = run(code, str(package), "3", wrapper=wrapper).split("\n")
    assert first == "written"
    return said, state


def test_a_rename_that_fails_half_way_is_rolled_back(package: Path) -> None:
    before = files(package)
    pinned = str(package / "b.py")
    said = run(EXPORT, str(package), "4", wrapper=sandbox("--bind", pinned, pinned))
    assert said == f"NotAvailableError Cannot write {package}: Device or resource busy; nothing was changed."
    assert files(package) == before
    assert sorted(path.name for path in package.iterdir() if path.suffix != ".py") == [".export.lock"]


def test_a_place_that_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "tinytorch").write_text("a file")
    with pytest.raises(NotAvailableError, match="File exists; nothing was changed"):
        export_package([source(DEFAULT, "#| export\nx = 1")], tmp_path / "tinytorch")


def test_leftovers_of_a_killed_export_are_cleared(package: Path) -> None:
    (package / ".export-dead").mkdir()
    (package / ".export-dead" / "a.py").write_text("half")
    assert run(EXPORT, str(package), "5") == "written"
    assert sorted(path.name for path in package.iterdir()) == [".export.lock", "__init__.py", "a.py", "b.py", "c.py"]


def test_exports_of_two_processes_do_not_mix(tmp_path: Path) -> None:
    package = tmp_path / "tinytorch"
    command = [sys.executable, "-c", RACE, str(package)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    racers = [subprocess.Popen([*command, who], cwd=ROOT, **pipes) for who in "ab"]
    try:
        _start(racers)
        while any(racer.poll() is None for racer in racers):
            for path in package.glob("*.py"):
                assert ast.parse(path.read_text()).body, f"{path.name} was seen half written"
            time.sleep(0.02)
        assert [racer.wait() for racer in racers] == [0, 0]
    finally:
        for racer in racers:
            racer.kill()
            racer.wait()
            for pipe in (racer.stdin, racer.stdout):
                assert pipe is not None
                pipe.close()
    tags = {path.stem: path.read_text().rsplit("\n", 2)[1] for path in package.glob("[pq].py")}
    assert tags["p"] == tags["q"], "one export's files stand together"
    offered = (package / "__init__.py").read_text()
    for who in "ab":
        for turn in range(25):
            assert f'"own_{who}{turn}":' in offered
    assert not list(package.glob(".export-*"))


def _start(racers: list[subprocess.Popen[bytes]]) -> None:
    """Let all processes go at once, when all are up."""
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == b"ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write(b"go\n")
        racer.stdin.close()


def test_an_export_waits_for_the_one_before(tmp_path: Path) -> None:
    package = tmp_path / "tinytorch"
    with exclusive(package):
        waiting = subprocess.Popen([sys.executable, "-c", EXPORT, str(package), "3"], cwd=ROOT, stdout=subprocess.PIPE)
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(1.5)
        assert not list(package.glob("*.py"))
    assert waiting.communicate(timeout=60)[0] == b"written\n"


def test_python_never_runs_stale_bytecode(tmp_path: Path) -> None:
    """Two exports within a second, of equal size, and Python caches bytecode in between."""
    package = tmp_path / "tinytorch"
    code = "import tinytorch.tensor; print(tinytorch.tensor.x)"
    caching = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    for value in range(6):
        export_package([source(DEFAULT, f"#| export\nx = {value}")], package)
        command = [sys.executable, "-c", code]
        shown = subprocess.run(command, cwd=tmp_path, env=caching, capture_output=True, text=True, check=True)
        assert shown.stdout == f"{value}\n"
    assert list((package / "__pycache__").glob("tensor.*.pyc"))


def test_time_of_a_file_from_the_future_still_grows(tmp_path: Path) -> None:
    export_package([source(DEFAULT, "#| export\nx = 1")], tmp_path)
    later = time.time() + 1000
    os.utime(tmp_path / "tensor.py", (later, later))
    export_package([source(DEFAULT, "#| export\nx = 2")], tmp_path)
    assert int((tmp_path / "tensor.py").stat().st_mtime) > int(later)


def test_checking_needs_no_right_to_write(package: Path) -> None:
    code = EXPORT.replace("export_package(", "check_package(").replace("import export_package", "import check_package")
    assert run(code, str(package), "3", wrapper=sandbox("--ro-bind", str(package), str(package))) == "written"
    assert check_package([source(DEFAULT, "#| export\nx = 1")], package / "absent") == (
        "absent/__init__.py",
        "absent/tensor.py",
    )
    assert not (package / "absent").exists()
