"""The cluster executor on a real scheduler with two workers, each a process of its own, over TLS."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.clusters import Cluster, make_certificates, running_cluster
from tinytorch_lab.errors import InvalidInputError
from tinytorch_lab.runner.cluster import Certificates, ClusterExecutor
from tinytorch_lab.runner.contract import Cell, CellResult, Job, Limits, RunEnd

pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings("ignore")  # dask's own, at shutdown


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def cluster(certificates: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("cluster"), certificates, workers=2) as cluster:
        yield cluster


def submission(number: int) -> Job:
    """Return a submission that says its number; number 7 is poison."""
    source = "import os\nos._exit(1)" if number == 7 else f"import time\ntime.sleep(0.1)\nprint({number})"
    return Job((Cell("a", source), Cell("b", "1")), limits=Limits(cell_seconds=10))


def test_plain_tcp_is_refused(certificates: Certificates) -> None:
    for address in ("tcp://127.0.0.1:8786", "127.0.0.1:8786", ""):
        with pytest.raises(InvalidInputError, match="not a TLS address"):
            ClusterExecutor(address, certificates)


def test_dead_worker_and_poison_lose_and_double_nothing(cluster: Cluster, certificates: Certificates) -> None:
    with ClusterExecutor(cluster.address, certificates) as executor:
        runs = [executor.submit(submission(number)) for number in range(60)]
        _ = list(runs[0])
        victim = cluster.workers[0]
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


def test_folders_travel_with_the_job(cluster: Cluster, certificates: Certificates, tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("VALUE = 'travelled'\n")
    job = Job((Cell("a", "import package\npackage.VALUE"),), path=(str(tmp_path),))
    with ClusterExecutor(cluster.address, certificates) as executor:
        result, _ = executor.submit(job)
    assert isinstance(result, CellResult)
    assert result.outputs[0]["data"]["text/plain"] == "'travelled'"


def test_job_that_no_worker_can_run_is_explained(cluster: Cluster, certificates: Certificates) -> None:
    with ClusterExecutor(cluster.address, certificates, confinement="nonsense") as executor:  # type: ignore[arg-type]
        *results, end = executor.submit(submission(1))
    assert [item.status for item in results] == ["not_run", "not_run"]
    assert end.integrity == "incomplete"
    assert end.reason.startswith("the cluster gave the job up")


def test_job_that_kills_its_workers_is_its_own_failure(certificates: Certificates, tmp_path: Path) -> None:
    sleeping = Job((Cell("a", "import time\ntime.sleep(60)"), Cell("b", "1")))
    with (
        running_cluster(tmp_path, certificates, workers=1, failures=0) as cluster,
        ClusterExecutor(cluster.address, certificates) as executor,
    ):
        run = executor.submit(sleeping)
        worker = psutil.Process(cluster.workers[0].pid)
        while not worker.children(recursive=True):
            time.sleep(0.1)
        worker.kill()
        first, second, end = run
    assert [item.status for item in (first, second)] == ["killed", "not_run"]
    assert end.integrity == "incomplete"
    assert end.reason.startswith("the cluster gave the job up")
