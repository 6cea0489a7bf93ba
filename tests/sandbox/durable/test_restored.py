"""An operations database that is put back to an older copy in the middle of an operation: workers notice,
nothing is done a second time, a person declares it, and it goes on with nothing taken for what was lost."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from counting import effects, make_plan
from login_site import CODE, login_site
from test_anchors import FEDERATION, Anchored, anchored, make_bucket
from tests.planned import create
from tests.sandbox.copies import Copies
from workers import Fleet

from moyai.errors import Refused
from moyai.operations.audit.anchoring import Anchoring, anchor_now
from moyai.operations.audit.behind import look
from moyai.operations.audit.chains import verify_chains
from moyai.operations.database.connecting import open_engine
from moyai.operations.database.epochs import behind, declared_last, epoch, restored
from moyai.operations.database.prepare import Logins
from moyai.operations.database.writing import release, retry
from moyai.operations.durable.carrying.ledger import Ledger
from moyai.operations.fleet.opening import Office
from moyai.operations.fleet.restoring import declare, find, would_hold
from moyai.registry.models import Operator, Role

__all__ = ["anchored"]
BY = "operator:keikaku@example.jp"
ERROR = {"what": {"ja": "写しから戻した", "en": "it was restored"}}
PERSON = Operator(
    "計画", "keikaku@example.jp", Role.OPERATOR, "all", date(2099, 3, 31), "ssh-ed25519 A a"
)
DAY = date(2026, 11, 26)


def copies_of(places: Logins) -> Copies:
    return Copies(places.folder.parents[1] / "postgres", str(places.url.database))


@pytest.fixture
def copies(places: Logins) -> Iterator[Copies]:
    found = copies_of(places)
    yield found
    found.drop()


@pytest.fixture
def fleet(
    places: Logins, copies: Copies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Fleet]:
    """Workers on a host that remembers."""
    assert copies
    monkeypatch.setenv("TESTED_HOME", str(tmp_path / "home"))
    found = Fleet(places, open_engine(places.of("moyai_operator")), tmp_path)
    yield found
    found.close()


def until(holds: Callable[[], bool], fleet: Fleet, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, fleet.logs()[-4000:]
        time.sleep(0.1)


def is_behind(fleet: Fleet) -> str | None:
    fleet.engine.dispose()  # its connections were thrown out with the database
    with fleet.engine.connect() as connection:
        found = behind(connection)
    return None if found is None else str(found.what["by"])


def written(fleet: Fleet) -> dict[str, list[str]]:
    return {path.stem: effects(fleet.folder, path.stem) for path in fleet.folder.glob("*.log")}


def stop(fleet: Fleet) -> None:
    for one in fleet.supervisors:
        one.terminate()
        one.wait(30)
    fleet.supervisors.clear()


@pytest.mark.parametrize("who", ["worker", "host"])
def test_nothing_is_done_twice_by_a_database_that_went_back(
    fleet: Fleet, copies: Copies, who: str
) -> None:
    fleet.start(bodies=2)
    operation = fleet.plan(make_plan(fleet.folder, 6, at_once=2, seconds="0.3"))
    fleet.until(operation, lambda one: one.row.counts.get("done", 0) == 2, 60)
    fleet.until(operation, lambda one: one.row.counts.get("running", 0) == 2, 60)
    copies.take()
    fleet.engine.dispose()
    view = fleet.ended(operation)
    fleet.counted_once(view)
    before = written(fleet)
    time.sleep(6)  # the host remembers each five seconds
    if who == "host":
        stop(fleet)
    copies.put_back()
    if who == "host":
        fleet.start(bodies=2)
    until(lambda: is_behind(fleet) == who, fleet)
    view = fleet.view(operation)
    copied = {one.code: one.status for one in view.bodies}
    assert set(copied.values()) == {"done", "running", "waiting"}
    time.sleep(5)
    assert written(fleet) == before, "nothing was carried on"
    assert {one.code: one.status for one in fleet.view(operation).bodies} == copied
    until(lambda: "is a copy older than what was done" in fleet.logs(), fleet)
    with pytest.raises(Refused, match="nothing new begins"):
        fleet.plan(make_plan(fleet.folder, 1))

    with fleet.engine.begin() as connection:
        assert declared_last(connection) is None
        declared = restored(connection, 2, BY, (), {"type": "InDoubt", **ERROR})
    assert {one.code: one.before for one in declared.held} == {
        code: status for code, status in copied.items() if status != "done"
    }
    with fleet.engine.connect() as connection:
        last = declared_last(connection)
    assert last is not None
    again, lost = last
    assert (again.epoch, again.copied_at, lost) == (2, declared.copied_at, frozenset())
    assert {one.code for one in again.held} == {one.code for one in declared.held}
    ended = fleet.ended(operation)
    assert ended.row.status == "failed"
    assert {one.status for one in ended.bodies} == {"done", "held"}
    with fleet.engine.connect() as connection:
        owed = set(connection.execute(sa.text("SELECT code FROM moyai.debt")).scalars())
        assert owed == {one.code for one in declared.held}
        assert all(not one.findings for one in verify_chains(fleet.engine))
    time.sleep(3)
    assert written(fleet) == before, "a person says how it goes on"

    running = next(one.code for one in declared.held if one.before == "running")
    with fleet.engine.begin() as connection:
        retry(connection, operation, [running], BY)
        release(connection, operation, ["wave:1"], BY)
    fleet.until(
        operation,
        lambda one: next(b for b in one.bodies if b.code == running).status == "done",
        60,
    )
    again = [f"2 write-{number}" for number in (1, 2, 3)]
    assert written(fleet) == {**before, running: [*before[running], *again]}
    other = fleet.plan(make_plan(fleet.folder, 1))
    assert "-e2-1" in other
    assert fleet.ended(other).row.status == "done"


def test_a_copy_is_gone_on_with_above_all_that_was_ever_given(
    places: Logins, tmp_path: Path
) -> None:
    with login_site(places, tmp_path) as site:
        operation = site.plan()
        first = site.begin()
        with site.operator.begin() as connection:
            declared = restored(connection, 7, BY, (), ERROR)
        assert [(one.operation, one.code) for one in declared.held] == [(operation, CODE)]
        late = sa.text("SELECT moyai.fence(:id, :code, :claim)")
        owner = open_engine(places.url, role="moyai_owner")
        with pytest.raises(sa.exc.DBAPIError) as caught, owner.begin() as connection:
            connection.execute(late, {"id": operation, "code": CODE, "claim": first.claim})
        assert getattr(caught.value.orig, "sqlstate", None) == "MY001"
        owner.dispose()
        with site.operator.begin() as connection:
            retry(connection, operation, [CODE], BY)
        second = site.begin()
        assert second.epoch == 7
        assert second.claim > 6 * 10**12 > first.claim
        assert Ledger(site.worker, "w1").take(operation, CODE, first.attempt) is None
        with site.operator.begin() as connection, pytest.raises(psycopg.Error, match="that epoch"):
            restored(connection, 7, BY, (), ERROR)


def test_anchors_that_no_record_matches_are_noticed_declared_and_told(
    anchored: Anchored, places: Logins, aws: Callable[..., Any]
) -> None:
    copies = copies_of(places)
    make_bucket(anchored, aws)
    vault = anchored.vault
    anchor_now(anchored.operator, vault)
    assert not look(anchored.worker, vault)
    engines = (anchored.operator, anchored.worker, anchored._owner)
    for one in engines:
        one.dispose()
    copies.take()
    try:
        for _ in range(3):
            anchored.move()
            anchor_now(anchored.operator, vault)
        assert not look(anchored.worker, vault)
        code = next(one for one in vault.chains() if one != FEDERATION)
        for one in engines:
            one.dispose()
        copies.put_back()

        assert anchored.findings() == {(FEDERATION, "cut"), (code, "cut")}
        said: list[str] = []
        Anchoring(anchored.worker, lambda: vault, lambda: 0, said.append).look()
        assert said == []
        with anchored.operator.connect() as connection:
            found = behind(connection)
        assert found is not None
        assert found.what["chains"] == {FEDERATION: [2, 4], code: [2, 4]}
        with pytest.raises(Refused, match="nothing new begins"):
            anchored.move()
        with pytest.raises(Refused):
            anchor_now(anchored.operator, vault)

        registry = replace(anchored.workspace.registry, operators=(PERSON,))
        office = Office(replace(anchored.workspace, registry=registry), anchored.operator)
        assert len(would_hold(office).held) == 3
        assert declare(office, find(office), PERSON, DAY).epoch == 2
        assert anchored.findings() == set()
        told = {
            one.chain: one.gaps for one in verify_chains(anchored.operator, None, vault.anchors())
        }
        [gap] = told[FEDERATION]
        assert (gap.after.seq, gap.newest, len(gap.lost)) == (1, 4, 3)
        assert {chain for chain, gaps in told.items() if gaps} == {FEDERATION, code}
        assert not look(anchored.worker, vault)
        assert anchor_now(anchored.operator, vault)
        assert not look(anchored.worker, vault)
        with pytest.raises(Refused, match="Nothing shows"):
            declare(office, find(office), PERSON, DAY)

        for one in engines:
            one.dispose()
        copies.put_back()
        assert look(anchored.worker, vault), "the vault knows a newer epoch"
        assert declare(office, find(office), PERSON, DAY).epoch == 3
        assert anchored.findings() == set()
        with anchored.operator.connect() as connection:
            assert epoch(connection) == 3
        anchored.move()
        anchor_now(anchored.operator, vault)
        anchored.tamper(
            "DELETE FROM moyai.audit WHERE chain = 'federation' AND seq > 2",
            "UPDATE moyai.audit_head SET seq = 2, sha256 = (SELECT sha256 FROM moyai.audit "
            "WHERE chain = 'federation' AND seq = 2) WHERE chain = 'federation'",
        )
        assert (FEDERATION, "cut") in anchored.findings(), (
            "a declaration excuses nothing that came after"
        )
    finally:
        for one in engines:
            one.dispose()
        copies.drop()


def test_who_does_not_look_after_all_bodies_declares_nothing(
    anchored: Anchored, aws: Callable[..., Any]
) -> None:
    make_bucket(anchored, aws)
    registry = replace(anchored.workspace.registry, operators=(PERSON,))
    office = Office(replace(anchored.workspace, registry=registry), anchored.operator)
    some = replace(PERSON, bodies=registry.tenants[0].code)
    with pytest.raises(Refused, match="looks after other bodies"):
        declare(office, find(office), some, DAY, certain=True)
    with anchored.operator.connect() as connection:
        assert epoch(connection) == 1
    assert declare(office, find(office), PERSON, DAY, certain=True).epoch == 2


def test_a_plan_that_nobody_approved_waits_on_and_what_matches_is_not_lost(
    places: Logins, tmp_path: Path
) -> None:
    operator = open_engine(places.of("moyai_operator"))
    plan = replace(make_plan(tmp_path, 2), approval_seconds=3600)
    with operator.begin() as connection:
        create(connection, plan, None)
    [head] = [one.head for one in verify_chains(operator, FEDERATION)]
    anchors = [{"chain": FEDERATION, "anchors": [{"seq": head.seq, "sha256": head.sha256}]}]
    give = sa.text("SELECT moyai.restored(2, :by, CAST(:lost AS jsonb), CAST(:error AS jsonb))")
    given = {"by": BY, "lost": json.dumps(anchors), "error": json.dumps(ERROR)}
    with (
        pytest.raises(sa.exc.DBAPIError, match="nothing of the kind"),
        operator.begin() as connection,
    ):
        connection.execute(give, given)
    with operator.begin() as connection:
        assert restored(connection, 2, BY, (), ERROR).held == ()
    operator.dispose()
