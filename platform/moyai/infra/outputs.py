"""What stacks export, by name: of the foundation's, what bodies' stacks consume; of a body's, what
operations need to work inside its environment.

The fingerprint of a body's stack holds the values of `SharedOutputs` and `CellOutputs`
(`moyai.planning.consumed` has the same names); a program reads no other output of another stack, so
that nothing changes a body unseen.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TypedDict

import pulumi

from moyai.planning.routes import Way


@dataclass(frozen=True, slots=True)
class SharedOutputs:
    """What an account has once: stack `shared`."""

    platform_key_arn: pulumi.Input[str]
    bodies_boundary_arn: pulumi.Input[str]
    """The outermost limit of all bodies' roles."""
    platform_boundary_arn: pulumi.Input[str]
    """The outermost limit of the platform's own roles."""
    alarm_topic_arn: pulumi.Input[str]
    certificate_arn: pulumi.Input[str]
    """Wildcards for all services; issued."""
    zone_id: pulumi.Input[str]
    """Of the federation's domain."""


@dataclass(frozen=True, slots=True)
class BalancerOutputs:
    """One way into a cell."""

    listener_arn: pulumi.Input[str]
    group_id: pulumi.Input[str]
    """The load balancer's security group."""
    dns_name: pulumi.Input[str]
    zone_id: pulumi.Input[str]
    """AWS's own zone of `dns_name`, for aliases."""
    suffix: pulumi.Input[str]
    """The end of its ARN, by which its metrics are called."""


@dataclass(frozen=True, slots=True)
class CellOutputs:
    """One cell: stack `cell-<name>`, or a part of the stack of a body that has one to itself."""

    vpc_id: pulumi.Input[str]
    private_subnet_ids: pulumi.Input[list[str]]
    ecs_cluster_arn: pulumi.Input[str]
    ecs_cluster_name: pulumi.Input[str]
    database_host: pulumi.Input[str]
    database_port: pulumi.Input[int]
    database_clients_group_id: pulumi.Input[str]
    """Whoever is in this security group reaches the database."""
    master_secret_arn: pulumi.Input[str]
    """The secret that RDS manages for the cluster's master role."""
    admin_task_arn: pulumi.Input[str]
    """The task definition of the database-admin job."""
    job_group_id: pulumi.Input[str]
    admin_log_group: pulumi.Input[str]
    public_listener_arn: pulumi.Input[str]
    public_group_id: pulumi.Input[str]
    public_dns_name: pulumi.Input[str]
    public_zone_id: pulumi.Input[str]
    public_suffix: pulumi.Input[str]
    staff_listener_arn: pulumi.Input[str]
    staff_group_id: pulumi.Input[str]
    staff_dns_name: pulumi.Input[str]
    staff_zone_id: pulumi.Input[str]
    staff_suffix: pulumi.Input[str]

    def of(self, way: Way) -> BalancerOutputs:
        """The way in from the internet, or the staff's."""
        return BalancerOutputs(
            *[getattr(self, f"{way}_{field.name}") for field in fields(BalancerOutputs)]
        )


def shared_of(stack: pulumi.StackReference) -> SharedOutputs:
    """The outputs of the `shared` stack."""
    return SharedOutputs(*[stack.require_output(one.name) for one in fields(SharedOutputs)])


def cell_of(stack: pulumi.StackReference) -> CellOutputs:
    """The outputs of a cell's stack."""
    return CellOutputs(*[stack.require_output(one.name) for one in fields(CellOutputs)])


def export(outputs: SharedOutputs | CellOutputs) -> None:
    """Export every field under its name."""
    for field in fields(outputs):
        pulumi.export(field.name, getattr(outputs, field.name))


class ServiceOutputs(TypedDict):
    """One subscription: names, addresses and ARNs, never a password."""

    release: str
    edition: str
    active: bool
    """Whether the service runs; its data are there either way."""
    urls: list[str]
    database_host: pulumi.Input[str]
    database_port: pulumi.Input[int]
    database: str
    owner_role: str
    app_role: str
    owner_secret_arn: pulumi.Input[str]
    app_secret_arn: pulumi.Input[str]
    documents_bucket: pulumi.Input[str]
    object_prefix: str
    job: dict[str, object]
    """Where its jobs run (`moyai.job_target`): ECS task family `{slug}-{code}-{service}-job`."""

    master_secret_arn: pulumi.Input[str]
    admin_job: dict[str, object]
    """Where jobs run that make and drop databases beside its own; they read the master's secret."""


class TenantOutputs(TypedDict):
    """What a body's stack exports."""

    code: str
    key_arn: pulumi.Input[str]
    replica_key_arn: pulumi.Input[str]
    """The same key in the backup region."""
    documents_bucket: pulumi.Input[str]
    backups_bucket: pulumi.Input[str]
    auditor_role_arn: pulumi.Input[str]
    log_group: str
    facts: dict[str, str]
    """What of the body its data hang on (`planning.facts`); a lost record is made anew from it."""
    services: dict[str, ServiceOutputs]
    """By the service's name."""
