"""Jobs of dead workers that begin late, or still run, when another goes on with the body."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
from botocore.exceptions import ClientError

from moyai.jobs import asking
from moyai.jobs.asking import Asker
from moyai.jobs.submit import JobFailed
from moyai.sandbox.processes import wait_until

from .conftest import Body, Tasks, rows
from .test_dumps import chat, databases
from .test_restores import COUNT, counted, load, spoilt

__all__ = ["chat", "spoilt"]
OPERATION = "20261126-3"
LOCK = "SELECT pg_advisory_lock(7702, hashtext(%s))"


def fence(claim: int, number: int, operation: str = OPERATION) -> dict[str, str]:
    return {"FENCE": f"{operation}/{claim}/{number}"}


def asker(claim: int, key: str = "step") -> Asker:
    return Asker(OPERATION, "271004", claim, key)


@pytest.fixture
def taken_over(chat: Body, spoilt: str) -> str:
    """Writes are closed, and the third claim's second job has been there."""
    chat.done("writes-close", WRITES_BY="op-2", **fence(3, 2))
    return spoilt


def state(body: Body, key: str) -> list[Any]:
    closed = body.done("writes-state")
    where = body.done("restore-state", BACKUP=key)
    versions = body.cluster.aws("s3").list_object_versions(Bucket=body.bucket, Prefix="chat/")
    return [
        closed["closed_by"],
        where["loaded"],
        where["restored"],
        where["kept"],
        databases(body),
        rows(body.as_app(), COUNT),
        rows(body.as_app(), "SELECT max(version) FROM moyai_migration"),
        len(versions["Versions"]) + len(versions["DeleteMarkers"]),
    ]


LATE: tuple[tuple[str, dict[str, str]], ...] = (
    ("migrate", {"SCHEMA_VERSION": "2"}),
    ("writes-close", {"WRITES_BY": "op-2"}),
    ("writes-open", {"WRITES_BY": "op-2"}),
    ("beside-create", {"BESIDE": "restored"}),
    ("beside-drop", {"BESIDE": "restored"}),
    ("restore-load", {}),
    ("restore-objects", {}),
    ("restore-swap", {}),
)


@pytest.mark.parametrize(("claim", "number"), [(2, 9), (3, 1)])
def test_a_late_job_of_before_changes_nothing(
    chat: Body, taken_over: str, claim: int, number: int
) -> None:
    load(chat, taken_over)
    before = state(chat, taken_over)
    for verb, given in LATE:
        more = {**given, **fence(claim, number), "BACKUP": taken_over, **counted(chat)}
        code, result = chat.run(verb, **more)
        assert (code, result["code"]) == (4, "superseded"), verb
        assert state(chat, taken_over) == before, verb


def test_a_job_of_a_restored_operations_database_outranks_all_before_it(
    chat: Body, taken_over: str
) -> None:
    given = {"WRITES_BY": "op-2"}
    chat.done("writes-open", **given, **fence(2 * 10**12 + 1, 1))  # the third epoch's first claim
    for claim in (3, 999_999, 10**12 + 999_999):
        code, result = chat.run("writes-close", **given, **fence(claim, 9))
        assert (code, result["code"]) == (4, "superseded"), claim
    told = chat.done("writes-state")
    assert told["closed_by"] is None
    assert [(one["operation"], one["claim"]) for one in told["fences"]] == [
        (OPERATION, 2 * 10**12 + 1)
    ]
    assert (
        told["schema_version"]
        == rows(chat.as_app(), "SELECT max(version) FROM moyai_migration")[0][0]
    )
    assert told["migrated_at"] is not None
    assert taken_over


def test_later_jobs_other_operations_and_persons_go_on(chat: Body, taken_over: str) -> None:
    given = {"WRITES_BY": "op-2"}
    chat.done("writes-open", **given, **fence(3, 3))
    chat.done("writes-close", **given, **fence(4, 1))
    chat.done("writes-open", **given, **fence(1, 1, "20261120-1"))
    chat.done("migrate", SCHEMA_VERSION="2")
    assert chat.run("migrate", FENCE="20261126-3/x/1")[1]["code"] == "wrong-variable"


def test_what_a_restore_replaces_keeps_late_jobs_out_too(chat: Body, taken_over: str) -> None:
    chat.done("beside-create", BESIDE="restored", **fence(3, 3))
    chat.done("restore-load", BACKUP=taken_over, **fence(3, 4))
    chat.done("restore-swap", BACKUP=taken_over, **fence(3, 5))
    assert chat.run("writes-open", WRITES_BY="op-2", **fence(2, 9))[1]["code"] == "superseded"
    assert chat.run("writes-open", WRITES_BY="op-2", **fence(3, 4))[1]["code"] == "superseded"
    chat.done("writes-open", WRITES_BY="op-2", **fence(3, 6))


def test_a_migration_that_a_later_job_has_passed_is_not_applied(chat: Body) -> None:
    """The later one comes between the earlier one's connection and its turn at the lock."""
    with closing(chat.as_owner()) as holder:
        holder.execute("SELECT pg_advisory_lock(7703, 1)")
        with ThreadPoolExecutor(1) as pool:
            given = {"SCHEMA_VERSION": "2", **fence(1, 1)}
            late = pool.submit(lambda: chat.run("migrate", **given))
            assert wait_until(lambda: _waits(chat), 10)
            holder.execute("CREATE SCHEMA IF NOT EXISTS moyai")
            holder.execute(
                "CREATE TABLE IF NOT EXISTS moyai.fence (operation text PRIMARY KEY, claim bigint "
                "NOT NULL, number bigint NOT NULL, entered_at timestamptz NOT NULL DEFAULT now())"
            )
            holder.execute("INSERT INTO moyai.fence VALUES (%s, 2, 1)", (OPERATION,))
            holder.execute("SELECT pg_advisory_unlock_all()")
            code, result = late.result()
    assert (code, result["code"]) == (4, "superseded")
    assert rows(chat.as_owner(), "SELECT count(*) FROM moyai_migration") == [(1,)]


def _waits(body: Body) -> bool:
    query = "SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = 7703 AND NOT granted"
    return bool(rows(body.as_owner(), query))


@pytest.fixture
def busy(body: Body, tasks: Tasks) -> Iterator[threading.Event]:
    """A worker of the first claim that asked for `database-create`, which waits for a lock; it ends when the
    event is set."""
    go_on = threading.Event()
    with body.cluster.master() as master, ThreadPoolExecutor(2) as pool:
        master.execute(LOCK, (body.name,))
        old = pool.submit(tasks.run, "database-create", body.variables(), asker=asker(1))
        assert wait_until(lambda: len(_started(tasks)) > 0, 20)

        def let_go() -> None:
            go_on.wait(60)
            master.execute("SELECT pg_advisory_unlock_all()")

        letting = pool.submit(let_go)
        yield go_on
        go_on.set()
        letting.result()
        old.exception()


def _started(tasks: Tasks) -> list[str]:
    ecs = tasks.session.client("ecs", region_name=tasks.region, endpoint_url=tasks.endpoint)
    found = ecs.list_tasks(
        cluster=tasks.target.cluster_arn, startedBy=asker(1).started_by, desiredStatus="RUNNING"
    )["taskArns"]
    about = (
        ecs.describe_tasks(cluster=tasks.target.cluster_arn, tasks=found)["tasks"] if found else []
    )
    return [one["taskArn"] for one in about if one["lastStatus"] == "RUNNING"]


def _ended(tasks: Tasks) -> list[dict[str, Any]]:
    ecs = tasks.session.client("ecs", region_name=tasks.region, endpoint_url=tasks.endpoint)
    cluster = tasks.target.cluster_arn
    given = {"startedBy": asker(1).started_by, "desiredStatus": "STOPPED"}
    found = ecs.list_tasks(cluster=cluster, **given)["taskArns"]
    return list(ecs.describe_tasks(cluster=cluster, tasks=found)["tasks"])


def test_a_task_that_an_earlier_worker_left_is_waited_for(
    body: Body, tasks: Tasks, busy: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = threading.Event()
    real = asking._has_ended

    def waited(*given: Any) -> bool:
        waits.set()
        return real(*given)

    monkeypatch.setattr(asking, "_has_ended", waited)
    with ThreadPoolExecutor(1) as pool:
        new = pool.submit(tasks.run, "database-create", body.variables(), asker=asker(2))
        assert waits.wait(30)
        [old] = _started(tasks)
        busy.set()
        assert new.result().fields["created"] is False  # what it waited for had made it
    before, after = sorted(_ended(tasks), key=lambda task: task["createdAt"])
    assert before["taskArn"] == old
    assert before["stoppedAt"] <= after["createdAt"]


def test_one_that_does_not_end_in_time_is_stopped(
    body: Body, tasks: Tasks, busy: threading.Event
) -> None:
    (old,) = _started(tasks)
    ecs = tasks.session.client("ecs", region_name=tasks.region, endpoint_url=tasks.endpoint)
    asking.settle(ecs, tasks.target.cluster_arn, asker(2), seconds=0.5)
    (found,) = ecs.describe_tasks(cluster=tasks.target.cluster_arn, tasks=[old])["tasks"]
    assert found["lastStatus"] == "STOPPED"
    assert "taken over" in found["stoppedReason"]


def test_what_is_the_workers_own_or_only_reads_is_left(
    body: Body, tasks: Tasks, busy: threading.Event
) -> None:
    ecs = tasks.session.client("ecs", region_name=tasks.region, endpoint_url=tasks.endpoint)
    begin = time.monotonic()
    asking.settle(ecs, tasks.target.cluster_arn, asker(1), seconds=20)
    other = Asker(OPERATION, "271403", 2, "step")
    asking.settle(ecs, tasks.target.cluster_arn, other, seconds=20)
    assert time.monotonic() - begin < 5
    assert len(_started(tasks)) == 1


def test_a_request_that_is_sent_again_starts_no_second_task(body: Body, tasks: Tasks) -> None:
    ecs = tasks.session.client("ecs", region_name=tasks.region, endpoint_url=tasks.endpoint)
    job = asker(1, key="once").next_job("health")
    request: dict[str, Any] = {
        "cluster": tasks.target.cluster_arn,
        "taskDefinition": tasks.target.task_definition_arn,
        "launchType": "FARGATE",
        "clientToken": job.token,
        "networkConfiguration": {
            "awsvpcConfiguration": {
                "subnets": list(tasks.target.subnets),
                "securityGroups": list(tasks.target.security_groups),
            }
        },
    }
    first, second = (ecs.run_task(**request)["tasks"][0]["taskArn"] for _ in range(2))
    assert first == second
    with pytest.raises(ClientError, match="ConflictException"):
        ecs.run_task(**request, startedBy="somebody")
    again = asker(2, key="once").next_job("health")
    assert again.token != job.token
    assert (again.fence.claim, again.fence.number > job.fence.number) == (2, True)


def test_a_late_job_is_told_as_such_to_who_asked(chat: Body, tasks: Tasks) -> None:
    chat.done("writes-close", WRITES_BY=OPERATION, **fence(2, 1))
    with pytest.raises(JobFailed) as caught:
        tasks.run("writes-open", chat.variables(WRITES_BY=OPERATION), asker=asker(1))
    assert caught.value.code == "superseded"
    assert chat.done("writes-state")["closed"] is True
