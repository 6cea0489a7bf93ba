"""Creates of the real stacks that were cut off: found live, adopted, none made twice."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from filing_site import engines_of, only

from moyai.engine.checkpoint import Checkpoint, open_checkpoints
from moyai.engine.driver import Driver
from moyai.engine.settle_ids import derive
from moyai.engine.settle_search import Search, search
from moyai.engine.sites import EmbeddedSite
from moyai.engine.stacks import ResourceMoved, RunFinished, RunResult, StackId, StackRun

PROJECT = Path(__file__).resolve().parents[3]
BODY = "273228"  # 能勢町: one of the smallest environments


def run_of(stack: str) -> StackRun:
    is_body = stack.isdigit()
    program = "tenant" if is_body else "foundation"
    config = {
        "moyai:registry": str(PROJECT / "tenants.yaml"),
        "moyai:site": "sandbox",
        "moyai:asOf": "2026-11-23",
    }
    if is_body:
        config["moyai:releases"] = "{}"
    path = PROJECT / "stacks" / program / "__main__.py"
    return StackRun(StackId(f"moyai-{program}", stack), path, config, "up")


@pytest.fixture(scope="module")
def foundation(sandbox: EmbeddedSite, engine: Path) -> Iterator[Driver]:
    """A driver on the sandbox, with the foundation in place."""
    with Driver(sandbox, engine, jobs=1) as driver:
        for stack in ("shared", "cell-a"):
            result = only(driver, run_of(stack))
            assert result.error is None, result.error.lines("en")
        yield driver


def checkpoint_of(sandbox: EmbeddedSite, stack: StackId) -> Checkpoint:
    found = open_checkpoints(sandbox).read(stack)
    assert found is not None
    return found


def own(checkpoint: Checkpoint) -> list[dict[str, Any]]:
    """Resources of AWS that the stack made."""
    return [r for r in checkpoint.resources if r["type"].startswith("aws:")]


@pytest.mark.parametrize("stack", ["shared", "cell-a", BODY])
def test_every_resource_of_the_stacks_can_be_found_again(
    sandbox: EmbeddedSite, foundation: Driver, stack: str
) -> None:
    run = run_of(stack)
    assert only(foundation, run).ok
    checkpoint = checkpoint_of(sandbox, run.stack)
    known = {r["id"] for r in own(checkpoint)}
    within = Search(sandbox.environment(), sandbox.site.region, sandbox.site.account_id)
    for resource in own(checkpoint):
        kind, inputs = resource["type"], resource["inputs"]
        found = derive(kind, inputs, within.region, within.account)
        if found is None:
            located = search(within, kind, inputs, known - {resource["id"]})
            assert located is not None, f"{kind} is in no table"
            found = located.id
        assert found == resource["id"], kind


def test_a_resource_on_record_is_never_taken_for_a_leftover(
    sandbox: EmbeddedSite, foundation: Driver
) -> None:
    checkpoint = checkpoint_of(sandbox, StackId("moyai-foundation", "cell-a"))
    known = {r["id"] for r in own(checkpoint)}
    within = Search(sandbox.environment(), sandbox.site.region, sandbox.site.account_id)
    kinds = ("aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet", "aws:kms/key:Key")
    for resource in own(checkpoint):
        if resource["type"] in kinds:
            located = search(within, resource["type"], resource["inputs"], known)
            assert located is not None
            assert located.id is None


VICTIMS: dict[str, Callable[[Driver], list[int]]] = {
    "engine": engines_of,
    "worker": lambda driver: list(driver.worker_pids),
    "plugin": lambda driver: [driver.plugin_pids["aws"]],
}


@pytest.mark.parametrize(
    ("victim", "code"), [("engine", "273414"), ("worker", "273627"), ("plugin", "273813")]
)
def test_killed_in_the_middle_nothing_is_made_twice(
    sandbox: EmbeddedSite, foundation: Driver, engine: Path, aws: Any, victim: str, code: str
) -> None:
    with Driver(sandbox, engine, jobs=1) as driver:
        broken = _run_and_kill(driver, run_of(code), VICTIMS[victim])
        assert broken.error is not None
        result = only(driver, run_of(code))
        assert result.error is None, result.error.lines("en")
        again = only(driver, run_of(code))
        assert set(again.summary) == {"same"}
    checkpoint = checkpoint_of(sandbox, StackId("moyai-tenant", code))
    assert checkpoint.pending == []
    assert live_of(aws, code) == recorded_of(checkpoint)


def _run_and_kill(
    driver: Driver, run: StackRun, victims: Callable[[Driver], list[int]]
) -> RunResult:
    """Kill once ten resources are there."""
    done = 0
    for event in driver.run([run]):
        if isinstance(event, ResourceMoved) and event.done and event.step.op == "create":
            done += 1
            if done == 10:
                for pid in victims(driver):
                    os.kill(pid, signal.SIGKILL)
        if isinstance(event, RunFinished):
            return event.result
    raise AssertionError


_KINDS = {
    "aws:ec2/securityGroup:SecurityGroup",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
    "aws:kms/key:Key",
    "aws:s3/bucket:Bucket",
    "aws:iam/role:Role",
    "aws:lb/targetGroup:TargetGroup",
    "aws:secretsmanager/secret:Secret",
}


def recorded_of(checkpoint: Checkpoint) -> set[str]:
    """Ids on record, of the types that `live_of` lists."""
    return {r["id"] for r in own(checkpoint) if r["type"] in _KINDS}


def live_of(aws: Any, code: str) -> set[str]:
    """Ids of what is live and belongs to a body."""
    prefix = f"osaka-{code}-"
    found: set[str] = set()
    own_tag = [{"Name": "tag:moyai:tenant", "Values": [code]}]
    ec2 = aws("ec2")
    found |= {g["GroupId"] for g in ec2.describe_security_groups(Filters=own_tag)["SecurityGroups"]}
    for rule in ec2.describe_security_group_rules()["SecurityGroupRules"]:
        if {"Key": "moyai:tenant", "Value": code} in rule.get("Tags", []):
            found.add(rule["SecurityGroupRuleId"])
    kms = aws("kms")
    for key in kms.list_keys()["Keys"]:
        tags = kms.list_resource_tags(KeyId=key["KeyId"])["Tags"]
        if {"TagKey": "moyai:tenant", "TagValue": code} in tags:
            found.add(key["KeyId"])
    found |= {b["Name"] for b in aws("s3").list_buckets()["Buckets"] if prefix in b["Name"]}
    roles = aws("iam").get_paginator("list_roles").paginate()
    found |= {r["RoleName"] for page in roles for r in page["Roles"] if prefix in r["RoleName"]}
    groups = aws("elbv2").describe_target_groups()["TargetGroups"]
    found |= {g["TargetGroupArn"] for g in groups if code in g["TargetGroupName"]}
    secrets = aws("secretsmanager").get_paginator("list_secrets").paginate()
    found |= {s["ARN"] for page in secrets for s in page["SecretList"] if f"/{code}/" in s["Name"]}
    return found
