"""`moyai:index:Database` through the real engine, its plugin and jobs as tasks."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest
from pulumi.automation import CommandError, OpType

from moyai.jobs.submit import JobFailed
from moyai.provider.main import Database
from moyai.provider.resources import ResourceFailed

from ..jobs.conftest import Body, Tasks
from .conftest import Stack


def test_it_is_previewed_made_changed_and_deleted(stack: Stack, body: Body) -> None:
    preview = stack.run("preview")
    assert preview.change_summary[OpType.CREATE] == 3
    assert body.done("database-inspect")["exists"] is False

    outputs = stack.run("up").outputs
    assert outputs["id"].value == body.name
    assert outputs["owner_role"].value == body.owner
    assert outputs["encoding"].value == "UTF8"
    assert outputs["shut"].value == [True, True]
    passwords = [body.login(role)["password"] for role in ("owner", "app")]
    assert all(password not in stack.state for password in passwords)
    body.as_app().close()

    assert stack.run("up").summary.resource_changes == {"same": 3}

    stack.given = {"connection_limit": 2}
    assert stack.run("up").summary.resource_changes == {"same": 2, "update": 1}
    assert body.done("database-inspect")["connection_limit"] == 2
    assert body.login("app")["password"] == passwords[1]

    stack.run("destroy")
    found = body.done("database-inspect")
    assert (found["exists"], found["roles"]) == (False, [])


def test_what_was_changed_behind_its_back_is_seen_and_mended(stack: Stack, body: Body) -> None:
    stack.run("up")
    with closing(body.as_owner()) as owner:
        owner.execute("CREATE TABLE kept AS SELECT 1 AS a")
        owner.execute(f"GRANT CONNECT ON DATABASE {body.name} TO PUBLIC")
    refreshed = stack.run("refresh")
    assert refreshed.summary.resource_changes["update"] == 1
    assert '"closed":false' in stack.state
    assert '"access":"changed"' in stack.state
    assert stack.run("up").summary.resource_changes["update"] == 1
    assert body.done("database-inspect")["closed"] is True

    with closing(body.cluster.master()) as master:
        master.execute(f"ALTER ROLE {body.app} CONNECTION LIMIT 99")
    stack.run("up", refresh=True)
    assert body.done("database-inspect")["connection_limit"] == 8
    with closing(body.as_owner()) as owner:
        assert owner.execute("SELECT a FROM kept").fetchone() == (1,)


@pytest.mark.parametrize("role", ["owner", "app"])
def test_a_secret_emptied_behind_its_back_is_seen_and_mended(
    stack: Stack, body: Body, role: str
) -> None:
    stack.run("up")
    with closing(body.as_owner()) as owner:
        owner.execute("CREATE TABLE kept AS SELECT 1 AS a")
    assert stack.run("refresh").summary.resource_changes == {"same": 3}
    arn = body.owner_secret if role == "owner" else body.app_secret
    lost = body.login(role)["password"]
    body.cluster.aws("secretsmanager").put_secret_value(SecretId=arn, SecretString="{}")

    refreshed = stack.run("refresh")
    assert refreshed.summary.resource_changes["update"] == 1
    assert '"access":"changed"' in stack.state
    assert stack.run("up").summary.resource_changes["update"] == 1
    assert stack.run("refresh").summary.resource_changes == {"same": 3}

    body.as_app().close()
    with closing(body.as_owner()) as owner:
        assert owner.execute("SELECT a FROM kept").fetchone() == (1,)
    assert body.login(role)["password"] != lost
    assert lost not in stack.state
    assert body.login(role)["password"] not in stack.state


def test_one_that_is_gone_is_made_anew(stack: Stack, body: Body) -> None:
    stack.run("up")
    body.done("database-delete")
    assert stack.run("refresh").summary.resource_changes["delete"] == 1
    assert stack.run("up").summary.resource_changes["create"] == 1
    body.as_app().close()


def test_a_protected_one_is_neither_deleted_nor_replaced(stack: Stack, body: Body) -> None:
    stack.protect = True
    stack.run("up")
    for given in ({"name": f"{body.name}_b"}, {"app_role": "x"}, {"master_secret_arn": "arn:x"}):
        stack.given = given
        with pytest.raises(CommandError, match="unable to replace resource"):
            stack.run("up")
    with pytest.raises(CommandError, match="protected"):
        stack.run("destroy")
    assert body.done("database-inspect")["ready"] is True


def test_a_moved_address_changes_in_place(stack: Stack, body: Body) -> None:
    stack.protect = True
    stack.run("up")
    stack.given = {"host": "localhost"}
    assert stack.run("up").summary.resource_changes["update"] == 1
    assert '"host":"localhost"' in stack.state
    body.as_app().close()


def test_a_failed_job_is_told_and_the_next_run_goes_on(stack: Stack, body: Body) -> None:
    with closing(body.cluster.master()) as master:
        master.execute(f"CREATE ROLE {body.app} CREATEDB")
        with pytest.raises(CommandError) as caught:
            stack.run("up")
        assert f"the role {body.app} has CREATEDB. Nothing was changed." in str(caught.value)
        master.execute(f"ALTER ROLE {body.app} NOCREATEDB")
    assert stack.run("up").outputs["shut"].value == [True, True]


def test_wrong_arguments_are_refused_before_anything_is_made(stack: Stack, body: Body) -> None:
    stack.given = {"connection_limit": None}
    with pytest.raises(CommandError, match="connectionLimit"):
        stack.run("preview")
    assert body.done("database-inspect")["exists"] is False


def test_the_plugin_asks_for_what_programs_give() -> None:
    assert Database.required < Database.inputs
    assert Database.replace_on < Database.required


def properties(body: Body, tasks: Tasks) -> dict[str, Any]:
    """What a program gives for a body's database."""
    return {
        "name": body.name,
        "ownerRole": body.owner,
        "appRole": body.app,
        "masterSecretArn": body.cluster.master_secret,
        "ownerSecretArn": body.owner_secret,
        "appSecretArn": body.app_secret,
        "host": body.cluster.host,
        "port": body.cluster.port,
        "connectionLimit": 8,
        "sslMode": "disable",
        "region": tasks.region,
        "job": {
            "clusterArn": tasks.target.cluster_arn,
            "taskDefinitionArn": tasks.target.task_definition_arn,
            "subnets": list(tasks.target.subnets),
            "securityGroups": list(tasks.target.security_groups),
            "logGroup": tasks.target.log_group,
            "streamPrefix": tasks.target.stream_prefix,
        },
    }


def test_a_cluster_that_moved_is_found_by_its_secret(
    body: Body, tasks: Tasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", tasks.endpoint)
    body.done("database-create")
    inputs = {**properties(body, tasks), "port": 1}
    database = Database(tasks.session)
    live = database.read(body.name, inputs)
    assert live is not None
    assert live.inputs == {**inputs, "port": body.cluster.port}
    database.delete(body.name, inputs)
    assert database.read(body.name, inputs) is None
    with pytest.raises(ResourceFailed, match="cannot be imported"):
        database.read(body.name, {})


def test_where_its_jobs_cannot_run_any_more_the_next_update_looks(
    body: Body, tasks: Tasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", tasks.endpoint)
    body.done("database-create")
    inputs = properties(body, tasks)
    database = Database(tasks.session)
    for gone in (
        {"subnets": ["subnet-0123456789abcdef0"]},
        {"clusterArn": f"{tasks.target.cluster_arn}x"},
        {"taskDefinitionArn": f"{tasks.target.task_definition_arn}000"},
    ):
        moved = {**inputs, "job": {**inputs["job"], **gone}}
        live = database.read(body.name, moved)
        assert live is not None
        assert live.inputs == {**moved, "access": "changed"}
        with pytest.raises(JobFailed, match="cannot run the job database-delete"):
            database.delete(body.name, moved)
        without = {**moved, "masterSecretArn": f"{body.cluster.master_secret}x"}
        assert database.read(body.name, without) is None
        database.delete(body.name, without)
    body.as_app().close()


def test_with_its_cluster_it_is_gone(
    body: Body, tasks: Tasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", tasks.endpoint)
    body.done("database-create")
    without = {**properties(body, tasks), "masterSecretArn": f"{body.cluster.master_secret}x"}
    database = Database(tasks.session)
    assert database.read(body.name, without) is None
    database.delete(body.name, without)
    body.as_app().close()
