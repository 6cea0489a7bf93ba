"""Each function of the operations database asks what stands on record, and refuses what does not follow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from counting import make_plan
from login_site import CODE, Site, login_site
from tests.planned import create
from tests.sandbox.hands import begin, conduct

from moyai.errors import Refused, UsageError
from moyai.operations.database.audit_reading import newest
from moyai.operations.database.hosts import conninfo
from moyai.operations.database.prepare import Logins
from moyai.operations.database.reading import shown
from moyai.operations.database.writing import approve, create_as, next_id, release, retry, want
from moyai.operations.durable.carrying.ledger import Ended, Fenced, Ledger, Next
from moyai.operations.durable.living.ends import put_on_record
from moyai.planning.fleet.plans import plan_sha256

PERSON = "operator:a@example.jp"


@pytest.fixture
def site(emptied: Logins, tmp_path: Path) -> Iterator[Site]:
    with login_site(emptied, tmp_path) as found:
        yield found


@pytest.mark.parametrize("actor", ["worker:w1", "moyai", "", "operator:", "operator:a b", None])
def test_what_a_person_does_is_done_by_a_person(site: Site, actor: str | None) -> None:
    site.plan()
    words = "SELECT moyai.want(:id, 'pause', :actor)"
    assert site.refused(site.operator, words, actor=actor) == "MY004"
    with site.operator.connect() as connection:
        assert shown(connection, site.operation).row.wanted == "run"


def test_an_operator_makes_no_body_end(site: Site) -> None:
    taken = (site.plan(), site.begin())[1]
    given = f"'{site.operation}', '{CODE}', {taken.claim}"
    for words in (
        f"SELECT moyai.finish({given}, NULL, false, NULL, 'done', NULL, NULL, NULL)",
        f"SELECT moyai.go_on({given}, NULL, false, NULL, NULL, NULL, 's', 1, 'k')",
        "SELECT moyai.conduct(:id, '1', 'done', NULL, '[]', '[]', '{}')",
    ):
        assert site.refused(site.operator, words) == "42501"
    assert site.status() == ("running", "running")


def test_a_plan_is_on_record_with_its_own_bodies_and_under_an_id_of_today(site: Site) -> None:
    words = "SELECT moyai.plan_operation(:id, CAST(:plan AS text), NULL)"
    site.operation = "20200101-1"
    assert site.refused(site.operator, words, plan="{}") == "MY004", "nobody planned it"
    plan = make_plan(site.folder, 1)
    with pytest.raises(sa.exc.DBAPIError), site.operator.begin() as connection:
        create_as(connection, "20200101-1", plan, None)
    site.plan(bodies=2)
    with site.operator.connect() as connection:
        view = shown(connection, site.operation)
        [record] = newest(connection, "federation", 1)
    assert [body.code for body in view.bodies] == ["100000", "100001"]
    assert view.row.plan_sha256 == plan_sha256(view.plan) == record.plan_sha256
    assert record.actor == f"operator:{plan.planned_by}"


def test_an_id_is_the_next_one_of_its_day(site: Site) -> None:
    with site.operator.connect() as connection:
        day, _, number = next_id(connection).partition("-")
    for far in (f"{day}-999999", f"{day}-{int(number) + 1}"):
        with pytest.raises(sa.exc.DBAPIError), site.operator.begin() as connection:
            create_as(connection, far, make_plan(site.folder, 1), None)
    assert site.plan() == f"{day}-{number}"
    assert site.plan() == f"{day}-{int(number) + 1}"


@pytest.mark.parametrize(("kind", "wanted"), [("edit", "pause"), ("check", "run")])
def test_a_proposal_is_paused_from_the_moment_it_is_on_record(
    site: Site, kind: str, wanted: str
) -> None:
    plan = replace(make_plan(site.folder, 1), kind=kind)
    with site.operator.begin() as connection:
        site.operation = create(connection, plan, None)
        assert shown(connection, site.operation).row.wanted == wanted


@pytest.mark.parametrize("status", ["planned", "cancelled", "done"])
def test_what_is_not_failed_or_owed_is_not_begun_again(site: Site, status: str) -> None:
    site.plan()
    if status == "done":
        site.end(site.begin(), "done")
        assert conduct(site.worker, site.operation, "done") == []
    elif status == "cancelled":
        with site.operator.begin() as connection:
            want(connection, site.operation, "cancel", PERSON)
        assert isinstance(conduct(site.worker, site.operation, "cancelled"), str), "a body waits"
    before = site.status()
    with pytest.raises(Refused), site.operator.begin() as connection:
        retry(connection, site.operation, [CODE], PERSON)
    assert site.status() == before


def test_what_is_being_cancelled_is_not_wanted_otherwise(site: Site) -> None:
    site.plan()
    with site.operator.begin() as connection:
        want(connection, site.operation, "cancel", PERSON)
    for wanted in ("run", "pause"):
        with pytest.raises(Refused, match="being cancelled"), site.operator.begin() as connection:
            want(connection, site.operation, wanted, PERSON)


def test_what_conductors_begin_and_cancel_is_told_in_each_body_s_chain(site: Site) -> None:
    site.plan(bodies=2)
    site.begin()
    with site.operator.begin() as connection:
        want(connection, site.operation, "cancel", PERSON)
    words = (
        "SELECT moyai.conduct(id, CAST(xmin AS text), NULL, NULL, CAST(:bodies AS jsonb), '[]', '{}') "
        "FROM moyai.operation WHERE id = :id"
    )
    bodies = [
        {"code": "100001", "status": "cancelled", "reason": {"ja": "取消", "en": "called off"}}
    ]
    with site.worker.begin() as connection:
        given = {"id": site.operation, "bodies": json.dumps(bodies)}
        assert connection.execute(sa.text(words), given).scalar() == []
    told = {}
    with site.operator.connect() as connection:
        for code in (CODE, "100001"):
            found = newest(connection, f"body:{code}", 100)
            of = sorted((r for r in found if r.operation == site.operation), key=lambda r: r.seq)
            told[code] = [(r.action, r.actor, r.result, r.attempt) for r in of]
    assert ("operation.begin", "moyai", "begun", 1) in told[CODE]
    assert ("operation.cancel", PERSON, "done", None) in told[CODE]
    assert told["100001"][-1] == ("counted.body", "moyai", "cancelled", None)


def test_only_what_could_be_held_is_let_go(site: Site) -> None:
    site.plan()
    for what in ("wave:9", "body:100000", "everything"):
        with pytest.raises(Refused), site.operator.begin() as connection:
            release(connection, site.operation, [what], PERSON)
    with pytest.raises(UsageError), site.operator.begin() as connection:
        release(connection, "20200101-1", ["operation"], PERSON)


def test_an_approval_is_on_record_with_its_signature_and_of_this_plan_alone(site: Site) -> None:
    site.plan()
    moment = datetime(2026, 11, 26, 1, 2, 3, tzinfo=UTC)
    with site.operator.begin() as connection:
        digest = shown(connection, site.operation).row.plan_sha256
        approve(connection, site.operation, "plan", "b@example.jp", digest, "signed", moment)
    with site.operator.connect() as connection:
        [record] = newest(connection, "federation", 1)
    assert (record.action, record.actor) == ("operation.approve", "operator:b@example.jp")
    signed = {"subject": "plan", "signature": "signed", "signed_at": "2026-11-26T01:02:03Z"}
    assert dict(record.details) == signed
    for subject, given in (("plan", "0" * 64), ("wave:7", digest), ("body:999999", digest)):
        with pytest.raises(sa.exc.DBAPIError), site.operator.begin() as connection:
            approve(connection, site.operation, subject, "b@example.jp", given, "s", moment)
    with pytest.raises(sa.exc.DBAPIError), site.operator.begin() as connection:
        approve(connection, site.operation, "plan", "b@x.jp", digest, "s", moment, is_own=True)


@pytest.mark.parametrize("status", ["done", "failed", "cancelled", "expired", "paused", "planned"])
def test_an_operation_becomes_nothing_that_does_not_follow(site: Site, status: str) -> None:
    site.plan()
    site.begin()
    said = conduct(site.worker, site.operation, status)
    assert isinstance(said, str)
    assert "does not become" in said
    assert site.status() == ("running", "running")


def test_nothing_begins_without_an_approval_on_record(site: Site) -> None:
    plan = replace(make_plan(site.folder, 1), approval_seconds=3600)
    with site.operator.begin() as connection:
        site.operation = create(connection, plan, None)
    assert "approved" in str(begin(site.worker, site.operation, CODE))
    with site.operator.begin() as connection:
        digest = plan_sha256(plan)
        now = datetime.now(UTC).replace(microsecond=0)
        approve(connection, site.operation, "plan", "b@example.jp", digest, "signed", now)
    assert isinstance(begin(site.worker, site.operation, CODE), list)


def test_no_more_bodies_begin_at_once_than_the_plan_lets(site: Site) -> None:
    site.plan(bodies=3, at_once=2)
    site.begin("100000")
    site.begin("100001")
    assert "more at once" in str(begin(site.worker, site.operation, "100002"))


def test_a_body_is_begun_by_one_operation_at_a_time(site: Site) -> None:
    site.plan()
    site.begin()
    other = site.plan()
    assert begin(site.worker, other, CODE) == []


def test_a_body_begins_with_another_claim_in_a_wave_that_runs(site: Site) -> None:
    site.plan(bodies=2, waves=2)
    first = site.begin("100000")
    site.end(first, "failed")
    with site.operator.begin() as connection:
        retry(connection, site.operation, ["100000"], PERSON)
    assert begin(site.worker, site.operation, "100000")
    with pytest.raises(Fenced):
        Ledger(site.worker, "w1").go_on(first, None, Next("late", 1, "k"))
    assert conduct(site.worker, site.operation, begin=["100001"]) == [], "its wave does not run"


def test_a_body_is_not_done_while_its_steps_say_otherwise(site: Site) -> None:
    site.plan()
    taken, ledger = site.begin(), Ledger(site.worker, "w1")
    ledger.go_on(taken, None, Next("one", 1, "k"))
    with pytest.raises(psycopg.Error, match="otherwise"):
        ledger.finish(taken, "done")
    bad = {"what": {"ja": "だめ", "en": "bad"}}
    ledger.go_on(taken, Ended("one", {}, error=bad), None)
    with pytest.raises(psycopg.Error, match="otherwise"):
        ledger.finish(taken, "done")
    with pytest.raises(psycopg.Error, match="taken back only"):
        ledger.go_on(taken, None, Next("two", 2, "k"))
    ledger.go_on(taken, None, Next("-one", 3, "k"))
    with pytest.raises(psycopg.Error, match="otherwise"):
        ledger.finish(taken, "failed", error=bad)
    ledger.finish(taken, "held", error=bad)
    assert site.status()[1] == "held"


def test_a_worker_whose_bodies_were_taken_takes_none(site: Site, emptied: Logins) -> None:
    site.plan()
    assert begin(site.worker, site.operation, CODE)
    assert Ledger(site.worker, "nobody").take(site.operation, CODE, 1) is None
    with psycopg.connect(conninfo(emptied.of("moyai_worker")), autocommit=True) as taker:
        assert taker.execute("SELECT moyai.take_over('w1')").fetchone() == (None,), "no lease"
        taker.execute("SELECT pg_try_advisory_lock(7701, 1)")
        assert taker.execute("SELECT moyai.take_over('w1')").fetchone() == (True,)
    assert Ledger(site.worker, "w1").take(site.operation, CODE, 1) is None


def test_only_who_has_a_lease_shows_its_sign_of_life(site: Site, emptied: Logins) -> None:
    with psycopg.connect(conninfo(emptied.of("moyai_worker")), autocommit=True) as session:
        session.execute("SELECT moyai.touch_worker('w1', 9)")
        room = session.execute("SELECT room FROM moyai.worker").fetchone()
        assert room == (0,)
        session.execute("SELECT pg_try_advisory_lock(7701, 1)")
        session.execute("SELECT moyai.touch_worker('w1', 9)")
        assert session.execute("SELECT room FROM moyai.worker").fetchone() == (9,)


def test_only_a_head_that_a_chain_has_is_anchored(site: Site) -> None:
    site.plan()
    with site.operator.connect() as connection:
        [record] = newest(connection, "federation", 1)
    words = (
        "SELECT moyai.anchored('federation', :seq, :sha256, now() + interval '9 days', 'b', 'v')"
    )
    for engine in (site.operator, site.worker):
        assert site.refused(engine, words, seq=record.seq, sha256="0" * 64) == "MY004"
        assert site.refused(engine, words, seq=record.seq + 1, sha256=record.sha256) == "MY004"
    with site.operator.begin() as connection:
        connection.execute(sa.text(words), {"seq": record.seq, "sha256": record.sha256})
        found = connection.execute(sa.text("SELECT key, at <= clock_timestamp() FROM moyai.anchor"))
        [row] = found.all()
    assert row[0] == f"audit/anchors/federation/{record.seq:012d}-{record.sha256}.json"
    assert row[1], "a moment to come would keep it from being anchored again"


def test_a_supervisor_puts_a_worker_s_end_on_record(site: Site, emptied: Logins) -> None:
    said: list[str] = []
    put_on_record(conninfo(emptied.of("moyai_worker")), "w1", said.append)
    with site.operator.connect() as connection:
        ended = sa.text("SELECT ended_at IS NOT NULL FROM moyai.worker WHERE id = 'w1'")
        assert connection.execute(ended).scalar_one()
    assert said == []


@pytest.mark.parametrize("status", ["running", "paused"])
def test_a_retry_lifts_nobody_s_pause(site: Site, status: str) -> None:
    site.plan(bodies=2)
    site.end(site.begin(), "failed")
    with site.operator.begin() as connection:
        want(connection, site.operation, "pause", PERSON)
    assert conduct(site.worker, site.operation, status) == []
    with site.operator.begin() as connection:
        retry(connection, site.operation, [CODE], PERSON)
        assert shown(connection, site.operation).row.wanted == "pause"
    assert site.status() == (status, "waiting")
    assert not isinstance(begin(site.worker, site.operation, CODE), list)


def test_an_operation_that_ended_runs_again_by_a_retry_also_where_it_was_paused(site: Site) -> None:
    site.plan()
    site.end(site.begin(), "failed")
    with site.operator.begin() as connection:
        want(connection, site.operation, "pause", PERSON)
    assert conduct(site.worker, site.operation, "failed") == []
    with site.operator.begin() as connection:
        retry(connection, site.operation, [CODE], PERSON)
        assert shown(connection, site.operation).row.wanted == "run"
    assert site.status() == ("running", "waiting")


def test_a_retry_that_comes_between_a_look_and_its_decision_is_not_lost(site: Site) -> None:
    site.plan()
    site.end(site.begin(), "failed")
    with site.worker.begin() as conductor:
        version = conductor.execute(
            sa.text("SELECT CAST(xmin AS text) FROM moyai.operation")
        ).scalar()
        with site.operator.begin() as connection:
            retry(connection, site.operation, [CODE], PERSON)
        words = "SELECT moyai.conduct(:id, :version, 'failed', NULL, '[]', '[]', '{}')"
        given = {"id": site.operation, "version": version}
        assert conductor.execute(sa.text(words), given).scalar() is None
    assert site.status() == ("running", "waiting")
    assert isinstance(begin(site.worker, site.operation, CODE), list)


def test_a_retry_waits_for_a_decision_that_is_being_written(site: Site) -> None:
    site.plan()
    site.end(site.begin(), "failed")
    with site.worker.begin() as conductor:
        words = "SELECT moyai.conduct(:id, CAST(xmin AS text), 'failed', NULL, '[]', '[]', '{}')"
        found = sa.text(f"{words} FROM moyai.operation")
        assert conductor.execute(found, {"id": site.operation}).scalar() == []
        with site.operator.connect() as connection:
            connection.execute(sa.text("SET lock_timeout = '200ms'"))
            with pytest.raises(sa.exc.DBAPIError, match="lock timeout"):
                retry(connection, site.operation, [CODE], PERSON)
    with site.operator.begin() as connection:
        retry(connection, site.operation, [CODE], PERSON)
    assert site.status() == ("running", "waiting")
