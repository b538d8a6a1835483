"""A dask scheduler with workers, each a process of its own, over TLS."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tinytorch_lab.runner.cluster import Certificates

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Cluster:
    """A running cluster and the processes of its workers."""

    address: str
    workers: list["subprocess.Popen[bytes]"]


def make_certificates(folder: Path) -> Certificates:
    """Make one certificate that serves as authority, server and client."""
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(folder / "key"), "-out", str(folder / "cert")]
    subprocess.run(command, check=True, capture_output=True)
    return Certificates(folder / "cert", folder / "cert", folder / "key")


@contextmanager
def running_cluster(folder: Path, certificates: Certificates, workers: int, failures: int = 3) -> Iterator[Cluster]:
    """Run a scheduler with ``workers``; a job may survive ``failures`` of them."""
    tls = ["--tls-ca-file", certificates.authority, "--tls-cert", certificates.certificate]
    tls += ["--tls-key", certificates.key]
    environment = os.environ | {
        "PYTHONPATH": f"{ROOT}:{os.environ.get('PYTHONPATH', '')}",
        "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": str(failures),
    }
    started: list[subprocess.Popen[bytes]] = []

    def start(program: str, *arguments: object) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", f"distributed.cli.{program}", *map(str, [*arguments, *tls])]
        with (folder / f"log{len(started)}").open("wb") as log:
            started.append(subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env=environment))
        return started[-1]

    try:
        place = folder / "scheduler.json"
        start("dask_scheduler", "--host", "127.0.0.1", "--port", 0, "--no-dashboard", "--scheduler-file", place)
        address = _address(place)
        options = ["--nthreads", 1, "--no-nanny", "--no-dashboard", "--host", "127.0.0.1", "--local-directory", folder]
        yield Cluster(address, [start("dask_worker", address, *options) for _ in range(workers)])
    finally:
        for process in started:
            process.kill()
        for process in started:
            process.wait()


def _address(path: Path) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            return str(json.loads(path.read_text())["address"])
        except (FileNotFoundError, ValueError):
            time.sleep(0.1)
    raise AssertionError("the scheduler wrote no address")
