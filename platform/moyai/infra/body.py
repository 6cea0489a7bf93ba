"""What a body has whatever it subscribes to: its key, its buckets, its auditor, its log group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from moyai.infra import policies, tasks
from moyai.infra.key_policies import body_key
from moyai.infra.keys import KeyArgs, ReplicatedKey
from moyai.infra.scope import Scope
from moyai.infra.storage import BucketArgs, PrivateBucket
from moyai.planning import names
from moyai.planning.layout import BACKUP_TIERS
from moyai.registry.models import BackupPolicy, Tenant

REPLACED_DAYS = 365
"""How long a document can be had back that was replaced or deleted."""


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
    own_cell: bool


class Body(pulumi.ComponentResource):
    """One body's own storage and keys."""

    def __init__(
        self, name: str, args: BodyArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("moyai:infra:Body", name, None, opts)
        self._args = args
        child = pulumi.ResourceOptions(parent=self)
        scope, body = args.scope, args.body
        federation, site = scope.federation, scope.site
        self.key = ReplicatedKey(
            "body",
            KeyArgs(
                names.tenant_prefix(federation, body.code),
                f"{body.name} ({body.code})",
                body_key(
                    federation,
                    site,
                    body.code,
                    args.services,
                    args.admin_role,
                    own_cell=args.own_cell,
                ),
                scope,
            ),
            child,
        )
        self._buckets(child)
        self.log_group_name = names.log_group(federation, body.code)
        self.log_group = aws.cloudwatch.LogGroup(
            "body",
            name=self.log_group_name,
            kms_key_id=self.key.arn,
            retention_in_days=tasks.LOG_DAYS,
            tags=scope.tags(),
            opts=pulumi.ResourceOptions(parent=self, protect=True),
        )
        self.auditor = self._auditor(child)
        self.register_outputs({"key_arn": self.key.arn})

    def _buckets(self, child: pulumi.ResourceOptions) -> None:
        args = self._args
        self.bucket_names = names.body_buckets(
            args.scope.federation, args.scope.site, args.body.code
        )
        self.documents_name = self.bucket_names["documents"]
        self.backups_name = self.bucket_names["backups"]
        self.documents = PrivateBucket(
            "documents",
            BucketArgs(self.documents_name, args.scope, self.key.arn, replaced_days=REPLACED_DAYS),
            child,
        )
        self.backups = PrivateBucket(
            "backups",
            BucketArgs(
                self.backups_name,
                args.scope,
                self.key.arn,
                lock_days=_lock_days(args.body.backup),
                replaced_days=1,
                keep_days=_keep(args.body.backup),
            ),
            child,
        )

    def _auditor(self, child: pulumi.ResourceOptions) -> aws.iam.Role:
        """For the people who examine the body: reads everything of it, and only with MFA."""
        args = self._args
        site = args.scope.site
        role = aws.iam.Role(
            "auditor",
            name=names.body_roles(args.scope.federation, args.body.code)["auditor"],
            assume_role_policy=policies.trust_people(site),
            permissions_boundary=args.boundary_arn,
            tags=args.scope.tags(),
            opts=child,
        )
        policy = self.key.arn.apply(
            lambda key: policies.auditor(
                site, list(self.bucket_names.values()), self.log_group_name, key
            )
        )
        aws.iam.RolePolicy("auditor", role=role.name, policy=policy, opts=child)
        return role


def _keep(backup: BackupPolicy) -> dict[str, int]:
    """Prefix of a tier → days that its backups are kept; a tier that is not kept has no prefix.

    Those that operations make are kept as long as the bucket is locked.
    """
    counts = {
        "daily": backup.daily,
        "weekly": backup.weekly,
        "monthly": backup.monthly,
        "yearly": backup.yearly,
    }
    tiers = {
        f"{tier}/": counts[tier] * days for tier, days in BACKUP_TIERS.items() if counts[tier] > 0
    }
    return {**tiers, names.BACKUPS: _lock_days(backup)}


def _lock_days(backup: BackupPolicy) -> int:
    return max(backup.daily, 1)
