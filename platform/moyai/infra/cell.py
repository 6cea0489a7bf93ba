"""A cell: network, database cluster, task cluster, both ways in, and the database-admin job.

Bodies with application isolation share one; a body with network isolation has one to itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi
import pulumi_aws as aws

from moyai.infra import policies, tasks
from moyai.infra.cluster import ClusterArgs, DatabaseCluster
from moyai.infra.edge import Edge, EdgeArgs
from moyai.infra.network import Network, NetworkArgs
from moyai.infra.outputs import CellOutputs, SharedOutputs
from moyai.infra.scope import Scope
from moyai.planning import names


@dataclass(frozen=True, slots=True)
class CellArgs:
    """What a cell is built with."""

    prefix: str
    """Begins its resources' names: `osaka-cell-a`, `osaka-271403`."""
    logs: str
    """Begins its log groups' names: `/osaka/cell-a`, `/osaka/271403`."""
    cidr: IPv4Network
    scope: Scope
    shared: SharedOutputs
    key_arn: pulumi.Input[str]
    """Encrypts its cluster and logs."""
    bodies: str = "*"
    """Whose credentials its database-admin job may write: a code, or all bodies'."""


class Cell(pulumi.ComponentResource):
    """One cell; `outputs` is what bodies' components take."""

    def __init__(
        self, name: str, args: CellArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("moyai:infra:Cell", name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self.network = Network(
            name,
            NetworkArgs(
                prefix=args.prefix,
                cidr=args.cidr,
                scope=args.scope,
                boundary_arn=args.shared.platform_boundary_arn,
                log_group=f"{args.logs}/flow",
                log_key_arn=args.key_arn,
                log_days=tasks.LOG_DAYS,
            ),
            self._child,
        )
        subnets = self.network.subnet_ids
        self.database = DatabaseCluster(
            name,
            ClusterArgs(
                prefix=args.prefix,
                scope=args.scope,
                vpc_id=self.network.vpc.id,
                subnet_ids=subnets["data"],
                key_arn=args.key_arn,
                master_key_arn=args.shared.platform_key_arn,
                log_days=tasks.LOG_DAYS,
                alarm_topic_arn=args.shared.alarm_topic_arn,
            ),
            self._child,
        )
        self.edge = Edge(
            name,
            EdgeArgs(
                prefix=args.prefix,
                scope=args.scope,
                vpc_id=self.network.vpc.id,
                cidr=args.cidr,
                public_subnet_ids=subnets["public"],
                private_subnet_ids=subnets["private"],
                certificate_arn=args.shared.certificate_arn,
                alarm_topic_arn=args.shared.alarm_topic_arn,
            ),
            self._child,
        )
        self.ecs = aws.ecs.Cluster(
            name,
            name=args.prefix,
            settings=[{"name": "containerInsights", "value": "enabled"}],
            tags=args.scope.tags(),
            opts=self._child,
        )
        self.job_group = self._job_group(name)
        self.job_log = f"{args.logs}/jobs"
        self.admin_task = self._admin_task(name)
        self.outputs = self._outputs()
        self.register_outputs({"vpc_id": self.network.vpc.id})

    def _job_group(self, name: str) -> aws.ec2.SecurityGroup:
        """Jobs: HTTPS to AWS; the database through its clients' group."""
        args, child = self._args, self._child
        full = names.cell_groups(args.prefix)["jobs"]
        group = aws.ec2.SecurityGroup(
            f"{name}-jobs",
            name=full,
            description="Jobs, which only call AWS",
            vpc_id=self.network.vpc.id,
            tags=args.scope.tags(full),
            opts=child,
        )
        aws.vpc.SecurityGroupEgressRule(
            f"{name}-jobs",
            security_group_id=group.id,
            cidr_ipv4="0.0.0.0/0",
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            tags=args.scope.tags(),
            opts=child,
        )
        return group

    def _admin_task(self, name: str) -> aws.ecs.TaskDefinition:
        """The job that creates, inspects and drops databases with the cluster's master secret."""
        args, child = self._args, self._child
        site, shared = args.scope.site, args.shared
        roles = names.cell_roles(args.prefix)
        log = aws.cloudwatch.LogGroup(
            f"{name}-jobs",
            name=self.job_log,
            kms_key_id=args.key_arn,
            retention_in_days=tasks.LOG_DAYS,
            tags=args.scope.tags(),
            opts=pulumi.ResourceOptions(parent=self, protect=True),
        )
        secrets = f"moyai/{args.bodies}/*" if args.bodies != "*" else "moyai/*"
        admin = tasks.task_role(
            f"{name}-database-admin",
            roles["database-admin"],
            args.scope,
            shared.platform_boundary_arn,
            pulumi.Output.all(self.database.master_secret_arn, shared.platform_key_arn).apply(
                lambda known: policies.database_admin(
                    site, known[0], known[1], secrets, args.bodies
                )
            ),
            child,
        )
        execution = tasks.task_role(
            f"{name}-database-admin-exec",
            roles["database-admin-exec"],
            args.scope,
            shared.platform_boundary_arn,
            policies.execution(site, self.job_log, [tasks.JOBS_IMAGE]),
            child,
        )
        return tasks.task(
            f"{name}-database-admin",
            tasks.TaskArgs(
                family=f"{args.prefix}-database-admin",
                cpu=tasks.JOB_CPU,
                memory=tasks.JOB_MEMORY,
                containers=tasks.container(
                    tasks.JOB_CONTAINER,
                    tasks.image(site, tasks.JOBS_IMAGE),
                    site.region,
                    self.job_log,
                    tasks.JOB_STREAM,
                    {},
                ),
                task_role_arn=admin.arn,
                execution_role_arn=execution.arn,
                scope=args.scope,
            ),
            pulumi.ResourceOptions(parent=self, depends_on=[log]),
        )

    def _outputs(self) -> CellOutputs:
        edge, database = self.edge, self.database
        return CellOutputs(
            vpc_id=self.network.vpc.id,
            private_subnet_ids=pulumi.Output.all(*self.network.subnet_ids["private"]),
            ecs_cluster_arn=self.ecs.arn,
            ecs_cluster_name=self._args.prefix,
            database_host=database.cluster.endpoint,
            database_port=database.cluster.port,
            database_clients_group_id=database.clients.id,
            master_secret_arn=database.master_secret_arn,
            admin_task_arn=self.admin_task.arn,
            job_group_id=self.job_group.id,
            admin_log_group=self.job_log,
            public_listener_arn=edge.public_listener.arn,
            public_group_id=edge.public_group.id,
            public_dns_name=edge.public.dns_name,
            public_zone_id=edge.public.zone_id,
            public_suffix=edge.public.arn_suffix,
            staff_listener_arn=edge.staff_listener.arn,
            staff_group_id=edge.staff_group.id,
            staff_dns_name=edge.staff.dns_name,
            staff_zone_id=edge.staff.zone_id,
            staff_suffix=edge.staff.arn_suffix,
        )
