"""Buckets and what is set on them."""

from __future__ import annotations

from typing import Any

from moyai.provider.properties import Properties
from moyai.provider.resources import Live
from moyai.sandbox.aws.base import COMMON, TAGGED, AwsResource, camel, pairs, pascal, unpaired

_GONE = ("NoSuchBucket", "404", "NotFound")


class Bucket(AwsResource):
    """aws:s3/bucket:Bucket. Its id is its name."""

    service = "s3"
    inputs = TAGGED | {"bucket", "objectLockEnabled", "forceDestroy"}
    required = frozenset({"bucket"})
    replace_on = frozenset({"bucket", "region", "objectLockEnabled"})
    computed = frozenset({"arn", "bucketDomainName", "bucketRegionalDomainName"})
    delete_first = True

    def create(self, inputs: Properties) -> Live:
        """One call, and one for tags."""
        region = str(self.outputs(inputs)["region"])
        self.call(
            inputs,
            "create_bucket",
            Bucket=inputs["bucket"],
            CreateBucketConfiguration={"LocationConstraint": region},
            ObjectLockEnabledForBucket=bool(inputs.get("objectLockEnabled", False)),
        )
        self._tag(inputs)
        return self._live(inputs)

    def read(self, id_: str, inputs: Properties) -> Live | None:
        """Tags and the lock are read; the name is the id."""
        known = {**inputs, "bucket": id_}
        if self.call(known, "head_bucket", Bucket=id_, gone=_GONE) is None:
            return None
        found = self.call(known, "get_bucket_tagging", Bucket=id_, gone=("NoSuchTagSet",))
        tags = unpaired(found["TagSet"]) if found else None
        return self._live(self.same_inputs(known, tags=tags))

    def update(self, id_: str, old: Properties, new: Properties) -> Properties:
        """Only tags change in place."""
        del id_, old
        self._tag(new)
        return self._live(new).outputs

    def delete(self, id_: str, state: Properties) -> None:
        """Empty it first only where the program says `forceDestroy`."""
        if state.get("forceDestroy"):
            self._empty(id_, state)
        self.call(state, "delete_bucket", Bucket=id_, gone=_GONE)

    def find(self, inputs: Properties) -> str | None:
        """By its name."""
        return str(inputs["bucket"])

    def _tag(self, inputs: Properties) -> None:
        if inputs.get("tags"):
            tagging = {"TagSet": pairs(inputs["tags"])}
            self.call(inputs, "put_bucket_tagging", Bucket=inputs["bucket"], Tagging=tagging)
        else:
            self.call(inputs, "delete_bucket_tagging", Bucket=inputs["bucket"])

    def _empty(self, id_: str, state: Properties) -> None:
        while True:
            page = self.call(state, "list_object_versions", Bucket=id_, gone=_GONE)
            found = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())] if page else []
            if not found:
                return
            objects = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]
            self.call(state, "delete_objects", Bucket=id_, Delete={"Objects": objects})

    def _live(self, inputs: Properties) -> Live:
        name = str(inputs["bucket"])
        region = self.outputs(inputs)["region"]
        return self.live(
            name,
            inputs,
            arn=f"arn:aws:s3:::{name}",
            bucketDomainName=f"{name}.s3.amazonaws.com",
            bucketRegionalDomainName=f"{name}.s3.{region}.amazonaws.com",
        )


class _OnBucket(AwsResource):
    """A setting of a bucket, replaced whole; its id is the bucket's name."""

    service = "s3"
    required = frozenset({"bucket"})
    replace_on = frozenset({"bucket", "region"})
    put: str
    get: str
    remove: str
    missing: tuple[str, ...] = ()

    def parameters(self, inputs: Properties) -> dict[str, Any]:
        """The put call's parameters."""
        raise NotImplementedError

    def properties(self, answer: Any) -> Properties | None:
        """The get call's answer as inputs; None where nothing is set."""
        raise NotImplementedError

    def create(self, inputs: Properties) -> Live:
        """Put it."""
        self.call(inputs, self.put, Bucket=inputs["bucket"], **self.parameters(inputs))
        return self.live(str(inputs["bucket"]), inputs)

    def read(self, id_: str, inputs: Properties) -> Live | None:
        """Get it."""
        known = {**inputs, "bucket": id_}
        answer = self.call(known, self.get, Bucket=id_, gone=(*_GONE, *self.missing))
        found = self.properties(answer) if answer else None
        return None if found is None else self.live(id_, self.same_inputs(known, **found))

    def update(self, id_: str, old: Properties, new: Properties) -> Properties:
        """Put it anew."""
        del id_, old
        return self.create(new).outputs

    def delete(self, id_: str, state: Properties) -> None:
        """Take it off."""
        self.call(state, self.remove, Bucket=id_, gone=(*_GONE, *self.missing))

    def find(self, inputs: Properties) -> str | None:
        """By its bucket."""
        return str(inputs["bucket"])


class Versioning(_OnBucket):
    """aws:s3/bucketVersioning:BucketVersioning."""

    inputs = COMMON | {"bucket", "versioningConfiguration"}
    put, get = "put_bucket_versioning", "get_bucket_versioning"

    def parameters(self, inputs: Properties) -> dict[str, Any]:
        """Its one block."""
        return {"VersioningConfiguration": pascal(inputs["versioningConfiguration"])}

    def properties(self, answer: Any) -> Properties | None:
        """Nothing set: never versioned."""
        status = answer.get("Status")
        return {"versioningConfiguration": {"status": status}} if status else None

    def delete(self, id_: str, state: Properties) -> None:
        """A versioned bucket can only be suspended, and one with object lock not even that."""
        self.call(
            state,
            "put_bucket_versioning",
            Bucket=id_,
            VersioningConfiguration={"Status": "Suspended"},
            gone=(*_GONE, "InvalidBucketState"),
        )


class Encryption(_OnBucket):
    """aws:s3/bucketServerSideEncryptionConfiguration."""

    inputs = COMMON | {"bucket", "rules"}
    put, get, remove = "put_bucket_encryption", "get_bucket_encryption", "delete_bucket_encryption"
    missing = ("ServerSideEncryptionConfigurationNotFoundError",)

    def parameters(self, inputs: Properties) -> dict[str, Any]:
        """One rule with an algorithm and a key."""
        rules = []
        for rule in inputs["rules"]:
            how = rule["applyServerSideEncryptionByDefault"]
            default = {"SSEAlgorithm": how["sseAlgorithm"]}
            if how.get("kmsMasterKeyId"):
                default["KMSMasterKeyID"] = how["kmsMasterKeyId"]
            rules.append(
                {
                    "ApplyServerSideEncryptionByDefault": default,
                    "BucketKeyEnabled": bool(rule.get("bucketKeyEnabled", False)),
                }
            )
        return {"ServerSideEncryptionConfiguration": {"Rules": rules}}

    def properties(self, answer: Any) -> Properties | None:
        """The same back."""
        rules = []
        for rule in answer["ServerSideEncryptionConfiguration"]["Rules"]:
            how = rule["ApplyServerSideEncryptionByDefault"]
            default = {"sseAlgorithm": how["SSEAlgorithm"]}
            if how.get("KMSMasterKeyID"):
                default["kmsMasterKeyId"] = how["KMSMasterKeyID"]
            rules.append(
                {
                    "applyServerSideEncryptionByDefault": default,
                    "bucketKeyEnabled": str(rule.get("BucketKeyEnabled", False)).lower() == "true",
                }
            )
        return {"rules": rules}


class PublicAccessBlock(_OnBucket):
    """aws:s3/bucketPublicAccessBlock."""

    inputs = COMMON | {
        "bucket",
        "blockPublicAcls",
        "blockPublicPolicy",
        "ignorePublicAcls",
        "restrictPublicBuckets",
    }
    put, get = "put_public_access_block", "get_public_access_block"
    remove = "delete_public_access_block"
    missing = ("NoSuchPublicAccessBlockConfiguration",)
    _FLAGS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")

    def parameters(self, inputs: Properties) -> dict[str, Any]:
        """Four flags."""
        flags = {name[0].upper() + name[1:]: bool(inputs.get(name, False)) for name in self._FLAGS}
        return {"PublicAccessBlockConfiguration": flags}

    def properties(self, answer: Any) -> Properties | None:
        """Four flags."""
        flags: Properties = camel(answer["PublicAccessBlockConfiguration"])
        return flags


class Policy(_OnBucket):
    """aws:s3/bucketPolicy:BucketPolicy."""

    inputs = COMMON | {"bucket", "policy"}
    documents = frozenset({"policy"})
    put, get, remove = "put_bucket_policy", "get_bucket_policy", "delete_bucket_policy"
    missing = ("NoSuchBucketPolicy",)

    def parameters(self, inputs: Properties) -> dict[str, Any]:
        """JSON as it is."""
        return {"Policy": inputs["policy"]}

    def properties(self, answer: Any) -> Properties | None:
        """JSON as it is."""
        return {"policy": answer["Policy"]}


class ObjectLock(_OnBucket):
    """aws:s3/bucketObjectLockConfiguration. It cannot be taken off a bucket, only its rule."""

    inputs = COMMON | {"bucket", "rule"}
    put, get = "put_object_lock_configuration", "get_object_lock_configuration"
    missing = ("ObjectLockConfigurationNotFoundError",)

    def parameters(self, inputs: Properties) -> dict[str, Any]:
        """Enabled, with a default retention."""
        configuration: dict[str, Any] = {"ObjectLockEnabled": "Enabled"}
        if inputs.get("rule"):
            configuration["Rule"] = pascal(inputs["rule"])
        return {"ObjectLockConfiguration": configuration}

    def properties(self, answer: Any) -> Properties | None:
        """The rule."""
        rule = answer["ObjectLockConfiguration"].get("Rule")
        if rule is None:
            return {"rule": None}
        retention = rule["DefaultRetention"]
        kept = {key: value for key, value in camel(retention).items() if value}
        for unit in ("days", "years"):
            if unit in kept:
                kept[unit] = int(kept[unit])
        return {"rule": {"defaultRetention": kept}}

    def delete(self, id_: str, state: Properties) -> None:
        """Drop the rule; a locked bucket stays locked."""
        configuration = {"ObjectLockEnabled": "Enabled"}
        self.call(state, self.put, Bucket=id_, ObjectLockConfiguration=configuration, gone=_GONE)


class Lifecycle(_OnBucket):
    """aws:s3/bucketLifecycleConfiguration."""

    inputs = COMMON | {"bucket", "rules"}
    put, get = "put_bucket_lifecycle_configuration", "get_bucket_lifecycle_configuration"
    remove = "delete_bucket_lifecycle"
    missing = ("NoSuchLifecycleConfiguration",)

    def parameters(self, inputs: Properties) -> dict[str, Any]:
        """`id` is `ID` there."""
        rules = []
        for rule in inputs["rules"]:
            rest = {key: value for key, value in rule.items() if key != "id"}
            rules.append({"ID": rule["id"], **pascal(rest)})
        return {"LifecycleConfiguration": {"Rules": rules}}

    def properties(self, answer: Any) -> Properties | None:
        """`ID` is `id` here; an empty filter is an empty prefix."""
        rules = []
        for rule in answer["Rules"]:
            rest = camel({key: value for key, value in rule.items() if key != "ID"})
            rest["filter"] = rest.get("filter") or {"prefix": ""}
            rules.append({"id": rule["ID"], **rest})
        return {"rules": rules}


class OwnershipControls(_OnBucket):
    """aws:s3/bucketOwnershipControls."""

    inputs = COMMON | {"bucket", "rule"}
    put, get = "put_bucket_ownership_controls", "get_bucket_ownership_controls"
    remove = "delete_bucket_ownership_controls"
    missing = ("OwnershipControlsNotFoundError",)

    def parameters(self, inputs: Properties) -> dict[str, Any]:
        """One rule."""
        return {"OwnershipControls": {"Rules": [pascal(inputs["rule"])]}}

    def properties(self, answer: Any) -> Properties | None:
        """One rule."""
        return {"rule": camel(answer["OwnershipControls"]["Rules"][0])}


class Logging(_OnBucket):
    """aws:s3/bucketLogging."""

    inputs = COMMON | {"bucket", "targetBucket", "targetPrefix"}
    put, get = "put_bucket_logging", "get_bucket_logging"

    def parameters(self, inputs: Properties) -> dict[str, Any]:
        """Where to."""
        target = {"TargetBucket": inputs["targetBucket"], "TargetPrefix": inputs["targetPrefix"]}
        return {"BucketLoggingStatus": {"LoggingEnabled": target}}

    def properties(self, answer: Any) -> Properties | None:
        """Where to."""
        enabled = answer.get("LoggingEnabled")
        if not enabled:
            return None
        return {
            "targetBucket": enabled["TargetBucket"],
            "targetPrefix": enabled.get("TargetPrefix", ""),
        }

    def delete(self, id_: str, state: Properties) -> None:
        """An empty status switches it off."""
        self.call(state, self.put, Bucket=id_, BucketLoggingStatus={}, gone=_GONE)
