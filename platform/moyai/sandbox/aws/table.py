"""The table of resource types: adding one is a class in `resources/` and a line here."""

from __future__ import annotations

from collections.abc import Mapping

from moyai.sandbox.aws.handler import AwsResource
from moyai.sandbox.aws.resources import (
    acm,
    backup,
    budgets,
    cloudtrail,
    cloudwatch,
    iam,
    kms,
    route53,
    secretsmanager,
    sns,
    ssm,
)
from moyai.sandbox.aws.resources.ec2 import endpoints, gateways, routes, security, vpc
from moyai.sandbox.aws.resources.ecs import cluster as ecs_cluster
from moyai.sandbox.aws.resources.ecs import service, task
from moyai.sandbox.aws.resources.lb import balancer, listener, target
from moyai.sandbox.aws.resources.rds import cluster, groups, instance
from moyai.sandbox.aws.resources.s3 import bucket, keeping, settings
from moyai.sandbox.aws.resources.wafv2 import acl

TYPES: Mapping[str, AwsResource] = {
    "aws:acm/certificate:Certificate": acm.Certificate(),
    "aws:acm/certificateValidation:CertificateValidation": acm.CertificateValidation(),
    "aws:backup/plan:Plan": backup.Plan(),
    "aws:backup/selection:Selection": backup.Selection(),
    "aws:backup/vault:Vault": backup.Vault(),
    "aws:backup/vaultLockConfiguration:VaultLockConfiguration": backup.VaultLockConfiguration(),
    "aws:budgets/budget:Budget": budgets.Budget(),
    "aws:cloudtrail/trail:Trail": cloudtrail.Trail(),
    "aws:cloudwatch/logGroup:LogGroup": cloudwatch.LogGroup(),
    "aws:cloudwatch/metricAlarm:MetricAlarm": cloudwatch.MetricAlarm(),
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
    "aws:route53/record:Record": route53.Record(),
    "aws:route53/zone:Zone": route53.Zone(),
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
    "aws:secretsmanager/secret:Secret": secretsmanager.Secret(),
    "aws:secretsmanager/secretPolicy:SecretPolicy": secretsmanager.SecretPolicy(),
    "aws:sns/topic:Topic": sns.Topic(),
    "aws:sns/topicPolicy:TopicPolicy": sns.TopicPolicy(),
    "aws:sns/topicSubscription:TopicSubscription": sns.TopicSubscription(),
    "aws:ssm/parameter:Parameter": ssm.Parameter(),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": security.EgressRule(),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": security.IngressRule(),
    "aws:wafv2/ipSet:IpSet": acl.IpSet(),
    "aws:wafv2/webAcl:WebAcl": acl.WebAcl(),
    "aws:wafv2/webAclAssociation:WebAclAssociation": acl.WebAclAssociation(),
}


def services() -> tuple[str, ...]:
    """The AWS services that the table's types are of, by botocore's names."""
    return tuple(sorted({kind.service for kind in TYPES.values()}))
