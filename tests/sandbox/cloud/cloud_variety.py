"""One of everything that the stacks use, and all that can be read of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

Client = Callable[..., Any]
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
    }
)
LARGE = bytes(range(256)) * 8192
"""2 MiB, which the object store keeps in a file."""
TAGS = [{"Key": "moyai:tenant", "Value": "271004"}]


def make(aws: Client) -> dict[str, Any]:
    """Make everything; what `look` needs to find it again."""
    vpc, subnets, group = _network(aws)
    found = {"key": _keys(aws), **_storage(aws)}
    balancer, target = _edge(aws, vpc, subnets, group)
    _identity(aws)
    _services(aws, subnets, group, target)
    _operations(aws, balancer)
    return found


def look(aws: Client, made: dict[str, Any]) -> dict[str, Any]:
    """Everything as it is read, by what was called; nothing in it changes by itself."""
    s3, kms, far = aws("s3"), aws("kms"), aws("kms", "ap-northeast-3")
    calls: dict[str, Callable[[], Any]] = {
        "vpcs": lambda: aws("ec2").describe_vpcs()["Vpcs"],
        "subnets": lambda: aws("ec2").describe_subnets()["Subnets"],
        "routes": lambda: aws("ec2").describe_route_tables()["RouteTables"],
        "groups": lambda: aws("ec2").describe_security_groups()["SecurityGroups"],
        "endpoints": lambda: aws("ec2").describe_vpc_endpoints()["VpcEndpoints"],
        "buckets": lambda: s3.list_buckets()["Buckets"],
        "versions": lambda: s3.list_object_versions(Bucket="kept")["Versions"],
        "policy": lambda: s3.get_bucket_policy(Bucket="kept")["Policy"],
        "lock": lambda: s3.get_object_lock_configuration(Bucket="kept")["ObjectLockConfiguration"],
        "small": lambda: s3.get_object(Bucket="kept", Key="small")["Body"].read(),
        "large": lambda: s3.get_object(Bucket="kept", Key="large")["Body"].read() == LARGE,
        "decrypted": lambda: kms.decrypt(CiphertextBlob=made["ciphertext"])["Plaintext"],
        "far": lambda: far.decrypt(CiphertextBlob=made["ciphertext"])["Plaintext"],
        "key": lambda: kms.describe_key(KeyId=made["key"])["KeyMetadata"],
        "signature": lambda: kms.verify(
            KeyId=made["signer"],
            Message=b"words",
            Signature=made["signature"],
            SigningAlgorithm="RSASSA_PSS_SHA_256",
        )["SignatureValid"],
        "roles": lambda: aws("iam").list_roles()["Roles"],
        "role policy": lambda: aws("iam").get_role_policy(RoleName="kept", PolicyName="in")[
            "PolicyDocument"
        ],
        "secret": lambda: aws("secretsmanager").get_secret_value(SecretId="kept")["SecretString"],
        "parameter": lambda: aws("ssm").get_parameter(Name="/kept", WithDecryption=True)[
            "Parameter"
        ]["Value"],
        "balancers": lambda: aws("elbv2").describe_load_balancers()["LoadBalancers"],
        "targets": lambda: aws("elbv2").describe_target_groups()["TargetGroups"],
        "certificates": lambda: aws("acm").list_certificates()["CertificateSummaryList"],
        "log groups": lambda: aws("logs").describe_log_groups(logGroupNamePrefix="/kept"),
        "services": lambda: aws("ecs").describe_services(cluster="kept", services=["kept"])[
            "services"
        ][0]["serviceArn"],
        "definitions": lambda: aws("ecs").list_task_definitions()["taskDefinitionArns"],
        "alarms": lambda: aws("cloudwatch").describe_alarms()["MetricAlarms"],
        "topics": lambda: aws("sns").list_topics()["Topics"],
        "trails": lambda: aws("cloudtrail").describe_trails()["trailList"],
        "vaults": lambda: aws("backup").list_backup_vaults()["BackupVaultList"],
        "lists": lambda: aws("wafv2").list_web_acls(Scope="REGIONAL")["WebACLs"],
        "zones": lambda: aws("route53").list_hosted_zones()["HostedZones"],
        "budgets": lambda: aws("budgets").describe_budgets(AccountId="123456789012")["Budgets"],
        "pools": lambda: aws("cognito-idp").list_user_pools(MaxResults=10)["UserPools"],
    }
    return {name: _plain(call()) for name, call in calls.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items() if k != "ResponseMetadata"}
    return [_plain(v) for v in value] if isinstance(value, list) else value


def _network(aws: Client) -> tuple[str, list[str], str]:
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.77.{i}.0/24", AvailabilityZone=f"ap-northeast-1{zone}"
        )["Subnet"]["SubnetId"]
        for i, zone in enumerate("ac")
    ]
    group = ec2.create_security_group(GroupName="kept", Description="kept", VpcId=vpc)["GroupId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    for name, kind in (("s3", "Gateway"), ("logs", "Interface")):
        service = f"com.amazonaws.ap-northeast-1.{name}"
        ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=service, VpcEndpointType=kind)
    return vpc, subnets, group


def _keys(aws: Client) -> str:
    kms = aws("kms")
    key = str(kms.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"])
    kms.create_alias(AliasName="alias/kept", TargetKeyId=key)
    kms.enable_key_rotation(KeyId=key)
    kms.replicate_key(KeyId=key, ReplicaRegion="ap-northeast-3")
    return key


def _storage(aws: Client) -> dict[str, Any]:
    s3, kms = aws("s3"), aws("kms")
    s3.create_bucket(
        Bucket="kept",
        CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"},
        ObjectLockEnabledForBucket=True,
    )
    s3.put_bucket_policy(Bucket="kept", Policy=POLICY)
    for content in (b"old", b"small"):
        s3.put_object(Bucket="kept", Key="small", Body=content)
    s3.put_object(Bucket="kept", Key="large", Body=LARGE)
    key = kms.list_aliases()["Aliases"]
    number = next(a["TargetKeyId"] for a in key if a["AliasName"] == "alias/kept")
    signer = kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    signed = kms.sign(KeyId=signer, Message=b"words", SigningAlgorithm="RSASSA_PSS_SHA_256")
    return {
        "ciphertext": kms.encrypt(KeyId=number, Plaintext=b"words")["CiphertextBlob"],
        "signer": signer,
        "signature": signed["Signature"],
    }


def _edge(aws: Client, vpc: str, subnets: list[str], group: str) -> tuple[str, str]:
    elb = aws("elbv2")
    balancer = elb.create_load_balancer(
        Name="kept", Subnets=subnets, SecurityGroups=[group], Scheme="internal", Tags=TAGS
    )["LoadBalancers"][0]["LoadBalancerArn"]
    target = elb.create_target_group(
        Name="kept", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip", Tags=TAGS
    )["TargetGroups"][0]["TargetGroupArn"]
    certificate = aws("acm").request_certificate(
        DomainName="*.kept.example.jp", ValidationMethod="DNS"
    )["CertificateArn"]
    listener = elb.create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": certificate}],
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
    )["Listeners"][0]["ListenerArn"]
    elb.create_rule(
        ListenerArn=listener,
        Priority=1,
        Conditions=[{"Field": "host-header", "HostHeaderConfig": {"Values": ["a.example.jp"]}}],
        Actions=[{"Type": "forward", "TargetGroupArn": target}],
    )
    return balancer, target


def _identity(aws: Client) -> None:
    iam = aws("iam")
    iam.create_role(RoleName="kept", AssumeRolePolicyDocument=POLICY, Tags=TAGS)
    iam.put_role_policy(RoleName="kept", PolicyName="in", PolicyDocument=POLICY)
    pool = aws("cognito-idp").create_user_pool(PoolName="kept")["UserPool"]["Id"]
    aws("cognito-idp").create_user_pool_client(UserPoolId=pool, ClientName="kept")
    aws("secretsmanager").create_secret(Name="kept", SecretString="planted-in-a-secret")
    aws("ssm").put_parameter(Name="/kept", Value="planted-in-a-parameter", Type="SecureString")


def _services(aws: Client, subnets: list[str], group: str, target: str) -> None:
    ecs = aws("ecs")
    ecs.create_cluster(clusterName="kept")
    definition = ecs.register_task_definition(
        family="kept",
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "app", "image": "vendor/app:1"}],
    )["taskDefinition"]["taskDefinitionArn"]
    ecs.create_service(
        cluster="kept",
        serviceName="kept",
        taskDefinition=definition,
        desiredCount=1,
        launchType="FARGATE",
        networkConfiguration={
            "awsvpcConfiguration": {"subnets": subnets, "securityGroups": [group]}
        },
        loadBalancers=[{"targetGroupArn": target, "containerName": "app", "containerPort": 80}],
    )


def _operations(aws: Client, balancer: str) -> None:
    aws("logs").create_log_group(logGroupName="/kept")
    aws("logs").put_retention_policy(logGroupName="/kept", retentionInDays=365)
    aws("cloudwatch").put_metric_alarm(
        AlarmName="kept",
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        MetricName="m",
        Namespace="n",
        Period=60,
        Statistic="Sum",
        Threshold=1,
    )
    aws("sns").create_topic(Name="kept")
    aws("cloudtrail").create_trail(Name="kept", S3BucketName="kept", EnableLogFileValidation=True)
    aws("backup").create_backup_vault(BackupVaultName="kept")
    waf = aws("wafv2")
    shown = {
        "SampledRequestsEnabled": True,
        "CloudWatchMetricsEnabled": True,
        "MetricName": "kept",
    }
    acl = waf.create_web_acl(
        Name="kept", Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=shown
    )["Summary"]["ARN"]
    waf.associate_web_acl(WebACLArn=acl, ResourceArn=balancer)
    aws("route53").create_hosted_zone(Name="kept.example.jp", CallerReference="1")
    aws("budgets").create_budget(
        AccountId="123456789012",
        Budget={
            "BudgetName": "kept",
            "TimeUnit": "MONTHLY",
            "BudgetType": "COST",
            "BudgetLimit": {"Amount": "1", "Unit": "USD"},
        },
    )
