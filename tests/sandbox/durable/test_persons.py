"""What operators ask of operations: said well, refused well, and on record with who asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from counting import counted_kind
from persons import APPROVER, DAY, PLANNER, Signer, operator, plan, registry
from tests.planned import create

from moyai.approvals.elsewhere import brought
from moyai.approvals.subjects import APPROVAL_NAMESPACE, approval_line, signed_line
from moyai.errors import Refused, UsageError
from moyai.operations.database import writing
from moyai.operations.database.audit_reading import newest
from moyai.operations.database.connecting import open_engine
from moyai.operations.database.durations import measured
from moyai.operations.database.prepare import Logins
from moyai.operations.database.reading import beside, entries, listed, shown
from moyai.operations.database.rows import OperationView
from moyai.operations.durable.conducting.approved import Approved
from moyai.operations.durable.conducting.plans import Plans
from moyai.operations.durable.knowledge import Knowledge
from moyai.operations.fleet import steering
from moyai.operations.fleet.approving import (
    approve,
    as_signed,
    missing,
    not_counted,
    require_approver,
    signer_of,
    wanted,
)
from moyai.operations.fleet.doubting import doubts
from moyai.operations.fleet.people import require_bodies, who_plans
from moyai.operations.fleet.putting import put_on_record
from moyai.operations.fleet.report_page import markdown
from moyai.operations.fleet.reporting import report
from moyai.planning.fleet.clearing import facts, judge_planner
from moyai.planning.fleet.plans import OperationPlan
from moyai.planning.fleet.taking_over import PARAMETER, TakenOver
from moyai.planning.fleet.ways_back import Way
from moyai.registry.models import Registry, Role
from moyai.texts import Text

BY = operator(PLANNER, Role.OPERATOR)


class Desk:
    """A database with an operation, and hands that put it into any state, as workers would."""

    def __init__(self, places: Logins) -> None:
        self.engine = open_engine(places.of("moyai_operator"))
        self._anybody = open_engine(places.url, role="moyai_owner")

    def plan(self, made: OperationPlan) -> str:
        with self.engine.begin() as connection:
            return create(connection, made, None)

    def put(self, statement: str, **given: object) -> None:
        with self._anybody.begin() as connection:
            connection.execute(sa.text(statement), given)

    def bodies(self, operation: str, *statuses: str) -> list[str]:
        codes = [body.code for body in self.view(operation).bodies]
        for code, status in zip(codes, statuses, strict=True):
            self.put(
                "UPDATE moyai.body SET status = :status WHERE operation_id = :id AND code = :code",
                status=status,
                id=operation,
                code=code,
            )
        return codes

    def status(self, operation: str, status: str) -> None:
        self.put("UPDATE moyai.operation SET status = :s WHERE id = :id", s=status, id=operation)

    def wave(self, operation: str, number: int, status: str) -> None:
        self.put(
            "UPDATE moyai.wave SET status = :s WHERE operation_id = :id AND number = :n",
            s=status,
            id=operation,
            n=number,
        )

    def view(self, operation: str) -> OperationView:
        with self.engine.connect() as connection:
            return shown(connection, operation)

    def last_record(self) -> tuple[str, str]:
        with self.engine.connect() as connection:
            [record] = newest(connection, "federation", 1)
        return record.actor, record.action

    def records(self, action: str) -> int:
        with self.engine.connect() as connection:
            return sum(one.action == action for one in newest(connection, "federation", 100))

    def told(self, code: str, operation: str) -> list[str]:
        """Actions of an operation in a body's chain, the oldest first, each with its actor's group."""
        with self.engine.connect() as connection:
            found = newest(connection, f"body:{code}", 100)
        codes = {body.code for body in self.view(operation).bodies} - {code}
        assert not any(other in str(one) for one in found for other in codes), "another body's code"
        of = sorted((one for one in found if one.operation == operation), key=lambda one: one.seq)
        return [f"{one.actor.partition(':')[0]} {one.action} {one.result}" for one in of]

    def close(self) -> None:
        self.engine.dispose()
        self._anybody.dispose()


@pytest.fixture
def desk(places: Logins) -> Iterator[Desk]:
    found = Desk(places)
    yield found
    found.close()


def test_a_pause_lets_running_bodies_end_and_is_on_record_with_who_asked(desk: Desk) -> None:
    operation = desk.plan(plan())
    desk.status(operation, "running")
    desk.bodies(operation, "running", "running", "waiting")
    said = steering.pause(desk.engine, operation, BY)
    assert "2 bodies in hand go on to the end; one of which nothing was changed" in said.en
    assert desk.view(operation).row.wanted == "pause"
    assert desk.last_record() == (f"operator:{PLANNER}", "operation.pause")


def test_a_cancel_takes_back_what_is_in_hand_only_where_it_is_told_to_stop(desk: Desk) -> None:
    operation = desk.plan(plan())
    desk.status(operation, "running")
    desk.bodies(operation, "running", "done", "waiting")
    said = steering.cancel(desk.engine, registry(), operation, BY, DAY, stop=False)
    assert "1 body in hand goes on to the end; one of which nothing was changed" in said.en
    assert desk.view(operation).row.wanted == "cancel"
    said = steering.cancel(desk.engine, registry(), operation, BY, DAY, stop=True)
    assert "1 body in hand is stopped after the step" in said.en
    assert desk.view(operation).row.wanted == "stop"


def test_a_cancel_says_what_becomes_of_bodies_that_are_held(desk: Desk) -> None:
    operation = desk.plan(replace(plan(), kind="upgrade", subject="eapp-a 1.1.0"))
    desk.status(operation, "held")
    desk.bodies(operation, "held", "done", "waiting")
    said = steering.cancel(desk.engine, registry(), operation, BY, DAY, stop=False)
    assert "1 body that is held stays held." in said.en
    assert "moyai upgrade eapp-a RELEASE BODY" in said.en
    assert "保留の 1 団体は保留のままです" in said.ja


def test_a_body_that_another_operation_took_over_is_not_begun_again(desk: Desk) -> None:
    operation = desk.plan(plan())
    codes = desk.bodies(operation, "held", "held", "done")
    over = TakenOver(operation, operation, "write", "1.0.0", "1.1.0", "0" * 64).entry()
    other = desk.plan(replace(plan(), parameters={PARAMETER: {codes[0]: over}}))
    desk.status(operation, "failed")
    chosen = steering.retry(desk.engine, registry(), operation, BY, DAY, codes[0])
    assert chosen == (codes[0],), "the other has not begun"
    desk.bodies(operation, "held", "held", "done")
    desk.put(
        "INSERT INTO moyai.step (operation_id, code, attempt, step, ordinal, status, key, claim) "
        "VALUES (:id, :code, 1, 'write', 2, 'intended', '', 1)",
        id=other,
        code=codes[0],
    )
    with pytest.raises(Refused, match=f"{other} has taken {codes[0]} over"):
        steering.retry(desk.engine, registry(), operation, BY, DAY, codes[0])
    assert steering.retry(desk.engine, registry(), operation, BY, DAY) == (codes[1],)


def test_a_held_wave_goes_on_only_where_it_is_named(desk: Desk) -> None:
    operation = desk.plan(plan(waves=2))
    desk.status(operation, "held")
    desk.wave(operation, 1, "held")
    with pytest.raises(Refused) as refused:
        steering.resume(desk.engine, registry(), operation, BY, DAY)
    assert refused.value.remedy is not None
    assert f"moyai operation resume {operation} --wave 1" in refused.value.remedy.en
    with pytest.raises(UsageError):
        steering.resume(desk.engine, registry(), operation, BY, DAY, [7])
    with pytest.raises(Refused, match="wave 2"):
        steering.resume(desk.engine, registry(), operation, BY, DAY, [2])
    assert desk.view(operation).released == {}
    steering.resume(desk.engine, registry(), operation, BY, DAY, [1])
    view = desk.view(operation)
    assert (set(view.released), view.row.status) == ({"wave:1"}, "running")


def test_an_operation_held_for_errors_of_one_kind_is_released_as_a_whole(desk: Desk) -> None:
    operation = desk.plan(plan())
    desk.status(operation, "held")
    steering.resume(desk.engine, registry(), operation, BY, DAY)
    assert set(desk.view(operation).released) == {"operation"}


@pytest.mark.parametrize(("status", "word"), [("planned", "approval"), ("running", "running")])
def test_there_is_nothing_to_resume_where_nothing_was_stopped(
    desk: Desk, status: str, word: str
) -> None:
    operation = desk.plan(plan())
    desk.status(operation, status)
    with pytest.raises(Refused, match=word):
        steering.resume(desk.engine, registry(), operation, BY, DAY)


def test_a_retry_takes_what_did_not_end_well_and_nothing_else(desk: Desk) -> None:
    operation = desk.plan(plan(5))
    desk.status(operation, "failed")
    desk.put("UPDATE moyai.operation SET ended_at = now() WHERE id = :id", id=operation)
    codes = desk.bodies(operation, "failed", "held", "skipped", "moved", "done")
    assert desk.view(operation).row.ended_at is not None
    with pytest.raises(UsageError, match="999999"):
        steering.retry(desk.engine, registry(), operation, BY, DAY, "999999")
    with pytest.raises(Refused, match=rf"{codes[4]} .*\(done\)"):
        steering.retry(desk.engine, registry(), operation, BY, DAY, f"{codes[0]} {codes[4]}")
    assert desk.view(operation).row.status == "failed"
    assert steering.retry(desk.engine, registry(), operation, BY, DAY, codes[1]) == (codes[1],)
    assert desk.view(operation).row.ended_at is None
    assert [one.status for one in desk.view(operation).bodies][:3] == [
        "failed",
        "waiting",
        "skipped",
    ]
    again = steering.retry(desk.engine, registry(), operation, BY, DAY)
    assert again == (codes[0], codes[2], codes[3])
    with pytest.raises(Refused, match="no body to begin again"):
        steering.retry(desk.engine, registry(), operation, BY, DAY)


def test_a_retry_takes_the_selectors_of_all_commands(desk: Desk) -> None:
    operation = desk.plan(plan(4))
    desk.status(operation, "failed")
    codes = desk.bodies(operation, "failed", "skipped", "done", "held")
    slug = next(one.slug for one in registry().tenants if one.code == codes[1])
    outside = next(one.code for one in registry().tenants if one.code not in codes)
    with pytest.raises(UsageError, match=rf"{operation} has no {outside}"):
        steering.retry(desk.engine, registry(), operation, BY, DAY, f"{codes[0]} {outside}")
    with pytest.raises(UsageError, match="tag"):
        steering.retry(desk.engine, registry(), operation, BY, DAY, "tag:no-such")
    with pytest.raises(Refused, match="no body to begin again"):
        steering.retry(desk.engine, registry(), operation, BY, DAY, f"all not ({' '.join(codes)})")
    assert steering.retry(desk.engine, registry(), operation, BY, DAY, slug) == (codes[1],)
    but = f"all not {codes[0]}"
    assert steering.retry(desk.engine, registry(), operation, BY, DAY, but) == (codes[3],)
    assert steering.retry(desk.engine, registry(), operation, BY, DAY, "all") == (codes[0],)


def test_what_is_paused_stays_so_and_who_retries_is_told(desk: Desk) -> None:
    operation = desk.plan(plan())
    desk.status(operation, "running")
    desk.bodies(operation, "failed", "waiting", "waiting")
    steering.pause(desk.engine, operation, BY)
    codes = steering.retry(desk.engine, registry(), operation, BY, DAY)
    said = steering.begins_again(desk.engine, operation, codes)
    assert f"begin after moyai operation resume {operation}" in said.en
    steering.resume(desk.engine, registry(), operation, BY, DAY)
    assert "paused" not in steering.begins_again(desk.engine, operation, codes).en


@pytest.mark.parametrize("status", ["cancelled", "expired"])
def test_what_was_called_off_is_never_begun_again(desk: Desk, status: str) -> None:
    operation = desk.plan(plan())
    desk.status(operation, status)
    desk.bodies(operation, "failed", "cancelled", "cancelled")
    with pytest.raises(Refused, match=status):
        steering.retry(desk.engine, registry(), operation, BY, DAY)
    with pytest.raises(Refused):
        steering.pause(desk.engine, operation, BY)


def test_operators_steer_bodies_that_are_theirs(desk: Desk) -> None:
    operation = desk.plan(plan())
    desk.status(operation, "running")
    code = desk.view(operation).bodies[0].code
    one = operator("hitotsu@example.jp", Role.OPERATOR, code)
    with pytest.raises(Refused, match="looks after other bodies"):
        steering.cancel(desk.engine, registry(), operation, one, DAY, stop=False)
    require_bodies(one, registry(), [code], DAY)
    assert desk.view(operation).row.wanted == "run"


def test_only_operators_whose_rights_hold_plan() -> None:
    assert who_plans(registry(), PLANNER.upper(), DAY).email == PLANNER
    for email in (None, "", "nobody@example.jp"):
        with pytest.raises(UsageError):
            who_plans(registry(), email, DAY)
    with pytest.raises(Refused, match="ended on"):
        who_plans(registry(), PLANNER, BY.expires.replace(year=BY.expires.year + 1))


def test_an_approval_counts_before_it_is_on_record(desk: Desk) -> None:
    made = plan(approval_seconds=3600)
    operation = put_on_record(desk.engine, made, Signer(PLANNER))
    assert missing(desk.view(operation), registry())[0] == "plan"
    asked = wanted(desk.engine, operation, "plan")
    assert signer_of(asked, registry(), APPROVER).email == APPROVER
    by_planner = Signer(PLANNER).sign(asked.sign.line, APPROVAL_NAMESPACE)
    with pytest.raises(Refused):
        approve(desk.engine, registry(), asked, PLANNER, by_planner)
    with pytest.raises(Refused):
        approve(desk.engine, registry(), asked, APPROVER, by_planner)
    assert desk.view(operation).approvals == ()
    good = Signer(APPROVER).sign(asked.sign.line, APPROVAL_NAMESPACE)
    approve(desk.engine, registry(), asked, APPROVER, good)
    assert desk.last_record() == (f"operator:{APPROVER}", "operation.approve")
    risks = [f"dared:{body.code}" for body in made.bodies]
    assert missing(desk.view(operation), registry()) == risks


def test_who_may_not_approve_is_refused_before_anything_is_shown_or_signed(desk: Desk) -> None:
    made = plan(2, approval_seconds=3600)
    operation = put_on_record(desk.engine, made, Signer(PLANNER))
    asked, file = wanted(desk.engine, operation, "plan"), registry()
    require_approver(asked, file, APPROVER)
    with pytest.raises(UsageError, match=r"not in tenants\.yaml"):
        require_approver(asked, file, "nobody@example.jp")
    with pytest.raises(Refused):
        require_approver(asked, file, PLANNER)
    with pytest.raises(Refused, match="no wave:7"):
        require_approver(wanted(desk.engine, operation, "wave:7"), file, APPROVER)

    def other(**changed: Any) -> Registry:
        people = (
            replace(one, **changed) if one.email == APPROVER else one for one in file.operators
        )
        return replace(file, operators=tuple(people))

    with pytest.raises(Refused, match="2020-01-01"):
        require_approver(asked, other(expires=date(2020, 1, 1)), APPROVER)
    with pytest.raises(Refused, match=made.bodies[1].name):
        require_approver(asked, other(bodies=made.bodies[0].code), APPROVER)
    desk.status(operation, "cancelled")
    desk.put("UPDATE moyai.operation SET ended_at = now() WHERE id = :id", id=operation)
    with pytest.raises(Refused, match="has ended as cancelled"):
        require_approver(wanted(desk.engine, operation, "plan"), file, APPROVER)


def test_a_body_s_own_chain_tells_who_approved_stopped_and_let_go(desk: Desk) -> None:
    made = plan(1, waves=2, approval_seconds=3600)
    made = replace(made, waves=(made.waves[0], replace(made.waves[1], needs_approval=True)))
    operation = put_on_record(desk.engine, made, Signer(PLANNER))
    for subject in ("plan", "wave:2"):
        asked = wanted(desk.engine, operation, subject)
        signature = Signer(APPROVER).sign(asked.sign.line, APPROVAL_NAMESPACE)
        approve(desk.engine, registry(), asked, APPROVER, signature)
    desk.status(operation, "held")
    desk.wave(operation, 1, "held")
    steering.resume(desk.engine, registry(), operation, BY, DAY, [1])
    steering.pause(desk.engine, operation, BY)
    steering.cancel(desk.engine, registry(), operation, BY, DAY, stop=True)
    words = ("plan", "approve", "release", "run", "pause", "stop")
    first, second = (desk.told(body.code, operation) for body in made.bodies)
    asked_for = [f"operator operation.{word} done" for word in words]
    assert first == [*asked_for[:2], "moyai operation.wave done", *asked_for[2:]], (
        "its wave was held"
    )
    assert second == [*asked_for[:2], *asked_for[1:]], "its wave was approved beside the plan"


def test_an_edit_put_into_the_file_is_told_in_its_body_s_chain(desk: Desk) -> None:
    made = replace(plan(1), kind="edit", parameters={"after_sha256": "1" * 64})
    operation = desk.plan(made)
    with desk.engine.begin() as connection:
        writing.put_in_file(connection, operation, f"operator:{PLANNER}", written=True)
    told = desk.told(made.bodies[0].code, operation)
    assert told == ["operator operation.plan done", "operator operation.apply done"]
    with desk.engine.connect() as connection:
        [record] = newest(connection, "federation", 1)
    assert dict(record.details) == {"written": True, "after_sha256": "1" * 64}


def test_a_file_that_another_command_wrote_is_the_newest_until_another_is(desk: Desk) -> None:
    after, later = "1" * 64, "2" * 64
    made = replace(plan(1), kind="edit", parameters={"after_sha256": after})
    operation, actor = desk.plan(made), f"operator:{PLANNER}"
    for wrote, newest_one in ((False, after), (False, later), (True, after)):
        with desk.engine.begin() as connection:
            if newest_one == later:
                given = {"site": made.site, "sha256": later, "actor": actor}
                connection.execute(
                    sa.text("SELECT moyai.note_file(:site, :sha256, NULL, false, :actor)"), given
                )
            writing.put_in_file(connection, operation, actor, written=wrote)
            found = connection.execute(
                sa.text("SELECT sha256 FROM moyai.planned_file ORDER BY number DESC LIMIT 1")
            )
            assert found.scalar_one() == newest_one


@pytest.mark.parametrize("kind", ["edit", "check"])
def test_what_is_no_approved_edit_is_put_nowhere(desk: Desk, kind: str) -> None:
    seconds = 3600 if kind == "edit" else 0
    operation = desk.plan(replace(plan(1, approval_seconds=seconds), kind=kind))
    with pytest.raises(Refused), desk.engine.begin() as connection:
        writing.put_in_file(connection, operation, f"operator:{PLANNER}", written=True)
    assert desk.records("operation.apply") == 0


def test_who_approves_is_told_of_risks_that_the_plan_leaves_out(desk: Desk) -> None:
    made = replace(plan(2, approval_seconds=3600), kind="upgrade", parameters={"service": "eapp-a"})
    first, second = made.bodies
    made = replace(made, bodies=(replace(first, risks=("unverified-restore",)), second))
    view = desk.view(put_on_record(desk.engine, made, Signer(PLANNER)))
    with desk.engine.connect() as connection:
        found = doubts(connection, view, registry())
    [told] = [one.en for one in found if "restore" in one.en]
    assert told.endswith(f"the plan does not say so: {second.code}")


def test_the_same_signature_is_on_record_once(desk: Desk) -> None:
    operation = put_on_record(desk.engine, plan(approval_seconds=3600), Signer(PLANNER))
    asked = wanted(desk.engine, operation, "plan")
    signature = Signer(APPROVER).sign(asked.sign.line, APPROVAL_NAMESPACE)
    first = approve(desk.engine, registry(), asked, APPROVER, signature)
    again = as_signed(wanted(desk.engine, operation, "plan"), asked.sign.line.decode())
    assert approve(desk.engine, registry(), again, APPROVER, signature).until == first.until
    assert desk.records("operation.approve") == 1
    [row] = desk.view(operation).approvals
    assert row.signed_at == asked.sign.signed_at
    other = ("plan", APPROVER, asked.of.sha256, "other", asked.sign.signed_at)
    with pytest.raises(Refused, match="same second"), desk.engine.begin() as connection:
        writing.approve(connection, operation, *other)


def test_an_approval_counts_at_a_moment_from_when_it_was_on_record_until_it_ages_out(
    desk: Desk,
) -> None:
    operation = put_on_record(desk.engine, plan(approval_seconds=3600), Signer(PLANNER))
    asked = wanted(desk.engine, operation, "plan")
    signature = Signer(APPROVER).sign(asked.sign.line, APPROVAL_NAMESPACE)
    approve(desk.engine, registry(), asked, APPROVER, signature)
    [row] = desk.view(operation).approvals
    approved = Approved(
        desk.engine, Plans(desk.engine), Knowledge("sandbox", counted_kind, registry)
    )
    assert approved.at(operation, row.received_at) == {"plan"}
    assert approved.at(operation, row.received_at - timedelta(milliseconds=1)) == frozenset()
    assert approved.at(operation, row.received_at + timedelta(minutes=59)) == {"plan"}
    assert approved.at(operation, row.received_at + timedelta(hours=1)) == frozenset()


def test_what_was_signed_elsewhere_keeps_the_moment_of_its_line(desk: Desk) -> None:
    operation = put_on_record(desk.engine, plan(approval_seconds=3600), Signer(PLANNER))
    asked = wanted(desk.engine, operation, "plan")
    earlier = asked.sign.signed_at - timedelta(minutes=30)
    line = approval_line(operation, asked.of.sha256, "plan", earlier)
    signature = Signer(APPROVER).sign(line, APPROVAL_NAMESPACE)
    found, words = brought(line.decode() + signature)
    assert found is not None
    accepted = approve(desk.engine, registry(), as_signed(asked, found), APPROVER, words)
    assert accepted.until == earlier + timedelta(hours=1)
    assert brought(signature) == (None, signature)
    with pytest.raises(UsageError):
        as_signed(asked, "20261126-1 plan")
    other = approval_line(operation, "0" * 64, "plan", earlier).decode()
    with pytest.raises(Refused, match="not about plan"):
        as_signed(asked, other)


def test_an_approval_on_record_that_does_not_count_is_said_to_be_none(desk: Desk) -> None:
    operation = put_on_record(desk.engine, plan(approval_seconds=3600), Signer(PLANNER))
    asked = wanted(desk.engine, operation, "plan")
    desk.put(
        "INSERT INTO moyai.approval (operation_id, subject, operator, plan_sha256, signature) "
        "VALUES (:id, 'plan', :who, :sha256, :signature)",
        id=operation,
        who=APPROVER,
        sha256=asked.of.sha256,
        signature=Signer(APPROVER).sign(
            signed_line(operation, asked.of.sha256, "plan"), APPROVAL_NAMESPACE
        ),
    )
    view = desk.view(operation)
    assert "plan" in missing(view, registry())
    [why] = not_counted(view, registry(), ["plan"])
    assert "signed no moment" in why.en


@pytest.mark.parametrize("subject", ["nothing", "wave:0", "plan:271004"])
def test_subjects_that_there_are_not_are_refused(desk: Desk, subject: str) -> None:
    operation = desk.plan(plan(approval_seconds=3600))
    with pytest.raises(UsageError, match="no subject"):
        wanted(desk.engine, operation, subject)


def test_a_kind_without_approval_takes_none(desk: Desk) -> None:
    with pytest.raises(Refused, match="needs no approval"):
        wanted(desk.engine, desk.plan(plan()), "plan")


def test_a_signature_is_over_the_id_that_the_plan_gets(desk: Desk) -> None:
    made = plan(approval_seconds=3600)

    class Slow(Signer):
        """Another plan is put on record while the first signature is made."""

        first: str | None = None

        def sign(self, message: bytes, namespace: str) -> str:
            if self.first is None:
                self.first = desk.plan(plan())
            return super().sign(message, namespace)

    signer = Slow(PLANNER)
    operation = put_on_record(desk.engine, made, signer)
    assert signer.first != operation
    view = desk.view(operation)
    assert view.planner_signature is not None
    of = facts(operation, view.plan)
    assert judge_planner(of, view.planner_signature, registry(), view.now) is None


def test_a_report_says_what_was_taken_back_and_what_is_owed(desk: Desk) -> None:
    operation = desk.plan(replace(plan(2), kind="backup"))
    codes = desk.bodies(operation, "failed", "done")
    desk.put(
        "UPDATE moyai.body SET attempts = 1, error = CAST(:e AS jsonb) "
        "WHERE operation_id = :id AND code = :code",
        e='{"what": {"ja": "移行に失敗", "en": "migration | failed"}, "touched": null}',
        id=operation,
        code=codes[0],
    )
    for ordinal, (step, status) in enumerate(
        [("backup", "done"), ("stack", "failed"), ("-stack", "done")], 1
    ):
        desk.put(
            "INSERT INTO moyai.step (operation_id, code, attempt, step, ordinal, status, key, claim, "
            "intended_at, done_at, result) VALUES (:id, :code, 1, :step, :n, :status, 'k', 1, "
            "now() + :n * interval '1 second', now() + (:n + 1) * interval '1 second', "
            "CAST(:result AS jsonb))",
            id=operation,
            code=codes[0],
            step=step,
            n=ordinal,
            status=status,
            result='{"what": {"ja": "駄目", "en": "no"}}' if status == "failed" else "{}",
        )
    desk.put(
        "INSERT INTO moyai.debt (code, kind, subject, operation_id, reason) "
        "VALUES (:code, 'backup', '', :id, CAST(:r AS jsonb))",
        code=codes[0],
        id=operation,
        r='{"ja": "後で", "en": "later"}',
    )
    with desk.engine.connect() as connection:
        made = report(connection, operation, registry())
        waves, bodies = entries(connection, [operation])[operation]
    first = made.bodies[0]
    assert first.taken_back == ()
    assert first.steps_that(Way.UNKNOWN) == ("stack",), "a record of a version before says no more"
    steps = [(one.step, one.is_back, one.status) for one in first.steps]
    assert steps == [("backup", False, "done"), ("stack", False, "failed"), ("stack", True, "done")]
    assert [debt.code for debt in made.debts] == [codes[0]]
    assert (len(waves), [body.status for body in bodies]) == (1, ["failed", "done"])
    page = markdown(made, "en")
    assert "way back of stack" in page
    assert "what was taken back is not on record" in page
    assert r"migration \| failed" in page
    assert "後で" in markdown(made, "ja")


def test_only_work_that_ended_well_is_measured_for_forecasts(desk: Desk) -> None:
    operation = desk.plan(plan(2))
    codes = desk.bodies(operation, "done", "failed")
    was_so = desk.plan(plan(1))
    desk.bodies(was_so, "done")
    for one, step in ((operation, "health"), (was_so, "preflight")):
        desk.put(
            "UPDATE moyai.body SET began_at = now(), ended_at = now() + interval '6.2 seconds', "
            "step = :step WHERE operation_id = :id",
            id=one,
            step=step,
        )
    with desk.engine.connect() as connection:
        found = measured(connection, "check", "")
        assert measured(connection, "check", "chat") == ()
    assert [(one.code, one.seconds) for one in found] == [(codes[0], 7)]


def test_a_report_tells_the_course_of_an_operation_and_who_asked_for_what(desk: Desk) -> None:
    operation, other = desk.plan(plan()), desk.plan(plan())
    desk.status(operation, "running")
    steering.pause(desk.engine, operation, BY)
    steering.pause(desk.engine, other, BY)
    with desk.engine.connect() as connection:
        made = report(connection, operation, registry())
    told = [(one.operation, one.action) for one in made.events]
    assert told == [(operation, "operation.plan"), (operation, "operation.pause")]
    page = markdown(made, "en")
    assert "## Course" in page
    assert "pause asked for" in page
    assert BY.email in page
    assert "一時停止の指示" in markdown(made, "ja")


def test_what_an_operation_waits_for_is_its_reason_while_nothing_of_it_runs(desk: Desk) -> None:
    operation = desk.plan(plan())
    desk.status(operation, "running")
    desk.bodies(operation, "waiting", "done", "done")
    why = '{"ja": "団体自身の承認", "en": "own approval"}'
    desk.put(
        "UPDATE moyai.body SET waits = CAST(:why AS jsonb) WHERE operation_id = :id AND status = 'waiting'",
        why=why,
        id=operation,
    )
    with desk.engine.connect() as connection:
        assert shown(connection, operation).row.reason == Text("団体自身の承認", "own approval")
        [row] = listed(connection, limit=1)
    assert row.reason == Text("団体自身の承認", "own approval")
    desk.bodies(operation, "waiting", "running", "done")
    with desk.engine.connect() as connection:
        assert shown(connection, operation).row.reason is None, "something goes on"


def test_who_plans_is_told_of_operations_that_are_still_about_the_same_bodies(desk: Desk) -> None:
    former, over, new = desk.plan(plan()), desk.plan(plan()), desk.plan(plan())
    desk.status(over, "done")
    with desk.engine.connect() as connection:
        view = shown(connection, new)
        [found] = beside(connection, new)
    assert (found.id, set(found.codes)) == (former, {body.code for body in view.bodies})


def test_one_that_was_called_off_before_any_body_began_never_began(desk: Desk) -> None:
    operation = desk.plan(plan())
    desk.put("UPDATE moyai.operation SET began_at = now() WHERE id = :id", id=operation)
    desk.status(operation, "cancelled")
    with desk.engine.connect() as connection:
        assert shown(connection, operation).row.began_at is None
        assert listed(connection, limit=1)[0].began_at is None
    desk.put("UPDATE moyai.body SET attempts = 1 WHERE operation_id = :id", id=operation)
    with desk.engine.connect() as connection:
        assert shown(connection, operation).row.began_at is not None
