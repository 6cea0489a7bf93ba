"""Jobs as ECS tasks of the sandbox, asked for from outside."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psutil
import pytest

from moyai.engine.sites import EmbeddedSite
from moyai.jobs.submit import LOG_SECONDS, JobFailed
from moyai.sandbox.processes import wait_until

from .conftest import Body, Cluster, Tasks


def test_a_subscription_from_nothing_to_healthy(body: Body, tasks: Tasks) -> None:
    created = tasks.run("database-create", body.variables())
    assert (created.verb, created.fields["created"]) == ("database-create", True)
    assert created.task_arn.startswith("arn:aws:ecs:")
    assert [step["version"] for step in tasks.run("migrate", body.variables()).fields["applied"]]
    health = tasks.run("health", body.variables())
    assert all(check["ok"] for check in health.fields["checks"])
    assert tasks.run("database-delete", body.variables()).fields["dropped"] is True


def test_a_failed_job_says_its_own_reason(body: Body, tasks: Tasks) -> None:
    with pytest.raises(JobFailed) as caught:
        tasks.run("migrate", body.variables())
    failed = caught.value
    assert (failed.code, failed.job_exit_code) == ("no-credentials", 4)
    assert failed.task_arn is not None
    assert failed.what.ja.startswith("ジョブ migrate が失敗しました: シークレット")
    assert failed.remedy is not None


def test_an_unhealthy_service_hands_all_checks_over(created: Body, tasks: Tasks) -> None:
    with pytest.raises(JobFailed) as caught:
        tasks.run("health", created.variables())
    failed = {c["name"] for c in caught.value.fields["checks"] if not c["ok"]}
    assert {"schema-version", "write-row"} <= failed
    assert "write-object" not in failed


def test_a_job_that_takes_too_long_is_stopped(body: Body, tasks: Tasks) -> None:
    lock = "SELECT pg_advisory_lock(7702, hashtext(%s))"
    with body.cluster.master() as master:
        master.execute(lock, (body.name,))
        with pytest.raises(JobFailed) as caught:
            tasks.run("database-create", body.variables(), timeout_seconds=0.5)
    assert caught.value.code == "too-long"
    assert caught.value.touched is not None


def test_a_verb_that_is_not_there_has_no_result(body: Body, tasks: Tasks) -> None:
    begin = time.monotonic()
    with pytest.raises(JobFailed) as caught:
        tasks.run("database-destroy", body.variables())
    assert (caught.value.code, caught.value.job_exit_code) == ("no-result", 2)
    assert time.monotonic() - begin < LOG_SECONDS / 2


def test_a_killed_job_is_told_when_it_is_seen_to_have_ended(
    sandbox: EmbeddedSite, body: Body, tasks: Tasks
) -> None:
    cloud = psutil.Process(int(str(sandbox.status()["pid"])))
    (zygote,) = (p for p in cloud.children() if "moyai.sandbox.zygote" in p.cmdline())
    lock = "SELECT pg_advisory_lock(7702, hashtext(%s))"
    with body.cluster.master() as master, ThreadPoolExecutor(1) as pool:
        master.execute(lock, (body.name,))
        job = pool.submit(tasks.run, "database-create", body.variables())
        assert wait_until(lambda: bool(zygote.children()), 30)
        (process,) = zygote.children()
        process.kill()
        begin = time.monotonic()
        with pytest.raises(JobFailed, match="exit code 137") as caught:
            job.result()
    assert time.monotonic() - begin < LOG_SECONDS / 2
    assert caught.value.code == "no-result"
    assert caught.value.touched is not None


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("cluster_arn", "arn:aws:ecs:ap-northeast-1:123456789012:cluster/none", "no-place"),
        ("task_definition_arn", "none:1", "no-place"),
    ],
)
def test_what_aws_refuses_is_told(
    body: Body, tasks: Tasks, field: str, value: str, code: str
) -> None:
    wrong = replace(tasks, target=replace(tasks.target, **{field: value}))
    with pytest.raises(JobFailed) as caught:
        wrong.run("database-inspect", body.variables())
    assert caught.value.code == code
    assert caught.value.remedy is not None


def test_many_at_once_from_one_session(cluster: Cluster, tasks: Tasks) -> None:
    bodies = [cluster.body() for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda b: tasks.run("database-create", b.variables()), bodies))
    assert len({result.task_arn for result in made}) == 8
    for body in bodies:
        body.as_app().close()
