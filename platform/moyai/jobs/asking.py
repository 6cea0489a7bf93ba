"""On whose behalf a job runs, and what its earlier workers still have running: the caller's half.

A worker that dies leaves its tasks: they go on, or begin late. Whoever goes on with its body looks for them
first. What has begun is waited for: every job ends by itself, may be half-way through something, and what it
has done is found done. What has not begun is stopped. One that neither sees, as it was asked for in the
moment of the look, is kept out by `moyai.jobs.fences`.
"""

from __future__ import annotations

import hashlib
import itertools
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from moyai.jobs.fences import VARIABLE, Fence, fence_of
from moyai.jobs.results import JobError

_ONLY_READ = frozenset(
    {"health", "meter", "writes-state", "writes-count", "restore-state", "database-inspect"}
)
_BEGUN = frozenset({"RUNNING", "DEACTIVATING", "STOPPING", "DEPROVISIONING"})
_STOPPED = "STOPPED"
_PAGE = 100
"""Tasks that one DescribeTasks takes."""
_WAIT_SECONDS = 1.0
_STOP_SECONDS = 150.0
"""ECS gives a task 30 s (120 s at most) between SIGTERM and SIGKILL."""
_numbers = itertools.count(1)


class StillRunning(Exception):
    """A task of an earlier worker that does not end, though it was stopped. `arn` names it."""

    def __init__(self, arn: str) -> None:
        super().__init__(arn)
        self.arn = arn


@dataclass(frozen=True, slots=True)
class Asker:
    """A step of an operation, which asks for jobs in one body."""

    operation: str
    code: str
    claim: int
    """Which taking of the body by a worker: later ones have greater numbers."""
    key: str
    """The step's idempotency key."""

    @property
    def started_by(self) -> str:
        """`startedBy` of its tasks: all of the operation's in this body have the same."""
        return f"moyai/{self.operation}/{self.code}"

    def next_job(self, verb: str) -> Job:
        """Its next job."""
        return Job(self, verb, Fence(self.operation, self.claim, next(_numbers)))


@dataclass(frozen=True, slots=True)
class Job:
    """One job that a step asks for."""

    asker: Asker
    verb: str
    fence: Fence

    @property
    def token(self) -> str:
        """ECS's client token: a request that is sent again starts no second task.

        It has the claim in it. ECS answers a known token with the task of then for a day, also one that
        was killed, and refuses one that comes with other variables.
        """
        words = f"{self.asker.key}/{self.asker.code}/{self.verb}/{self.fence}"
        return hashlib.sha256(words.encode()).hexdigest()

    @property
    def variables(self) -> dict[str, str]:
        """What the inside half is told."""
        return {VARIABLE: str(self.fence)}


def settle(ecs: Any, cluster: str, asker: Asker, seconds: float) -> None:
    """Have no task of the operation's in this body left that an earlier worker asked for.

    Begun ones are waited for `seconds` together, then stopped. Raises as ECS does, and `StillRunning`.
    """
    deadline = time.monotonic() + seconds
    for task in list(_left(ecs, cluster, asker)):
        arn = str(task["taskArn"])
        if task["lastStatus"] in _BEGUN and _has_ended(ecs, cluster, arn, deadline):
            continue
        ecs.stop_task(cluster=cluster, task=arn, reason="moyai: taken over by another worker")
        if not _has_ended(ecs, cluster, arn, time.monotonic() + _STOP_SECONDS):
            raise StillRunning(arn)


def _has_ended(ecs: Any, cluster: str, arn: str, deadline: float) -> bool:
    while True:
        tasks = ecs.describe_tasks(cluster=cluster, tasks=[arn]).get("tasks", [])
        if not tasks or tasks[0]["lastStatus"] == _STOPPED:
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(min(_WAIT_SECONDS, max(0.0, deadline - time.monotonic())))


def _left(ecs: Any, cluster: str, asker: Asker) -> Iterator[Mapping[str, Any]]:
    """Tasks that have not stopped, of earlier claims, that may change something."""
    arns: list[str] = []
    # One that is being stopped may still work: ECS wants it STOPPED by then.
    for wanted in ("RUNNING", _STOPPED):
        pages = ecs.get_paginator("list_tasks").paginate(
            cluster=cluster, startedBy=asker.started_by, desiredStatus=wanted
        )
        arns += [arn for page in pages for arn in page["taskArns"]]
    for part in _parts(arns):
        for task in ecs.describe_tasks(cluster=cluster, tasks=part).get("tasks", ()):
            if task["lastStatus"] != _STOPPED and _is_earlier(task, asker):
                yield task


def _parts(arns: list[str]) -> Iterable[list[str]]:
    return (arns[begin : begin + _PAGE] for begin in range(0, len(arns), _PAGE))


def _is_earlier(task: Mapping[str, Any], asker: Asker) -> bool:
    for container in task.get("overrides", {}).get("containerOverrides", ()):
        command = container.get("command") or ()
        if command and command[-1] in _ONLY_READ:
            return False
        given = {one["name"]: one["value"] for one in container.get("environment", ())}
        try:
            fence = fence_of(given.get(VARIABLE))
        except JobError:
            fence = None
        if fence is not None:
            return fence.claim < asker.claim
    return True  # nobody knows whose it is
