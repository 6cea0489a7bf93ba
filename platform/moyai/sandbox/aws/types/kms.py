"""Keys, aliases, replicas."""

from __future__ import annotations

from typing import Any

from moyai.provider.properties import Properties
from moyai.provider.resources import Live
from moyai.sandbox.aws.base import (
    ACCOUNT,
    COMMON,
    TAGGED,
    AwsResource,
    pairs,
    tag_changes,
    take,
    unpaired,
)

_GONE = ("NotFoundException",)
_DELETED = frozenset({"PendingDeletion", "PendingReplicaDeletion"})


class _AnyKey(AwsResource):
    service = "kms"
    documents = frozenset({"policy"})
    computed = frozenset({"arn", "keyId"})

    def read(self, id_: str, inputs: Properties) -> Live | None:
        """A key that waits for its deletion counts as gone."""
        answer = self.call(inputs, "describe_key", KeyId=id_, gone=_GONE)
        if answer is None or answer["KeyMetadata"]["KeyState"] in _DELETED:
            return None
        policy = self.call(inputs, "get_key_policy", KeyId=id_, PolicyName="default")
        tags = self.call(inputs, "list_resource_tags", KeyId=id_)
        read = {
            "description": answer["KeyMetadata"].get("Description") or None,
            "policy": policy["Policy"],
            "tags": unpaired(tags["Tags"], "TagKey", "TagValue"),
            **self.more(id_, inputs, answer["KeyMetadata"]),
        }
        return self._live(answer["KeyMetadata"], self.same_inputs(inputs, **read))

    def more(self, id_: str, inputs: Properties, metadata: Any) -> Properties:
        """What only one kind of key has."""
        del id_, inputs, metadata
        return {}

    def update(self, id_: str, old: Properties, new: Properties) -> Properties:
        """Policy, description, tags."""
        if self.normal("policy", old.get("policy")) != self.normal("policy", new.get("policy")):
            self.call(new, "put_key_policy", KeyId=id_, PolicyName="default", Policy=new["policy"])
        if old.get("description") != new.get("description"):
            self.call(
                new,
                "update_key_description",
                KeyId=id_,
                Description=new.get("description", ""),
            )
        put, off = tag_changes(old, new)
        if put:
            self.call(new, "tag_resource", KeyId=id_, Tags=pairs(put, "TagKey", "TagValue"))
        if off:
            self.call(new, "untag_resource", KeyId=id_, TagKeys=off)
        answer = self.call(new, "describe_key", KeyId=id_)
        return self._live(answer["KeyMetadata"], new).outputs

    def delete(self, id_: str, state: Properties) -> None:
        """Keys go after their window only."""
        self.call(
            state,
            "schedule_key_deletion",
            KeyId=id_,
            PendingWindowInDays=int(state.get("deletionWindowInDays", 30)),
            gone=(*_GONE, "KMSInvalidStateException"),
        )

    def _live(self, metadata: Any, inputs: Properties) -> Live:
        return self.live(metadata["KeyId"], inputs, arn=metadata["Arn"], keyId=metadata["KeyId"])


class Key(_AnyKey):
    """aws:kms/key:Key."""

    inputs = TAGGED | {
        "description",
        "policy",
        "multiRegion",
        "enableKeyRotation",
        "deletionWindowInDays",
    }
    replace_on = frozenset({"multiRegion", "region"})

    def create(self, inputs: Properties) -> Live:
        """One call, and one for the rotation."""
        answer = self.call(
            inputs,
            "create_key",
            MultiRegion=bool(inputs.get("multiRegion", False)),
            Tags=pairs(inputs.get("tags"), "TagKey", "TagValue"),
            **take(inputs, "description", "policy"),
        )
        metadata = answer["KeyMetadata"]
        if inputs.get("enableKeyRotation"):
            self.call(inputs, "enable_key_rotation", KeyId=metadata["KeyId"])
        return self._live(metadata, inputs)

    def more(self, id_: str, inputs: Properties, metadata: Any) -> Properties:
        """Rotation."""
        status = self.call(inputs, "get_key_rotation_status", KeyId=id_)
        return {
            "enableKeyRotation": bool(status["KeyRotationEnabled"]),
            "multiRegion": bool(metadata.get("MultiRegion", False)),
        }

    def update(self, id_: str, old: Properties, new: Properties) -> Properties:
        """Rotation, then what every key has."""
        if bool(old.get("enableKeyRotation")) != bool(new.get("enableKeyRotation")):
            on = bool(new.get("enableKeyRotation"))
            self.call(new, f"{'enable' if on else 'disable'}_key_rotation", KeyId=id_)
        return super().update(id_, old, new)

    def find(self, inputs: Properties) -> str | None:
        """By its description and tags: names it has none."""
        for page_key in self._all(inputs):
            answer = self.call(inputs, "describe_key", KeyId=page_key, gone=_GONE)
            metadata = answer["KeyMetadata"] if answer else {}
            if (
                metadata.get("KeyState") not in _DELETED
                and metadata.get("Description") == inputs.get("description")
                and self._tags(page_key, inputs) == (inputs.get("tags") or None)
            ):
                return page_key
        return None

    def _tags(self, id_: str, inputs: Properties) -> dict[str, str] | None:
        answer = self.call(inputs, "list_resource_tags", KeyId=id_, gone=_GONE)
        return unpaired(answer["Tags"], "TagKey", "TagValue") if answer else None

    def _all(self, inputs: Properties) -> list[str]:
        found: list[str] = []
        marker: dict[str, str] = {}
        while True:
            page = self.call(inputs, "list_keys", Limit=1000, **marker)
            found += [key["KeyId"] for key in page["Keys"]]
            if not page.get("Truncated"):
                return found
            marker = {"Marker": page["NextMarker"]}


class ReplicaKey(_AnyKey):
    """aws:kms/replicaKey:ReplicaKey, in its own region."""

    inputs = TAGGED | {"description", "policy", "primaryKeyArn", "deletionWindowInDays"}
    required = frozenset({"primaryKeyArn"})
    replace_on = frozenset({"primaryKeyArn", "region"})

    def create(self, inputs: Properties) -> Live:
        """The call goes to the primary key's region."""
        arn = str(inputs["primaryKeyArn"])
        answer = self.call(
            {"region": arn.split(":")[3]},
            "replicate_key",
            KeyId=arn.rsplit("/", 1)[-1],
            ReplicaRegion=self.outputs(inputs)["region"],
            Tags=pairs(inputs.get("tags"), "TagKey", "TagValue"),
            **take(inputs, "description", "policy"),
        )
        return self._live(answer["ReplicaKeyMetadata"], inputs)

    def find(self, inputs: Properties) -> str | None:
        """A replica has its primary's id."""
        return str(inputs["primaryKeyArn"]).rsplit("/", 1)[-1]


class Alias(AwsResource):
    """aws:kms/alias:Alias. Its id is its name."""

    service = "kms"
    inputs = COMMON | {"name", "targetKeyId"}
    required = frozenset({"name", "targetKeyId"})
    replace_on = frozenset({"name", "region"})
    computed = frozenset({"arn", "targetKeyArn"})
    delete_first = True

    def create(self, inputs: Properties) -> Live:
        """Points to a key."""
        self.call(
            inputs, "create_alias", AliasName=inputs["name"], TargetKeyId=inputs["targetKeyId"]
        )
        return self._live(inputs)

    def read(self, id_: str, inputs: Properties) -> Live | None:
        """Looked up through the key it should point to, or by name."""
        answer = self.call(inputs, "describe_key", KeyId=id_, gone=_GONE)
        if answer is None:
            return None
        target = answer["KeyMetadata"]["KeyId"]
        wanted = str(inputs.get("targetKeyId", target))
        same = wanted.rsplit("/", 1)[-1] == target
        return self._live({**inputs, "name": id_, "targetKeyId": wanted if same else target})

    def update(self, id_: str, old: Properties, new: Properties) -> Properties:
        """Point to another key."""
        del old
        self.call(new, "update_alias", AliasName=id_, TargetKeyId=new["targetKeyId"])
        return self._live(new).outputs

    def delete(self, id_: str, state: Properties) -> None:
        """The key stays."""
        self.call(state, "delete_alias", AliasName=id_, gone=_GONE)

    def find(self, inputs: Properties) -> str | None:
        """By its name."""
        return str(inputs["name"])

    def _live(self, inputs: Properties) -> Live:
        region, key = self.outputs(inputs)["region"], str(inputs["targetKeyId"])
        base = f"arn:aws:kms:{region}:{ACCOUNT}"
        arn = key if key.startswith("arn:") else f"{base}:key/{key}"
        return self.live(
            str(inputs["name"]), inputs, arn=f"{base}:{inputs['name']}", targetKeyArn=arn
        )
