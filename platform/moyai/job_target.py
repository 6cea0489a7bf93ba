"""Where a job runs: what programs tell whoever starts jobs, and how it is written on the way.

Programs hold Pulumi's inputs, the plugin `moyai` and operations plain values. A body's stack exports
a target under the names here; Pulumi's wire has them in camel case (`clusterArn`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Generic, TypeAlias, TypeVar

Word = TypeVar("Word")
Words = TypeVar("Words")

JOB_IMAGE = "moyai-jobs"
"""The repository of the jobs' image. The sandbox runs whatever is called so, and nothing else."""

_CAPITAL = re.compile(r"(?<=[a-z0-9])([A-Z])")
_UNDERSCORE = re.compile(r"_([a-z0-9])")


# Without slots: those of a frozen generic class break it in Python 3.11.
@dataclass(frozen=True, kw_only=True)
class JobTarget(Generic[Word, Words]):
    """A task definition of jobs, and where its tasks run and write their logs.

    The definition brings every variable that ADR 0001 lists but a run's own. Names are those in
    state and outputs of environments that are there: another name is another property.
    """

    cluster_arn: Word
    """Of the ECS cluster."""
    task_definition_arn: Word
    subnets: Words
    security_groups: Words
    log_group: Word
    stream_prefix: Word
    health_role_arn: Word | None = None
    """The service's own task role, with which `health` runs in place of the definition's; None while
    the service is stopped, and for jobs that check no health."""

    def values(self) -> dict[str, object]:
        """What it has, by the names here; what is None is left out."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in given.items() if value is not None}


def is_job(image: str) -> bool:
    """Whether an image's repository is the one of jobs (`host/path/moyai-jobs:tag@digest`)."""
    repository = image.partition("@")[0]
    head, slash, last = repository.rpartition("/")
    return (head + slash + last.partition(":")[0]).endswith(JOB_IMAGE)


KnownTarget: TypeAlias = JobTarget[str, tuple[str, ...]]


def from_outputs(values: Mapping[str, Any]) -> KnownTarget:
    """A target as a stack exports it. Raises `KeyError` where a part is missing."""
    return JobTarget(
        cluster_arn=values["cluster_arn"],
        task_definition_arn=values["task_definition_arn"],
        subnets=tuple(values["subnets"]),
        security_groups=tuple(values["security_groups"]),
        log_group=values["log_group"],
        stream_prefix=values["stream_prefix"],
        health_role_arn=values.get("health_role_arn"),
    )


def from_wire(values: Mapping[str, Any]) -> KnownTarget:
    """A target as a provider gets it. Raises `KeyError` where a part is missing."""
    return from_outputs({snake_case(name): value for name, value in values.items()})


def camel_case(name: str) -> str:
    """`owner_role` → `ownerRole`, as properties are called in the engine."""
    return _UNDERSCORE.sub(lambda found: found[1].upper(), name)


def snake_case(name: str) -> str:
    """`ownerRole` → `owner_role`."""
    return _CAPITAL.sub(lambda found: f"_{found[1].lower()}", name)
