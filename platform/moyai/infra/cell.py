"""A cell: network, database cluster, task cluster, both ways in, and the database-admin job.

Bodies with application isolation share one; a body with network isolation has one to itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi
import pulumi_aws as aws

from moyai.infra import tasks
from moyai.infra.cluster import ClusterArgs, DatabaseCluster
from moyai.infra.edge import Edge, EdgeArgs
from moyai.infra.network import INTERFACE_ENDPOINTS, Network, NetworkArgs
from moyai.infra.outputs import CellOutputs, SharedOutputs
from moyai.infra.policies import allow, document
from moyai.infra.scope import Scope


@dataclass(frozen=True, slots=True)
class CellArgs:
    """What a cell is built with."""

    prefix: str
    """Begins its resources' names: `osaka-cell-a`, `osaka-271403`."""
    cidr: IPv4Network
    scope: Scope
    shared: SharedOutputs
    key_arn: pulumi.Input[str]
    """Encrypts its cluster and logs."""
    domains: Sequence[str]
    secrets_of: str
    """The secrets that its database-admin job may write: `moyai/*` or `moyai/271403/*`."""
    endpoints: Sequence[str] = INTERFACE_ENDPOINTS


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
                args.prefix, args.cidr, args.scope, args.key_arn, tasks.LOG_DAYS, args.endpoints
            ),
            self._child,
        )
        self.database = DatabaseCluster(
            name,
            ClusterArgs(
                args.prefix,
                args.scope,
                self.network.vpc.id,
                self.network.subnet_ids["data"],
                args.key_arn,
            ),
            self._child,
        )
        self.edge = Edge(
            name,
            EdgeArgs(
                args.prefix,
                args.scope,
                self.network.vpc.id,
                self.network.subnet_ids["public"],
                self.network.subnet_ids["private"],
                args.domains,
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
        self.outputs = self._admin_job(name)
        self.register_outputs({"vpc_id": self.network.vpc.id})

    def _admin_job(self, name: str) -> CellOutputs:
        """The task that creates, inspects and drops databases with the cluster's master secret."""
        args, child = self._args, self._child
        site = args.scope.site
        log_name = f"/{args.scope.federation.slug}/jobs/{args.prefix}"
        log = aws.cloudwatch.LogGroup(
            f"{name}-jobs",
            name=log_name,
            kms_key_id=args.key_arn,
            retention_in_days=tasks.LOG_DAYS,
            tags=args.scope.tags(),
            opts=child,
        )
        group = aws.ec2.SecurityGroup(
            f"{name}-jobs",
            name=f"{args.prefix}-jobs",
            description="Jobs: HTTPS to AWS; the database through its clients' group",
            vpc_id=self.network.vpc.id,
            tags=args.scope.tags(f"{args.prefix}-jobs"),
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
        master = self.database.master_secret_arn
        secrets = f"arn:aws:secretsmanager:{site.region}:{site.account_id}:secret:{args.secrets_of}"
        role = tasks.task_role(
            f"{name}-database-admin",
            f"{args.prefix}-database-admin",
            args.scope,
            args.shared.boundary_arn,
            pulumi.Output.all(master, args.key_arn).apply(
                lambda known: document(
                    allow("Master", ["secretsmanager:GetSecretValue"], [known[0]]),
                    allow(
                        "BodiesSecrets",
                        ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"],
                        [secrets],
                    ),
                    allow("Key", ["kms:Decrypt", "kms:GenerateDataKey"], [known[1]]),
                )
            ),
            child,
        )
        execution = tasks.task_role(
            f"{name}-database-admin-execution",
            f"{args.prefix}-database-admin-exec",
            args.scope,
            args.shared.boundary_arn,
            pulumi.Output.all(log.arn, args.key_arn).apply(
                lambda known: tasks.execution_policy(known[0], [], None, known[1])
            ),
            child,
        )
        task = aws.ecs.TaskDefinition(
            f"{name}-database-admin",
            family=f"{args.prefix}-database-admin",
            cpu=str(tasks.JOB_CPU),
            memory=str(tasks.JOB_MEMORY),
            network_mode="awsvpc",
            requires_compatibilities=["FARGATE"],
            task_role_arn=role.arn,
            execution_role_arn=execution.arn,
            container_definitions=tasks.container(
                tasks.JOB_CONTAINER,
                tasks.jobs_image(site),
                site.region,
                log_name,
                tasks.JOB_STREAM,
                {},
            ),
            tags=args.scope.tags(),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[log]),
        )
        return CellOutputs(
            vpc_id=self.network.vpc.id,
            private_subnet_ids=pulumi.Output.all(*self.network.subnet_ids["private"]),
            ecs_cluster_arn=self.ecs.arn,
            database_host=self.database.cluster.endpoint,
            database_port=self.database.cluster.port,
            database_clients_group_id=self.database.clients.id,
            master_secret_arn=master,
            admin_task_arn=task.arn,
            job_group_id=group.id,
            admin_log_group=log.name,
            public_listener_arn=self.edge.public_listener.arn,
            public_group_id=self.edge.public_group.id,
            staff_listener_arn=self.edge.staff_listener.arn,
            staff_group_id=self.edge.staff_group.id,
        )
