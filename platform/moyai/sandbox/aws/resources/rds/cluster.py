"""Clusters: the password of the master role is RDS's own secret, or given."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from moyai.provider.naming import AutoName
from moyai.provider.properties import UNKNOWN, Properties
from moyai.provider.resources import ResourceFailed
from moyai.sandbox.aws.fields import flag, number, one, shape, text, texts, whole
from moyai.sandbox.aws.handler import Seen
from moyai.sandbox.aws.resources.rds.common import RdsResource
from moyai.texts import Text

_GONE = ("DBClusterNotFoundFault",)
_ONLY_CREATED = ("availabilityZones", "databaseName", "engine", "masterUsername")


class Cluster(RdsResource):
    """aws:rds/cluster:Cluster."""

    autoname = AutoName("clusterIdentifier", "clusterIdentifierPrefix", limit=63, lower=True)
    looks_after = True
    properties = shape(
        allowMajorVersionUpgrade=flag("", kept=False),
        applyImmediately=flag("", kept=False),
        availabilityZones=texts(is_set=True, replaces=True, chosen=True),
        backupRetentionPeriod=whole(default=1),
        clusterIdentifier=text("DBClusterIdentifier", replaces=True),
        clusterIdentifierPrefix=text("", replaces=True, kept=False),
        copyTagsToSnapshot=flag(),
        databaseName=text(replaces=True),
        dbClusterParameterGroupName=text("DBClusterParameterGroupName", chosen=True),
        dbSubnetGroupName=text("DBSubnetGroupName", replaces=True, chosen=True),
        deletionProtection=flag(),
        # moto keeps what these two were at first.
        enabledCloudwatchLogsExports=texts("EnableCloudwatchLogsExports", is_set=True, kept=False),
        iamDatabaseAuthenticationEnabled=flag("EnableIAMDatabaseAuthentication", kept=False),
        engine=text(required=True, replaces=True),
        engineMode=text(default="provisioned", replaces=True),
        engineVersion=text(chosen=True),
        finalSnapshotIdentifier=text("", kept=False),
        kmsKeyId=text(replaces=True, chosen=True),
        manageMasterUserPassword=flag(""),
        masterPassword=text("MasterUserPassword", secret=True, kept=False),
        masterUserSecretKmsKeyId=text(chosen=True),
        masterUsername=text(replaces=True, chosen=True),
        port=whole(chosen=True, kept=False),
        preferredBackupWindow=text(chosen=True),
        preferredMaintenanceWindow=text(chosen=True),
        serverlessv2ScalingConfiguration=one(
            shape(
                maxCapacity=number(required=True),
                minCapacity=number(required=True),
                secondsUntilAutoPause=whole(chosen=True),
            ),
            "ServerlessV2ScalingConfiguration",
        ),
        skipFinalSnapshot=flag("", kept=False),
        storageEncrypted=flag(replaces=True),
        vpcSecurityGroupIds=texts(is_set=True, chosen=True),
    )
    computed = frozenset(
        {
            "arn",
            "clusterMembers",
            "clusterResourceId",
            "endpoint",
            "engineVersionActual",
            "hostedZoneId",
            "masterUserSecrets",
            "readerEndpoint",
        }
    )
    volatile = frozenset({"clusterMembers", "engineVersionActual"})

    def make(self, inputs: Properties) -> Seen:
        """One call."""
        wanted = {**self.parameters(inputs), **self.created_tags(inputs)}
        if inputs.get("manageMasterUserPassword"):
            wanted["ManageMasterUserPassword"] = True
        answer = self.call(inputs, "create_db_cluster", **wanted)
        return self._seen(answer["DBCluster"], inputs)

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """One call."""
        answer = self.call(inputs, "describe_db_clusters", DBClusterIdentifier=id_, gone=_GONE)
        found = answer["DBClusters"] if answer else []
        if not found:
            return None
        seen = self._seen(found[0], inputs)
        tags = {tag["Key"]: tag["Value"] for tag in found[0].get("TagList", ())}
        return Seen(seen.id, {**seen.values, "tags": tags})

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """At once: nobody waits for a maintenance window here."""
        names = [name for name in changed if name in new and name not in _ONLY_CREATED]
        wanted = self.parameters(new, *names) if names else {}
        for name in changed:
            declared = self.properties[name]
            if name not in new and declared.default is not None and declared.api != "":
                wanted |= self.parameters({name: declared.default}, name)
        exports = wanted.pop("EnableCloudwatchLogsExports", None)
        if "enabledCloudwatchLogsExports" in changed:
            off = set(old.get("enabledCloudwatchLogsExports") or ()) - set(exports or ())
            wanted["CloudwatchLogsExportConfiguration"] = {
                "EnableLogTypes": sorted(exports or ()),
                "DisableLogTypes": sorted(off),
            }
        if "manageMasterUserPassword" in changed:
            wanted["ManageMasterUserPassword"] = bool(new.get("manageMasterUserPassword"))
        if "engineVersion" in changed:
            wanted["AllowMajorVersionUpgrade"] = bool(new.get("allowMajorVersionUpgrade"))
        if wanted:
            name = "modify_db_cluster"
            self.call(new, name, DBClusterIdentifier=id_, ApplyImmediately=True, **wanted)
        return {}

    def remove(self, id_: str, state: Properties) -> None:
        """With a last snapshot, unless the program says that none is wanted."""
        final: dict[str, Any] = {"SkipFinalSnapshot": True}
        if not state.get("skipFinalSnapshot"):
            name = state.get("finalSnapshotIdentifier")
            if not name:
                raise _no_snapshot(id_)
            final = {"SkipFinalSnapshot": False, "FinalDBSnapshotIdentifier": name}
        self.call(state, "delete_db_cluster", DBClusterIdentifier=id_, gone=_GONE, **final)

    def preview(self, inputs: Properties, state: Properties | None) -> Properties:
        """The port is known when the cluster is there; so is the master's secret, while it is RDS's."""
        known = super().preview(inputs, state)
        if state is None:
            return {**known, "port": UNKNOWN}
        if bool(inputs.get("manageMasterUserPassword")) != bool(state.get("masterUserSecrets")):
            known["masterUserSecrets"] = UNKNOWN
        return {**known, "port": state.get("port", UNKNOWN)}

    def _outputs(self, inputs: Properties, values: Properties) -> Properties:
        """The port is where the cluster listens, whatever the program asked for."""
        outputs = super()._outputs(inputs, values)
        return {**outputs, "port": values["port"]} if "port" in values else outputs

    def _seen(self, found: Any, inputs: Properties) -> Seen:
        secret = found.get("MasterUserSecret")
        groups = [one["VpcSecurityGroupId"] for one in found.get("VpcSecurityGroups", ())]
        told = self.told(
            {
                **found,
                "DBClusterParameterGroupName": found.get("DBClusterParameterGroup"),
                "DBSubnetGroupName": found.get("DBSubnetGroup"),
                "MasterUserSecretKmsKeyId": secret.get("KmsKeyId") if secret else None,
                "VpcSecurityGroupIds": groups,
                "EngineVersion": version_as_said(found["EngineVersion"], inputs),
            }
        )
        values = {
            **told,
            "port": int(found["Port"]),
            "manageMasterUserPassword": secret is not None,
            "arn": found["DBClusterArn"],
            "clusterMembers": [one["DBInstanceIdentifier"] for one in found["DBClusterMembers"]],
            "clusterResourceId": found["DbClusterResourceId"],
            "endpoint": found["Endpoint"],
            "engineVersionActual": found["EngineVersion"],
            "hostedZoneId": found["HostedZoneId"],
            "masterUserSecrets": _secrets(secret),
            "readerEndpoint": found["ReaderEndpoint"],
        }
        return Seen(found["DBClusterIdentifier"], values)


def _secrets(secret: Any) -> list[Properties]:
    if not secret:
        return []
    return [
        {
            "kmsKeyId": secret.get("KmsKeyId", ""),
            "secretArn": secret["SecretArn"],
            "secretStatus": secret["SecretStatus"],
        }
    ]


def version_as_said(live: str, inputs: Properties) -> str:
    """The version: a program that says `17` means whatever RDS makes of it."""
    said = str(inputs.get("engineVersion", ""))
    return said if said and live.startswith(f"{said}.") else live


def _no_snapshot(id_: str) -> ResourceFailed:
    return ResourceFailed(
        Text(
            f"クラスター {id_} を消す前のスナップショットの名前（finalSnapshotIdentifier）"
            "がありません。",
            f"the cluster {id_} has no name for the snapshot before its end "
            "(finalSnapshotIdentifier).",
        ),
        remedy=Text(
            "名前を書くか、不要なら skipFinalSnapshot を true にして適用してから、消してください。",
            "Apply with a name, or with skipFinalSnapshot true where none is wanted, then delete.",
        ),
    )
