"""An executor that runs jobs on a ``dask.distributed`` cluster: ``pip install 'tinytorch-lab[cluster]'``.

Only TLS will do: whoever can talk to a scheduler without it runs code as the grader. Jobs are pure functions of their
inputs, so a job whose worker died simply runs again elsewhere; the caller still gets each result once.
"""

import functools
import importlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tinytorch_lab.errors import InvalidInputError, NotAvailableError
from tinytorch_lab.runner.contract import CellResult, Confinement, Job, RunEnd, Status
from tinytorch_lab.runner.pool import LocalExecutor
from tinytorch_lab.runner.results import made_failure

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Certificates:
    """The files of a TLS connection: the authority's certificate, one's own, and its key."""

    authority: Path
    certificate: Path
    key: Path


class ClusterRun:
    """A job on the cluster; its results arrive together, when the last cell has ended."""

    def __init__(self, job: Job, future: Any) -> None:
        self._job = job
        self._future = future

    def __iter__(self) -> Iterator[CellResult | RunEnd]:
        """Yield one result for every cell of the job, in order, then the end."""
        try:
            yield from self._future.result()
        except Exception as error:
            # A worker that cannot run anything, or a job that no worker survives: still a result for every cell.
            _log.warning("A job on the cluster failed: %s", error)
            reason = "the run was cancelled" if self._future.cancelled() else f"the cluster gave the job up: {error}"
            # What kills one worker after another is the job's own doing; anything else is not.
            first: Status = "killed" if type(error).__name__ == "KilledWorker" else "not_run"
            for place, cell in enumerate(self._job.cells):
                yield CellResult(cell.id, "not_run" if place else first, failure=made_failure("NotRun", reason))
            yield RunEnd("incomplete", reason, "none", 0.0, 0.0, 0)

    def cancel(self) -> None:
        """Give the run up; what a worker has begun ends there within the job's limits and is thrown away."""
        self._future.cancel()


class ClusterExecutor:
    """Runs jobs on the workers of a scheduler, confined there as by :class:`LocalExecutor`."""

    def __init__(
        self,
        address: str,
        certificates: Certificates,
        confinement: Confinement | None = None,
        allow_unsandboxed: bool = False,
    ) -> None:
        """Connect to the scheduler at ``address``.

        Raises:
            InvalidInputError: the address is not one of TLS.
            NotAvailableError: dask.distributed is not installed, or the scheduler does not answer.
        """
        if not address.startswith("tls://"):
            raise InvalidInputError(
                f"{address!r} is not a TLS address: a grading cluster must be reached as tls://HOST:PORT, "
                "or anybody on the network could run code as the grader."
            )
        try:
            distributed = importlib.import_module("distributed")
        except ImportError:
            raise NotAvailableError("A cluster needs dask: pip install 'tinytorch-lab[cluster]'.") from None
        security = distributed.Security(
            tls_ca_file=str(certificates.authority),
            tls_client_cert=str(certificates.certificate),
            tls_client_key=str(certificates.key),
            require_encryption=True,
        )
        try:
            self._client = distributed.Client(address, security=security, set_as_default=False)
        except (OSError, TimeoutError, TypeError, ValueError) as error:
            raise NotAvailableError(f"The cluster at {address} does not answer: {error}.") from None
        self._confinement = confinement
        self._allow_unsandboxed = allow_unsandboxed

    @property
    def workers(self) -> int:
        """How many runs can be at work at once: one for each thread of the cluster's workers, as they are now."""
        return max(1, int(sum(self._client.nthreads().values())))

    def submit(self, job: Job) -> ClusterRun:
        """Start ``job``; what it would import from its folders travels with it."""
        arguments = (_self_contained(job), self._confinement, self._allow_unsandboxed)
        return ClusterRun(job, self._client.submit(run_on_worker, *arguments, pure=False))

    def close(self) -> None:
        """Give up all runs and disconnect."""
        self._client.close()

    def __enter__(self) -> "ClusterExecutor":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def run_on_worker(job: Job, confinement: Confinement | None, allow_unsandboxed: bool) -> list[CellResult | RunEnd]:
    """Run ``job`` in the worker's own executor; called by dask on the worker."""
    return list(_executor(confinement, allow_unsandboxed).submit(job))


@functools.cache
def _executor(confinement: Confinement | None, allow_unsandboxed: bool) -> LocalExecutor:
    worker = importlib.import_module("distributed").get_worker()
    return LocalExecutor(worker.state.nthreads, confinement, allow_unsandboxed)


def _self_contained(job: Job) -> Job:
    """Return ``job`` with the Python files of its folders among its files: a worker may be on another machine."""
    files: dict[str, bytes] = {}
    for folder in reversed(job.path):
        for path in Path(folder).rglob("*.py"):
            files[str(path.relative_to(folder))] = path.read_bytes()
    return replace(job, path=(), files=files | dict(job.files))
