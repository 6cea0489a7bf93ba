"""What the foundation's stacks export and bodies' stacks consume, by name.

The fingerprint of a body's stack holds the values of these (`moyai.planning.consumed` has the same
names); a program reads no other output of another stack, so that nothing changes a body unseen.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import pulumi

FOUNDATION_PROJECT = "moyai-foundation"
SHARED_STACK = "shared"


def cell_stack(cell: str) -> str:
    """The name of a cell's stack."""
    return f"cell-{cell}"


@dataclass(frozen=True, slots=True)
class SharedOutputs:
    """What an account has once."""

    platform_key_arn: pulumi.Input[str]
    boundary_arn: pulumi.Input[str]
    alarm_topic_arn: pulumi.Input[str]
    vault_name: pulumi.Input[str]


@dataclass(frozen=True, slots=True)
class CellOutputs:
    """One cell, shared or a body's own."""

    vpc_id: pulumi.Input[str]
    private_subnet_ids: pulumi.Input[list[str]]
    ecs_cluster_arn: pulumi.Input[str]
    database_host: pulumi.Input[str]
    database_port: pulumi.Input[int]
    database_clients_group_id: pulumi.Input[str]
    master_secret_arn: pulumi.Input[str]
    admin_task_arn: pulumi.Input[str]
    job_group_id: pulumi.Input[str]
    admin_log_group: pulumi.Input[str]
    public_listener_arn: pulumi.Input[str]
    public_group_id: pulumi.Input[str]
    staff_listener_arn: pulumi.Input[str]
    staff_group_id: pulumi.Input[str]


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
