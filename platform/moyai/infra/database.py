"""`moyai:index:Database`: a subscription's database inside a shared cluster, as a resource.

The plugin `moyai` makes it by a job in the environment; nothing here reaches PostgreSQL, and no
password is ever an input or an output.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

import moyai


@dataclass(frozen=True, slots=True)
class JobTarget:
    """The task that works on the cluster, and where it runs."""

    cluster_arn: pulumi.Input[str]
    task_definition_arn: pulumi.Input[str]
    subnets: pulumi.Input[list[str]]
    security_groups: pulumi.Input[list[pulumi.Input[str]]]
    log_group: pulumi.Input[str]
    stream_prefix: pulumi.Input[str]


@dataclass(frozen=True, slots=True)
class DatabaseArgs:
    """A database, its roles, and the secrets that their passwords go into."""

    name: pulumi.Input[str]
    owner_role: pulumi.Input[str]
    app_role: pulumi.Input[str]
    owner_secret_arn: pulumi.Input[str]
    app_secret_arn: pulumi.Input[str]
    master_secret_arn: pulumi.Input[str]
    host: pulumi.Input[str]
    port: pulumi.Input[int]
    connection_limit: pulumi.Input[int]
    """Of the application's role."""
    ssl_mode: pulumi.Input[str]
    job: JobTarget
    region: pulumi.Input[str]


class MoyaiProvider(pulumi.ProviderResource):
    """The plugin `moyai`; it has no configuration, so that all stacks share one process."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("moyai", name, {}, _versioned(opts))


class Database(pulumi.CustomResource):
    """A database with an owner's and an application's role, closed to every other role."""

    name: pulumi.Output[str]
    host: pulumi.Output[str]
    port: pulumi.Output[int]

    def __init__(
        self, name: str, args: DatabaseArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        job = args.job
        super().__init__(
            "moyai:index:Database",
            name,
            {
                "name": args.name,
                "ownerRole": args.owner_role,
                "appRole": args.app_role,
                "ownerSecretArn": args.owner_secret_arn,
                "appSecretArn": args.app_secret_arn,
                "masterSecretArn": args.master_secret_arn,
                "host": args.host,
                "port": args.port,
                "connectionLimit": args.connection_limit,
                "sslMode": args.ssl_mode,
                "region": args.region,
                "job": {
                    "clusterArn": job.cluster_arn,
                    "taskDefinitionArn": job.task_definition_arn,
                    "subnets": job.subnets,
                    "securityGroups": job.security_groups,
                    "logGroup": job.log_group,
                    "streamPrefix": job.stream_prefix,
                },
            },
            _versioned(opts),
        )


def _versioned(opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions.merge(pulumi.ResourceOptions(version=moyai.__version__), opts)
