"""What a body has whatever it subscribes to: its key, its buckets, its auditor, its log group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from moyai.infra import tasks
from moyai.infra.keys import KeyArgs, ReplicatedKey
from moyai.infra.policies import allow, body_key, document, role_arn, root_arn
from moyai.infra.scope import Scope
from moyai.infra.storage import BucketArgs, PrivateBucket
from moyai.planning import names
from moyai.registry.models import Tenant

BACKUP_LOCK_DAYS = 35
NONCURRENT_DAYS = 365


def task_role_name(scope: Scope) -> str:
    """The role of a subscription's service."""
    prefix = names.subscription_prefix(scope.federation, scope.tenant, scope.service)
    return names.fit(f"{prefix}-task", names.ROLE_LIMIT)


def job_role_name(scope: Scope) -> str:
    """The role of a subscription's jobs: migrations and health checks."""
    prefix = names.subscription_prefix(scope.federation, scope.tenant, scope.service)
    return names.fit(f"{prefix}-job", names.ROLE_LIMIT)


def execution_role_name(scope: Scope) -> str:
    """The role with which ECS starts a subscription's tasks."""
    prefix = names.subscription_prefix(scope.federation, scope.tenant, scope.service)
    return names.fit(f"{prefix}-exec", names.ROLE_LIMIT)


@dataclass(frozen=True, slots=True)
class BodyArgs:
    """A body, and the names of what may use its key."""

    body: Tenant
    scope: Scope
    services: Sequence[str]
    """Subscriptions that its stack is built with."""
    admin_role: str
    """The name of the role of the database-admin job of its cell."""
    boundary_arn: pulumi.Input[str]


class Body(pulumi.ComponentResource):
    """One body's own storage and keys."""

    def __init__(
        self, name: str, args: BodyArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("moyai:infra:Body", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        scope, site = args.scope, args.scope.site
        slug = scope.federation.slug
        prefix = names.tenant_prefix(scope.federation, args.body.code)
        self.auditor_name = names.fit(f"{prefix}-auditor", names.ROLE_LIMIT)
        self.key = ReplicatedKey(
            "body",
            KeyArgs(
                prefix,
                f"{args.body.name} ({args.body.code})",
                body_key(site, self._users(args), slug, args.body.code),
                scope,
            ),
            child,
        )
        self.documents_name = names.bucket(scope.federation, site, args.body.code, "documents")
        self.backups_name = names.bucket(scope.federation, site, args.body.code, "backups")
        self.documents = PrivateBucket(
            "documents",
            BucketArgs(
                self.documents_name,
                scope,
                self.key.arn,
                expire_noncurrent_days=NONCURRENT_DAYS,
            ),
            child,
        )
        self.backups = PrivateBucket(
            "backups",
            BucketArgs(self.backups_name, scope, self.key.arn, lock_days=BACKUP_LOCK_DAYS),
            child,
        )
        self.log_group_name = f"/{slug}/{args.body.code}"
        self.log_group = aws.cloudwatch.LogGroup(
            "body",
            name=self.log_group_name,
            kms_key_id=self.key.arn,
            retention_in_days=tasks.LOG_DAYS,
            tags=scope.tags(),
            opts=child,
        )
        self._auditor(args, child)
        self.register_outputs({"key_arn": self.key.arn})

    def _users(self, args: BodyArgs) -> list[str]:
        site = args.scope.site
        roles = [self.auditor_name, args.admin_role]
        for service in args.services:
            scope = args.scope.of_service(service)
            roles += [task_role_name(scope), job_role_name(scope), execution_role_name(scope)]
        return [role_arn(site, role) for role in roles]

    def _auditor(self, args: BodyArgs, child: pulumi.ResourceOptions) -> None:
        """Reads the body's logs, documents and backups, nothing else, and only with MFA."""
        site = args.scope.site
        trust = document(
            {
                "Effect": "Allow",
                "Principal": {"AWS": root_arn(site)},
                "Action": "sts:AssumeRole",
                "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
            }
        )
        role = aws.iam.Role(
            "auditor",
            name=self.auditor_name,
            assume_role_policy=trust,
            permissions_boundary=args.boundary_arn,
            tags=args.scope.tags(),
            opts=child,
        )
        buckets = [self.documents_name, self.backups_name]
        arns = [f"arn:aws:s3:::{bucket}" for bucket in buckets]
        policy = self.key.arn.apply(
            lambda key: document(
                allow("List", ["s3:ListBucket", "s3:ListBucketVersions"], arns),
                allow("Read", ["s3:GetObject*"], [f"{arn}/*" for arn in arns]),
                allow(
                    "Logs",
                    ["logs:FilterLogEvents", "logs:GetLogEvents"],
                    [
                        f"arn:aws:logs:{site.region}:{site.account_id}"
                        f":log-group:{self.log_group_name}:*"
                    ],
                ),
                allow("Key", ["kms:Decrypt"], [key]),
            )
        )
        aws.iam.RolePolicy("auditor", role=role.name, policy=policy, opts=child)
        self.auditor_arn = role.arn
