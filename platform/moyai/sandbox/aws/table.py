"""The table of resource types: adding one is a class in `types/` and a line here."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version

from moyai.provider.resources import Resource
from moyai.provider.serving import Plugin
from moyai.sandbox.aws.resources import iam, kms
from moyai.sandbox.aws.resources.ec2 import endpoints, gateways, routes, security, vpc
from moyai.sandbox.aws.resources.ecs import cluster as ecs_cluster
from moyai.sandbox.aws.resources.ecs import service, task
from moyai.sandbox.aws.resources.lb import balancer, listener, target
from moyai.sandbox.aws.resources.rds import cluster, groups, instance
from moyai.sandbox.aws.resources.s3 import bucket, keeping, settings
from moyai.sandbox.aws.types import small

TYPES: Mapping[str, Resource] = {
    "aws:acm/certificate:Certificate": small.Certificate(),
    "aws:backup/vault:Vault": small.Vault(),
    "aws:cloudtrail/trail:Trail": small.Trail(),
    "aws:cloudwatch/logGroup:LogGroup": small.LogGroup(),
    "aws:cloudwatch/metricAlarm:MetricAlarm": small.MetricAlarm(),
    "aws:ec2/eip:Eip": gateways.Eip(),
    "aws:ec2/flowLog:FlowLog": endpoints.FlowLog(),
    "aws:ec2/internetGateway:InternetGateway": gateways.InternetGateway(),
    "aws:ec2/natGateway:NatGateway": gateways.NatGateway(),
    "aws:ec2/route:Route": routes.Route(),
    "aws:ec2/routeTable:RouteTable": routes.RouteTable(),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": routes.RouteTableAssociation(),
    "aws:ec2/securityGroup:SecurityGroup": security.SecurityGroup(),
    "aws:ec2/subnet:Subnet": vpc.Subnet(),
    "aws:ec2/vpc:Vpc": vpc.Vpc(),
    "aws:ec2/vpcEndpoint:VpcEndpoint": endpoints.VpcEndpoint(),
    "aws:ecs/cluster:Cluster": ecs_cluster.Cluster(),
    "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders": (
        ecs_cluster.ClusterCapacityProviders()
    ),
    "aws:ecs/service:Service": service.Service(),
    "aws:ecs/taskDefinition:TaskDefinition": task.TaskDefinition(),
    "aws:iam/policy:Policy": iam.Policy(),
    "aws:iam/role:Role": iam.Role(),
    "aws:iam/rolePolicy:RolePolicy": iam.RolePolicy(),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": iam.RolePolicyAttachment(),
    "aws:kms/alias:Alias": kms.Alias(),
    "aws:kms/key:Key": kms.Key(),
    "aws:kms/replicaKey:ReplicaKey": kms.ReplicaKey(),
    "aws:lb/listener:Listener": listener.Listener(),
    "aws:lb/listenerRule:ListenerRule": listener.ListenerRule(),
    "aws:lb/loadBalancer:LoadBalancer": balancer.LoadBalancer(),
    "aws:lb/targetGroup:TargetGroup": target.TargetGroup(),
    "aws:rds/cluster:Cluster": cluster.Cluster(),
    "aws:rds/clusterInstance:ClusterInstance": instance.ClusterInstance(),
    "aws:rds/clusterParameterGroup:ClusterParameterGroup": groups.ClusterParameterGroup(),
    "aws:rds/subnetGroup:SubnetGroup": groups.SubnetGroup(),
    "aws:s3/bucket:Bucket": bucket.Bucket(),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": keeping.Lifecycle(),
    "aws:s3/bucketLogging:BucketLogging": keeping.Logging(),
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": keeping.ObjectLock(),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": settings.OwnershipControls(),
    "aws:s3/bucketPolicy:BucketPolicy": settings.Policy(),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": settings.PublicAccessBlock(),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        settings.Encryption()
    ),
    "aws:s3/bucketVersioning:BucketVersioning": settings.Versioning(),
    "aws:secretsmanager/secret:Secret": small.Secret(),
    "aws:sns/topic:Topic": small.Topic(),
    "aws:ssm/parameter:Parameter": small.Parameter(),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": security.EgressRule(),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": security.IngressRule(),
    "aws:wafv2/webAcl:WebAcl": small.WebAcl(),
    "aws:wafv2/webAclAssociation:WebAclAssociation": small.WebAclAssociation(),
}

SETTINGS = frozenset(
    {
        "allowedAccountIds",
        "assumeRoles",
        "endpoints",
        "profile",
        "region",
        "s3UsePathStyle",
        "skipCredentialsValidation",
        "skipMetadataApiCheck",
        "skipRegionValidation",
        "skipRequestingAccountId",
    }
)
"""Provider configuration that is accepted. `defaultTags` is not: tags belong on resources, so that
all stacks of an account have the same configuration."""


def plugin() -> Plugin:
    """The plugin, of the SDK's version."""
    return Plugin("aws", version("pulumi-aws"), TYPES, {}, SETTINGS)
