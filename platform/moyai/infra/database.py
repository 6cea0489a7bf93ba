"""`moyai:index:Database`: a database inside a shared PostgreSQL cluster, as a resource of a stack.

The plugin that makes it is `moyai.provider.main`. State holds names, addresses and the ARNs of
secrets; passwords are made inside the job that creates the database and go into Secrets Manager.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TypeAlias

import pulumi

from moyai.job_target import JobTarget, camel_case, snake_case

PACKAGE = "moyai"
PLUGIN_VERSION = "0.1.0"
DATABASE_TYPE = "moyai:index:Database"

TargetInputs: TypeAlias = JobTarget[pulumi.Input[str], pulumi.Input[Sequence[pulumi.Input[str]]]]


@dataclass(frozen=True, kw_only=True)
class DatabaseArgs:
    """What a database is made from.

    Another `master_secret_arn` (another cluster), `name`, `owner_role` or `app_role` is another
    database: a replacement, which `protect` refuses. The rest changes in place, the address too.
    """

    name: pulumi.Input[str]
    owner_role: pulumi.Input[str]
    app_role: pulumi.Input[str]
    master_secret_arn: pulumi.Input[str]
    """The secret that RDS manages for the cluster's master role; it tells clusters apart."""
    owner_secret_arn: pulumi.Input[str]
    """An empty secret; the job puts the owner's credentials into it."""
    app_secret_arn: pulumi.Input[str]
    """An empty secret; the job puts the application role's credentials into it."""
    host: pulumi.Input[str]
    port: pulumi.Input[int]
    connection_limit: pulumi.Input[int]
    """Connections that the application role may hold in all."""
    job: TargetInputs
    """The task that may talk to the cluster: family `{slug}-cell-{name}-database-admin`."""
    region: pulumi.Input[str]
    ssl_mode: pulumi.Input[str] = "verify-full"
    """libpq's `sslmode` of every connection to it."""

    def inputs(self) -> dict[str, object]:
        """The properties by their names here."""
        own = {field.name: getattr(self, field.name) for field in fields(self)}
        return {**own, "job": self.job.values()}


class MoyaiProvider(pulumi.ProviderResource):
    """The plugin `moyai`. It has no configuration, so that all stacks can share one process."""

    def __init__(self, resource_name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(PACKAGE, resource_name, {}, _pinned(opts))


class Database(pulumi.CustomResource):
    """A database with an owner and an application role, closed to every other role.

    Its id is its name. After `create` the two secrets hold working credentials:
    JSON `{"username", "password", "host", "port", "dbname"}`.
    """

    name: pulumi.Output[str]
    owner_role: pulumi.Output[str]
    app_role: pulumi.Output[str]
    owner_secret_arn: pulumi.Output[str]
    app_secret_arn: pulumi.Output[str]
    host: pulumi.Output[str]
    port: pulumi.Output[int]
    connection_limit: pulumi.Output[int]
    ssl_mode: pulumi.Output[str]
    encoding: pulumi.Output[str]
    """As the server says, `UTF8`."""
    closed: pulumi.Output[bool]
    """Nobody but the two roles may connect, as last seen live."""
    guarded: pulumi.Output[bool]
    """The roles have their attributes, limits and timeouts and no memberships, as last seen."""

    def __init__(
        self,
        resource_name: str,
        args: DatabaseArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        live = dict.fromkeys(("encoding", "closed", "guarded"))
        super().__init__(DATABASE_TYPE, resource_name, {**args.inputs(), **live}, _pinned(opts))

    def translate_input_property(self, prop: str) -> str:
        """`owner_role` → `ownerRole`, as properties are called in the engine."""
        return camel_case(prop)

    def translate_output_property(self, prop: str) -> str:
        """`ownerRole` → `owner_role`."""
        return snake_case(prop)


def _pinned(opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
    pinned = pulumi.ResourceOptions(version=PLUGIN_VERSION)
    return pulumi.ResourceOptions.merge(pinned, opts)
