"""No attack gains a point, reads, writes or reaches anything, stays behind, or disturbs the next submission."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adversarial.corpus import ATTACKS, Surroundings, read_attack, reference_results, surroundings, violations
from tinytorch_lab.runner.contract import CellResult
from tinytorch_lab.runner.pool import LocalExecutor

ROOT = Path(__file__).parents[2]
BECOME_ORDINARY = """
set -e
blocked="$1"; prefix="$2"; shift 2
if [ -n "$blocked" ]; then
    kept=$(mktemp -d); mount --bind "$prefix" "$kept"; mount -t tmpfs -o mode=755 none "$blocked"
    mkdir -p "$prefix"; mount --bind "$kept" "$prefix"
fi
exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
"""
"""Make an interpreter below a private home visible, in a mount namespace of its own, and drop to nobody."""

Arena = tuple[LocalExecutor, Surroundings, list[CellResult]]


@pytest.fixture(scope="module", params=["bwrap", "landlock"])
def arena(request: pytest.FixtureRequest) -> Iterator[Arena]:
    with surroundings() as place, LocalExecutor(confinement=request.param) as executor:
        yield executor, place, reference_results(executor, place)


@pytest.mark.parametrize("path", ATTACKS, ids=lambda path: path.stem)
def test_attack(arena: Arena, path: Path) -> None:
    executor, place, reference = arena
    assert violations(executor, read_attack(path), place, reference) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="the tests above already run as an ordinary user")
@pytest.mark.parametrize("level", ["bwrap", "landlock"])
def test_all_attacks_as_an_ordinary_user(level: str) -> None:
    prefix = Path(sys.base_prefix)
    blocked = next((str(folder) for folder in prefix.parents[::-1] if not folder.stat().st_mode & 0o001), "")
    command = ["unshare", "-m", "sh", "-c", BECOME_ORDINARY, "sh", blocked, str(prefix)]
    command += [sys.executable, "-B", "-m", "tests.adversarial.corpus", level]
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LANG": "C.UTF-8"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report == {"user": 65534, "checked": len(ATTACKS), "violations": {}}
