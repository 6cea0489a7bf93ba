"""Creates of the real stacks that were cut off: found live, adopted, none made twice."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from body_stacks import SMALLEST, body_run, checkpoint_of, live_of, own, recorded_of
from filing_site import engines_of, only

from moyai.engine.driver.driver import Driver
from moyai.engine.settling.ids import derive
from moyai.engine.settling.search import Search, search
from moyai.engine.sites import EmbeddedSite
from moyai.engine.stacks import ResourceMoved, RunFinished, RunResult, StackId, StackRun
from moyai.engine.state.checkpoint_store import open_checkpoints


@pytest.fixture(scope="module")
def foundation(sandbox: EmbeddedSite, engine: Path) -> Iterator[Driver]:
    """A driver on the sandbox, with the foundation in place."""
    with Driver(sandbox, engine, jobs=1) as driver:
        for stack in ("shared", "cell-a"):
            result = only(driver, body_run(stack))
            assert result.error is None, result.error.lines("en")
        yield driver


WAITS = {"aws:acm/certificateValidation:CertificateValidation"}
"""Types of which nothing is live."""


@pytest.mark.parametrize("stack", ["shared", "cell-a", SMALLEST])
def test_every_resource_of_the_stacks_can_be_found_again(
    sandbox: EmbeddedSite, foundation: Driver, stack: str
) -> None:
    run = body_run(stack)
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
        if kind in WAITS:
            assert found is None
            continue
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


TASKS = "aws:ecs/taskDefinition:TaskDefinition"


@pytest.mark.parametrize("wants", ["the next", "the one before"])
def test_a_replacement_cut_off_leaves_one_revision_whichever_the_next_run_wants(
    sandbox: EmbeddedSite, foundation: Driver, aws: Any, wants: str
) -> None:
    """All revisions of a task definition have the id of their family."""
    run = body_run("272051")
    assert only(foundation, run).ok
    before = checkpoint_of(sandbox, run.stack)
    tasks = (r for r in own(before) if r["type"] == TASKS)
    one = min(tasks, key=lambda r: str(r["inputs"]["family"]))
    ecs, family = aws("ecs"), one["inputs"]["family"]
    # By its family alone the newest is told, which may be one that was taken away.
    recorded_now = one["outputs"]["arn"]
    is_live = ecs.describe_task_definition(taskDefinition=recorded_now)["taskDefinition"]
    other = _registered_beside(ecs, is_live)
    as_other = {**one, "inputs": {**one["inputs"], "containerDefinitions": other["containers"]}}
    as_other["outputs"] = {**one["outputs"], **as_other["inputs"], "arn": other["arn"]}
    if wants == "the next":
        _cut_off(sandbox, run.stack, as_other, one)
    else:
        _cut_off(sandbox, run.stack, one, as_other)

    result = only(foundation, run)

    assert result.error is None, result.error.lines("en")
    after = checkpoint_of(sandbox, run.stack)
    assert after.pending == []
    [recorded] = [r["outputs"] for r in own(after) if r["type"] == TASKS and r["id"] == family]
    assert json.loads(recorded["containerDefinitions"])[0]["image"] == _image(is_live)
    active = ecs.list_task_definitions(familyPrefix=family, status="ACTIVE")["taskDefinitionArns"]
    assert active == [recorded["arn"]]
    if wants == "the next":
        assert recorded["arn"] == is_live["taskDefinitionArn"]
        assert _last_of(ecs, family) == other["arn"], "one more was registered"
    assert set(only(foundation, run).summary) == {"same"}


def _registered_beside(ecs: Any, is_live: Any) -> dict[str, str]:
    """A revision of the same family with another image: its ARN and containers."""
    [container] = is_live["containerDefinitions"]
    containers = [{**container, "image": f"{_image(is_live)}-other"}]
    given = ("executionRoleArn", "taskRoleArn", "networkMode", "cpu", "memory")
    registered = ecs.register_task_definition(
        family=is_live["family"],
        containerDefinitions=containers,
        **{name: is_live[name] for name in given if name in is_live},
    )
    arn = registered["taskDefinition"]["taskDefinitionArn"]
    return {"arn": arn, "containers": json.dumps(containers)}


def _image(definition: Any) -> str:
    return str(definition["containerDefinitions"][0]["image"])


def _last_of(ecs: Any, family: str) -> str:
    """The revision of a family that was registered last, whether it is active or not."""
    arns = [
        arn
        for status in ("ACTIVE", "INACTIVE")
        for arn in ecs.list_task_definitions(familyPrefix=family, status=status)[
            "taskDefinitionArns"
        ]
    ]
    return max(arns, key=lambda arn: int(arn.rsplit(":", 1)[1]))


def _cut_off(
    sandbox: EmbeddedSite, stack: StackId, present: dict[str, Any], pending: dict[str, Any]
) -> None:
    """As a run leaves it that is killed while it replaces one resource by another."""
    before = checkpoint_of(sandbox, stack)
    creating = {name: value for name, value in pending.items() if name not in ("id", "outputs")}
    latest = {
        **before.deployment,
        "resources": [present if one["urn"] == present["urn"] else one for one in before.resources],
        "pending_operations": [{"type": "creating", "resource": creating}],
    }
    document = {
        **before.document,
        "checkpoint": {**before.document["checkpoint"], "latest": latest},
    }
    open_checkpoints(sandbox).replace(stack, document)


VICTIMS: dict[str, Callable[[Driver], list[int]]] = {
    "engine": engines_of,
    "plugin": lambda driver: [driver.plugin_pids["aws"]],
}


@pytest.mark.parametrize(("victim", "code"), [("engine", "273414"), ("plugin", "273813")])
def test_killed_in_the_middle_nothing_is_made_twice(
    sandbox: EmbeddedSite, foundation: Driver, engine: Path, aws: Any, victim: str, code: str
) -> None:
    with Driver(sandbox, engine, jobs=1) as driver:
        broken = _run_and_kill(driver, body_run(code), VICTIMS[victim])
        assert broken.error is not None
        result = only(driver, body_run(code))
        assert result.error is None, result.error.lines("en")
        again = only(driver, body_run(code))
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
