"""A PostgreSQL cluster that bodies share, or that one body has for itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from moyai.infra.scope import Scope

ENGINE_VERSION = "17.4"
INSTANCE_CLASS = "db.r7g.large"
INSTANCES = 2
BACKUP_DAYS = 35
"""The longest that RDS keeps automatic backups."""
PORT = 5432
MASTER = "moyai_master"


@dataclass(frozen=True, slots=True)
class ClusterArgs:
    """Where a cluster lies and who reaches it."""

    prefix: str
    scope: Scope
    vpc_id: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    key_arn: pulumi.Input[str]


class DatabaseCluster(pulumi.ComponentResource):
    """Aurora PostgreSQL: encrypted, IAM authentication, TLS forced, deletion protection, 35 days.

    Whoever belongs to `clients` (a security group) reaches it; nobody else does.
    """

    def __init__(
        self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("moyai:infra:DatabaseCluster", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        tags = args.scope.tags()
        self.clients = _group(args, f"{name}-clients", "Tasks that talk to the cluster", child)
        self.group = _group(args, name, "The database cluster", child)
        aws.vpc.SecurityGroupIngressRule(
            name,
            security_group_id=self.group.id,
            referenced_security_group_id=self.clients.id,
            ip_protocol="tcp",
            from_port=PORT,
            to_port=PORT,
            tags=tags,
            opts=child,
        )
        aws.vpc.SecurityGroupEgressRule(
            f"{name}-clients",
            security_group_id=self.clients.id,
            referenced_security_group_id=self.group.id,
            ip_protocol="tcp",
            from_port=PORT,
            to_port=PORT,
            tags=tags,
            opts=child,
        )
        subnets = aws.rds.SubnetGroup(
            name, name=args.prefix, subnet_ids=args.subnet_ids, tags=tags, opts=child
        )
        parameters = aws.rds.ClusterParameterGroup(
            name,
            name=args.prefix,
            family="aurora-postgresql17",
            parameters=[
                {"name": "rds.force_ssl", "value": "1", "apply_method": "immediate"},
                {"name": "log_connections", "value": "1", "apply_method": "immediate"},
                {
                    "name": "password_encryption",
                    "value": "scram-sha-256",
                    "apply_method": "immediate",
                },
            ],
            tags=tags,
            opts=child,
        )
        self.cluster = aws.rds.Cluster(
            name,
            cluster_identifier=args.prefix,
            engine="aurora-postgresql",
            engine_version=ENGINE_VERSION,
            master_username=MASTER,
            manage_master_user_password=True,
            master_user_secret_kms_key_id=args.key_arn,
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
            opts=pulumi.ResourceOptions(parent=self, protect=True),
        )
        for number in range(INSTANCES):
            aws.rds.ClusterInstance(
                f"{name}-{number}",
                identifier=f"{args.prefix}-{number}",
                cluster_identifier=self.cluster.id,
                engine=aws.rds.EngineType.AURORA_POSTGRESQL,
                engine_version=ENGINE_VERSION,
                instance_class=INSTANCE_CLASS,
                publicly_accessible=False,
                performance_insights_enabled=True,
                tags=tags,
                opts=child,
            )
        self.master_secret_arn = self.cluster.master_user_secrets.apply(
            lambda secrets: str(secrets[0].secret_arn) if secrets else ""
        )
        self.register_outputs({"endpoint": self.cluster.endpoint})


def _group(
    args: ClusterArgs, name: str, description: str, opts: pulumi.ResourceOptions
) -> aws.ec2.SecurityGroup:
    full = f"{args.prefix}-{'db-clients' if name.endswith('-clients') else 'db'}"
    return aws.ec2.SecurityGroup(
        name,
        name=full,
        description=description,
        vpc_id=args.vpc_id,
        tags=args.scope.tags(full),
        opts=opts,
    )
