"""Keys, their replicas in other regions, and their aliases."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from moyai.provider.naming import AutoName
from moyai.provider.properties import Properties
from moyai.sandbox.aws.fields import document, flag, shape, text, whole
from moyai.sandbox.aws.handler import AwsResource, Seen
from moyai.sandbox.aws.tagging import ServiceTags

_GONE = ("NotFoundException",)
_DELETED = ("PendingDeletion", "PendingReplicaDeletion")
_SYMMETRIC = "SYMMETRIC_DEFAULT"
_USAGE = "ENCRYPT_DECRYPT"
_WINDOW_DAYS = 30
"""After which KMS deletes a key where nothing is said."""


class _AnyKey(AwsResource):
    """What a key and its replicas have in common. Their id is the key's id."""

    service = "kms"
    tagging = ServiceTags(
        "tag_resource",
        "untag_resource",
        "list_resource_tags",
        target="KeyId",
        signs=("TagKey", "TagValue"),
    )
    enabled: str
    """The property that says whether it may be used."""

    def complete(self, id_: str, inputs: Properties, values: Properties) -> None:
        """Keys begin enabled."""
        del values
        if inputs.get(self.enabled) is False:
            self.call(inputs, "disable_key", KeyId=id_)

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """A key that waits for its deletion counts as gone."""
        answer = self.call(inputs, "describe_key", KeyId=id_, gone=_GONE)
        if answer is None or answer["KeyMetadata"]["KeyState"] in _DELETED:
            return None
        found = answer["KeyMetadata"]
        policy = self.call(inputs, "get_key_policy", KeyId=id_, PolicyName="default")
        values = {
            **self.told({**found, **policy}),
            self.enabled: bool(found["Enabled"]),
            "tags": self.read_tags(id_, inputs),
            **self.more(found, inputs),
        }
        return Seen(found["KeyId"], values)

    def more(self, found: Any, inputs: Properties) -> Properties:
        """Computed outputs, by the key's description."""
        del inputs
        return {"arn": found["Arn"], "keyId": found["KeyId"]}

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """Policy, description, whether it may be used."""
        del old
        if "policy" in changed:
            self.call(new, "put_key_policy", KeyId=id_, PolicyName="default", Policy=new["policy"])
        if "description" in changed:
            words = new.get("description", "")
            self.call(new, "update_key_description", KeyId=id_, Description=words)
        if self.enabled in changed:
            on = new.get(self.enabled, True)
            self.call(new, "enable_key" if on else "disable_key", KeyId=id_)
        return {}

    def remove(self, id_: str, state: Properties) -> None:
        """Keys go after their window only."""
        self.call(
            state,
            "schedule_key_deletion",
            KeyId=id_,
            PendingWindowInDays=state.get("deletionWindowInDays") or _WINDOW_DAYS,
            gone=(*_GONE, "KMSInvalidStateException"),
        )


class Key(_AnyKey):
    """aws:kms/key:Key."""

    enabled = "isEnabled"
    properties = shape(
        description=text(),
        policy=document(chosen=True),
        bypassPolicyLockoutSafetyCheck=flag(kept=False),
        customerMasterKeySpec=text("KeySpec", default=_SYMMETRIC, replaces=True),
        deletionWindowInDays=whole("", kept=False),
        enableKeyRotation=flag(""),
        isEnabled=flag("", default=True),
        keyUsage=text(default=_USAGE, replaces=True),
        multiRegion=flag(replaces=True),
        rotationPeriodInDays=whole("", chosen=True),
    )
    computed = frozenset({"arn", "keyId"})

    def make(self, inputs: Properties) -> Seen:
        """One call."""
        answer = self.call(
            inputs, "create_key", **self.parameters(inputs), **self.created_tags(inputs)
        )
        found = answer["KeyMetadata"]
        return Seen(found["KeyId"], {"arn": found["Arn"], "keyId": found["KeyId"]})

    def complete(self, id_: str, inputs: Properties, values: Properties) -> None:
        """Rotation is a call of its own."""
        super().complete(id_, inputs, values)
        if inputs.get("enableKeyRotation"):
            self._rotate(id_, inputs)

    def more(self, found: Any, inputs: Properties) -> Properties:
        """Rotation besides; only symmetric keys have any."""
        values = super().more(found, inputs)
        values["enableKeyRotation"] = False
        if found.get("KeySpec", _SYMMETRIC) == _SYMMETRIC:
            status = self.call(inputs, "get_key_rotation_status", KeyId=found["KeyId"])
            values["enableKeyRotation"] = bool(status["KeyRotationEnabled"])
            if status.get("RotationPeriodInDays") and "rotationPeriodInDays" in inputs:
                values["rotationPeriodInDays"] = int(status["RotationPeriodInDays"])
        return values

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """Rotation besides."""
        super().change(id_, old, new, changed)
        if {"enableKeyRotation", "rotationPeriodInDays"} & set(changed):
            if new.get("enableKeyRotation"):
                self._rotate(id_, new)
            elif "enableKeyRotation" in changed:
                self.call(new, "disable_key_rotation", KeyId=id_)
        return {}

    def _rotate(self, id_: str, inputs: Properties) -> None:
        days = inputs.get("rotationPeriodInDays")
        more = {"RotationPeriodInDays": days} if days else {}
        self.call(inputs, "enable_key_rotation", KeyId=id_, **more)


class ReplicaKey(_AnyKey):
    """aws:kms/replicaKey:ReplicaKey, in its own region; it has its primary's id."""

    enabled = "enabled"
    properties = shape(
        description=text(),
        policy=document(chosen=True),
        bypassPolicyLockoutSafetyCheck=flag(kept=False),
        deletionWindowInDays=whole("", kept=False),
        enabled=flag("", default=True),
        primaryKeyArn=text("", required=True, replaces=True),
    )
    computed = frozenset({"arn", "keyId", "keyRotationEnabled", "keySpec", "keyUsage"})

    def make(self, inputs: Properties) -> Seen:
        """The call goes to the primary key's region."""
        arn = str(inputs["primaryKeyArn"])
        answer = self.call(
            {"region": arn.split(":")[3]},
            "replicate_key",
            KeyId=arn.rsplit("/", 1)[-1],
            ReplicaRegion=self.region(inputs),
        )
        found = answer["ReplicaKeyMetadata"]
        return Seen(found["KeyId"], self.more(found, inputs))

    def complete(self, id_: str, inputs: Properties, values: Properties) -> None:
        """moto takes neither policy nor description nor tags along with the call that replicates."""
        super().complete(id_, inputs, values)
        self.change(id_, {}, inputs, {"policy", "description"} & inputs.keys())
        self.set_tags(id_, inputs)

    def more(self, found: Any, inputs: Properties) -> Properties:
        """Its primary, and what it has from there."""
        status = self.call(inputs, "get_key_rotation_status", KeyId=found["KeyId"])
        primary = found["MultiRegionConfiguration"]["PrimaryKey"]["Arn"]
        return {
            **super().more(found, inputs),
            "primaryKeyArn": primary,
            "keyRotationEnabled": bool(status["KeyRotationEnabled"]),
            "keySpec": found["KeySpec"],
            # moto tells none where the primary's create call said none.
            "keyUsage": found.get("KeyUsage") or _USAGE,
        }

    def id_of(self, inputs: Properties) -> str | None:
        """Its primary's."""
        return str(inputs["primaryKeyArn"]).rsplit("/", 1)[-1]


class Alias(AwsResource):
    """aws:kms/alias:Alias. Its id is its name."""

    service = "kms"
    autoname = AutoName(before="alias/")
    properties = shape(
        name=text("", replaces=True),
        namePrefix=text("", replaces=True, kept=False),
        targetKeyId=text("", required=True),
    )
    computed = frozenset({"arn", "targetKeyArn"})
    volatile = frozenset({"targetKeyArn"})

    def make(self, inputs: Properties) -> Seen:
        """Points to a key."""
        name, key = inputs["name"], str(inputs["targetKeyId"])
        self.call(inputs, "create_alias", AliasName=name, TargetKeyId=key)
        return Seen(name, {"arn": self.arn(inputs, name), **self._target(inputs)})

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """The key that it points to, by id or ARN as the program says it."""
        answer = self.call(inputs, "describe_key", KeyId=id_, gone=_GONE)
        if answer is None:
            return None
        found = answer["KeyMetadata"]
        by_arn = str(inputs.get("targetKeyId", "")).startswith("arn:")
        values = {
            "name": id_,
            "targetKeyId": found["Arn"] if by_arn else found["KeyId"],
            "targetKeyArn": found["Arn"],
            "arn": self.arn(inputs, id_),
        }
        return Seen(id_, values)

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """Point to another key."""
        del old, changed
        self.call(new, "update_alias", AliasName=id_, TargetKeyId=new["targetKeyId"])
        return self._target(new)

    def remove(self, id_: str, state: Properties) -> None:
        """The key stays."""
        self.call(state, "delete_alias", AliasName=id_, gone=_GONE)

    def _target(self, inputs: Properties) -> Properties:
        key = str(inputs["targetKeyId"])
        return {"targetKeyArn": key if key.startswith("arn:") else self.arn(inputs, f"key/{key}")}
