"""Clusters with their groups and members."""

from __future__ import annotations

from case import Case, Maker, World

from cases.network import group, subnet, vpc
from cases.security import key


def subnets(world: World) -> str:
    home = vpc(world)
    ids = [subnet(world, home, 1), subnet(world, home, 2, "c")]
    return world.make("aws:rds/subnetGroup:SubnetGroup", "subnets", {"subnetIds": ids}).id


def subnet_group(world: World) -> Case:
    home = vpc(world)
    ids = [subnet(world, home, 1), subnet(world, home, 2, "c"), subnet(world, home, 3, "d")]
    return Case(
        {"name": "moyai-test", "subnetIds": ids[:2]},
        update={"subnetIds": ids[1:]},
        replace={"name": "another"},
        drift=lambda aws, it: aws("rds").delete_db_subnet_group(DBSubnetGroupName=it.id),
    )


def parameter_group(world: World) -> Case:
    tls = {"name": "rds.force_ssl", "value": "1", "applyMethod": "immediate"}
    logs = {"name": "log_connections", "value": "1"}
    return Case(
        {"name": "moyai-test", "family": "aurora-postgresql17", "parameters": [tls, logs]},
        update={"parameters": [{**tls, "value": "0"}]},
        replace={"family": "aurora-postgresql16", "name": "another", "description": "x"},
        drift=lambda aws, it: aws("rds").modify_db_cluster_parameter_group(
            DBClusterParameterGroupName=it.id,
            Parameters=[
                {
                    "ParameterName": "log_statement",
                    "ParameterValue": "all",
                    "ApplyMethod": "immediate",
                }
            ],
        ),
        drifted=frozenset({"parameters"}),
    )


def cluster(world: World) -> Case:
    home = vpc(world)
    ids = [subnet(world, home, 1), subnet(world, home, 2, "c")]
    subnets = world.make("aws:rds/subnetGroup:SubnetGroup", "subnets", {"subnetIds": ids}).id
    own_key = key(world)
    return Case(
        {
            "clusterIdentifier": "moyai-test",
            "engine": "aurora-postgresql",
            "engineVersion": "17.4",
            "masterUsername": "moyai_master",
            "manageMasterUserPassword": True,
            "masterUserSecretKmsKeyId": own_key,
            "kmsKeyId": own_key,
            "storageEncrypted": True,
            "dbSubnetGroupName": subnets,
            "vpcSecurityGroupIds": [group(world, home)],
            "backupRetentionPeriod": 35,
            "preferredBackupWindow": "17:00-18:00",
            "deletionProtection": True,
            "iamDatabaseAuthenticationEnabled": True,
            "enabledCloudwatchLogsExports": ["postgresql"],
            "port": 5432,
            "finalSnapshotIdentifier": "moyai-test-final",
        },
        update={
            "backupRetentionPeriod": 7,
            "copyTagsToSnapshot": True,
            "deletionProtection": False,
            "skipFinalSnapshot": True,
            "enabledCloudwatchLogsExports": [],
        },
        replace={"engine": "aurora-mysql", "masterUsername": "other", "storageEncrypted": False},
        drift=lambda aws, it: aws("rds").modify_db_cluster(
            DBClusterIdentifier=it.id, BackupRetentionPeriod=1, ApplyImmediately=True
        ),
        drifted=frozenset({"backupRetentionPeriod"}),
        unread=frozenset(
            {
                "enabledCloudwatchLogsExports",
                "finalSnapshotIdentifier",
                "iamDatabaseAuthenticationEnabled",
                "port",
            }
        ),
    )


def instance(world: World) -> Case:
    home = world.make(
        "aws:rds/cluster:Cluster",
        "cluster",
        {
            "engine": "aurora-postgresql",
            "masterUsername": "moyai_master",
            "masterPassword": "only-for-this-test",
            "skipFinalSnapshot": True,
            "dbSubnetGroupName": subnets(world),
        },
    )
    return Case(
        {
            "identifier": "moyai-test-0",
            "clusterIdentifier": home.id,
            "engine": "aurora-postgresql",
            "instanceClass": "db.r7g.large",
            "performanceInsightsEnabled": True,
        },
        update={"instanceClass": "db.r7g.xlarge", "promotionTier": 3},
        replace={"clusterIdentifier": "another", "availabilityZone": "ap-northeast-1x"},
        drift=lambda aws, it: aws("rds").delete_db_instance(DBInstanceIdentifier=it.id),
        unread=frozenset({"performanceInsightsEnabled"}),
    )


CASES: dict[str, Maker] = {
    "aws:rds/cluster:Cluster": cluster,
    "aws:rds/clusterInstance:ClusterInstance": instance,
    "aws:rds/clusterParameterGroup:ClusterParameterGroup": parameter_group,
    "aws:rds/subnetGroup:SubnetGroup": subnet_group,
}
