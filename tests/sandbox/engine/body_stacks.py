"""The real stacks for the driver's tests, and what is live of one body, looked up one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.sample import PROGRAMS, SAMPLE

from moyai.engine.sites import SiteRuntime
from moyai.engine.stacks import StackId, StackRun
from moyai.engine.state.checkpoint import Checkpoint
from moyai.engine.state.checkpoint_store import open_checkpoints

SMALLEST = "273228"  # 能勢町


def body_run(stack: str) -> StackRun:
    """A run of a body's stack (by code) or of one of the foundation's, in the sandbox."""
    is_body = stack.isdigit()
    program = "tenant" if is_body else "foundation"
    config = {
        "moyai:registry": str(SAMPLE),
        "moyai:site": "sandbox",
        "moyai:asOf": "2026-11-23",
    }
    if is_body:
        config["moyai:releases"] = '{"chat": "1.0.0", "eapp-a": "1.0.0", "eapp-b": "1.0.0"}'
    path = PROGRAMS[program] / "__main__.py"
    return StackRun(StackId(f"moyai-{program}", stack), path, config, "up")


def checkpoint_of(site: SiteRuntime, stack: StackId) -> Checkpoint:
    """The checkpoint of a stack that exists."""
    found = open_checkpoints(site).read(stack)
    assert found is not None
    return found


def own(checkpoint: Checkpoint) -> list[dict[str, Any]]:
    """Resources of AWS that the stack made."""
    return [r for r in checkpoint.resources if r["type"].startswith("aws:")]


Client = Callable[..., Any]


def _groups(aws: Client, code: str) -> set[str]:
    own_tag = [{"Name": "tag:moyai:tenant", "Values": [code]}]
    found = aws("ec2").describe_security_groups(Filters=own_tag)["SecurityGroups"]
    return {group["GroupId"] for group in found}


def _rules(aws: Client, code: str, *, egress: bool) -> set[str]:
    found = aws("ec2").describe_security_group_rules()["SecurityGroupRules"]
    tag = {"Key": "moyai:tenant", "Value": code}
    return {
        rule["SecurityGroupRuleId"]
        for rule in found
        if tag in rule.get("Tags", []) and rule["IsEgress"] == egress
    }


def _keys(aws: Client, code: str) -> set[str]:
    kms = aws("kms")
    tag = {"TagKey": "moyai:tenant", "TagValue": code}
    keys = [key["KeyId"] for key in kms.list_keys()["Keys"]]
    return {key for key in keys if tag in kms.list_resource_tags(KeyId=key)["Tags"]}


def _buckets(aws: Client, code: str) -> set[str]:
    return {b["Name"] for b in aws("s3").list_buckets()["Buckets"] if f"-{code}-" in b["Name"]}


def _roles(aws: Client, code: str) -> set[str]:
    pages = aws("iam").get_paginator("list_roles").paginate()
    names = {role["RoleName"] for page in pages for role in page["Roles"]}
    return {name for name in names if f"-{code}-" in name}


def _target_groups(aws: Client, code: str) -> set[str]:
    elb = aws("elbv2")
    arns = [group["TargetGroupArn"] for group in elb.describe_target_groups()["TargetGroups"]]
    return _tagged(elb, arns, code)


def _listener_rules(aws: Client, code: str) -> set[str]:
    elb = aws("elbv2")
    arns: list[str] = []
    for balancer in elb.describe_load_balancers()["LoadBalancers"]:
        balancer_arn = balancer["LoadBalancerArn"]
        for listener in elb.describe_listeners(LoadBalancerArn=balancer_arn)["Listeners"]:
            listed = elb.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
            arns += [rule["RuleArn"] for rule in listed if not rule["IsDefault"]]
    return _tagged(elb, arns, code)


def _tagged(elb: Any, arns: list[str], code: str) -> set[str]:
    found: set[str] = set()
    tag = {"Key": "moyai:tenant", "Value": code}
    for begin in range(0, len(arns), 20):
        listed = elb.describe_tags(ResourceArns=arns[begin : begin + 20])["TagDescriptions"]
        found |= {one["ResourceArn"] for one in listed if tag in one["Tags"]}
    return found


def _secrets(aws: Client, code: str) -> set[str]:
    pages = aws("secretsmanager").get_paginator("list_secrets").paginate()
    secrets = [secret for page in pages for secret in page["SecretList"]]
    return {secret["ARN"] for secret in secrets if f"/{code}/" in secret["Name"]}


def _log_groups(aws: Client, code: str) -> set[str]:
    pages = aws("logs").get_paginator("describe_log_groups").paginate()
    names = {group["logGroupName"] for page in pages for group in page["logGroups"]}
    return {name for name in names if f"/{code}" in name or f"-{code}" in name}


def _parameters(aws: Client, code: str) -> set[str]:
    pages = aws("ssm").get_paginator("describe_parameters").paginate()
    names = {parameter["Name"] for page in pages for parameter in page["Parameters"]}
    return {name for name in names if f"/{code}/" in name}


def _alarms(aws: Client, code: str) -> set[str]:
    found = aws("cloudwatch").describe_alarms()["MetricAlarms"]
    return {alarm["AlarmName"] for alarm in found if f"-{code}-" in alarm["AlarmName"]}


LIVE: dict[str, Callable[[Client, str], set[str]]] = {
    "aws:cloudwatch/logGroup:LogGroup": _log_groups,
    "aws:cloudwatch/metricAlarm:MetricAlarm": _alarms,
    "aws:ec2/securityGroup:SecurityGroup": _groups,
    "aws:iam/role:Role": _roles,
    "aws:kms/key:Key": _keys,
    "aws:lb/listenerRule:ListenerRule": _listener_rules,
    "aws:lb/targetGroup:TargetGroup": _target_groups,
    "aws:s3/bucket:Bucket": _buckets,
    "aws:secretsmanager/secret:Secret": _secrets,
    "aws:ssm/parameter:Parameter": _parameters,
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": (
        lambda aws, code: _rules(aws, code, egress=True)
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": (
        lambda aws, code: _rules(aws, code, egress=False)
    ),
}
"""Type → ids of what is live of it and belongs to a body."""


def live_of(aws: Client, code: str) -> dict[str, set[str]]:
    """Ids of what is live and belongs to a body, by type."""
    return {kind: look(aws, code) for kind, look in LIVE.items()}


def recorded_of(checkpoint: Checkpoint) -> dict[str, set[str]]:
    """Ids on record, by the same types."""
    return {kind: {r["id"] for r in own(checkpoint) if r["type"] == kind} for kind in LIVE}
