"""Task clusters. A cluster's id is its ARN; it is imported by its name."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from moyai.provider.naming import AutoName
from moyai.provider.properties import Properties
from moyai.sandbox.aws.fields import Spelling, flag, many, one, shape, text, texts, whole
from moyai.sandbox.aws.handler import AwsResource, Seen
from moyai.sandbox.aws.resources.ecs.common import EcsResource

_GONE = ("ClusterNotFoundException",)


class Cluster(EcsResource):
    """aws:ecs/cluster:Cluster."""

    autoname = AutoName(prefix=None)
    properties = shape(
        configuration=one(
            shape(
                executeCommandConfiguration=one(
                    shape(
                        kmsKeyId=text(),
                        logConfiguration=one(
                            shape(
                                cloudWatchEncryptionEnabled=flag(),
                                cloudWatchLogGroupName=text(),
                                s3BucketEncryptionEnabled=flag("s3EncryptionEnabled"),
                                s3BucketName=text(),
                                s3KeyPrefix=text(),
                            )
                        ),
                        logging=text(default="DEFAULT"),
                    )
                ),
                managedStorageConfiguration=one(
                    shape(fargateEphemeralStorageKmsKeyId=text(), kmsKeyId=text())
                ),
            )
        ),
        name=text("clusterName", replaces=True),
        serviceConnectDefaults=one(shape(namespace=text(required=True)), chosen=True),
        settings=many(
            shape(name=text(required=True), value=text(required=True)), is_set=True, chosen=True
        ),
    )
    computed = frozenset({"arn"})

    def make(self, inputs: Properties) -> Seen:
        """One call."""
        answer = self.call(
            inputs, "create_cluster", **self.parameters(inputs), **self.created_tags(inputs)
        )
        return self._seen(answer["cluster"])

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """A deleted cluster stays for a while, inactive."""
        include = ["TAGS", "SETTINGS", "CONFIGURATIONS"]
        answer = self.call(inputs, "describe_clusters", clusters=[id_], include=include)
        found = [one for one in answer["clusters"] if one["status"] == "ACTIVE"]
        return self._seen(found[0]) if found else None

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """Settings and configuration, at once."""
        del old
        wanted: dict[str, Any] = {name: {} for name in changed if name not in new}
        for name in changed:
            wanted |= self.parameters(new, name)
        self.call(new, "update_cluster", cluster=id_, **wanted)
        return {}

    def remove(self, id_: str, state: Properties) -> None:
        """One call."""
        self.call(state, "delete_cluster", cluster=id_, gone=_GONE)

    def id_of(self, inputs: Properties) -> str | None:
        """Its ARN."""
        return self.arn(inputs, f"cluster/{inputs['name']}")

    def _seen(self, found: Any) -> Seen:
        values = {**self.told(found), **self.tags_in(found), "arn": found["clusterArn"]}
        return Seen(found["clusterArn"], values)


class ClusterCapacityProviders(AwsResource):
    """aws:ecs/clusterCapacityProviders. Its id is the cluster's name."""

    service = "ecs"
    spell = Spelling.CAMEL
    properties = shape(
        capacityProviders=texts(is_set=True),
        clusterName=text("", required=True, replaces=True),
        defaultCapacityProviderStrategies=many(
            shape(
                base=whole(default=0),
                capacityProvider=text(required=True),
                weight=whole(default=0),
            ),
            "defaultCapacityProviderStrategy",
            is_set=True,
        ),
    )

    def make(self, inputs: Properties) -> Seen:
        """Put both."""
        self._put(inputs["clusterName"], inputs)
        return Seen(inputs["clusterName"])

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """Where neither is set, there is none, unless the program wants just that."""
        answer = self.call(inputs, "describe_clusters", clusters=[id_])
        found = [one for one in answer["clusters"] if one["status"] == "ACTIVE"]
        values = self.told(found[0]) if found else {}
        wanted = inputs.get("capacityProviders") or not inputs.get("clusterName")
        if not found or (wanted and not any(values.values())):
            return None
        return Seen(id_, {**values, "clusterName": id_})

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """Put both anew."""
        del old, changed
        self._put(id_, new)
        return {}

    def remove(self, id_: str, state: Properties) -> None:
        """Put none."""
        self._put(id_, {"region": self.region(state)}, gone=_GONE)

    def _put(self, cluster: str, inputs: Properties, gone: Collection[str] = ()) -> None:
        none: dict[str, Any] = {"capacityProviders": [], "defaultCapacityProviderStrategy": []}
        wanted = {**none, **self.parameters(inputs)}
        self.call(inputs, "put_cluster_capacity_providers", cluster=cluster, gone=gone, **wanted)
