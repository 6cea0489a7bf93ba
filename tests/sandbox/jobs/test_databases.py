"""Databases on a real PostgreSQL whose master is no superuser."""

from __future__ import annotations

import itertools
import json
import os
import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial
from typing import Any

import psycopg
import pytest

from moyai.jobs import runner
from moyai.jobs.credentials import SecretStore

from .conftest import Body, Cluster, rows


def test_a_new_database_is_closed_guarded_and_ready(created: Body) -> None:
    found = created.done("database-inspect")
    assert found["exists"]
    assert found["owner"] == created.owner
    assert found["encoding"] == "UTF8"
    assert (found["closed"], found["guarded"], found["ready"]) == (True, True, True)
    assert found["connection_limit"] == 8
    assert found["size_bytes"] > 1_000_000
    assert found["others"] == []
    assert found["open_databases"] == []
    for role in found["roles"]:
        assert (role["powers"], role["member_of"]) == ([], [])


def test_the_master_is_no_superuser_and_keeps_no_owners_power(created: Body) -> None:
    with closing(created.cluster.master()) as master:
        assert master.execute("SHOW is_superuser").fetchone() == ("off",)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            master.execute(f"SET ROLE {created.owner}")
    master_login = created.cluster.secret(created.cluster.master_secret)
    assert not created.cluster.may_connect(master_login, created.name)


def test_secrets_hold_whole_credentials(created: Body) -> None:
    login = created.login("app")
    assert set(login) == {"username", "password", "host", "port", "dbname"}
    assert (login["username"], login["dbname"]) == (created.app, created.name)
    assert login["password"] != created.login("owner")["password"]
    assert len(login["password"]) == 43


def test_the_application_works_with_rows_and_makes_nothing(created: Body) -> None:
    with closing(created.as_owner()) as owner:
        owner.execute("CREATE TABLE note (id int GENERATED ALWAYS AS IDENTITY, body text)")
        owner.execute("CREATE FUNCTION twice(a int) RETURNS int LANGUAGE sql RETURN a * 2")
    with closing(created.as_app()) as app:
        app.execute("INSERT INTO note (body) VALUES ('a')")
        app.execute("UPDATE note SET body = 'b'")
        assert app.execute("SELECT body, twice(2) FROM note").fetchall() == [("b", 4)]
        app.execute("DELETE FROM note")
        for statement in (
            "CREATE TABLE intruder (a int)",
            "CREATE TEMP TABLE intruder (a int)",
            "CREATE SCHEMA intruder",
            "ALTER TABLE note ADD COLUMN intruder int",
            "DROP TABLE note",
            "TRUNCATE note",
            "CREATE ROLE intruder",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(statement)  # type: ignore[arg-type]  # a test's own words


def test_sessions_of_the_application_hold_nobody_up(created: Body) -> None:
    with closing(created.as_app()) as app:
        shown = [
            app.execute(f"SHOW {name}").fetchone()  # type: ignore[arg-type]  # a test's own words
            for name in ("statement_timeout", "lock_timeout", "search_path")
        ]
    assert shown == [("1min",), ("10s",), ("public, pg_temp",)]


def test_connections_are_limited(cluster: Cluster) -> None:
    body = cluster.body()
    body.done("database-create", DATABASE_CONNECTION_LIMIT="2")
    held = [body.as_app(), body.as_app()]
    with pytest.raises(psycopg.OperationalError, match="too many connections for role"):
        body.as_app()
    # A migration still gets in.
    body.as_owner().close()
    for connection in held:
        connection.close()
    body.done("database-create", DATABASE_CONNECTION_LIMIT="3")
    assert body.done("database-inspect")["connection_limit"] == 3


def test_a_body_sees_no_neighbour_and_a_service_no_other(cluster: Cluster) -> None:
    first, other_service, second = cluster.body("eapp-b"), cluster.body("chat"), cluster.body()
    for body in (first, other_service, second):
        body.done("database-create")
    for role in ("app", "owner"):
        login = first.login(role)
        assert cluster.may_connect(login, first.name)  # the positive control
        for database in (second.name, other_service.name, "postgres", "template1"):
            assert not cluster.may_connect(login, database)
    with closing(first.as_app()) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute(f"SET ROLE {second.app}")  # type: ignore[arg-type]  # a test's own words


def test_running_again_keeps_passwords_and_data(created: Body) -> None:
    before = created.login("owner"), created.login("app")
    with closing(created.as_owner()) as owner:
        owner.execute("CREATE TABLE kept AS SELECT 1 AS a")
    again = created.done("database-create")
    assert again["created"] is False
    assert (created.login("owner"), created.login("app")) == before
    assert rows(created.as_owner(), "SELECT a FROM kept") == [(1,)]


@pytest.mark.parametrize("value", [None, "not json", "[]", '{"username": "x"}', '{"password": ""}'])
def test_a_secret_without_credentials_gets_new_ones(created: Body, value: str | None) -> None:
    old = created.login("app")
    secrets = created.cluster.aws("secretsmanager")
    if value is None:
        secrets.put_secret_value(SecretId=created.app_secret, SecretBinary=b"\x00")
    else:
        secrets.put_secret_value(SecretId=created.app_secret, SecretString=value)
    created.done("database-create")
    assert created.login("app")["password"] != old["password"]
    created.as_app().close()


def test_a_role_with_another_password_follows_its_secret(created: Body) -> None:
    before = created.login("app")
    with closing(created.cluster.master()) as master:
        master.execute(f"ALTER ROLE {created.app} PASSWORD 'changed behind our back'")
    with pytest.raises(psycopg.OperationalError, match="password"):
        created.as_app()
    created.done("database-create")
    assert created.login("app") == before
    created.as_app().close()


def _put(body: Body, role: str, value: Mapping[str, object] | str) -> None:
    arn = body.owner_secret if role == "owner" else body.app_secret
    text = value if isinstance(value, str) else json.dumps(value)
    body.cluster.aws("secretsmanager").put_secret_value(SecretId=arn, SecretString=text)


def _unusable(body: Body, **given: str) -> object:
    return body.done("database-inspect", **given)["unusable"]


@pytest.mark.parametrize("role", ["owner", "app"])
def test_a_secret_that_opens_nothing_is_told_and_mended(created: Body, role: str) -> None:
    other = "app" if role == "owner" else "owner"
    own = created.login(role)
    with closing(created.as_owner()) as owner:
        owner.execute("CREATE TABLE kept AS SELECT 1 AS a")
    for value, code in (
        ("{}", "no-credentials"),
        (created.login(other), "other-role"),
        ({**own, "username": created.cluster.body().app}, "other-role"),
        ({**own, "password": "of yesterday"}, "wrong-password"),
    ):
        assert _unusable(created) == {}  # the positive control
        _put(created, role, value)
        assert _unusable(created) == {role: code}
        created.done("database-create")
    assert _unusable(created) == {}
    assert rows(created.as_owner(), "SELECT a FROM kept") == [(1,)]


@pytest.mark.parametrize("role", ["owner", "app"])
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("ALTER ROLE {} PASSWORD 'changed behind our back'", "wrong-password"),
        ("ALTER ROLE {} VALID UNTIL '2001-01-01'", "wrong-password"),
        ("ALTER ROLE {} NOLOGIN", "no-login"),
    ],
)
def test_a_role_that_refuses_its_secret_is_told_and_mended(
    created: Body, role: str, change: str, code: str
) -> None:
    with closing(created.cluster.master()) as master:
        name = created.owner if role == "owner" else created.app
        master.execute(change.format(name).encode())
    assert _unusable(created) == {role: code}
    created.done("database-create")
    assert _unusable(created) == {}


@pytest.mark.parametrize("role", ["owner", "app"])
def test_a_role_that_may_not_connect_is_told_and_mended(created: Body, role: str) -> None:
    with closing(created.as_owner()) as owner:
        name = created.owner if role == "owner" else created.app
        owner.execute(f"REVOKE CONNECT ON DATABASE {created.name} FROM {name}")
    assert _unusable(created) == {role: "not-permitted"}
    created.done("database-create")
    assert _unusable(created) == {}


def test_a_role_whose_connections_are_used_up_has_a_usable_secret(cluster: Cluster) -> None:
    body = cluster.body()
    body.done("database-create", DATABASE_CONNECTION_LIMIT="1")
    with closing(body.as_app()):
        assert _unusable(body) == {}
        _put(body, "app", {**body.login("app"), "password": "of yesterday"})
        assert _unusable(body) == {"app": "wrong-password"}


def test_secrets_are_looked_at_only_where_they_are_named(created: Body) -> None:
    _put(created, "app", "{}")
    assert _unusable(created, OWNER_SECRET="", APP_SECRET="") == {}
    assert _unusable(created, APP_SECRET="") == {}
    assert _unusable(created, OWNER_SECRET="") == {"app": "no-credentials"}


def test_an_unreachable_cluster_is_no_unusable_secret(created: Body) -> None:
    code, result = created.run("database-inspect", DATABASE_PORT="1")
    assert (code, result["code"]) == (4, "refused")
    assert "unusable" not in result


def test_what_was_opened_behind_our_back_is_seen_and_shut(created: Body, cluster: Cluster) -> None:
    stranger = cluster.body()
    stranger.done("database-create")
    with closing(created.as_owner()) as owner:
        owner.execute(f"GRANT CONNECT, TEMPORARY ON DATABASE {created.name} TO PUBLIC")
        owner.execute(f"GRANT CONNECT ON DATABASE {created.name} TO {stranger.app}")
    with closing(cluster.master()) as master:
        master.execute(f"GRANT {stranger.app} TO {created.app}")
        master.execute(f"ALTER ROLE {created.app} IN DATABASE {created.name} RESET lock_timeout")
    found = created.done("database-inspect")
    assert (found["closed"], found["guarded"]) == (False, False)
    assert found["others"] == ["PUBLIC", stranger.app]
    created.done("database-create")
    found = created.done("database-inspect")
    assert (found["closed"], found["guarded"], found["others"]) == (True, True, [])


def test_open_maintenance_databases_are_shut(created: Body) -> None:
    with closing(created.cluster.master()) as master:
        master.execute("GRANT CONNECT ON DATABASE template1 TO PUBLIC")
    assert created.done("database-inspect")["open_databases"] == ["template1"]
    assert created.cluster.may_connect(created.login("app"), "template1")
    created.done("database-create")
    assert created.done("database-inspect")["open_databases"] == []
    assert not created.cluster.may_connect(created.login("app"), "template1")


def test_a_database_of_somebody_else_is_not_taken_over(body: Body) -> None:
    with closing(body.cluster.master()) as master:
        master.execute(f"CREATE DATABASE {body.name}")
    code, result = body.run("database-create")
    assert (code, result["code"]) == (4, "foreign-owner")
    code, result = body.run("database-delete")
    assert (code, result["code"]) == (4, "foreign-owner")
    with closing(body.cluster.master()) as master:
        assert master.execute(
            "SELECT count(*) FROM pg_roles WHERE rolname = %s", (body.app,)
        ).fetchone() == (0,)
        master.execute(f"DROP DATABASE {body.name}")


def test_a_role_with_power_is_not_taken_over(body: Body) -> None:
    with closing(body.cluster.master()) as master:
        master.execute(f"CREATE ROLE {body.app} CREATEDB")
    code, result = body.run("database-create")
    assert (code, result["code"]) == (4, "powerful-role")
    assert "CREATEDB" in result["reason"]["ja"]


def test_delete_throws_nobody_out(created: Body) -> None:
    with closing(created.as_app()) as app:
        code, result = created.run("database-delete")
        assert (code, result["code"]) == (4, "in-use")
        assert created.app in result["reason"]["en"]
        assert app.execute("SELECT 1").fetchone() == (1,)


def test_delete_waits_for_connections_that_end(created: Body) -> None:
    app = created.as_app()
    threading.Timer(0.7, app.close).start()
    assert created.done("database-delete")["dropped"] is True


def test_delete_takes_roles_too_and_runs_again(created: Body) -> None:
    assert created.done("database-delete")["roles_dropped"] == [created.app, created.owner]
    assert created.done("database-delete") | {"ms": 0} == {
        "verb": "database-delete",
        "ok": True,
        "ms": 0,
        "exists": False,
        "dropped": False,
        "roles_dropped": [],
    }
    assert created.done("database-inspect")["exists"] is False


def test_two_at_once_agree(cluster: Cluster) -> None:
    bodies = [cluster.body() for _ in range(2)]
    threads = [
        threading.Thread(target=runner.run, args=(["database-create"], body.environment()))
        for body in bodies
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for body in bodies:
        assert body.done("database-inspect")["ready"] is True
        body.as_app().close()
        body.as_owner().close()


def _killed_after(call: Callable[[], object], where: int) -> bool:
    """Run something in a process that is killed after its n-th effect; whether it came that far."""
    process = os.fork()
    if process == 0:
        _arm(where)
        call()
        os._exit(0)
    _, status = os.waitpid(process, 0)
    return os.waitstatus_to_exitcode(status) == -9


def _arm(where: int) -> None:
    count = [0]

    def wrap(effect: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **given: Any) -> Any:
            value = effect(*args, **given)
            count[0] += 1
            if count[0] == where:
                os.kill(os.getpid(), 9)
            return value

        return counted

    psycopg.Connection.execute = wrap(psycopg.Connection.execute)  # type: ignore[method-assign]
    SecretStore.write = wrap(SecretStore.write)  # type: ignore[method-assign]


def test_killed_after_any_statement_it_goes_on(cluster: Cluster) -> None:
    for where in itertools.count(1):
        body = cluster.body()
        if not _killed_after(partial(runner.run, ["database-create"], body.environment()), where):
            break
        # Half-made it is open to nobody.
        halfway = body.done("database-inspect")
        assert not halfway["exists"] or halfway["closed"] or not halfway["ready"]
        body.done("database-create")
        found = body.done("database-inspect")
        assert (found["closed"], found["guarded"], found["ready"]) == (True, True, True)
        body.as_app().close()
        body.as_owner().close()
    assert where > 10


def test_killed_after_any_statement_a_delete_goes_on(cluster: Cluster) -> None:
    for where in itertools.count(5):  # the first four only look
        body = cluster.body()
        body.done("database-create")
        if not _killed_after(partial(runner.run, ["database-delete"], body.environment()), where):
            break
        body.done("database-delete")
        assert body.done("database-inspect")["roles"] == []
    assert where > 8


def test_nothing_written_holds_a_secret(
    created: Body, capfd: pytest.CaptureFixture[str], cluster: Cluster
) -> None:
    words = [created.login("app")["password"], created.login("owner")["password"]]
    words.append(cluster.secret(cluster.master_secret)["password"])
    for verb in ("database-create", "database-inspect", "migrate", "health"):
        runner.run([verb], created.environment())
        runner.run([verb], created.environment(DATABASE_PORT="1"))
        runner.run([verb], created.environment(OWNER_SECRET=created.app_secret, APP_SECRET="-"))
    secrets = cluster.aws("secretsmanager")
    marked = "marked-as-a-secret"
    login = {"username": created.app, "password": marked}
    secrets.put_secret_value(SecretId=created.app_secret, SecretString=json.dumps(login))
    runner.run(["health"], created.environment())
    runner.run(["database-inspect"], created.environment())
    written = "".join(capfd.readouterr())
    assert "wrong-password" in written
    for word in [*words, marked, "SCRAM-SHA-256$"]:
        assert word not in written


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"DATABASE_PORT": "1"}, "refused"),
        ({"DATABASE_PORT": "x"}, "wrong-variable"),
        ({"DATABASE_NAME": ""}, "missing-variable"),
        ({"DATABASE_SSLMODE": "verify-none"}, "wrong-variable"),
        ({"DATABASE_SSLMODE": "require"}, "no-tls"),
        ({"MAINTENANCE_DATABASE": "nowhere"}, "no-database"),
        ({"MASTER_SECRET": "nowhere"}, "no-credentials"),
        ({"OWNER_SECRET": "nowhere"}, "aws:ResourceNotFoundException"),
    ],
)
def test_failures_say_why(body: Body, given: dict[str, str], code: str) -> None:
    exit_code, result = body.run("database-create", **given)
    assert exit_code == 4
    assert result["ok"] is False
    assert result["code"] == code
    assert result["reason"]["ja"]
    assert result["reason"]["en"]
