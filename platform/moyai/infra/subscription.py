"""One body's use of one service: its secrets, its database, and the job that works on them.

They are there from the subscription's first day and stay when it ends; the running service is
`moyai.infra.service`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from moyai.infra import policies, tasks
from moyai.infra.body import Body
from moyai.infra.database import Database, DatabaseArgs, TargetInputs
from moyai.infra.outputs import CellOutputs, SharedOutputs
from moyai.infra.scope import Scope
from moyai.job_target import JobTarget
from moyai.planning import names
from moyai.planning.routes import Rule
from moyai.registry.models import Edition, Manifest, Release, Subscription, Tenant

SECRET_RECOVERY_DAYS = 30


@dataclass(frozen=True, slots=True)
class SubscriptionArgs:
    """A subscription and where it runs."""

    body: Tenant
    subscription: Subscription
    manifest: Manifest
    release: Release
    active: bool
    """Whether its service runs; its data are there either way."""
    rules: Sequence[Rule]
    """Its listener rules on both ways."""
    scope: Scope
    shared: SharedOutputs
    cell: CellOutputs
    home: Body
    task_group_id: pulumi.Input[str]
    """The body's security group of tasks."""

    @property
    def service(self) -> str:
        """The service's name."""
        return self.manifest.name

    @property
    def edition(self) -> Edition:
        """What a task of it gets."""
        return self.manifest.editions[self.subscription.edition]

    @property
    def prefix(self) -> str:
        """Begins its resources' names: `osaka-271004-eapp-a`."""
        return names.subscription_prefix(self.scope.federation, self.body.code, self.service)

    @property
    def roles(self) -> dict[str, str]:
        """Use → name of its roles."""
        code = self.body.code
        return dict(names.subscription_roles(self.scope.federation, code, self.service))

    @property
    def object_prefix(self) -> str:
        """Its own part of the body's documents bucket."""
        return names.object_prefix(self.service)

    @property
    def backup_prefix(self) -> str:
        """Its own part of the body's bucket of backups."""
        return names.backup_prefix(self.service)


class SubscriptionData(pulumi.ComponentResource):
    """Secrets, database and the job that works on them. Protected: data outlive the service."""

    def __init__(
        self, name: str, args: SubscriptionArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("moyai:infra:SubscriptionData", name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        kept = pulumi.ResourceOptions(parent=self, protect=True)
        secrets = {
            role: aws.secretsmanager.Secret(
                f"{name}-{role}",
                name=secret,
                kms_key_id=args.home.key.arn,
                recovery_window_in_days=SECRET_RECOVERY_DAYS,
                tags=args.scope.tags(),
                opts=kept,
            )
            for role, secret in names.secrets(args.body.code, args.service).items()
        }
        self.owner_secret, self.app_secret = secrets["owner"], secrets["app"]
        self.names = names.database(args.body.code, args.service)
        self.database = Database(name, self._database(), kept)
        self.execution = self._execution_role(name)
        self.job = self._job(name)
        self.register_outputs({"database": self.names.database})

    def _database(self) -> DatabaseArgs:
        args, cell, site = self._args, self._args.cell, self._args.scope.site
        return DatabaseArgs(
            name=self.names.database,
            owner_role=self.names.owner,
            app_role=self.names.app,
            owner_secret_arn=self.owner_secret.arn,
            app_secret_arn=self.app_secret.arn,
            master_secret_arn=cell.master_secret_arn,
            host=cell.database_host,
            port=cell.database_port,
            connection_limit=args.edition.database_connections,
            ssl_mode=site.database_sslmode,
            region=site.region,
            job=self.admin_job(),
        )

    def admin_job(self) -> TargetInputs:
        """Where jobs run that work on databases with the master's secret."""
        cell = self._args.cell
        return JobTarget(
            cluster_arn=cell.ecs_cluster_arn,
            task_definition_arn=cell.admin_task_arn,
            subnets=cell.private_subnet_ids,
            security_groups=[cell.job_group_id, cell.database_clients_group_id],
            log_group=cell.admin_log_group,
            stream_prefix=tasks.JOB_STREAM,
        )

    def _execution_role(self, name: str) -> aws.iam.Role:
        """With which ECS starts the service's tasks and its jobs."""
        args, home, site = self._args, self._args.home, self._args.scope.site
        parameters = names.parameter(args.body.code, args.service, "*")
        return tasks.task_role(
            f"{name}-exec",
            args.roles["exec"],
            args.scope,
            args.shared.bodies_boundary_arn,
            pulumi.Output.all(self.app_secret.arn, home.key.arn).apply(
                lambda known: policies.execution(
                    site,
                    home.log_group_name,
                    [tasks.JOBS_IMAGE, args.release.image],
                    [known[0]],
                    [policies.arn(site, "ssm", f"parameter{parameters}")],
                    known[1],
                )
            ),
            self._child,
        )

    def _job(self, name: str) -> aws.ecs.TaskDefinition:
        """Migrates as the database's owner. It also checks health, with the service's task role in
        place of its own."""
        args, home = self._args, self._args.home
        role = tasks.task_role(
            f"{name}-job",
            args.roles["job"],
            args.scope,
            args.shared.bodies_boundary_arn,
            pulumi.Output.all(self.owner_secret.arn, self.app_secret.arn, home.key.arn).apply(
                lambda known: policies.document(
                    policies.read_secrets(known[:2]),
                    *policies.own_objects(home.documents_name, args.object_prefix),
                    *policies.own_versions(home.documents_name, args.object_prefix),
                    *policies.own_backups(home.backups_name, args.backup_prefix),
                    policies.use_key(known[2]),
                )
            ),
            self._child,
        )
        return tasks.task(
            f"{name}-job",
            tasks.TaskArgs(
                family=f"{args.prefix}-job",
                cpu=tasks.JOB_CPU,
                memory=tasks.JOB_MEMORY,
                containers=self._job_container(),
                task_role_arn=role.arn,
                execution_role_arn=self.execution.arn,
                scope=args.scope,
            ),
            self._child,
        )

    def _job_container(self) -> pulumi.Output[str]:
        args, cell, home, site = (
            self._args,
            self._args.cell,
            self._args.home,
            self._args.scope.site,
        )
        return pulumi.Output.all(
            self.owner_secret.arn, self.app_secret.arn, cell.database_host, cell.database_port
        ).apply(
            lambda known: tasks.container(
                tasks.JOB_CONTAINER,
                tasks.image(site, tasks.JOBS_IMAGE),
                site.region,
                home.log_group_name,
                f"{args.service}-{tasks.JOB_STREAM}",
                {
                    "OWNER_SECRET": known[0],
                    "APP_SECRET": known[1],
                    "DATABASE_HOST": known[2],
                    "DATABASE_PORT": str(int(known[3])),
                    "DATABASE_NAME": self.names.database,
                    "DATABASE_SSLMODE": site.database_sslmode,
                    "OWNER_ROLE": self.names.owner,
                    "APP_ROLE": self.names.app,
                    "SERVICE": args.service,
                    "DOCUMENTS_BUCKET": home.documents_name,
                    "OBJECT_PREFIX": args.object_prefix,
                    "BACKUPS_BUCKET": home.backups_name,
                    "BACKUPS_PREFIX": args.backup_prefix,
                    "AWS_REGION": site.region,
                },
            )
        )
