"""Buckets. A bucket's id is its name."""

from __future__ import annotations

from typing import Any

from moyai.provider.naming import AutoName
from moyai.provider.properties import Properties
from moyai.provider.resources import ResourceFailed
from moyai.sandbox.aws.fields import flag, shape, text
from moyai.sandbox.aws.handler import AwsResource, Seen
from moyai.sandbox.aws.tagging import Call, Tags, pairs, unpaired
from moyai.texts import Text

GONE = ("NoSuchBucket", "404", "NotFound")
_PLAIN_REGION = "us-east-1"
"""The region that CreateBucket does not want to be told."""
_PAGE = 1000


class BucketTags:
    """S3 sets a bucket's tags all at once."""

    def created(self, tags: Tags) -> dict[str, object]:
        """The create call takes none."""
        del tags
        return {}

    def change(self, call: Call, target: str, old: Tags, new: Tags) -> None:
        """Put them all."""
        if new == old:
            return
        if new:
            call("put_bucket_tagging", Bucket=target, Tagging={"TagSet": pairs(new)})
        else:
            call("delete_bucket_tagging", Bucket=target)

    def read(self, call: Call, target: str) -> dict[str, str]:
        """None set is an error code of S3's."""
        answer = call("get_bucket_tagging", Bucket=target, gone=("NoSuchTagSet",))
        return unpaired(answer["TagSet"]) if answer else {}


class Bucket(AwsResource):
    """aws:s3/bucket:Bucket."""

    service = "s3"
    tagging = BucketTags()
    autoname = AutoName("bucket", "bucketPrefix", limit=63, lower=True)
    properties = shape(
        bucket=text("", replaces=True),
        bucketPrefix=text("", replaces=True, kept=False),
        forceDestroy=flag("", kept=False),
        objectLockEnabled=flag("", replaces=True),
    )
    computed = frozenset({"arn", "bucketDomainName", "bucketRegion", "bucketRegionalDomainName"})

    def make(self, inputs: Properties) -> Seen:
        """One call."""
        region = self.region(inputs)
        more: dict[str, Any] = {}
        if region != _PLAIN_REGION:
            more["CreateBucketConfiguration"] = {"LocationConstraint": region}
        if inputs.get("objectLockEnabled"):
            more["ObjectLockEnabledForBucket"] = True
        self.call(inputs, "create_bucket", Bucket=inputs["bucket"], **more)
        return self._seen(inputs["bucket"], inputs)

    def complete(self, id_: str, inputs: Properties, values: Properties) -> None:
        """Tags."""
        del values
        self.set_tags(id_, inputs)

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """Tags and the lock are read; the name is the id."""
        if self.call(inputs, "head_bucket", Bucket=id_, gone=GONE) is None:
            return None
        missing = ("ObjectLockConfigurationNotFoundError",)
        lock = self.call(inputs, "get_object_lock_configuration", Bucket=id_, gone=missing)
        enabled = (lock or {}).get("ObjectLockConfiguration", {}).get("ObjectLockEnabled")
        seen = self._seen(id_, inputs)
        tags = self.read_tags(id_, inputs)
        locked = enabled == "Enabled"
        return Seen(id_, {**seen.values, "bucket": id_, "tags": tags, "objectLockEnabled": locked})

    def change(self, id_: str, old: Properties, new: Properties, changed: object) -> Properties:
        """`forceDestroy` is only a word for the delete to come."""
        del id_, old, new, changed
        return {}

    def remove(self, id_: str, state: Properties) -> None:
        """Emptied first only where the program says `forceDestroy`."""
        if state.get("forceDestroy"):
            self._empty(id_, state)
        self.call(state, "delete_bucket", Bucket=id_, gone=GONE)

    def _empty(self, id_: str, state: Properties) -> None:
        bypass: dict[str, Any] = {}
        if state.get("objectLockEnabled"):
            bypass["BypassGovernanceRetention"] = True
        while True:
            page = self.call(state, "list_object_versions", Bucket=id_, MaxKeys=_PAGE, gone=GONE)
            found = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())] if page else []
            if not found:
                return
            objects = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]
            answer = self.call(
                state, "delete_objects", Bucket=id_, Delete={"Objects": objects}, **bypass
            )
            if answer.get("Errors"):
                raise _locked(id_, len(answer["Errors"]))

    def _seen(self, name: str, inputs: Properties) -> Seen:
        region = self.region(inputs)
        return Seen(
            name,
            {
                "arn": f"arn:aws:s3:::{name}",
                "bucketDomainName": f"{name}.s3.amazonaws.com",
                "bucketRegion": region,
                "bucketRegionalDomainName": f"{name}.s3.{region}.amazonaws.com",
            },
        )


def _locked(name: str, count: int) -> ResourceFailed:
    return ResourceFailed(
        Text(
            f"バケット {name} を空にできません。ロックされたオブジェクトが {count} 件あります。",
            f"the bucket {name} cannot be emptied: {count} of its objects are locked.",
        ),
        remedy=Text(
            "保存期間が過ぎてから、もう一度実行してください。",
            "Run again when their retention has ended.",
        ),
    )
