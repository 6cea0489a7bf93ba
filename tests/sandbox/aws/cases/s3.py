"""Buckets and what is set on them."""

from __future__ import annotations

import json

from case import Case, Maker, World


def _bucket(world: World, **more: object) -> str:
    bucket = world.make("aws:s3/bucket:Bucket", "bucket", {"forceDestroy": True, **more})
    return bucket.id


def _policy(name: str, action: str = "s3:GetObject") -> str:
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": f"arn:aws:s3:::{name}/*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def bucket(world: World) -> Case:
    return Case(
        {"bucket": f"{world.name}-documents", "objectLockEnabled": True},
        update={"forceDestroy": True},
        replace={"bucket": "another-name", "objectLockEnabled": False},
        drift=lambda aws, it: aws("s3").delete_bucket(Bucket=it.id),
        unread=frozenset({"forceDestroy"}),
    )


def versioning(world: World) -> Case:
    return Case(
        {"bucket": _bucket(world), "versioningConfiguration": {"status": "Enabled"}},
        update={"versioningConfiguration": {"status": "Suspended"}},
        replace={"bucket": "another-name"},
        drift=lambda aws, it: aws("s3").put_bucket_versioning(
            Bucket=it.id, VersioningConfiguration={"Status": "Enabled"}
        ),
        drifted=frozenset({"versioningConfiguration"}),
        stays=True,
    )


def encryption(world: World) -> Case:
    def rules(key: str) -> list[dict[str, object]]:
        how = {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": key}
        return [{"applyServerSideEncryptionByDefault": how, "bucketKeyEnabled": True}]

    return Case(
        {"bucket": _bucket(world), "rules": rules("alias/one")},
        update={"rules": rules("alias/two")},
        replace={"bucket": "another-name"},
        drift=lambda aws, it: aws("s3").delete_bucket_encryption(Bucket=it.id),
    )


def public_access_block(world: World) -> Case:
    return Case(
        {"bucket": _bucket(world), "blockPublicAcls": True, "ignorePublicAcls": True},
        update={"blockPublicPolicy": True, "ignorePublicAcls": False},
        replace={"bucket": "another-name"},
        drift=lambda aws, it: aws("s3").put_public_access_block(
            Bucket=it.id, PublicAccessBlockConfiguration={"RestrictPublicBuckets": True}
        ),
        drifted=frozenset({"blockPublicAcls", "blockPublicPolicy", "restrictPublicBuckets"}),
    )


def policy(world: World) -> Case:
    name = _bucket(world)
    return Case(
        {"bucket": name, "policy": _policy(name)},
        update={"policy": _policy(name, "s3:PutObject")},
        replace={"bucket": "another-name"},
        drift=lambda aws, it: aws("s3").delete_bucket_policy(Bucket=it.id),
    )


def object_lock(world: World) -> Case:
    def rule(days: int) -> dict[str, object]:
        return {"defaultRetention": {"mode": "COMPLIANCE", "days": days}}

    return Case(
        {"bucket": _bucket(world, objectLockEnabled=True), "rule": rule(30)},
        update={"rule": rule(60)},
        replace={"bucket": "another-name"},
        drift=lambda aws, it: aws("s3").put_object_lock_configuration(
            Bucket=it.id, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"}
        ),
        drifted=frozenset({"rule"}),
        stays=True,
    )


def lifecycle(world: World) -> Case:
    old_versions = {
        "id": "old-versions",
        "status": "Enabled",
        "noncurrentVersionExpiration": {"noncurrentDays": 90},
        "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
    }
    logs = {
        "id": "logs",
        "status": "Enabled",
        "filter": {"prefix": "logs/"},
        "expiration": {"days": 400},
        "transitions": [{"days": 30, "storageClass": "GLACIER"}],
    }
    both = {"and": {"prefix": "x/", "tags": {"a": "1", "b": "2"}}}
    return Case(
        {"bucket": _bucket(world), "rules": [old_versions, logs]},
        update={"rules": [{**old_versions, "filter": both}]},
        replace={"bucket": "another-name"},
        drift=lambda aws, it: aws("s3").delete_bucket_lifecycle(Bucket=it.id),
    )


def ownership(world: World) -> Case:
    return Case(
        {"bucket": _bucket(world), "rule": {"objectOwnership": "BucketOwnerEnforced"}},
        update={"rule": {"objectOwnership": "BucketOwnerPreferred"}},
        replace={"bucket": "another-name"},
        drift=lambda aws, it: aws("s3").delete_bucket_ownership_controls(Bucket=it.id),
    )


def logging(world: World) -> Case:
    target = world.make("aws:s3/bucket:Bucket", "logs", {"forceDestroy": True})
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{target.id}/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    world.make("aws:s3/bucketPolicy:BucketPolicy", "logs", {"bucket": target.id, "policy": policy})
    return Case(
        {"bucket": _bucket(world), "targetBucket": target.id, "targetPrefix": "a/"},
        update={"targetPrefix": "b/"},
        replace={"bucket": "another-name"},
        drift=lambda aws, it: aws("s3").put_bucket_logging(Bucket=it.id, BucketLoggingStatus={}),
    )


CASES: dict[str, Maker] = {
    "aws:s3/bucket:Bucket": bucket,
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": lifecycle,
    "aws:s3/bucketLogging:BucketLogging": logging,
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": object_lock,
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": ownership,
    "aws:s3/bucketPolicy:BucketPolicy": policy,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": public_access_block,
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        encryption
    ),
    "aws:s3/bucketVersioning:BucketVersioning": versioning,
}
