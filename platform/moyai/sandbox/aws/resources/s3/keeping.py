"""Settings of buckets that say how long objects stay, and where accesses are written down."""

from __future__ import annotations

from typing import Any

from moyai.provider.properties import Properties
from moyai.sandbox.aws.fields import flag, many, mapping, one, shape, text, whole
from moyai.sandbox.aws.resources.s3.bucket import GONE
from moyai.sandbox.aws.resources.s3.settings import BUCKET, BucketSetting


class ObjectLock(BucketSetting):
    """aws:s3/bucketObjectLockConfiguration. It cannot be taken off a bucket, only its rule."""

    put, get = "put_object_lock_configuration", "get_object_lock_configuration"
    missing = ("ObjectLockConfigurationNotFoundError",)
    properties = shape(
        BUCKET,
        objectLockEnabled=text(default="Enabled", replaces=True),
        rule=one(
            shape(
                defaultRetention=one(
                    shape(mode=text(), days=whole(default=0), years=whole(default=0)), required=True
                )
            )
        ),
    )

    def body(self, inputs: Properties) -> dict[str, Any]:
        """Enabled, with a default retention."""
        rule = self.parameters(inputs, "rule")
        return {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled", **rule}}

    def values(self, answer: Any) -> Properties | None:
        """The rule, if any."""
        return self.told(answer["ObjectLockConfiguration"])

    def remove(self, id_: str, state: Properties) -> None:
        """Drop the rule; a locked bucket stays locked."""
        self.call(
            state,
            self.put,
            Bucket=id_,
            ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"},
            gone=GONE,
        )


_SIZES = shape(
    prefix=text(),
    objectSizeGreaterThan=whole(),
    objectSizeLessThan=whole(),
)


class Lifecycle(BucketSetting):
    """aws:s3/bucketLifecycleConfiguration."""

    put, get = "put_bucket_lifecycle_configuration", "get_bucket_lifecycle_configuration"
    off = "delete_bucket_lifecycle"
    missing = ("NoSuchLifecycleConfiguration",)
    properties = shape(
        BUCKET,
        rules=many(
            shape(
                id=text("ID", required=True),
                status=text(required=True),
                prefix=text(),
                filter=one(
                    shape(
                        _SIZES,
                        tag=one(shape(key=text(required=True), value=text(required=True))),
                        **{"and": one(shape(_SIZES, tags=mapping(pairs=("Key", "Value"))))},
                    ),
                    default={},
                ),
                expiration=one(shape(date=text(), days=whole(), expiredObjectDeleteMarker=flag())),
                transitions=many(
                    shape(date=text(), days=whole(), storageClass=text(required=True)),
                    is_set=True,
                ),
                noncurrentVersionExpiration=one(
                    shape(noncurrentDays=whole(required=True), newerNoncurrentVersions=whole())
                ),
                noncurrentVersionTransitions=many(
                    shape(
                        noncurrentDays=whole(required=True),
                        newerNoncurrentVersions=whole(),
                        storageClass=text(required=True),
                    ),
                    is_set=True,
                ),
                abortIncompleteMultipartUpload=one(shape(daysAfterInitiation=whole())),
            )
        ),
    )

    def body(self, inputs: Properties) -> dict[str, Any]:
        """A rule without filter is for all objects."""
        rules = self.parameters(inputs, "rules").get("Rules", [])
        filled = [
            rule if "Prefix" in rule else {**rule, "Filter": rule.get("Filter") or {"Prefix": ""}}
            for rule in rules
        ]
        return {"LifecycleConfiguration": {"Rules": filled}}

    def values(self, answer: Any) -> Properties | None:
        """Its rules."""
        return self.told(answer)


class Logging(BucketSetting):
    """aws:s3/bucketLogging."""

    put, get = "put_bucket_logging", "get_bucket_logging"
    properties = shape(
        BUCKET,
        targetBucket=text(required=True),
        targetPrefix=text(required=True),
    )

    def body(self, inputs: Properties) -> dict[str, Any]:
        """Where to."""
        target = self.parameters(inputs, "targetBucket", "targetPrefix")
        return {"BucketLoggingStatus": {"LoggingEnabled": target}}

    def values(self, answer: Any) -> Properties | None:
        """Where to; nothing where it is off."""
        enabled = answer.get("LoggingEnabled")
        return self.told(enabled) if enabled else None

    def remove(self, id_: str, state: Properties) -> None:
        """An empty status switches it off."""
        self.call(state, self.put, Bucket=id_, BucketLoggingStatus={}, gone=GONE)
