"""Members of clusters."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from moyai.provider.naming import AutoName
from moyai.provider.properties import Properties
from moyai.sandbox.aws.fields import flag, shape, text, whole
from moyai.sandbox.aws.handler import Seen
from moyai.sandbox.aws.resources.rds.cluster import version_as_said
from moyai.sandbox.aws.resources.rds.common import RdsResource

_GONE = ("DBInstanceNotFound", "DBInstanceNotFoundFault")
_IN_PLACE = (
    "autoMinorVersionUpgrade",
    "copyTagsToSnapshot",
    "engineVersion",
    "instanceClass",
    "monitoringInterval",
    "performanceInsightsEnabled",
    "preferredMaintenanceWindow",
    "promotionTier",
    "publiclyAccessible",
)


class ClusterInstance(RdsResource):
    """aws:rds/clusterInstance:ClusterInstance."""

    autoname = AutoName("identifier", "identifierPrefix", limit=63, lower=True)
    properties = shape(
        applyImmediately=flag("", kept=False),
        autoMinorVersionUpgrade=flag(default=True),
        availabilityZone=text(replaces=True, chosen=True),
        clusterIdentifier=text("DBClusterIdentifier", required=True, replaces=True),
        copyTagsToSnapshot=flag(),
        dbSubnetGroupName=text("DBSubnetGroupName", replaces=True, chosen=True, kept=False),
        engine=text(required=True, replaces=True),
        engineVersion=text(chosen=True),
        forceDestroy=flag("", kept=False),
        identifier=text("DBInstanceIdentifier", replaces=True),
        identifierPrefix=text("", replaces=True, kept=False),
        instanceClass=text("DBInstanceClass", required=True),
        monitoringInterval=whole(default=0),
        # moto keeps no word of it.
        performanceInsightsEnabled=flag("EnablePerformanceInsights", kept=False),
        preferredMaintenanceWindow=text(chosen=True),
        promotionTier=whole(default=0),
        publiclyAccessible=flag(),
    )
    computed = frozenset(
        {
            "arn",
            "dbiResourceId",
            "endpoint",
            "engineVersionActual",
            "kmsKeyId",
            "port",
            "storageEncrypted",
            "writer",
        }
    )
    volatile = frozenset({"engineVersionActual", "writer"})

    def make(self, inputs: Properties) -> Seen:
        """One call. moto takes promotion tier 1 for said where nothing is."""
        wanted = {"promotionTier": 0, "publiclyAccessible": False, **inputs}
        answer = self.call(
            inputs, "create_db_instance", **self.parameters(wanted), **self.created_tags(inputs)
        )
        return self._seen(answer["DBInstance"], inputs)

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """The instance, and through its cluster whether it writes."""
        name = "describe_db_instances"
        answer = self.call(inputs, name, DBInstanceIdentifier=id_, gone=_GONE)
        found = answer["DBInstances"] if answer else []
        if not found:
            return None
        seen = self._seen(found[0], inputs)
        tags = {tag["Key"]: tag["Value"] for tag in found[0].get("TagList", ())}
        return Seen(seen.id, {**seen.values, "tags": tags})

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """At once."""
        del old
        full = {**self._defaults(), **new}
        names = [name for name in _IN_PLACE if name in changed and name in full]
        if names:
            wanted = self.parameters(full, *names)
            name = "modify_db_instance"
            self.call(new, name, DBInstanceIdentifier=id_, ApplyImmediately=True, **wanted)
        seen = self.look(id_, new)
        return {} if seen is None else seen.values

    def remove(self, id_: str, state: Properties) -> None:
        """A member has no snapshots of its own."""
        name = "delete_db_instance"
        self.call(state, name, DBInstanceIdentifier=id_, SkipFinalSnapshot=True, gone=_GONE)

    def _seen(self, found: Any, inputs: Properties) -> Seen:
        id_, cluster = found["DBInstanceIdentifier"], found["DBClusterIdentifier"]
        described = self.call(inputs, "describe_db_clusters", DBClusterIdentifier=cluster)
        members = described["DBClusters"][0]["DBClusterMembers"]
        writers = [one["DBInstanceIdentifier"] for one in members if one["IsClusterWriter"]]
        version = version_as_said(found["EngineVersion"], inputs)
        endpoint = found.get("Endpoint", {})
        values = {
            **self.told({**found, "EngineVersion": version}),
            "arn": found["DBInstanceArn"],
            "dbiResourceId": found["DbiResourceId"],
            "endpoint": endpoint.get("Address", ""),
            "engineVersionActual": found["EngineVersion"],
            "kmsKeyId": found.get("KmsKeyId", ""),
            "port": int(endpoint.get("Port", 0)),
            "storageEncrypted": bool(found["StorageEncrypted"]),
            "writer": id_ in writers,
        }
        return Seen(id_, values)
