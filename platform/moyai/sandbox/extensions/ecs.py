"""ECS: tasks of the jobs' image are run, a client token is good for one request, and a service's own tasks
count as begun."""

from __future__ import annotations

import copy
import json
import time
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ecs.exceptions import ECSException
from moto.ecs.models import EC2ContainerServiceBackend
from moto.ecs.responses import EC2ContainerServiceResponse

from moyai.job_target import is_job
from moyai.sandbox.extensions.replacing import replace
from moyai.sandbox.tasks import TaskRunner, forget_old

_TOKEN_SECONDS = 24 * 3600.0
"""How long ECS knows a client token."""


def extend(runner: TaskRunner) -> None:
    """Tasks of the jobs' image are run; `describe_tasks` tells how far they are."""

    def run_task(self: Any, cluster: str, definition: str, *rest: Any, **more: Any) -> Any:
        tasks = old_run(self, cluster, definition, *rest, **more)
        found = self.describe_task_definition(definition)
        if is_job(found.container_definitions[0].get("image") or ""):
            for name in self.tasks:
                forget_old(self.tasks[name])
            for task in tasks:
                runner.submit(task, found)
        return tasks

    def stop_task(self: Any, cluster: str, task: str, reason: str) -> Any:
        name = self._get_cluster(cluster).name
        number = task.rpartition("/")[2]
        for found in self.tasks.get(name, {}).values():
            if found.id == number and getattr(found, "moyai_job", False):
                if found.last_status != "STOPPED":
                    runner.stop(found, reason or "Task stopped by user")
                return found
        return old_stop(self, cluster, task, reason)

    _keep_tokens()
    # moto names an interface only in a network that has DNS host names, but reads the name always.
    NetworkInterface.private_dns_name = ""

    def requirements(definition: Any) -> Any:
        # On Fargate a container need not say its memory; moto adds it up all the same.
        sized = copy.copy(definition)
        sized.container_definitions = [
            container if "memoryReservation" in container else {"memory": 0, **container}
            for container in definition.container_definitions
        ]
        return old_requirements(sized)

    def describe_services(self: Any, cluster: str, names: list[str]) -> Any:
        services, failures = old_services(self, cluster, names)
        return [_begun(service) for service in services], failures

    old_services = replace(EC2ContainerServiceBackend, "describe_services", describe_services)
    old_run = replace(EC2ContainerServiceBackend, "run_task", run_task)
    old_stop = replace(EC2ContainerServiceBackend, "stop_task", stop_task)
    old_requirements = replace(
        EC2ContainerServiceBackend,
        "_calculate_task_resource_requirements",
        staticmethod(requirements),
    )


def _keep_tokens() -> None:
    """Answer a request with a known client token with the tasks of then, as ECS does.

    Source: "Ensuring idempotency" in the developer guide. Tokens are forgotten with this process.
    """
    known: dict[tuple[str, str, str], tuple[float, str, Any]] = {}

    def run_task(self: Any) -> Any:
        token = self._get_param("clientToken")
        if not token:
            return old_run(self)
        for old in [key for key, (since, _, _) in known.items() if _is_old(since)]:
            del known[old]
        key = (self.current_account, self.region, token)
        request = json.dumps(json.loads(self.body), sort_keys=True)
        if key not in known:
            answer = old_run(self)
            known[key] = (time.monotonic(), request, answer.result["tasks"])
            return answer
        _, before, tasks = known[key]
        if before != request:
            raise ECSException(
                "ConflictException", "The client token was used with other parameters."
            )
        return ActionResult({"tasks": tasks, "failures": []})

    old_run = replace(EC2ContainerServiceResponse, "run_task", run_task)


def _is_old(since: float) -> bool:
    return time.monotonic() - since > _TOKEN_SECONDS


def _begun(service: Any) -> Any:
    """A service as if its tasks had begun: no application runs here, and whoever waits for it would wait for
    ever. A copy: moto adds up what clusters run by its own numbers."""
    told = copy.copy(service)
    told.running_count, told.pending_count = service.desired_count, 0
    counts = {"desiredCount": service.desired_count, "runningCount": service.desired_count}
    done = {**counts, "pendingCount": 0, "rolloutState": "COMPLETED"}
    told.deployments = [{**one, **done} for one in service.deployments]
    return told
