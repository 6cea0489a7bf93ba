"""What an account has once: keys, trail, vault, alarms, and the boundary of all bodies' roles."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from moyai.infra import tasks
from moyai.infra.keys import KeyArgs, ReplicatedKey
from moyai.infra.outputs import SharedOutputs
from moyai.infra.policies import boundary, platform_key, trail_writes
from moyai.infra.scope import Scope
from moyai.infra.storage import BucketArgs, PrivateBucket
from moyai.planning import names

TRAIL_LOCK_DAYS = 365


class Shared(pulumi.ComponentResource):
    """The account's own resources; `outputs` is what cells and bodies take."""

    def __init__(self, name: str, scope: Scope, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("moyai:infra:Shared", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        slug, site = scope.federation.slug, scope.site
        self.key = ReplicatedKey(
            "platform",
            KeyArgs(f"{slug}-platform", "The platform's own data", platform_key(site), scope),
            child,
        )
        topic = aws.sns.Topic(
            "alarms",
            name=f"{slug}-alarms",
            kms_master_key_id=self.key.key.key_id,
            tags=scope.tags(),
            opts=child,
        )
        vault = aws.backup.Vault(
            "vault",
            name=f"{slug}-vault",
            kms_key_arn=self.key.arn,
            tags=scope.tags(),
            opts=pulumi.ResourceOptions(parent=self, protect=True),
        )
        limit = aws.iam.Policy(
            "boundary",
            name=f"{slug}-boundary",
            description="The most that a role of any body can have",
            policy=boundary(site, slug),
            tags=scope.tags(),
            opts=child,
        )
        self._trail(scope)
        self.outputs = SharedOutputs(
            platform_key_arn=self.key.arn,
            boundary_arn=limit.arn,
            alarm_topic_arn=topic.arn,
            vault_name=vault.name,
        )
        self.register_outputs({})

    def _trail(self, scope: Scope) -> None:
        slug, site = scope.federation.slug, scope.site
        bucket_name = names.bucket(scope.federation, site, "shared", "trail")
        trail_arn = f"arn:aws:cloudtrail:{site.region}:{site.account_id}:trail/{slug}-trail"
        bucket = PrivateBucket(
            "trail",
            BucketArgs(
                bucket_name,
                scope,
                self.key.arn,
                lock_days=TRAIL_LOCK_DAYS,
                statements=trail_writes(bucket_name, trail_arn, site.account_id),
            ),
            pulumi.ResourceOptions(parent=self),
        )
        aws.cloudwatch.LogGroup(
            "operations",
            name=f"/{slug}/operations",
            kms_key_id=self.key.arn,
            retention_in_days=tasks.LOG_DAYS,
            tags=scope.tags(),
            opts=pulumi.ResourceOptions(parent=self),
        )
        aws.cloudtrail.Trail(
            "trail",
            name=f"{slug}-trail",
            s3_bucket_name=bucket.bucket.bucket,
            is_multi_region_trail=True,
            include_global_service_events=True,
            enable_log_file_validation=True,
            kms_key_id=self.key.arn,
            tags=scope.tags(),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[bucket.policy]),
        )
