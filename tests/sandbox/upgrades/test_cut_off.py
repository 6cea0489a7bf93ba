"""A look at a body whose task is ended from outside says nothing of the body."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from office import B, Office

_LOCKED = "LOCK TABLE procedure IN ACCESS EXCLUSIVE MODE"


@contextmanager
def _held_up(office: Office) -> Iterator[None]:
    """Health checks do not end, as the table that they write is locked."""
    with office.sql(B, "owner") as owner, owner.transaction(force_rollback=True):
        owner.execute(_LOCKED)
        yield


def _tasks(office: Office, operation: str) -> tuple[Any, str, list[str]]:
    ecs, cluster = office.aws("ecs"), office.outputs(B)["job"]["cluster_arn"]
    given = {"cluster": cluster, "startedBy": f"moyai/{operation}/{B}"}
    return ecs, cluster, [*ecs.list_tasks(**given)["taskArns"]]


def _kill_next(office: Office, operation: str, known: set[str]) -> str:
    """Stop the next task of the operation, once it runs; it."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        ecs, cluster, arns = _tasks(office, operation)
        for arn in arns:
            if arn in known:
                continue
            [task] = ecs.describe_tasks(cluster=cluster, tasks=[arn])["tasks"]
            if task["lastStatus"] == "RUNNING":
                ecs.stop_task(cluster=cluster, task=arn, reason="from outside")
                return str(arn)
        time.sleep(0.05)
    raise AssertionError("no task ran")


def test_a_look_that_is_killed_is_taken_once_more_before_a_body_is_skipped(office: Office) -> None:
    office.bring(B, "1.0.0")
    operation = office.plan("1.1.0", B)
    with ThreadPoolExecutor(1) as pool:
        with _held_up(office):
            done = pool.submit(office.carry, operation, B)
            _kill_next(office, operation, set())
        assert done.result(120).status == "done"


def test_a_look_that_is_killed_each_time_skips_the_body(office: Office) -> None:
    office.bring(B, "1.1.0")
    operation = office.plan("1.2.0", B)
    with ThreadPoolExecutor(1) as pool, _held_up(office):
        done = pool.submit(office.carry, operation, B)
        first = _kill_next(office, operation, set())
        _kill_next(office, operation, {first})
        body = done.result(120)
    assert body.status == "skipped"
    assert body.error is not None
    assert "health" in body.error["what"]["en"]
    assert office.owed() >= {(B, "eapp-b 1.2.0")}


@pytest.fixture
def office(own_office: Office) -> Office:
    return own_office
