"""ECS tasks that the embedded cloud runs: jobs, as processes of this machine.

A task whose first container's image is `…/moyai-jobs` is run: its command becomes a process that
has the variables of its task definition and its overrides, the secrets named there, temporary
credentials of its task role, and nothing of the operator's. Any other image is only recorded.
"""

from __future__ import annotations

import codecs
import logging
import os
import shutil
import signal
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Lock
from typing import Any

from moto.ecs.models import ecs_backends

from moyai.sandbox.backends import Credentials, NotStartedError, Place, each
from moyai.sandbox.forkserver import ForkServer, Process
from moyai.sandbox.gate import Gate
from moyai.sandbox.postgres import binaries
from moyai.sandbox.processes import LOOPBACK

logger = logging.getLogger(__name__)

_KILLED = 137
_STOP_SECONDS = 10
"""Between SIGTERM and SIGKILL of a task that is stopped."""
_KEPT_SECONDS = 3600.0
"""How long stopped tasks are shown, as on AWS."""


@dataclass(frozen=True, slots=True)
class Spec:
    """What one task is to run, read from its definition and overrides."""

    command: tuple[str, ...]
    environment: Mapping[str, str]
    secrets: Mapping[str, str]
    """Variable → `valueFrom`."""
    role: str | None
    log: tuple[str, str] | None
    """Group and stream."""
    log_region: str | None
    log_creates_group: bool


@dataclass(slots=True)
class _Running:
    process: Process | None = None
    stopped: Event = field(default_factory=Event)


class TaskRunner:
    """Runs jobs, so many at a time; the rest waits as PENDING."""

    def __init__(self, gate: Gate, folder: Path, services: Path) -> None:
        self._gate = gate
        self._folder = folder
        self._services = services
        self._endpoint = ""
        self._server = ForkServer(folder)
        self._pool = ThreadPoolExecutor(max(4, 2 * (os.cpu_count() or 1)), "job")
        self._lock = Lock()
        self._running: dict[str, _Running] = {}
        self._closing = False

    def open(self, endpoint: str) -> None:
        """Take jobs from now on; `endpoint` is the AWS that they are to reach."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(mode=0o700)
        self._endpoint = endpoint

    def warm_up(self) -> None:
        """Make the first job as quick as the others."""
        self._server.warm_up()

    def close(self) -> None:
        """Stop all jobs, and put on record that they were stopped."""
        self._closing = True
        self._pool.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            left = dict(self._running)
        for running in left.values():
            self._terminate(running)
        self._server.close()
        self._pool.shutdown(wait=True)

    def count(self) -> int:
        """How many jobs run or wait."""
        with self._lock:
            return len(self._running)

    def submit(self, task: Any, definition: Any) -> None:
        """Take a new task; called inside the request that made it."""
        task._transitions = []
        task.moyai_job = True
        task.containers[0].task_arn = task.task_arn
        _set_status(task, "PENDING")
        task.created_at = datetime.now(UTC)
        spec = read_spec(task, definition)
        running = _Running()
        with self._lock:
            self._running[task.id] = running
        self._pool.submit(self._run, task, spec, running)

    def stop(self, task: Any, reason: str) -> None:
        """End a task early; called inside a request. It is STOPPED when its process has ended."""
        task.stopped_reason = reason
        task.stop_code = "UserInitiated"
        task.desired_status = "STOPPED"
        with self._lock:
            running = self._running.get(task.id)
        if running is not None:
            _set_status(task, "STOPPING")
            with self._gate.released():
                self._terminate(running, grace=_STOP_SECONDS)

    def _terminate(self, running: _Running, grace: float = 1) -> None:
        running.stopped.set()
        if running.process is None:
            return
        self._server.end(running.process, signal.SIGTERM)
        try:
            running.process.ended.result(grace)
        except TimeoutError:
            self._server.end(running.process, signal.SIGKILL)

    def _run(self, task: Any, spec: Spec, running: _Running) -> None:
        place = Place(task._account_id, task.region_name)
        code: int | None = None
        reason = "Essential container in task exited"
        stop_code = "EssentialContainerExited"
        credentials = None
        try:
            with self._gate.request():
                variables, credentials = self._prepare(task, spec, place)
                _set_status(task, "RUNNING")
                task.started_at = datetime.now(UTC)
            code = self._execute(task, spec, variables, running)
        except NotStartedError as error:
            reason, stop_code = str(error), "TaskFailedToStart"
        except Exception as error:
            logger.exception("task %s", task.task_arn)
            reason, stop_code = f"{type(error).__name__} in the embedded cloud", "TaskFailedToStart"
        finally:
            with self._lock:
                self._running.pop(task.id, None)
            with self._gate.request():
                if credentials is not None:
                    place.forget(credentials)
                place.release_interfaces(task.attachments)
                finish(task, code, reason, stop_code)

    def _prepare(
        self, task: Any, spec: Spec, place: Place
    ) -> tuple[dict[str, str], Credentials | None]:
        credentials = place.assume(spec.role, task.id) if spec.role else None
        given = {name: place.resolve(source) for name, source in spec.secrets.items()}
        if spec.log is not None:
            log_place = Place(place.account, spec.log_region or place.region)
            log_place.open_log(*spec.log, create_group=spec.log_creates_group)
        base = self._base_environment(place, str(self._folder / task.id))
        if credentials is not None:
            base["AWS_ACCESS_KEY_ID"] = credentials.access_key
            base["AWS_SECRET_ACCESS_KEY"] = credentials.secret_key
            base["AWS_SESSION_TOKEN"] = credentials.token
        return {**base, **spec.environment, **given}, credentials

    def _base_environment(self, place: Place, folder: str) -> dict[str, str]:
        return {
            # pg_dump and psql, as the image has them.
            "PATH": f"{binaries.programs()}:/usr/local/bin:/usr/bin:/bin",
            "HOME": folder,
            "TMPDIR": folder,
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            "AWS_ENDPOINT_URL": self._endpoint,
            "AWS_REGION": place.region,
            "AWS_DEFAULT_REGION": place.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": LOOPBACK,
            "SERVICES_DIR": str(self._services),
        }

    def _execute(
        self, task: Any, spec: Spec, variables: Mapping[str, str], running: _Running
    ) -> int:
        folder = self._folder / task.id
        folder.mkdir(mode=0o700)
        reader, writer = os.pipe()
        try:
            try:
                if running.stopped.is_set() or self._closing:
                    return _KILLED
                running.process = self._server.run(spec.command, variables, folder, writer)
            finally:
                os.close(writer)
            if running.stopped.is_set():
                self._terminate(running)
            self._keep_output(task, spec, reader)
            return running.process.ended.result()
        finally:
            os.close(reader)
            shutil.rmtree(folder, ignore_errors=True)

    def _keep_output(self, task: Any, spec: Spec, reader: int) -> None:
        place = Place(task._account_id, spec.log_region or task.region_name)
        for lines in _lines(reader):
            if spec.log is not None:
                with self._gate.request():
                    place.write_log(*spec.log, lines)


def read_spec(task: Any, definition: Any) -> Spec:
    """What a task is to run. Overrides win over the definition, as on ECS."""
    container = definition.container_definitions[0]
    overrides = task.overrides or {}
    named = [
        o for o in overrides.get("containerOverrides", []) if o.get("name") == container["name"]
    ]
    environment = _pairs(container.get("environment"), "value")
    command = container.get("command") or []
    for override in named:
        environment |= _pairs(override.get("environment"), "value")
        command = override.get("command") or command
    options = (container.get("logConfiguration") or {}).get("options") or {}
    group = options.get("awslogs-group")
    prefix = options.get("awslogs-stream-prefix", "ecs")
    return Spec(
        command=(*(container.get("entryPoint") or ()), *command),
        environment=environment,
        secrets=_pairs(container.get("secrets"), "valueFrom"),
        role=overrides.get("taskRoleArn") or getattr(definition, "task_role_arn", None) or None,
        log=(group, f"{prefix}/{container['name']}/{task.id}") if group else None,
        log_region=options.get("awslogs-region"),
        log_creates_group=options.get("awslogs-create-group") == "true",
    )


def finish(task: Any, code: int | None, reason: str, stop_code: str) -> None:
    """Put a task's end on record. A reason that is there already (StopTask's) stays."""
    container = task.containers[0]
    container.exitCode = code
    task.stopped_reason = task.stopped_reason or reason
    task.stop_code = getattr(task, "stop_code", None) or stop_code
    task.desired_status = "STOPPED"
    task.stopped_at = datetime.now(UTC)
    _set_status(task, "STOPPED")


def end_restored(reason: str) -> None:
    """Put on record that restored jobs, which ran when the cloud ended, do not run any more."""
    for backend in each(ecs_backends):
        for tasks in backend.tasks.values():
            for task in tasks.values():
                if getattr(task, "moyai_job", False) and task.last_status != "STOPPED":
                    finish(task, None, reason, "TerminationNotice")


def forget_old(tasks: dict[str, Any]) -> None:
    """Drop jobs that stopped an hour ago from the tasks of a cluster."""
    end = datetime.now(UTC).timestamp() - _KEPT_SECONDS
    for arn, task in list(tasks.items()):
        if getattr(task, "moyai_job", False) and task.last_status == "STOPPED":
            stopped = getattr(task, "stopped_at", None)
            if stopped is not None and stopped.timestamp() < end:
                del tasks[arn]


def _set_status(task: Any, status: str) -> None:
    task.last_status = status
    container = task.containers[0]
    container.last_status = "PENDING" if status == "PENDING" else status
    if status in ("PENDING", "RUNNING"):
        container.exitCode = None
        container.health_status = "UNKNOWN"


def _pairs(entries: Sequence[Mapping[str, str]] | None, key: str) -> dict[str, str]:
    return {entry["name"]: entry[key] for entry in entries or ()}


def _lines(reader: int) -> Iterator[list[str]]:
    """Whole lines as they come, several at a time where they come fast."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    rest = ""
    while True:
        part = os.read(reader, 1 << 16)
        rest += decoder.decode(part, final=not part)
        *lines, rest = rest.split("\n")
        if not part and rest:
            lines.append(rest)
        lines = [line.removesuffix("\r") for line in lines if line]
        if lines:
            yield lines
        if not part:
            return
