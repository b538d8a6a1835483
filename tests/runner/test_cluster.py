"""The cluster executor on a real scheduler with two workers, each a process of its own, over TLS."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tinytorch_lab.errors import InvalidInputError
from tinytorch_lab.runner.cluster import Certificates, ClusterExecutor
from tinytorch_lab.runner.contract import Cell, CellResult, Job, Limits, RunEnd

pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings("ignore")  # dask's own, at shutdown

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder = tmp_path_factory.mktemp("tls")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(folder / "key"), "-out", str(folder / "cert")]
    subprocess.run(command, check=True, capture_output=True)
    return Certificates(folder / "cert", folder / "cert", folder / "key")


@pytest.fixture(scope="module")
def cluster(certificates: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("cluster")
    tls = [
        "--tls-ca-file",
        certificates.authority,
        "--tls-cert",
        certificates.certificate,
        "--tls-key",
        certificates.key,
    ]
    started: list[subprocess.Popen[bytes]] = []

    def start(*arguments: object) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "distributed.cli." + str(arguments[0]), *map(str, [*arguments[1:], *tls])]
        log = (folder / f"log{len(started)}").open("wb")
        environment = os.environ | {"PYTHONPATH": f"{ROOT}:{os.environ.get('PYTHONPATH', '')}"}
        started.append(subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env=environment))
        log.close()
        return started[-1]

    try:
        start(
            "dask_scheduler", "--host", "127.0.0.1", "--port", 0, "--no-dashboard", "--scheduler-file", "scheduler.json"
        )
        deadline = time.monotonic() + 60
        while not (folder / "scheduler.json").exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        address = _address(folder / "scheduler.json")
        options = ["--nthreads", 1, "--no-nanny", "--no-dashboard", "--host", "127.0.0.1", "--local-directory", folder]
        workers = [start("dask_worker", address, *options) for _ in range(2)]
        yield {"address": address, "workers": workers}
    finally:
        for process in started:
            process.kill()
        for process in started:
            process.wait()


def _address(path: Path) -> str:
    for _ in range(100):
        try:
            return str(json.loads(path.read_text())["address"])
        except ValueError:
            time.sleep(0.1)
    raise AssertionError("the scheduler wrote no address")


def submission(number: int) -> Job:
    """Return a submission that says its number; number 7 is poison."""
    source = "import os\nos._exit(1)" if number == 7 else f"import time\ntime.sleep(0.1)\nprint({number})"
    return Job((Cell("a", source), Cell("b", "1")), limits=Limits(cell_seconds=10))


def test_plain_tcp_is_refused(certificates: Certificates) -> None:
    for address in ("tcp://127.0.0.1:8786", "127.0.0.1:8786", ""):
        with pytest.raises(InvalidInputError, match="not a TLS address"):
            ClusterExecutor(address, certificates)


def test_dead_worker_and_poison_lose_and_double_nothing(cluster: dict[str, Any], certificates: Certificates) -> None:
    with ClusterExecutor(cluster["address"], certificates) as executor:
        runs = [executor.submit(submission(number)) for number in range(60)]
        _ = list(runs[0])
        victim = cluster["workers"][0]
        sandboxes = psutil.Process(victim.pid).children(recursive=True)
        victim.send_signal(signal.SIGKILL)
        outcomes = [list(run) for run in runs]
    assert all(len(outcome) == 3 and isinstance(outcome[2], RunEnd) for outcome in outcomes)
    for number, (first, second, end) in enumerate(outcomes):
        assert isinstance(first, CellResult)
        if number == 7:
            assert (first.status, second.status, end.integrity) == ("killed", "not_run", "incomplete")
            assert "exit status 1" in end.reason
        else:
            assert (first.outputs[0]["text"], end.integrity, end.confinement) == (f"{number}\n", "ok", "bwrap")
    _, alive = psutil.wait_procs(sandboxes, timeout=10)
    assert alive == []


def test_folders_travel_with_the_job(cluster: dict[str, Any], certificates: Certificates, tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("VALUE = 'travelled'\n")
    job = Job((Cell("a", "import package\npackage.VALUE"),), path=(str(tmp_path),))
    with ClusterExecutor(cluster["address"], certificates) as executor:
        result, _ = executor.submit(job)
    assert isinstance(result, CellResult)
    assert result.outputs[0]["data"]["text/plain"] == "'travelled'"


def test_job_that_no_worker_can_run_is_explained(cluster: dict[str, Any], certificates: Certificates) -> None:
    with ClusterExecutor(cluster["address"], certificates, confinement="nonsense") as executor:  # type: ignore[arg-type]
        *results, end = executor.submit(submission(1))
    assert [item.status for item in results] == ["not_run", "not_run"]
    assert end.integrity == "incomplete"
    assert end.reason.startswith("the cluster gave the job up")
