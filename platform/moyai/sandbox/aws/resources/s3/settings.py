"""Settings of buckets: each is put whole, and its id is its bucket's name."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

from moyai.provider.properties import Properties
from moyai.sandbox.aws.fields import document, flag, many, one, shape, text
from moyai.sandbox.aws.handler import AwsResource, Seen
from moyai.sandbox.aws.resources.s3.bucket import GONE

BUCKET = shape(bucket=text("", required=True, replaces=True))


class BucketSetting(AwsResource):
    """One setting: a put call, a get call, and mostly a delete call."""

    service = "s3"
    put: ClassVar[str]
    get: ClassVar[str]
    off: ClassVar[str]
    missing: ClassVar[tuple[str, ...]] = ()
    """S3's codes for: nothing is set."""

    @abstractmethod
    def body(self, inputs: Properties) -> dict[str, Any]:
        """The put call's parameters, bucket apart."""

    @abstractmethod
    def values(self, answer: Any) -> Properties | None:
        """The get call's answer as properties; None where nothing is set."""

    def make(self, inputs: Properties) -> Seen:
        """Put it."""
        self.call(inputs, self.put, Bucket=inputs["bucket"], **self.body(inputs))
        return Seen(inputs["bucket"])

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """Get it."""
        answer = self.call(inputs, self.get, Bucket=id_, gone=(*GONE, *self.missing))
        found = self.values(answer) if answer is not None else None
        return None if found is None else Seen(id_, {"bucket": id_, **found})

    def change(self, id_: str, old: Properties, new: Properties, changed: object) -> Properties:
        """Put it anew."""
        del old, changed
        self.call(new, self.put, Bucket=id_, **self.body(new))
        return {}

    def remove(self, id_: str, state: Properties) -> None:
        """Take it off."""
        self.call(state, self.off, Bucket=id_, gone=(*GONE, *self.missing))

    def id_of(self, inputs: Properties) -> str | None:
        """Its bucket's name."""
        return str(inputs["bucket"])


class Versioning(BucketSetting):
    """aws:s3/bucketVersioning:BucketVersioning."""

    put, get = "put_bucket_versioning", "get_bucket_versioning"
    properties = shape(
        BUCKET,
        versioningConfiguration=one(shape(status=text(required=True)), required=True),
    )

    def body(self, inputs: Properties) -> dict[str, Any]:
        """S3 has no word for a bucket that never was versioned."""
        if inputs["versioningConfiguration"]["status"] == "Disabled":
            return {"VersioningConfiguration": {"Status": "Suspended"}}
        return self.parameters(inputs, "versioningConfiguration")

    def values(self, answer: Any) -> Properties | None:
        """As the real provider calls it, where nothing was ever set."""
        return {"versioningConfiguration": {"status": answer.get("Status") or "Disabled"}}

    def remove(self, id_: str, state: Properties) -> None:
        """A versioned bucket can only be suspended, and one with object lock not even that."""
        self.call(
            state,
            self.put,
            Bucket=id_,
            VersioningConfiguration={"Status": "Suspended"},
            gone=(*GONE, "InvalidBucketState"),
        )


class Encryption(BucketSetting):
    """aws:s3/bucketServerSideEncryptionConfiguration."""

    put, get, off = "put_bucket_encryption", "get_bucket_encryption", "delete_bucket_encryption"
    missing = ("ServerSideEncryptionConfigurationNotFoundError",)
    properties = shape(
        BUCKET,
        rules=many(
            shape(
                applyServerSideEncryptionByDefault=one(
                    shape(
                        sseAlgorithm=text("SSEAlgorithm", required=True),
                        kmsMasterKeyId=text("KMSMasterKeyID"),
                    )
                ),
                bucketKeyEnabled=flag(),
            ),
            required=True,
        ),
    )

    def body(self, inputs: Properties) -> dict[str, Any]:
        """Its rules."""
        return {"ServerSideEncryptionConfiguration": self.parameters(inputs, "rules")}

    def values(self, answer: Any) -> Properties | None:
        """Its rules."""
        return self.told(answer["ServerSideEncryptionConfiguration"])


class PublicAccessBlock(BucketSetting):
    """aws:s3/bucketPublicAccessBlock."""

    put, get = "put_public_access_block", "get_public_access_block"
    off = "delete_public_access_block"
    missing = ("NoSuchPublicAccessBlockConfiguration",)
    properties = shape(
        BUCKET,
        blockPublicAcls=flag(),
        blockPublicPolicy=flag(),
        ignorePublicAcls=flag(),
        restrictPublicBuckets=flag(),
        skipDestroy=flag("", kept=False),
    )

    def body(self, inputs: Properties) -> dict[str, Any]:
        """Four flags."""
        return {"PublicAccessBlockConfiguration": self.parameters(inputs)}

    def values(self, answer: Any) -> Properties | None:
        """Four flags."""
        return self.told(answer["PublicAccessBlockConfiguration"])

    def remove(self, id_: str, state: Properties) -> None:
        """Stays where the program says `skipDestroy`."""
        if not state.get("skipDestroy"):
            super().remove(id_, state)


class Policy(BucketSetting):
    """aws:s3/bucketPolicy:BucketPolicy."""

    put, get, off = "put_bucket_policy", "get_bucket_policy", "delete_bucket_policy"
    missing = ("NoSuchBucketPolicy",)
    properties = shape(BUCKET, policy=document(required=True))

    def body(self, inputs: Properties) -> dict[str, Any]:
        """JSON as it is."""
        return self.parameters(inputs, "policy")

    def values(self, answer: Any) -> Properties | None:
        """JSON as it is."""
        return self.told(answer)


class OwnershipControls(BucketSetting):
    """aws:s3/bucketOwnershipControls."""

    put, get = "put_bucket_ownership_controls", "get_bucket_ownership_controls"
    off = "delete_bucket_ownership_controls"
    missing = ("OwnershipControlsNotFoundError",)
    properties = shape(
        BUCKET,
        rule=one(shape(objectOwnership=text(required=True)), required=True),
    )

    def body(self, inputs: Properties) -> dict[str, Any]:
        """A list of one."""
        return {"OwnershipControls": {"Rules": [self.parameters(inputs, "rule")["Rule"]]}}

    def values(self, answer: Any) -> Properties | None:
        """A list of one."""
        return self.told({"Rule": answer["OwnershipControls"]["Rules"][0]})
