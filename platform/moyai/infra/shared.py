"""What an account has once: key, trail, vaults, alarms, domain, and the limits of all roles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from moyai.infra import boundaries, budgets, tasks
from moyai.infra.dns import Domain, DomainArgs
from moyai.infra.key_policies import platform_key
from moyai.infra.keys import KeyArgs, ReplicatedKey
from moyai.infra.outputs import SharedOutputs
from moyai.infra.policies import alarm_topic, arn, trail_writes
from moyai.infra.scope import Scope
from moyai.infra.storage import BucketArgs, PrivateBucket
from moyai.planning import names
from moyai.planning.budgets import AwsBudget

TRAIL_LOCK_DAYS = 365
VAULT_LOCK_DAYS = 7
"""The shortest time that a backup in the vaults is kept."""


@dataclass(frozen=True, slots=True)
class SharedArgs:
    """What is built once an account."""

    scope: Scope
    domains: Sequence[str]
    """The federation's domain, then wildcards for its services."""
    budgets: Sequence[AwsBudget] = ()
    """Those that are of no body."""


class Shared(pulumi.ComponentResource):
    """The account's own resources; `outputs` is what cells and bodies take."""

    def __init__(
        self, name: str, args: SharedArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("moyai:infra:Shared", name, None, opts)
        self._scope = scope = args.scope
        self._child = pulumi.ResourceOptions(parent=self)
        self._kept = pulumi.ResourceOptions(parent=self, protect=True)
        self.key = ReplicatedKey(
            "platform",
            KeyArgs(
                self._called("platform"),
                "The platform's own data",
                platform_key(scope.federation, scope.site),
                scope,
            ),
            self._child,
        )
        topic = aws.sns.Topic(
            "alarms",
            name=self._called("alarms"),
            kms_master_key_id=self.key.key.key_id,
            policy=alarm_topic(scope.site, self._called("alarms")),
            tags=scope.tags(),
            opts=self._child,
        )
        budgets.watch(args.budgets, scope, topic.arn, self._child)
        self._vaults()
        self._trail()
        self._log("operations")
        self.domain = Domain("domain", DomainArgs(args.domains, scope), self._child)
        bodies = self._boundary("bodies-boundary", boundaries.bodies(scope.federation, scope.site))
        platform = self._boundary(
            "platform-boundary", boundaries.platform(scope.federation, scope.site)
        )
        self.outputs = SharedOutputs(
            platform_key_arn=self.key.arn,
            bodies_boundary_arn=bodies.arn,
            platform_boundary_arn=platform.arn,
            alarm_topic_arn=topic.arn,
            certificate_arn=self.domain.certificate_arn,
            zone_id=self.domain.zone.zone_id,
        )
        self.register_outputs({})

    def _called(self, use: str) -> str:
        return names.shared_name(self._scope.federation, use)

    def _boundary(self, use: str, policy: str) -> aws.iam.Policy:
        return aws.iam.Policy(
            use,
            name=self._called(use),
            description="The most that a role can have, whatever its own policies say",
            policy=policy,
            tags=self._scope.tags(),
            opts=self._child,
        )

    def _vaults(self) -> None:
        """One in each region, so that a lost region leaves its backups in the other."""
        for name, key, region in (
            ("vault", self.key.arn, None),
            ("vault-copy", self.key.replica.arn, self._scope.site.backup_region),
        ):
            vault = aws.backup.Vault(
                name,
                name=self._called("vault"),
                kms_key_arn=key,
                region=region,
                tags=self._scope.tags(),
                opts=self._kept,
            )
            # Without days for changing one's mind it is governance, which a mistake can be put
            # right in; copies that must not be touched by anyone are in the bodies' own buckets.
            aws.backup.VaultLockConfiguration(
                name,
                backup_vault_name=vault.name,
                min_retention_days=VAULT_LOCK_DAYS,
                region=region,
                opts=self._child,
            )

    def _log(self, use: str) -> None:
        aws.cloudwatch.LogGroup(
            use,
            name=names.log_group(self._scope.federation, use),
            kms_key_id=self.key.arn,
            retention_in_days=tasks.LOG_DAYS,
            tags=self._scope.tags(),
            opts=self._kept,
        )

    def _trail(self) -> None:
        """Everything that is done in the account, in files that nobody can change or delete."""
        scope, site = self._scope, self._scope.site
        bucket_name = names.shared_buckets(scope.federation, site)["trail"]
        trail_arn = arn(site, "cloudtrail", f"trail/{self._called('trail')}")
        bucket = PrivateBucket(
            "trail",
            BucketArgs(
                bucket_name,
                scope,
                self.key.arn,
                lock_days=TRAIL_LOCK_DAYS,
                statements=trail_writes(bucket_name, trail_arn, site.account_id),
            ),
            self._child,
        )
        aws.cloudtrail.Trail(
            "trail",
            name=self._called("trail"),
            s3_bucket_name=bucket.bucket.bucket,
            is_multi_region_trail=True,
            include_global_service_events=True,
            enable_log_file_validation=True,
            kms_key_id=self.key.arn,
            tags=scope.tags(),
            opts=pulumi.ResourceOptions(parent=self, protect=True, depends_on=[bucket.policy]),
        )
