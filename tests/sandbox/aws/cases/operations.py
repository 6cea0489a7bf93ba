"""Certificates, names, firewall, secrets, parameters, logs, alarms, trail, backups, budgets, topics."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from case import Aws, Case, Maker, World
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from protocol import Resource

from cases.edge import balancer
from cases.network import vpc
from cases.security import key, trust


def certificate(world: World) -> Case:
    del world
    return Case(
        {
            "domainName": "*.moyai.example",
            "subjectAlternativeNames": ["moyai.example"],
            "validationMethod": "DNS",
        },
        update={"options": {"certificateTransparencyLoggingPreference": "DISABLED"}},
        replace={"domainName": "other.example", "validationMethod": "EMAIL"},
        drift=lambda aws, it: aws("acm").delete_certificate(CertificateArn=it.id),
    )


def _self_signed() -> dict[str, bytes]:
    """A certificate and its key, as ACM takes them in."""
    own = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "moyai.example")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=10))
        .sign(own, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = own.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return {"Certificate": signed.public_bytes(pem), "PrivateKey": private}


def validation(world: World) -> Case:
    """An imported certificate counts as issued at once; one that ACM issues takes moto a minute."""
    acm = world.aws("acm")
    arn = acm.import_certificate(**_self_signed())["CertificateArn"]
    return Case(
        {"certificateArn": arn},
        replace={"certificateArn": "another", "validationRecordFqdns": ["a"]},
        drift=lambda aws, it: aws("acm").delete_certificate(CertificateArn=arn),
        import_id=lambda it: arn,
        renamed=True,
    )


def zone(world: World) -> Case:
    return Case(
        {"name": "moyai.example", "comment": "名前"},
        update={"comment": "names", "forceDestroy": True},
        replace={"name": "other.example"},
        drift=lambda aws, it: aws("route53").update_hosted_zone_comment(Id=it.id, Comment="x"),
        drifted=frozenset({"comment"}),
        unread=frozenset({"forceDestroy"}),
    )


def record(world: World) -> Case:
    home = world.make(
        "aws:route53/zone:Zone", "zone", {"name": "moyai.example", "forceDestroy": True}
    ).id
    alias = {"name": "lb.example", "zoneId": "Z2P70J7EXAMPLE", "evaluateTargetHealth": True}
    return Case(
        {"zoneId": home, "name": "www", "type": "A", "ttl": 300, "records": ["192.0.2.1"]},
        update={"ttl": None, "records": None, "aliases": [alias]},
        replace={"name": "ftp", "type": "AAAA", "zoneId": "Z1"},
        drift=lambda aws, it: aws("route53").change_resource_record_sets(
            HostedZoneId=home,
            ChangeBatch={
                "Changes": [
                    {
                        "Action": "DELETE",
                        "ResourceRecordSet": {
                            "Name": "www.moyai.example",
                            "Type": "A",
                            "AliasTarget": {
                                "HostedZoneId": "Z2P70J7EXAMPLE",
                                "DNSName": "lb.example",
                                "EvaluateTargetHealth": True,
                            },
                        },
                    }
                ]
            },
        ),
        unread=frozenset({"name"}),
    )


VISIBLE = {
    "cloudwatchMetricsEnabled": True,
    "metricName": "moyai",
    "sampledRequestsEnabled": True,
}


def ip_set(world: World, name: str = "office") -> str:
    made = world.make(
        "aws:wafv2/ipSet:IpSet",
        name,
        {"scope": "REGIONAL", "ipAddressVersion": "IPV4", "addresses": ["10.0.0.0/8"]},
    )
    return str(made.outputs["arn"])


def web_acl(world: World) -> Case:
    managed = {
        "name": "common",
        "priority": 0,
        "overrideAction": {"none": {}},
        "statement": {
            "managedRuleGroupStatement": {
                "vendorName": "AWS",
                "name": "AWSManagedRulesCommonRuleSet",
                "ruleActionOverrides": [{"name": "SizeRestrictions", "actionToUse": {"count": {}}}],
            }
        },
        "visibilityConfig": VISIBLE,
    }
    limited = {
        "name": "rate",
        "priority": 1,
        "action": {"block": {"customResponse": {"responseCode": 429}}},
        "statement": {"rateBasedStatement": {"limit": 2000, "aggregateKeyType": "IP"}},
        "visibilityConfig": VISIBLE,
    }
    inside = {
        "name": "office",
        "priority": 2,
        "action": {"allow": {}},
        "statement": {
            "andStatement": {
                "statements": [
                    {"ipSetReferenceStatement": {"arn": ip_set(world)}},
                    {
                        "notStatement": {
                            "statement": {
                                "byteMatchStatement": {
                                    "searchString": "/admin",
                                    "positionalConstraint": "STARTS_WITH",
                                    "fieldToMatch": {"uriPath": {}},
                                    "textTransformations": [{"priority": 0, "type": "NONE"}],
                                }
                            }
                        }
                    },
                ]
            }
        },
        "visibilityConfig": VISIBLE,
    }

    def forget(aws: object, it: object) -> None:
        waf = aws("wafv2")  # type: ignore[operator]
        found = waf.get_web_acl(Id=it.id, Name="moyai-test", Scope="REGIONAL")  # type: ignore[attr-defined]
        kept = found["WebACL"]
        waf.update_web_acl(
            Id=kept["Id"],
            Name="moyai-test",
            Scope="REGIONAL",
            DefaultAction=kept["DefaultAction"],
            Rules=kept["Rules"][:1],
            VisibilityConfig=kept["VisibilityConfig"],
            LockToken=found["LockToken"],
        )

    return Case(
        {
            "name": "moyai-test",
            "scope": "REGIONAL",
            "defaultAction": {"allow": {}},
            "visibilityConfig": VISIBLE,
            "rules": [managed, limited],
            "customResponseBodies": [
                {"key": "busy", "content": "混雑しています", "contentType": "TEXT_PLAIN"}
            ],
        },
        update={
            "rules": [managed, limited, inside],
            "defaultAction": {"block": {}},
            "description": "庁舎",
        },
        replace={"name": "another", "scope": "CLOUDFRONT"},
        then={"rules": None},
        drift=forget,
        drifted=frozenset({"rules", "customResponseBodies", "description"}),
        import_id=lambda it: f"{it.id}/moyai-test/REGIONAL",
    )


def waf_ip_set(world: World) -> Case:
    return Case(
        {
            "name": "moyai-test",
            "scope": "REGIONAL",
            "ipAddressVersion": "IPV4",
            "addresses": ["192.0.2.0/24"],
        },
        update={"addresses": ["192.0.2.0/24", "198.51.100.0/24"], "description": "庁舎"},
        then={"description": None},
        replace={"ipAddressVersion": "IPV6", "name": "another"},
        drift=lambda aws, it: aws("wafv2").update_ip_set(
            Id=it.id,
            Name="moyai-test",
            Scope="REGIONAL",
            Addresses=[],
            Description="庁舎",
            LockToken=aws("wafv2").get_ip_set(Id=it.id, Name="moyai-test", Scope="REGIONAL")[
                "LockToken"
            ],
        ),
        drifted=frozenset({"addresses"}),
        import_id=lambda it: f"{it.id}/moyai-test/REGIONAL",
    )


def acl_association(world: World) -> Case:
    acl = world.make(
        "aws:wafv2/webAcl:WebAcl",
        "acl",
        {"scope": "REGIONAL", "defaultAction": {"allow": {}}, "visibilityConfig": VISIBLE},
    )
    guarded = balancer(world, vpc(world))
    return Case(
        {"webAclArn": acl.outputs["arn"], "resourceArn": guarded},
        replace={"webAclArn": "a", "resourceArn": "b"},
        drift=lambda aws, it: aws("wafv2").disassociate_web_acl(ResourceArn=guarded),
    )


def secret_policy(action: str = "secretsmanager:GetSecretValue") -> str:
    statement = {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def secret(world: World) -> Case:
    return Case(
        {
            "name": "moyai/test/app",
            "kmsKeyId": key(world),
            "recoveryWindowInDays": 0,
            "replicas": [{"region": "ap-northeast-3"}],
        },
        update={
            "description": "アプリの資格情報",
            "replicas": [{"region": "ap-northeast-3"}, {"region": "us-east-1"}],
        },
        replace={"name": "another"},
        drift=lambda aws, it: aws("secretsmanager").remove_regions_from_replication(
            SecretId=it.id, RemoveReplicaRegions=["us-east-1"]
        ),
        drifted=frozenset({"replicas"}),
        unread=frozenset({"recoveryWindowInDays"}),
    )


def resource_policy(world: World) -> Case:
    arn = world.make("aws:secretsmanager/secret:Secret", "secret", {"recoveryWindowInDays": 0}).id
    return Case(
        {"secretArn": arn, "policy": secret_policy()},
        update={"policy": secret_policy("secretsmanager:*")},
        replace={"secretArn": "another"},
        drift=lambda aws, it: aws("secretsmanager").delete_resource_policy(SecretId=arn),
    )


def parameter(world: World) -> Case:
    return Case(
        {"name": "/moyai/test/greeting", "type": "String", "value": "ようこそ"},
        update={"value": "welcome", "description": "a greeting", "type": "SecureString"},
        replace={"name": "/other"},
        drift=lambda aws, it: aws("ssm").put_parameter(
            Name=it.id, Value="changed", Type="SecureString", Overwrite=True, Description="x"
        ),
        drifted=frozenset({"value", "description"}),
    )


def log_group(world: World) -> Case:
    another = world.make("aws:kms/key:Key", "another", {})

    def loosen(aws: Aws, it: Resource) -> None:
        aws("logs").put_retention_policy(logGroupName=it.id, retentionInDays=7)
        aws("logs").disassociate_kms_key(logGroupName=it.id)

    return Case(
        {"name": "/moyai/test/app", "retentionInDays": 365, "kmsKeyId": key(world)},
        update={"retentionInDays": 0, "kmsKeyId": another.outputs["arn"]},
        then={"kmsKeyId": None},
        replace={"name": "/other", "logGroupClass": "INFREQUENT_ACCESS"},
        drift=loosen,
        drifted=frozenset({"retentionInDays", "kmsKeyId"}),
    )


def alarm(world: World) -> Case:
    topic = world.make("aws:sns/topic:Topic", "alarms", {}).id
    one = {"metricName": "HTTPCode_Target_5XX_Count", "namespace": "AWS/ApplicationELB"}
    metric = {**one, "period": 60, "stat": "Sum", "dimensions": {"LoadBalancer": "app/x/1"}}
    queries = [
        {"id": "bad", "metric": metric},
        {"id": "e1", "expression": "bad / 10", "label": "rate", "returnData": True},
    ]
    plain = {**one, "period": 60, "statistic": "Sum", "dimensions": {"LoadBalancer": "app/x/1"}}
    return Case(
        {
            **plain,
            "name": "moyai-test",
            "comparisonOperator": "GreaterThanThreshold",
            "evaluationPeriods": 3,
            "threshold": 1.5,
            "alarmActions": [topic],
            "treatMissingData": "notBreaching",
        },
        update={**dict.fromkeys(plain), "metricQueries": queries, "okActions": [topic]},
        replace={"name": "another"},
        drift=lambda aws, it: aws("cloudwatch").delete_alarms(AlarmNames=[it.id]),
    )


def trail(world: World) -> Case:
    bucket = world.make("aws:s3/bucket:Bucket", "trail", {"forceDestroy": True}).id
    selector = {"dataResources": [{"type": "AWS::S3::Object", "values": ["arn:aws:s3"]}]}
    return Case(
        {
            "name": "moyai-test",
            "s3BucketName": bucket,
            "isMultiRegionTrail": True,
            "enableLogFileValidation": True,
            "kmsKeyId": key(world),
        },
        update={
            "enableLogFileValidation": False,
            "enableLogging": False,
            "s3KeyPrefix": "trail",
            "eventSelectors": [selector],
        },
        replace={"name": "another"},
        drift=lambda aws, it: aws("cloudtrail").start_logging(Name=it.id),
        drifted=frozenset({"enableLogging"}),
    )


def vault(world: World) -> Case:
    return Case(
        {"name": "moyai-test", "kmsKeyArn": key(world)},
        update={"forceDestroy": True},
        replace={"name": "another", "kmsKeyArn": "arn:aws:kms:x:y:key/z"},
        drift=lambda aws, it: aws("backup").delete_backup_vault(BackupVaultName=it.id),
        unread=frozenset({"forceDestroy"}),
    )


def vault_lock(world: World) -> Case:
    home = world.make("aws:backup/vault:Vault", "vault", {}).id
    return Case(
        {"backupVaultName": home, "minRetentionDays": 7, "changeableForDays": 3},
        replace={"minRetentionDays": 14, "backupVaultName": "another"},
        drift=lambda aws, it: aws("backup").delete_backup_vault_lock_configuration(
            BackupVaultName=it.id
        ),
        unread=frozenset({"changeableForDays"}),
    )


def rules(vault: str, days: int = 35) -> list[dict[str, object]]:
    return [
        {
            "ruleName": "daily",
            "targetVaultName": vault,
            "schedule": "cron(0 17 * * ? *)",
            "lifecycle": {"deleteAfter": days},
            "copyActions": [
                {
                    "destinationVaultArn": "arn:aws:backup:ap-northeast-3:123456789012:vault:x",
                    "lifecycle": {"deleteAfter": days},
                }
            ],
        }
    ]


def plan(world: World) -> Case:
    home = world.make("aws:backup/vault:Vault", "vault", {}).id
    return Case(
        {"name": "moyai-test", "rules": rules(home)},
        update={"rules": rules(home, 90)},
        replace={"name": "another"},
        later=frozenset({"version"}),
        drift=lambda aws, it: aws("backup").delete_backup_plan(BackupPlanId=it.id),
    )


def selection(world: World) -> Case:
    home = world.make("aws:backup/vault:Vault", "vault", {}).id
    made = world.make("aws:backup/plan:Plan", "plan", {"rules": rules(home)})
    role = world.make("aws:iam/role:Role", "backup", {"assumeRolePolicy": trust()})
    tag = {"type": "STRINGEQUALS", "key": "moyai:backup", "value": "daily"}
    inputs = {
        "planId": made.id,
        "name": "tagged",
        "iamRoleArn": role.outputs["arn"],
        "selectionTags": [tag],
    }
    return Case(
        inputs,
        replace={"resources": ["*"], "iamRoleArn": "other", "selectionTags": []},
        drift=lambda aws, it: aws("backup").untag_resource(
            ResourceArn=made.outputs["arn"], TagKeyList=[f"aws:moyai:selection:{it.id}"]
        ),
        import_id=lambda it: f"{made.id}|{it.id}",
    )


def tagged(key: str, value: str) -> dict[str, object]:
    return {"tags": {"key": key, "values": [value]}}


def told_at(percent: float, kind: str, **who: list[str]) -> dict[str, object]:
    return {
        "comparisonOperator": "GREATER_THAN",
        "notificationType": kind,
        "threshold": percent,
        "thresholdType": "PERCENTAGE",
        **who,
    }


def budget(world: World) -> Case:
    topic = world.make("aws:sns/topic:Topic", "alarms", {}).id
    near = told_at(90, "ACTUAL", subscriberSnsTopicArns=[topic])
    passed = told_at(100, "ACTUAL", subscriberSnsTopicArns=[topic])
    expected = told_at(100, "FORECASTED", subscriberEmailAddresses=["plan@moyai.example"])
    both = [tagged("moyai:tenant", "271004"), tagged("moyai:service", "chat")]
    return Case(
        {
            "name": "moyai-test",
            "budgetType": "COST",
            "limitAmount": "1200.00",
            "limitUnit": "USD",
            "timeUnit": "MONTHLY",
            "timePeriodStart": "2026-04-01_00:00",
            "filterExpression": tagged("moyai:tenant", "271004"),
            "metrics": "UnblendedCost",
            "notifications": [near, passed],
        },
        update={
            "limitAmount": "99.5",
            "filterExpression": {"ands": both},
            "notifications": [expected, near],
            "timePeriodStart": "2027-04-01_00:00",
            "timePeriodEnd": "2028-04-01_00:00",
        },
        then={"filterExpression": None, "metrics": None, "notifications": None},
        replace={"name": "another", "accountId": "111122223333"},
        drift=lambda aws, it: aws("budgets").delete_notification(
            AccountId="123456789012",
            BudgetName="moyai-test",
            Notification={
                "NotificationType": "ACTUAL",
                "ComparisonOperator": "GREATER_THAN",
                "Threshold": 90.0,
                "ThresholdType": "PERCENTAGE",
            },
        ),
        drifted=frozenset({"notifications"}),
    )


def topic_policy(action: str = "SNS:Publish") -> str:
    statement = {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def topic(world: World) -> Case:
    return Case(
        {"name": "moyai-test", "kmsMasterKeyId": key(world)},
        update={"displayName": "もやい", "policy": topic_policy()},
        replace={"name": "another", "fifoTopic": True},
        drift=lambda aws, it: aws("sns").set_topic_attributes(
            TopicArn=it.id, AttributeName="DisplayName", AttributeValue="x"
        ),
        drifted=frozenset({"displayName"}),
    )


def sns_policy(world: World) -> Case:
    arn = world.make("aws:sns/topic:Topic", "topic", {}).id
    return Case(
        {"arn": arn, "policy": topic_policy()},
        update={"policy": topic_policy("SNS:Subscribe")},
        replace={"arn": "another"},
        drift=lambda aws, it: aws("sns").set_topic_attributes(
            TopicArn=arn, AttributeName="Policy", AttributeValue=topic_policy("SNS:*")
        ),
        drifted=frozenset({"policy"}),
    )


def subscription(world: World) -> Case:
    arn = world.make("aws:sns/topic:Topic", "topic", {}).id
    return Case(
        {"topic": arn, "protocol": "https", "endpoint": "https://moyai.example/alarms"},
        update={"rawMessageDelivery": True, "filterPolicy": json.dumps({"kind": ["alarm"]})},
        replace={"endpoint": "https://other.example", "protocol": "http"},
        drift=lambda aws, it: aws("sns").unsubscribe(SubscriptionArn=it.id),
    )


CASES: dict[str, Maker] = {
    "aws:acm/certificate:Certificate": certificate,
    "aws:acm/certificateValidation:CertificateValidation": validation,
    "aws:backup/plan:Plan": plan,
    "aws:backup/selection:Selection": selection,
    "aws:backup/vault:Vault": vault,
    "aws:backup/vaultLockConfiguration:VaultLockConfiguration": vault_lock,
    "aws:budgets/budget:Budget": budget,
    "aws:cloudtrail/trail:Trail": trail,
    "aws:cloudwatch/logGroup:LogGroup": log_group,
    "aws:cloudwatch/metricAlarm:MetricAlarm": alarm,
    "aws:route53/record:Record": record,
    "aws:route53/zone:Zone": zone,
    "aws:secretsmanager/secret:Secret": secret,
    "aws:secretsmanager/secretPolicy:SecretPolicy": resource_policy,
    "aws:sns/topic:Topic": topic,
    "aws:sns/topicPolicy:TopicPolicy": sns_policy,
    "aws:sns/topicSubscription:TopicSubscription": subscription,
    "aws:ssm/parameter:Parameter": parameter,
    "aws:wafv2/ipSet:IpSet": waf_ip_set,
    "aws:wafv2/webAcl:WebAcl": web_acl,
    "aws:wafv2/webAclAssociation:WebAclAssociation": acl_association,
}
