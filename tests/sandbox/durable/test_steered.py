"""A signed word that lets work go on counts once, and one that nobody signed lets nothing begin."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from counting import counted_kind
from persons import APPROVER, DAY, PLANNER, Signer, operator, registry
from test_altered_plans import Desk, Worker

from moyai.approvals.steering import STEERING_NAMESPACE, SignedWord, resumed, retried
from moyai.approvals.to_sign import to_sign
from moyai.errors import Refused
from moyai.operations.audit.chains import export, verify_chains, verify_files
from moyai.operations.audit.proofs import People, people
from moyai.operations.database.connecting import open_engine
from moyai.operations.database.migrations import versions
from moyai.operations.database.prepare import Logins
from moyai.operations.database.steered import words_of
from moyai.operations.database.writing import release, retry, want
from moyai.operations.durable.conducting.approved import Approved
from moyai.operations.durable.conducting.conductor import Conductor
from moyai.operations.durable.conducting.steered import Steered
from moyai.operations.durable.knowledge import Knowledge
from moyai.operations.fleet import steering
from moyai.planning.fleet.plans import plan_sha256
from moyai.registry.models import Registry, Role

BY = operator(PLANNER, Role.OPERATOR)
OTHER = f"operator:{APPROVER}"


@pytest.fixture
def desk(places: Logins, tmp_path: Path) -> Iterator[Desk]:
    engines = (
        open_engine(places.of("moyai_operator")),
        open_engine(places.of("moyai_worker")),
        open_engine(places.url, role="moyai_owner"),
    )
    yield Desk(*engines, tmp_path)
    for one in engines:
        one.dispose()


@pytest.fixture
def auditor(places: Logins) -> Iterator[sa.Engine]:
    engine = open_engine(places.of("moyai_auditor"))
    yield engine
    engine.dispose()


def lax() -> Registry:
    settings = replace(registry().operations, steering_needs_signature=False)
    return replace(registry(), operations=settings)


def word(desk: Desk, asked: str, ago: timedelta = timedelta(), by: str = PLANNER) -> SignedWord:
    words = to_sign(desk.operation, plan_sha256(desk.made), asked, datetime.now(UTC) - ago)
    return SignedWord(asked, Signer(by).sign(words.line, STEERING_NAMESPACE), words.signed_at)


def ask(desk: Desk, wanted: str, signed: SignedWord | None, actor: str = PLANNER) -> None:
    with desk.operator.begin() as connection:
        want(connection, desk.operation, wanted, f"operator:{actor}", signed)


def findings(auditor: sa.Engine, known: People) -> set[tuple[str, str]]:
    return {
        (looked.chain, finding.kind)
        for looked in verify_chains(auditor, known=known)
        for finding in looked.findings
    }


def owner(desk: Desk, *statements: str) -> None:
    with desk.owner.begin() as connection:
        for one in statements:
            connection.execute(sa.text(one))


def begun(desk: Desk) -> Worker:
    """One body of three is done, and a person pauses."""
    worker = Worker(desk.worker)
    desk.plan()
    desk.approve()
    worker.conductor.look()
    worker.carry()
    steering.pause(desk.operator, desk.operation, BY)
    worker.conductor.look()
    assert desk.view().row.status == "paused"
    return worker


def attempts(desk: Desk) -> list[int]:
    return [one.attempts for one in desk.view().bodies]


@pytest.mark.parametrize("actor", [PLANNER, PLANNER.upper()])
def test_a_signed_word_is_taken_once_however_it_is_written(
    desk: Desk, auditor: sa.Engine, actor: str
) -> None:
    desk.plan()
    signed = word(desk, "resume")
    ask(desk, "run", signed)
    again = (
        signed,
        replace(signed, signature=signed.signature.rstrip("\n") + "\n\n"),
        replace(signed, signed_at=signed.signed_at + timedelta(milliseconds=3)),
    )
    for one in again:
        with pytest.raises(Refused, match="asked for before"):
            ask(desk, "run", one, actor)
        with pytest.raises(Refused, match="asked for before"), desk.operator.begin() as connection:
            release(connection, desk.operation, ["operation"], f"operator:{actor}", one)
    assert findings(auditor, people(registry())) == set()


@pytest.mark.parametrize("ago", [timedelta(minutes=15), -timedelta(minutes=6)])
def test_an_old_word_lets_nothing_go_on_and_a_stop_is_taken_unsigned(
    desk: Desk, auditor: sa.Engine, ago: timedelta
) -> None:
    desk.plan()
    with pytest.raises(Refused, match="signed too long ago"):
        ask(desk, "run", word(desk, "resume", ago))
    ask(desk, "pause", word(desk, "pause", ago))
    assert desk.view().row.wanted == "pause"
    assert findings(auditor, people(registry())) == set()
    for each in verify_chains(auditor):
        assert [one.actor for one in each.signatures.claimed if one.actor] != []


def test_a_stop_is_never_refused_for_its_signature(desk: Desk) -> None:
    desk.plan()
    signed = word(desk, "cancel")
    ask(desk, "cancel", signed)
    ask(desk, "cancel", signed)
    assert desk.view().row.wanted == "cancel"


def test_the_same_word_in_two_records_is_found_and_one_command_s_are_not(
    desk: Desk, auditor: sa.Engine, tmp_path: Path
) -> None:
    begun(desk)
    signed = word(desk, "resume")
    with desk.operator.begin() as connection:
        release(connection, desk.operation, ["operation"], f"operator:{PLANNER}", signed)
        want(connection, desk.operation, "run", f"operator:{PLANNER}", signed)
    assert findings(auditor, people(registry())) == set()
    owner(desk, "DELETE FROM moyai.steering")
    ask(desk, "run", signed)
    chains = {f"body:{one.code}" for one in desk.made.bodies} | {"federation"}
    assert findings(auditor, people(registry())) == {(chain, "unproved") for chain in chains}
    export(auditor, "f", "federation", "f", tmp_path / "f.jsonl", "ja")
    [(_, looked)] = verify_files([tmp_path / "f.jsonl"])
    [found] = looked.findings
    assert "used again" in found.what.en


def test_what_nobody_signed_begins_nothing_until_somebody_does(
    desk: Desk, auditor: sa.Engine
) -> None:
    worker = begun(desk)
    ask(desk, "run", None, APPROVER)
    for _ in range(2):
        worker.conductor.look()
        worker.carry()
    assert (desk.view().row.status, attempts(desk)) == ("held", [1, 0, 0])
    assert f"{APPROVER} to go on does not count (the name was given, and not" in desk.reason()
    assert desk.happenings() == ["wave_held"]
    assert ("federation", "unproved") in findings(auditor, people(registry()))
    assert findings(auditor, people(lax())) == set()
    steering.resume(desk.operator, registry(), desk.operation, BY, DAY, (), word(desk, "resume"))
    worker.conductor.look()
    assert attempts(desk) == [1, 1, 0]


@pytest.mark.parametrize("by", ["another's key", "another word", "a stranger"])
def test_what_another_signed_or_of_something_else_counts_for_nothing(desk: Desk, by: str) -> None:
    worker = begun(desk)
    signed, actor = word(desk, "resume"), PLANNER
    if by == "another's key":
        actor = APPROVER
    elif by == "another word":
        signed = word(desk, "pause")
    else:
        actor = "mayor@white.house"
    ask(desk, "run", signed, actor)
    worker.conductor.look()
    assert (desk.view().row.status, attempts(desk)) == ("held", [1, 0, 0])
    assert "does not count" in desk.reason()


@pytest.mark.parametrize(
    ("role", "bodies", "why"),
    [
        (Role.AUDITOR, "all", "has no role that may plan or run"),
        (Role.OPERATOR, "tag:nobody", "are not all that this is about"),
    ],
)
def test_the_signed_word_of_one_who_may_not_run_this_counts_for_nothing(
    desk: Desk, role: Role, bodies: str, why: str
) -> None:
    third = "kansa@example.jp"
    known = replace(registry(), operators=(*registry().operators, operator(third, role, bodies)))
    worker = begun(desk)
    knowledge = Knowledge("sandbox", counted_kind, lambda: known)
    approved = Approved(desk.worker, worker.plans, knowledge)
    conductor = Conductor(desk.worker, worker.queue, worker.plans, knowledge, approved)
    ask(desk, "run", word(desk, "resume", by=third), third)
    conductor.look()
    assert (desk.view().row.status, attempts(desk)) == ("held", [1, 0, 0])
    assert why in desk.reason()


def test_an_unsigned_retry_is_held_and_a_pause_or_cancel_of_it_needs_no_key(desk: Desk) -> None:
    worker = begun(desk)
    code = desk.made.bodies[1].code
    owner(desk, f"UPDATE moyai.body SET status = 'failed', attempts = 1 WHERE code = '{code}'")
    with desk.operator.begin() as connection:
        retry(connection, desk.operation, [code], OTHER)
    steering.resume(desk.operator, registry(), desk.operation, BY, DAY, (), word(desk, "resume"))
    worker.conductor.look()
    assert attempts(desk) == [1, 2, 0], "a person says by a signature that it goes on"
    worker.carry()
    owner(desk, f"UPDATE moyai.body SET status = 'failed' WHERE code = '{code}'")
    with desk.operator.begin() as connection:
        retry(connection, desk.operation, [code], OTHER)
    worker.conductor.look()
    assert desk.view().row.status == "held"
    assert "to begin bodies again does not count" in desk.reason()
    steering.pause(desk.operator, desk.operation, BY)
    worker.conductor.look()
    assert desk.view().row.status == "paused"
    steering.cancel(desk.operator, registry(), desk.operation, BY, DAY, stop=False)
    worker.conductor.look()
    assert desk.view().row.status == "cancelled"


def test_a_signed_retry_goes_on(desk: Desk) -> None:
    worker = Worker(desk.worker)
    desk.plan()
    desk.approve()
    worker.conductor.look()
    worker.carry()
    code = desk.made.bodies[0].code
    owner(desk, f"UPDATE moyai.body SET status = 'failed' WHERE code = '{code}'")
    with desk.operator.begin() as connection:
        signed = word(desk, retried([code]))
        retry(connection, desk.operation, [code], f"operator:{PLANNER}", signed)
    worker.conductor.look()
    assert attempts(desk) == [2, 0, 0]


def test_where_tenants_yaml_asks_for_none_all_is_as_before(desk: Desk) -> None:
    worker = begun(desk)
    knowledge = Knowledge("sandbox", counted_kind, lax)
    approved = Approved(desk.worker, worker.plans, knowledge)
    conductor = Conductor(desk.worker, worker.queue, worker.plans, knowledge, approved)
    ask(desk, "run", None, APPROVER)
    conductor.look()
    assert attempts(desk) == [1, 1, 0]


def test_of_a_kind_that_nobody_approves_no_signature_is_asked(
    desk: Desk, auditor: sa.Engine
) -> None:
    worker = Worker(desk.worker)
    desk.plan(approval_seconds=0)
    ask(desk, "pause", None)
    ask(desk, "run", None)
    worker.conductor.look()
    assert attempts(desk) == [1, 0, 0]
    assert findings(auditor, people(registry())) == set()


def test_what_was_steered_before_the_migration_stops_nothing(desk: Desk) -> None:
    worker = begun(desk)
    ask(desk, "run", None, APPROVER)
    owner(desk, "DELETE FROM moyai.steering")
    worker.conductor.look()
    assert attempts(desk) == [1, 1, 0]


def test_a_body_that_was_begun_before_the_pause_goes_on_by_no_such_word(desk: Desk) -> None:
    worker = Worker(desk.worker)
    desk.plan()
    desk.approve()
    worker.conductor.look()
    ask(desk, "pause", None)
    ask(desk, "run", None, APPROVER)
    known, steered = worker.plans.of(desk.operation), Steered(desk.worker, registry)
    why = steered.hindrance(desk.operation, known)
    assert why is not None
    assert "does not count" in why.en
    ask(desk, "run", word(desk, "resume"))
    assert Steered(desk.worker, registry).hindrance(desk.operation, known) is None
    assert Steered(desk.worker, lax).hindrance(desk.operation, known) is None


def test_a_proposal_begins_by_its_approvals_and_goes_on_by_a_signature(
    desk: Desk, auditor: sa.Engine
) -> None:
    desk.plan()
    owner(desk, "UPDATE moyai.operation SET kind = 'edit'")
    ask(desk, "run", None)
    assert findings(auditor, people(registry())) == set()
    with desk.operator.connect() as connection:
        assert words_of(connection, desk.operation) == ()
    owner(desk, "UPDATE moyai.operation SET status = 'paused'")
    ask(desk, "run", None)
    with desk.operator.connect() as connection:
        assert words_of(connection, desk.operation) == (), "it waits paused until it is in the file"
    owner(desk, "UPDATE moyai.body SET attempts = 1", "UPDATE moyai.operation SET status = 'held'")
    ask(desk, "run", None)
    with desk.operator.connect() as connection:
        assert [one.action for one in words_of(connection, desk.operation)] == ["run"]
    assert ("federation", "unproved") in findings(auditor, people(registry()))


def looked(desk: Desk, worker: Worker) -> tuple[str, int]:
    """After two looks of a worker: how the operation stands, and how many of its bodies were begun."""
    for _ in range(2):
        worker.conductor.look()
        worker.carry()
    return desk.view().row.status, sum(attempts(desk))


def proposal(desk: Desk) -> Worker:
    """Approved, and nobody has said anything of it."""
    desk.plan(kind="edit")
    desk.approve()
    worker = Worker(desk.worker)
    assert looked(desk, worker)[1] == 0, "it waits until it is in the file"
    return worker


def test_a_proposal_that_nobody_paused_begins_unsigned(desk: Desk, auditor: sa.Engine) -> None:
    worker = proposal(desk)
    ask(desk, "run", None)
    assert looked(desk, worker)[1] > 0
    assert findings(auditor, people(registry())) == set()


@pytest.mark.parametrize("in_the_file", [False, True])
def test_a_proposal_that_a_person_paused_goes_on_by_a_signature_alone(
    desk: Desk, auditor: sa.Engine, in_the_file: bool
) -> None:
    worker = proposal(desk)
    if in_the_file:
        ask(desk, "run", None)
        owner(desk, "UPDATE moyai.operation SET status = 'running'")
    ask(desk, "pause", word(desk, "pause"))
    assert looked(desk, worker)[1] == 0
    ask(desk, "run", None, APPROVER)
    assert looked(desk, worker) == ("held", 0)
    assert f"{APPROVER} to go on does not count (the name was given, and not" in desk.reason()
    ask(desk, "run", None, APPROVER)
    assert looked(desk, worker) == ("held", 0)
    assert ("federation", "unproved") in findings(auditor, people(registry()))
    ask(desk, "run", word(desk, "resume"))
    assert looked(desk, worker)[1] > 0


def test_an_unsigned_pause_of_a_proposal_holds_as_a_signed_one_does(
    desk: Desk, auditor: sa.Engine
) -> None:
    worker = proposal(desk)
    ask(desk, "pause", None)
    assert findings(auditor, people(registry())) == set()
    paused = desk.view().paused
    assert paused is not None
    assert paused.email == PLANNER
    ask(desk, "run", None)
    assert looked(desk, worker) == ("held", 0)


def test_a_pause_from_before_the_migration_holds_too(desk: Desk, auditor: sa.Engine) -> None:
    worker = proposal(desk)
    ask(desk, "pause", None)
    owner(desk, "DELETE FROM moyai.steering")
    sql = Path(versions.__file__).with_name("0018_paused_proposals.sql").read_text(encoding="utf-8")
    [filled] = re.findall(r"^WITH standing AS .*?;$", sql, re.DOTALL | re.MULTILINE)
    with desk.owner.begin() as connection:
        connection.exec_driver_sql(filled.replace("%", "%%"))
    assert findings(auditor, people(registry())) == set()
    ask(desk, "run", None)
    assert looked(desk, worker) == ("held", 0)


def test_a_wave_that_nobody_let_go_by_a_signature_stays_held(desk: Desk) -> None:
    worker = begun(desk)
    codes = [one.code for one in desk.made.bodies]
    owner(
        desk,
        f"UPDATE moyai.body SET status = 'failed', attempts = 1, ended_at = now() WHERE code = '{codes[1]}'",
        f"UPDATE moyai.body SET status = 'failed', ended_at = now() WHERE code = '{codes[0]}'",
    )
    with desk.operator.begin() as connection:
        release(connection, desk.operation, ["wave:1"], OTHER)
        want(connection, desk.operation, "run", OTHER)
    worker.conductor.look()
    assert "does not count" in desk.reason()
    ask(desk, "run", word(desk, "resume"))
    worker.conductor.look()
    worker.conductor.look()
    assert (desk.view().row.status, desk.view().waves[0].status) == ("held", "held")
    assert "does not count" not in desk.reason()
    signed = word(desk, resumed([1]))
    steering.resume(desk.operator, registry(), desk.operation, BY, DAY, (1,), signed)
    worker.conductor.look()
    assert attempts(desk) == [1, 1, 1]


def test_a_word_that_was_signed_before_there_was_a_table_is_not_taken_again(desk: Desk) -> None:
    desk.plan()
    signed = word(desk, "resume")
    ask(desk, "run", signed)
    owner(desk, "DELETE FROM moyai.steering")
    sql = Path(versions.__file__).with_name("0017_steered.sql").read_text(encoding="utf-8")
    [filled] = re.findall(r"^INSERT INTO moyai\.steering .*?;$", sql, re.DOTALL | re.MULTILINE)
    with desk.owner.begin() as connection:
        connection.exec_driver_sql(filled.replace("%", "%%"))
    with pytest.raises(Refused, match="asked for before"):
        ask(desk, "run", signed)
    with desk.operator.connect() as connection:
        assert words_of(connection, desk.operation) == (), "judged by nobody"
