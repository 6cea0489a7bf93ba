"""Buckets that are encrypted, versioned, closed to the public and reached over TLS only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from moyai.infra.policies import Statement, bucket_policy
from moyai.infra.scope import Scope

UPLOAD_DAYS = 7
"""Days after which the parts of an upload that was never finished go."""


@dataclass(frozen=True, slots=True)
class BucketArgs:
    """What a bucket is for."""

    name: str
    scope: Scope
    key_arn: pulumi.Input[str]
    lock_days: int | None = None
    """Object lock in compliance mode for this many days; None: no lock."""
    replaced_days: int | None = None
    """Days after which versions go that were replaced or deleted; None: kept for good."""
    keep_days: Mapping[str, int] = field(default_factory=dict)
    """Prefix → days after which its objects go, as far as the lock lets them."""
    statements: Sequence[Statement] = ()
    """Further statements of the bucket's policy."""


class PrivateBucket(pulumi.ComponentResource):
    """A bucket with everything that a municipality asks of one."""

    def __init__(
        self, name: str, args: BucketArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("moyai:infra:PrivateBucket", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        kept = pulumi.ResourceOptions(parent=self, protect=True)
        self.bucket = aws.s3.Bucket(
            name,
            bucket=args.name,
            object_lock_enabled=args.lock_days is not None,
            tags=args.scope.tags(),
            opts=kept,
        )
        on = self.bucket.bucket
        versioning = aws.s3.BucketVersioning(
            name, bucket=on, versioning_configuration={"status": "Enabled"}, opts=child
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            name,
            bucket=on,
            rules=[
                {
                    "apply_server_side_encryption_by_default": {
                        "sse_algorithm": "aws:kms",
                        "kms_master_key_id": args.key_arn,
                    },
                    "bucket_key_enabled": True,
                }
            ],
            opts=child,
        )
        aws.s3.BucketPublicAccessBlock(
            name,
            bucket=on,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        aws.s3.BucketOwnershipControls(
            name, bucket=on, rule={"object_ownership": "BucketOwnerEnforced"}, opts=child
        )
        self.policy = aws.s3.BucketPolicy(
            name,
            bucket=on,
            policy=pulumi.Output.from_input(args.key_arn).apply(
                lambda key: bucket_policy(args.name, key, *args.statements)
            ),
            opts=child,
        )
        after = pulumi.ResourceOptions(parent=self, depends_on=[versioning])
        if args.lock_days is not None:
            aws.s3.BucketObjectLockConfiguration(
                name,
                bucket=on,
                rule={"default_retention": {"mode": "COMPLIANCE", "days": args.lock_days}},
                opts=after,
            )
        aws.s3.BucketLifecycleConfiguration(name, bucket=on, rules=_lifecycle(args), opts=after)
        self.register_outputs({"bucket": on, "arn": self.bucket.arn})


def _lifecycle(args: BucketArgs) -> list[aws.s3.BucketLifecycleConfigurationRuleArgsDict]:
    rules: list[aws.s3.BucketLifecycleConfigurationRuleArgsDict] = [
        {
            "id": "unfinished-uploads",
            "status": "Enabled",
            "filter": {"prefix": ""},
            "abort_incomplete_multipart_upload": {"days_after_initiation": UPLOAD_DAYS},
        }
    ]
    if args.replaced_days is not None:
        rules.append(
            {
                "id": "replaced-versions",
                "status": "Enabled",
                "filter": {"prefix": ""},
                "noncurrent_version_expiration": {"noncurrent_days": args.replaced_days},
            }
        )
    rules += [
        {
            "id": f"keep-{prefix.rstrip('/')}",
            "status": "Enabled",
            "filter": {"prefix": prefix},
            "expiration": {"days": days},
        }
        for prefix, days in args.keep_days.items()
    ]
    return rules
