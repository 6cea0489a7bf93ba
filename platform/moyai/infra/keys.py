"""Multi-Region keys with rotation, and their replicas in the backup region."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from moyai.infra.scope import Scope

DELETION_DAYS = 30
"""The longest that AWS waits before a key is gone, so that an exit can be taken back."""


@dataclass(frozen=True, slots=True)
class KeyArgs:
    """A key, by whom and under which policy."""

    alias: str
    """Without `alias/`."""
    description: str
    policy: str
    scope: Scope


class ReplicatedKey(pulumi.ComponentResource):
    """A key in the home region, its alias, and a replica that opens copies in the backup region."""

    def __init__(
        self, name: str, args: KeyArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("moyai:infra:ReplicatedKey", name, None, opts)
        kept = pulumi.ResourceOptions(parent=self, protect=True)
        tags = args.scope.tags()
        self.key = aws.kms.Key(
            name,
            description=args.description,
            policy=args.policy,
            multi_region=True,
            enable_key_rotation=True,
            deletion_window_in_days=DELETION_DAYS,
            tags=tags,
            opts=kept,
        )
        aws.kms.Alias(
            name,
            name=f"alias/{args.alias}",
            target_key_id=self.key.key_id,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.replica = aws.kms.ReplicaKey(
            f"{name}-replica",
            description=args.description,
            policy=args.policy,
            primary_key_arn=self.key.arn,
            deletion_window_in_days=DELETION_DAYS,
            region=args.scope.site.backup_region,
            tags=tags,
            opts=kept,
        )
        self.arn = self.key.arn
        self.register_outputs({"arn": self.key.arn, "replica_arn": self.replica.arn})
