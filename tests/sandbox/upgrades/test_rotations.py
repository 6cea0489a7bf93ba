"""Passwords rotated body by body, on real databases: seen from outside at each boundary."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from office import NONE, A, B, Between, Office, at, frozen, unchanged

from moyai.errors import UsageError
from moyai.operations.database.audit_reading import records
from moyai.operations.fleet.rotating import plan_rotation, require_known, rotated_bodies
from moyai.operations.kinds import rotate
from moyai.operations.site.places import today

SERVICES = ("chat", "eapp-b")
_EACH = ("new", "set", "restart", "health", "void")


class Killed(BaseException):
    """The worker ends here, whatever it was about to write."""


def planned(office: Office, selector: str) -> str:
    session = office.source.session()
    found = rotated_bodies(session, selector, today())
    who, now = "keikaku@jimukyoku.example.jp", datetime.now(UTC)
    plan = plan_rotation(session, found, by=who, now=now, in_windows=False)
    bodies = tuple(replace(one, wave=1) for one in plan.bodies)
    return office.put(plan.kind, plan.subject, dict(plan.parameters), bodies)


def login(office: Office, code: str, service: str, role: str = "app") -> dict[str, str]:
    arn = office.outputs(code, service)[f"{role}_secret_arn"]
    store = office.aws("secretsmanager")
    return dict(json.loads(store.get_secret_value(SecretId=arn)["SecretString"]))


def opens(given: dict[str, Any]) -> bool:
    try:
        psycopg.connect(
            host=given["host"],
            port=given["port"],
            dbname=given["dbname"],
            user=given["username"],
            password=given["password"],
        ).close()
    except psycopg.OperationalError as error:
        if "password authentication failed" not in str(error):
            raise
        return False
    return True


def deployment(office: Office, code: str, service: str) -> str:
    """By what ECS has begun the service's tasks."""
    about = office.outputs(code, service)
    given = {"cluster": about["job"]["cluster_arn"], "services": [f"osaka-{code}-{service}"]}
    [found] = office.aws("ecs").describe_services(**given)["services"]
    return str(found["deployments"][0]["id"])


def all_logins(office: Office, code: str) -> dict[tuple[str, str], dict[str, str]]:
    return {
        (service, role): login(office, code, service, role)
        for service in SERVICES
        for role in ("app", "owner")
    }


def test_all_logins_of_a_body_get_passwords_and_the_old_ones_are_void(office: Office) -> None:
    operation = planned(office, f"{A} or {NONE}")
    assert [one.code for one in office.planned(operation).bodies] == [A]
    old = all_logins(office, A)
    tasks = {service: deployment(office, A, service) for service in SERVICES}
    assert office.carry(operation, A).status == "done"
    new = all_logins(office, A)
    assert [opens(one) for one in old.values()] == [False] * 4
    assert [opens(one) for one in new.values()] == [True] * 4
    assert all(deployment(office, A, service) != tasks[service] for service in SERVICES)
    assert [step for _, step, _ in office.steps(operation, A)] == [
        "preflight",
        *(f"{name}:{service}" for service in SERVICES for name in _EACH),
    ]
    assert office.is_open(A)
    office.federation.ok("deploy", A, "--refresh")
    assert all(opens(one) for one in new.values())  # the stack takes none of them back


def test_a_frozen_day_is_kept_whatever_the_plan_says(office: Office) -> None:
    operation, before = planned(office, A), all_logins(office, A)
    with unchanged(office.federation):
        frozen(office.federation)
        body = office.carry(operation, A)
    assert body.status == "skipped"
    assert body.error is not None
    assert "frozen" in body.error["what"]["en"]
    assert all_logins(office, A) == before


def test_no_password_is_on_record(office: Office) -> None:
    operation = planned(office, A)
    known = [one["password"] for one in all_logins(office, A).values()]
    assert office.carry(operation, A).status == "done"
    known += [one["password"] for one in all_logins(office, A).values()]
    with office.operator.connect() as connection:
        chain = str(list(records(connection, f"body:{A}")))
    rows = json.dumps(office.federation.ok("operation", "report", operation, "-o", "json").json())
    assert f"void:{SERVICES[0]}" in chain
    assert not [one for one in known if one in chain + rows]


def test_a_service_that_is_not_well_with_them_goes_back_and_the_others_stay(
    office: Office,
) -> None:
    operation = planned(office, A)
    old = all_logins(office, A)

    def begin(ended: str | None, following: str | None) -> None:
        names = {"health:eapp-b": ("applicant_kind", "hidden")}
        names["-set:eapp-b"] = ("hidden", "applicant_kind")
        if following in names:
            with office.sql(A, "owner") as owner:
                owner.execute("ALTER TABLE {} RENAME TO {}".format(*names[following]))

    body = office.carry(operation, A, begin)
    assert body.status == "failed", body.error
    told = office.told_back(operation, A)
    assert told["taken_back"] == ["set:eapp-b"]
    assert {"set:chat", "restart:chat", "void:chat", "new:eapp-b"} <= set(told["stays"])
    new = all_logins(office, A)
    stays = {one: new[one] == old[one] for one in old}
    assert stays == {one: one[0] == "eapp-b" for one in old}
    assert all(opens(one) for one in new.values())
    office.again(operation, A)
    assert office.carry(operation, A).status == "done"
    assert not any(opens(one) for one in old.values())


def killed(before: str, *, after: bool = False) -> tuple[Between, Between]:
    """Boundaries at which the worker is killed once: before a step is on record as begun, or just after."""

    def kill() -> None:
        raise Killed

    nothing = at("nothing", lambda: None)
    here = at(before, kill)
    return (nothing, here) if after else (here, nothing)


@pytest.mark.parametrize(
    ("step", "after"),
    [("set:chat", False), ("set:chat", True), ("restart:chat", True)],
)
def test_a_worker_killed_at_a_boundary_is_followed_by_one_that_ends_it(
    office: Office, step: str, after: bool
) -> None:
    operation, old = planned(office, B), all_logins(office, B)
    with pytest.raises(Killed):
        office.carry(operation, B, *killed(step, after=after))
    assert office.carry(operation, B).status == "done"
    new = all_logins(office, B)
    assert not any(opens(one) for one in old.values())
    assert all(opens(one) for one in new.values())


def test_a_worker_killed_once_the_database_had_them_is_followed_by_one_that_sees_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation = planned(office, B)
    real = rotate.Set.do

    def done_then_killed(self: rotate.Set, work: Any) -> Any:
        real(self, work)
        raise Killed

    monkeypatch.setattr(rotate.Set, "do", done_then_killed)
    with pytest.raises(Killed):
        office.carry(operation, B)
    monkeypatch.undo()
    new = login(office, B, "chat")
    assert office.carry(operation, B).status == "done"
    assert login(office, B, "chat") == new
    report = office.federation.ok("operation", "report", operation, "--output", "json").json()
    looked = [one["step"] for one in report["bodies"][0]["steps"] if one["was_found"]]
    assert looked == ["set:chat"]


def test_a_body_with_other_services_by_then_has_moved(office: Office) -> None:
    session = office.source.session()
    found = rotated_bodies(session, B, today())
    who, now = "keikaku@jimukyoku.example.jp", datetime.now(UTC)
    [(body, _)] = found.bodies
    other = type(found)(((body, ("chat",)),), ())
    plan = plan_rotation(session, other, by=who, now=now, in_windows=False)
    operation = office.put(plan.kind, plan.subject, dict(plan.parameters), plan.bodies)
    old = all_logins(office, B)
    assert office.carry(operation, B).status == "moved"
    assert all_logins(office, B) == old


def test_what_is_rotated_elsewhere_is_told() -> None:
    with pytest.raises(UsageError) as told:
        require_known("operations-database")
    assert "operation prepare --new-passwords" in str(told.value.remedy)
