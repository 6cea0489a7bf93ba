"""Secrets. Their ids are their ARNs; their values are never Pulumi's."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from moyai.provider.naming import AutoName
from moyai.provider.properties import Properties
from moyai.sandbox.aws.fields import document, flag, many, shape, text, whole
from moyai.sandbox.aws.handler import AwsResource, Seen
from moyai.sandbox.aws.tagging import ServiceTags

_GONE = ("ResourceNotFoundException",)
_WINDOW_DAYS = 30


class Secret(AwsResource):
    """aws:secretsmanager/secret:Secret."""

    service = "secretsmanager"
    tagging = ServiceTags("tag_resource", "untag_resource", target="SecretId")
    autoname = AutoName(limit=512)
    properties = shape(
        description=text(),
        forceOverwriteReplicaSecret=flag(kept=False),
        kmsKeyId=text(),
        name=text(replaces=True),
        namePrefix=text("", replaces=True, kept=False),
        recoveryWindowInDays=whole("", default=_WINDOW_DAYS, kept=False),
        replicas=many(
            # moto gives every replica AWS's own key.
            shape(kmsKeyId=text(kept=False), region=text(required=True)),
            "AddReplicaRegions",
            is_set=True,
        ),
    )
    computed = frozenset({"arn"})

    def make(self, inputs: Properties) -> Seen:
        """One call, without a value."""
        answer = self.call(
            inputs, "create_secret", **self.parameters(inputs), **self.created_tags(inputs)
        )
        return Seen(answer["ARN"], {"arn": answer["ARN"]})

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """One that waits for its deletion counts as gone."""
        answer = self.call(inputs, "describe_secret", SecretId=id_, gone=_GONE)
        if answer is None or answer.get("DeletedDate"):
            return None
        values = {
            **self.told({**answer, "AddReplicaRegions": answer.get("ReplicationStatus", ())}),
            **self.tags_in(answer),
            "arn": answer["ARN"],
        }
        return Seen(answer["ARN"], values)

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """Description and key, then replicas."""
        if {"description", "kmsKeyId"} & set(changed):
            wanted = {"Description": "", **self.parameters({**new, "name": None, "replicas": None})}
            wanted.pop("ForceOverwriteReplicaSecret", None)
            self.call(new, "update_secret", SecretId=id_, **wanted)
        if "replicas" in changed:
            before = {one["region"]: one for one in old.get("replicas") or ()}
            after = {one["region"]: one for one in new.get("replicas") or ()}
            self._unreplicate(id_, new, [region for region in before if region not in after])
            added = [one for region, one in after.items() if region not in before]
            if added:
                wanted = self.parameters({"replicas": added}, "replicas")
                force = bool(new.get("forceOverwriteReplicaSecret"))
                name = "replicate_secret_to_regions"
                self.call(new, name, SecretId=id_, ForceOverwriteReplicaSecret=force, **wanted)
        return {}

    def remove(self, id_: str, state: Properties) -> None:
        """Replicas first. It can be taken back within its window; none means at once."""
        self._unreplicate(id_, state, [one["region"] for one in state.get("replicas") or ()])
        days = state.get("recoveryWindowInDays", _WINDOW_DAYS)
        how: dict[str, Any] = {"RecoveryWindowInDays": days}
        if days == 0:
            how = {"ForceDeleteWithoutRecovery": True}
        self.call(state, "delete_secret", SecretId=id_, gone=_GONE, **how)

    def id_of(self, inputs: Properties) -> str | None:
        """Its name does as well."""
        return str(inputs["name"])

    def _unreplicate(self, id_: str, inputs: Properties, regions: list[str]) -> None:
        if regions:
            name = "remove_regions_from_replication"
            gone = (*_GONE, "InvalidParameterException")
            self.call(inputs, name, SecretId=id_, RemoveReplicaRegions=regions, gone=gone)


class SecretPolicy(AwsResource):
    """aws:secretsmanager/secretPolicy:SecretPolicy. Its id is the secret's ARN."""

    service = "secretsmanager"
    properties = shape(
        blockPublicPolicy=flag("", kept=False),
        policy=document("ResourcePolicy", required=True),
        secretArn=text("", required=True, replaces=True),
    )

    def make(self, inputs: Properties) -> Seen:
        """One call."""
        self._put(inputs)
        return Seen(inputs["secretArn"])

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """The document."""
        answer = self.call(inputs, "get_resource_policy", SecretId=id_, gone=_GONE)
        if not answer or not answer.get("ResourcePolicy"):
            return None
        return Seen(id_, {**self.told(answer), "secretArn": id_})

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """Put anew."""
        del id_, old, changed
        self._put(new)
        return {}

    def remove(self, id_: str, state: Properties) -> None:
        """One call."""
        self.call(state, "delete_resource_policy", SecretId=id_, gone=_GONE)

    def id_of(self, inputs: Properties) -> str | None:
        """Its secret's."""
        return str(inputs["secretArn"])

    def _put(self, inputs: Properties) -> None:
        secret = inputs["secretArn"]
        wanted = self.parameters(inputs, "policy")
        if inputs.get("blockPublicPolicy"):
            wanted["BlockPublicPolicy"] = True
        self.call(inputs, "put_resource_policy", SecretId=secret, **wanted)
