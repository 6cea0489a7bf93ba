"""Database clusters. In the sandbox a real PostgreSQL stands behind each."""

from __future__ import annotations

from typing import Any

from moyai.provider.properties import Properties
from moyai.provider.resources import Live
from moyai.sandbox.aws.base import TAGGED, AwsResource, pairs, tag_changes, take, unpaired


class _RdsResource(AwsResource):
    service = "rds"

    def retag(self, resource: str, old: Properties, new: Properties) -> None:
        """RDS tags by ARN."""
        put, off = tag_changes(old, new)
        if put:
            self.call(new, "add_tags_to_resource", ResourceName=resource, Tags=pairs(put))
        if off:
            self.call(new, "remove_tags_from_resource", ResourceName=resource, TagKeys=off)

    def tags(self, resource: str, inputs: Properties) -> dict[str, str] | None:
        """A resource's tags."""
        answer = self.call(inputs, "list_tags_for_resource", ResourceName=resource)
        return unpaired(answer["TagList"])


class SubnetGroup(_RdsResource):
    """aws:rds/subnetGroup:SubnetGroup. Its id is its name."""

    inputs = TAGGED | {"name", "description", "subnetIds"}
    required = frozenset({"name", "subnetIds"})
    replace_on = frozenset({"name", "region"})
    computed = frozenset({"arn", "vpcId"})
    unordered = frozenset({"subnetIds"})
    defaults = {"description": "Managed by Pulumi"}  # noqa: RUF012 - read only

    def create(self, inputs: Properties) -> Live:
        """One call."""
        answer = self.call(
            inputs,
            "create_db_subnet_group",
            DBSubnetGroupName=inputs["name"],
            DBSubnetGroupDescription=inputs["description"],
            SubnetIds=inputs["subnetIds"],
            Tags=pairs(inputs.get("tags")),
        )
        return self._live(answer["DBSubnetGroup"], inputs)

    def read(self, id_: str, inputs: Properties) -> Live | None:
        """Its subnets."""
        answer = self.call(
            inputs,
            "describe_db_subnet_groups",
            DBSubnetGroupName=id_,
            gone=("DBSubnetGroupNotFoundFault",),
        )
        if answer is None:
            return None
        group = answer["DBSubnetGroups"][0]
        read = {
            "name": id_,
            "description": group["DBSubnetGroupDescription"],
            "subnetIds": [one["SubnetIdentifier"] for one in group["Subnets"]],
            "tags": self.tags(group["DBSubnetGroupArn"], inputs),
        }
        return self._live(group, self.same_inputs(inputs, **read))

    def update(self, id_: str, old: Properties, new: Properties) -> Properties:
        """Subnets and tags."""
        answer = self.call(
            new, "modify_db_subnet_group", DBSubnetGroupName=id_, SubnetIds=new["subnetIds"]
        )
        self.retag(answer["DBSubnetGroup"]["DBSubnetGroupArn"], old, new)
        return self._live(answer["DBSubnetGroup"], new).outputs

    def delete(self, id_: str, state: Properties) -> None:
        """One call."""
        gone = ("DBSubnetGroupNotFoundFault",)
        self.call(state, "delete_db_subnet_group", DBSubnetGroupName=id_, gone=gone)

    def find(self, inputs: Properties) -> str | None:
        """By its name."""
        return str(inputs["name"])

    def _live(self, group: Any, inputs: Properties) -> Live:
        return self.live(
            str(inputs["name"]), inputs, arn=group["DBSubnetGroupArn"], vpcId=group["VpcId"]
        )


class ClusterParameterGroup(_RdsResource):
    """aws:rds/clusterParameterGroup:ClusterParameterGroup. Its id is its name."""

    inputs = TAGGED | {"name", "family", "description", "parameters"}
    required = frozenset({"name", "family"})
    replace_on = frozenset({"name", "family", "description", "region"})
    computed = frozenset({"arn"})
    unordered = frozenset({"parameters"})
    defaults = {"description": "Managed by Pulumi"}  # noqa: RUF012 - read only
    delete_first = True

    def create(self, inputs: Properties) -> Live:
        """The group, then its parameters."""
        answer = self.call(
            inputs,
            "create_db_cluster_parameter_group",
            DBClusterParameterGroupName=inputs["name"],
            DBParameterGroupFamily=inputs["family"],
            Description=inputs["description"],
            Tags=pairs(inputs.get("tags")),
        )
        self._set(inputs)
        return self._live(answer["DBClusterParameterGroup"], inputs)

    def read(self, id_: str, inputs: Properties) -> Live | None:
        """The group; parameters are as the program set them, for moto answers none back."""
        answer = self.call(
            inputs,
            "describe_db_cluster_parameter_groups",
            DBClusterParameterGroupName=id_,
            gone=("DBParameterGroupNotFound", "DBParameterGroupNotFoundFault"),
        )
        if answer is None:
            return None
        group = answer["DBClusterParameterGroups"][0]
        read = {
            "name": id_,
            "family": group["DBParameterGroupFamily"],
            "description": group["Description"],
        }
        return self._live(group, self.same_inputs(inputs, **read))

    def update(self, id_: str, old: Properties, new: Properties) -> Properties:
        """Parameters and tags."""
        del id_
        self._set(new)
        self.retag(old["arn"], old, new)
        return self.outputs(new, arn=old["arn"])

    def delete(self, id_: str, state: Properties) -> None:
        """One call."""
        self.call(
            state,
            "delete_db_cluster_parameter_group",
            DBClusterParameterGroupName=id_,
            gone=("DBParameterGroupNotFound", "DBParameterGroupNotFoundFault"),
        )

    def find(self, inputs: Properties) -> str | None:
        """By its name."""
        return str(inputs["name"])

    def _set(self, inputs: Properties) -> None:
        parameters = [
            {
                "ParameterName": one["name"],
                "ParameterValue": one["value"],
                "ApplyMethod": one.get("applyMethod", "immediate"),
            }
            for one in inputs.get("parameters", ())
        ]
        if parameters:
            self.call(
                inputs,
                "modify_db_cluster_parameter_group",
                DBClusterParameterGroupName=inputs["name"],
                Parameters=parameters,
            )

    def _live(self, group: Any, inputs: Properties) -> Live:
        return self.live(str(inputs["name"]), inputs, arn=group["DBClusterParameterGroupArn"])


_CLUSTER_NAMES = (
    "engine",
    "engineVersion",
    "engineMode",
    "masterUsername",
    "masterPassword",
    "databaseName",
    "storageEncrypted",
    "port",
    "deletionProtection",
    "backupRetentionPeriod",
    "preferredBackupWindow",
    "preferredMaintenanceWindow",
    "copyTagsToSnapshot",
    "vpcSecurityGroupIds",
    "kmsKeyId",
)
_CLUSTER_RENAMED = {
    "manageMasterUserPassword": "ManageMasterUserPassword",
    "masterUserSecretKmsKeyId": "MasterUserSecretKmsKeyId",
    "masterPassword": "MasterUserPassword",
    "dbSubnetGroupName": "DBSubnetGroupName",
    "dbClusterParameterGroupName": "DBClusterParameterGroupName",
    "iamDatabaseAuthenticationEnabled": "EnableIAMDatabaseAuthentication",
    "enabledCloudwatchLogsExports": "EnableCloudwatchLogsExports",
}
_IN_PLACE = (
    "engineVersion",
    "port",
    "deletionProtection",
    "backupRetentionPeriod",
    "preferredBackupWindow",
    "preferredMaintenanceWindow",
    "copyTagsToSnapshot",
    "vpcSecurityGroupIds",
)


class Cluster(_RdsResource):
    """aws:rds/cluster:Cluster. Its id is its identifier."""

    inputs = TAGGED | {
        "clusterIdentifier",
        *_CLUSTER_NAMES,
        *_CLUSTER_RENAMED,
        "skipFinalSnapshot",
        "finalSnapshotIdentifier",
        "applyImmediately",
    }
    required = frozenset({"clusterIdentifier", "engine"})
    replace_on = frozenset(
        {
            "clusterIdentifier",
            "engine",
            "engineMode",
            "masterUsername",
            "databaseName",
            "storageEncrypted",
            "kmsKeyId",
            "dbSubnetGroupName",
            "region",
        }
    )
    computed = frozenset(
        {
            "arn",
            "endpoint",
            "readerEndpoint",
            "port",
            "clusterResourceId",
            "hostedZoneId",
            "masterUserSecrets",
        }
    )
    unordered = frozenset({"vpcSecurityGroupIds", "enabledCloudwatchLogsExports"})
    delete_first = True

    def create(self, inputs: Properties) -> Live:
        """One call: the password is RDS's own secret, or was given."""
        names = [name for name in _CLUSTER_NAMES if name != "masterPassword"]
        answer = self.call(
            inputs,
            "create_db_cluster",
            DBClusterIdentifier=inputs["clusterIdentifier"],
            Tags=pairs(inputs.get("tags")),
            **take(inputs, *names),
            **take(inputs, **_CLUSTER_RENAMED),
        )
        return self._live(answer["DBCluster"], inputs)

    def read(self, id_: str, inputs: Properties) -> Live | None:
        """What RDS tells of its settings."""
        answer = self.call(
            inputs,
            "describe_db_clusters",
            DBClusterIdentifier=id_,
            gone=("DBClusterNotFoundFault",),
        )
        if answer is None or not answer["DBClusters"]:
            return None
        cluster = answer["DBClusters"][0]
        read = {"clusterIdentifier": id_, "tags": self.tags(cluster["DBClusterArn"], inputs)}
        for name, key in (
            ("engine", "Engine"),
            ("engineVersion", "EngineVersion"),
            ("masterUsername", "MasterUsername"),
            ("storageEncrypted", "StorageEncrypted"),
            ("deletionProtection", "DeletionProtection"),
            ("backupRetentionPeriod", "BackupRetentionPeriod"),
            ("kmsKeyId", "KmsKeyId"),
            ("iamDatabaseAuthenticationEnabled", "IAMDatabaseAuthenticationEnabled"),
        ):
            if name in inputs and key in cluster:
                read[name] = cluster[key]
        return self._live(cluster, self.same_inputs(inputs, **read))

    def update(self, id_: str, old: Properties, new: Properties) -> Properties:
        """Settings that RDS changes in place."""
        changed = {name: new[name] for name in _IN_PLACE if new.get(name) != old.get(name)}
        more: dict[str, Any] = take(changed, *changed)
        iam = "iamDatabaseAuthenticationEnabled"
        if new.get(iam) != old.get(iam):
            more["EnableIAMDatabaseAuthentication"] = bool(new.get(iam))
        if more:
            self.call(
                new, "modify_db_cluster", DBClusterIdentifier=id_, ApplyImmediately=True, **more
            )
        cluster = self.call(new, "describe_db_clusters", DBClusterIdentifier=id_)["DBClusters"][0]
        self.retag(cluster["DBClusterArn"], old, new)
        return self._live(cluster, new).outputs

    def delete(self, id_: str, state: Properties) -> None:
        """With a last snapshot, unless the program says that none is wanted."""
        final: dict[str, Any] = {"SkipFinalSnapshot": bool(state.get("skipFinalSnapshot"))}
        if not final["SkipFinalSnapshot"] and state.get("finalSnapshotIdentifier"):
            final["FinalDBSnapshotIdentifier"] = state["finalSnapshotIdentifier"]
        self.call(
            state,
            "delete_db_cluster",
            DBClusterIdentifier=id_,
            gone=("DBClusterNotFoundFault",),
            **final,
        )

    def find(self, inputs: Properties) -> str | None:
        """By its identifier."""
        return str(inputs["clusterIdentifier"])

    def _live(self, cluster: Any, inputs: Properties) -> Live:
        secret = cluster.get("MasterUserSecret")
        secrets = []
        if secret:
            secrets = [
                {
                    "secretArn": secret["SecretArn"],
                    "secretStatus": secret.get("SecretStatus", "active"),
                    "kmsKeyId": secret.get("KmsKeyId", ""),
                }
            ]
        return self.live(
            str(inputs["clusterIdentifier"]),
            inputs,
            arn=cluster["DBClusterArn"],
            endpoint=cluster["Endpoint"],
            readerEndpoint=cluster.get("ReaderEndpoint", cluster["Endpoint"]),
            port=int(cluster["Port"]),
            clusterResourceId=cluster.get("DbClusterResourceId", ""),
            hostedZoneId=cluster.get("HostedZoneId", ""),
            masterUserSecrets=secrets,
        )


class ClusterInstance(_RdsResource):
    """aws:rds/clusterInstance:ClusterInstance. Its id is its identifier."""

    inputs = TAGGED | {
        "identifier",
        "clusterIdentifier",
        "engine",
        "engineVersion",
        "instanceClass",
        "publiclyAccessible",
        "performanceInsightsEnabled",
        "promotionTier",
        "applyImmediately",
    }
    required = frozenset({"identifier", "clusterIdentifier", "engine", "instanceClass"})
    replace_on = frozenset({"identifier", "clusterIdentifier", "engine", "region"})
    computed = frozenset({"arn", "endpoint", "port", "dbiResourceId", "writer"})
    delete_first = True

    def create(self, inputs: Properties) -> Live:
        """One call."""
        answer = self.call(
            inputs,
            "create_db_instance",
            DBInstanceIdentifier=inputs["identifier"],
            DBClusterIdentifier=inputs["clusterIdentifier"],
            DBInstanceClass=inputs["instanceClass"],
            Tags=pairs(inputs.get("tags")),
            **take(
                inputs,
                "engine",
                "publiclyAccessible",
                performanceInsightsEnabled="EnablePerformanceInsights",
            ),
        )
        return self._live(answer["DBInstance"], inputs)

    def read(self, id_: str, inputs: Properties) -> Live | None:
        """Class and tags."""
        answer = self.call(
            inputs,
            "describe_db_instances",
            DBInstanceIdentifier=id_,
            gone=("DBInstanceNotFound", "DBInstanceNotFoundFault"),
        )
        if answer is None or not answer["DBInstances"]:
            return None
        instance = answer["DBInstances"][0]
        read = {
            "identifier": id_,
            "clusterIdentifier": instance.get("DBClusterIdentifier"),
            "instanceClass": instance["DBInstanceClass"],
            "engine": instance["Engine"],
            "tags": self.tags(instance["DBInstanceArn"], inputs),
        }
        return self._live(instance, self.same_inputs(inputs, **read))

    def update(self, id_: str, old: Properties, new: Properties) -> Properties:
        """Its class and tags."""
        if old.get("instanceClass") != new["instanceClass"]:
            self.call(
                new,
                "modify_db_instance",
                DBInstanceIdentifier=id_,
                DBInstanceClass=new["instanceClass"],
                ApplyImmediately=True,
            )
        answer = self.call(new, "describe_db_instances", DBInstanceIdentifier=id_)
        instance = answer["DBInstances"][0]
        self.retag(instance["DBInstanceArn"], old, new)
        return self._live(instance, new).outputs

    def delete(self, id_: str, state: Properties) -> None:
        """The cluster keeps the data."""
        self.call(
            state,
            "delete_db_instance",
            DBInstanceIdentifier=id_,
            SkipFinalSnapshot=True,
            gone=("DBInstanceNotFound", "DBInstanceNotFoundFault"),
        )

    def find(self, inputs: Properties) -> str | None:
        """By its identifier."""
        return str(inputs["identifier"])

    def _live(self, instance: Any, inputs: Properties) -> Live:
        endpoint = instance.get("Endpoint", {})
        return self.live(
            str(inputs["identifier"]),
            inputs,
            arn=instance["DBInstanceArn"],
            endpoint=endpoint.get("Address", ""),
            port=int(endpoint.get("Port", 5432)),
            dbiResourceId=instance.get("DbiResourceId", ""),
            writer=True,
        )
