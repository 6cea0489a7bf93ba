"""New passwords on a real PostgreSQL, beside secrets whose versions have stages."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Mapping
from contextlib import closing, redirect_stderr, redirect_stdout
from typing import Any

import psycopg
import pytest

from moyai.jobs import credentials, passwords, runner
from moyai.jobs.credentials import SecretStore
from moyai.jobs.results import JobError
from moyai.texts import Text

from .conftest import Body

Given = Mapping[str, str]


def versions(body: Body, secret: str) -> dict[str, str]:
    """Stage → version."""
    found = body.cluster.aws("secretsmanager").describe_secret(SecretId=secret)
    return {
        stage: version
        for version, stages in found["VersionIdsToStages"].items()
        for stage in stages
    }


def begun(body: Body, version: str | None = None) -> dict[str, str]:
    """Put new passwords beside the current ones; what later verbs are asked with."""
    given = {"PASSWORD_VERSION": version or uuid.uuid4().hex}
    previous = body.done("password-renew", **given)["previous"]
    return {
        **given,
        "PREVIOUS_OWNER": previous[body.owner],
        "PREVIOUS_APP": previous[body.app],
    }


def opens(body: Body, login: Mapping[str, str]) -> bool:
    try:
        body.cluster.connect(login, body.name).close()
    except psycopg.OperationalError as error:
        if "password authentication failed" not in str(error):
            raise
        return False
    return True


def test_new_passwords_open_and_old_ones_do_not(created: Body) -> None:
    old = {role: created.login(role) for role in ("owner", "app")}
    given = begun(created)
    assert {role: created.login(role) for role in old} == old  # nobody reads the new ones yet
    assert all(opens(created, login) for login in old.values())
    changed = created.done("password-set", **given)["changed_at"]
    new = {role: created.login(role) for role in old}
    assert all(new[role]["password"] != old[role]["password"] for role in old)
    assert new["app"] == {**old["app"], "password": new["app"]["password"]}
    assert [opens(created, login) for login in (*new.values(), *old.values())] == [
        *(True, True),
        *(False, False),
    ]
    void = created.done("password-void", **given, CHANGED_AT=changed)
    assert void["refused"] == sorted([created.owner, created.app])
    assert created.done("database-inspect")["unusable"] == {}


def test_each_verb_may_be_begun_again(created: Body) -> None:
    given = begun(created)
    first = versions(created, created.app_secret)
    assert begun(created, given["PASSWORD_VERSION"]) == given
    assert versions(created, created.app_secret) == first
    for _ in range(2):
        created.done("password-set", **given)
        assert opens(created, created.login("app"))
        assert versions(created, created.app_secret)["AWSPREVIOUS"] == given["PREVIOUS_APP"]
    for _ in range(2):
        created.done("password-back", **given)
        assert versions(created, created.app_secret)["AWSCURRENT"] == given["PREVIOUS_APP"]
        assert opens(created, created.login("app"))
        assert opens(created, created.login("owner"))


def roles(body: Body, given: Given) -> tuple[dict[str, bool], dict[str, bool]]:
    found = body.done("password-state", **given)["roles"]
    return found[body.owner], found[body.app]


def test_the_state_tells_how_far_it_has_come(created: Body) -> None:
    given = {"PASSWORD_VERSION": uuid.uuid4().hex}
    nothing = {"pending": False, "current": False, "opens": False}
    assert roles(created, given) == (nothing, nothing)
    given = begun(created)
    beside = {"pending": True, "current": False, "opens": False}
    assert roles(created, given) == (beside, beside)
    created.done("password-set", **given)
    whole = {"pending": True, "current": True, "opens": True}
    assert roles(created, given) == (whole, whole)
    with closing(created.cluster.master()) as master:
        master.execute(f"ALTER ROLE {created.app} PASSWORD 'other'")
    assert roles(created, given) == (whole, {**whole, "opens": False})
    created.done("password-set", **given)
    assert roles(created, given) == (whole, whole)


def test_a_secret_that_cannot_be_written_changes_no_role(
    created: Body, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, real = begun(created), SecretStore.move

    def failing(store: SecretStore, arn: str, stage: str, **versions: Any) -> None:
        if arn == created.app_secret:
            raise JobError("aws:Throttling", Text("だめ", "no"))
        real(store, arn, stage, **versions)

    monkeypatch.setattr(SecretStore, "move", failing)
    code, _ = created.run("password-set", **given)
    assert code == 4
    assert opens(created, created.login("app"))
    monkeypatch.undo()
    created.done("password-set", **given)
    assert opens(created, created.login("owner"))
    assert opens(created, created.login("app"))


def test_what_comes_late_changes_nothing(created: Body) -> None:
    first = begun(created)
    second = begun(created)
    created.done("password-set", **second)
    login = created.login("app")
    for verb in ("password-set", "password-back", "password-renew"):
        code, result = created.run(verb, **first)
        assert (code, result["code"]) == (4, "superseded"), verb
    assert created.login("app") == login
    assert opens(created, login)


def test_sessions_of_the_old_passwords_are_ended(created: Body) -> None:
    given = begun(created)
    with closing(created.as_app()) as old:
        changed = created.done("password-set", **given)["changed_at"]
        with closing(created.as_app()) as new:
            void = created.done("password-void", **given, CHANGED_AT=changed)
            assert void["sessions"] == 1
            assert new.execute("SELECT 1").fetchone() == (1,)
        with pytest.raises(psycopg.OperationalError):
            old.execute("SELECT 1")
    refused = pytest.raises(psycopg.errors.InsufficientPrivilege)
    with closing(created.cluster.master()) as master, refused:
        master.execute(f"SET ROLE {created.app}")


def test_an_old_password_that_still_opens_is_told(created: Body) -> None:
    given, old = begun(created), created.login("app")["password"]
    changed = created.done("password-set", **given)["changed_at"]
    with closing(created.cluster.master()) as master:
        master.execute(f"ALTER ROLE {created.app} PASSWORD '{old}'")
    code, result = created.run("password-void", **given, CHANGED_AT=changed)
    assert (code, result["code"]) == (4, "still-opens")
    assert old not in json.dumps(result)


def test_no_password_is_in_what_is_written(created: Body, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = [created.login("app")["password"], created.login("owner")["password"]]
    real = credentials.new_login

    def noted(username: str) -> credentials.Login:
        login = real(username)
        made.append(login.password)
        return login

    monkeypatch.setattr(passwords, "new_login", noted)
    out, err = io.StringIO(), io.StringIO()
    given = {"PASSWORD_VERSION": uuid.uuid4().hex}
    with redirect_stdout(out), redirect_stderr(err):
        for verb in ("password-renew", "password-set", "password-state", "password-void"):
            runner.run([verb], created.environment(**given))
    assert len(made) == 4
    assert "no-previous" in out.getvalue()  # a failure too
    assert not [one for one in made if one in out.getvalue() + err.getvalue()]
