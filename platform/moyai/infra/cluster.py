"""A PostgreSQL cluster that bodies share, or that one body has for itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from moyai.infra.alarms import Alarm, raise_alarms
from moyai.infra.scope import Scope
from moyai.planning import layout, names

ENGINE_VERSION = "17.4"
BACKUP_DAYS = 35
"""The longest that RDS keeps automatic backups."""
PORT = 5432
MASTER = "moyai_master"
LEAST_MEMORY_BYTES = 1 << 30
"""Free memory below which an instance begins to swap."""


@dataclass(frozen=True, slots=True)
class ClusterArgs:
    """Where a cluster lies and who reaches it."""

    prefix: str
    scope: Scope
    vpc_id: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    key_arn: pulumi.Input[str]
    """Encrypts its storage and log."""
    master_key_arn: pulumi.Input[str]
    """Encrypts the master role's secret: the platform's, which a body's key would keep out."""
    log_days: int
    alarm_topic_arn: pulumi.Input[str]


class DatabaseCluster(pulumi.ComponentResource):
    """Aurora PostgreSQL: encrypted, IAM authentication, TLS forced, deletion protection, 35 days.

    Whoever belongs to `clients` (a security group) reaches it; nobody else does.
    """

    def __init__(
        self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("moyai:infra:DatabaseCluster", name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._kept = pulumi.ResourceOptions(parent=self, protect=True)
        self._groups(name)
        log = aws.cloudwatch.LogGroup(
            name,
            name=names.database_log_group(args.prefix),
            kms_key_id=args.key_arn,
            retention_in_days=args.log_days,
            tags=args.scope.tags(),
            opts=self._kept,
        )
        self.cluster = self._cluster(name, log)
        self._instances(name)
        raise_alarms(
            name,
            names.cell_alarms(args.prefix),
            self._alarms(),
            args.scope,
            args.alarm_topic_arn,
            self._child,
        )
        self.master_secret_arn = self.cluster.master_user_secrets.apply(
            lambda secrets: str(secrets[0].secret_arn) if secrets else ""
        )
        self.register_outputs({"endpoint": self.cluster.endpoint})

    def _groups(self, name: str) -> None:
        args = self._args
        self.clients = self._group(f"{name}-clients", "db-clients", "Tasks that talk to it")
        self.group = self._group(name, "db", "The database cluster")
        for rule, here, there in (
            (aws.vpc.SecurityGroupIngressRule, self.group, self.clients),
            (aws.vpc.SecurityGroupEgressRule, self.clients, self.group),
        ):
            rule(
                name,
                security_group_id=here.id,
                referenced_security_group_id=there.id,
                ip_protocol="tcp",
                from_port=PORT,
                to_port=PORT,
                tags=args.scope.tags(),
                opts=self._child,
            )

    def _group(self, name: str, use: str, description: str) -> aws.ec2.SecurityGroup:
        args = self._args
        full = names.cell_groups(args.prefix)[use]
        return aws.ec2.SecurityGroup(
            name,
            name=full,
            description=description,
            vpc_id=args.vpc_id,
            tags=args.scope.tags(full),
            opts=self._child,
        )

    def _cluster(self, name: str, log: aws.cloudwatch.LogGroup) -> aws.rds.Cluster:
        args, tags = self._args, self._args.scope.tags()
        subnets = aws.rds.SubnetGroup(
            name, name=args.prefix, subnet_ids=args.subnet_ids, tags=tags, opts=self._child
        )
        parameters = aws.rds.ClusterParameterGroup(
            name,
            name=args.prefix,
            family="aurora-postgresql17",
            parameters=[
                {"name": key, "value": value, "apply_method": "immediate"}
                for key, value in _PARAMETERS.items()
            ],
            tags=tags,
            opts=self._child,
        )
        return aws.rds.Cluster(
            name,
            cluster_identifier=args.prefix,
            engine="aurora-postgresql",
            engine_version=ENGINE_VERSION,
            master_username=MASTER,
            manage_master_user_password=True,
            master_user_secret_kms_key_id=args.master_key_arn,
            db_subnet_group_name=subnets.name,
            vpc_security_group_ids=[self.group.id],
            db_cluster_parameter_group_name=parameters.name,
            storage_encrypted=True,
            kms_key_id=args.key_arn,
            iam_database_authentication_enabled=True,
            deletion_protection=True,
            backup_retention_period=BACKUP_DAYS,
            preferred_backup_window="17:00-18:00",
            copy_tags_to_snapshot=True,
            enabled_cloudwatch_logs_exports=["postgresql"],
            skip_final_snapshot=False,
            final_snapshot_identifier=f"{args.prefix}-final",
            tags=tags,
            # The log group has to be there first: RDS would make one that keeps for ever.
            opts=pulumi.ResourceOptions(parent=self, protect=True, depends_on=[log]),
        )

    def _instances(self, name: str) -> None:
        args = self._args
        for number in range(layout.DATABASE_INSTANCES):
            aws.rds.ClusterInstance(
                f"{name}-{number}",
                identifier=f"{args.prefix}-{number}",
                cluster_identifier=self.cluster.id,
                engine=aws.rds.EngineType.AURORA_POSTGRESQL,
                engine_version=ENGINE_VERSION,
                instance_class=layout.DATABASE_CLASS,
                # Upgrades are operations, with windows and a way back.
                auto_minor_version_upgrade=False,
                publicly_accessible=False,
                performance_insights_enabled=True,
                tags=args.scope.tags(),
                opts=self._child,
            )

    def _alarms(self) -> Mapping[str, Alarm]:
        of = {"DBClusterIdentifier": self._args.prefix}
        most = layout.connections(layout.DATABASE_CLASS)
        return {
            "database-cpu": Alarm("AWS/RDS", "CPUUtilization", of, 85),
            "database-connections": Alarm("AWS/RDS", "DatabaseConnections", of, most, "Maximum"),
            "database-memory": Alarm(
                "AWS/RDS", "FreeableMemory", of, LEAST_MEMORY_BYTES, "Minimum", below=True
            ),
        }


_PARAMETERS: Mapping[str, str] = {
    "rds.force_ssl": "1",
    "log_connections": "1",
    "log_disconnections": "1",
    "password_encryption": "scram-sha-256",
}
