"""A class hands in and is graded through a real hub: ``python -m bench.hub [--json] [--students N] [--sample N]``.

Everybody hands in at a random moment of one minute, through the hub's proxy to the grading service, students and
service sharing this machine. Then everybody hands in a changed notebook, the service is killed (``kill -9``) in the
middle, and whoever got no receipt tries again. Then the service autogrades all, here and on two dask workers, and
plain nbgrader grades a sample. It fails when a submission is lost or doubled, a receipt is not honoured, or a score
differs.
"""

import argparse
import asyncio
import json
import random
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import nbformat

from bench.autograde import ACTOR, MODULE, cost, finish, nbgrader, scores, submission, write_library
from tests.clusters import make_certificates, running_cluster
from tests.hub.running import Hub, running_hub
from tinytorch_lab.grading.course import init_course
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.service import GradingService

TEACHER = "teacher"
CLIENTS = "bench-clients"
PLACE = f"courses/bench/modules/{MODULE}/submissions"
WINDOW_SECONDS = 55.0


@dataclass(frozen=True)
class HandedIn:
    """One student's receipt, and how long the request took that brought it."""

    student: str
    receipt: dict[str, Any]
    seconds: float


class Students:
    """Everybody's client, with a token each."""

    def __init__(self, hub: Hub, tokens: dict[str, str]) -> None:
        self._service, self._tokens = f"{hub.service}/api", tokens

    async def hand_in(self, notebooks: dict[str, bytes], seed: int) -> list[HandedIn]:
        """Hand in each student's notebook at a random moment, and again a second later until there is a receipt."""
        chance = random.Random(seed)
        limits = httpx.Limits(max_connections=len(notebooks), max_keepalive_connections=0)
        async with httpx.AsyncClient(timeout=120, limits=limits) as client:
            jobs = (
                self._one(client, student, notebook, chance.uniform(0, WINDOW_SECONDS))
                for student, notebook in notebooks.items()
            )
            return await asyncio.gather(*jobs)

    async def not_honoured(self, handed_in: list[HandedIn], notebooks: dict[str, bytes]) -> int:
        """Return how many receipts do not bring the notebook back that they are for."""
        async with httpx.AsyncClient(timeout=120, limits=httpx.Limits(max_connections=8)) as client:
            answers = await asyncio.gather(
                *(
                    client.get(
                        f"{self._service}/courses/bench/submissions/{found.receipt['id']}",
                        headers=self._headers(found.student),
                    )
                    for found in handed_in
                )
            )
        pairs = zip(answers, handed_in, strict=True)
        return sum(answer.content != notebooks[found.student] for answer, found in pairs)

    async def _one(self, client: httpx.AsyncClient, student: str, notebook: bytes, wait: float) -> HandedIn:
        await asyncio.sleep(wait)
        while True:
            start = time.perf_counter()
            try:
                answer = await client.post(f"{self._service}/{PLACE}", content=notebook, headers=self._headers(student))
            except httpx.HTTPError:
                answer = None
            if answer is not None and answer.status_code == 201:
                return HandedIn(student, answer.json(), time.perf_counter() - start)
            await asyncio.sleep(1)

    def _headers(self, student: str) -> dict[str, str]:
        return {"Authorization": f"token {self._tokens[student]}"}


async def make_tokens(hub: Hub, names: list[str]) -> dict[str, str]:
    """Return a token of each, made by a service that may."""
    headers = {"Authorization": f"token {CLIENTS * 2}"}
    limits = httpx.Limits(max_connections=4)
    async with httpx.AsyncClient(headers=headers, timeout=120, limits=limits) as client:
        answers = await asyncio.gather(*(client.post(f"{hub.url}/hub/api/users/{name}/tokens") for name in names))
    return {name: str(answer.json()["token"]) for name, answer in zip(names, answers, strict=True)}


def make_course(folder: Path, students: list[str]) -> CourseFolder:
    """Make a course with its one module released."""
    course = init_course(folder / "course", write_library(folder / "curriculum"), students)
    with GradingService(course) as service:
        finish(service.generate(MODULE, actor=ACTOR))
        finish(service.release(MODULE, actor=ACTOR))
    return course


def make_notebooks(course: CourseFolder, students: list[str], mark: str) -> dict[str, bytes]:
    """Return what each student hands in; no two are equal."""
    released = nbformat.read(course.released(MODULE), as_version=4)
    found = {}
    for place, student in enumerate(students):
        notebook = submission(released, place)
        notebook.metadata["version"] = f"{mark} {place}"
        found[student] = json.dumps(notebook).encode()
    return found


def autograde(hub: Hub, token: str) -> float:
    """Have the service grade everybody and return the seconds from the job's start to its end."""
    details = hub.finish(token, "bench", kind="autograde", module=MODULE)
    job, failed = details["job"], [row for row in details["rows"] if not row["ok"]]
    if job["state"] != "done" or failed:
        raise RuntimeError(f"autograding did not work: {job} {failed[:3]}")
    started, finished = (datetime.fromisoformat(job[name]) for name in ("started_at", "finished_at"))
    return (finished - started).total_seconds()


def plain_nbgrader(course: CourseFolder, folder: Path, sample: list[str]) -> float:
    """Grade ``sample`` with nbgrader alone and return the seconds."""
    shutil.copytree(course.source(MODULE).parent, folder / "source" / MODULE)
    (folder / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'bench'\n")
    nbgrader(folder, "generate_assignment", MODULE)
    for student in sample:
        shutil.copytree(course.root / "submitted" / student, folder / "submitted" / student)
    return cost(lambda: nbgrader(folder, "autograde", MODULE)).wall


async def submissions(hub: Hub, course: CourseFolder, students: list[str], tokens: dict[str, str]) -> dict[str, float]:
    """Let everybody hand in twice, the second time with the service killed in the middle."""
    clients = Students(hub, tokens)
    first = make_notebooks(course, students, "first")
    start = time.perf_counter()
    quiet = await clients.hand_in(first, seed=1)
    taken = time.perf_counter() - start
    second = make_notebooks(course, students, "second")
    handing_in = asyncio.create_task(clients.hand_in(second, seed=2))
    await asyncio.sleep(WINDOW_SECONDS / 2)
    hub.service_process().kill()
    killed = await handing_in
    lost = await clients.not_honoured(quiet, first) + await clients.not_honoured(killed, second)
    counts = [len(hub.ask(tokens[student], "GET", PLACE).json()) for student in students]
    seconds = sorted(found.seconds for found in quiet)
    return {
        "submitting_seconds": taken,
        "median_ms": 1e3 * statistics.median(seconds),
        "p99_ms": 1e3 * seconds[int(0.99 * (len(seconds) - 1))],
        "slowest_ms": 1e3 * seconds[-1],
        "receipts_not_honoured": lost,
        "lost": sum(count < 2 for count in counts),
        "doubled": sum(count > 2 for count in counts),
    }


def grading(
    hub: Hub, course: CourseFolder, students: list[str], token: str, folder: Path, sample: int
) -> dict[str, Any]:
    """Grade everybody here and on a cluster, and a sample with plain nbgrader."""
    collected = hub.finish(token, "bench", kind="collect", module=MODULE)["job"]
    if collected["state"] != "done":
        raise RuntimeError(f"collecting did not work: {collected}")
    seconds = autograde(hub, token)
    here = scores(course.db_url, students)
    chosen = students[:sample]
    nbgrader_seconds = plain_nbgrader(course, folder / "plain", chosen)
    plain = scores(f"sqlite:///{folder}/plain/gradebook.db", chosen)
    certificates = make_certificates(folder)
    with running_cluster(folder, certificates, workers=2) as cluster:
        names = {"authority": certificates.authority, "certificate": certificates.certificate, "key": certificates.key}
        table = "".join(f'{name} = "{file}"\n' for name, file in {**names, "address": cluster.address}.items())
        (course.root / "course.toml").write_text(f"[cluster]\n{table}", encoding="utf-8")
        cluster_seconds = autograde(hub, token)
    return {
        "autograded_per_second": len(students) / seconds,
        "nbgrader_per_second": len(chosen) / nbgrader_seconds,
        "times_faster": len(students) / seconds * nbgrader_seconds / len(chosen),
        "on_two_workers_per_second": len(students) / cluster_seconds,
        "scores_as_nbgrader": plain == {key: value for key, value in here.items() if key[0] in set(chosen)},
        "scores_as_on_workers": here == scores(course.db_url, students),
    }


def measure(folder: Path, count: int, sample: int) -> dict[str, Any]:
    """Run the whole with ``count`` students."""
    students = [f"student{place:03}" for place in range(count)]
    course = make_course(folder, students)
    state = folder / "hub"
    state.mkdir()
    groups = {"nbgrader-bench": students, "instructor-bench": [TEACHER]}
    with running_hub(state, {"bench": str(course.root)}, groups, {CLIENTS: ["tokens"]}) as hub:
        tokens = asyncio.run(make_tokens(hub, [*students, TEACHER]))
        found = asyncio.run(submissions(hub, course, students, tokens))
        print(json.dumps(found), file=sys.stderr)
        return {"students": count, **found, **grading(hub, course, students, tokens[TEACHER], folder, sample)}


def main() -> None:
    """Print the figures; exit with 1 when something was lost or differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--students", type=int, default=500)
    parser.add_argument("--sample", type=int, default=10)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-hub-") as folder:
        found = measure(Path(folder), chosen.students, chosen.sample)
    if chosen.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name:28} {value if isinstance(value, bool) else f'{value:10.1f}'}")
    wrong = found["receipts_not_honoured"] + found["lost"] + found["doubled"]
    raise SystemExit(bool(wrong) or not (found["scores_as_nbgrader"] and found["scores_as_on_workers"]))


if __name__ == "__main__":
    main()
