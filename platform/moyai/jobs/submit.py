"""The caller's half: run a job as an ECS task, wait for it, read its result from the log."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from moyai.allowance import limit
from moyai.errors import ExitCode
from moyai.job_target import KnownTarget
from moyai.jobs.asking import Asker, Job, StillRunning, settle
from moyai.jobs.callers import not_reached
from moyai.jobs.failures import (
    CONTAINER,
    JobFailed,
    failed,
    no_result,
    not_started,
    stream,
    timed_out,
)
from moyai.jobs.results import WITH_RESULT, Fields, find
from moyai.texts import Text

__all__ = ["LOG_SECONDS", "NO_PLACE", "JobFailed", "JobResult", "run"]
TIMEOUT_SECONDS = 1800.0
LOG_SECONDS = 20.0
"""How long a stopped task's last lines may take to come into its log."""
NO_PLACE = "no-place"
"""A job's code where ECS cluster, task definition, subnets or security groups are gone."""
_GONE = frozenset({"ClusterNotFoundException", "ClientException", "InvalidParameterException"})
"""ECS's own codes for that."""
_FIRST_LOOK_SECONDS = 0.03
_SHORTEST_WAIT_SECONDS = 0.01
_LONGEST_WAIT_SECONDS = 5.0
_PART_WAITED = 0.2
"""A job's end is seen late by this part of its time at most."""
_CONFIG = Config(
    connect_timeout=5,
    read_timeout=60,
    retries={"mode": "standard", "total_max_attempts": 8},
    max_pool_connections=32,
)


@dataclass(frozen=True, slots=True)
class JobResult:
    """What a job handed back."""

    verb: str
    task_arn: str
    fields: Fields
    """The result's fields, by verb as in ADR 0005."""
    seconds: float
    """From asking for the task to having its result."""


def run(
    session: boto3.Session,
    target: KnownTarget,
    verb: str,
    environment: Mapping[str, str],
    *,
    region: str,
    task_role_arn: str | None = None,
    endpoint_url: str | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
    asker: Asker | None = None,
) -> JobResult:
    """Run one job and wait for its end; `environment` adds to the task definition's variables,
    `task_role_arn` is the role to run with in place of the definition's.

    `asker` is the step that it is for: what earlier workers left running for it is settled first, for as long
    as a job may take. May be called by several threads with one session. Raises `JobFailed`.
    """
    clients = _clients(session, region, endpoint_url)
    with _telling(verb):
        if asker is not None and asker.claim > 1:
            _settle(clients.ecs, target, verb, asker, timeout_seconds)
        begin = time.monotonic()
        job = None if asker is None else asker.next_job(verb)
        arn = _start(clients.ecs, target, verb, environment, task_role_arn, job)
        task = _wait(clients, target, verb, arn, begin + timeout_seconds)
        container: Any = next((c for c in task.get("containers", ()) if c["name"] == CONTAINER), {})
        exit_code = container.get("exitCode")
        if exit_code is None:
            raise not_started(verb, arn, target, task, container)
        # What was killed wrote none, or wrote it long before: there is nothing to wait for.
        seconds = LOG_SECONDS if exit_code in WITH_RESULT else 0.0
        fields = _result(clients.logs, target, arn, seconds)
    if fields is None:
        raise no_result(verb, arn, target, exit_code)
    if exit_code != ExitCode.DONE or fields.get("ok") is not True:
        raise failed(verb, arn, target, exit_code, fields)
    return JobResult(verb, arn, fields, time.monotonic() - begin)


@dataclass
class _Clients:
    """Clients are safe for threads, their making is not."""

    ecs: Any
    logs: Any
    usual_seconds: dict[str, float] = field(default_factory=dict)
    """Verb → how long it takes here, of late."""


_made: WeakKeyDictionary[boto3.Session, dict[tuple[str, str | None], _Clients]] = (
    WeakKeyDictionary()
)
_making = Lock()


def _clients(session: boto3.Session, region: str, endpoint: str | None) -> _Clients:
    with _making:
        of_session = _made.setdefault(session, {})
        found = of_session.get((region, endpoint))
        if found is None:
            limit(session.events)
            given: dict[str, Any] = {
                "region_name": region,
                "endpoint_url": endpoint,
                "config": _CONFIG,
            }
            found = _Clients(session.client("ecs", **given), session.client("logs", **given))
            of_session[region, endpoint] = found
        return found


def _start(
    ecs: Any,
    target: KnownTarget,
    verb: str,
    environment: Mapping[str, str],
    task_role_arn: str | None,
    job: Job | None,
) -> str:
    given = {**environment, **({} if job is None else job.variables)}
    variables = [{"name": name, "value": value} for name, value in sorted(given.items())]
    answer = ecs.run_task(
        cluster=target.cluster_arn,
        taskDefinition=target.task_definition_arn,
        launchType="FARGATE",
        count=1,
        # A request that is sent again after a lost answer starts no second task.
        clientToken=str(uuid.uuid4()) if job is None else job.token,
        startedBy="moyai" if job is None else job.asker.started_by,
        networkConfiguration={
            "awsvpcConfiguration": {
                "subnets": list(target.subnets),
                "securityGroups": list(target.security_groups),
                "assignPublicIp": "DISABLED",
            }
        },
        overrides={
            **({"taskRoleArn": task_role_arn} if task_role_arn else {}),
            "containerOverrides": [
                {
                    "name": CONTAINER,
                    "command": ["python", "-m", "moyai.jobs", verb],
                    "environment": variables,
                }
            ],
        },
    )
    if answer.get("tasks"):
        return str(answer["tasks"][0]["taskArn"])
    reasons = ", ".join(str(failure.get("reason")) for failure in answer.get("failures", ()))
    raise JobFailed(
        Text(
            f"ジョブ {verb} を開始できません（ECS: {reasons or '?'}）。",
            f"the job {verb} cannot be started (ECS: {reasons or '?'}).",
        ),
        verb=verb,
        code="not-started",
        remedy=Text("しばらくしてもう一度実行してください。", "Run it again after a while."),
    )


def _settle(ecs: Any, target: KnownTarget, verb: str, asker: Asker, seconds: float) -> None:
    try:
        settle(ecs, target.cluster_arn, asker, seconds)
    except StillRunning as error:
        raise JobFailed(
            Text(
                f"前の担当が始めたタスク（{error.arn}）が終わらないため、ジョブ {verb} を始めていません。",
                f"the job {verb} was not begun: a task that an earlier worker asked for does not end "
                f"({error.arn}).",
            ),
            verb=verb,
            code="not-started",
            task_arn=error.arn,
            remedy=Text(
                "そのタスクが止まったことを ECS で確かめてから、もう一度実行してください。",
                "See in ECS that the task has stopped, then run it again.",
            ),
        ) from None


def _wait(clients: _Clients, target: KnownTarget, verb: str, arn: str, deadline: float) -> Any:
    """Look at the task until it has stopped, at first when its like usually has."""
    begin = time.monotonic()
    usual = clients.usual_seconds.get(verb)
    wait = _FIRST_LOOK_SECONDS if usual is None else usual * (1 - _PART_WAITED / 2)
    while True:
        time.sleep(max(0.0, min(wait, deadline - time.monotonic())))
        found = clients.ecs.describe_tasks(cluster=target.cluster_arn, tasks=[arn])
        tasks = found.get("tasks", [])
        elapsed = time.monotonic() - begin
        if tasks and tasks[0]["lastStatus"] == "STOPPED":
            clients.usual_seconds[verb] = elapsed if usual is None else (usual + elapsed) / 2
            return tasks[0]
        if time.monotonic() >= deadline:
            clients.ecs.stop_task(cluster=target.cluster_arn, task=arn, reason="moyai: timeout")
            raise timed_out(target, verb, arn, elapsed)
        wait = min(max(elapsed * _PART_WAITED, _SHORTEST_WAIT_SECONDS), _LONGEST_WAIT_SECONDS)


def _result(logs: Any, target: KnownTarget, arn: str, seconds: float) -> dict[str, Any] | None:
    """The result in the task's log, waited for: its end may come there after the task's end."""
    name = stream(target, arn)
    deadline = time.monotonic() + seconds
    wait = 0.05
    while True:
        try:
            answer = logs.get_log_events(
                logGroupName=target.log_group,
                logStreamName=name,
                startFromHead=False,
                limit=20,
            )
            found = find(event["message"] for event in answer["events"])
        except logs.exceptions.ResourceNotFoundException:
            found = None  # the stream comes with its first line
        if found is not None or time.monotonic() >= deadline:
            return found
        time.sleep(wait)
        wait = min(wait * 2, 2.0)


@contextmanager
def _telling(verb: str) -> Iterator[None]:
    """Turn AWS's errors into `JobFailed`, and those of whoever asks, which say nothing of the body, into
    `SiteTrouble`."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        trouble = not_reached(error)
        if trouble is not None:
            raise trouble from error
        place_is_gone = False
        if isinstance(error, ClientError):
            said = error.response.get("Error", {})
            words = f"{said.get('Code')}: {said.get('Message')}"
            place_is_gone = error.operation_name == "RunTask" and _is_gone(said.get("Code", ""))
        else:
            words = type(error).__name__
        raise JobFailed(
            Text(
                f"ジョブ {verb} を実行できません（{words}）。",
                f"cannot run the job {verb} ({words}).",
            ),
            verb=verb,
            code=NO_PLACE if place_is_gone else "not-started",
            remedy=Text(
                "AWS（サンドボックスなら moyai sandbox status）の状態と権限を確かめて、"
                "もう一度実行してください。",
                "Look at AWS (for the sandbox: moyai sandbox status) and at your permissions, "
                "then run it again.",
            ),
        ) from error


def _is_gone(code: str) -> bool:
    # EC2's codes come where it is asked about the network.
    return code in _GONE or (code.startswith("Invalid") and code.endswith(".NotFound"))
