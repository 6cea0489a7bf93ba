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


def test_a_revision_that_a_replacement_cut_off_has_registered_is_taken_away(
    sandbox: EmbeddedSite, foundation: Driver, aws: Any
) -> None:
    """All revisions of a task definition have the id of their family."""
    run = body_run("272051")
    assert only(foundation, run).ok
    before = checkpoint_of(sandbox, run.stack)
    one = next(r for r in own(before) if r["type"] == TASKS)
    ecs, family = aws("ecs"), one["inputs"]["family"]
    is_live = ecs.describe_task_definition(taskDefinition=family)["taskDefinition"]
    [container] = is_live["containerDefinitions"]
    containers = [{**container, "image": f"{container['image']}-next"}]
    given = ("executionRoleArn", "taskRoleArn", "networkMode", "cpu", "memory")
    ecs.register_task_definition(
        family=family,
        containerDefinitions=containers,
        **{name: is_live[name] for name in given if name in is_live},
    )
    cut = {name: value for name, value in one.items() if name not in ("id", "outputs")}
    cut["inputs"] = {**one["inputs"], "containerDefinitions": json.dumps(containers)}
    latest = {
        **before.deployment,
        "pending_operations": [{"type": "creating", "resource": cut}],
    }
    document = {
        **before.document,
        "checkpoint": {**before.document["checkpoint"], "latest": latest},
    }
    open_checkpoints(sandbox).replace(run.stack, document)

    result = only(foundation, run)
    assert result.error is None, result.error.lines("en")
    after = checkpoint_of(sandbox, run.stack)
    assert after.pending == []
    tasks = [r for r in own(after) if r["type"] == TASKS and r["id"] == family]
    [recorded] = [r["outputs"]["arn"] for r in tasks]
    active = ecs.list_task_definitions(familyPrefix=family, status="ACTIVE")["taskDefinitionArns"]
    assert active == [recorded] == [is_live["taskDefinitionArn"]]


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
