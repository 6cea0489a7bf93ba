"""Who has the operators' password puts words into the record, and no signature: that is seen in all places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from persons import APPROVER, DAY, PLANNER, Signer, key, operator, plan, registry

from moyai.approvals.steering import STEERING_NAMESPACE, SignedWord, resumed, retried, says
from moyai.approvals.subjects import PLAN_NAMESPACE, signed_line
from moyai.approvals.to_sign import to_sign
from moyai.audit.details import plain
from moyai.errors import Refused
from moyai.operations.audit.chains import export, verify_chains, verify_files
from moyai.operations.audit.proofs import people
from moyai.operations.database.audit_reading import newest
from moyai.operations.database.connecting import open_engine
from moyai.operations.database.prepare import Logins
from moyai.operations.database.reading import shown
from moyai.operations.database.writing import create_as, next_id, want
from moyai.operations.fleet import steering
from moyai.operations.fleet.approving import approve, wanted
from moyai.operations.fleet.report_page import markdown
from moyai.operations.fleet.reporting import Report, report
from moyai.operations.fleet.steering_signed import require_signed, signed_word
from moyai.planning.fleet.plans import OperationPlan, plan_sha256
from moyai.planning.openings import Calendar
from moyai.registry.maintenance import MaintenanceWindow
from moyai.registry.models import Role
from moyai.texts import Text

JUNK = "JUNK SIGNATURE of nobody"


class Desk:
    """The login of operators, and what it does by SQL."""

    def __init__(self, places: Logins) -> None:
        self.engine = open_engine(places.of("moyai_operator"))
        self.auditor = open_engine(places.of("moyai_auditor"))

    def plan(self, made: OperationPlan) -> str:
        with self.engine.begin() as connection:
            operation = next_id(connection)
            line = signed_line(operation, plan_sha256(made), "plan")
            create_as(connection, operation, made, Signer(PLANNER).sign(line, PLAN_NAMESPACE))
            return operation

    def sql(self, statement: str, **given: object) -> None:
        with self.engine.begin() as connection:
            connection.execute(sa.text(statement), given)

    def forge(self, operation: str, made: OperationPlan) -> None:
        self.sql(
            "SELECT moyai.approve(:id, 'plan', :who, :sha, :junk, date_trunc('second', now()), false)",
            id=operation,
            who=APPROVER,
            sha=plan_sha256(made),
            junk=JUNK,
        )

    def approve(self, operation: str, subject: str = "plan") -> None:
        asked = wanted(self.engine, operation, subject)
        words = Signer(APPROVER).sign(asked.sign.line, "moyai-approval@1")
        approve(self.engine, registry(), asked, APPROVER, words)

    def report(self, operation: str) -> Report:
        with self.engine.connect() as connection:
            return report(connection, operation, registry())

    def findings(self) -> set[tuple[str, str]]:
        looked = verify_chains(self.auditor, known=people(registry()))
        return {(one.chain, finding.kind) for one in looked for finding in one.findings}


@pytest.fixture
def desk(places: Logins) -> Iterator[Desk]:
    found = Desk(places)
    yield found
    found.engine.dispose()
    found.auditor.dispose()


def test_an_approval_by_sql_alone_is_told_not_to_count_and_found_in_each_chain(
    desk: Desk, tmp_path: Path
) -> None:
    made = plan(approval_seconds=3600)
    operation = desk.plan(made)
    desk.forge(operation, made)
    [judged] = desk.report(operation).approvals
    assert judged.why_not is not None
    page = markdown(desk.report(operation), "en")
    assert f"does not count: {judged.why_not.en[:20]}" in page
    chains = {f"body:{one.code}" for one in made.bodies} | {"federation"}
    assert desk.findings() == {(chain, "unproved") for chain in chains}
    code = made.bodies[0].code
    export(desk.auditor, "f", f"body:{code}", "b", tmp_path / "b.jsonl", "ja")
    [(_, looked)] = verify_files([tmp_path / "b.jsonl"])
    assert [one.kind for one in looked.findings] == ["unproved"]


def test_an_approval_that_was_signed_counts_and_its_key_is_told(desk: Desk) -> None:
    operation = desk.plan(plan(approval_seconds=3600))
    desk.approve(operation)
    [judged] = desk.report(operation).approvals
    assert judged.why_not is None
    assert desk.findings() == set()
    looked = list(verify_chains(desk.auditor, known=people(registry())))
    whose = {(one.actor, one.whose) for each in looked for one in each.signatures.signed}
    assert (f"operator:{APPROVER}", "theirs") in whose


def test_of_an_ended_operation_approvals_count_as_when_they_came(
    desk: Desk, places: Logins
) -> None:
    operation = desk.plan(plan(approval_seconds=1))
    desk.approve(operation)
    owner = open_engine(places.url, role="moyai_owner")
    with owner.begin() as connection:
        connection.execute(
            sa.text(
                "UPDATE moyai.operation SET status = 'done', ended_at = now() + interval '1 day'"
            )
        )
    owner.dispose()
    [judged] = desk.report(operation).approvals
    assert judged.why_not is None, "it has aged out since, as all of them do"


def test_a_body_s_export_has_its_own_part_of_the_plan_and_no_other_body(desk: Desk) -> None:
    made = plan(bodies=2, waves=2)
    first, second, *_ = made.bodies
    window = Calendar(MaintenanceWindow(("sat",), time(22), 6), ())
    made = replace(
        made,
        subject="chat 1.1.0",
        waves=(
            replace(made.waves[0], name="先行団体"),
            replace(made.waves[1], name=f"{second.name}だけ"),
        ),
        bodies=(
            replace(first, calendar=window, change=(Text("更新", "update"),)),
            *made.bodies[1:],
        ),
        parameters={
            "release": "1.1.0",
            "exceptions": ("windows",),
            "services": {first.code: ("chat",), second.code: ("sso",)},
            "diff": (f"  - code: '{second.code}'",),
            "left_out": ("999999",),
            "after_sha256": "0" * 58 + "123456",
        },
    )
    operation = desk.plan(made)
    with desk.engine.connect() as connection:
        [own] = newest(connection, f"body:{first.code}", 1)
        [all_] = newest(connection, "federation", 1)
    details = plain(own.details)
    assert isinstance(details, dict)
    assert (own.operation, own.plan_sha256, own.details["subject"]) == (
        operation,
        plan_sha256(made),
        "chat 1.1.0",
    )
    assert details["waves"] == ["先行団体", ""]
    assert (details["wave"], details["risks"]) == (1, ["dared"])
    assert details["window"] == {"days": ["sat"], "start": "22:00:00", "hours": 6}
    assert details["change"] == [{"ja": "更新", "en": "update"}]
    assert details["parameters"] == {
        "release": "1.1.0",
        "exceptions": ["windows"],
        "services": ["chat"],
        "after_sha256": "0" * 58 + "123456",
    }
    for other in made.bodies[1:]:
        assert other.code not in str(details)
        assert other.name not in str(details)
    assert all_.details["codes"] == tuple(one.code for one in made.bodies)


def test_the_planner_s_signature_is_in_the_records_and_is_checked(desk: Desk) -> None:
    made = plan(approval_seconds=3600)
    with desk.engine.begin() as connection:
        operation = next_id(connection)
        line = signed_line(operation, plan_sha256(made), "plan")
        create_as(connection, operation, made, Signer(PLANNER).sign(line, PLAN_NAMESPACE))
    looked = list(verify_chains(desk.auditor, known=people(registry())))
    assert all([one.whose for one in each.signatures.signed] == ["theirs"] for each in looked)
    with desk.engine.begin() as connection:
        create_as(connection, next_id(connection), made, "JUNK")
    assert {kind for _, kind in desk.findings()} == {"unproved"}


def test_what_the_plan_wants_no_approval_of_is_refused_with_what_it_wants(desk: Desk) -> None:
    made = plan(approval_seconds=3600)
    operation = desk.plan(made)
    for subject in ("wave:1", f"body:{made.bodies[0].code}"):
        with pytest.raises(Refused, match="wants no approval") as refused:
            wanted(desk.engine, operation, subject)
        assert refused.value.remedy is not None
        assert "plan" in refused.value.remedy.en
    assert str(wanted(desk.engine, operation, f"dared:{made.bodies[0].code}").subject)


def test_the_course_says_what_was_approved_and_a_stopped_step_has_not_failed(
    desk: Desk, places: Logins
) -> None:
    made = plan(approval_seconds=3600)
    operation = desk.plan(made)
    desk.approve(operation)
    desk.approve(operation, f"dared:{made.bodies[0].code}")
    owner = open_engine(places.url, role="moyai_owner")
    with owner.begin() as connection:
        for step, result in (
            ("health", '{"type": "Stopped"}'),
            ("stack", '{"type": "OperationFailed"}'),
        ):
            connection.execute(
                sa.text(
                    "INSERT INTO moyai.step (operation_id, code, attempt, step, ordinal, status, key, claim, "
                    "done_at, result) VALUES (:id, :code, 1, :step, 1, 'failed', 'k', 1, now(), "
                    "CAST(:result AS jsonb))"
                ),
                {"id": operation, "code": made.bodies[0].code, "step": step, "result": result},
            )
    owner.dispose()
    made_report = desk.report(operation)
    assert {one.step: one.status for one in made_report.bodies[0].steps} == {
        "health": "stopped",
        "stack": "failed",
    }
    page = markdown(made_report, "en")
    assert "the plan" in page
    assert f"risk dared of {made.bodies[0].code}" in page
    assert "中止" in markdown(made_report, "ja")


def _signed(desk: Desk, operation: str, asked: str, by: str = PLANNER) -> SignedWord:
    with desk.engine.connect() as connection:
        view = shown(connection, operation)
    words = to_sign(operation, view.row.plan_sha256, asked, view.now)
    return SignedWord(asked, Signer(by).sign(words.line, STEERING_NAMESPACE), words.signed_at)


def test_what_was_asked_of_an_operation_is_proved_by_who_signed_it(desk: Desk) -> None:
    operation = desk.plan(plan(approval_seconds=3600))
    by = operator(PLANNER, Role.OPERATOR)
    steering.pause(desk.engine, operation, by, _signed(desk, operation, "pause"))
    steering.resume(
        desk.engine, registry(), operation, by, DAY, (), _signed(desk, operation, "resume")
    )
    signed = _signed(desk, operation, "cancel")
    steering.cancel(desk.engine, registry(), operation, by, DAY, stop=False, signed=signed)
    assert desk.findings() == set()
    for looked in verify_chains(desk.auditor, known=people(registry())):
        [one] = looked.signatures.signed.items()
        assert (one[0].actor, one[0].whose, one[1]) == (f"operator:{PLANNER}", "theirs", 4)


def test_a_name_without_a_signature_is_told_as_that_and_a_stranger_s_is_found(desk: Desk) -> None:
    operation = desk.plan(plan(approval_seconds=3600))
    steering.pause(desk.engine, operation, operator(PLANNER, Role.OPERATOR))
    assert desk.findings() == set()
    assert "name given, not signed" in markdown(desk.report(operation), "en")
    assert "名乗りだけで署名なし" in markdown(desk.report(operation), "ja")
    desk.sql("SELECT moyai.want(:id, 'run', 'operator:mayor@white.house')", id=operation)
    assert {kind for _, kind in desk.findings()} == {"unproved"}


def test_a_signature_about_something_else_steers_nothing(desk: Desk) -> None:
    operation = desk.plan(plan(approval_seconds=3600))
    word = _signed(desk, operation, "pause")
    with desk.engine.begin() as connection:
        want(connection, operation, "cancel", f"operator:{PLANNER}", word)
    assert {kind for _, kind in desk.findings()} == {"unproved"}


def test_going_on_needs_a_signature_where_another_person_approves_and_stopping_never(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    by = operator(PLANNER, Role.OPERATOR)
    operation, free = desk.plan(plan(approval_seconds=3600)), desk.plan(plan())
    assert signed_word(desk.engine, operation, by, "resume", None) is None
    with pytest.raises(Refused, match="nothing could be signed"):
        require_signed(desk.engine, registry(), operation, by, None)
    require_signed(desk.engine, registry(), free, by, None)
    settings = replace(registry().operations, steering_needs_signature=False)
    lax = replace(registry(), operations=settings)
    require_signed(desk.engine, lax, operation, by, None)
    require_signed(desk.engine, registry(), operation, by, _signed(desk, operation, "resume"))
    file = tmp_path / "key"
    file.write_bytes(
        key(PLANNER).private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    )
    word = signed_word(desk.engine, operation, by, "pause", file)
    assert word is not None
    steering.pause(desk.engine, operation, by, word)
    assert desk.findings() == set()


def test_a_retry_s_record_proves_its_bodies_where_it_has_them() -> None:
    asked = retried(["271004", "272027"])
    assert says(asked, "retry", (), ["272027", "271004"])
    assert not says(asked, "retry", (), ["271004"])
    assert says(asked, "retry", (), None), "a body's own record names no other"
    assert says(resumed([2, 1]), "release", ["wave:1", "operation"], None)
    assert not says(resumed([1]), "release", ["wave:2"], None)
    assert not says("pause", "cancel", (), None)
