"""What is wrong with one operation holds up no other, and it is cancelled like any other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from counting import make_plan
from persons import DAY, PLANNER, operator, registry
from telling import Office

from moyai.canonical_json import canonical
from moyai.errors import OperationFailed
from moyai.operations.database.connecting import open_engine
from moyai.operations.database.prepare import Logins
from moyai.operations.database.reading import debts, shown, standing
from moyai.operations.database.rows import BodyRow
from moyai.operations.database.writing import next_id, want
from moyai.operations.durable.carrying.ledger import Ended, Fenced, Ledger, Next
from moyai.operations.durable.conducting.plans import Plans
from moyai.operations.fleet import steering
from moyai.planning.fleet.plans import to_document
from moyai.registry.models import Role
from moyai.registry.operation_settings import Notifications

_PLAN = sa.text(
    "UPDATE moyai.operation SET plan = CAST(jsonb_set(CAST(plan AS jsonb), CAST(:path AS text[]), "
    "CAST(:value AS jsonb)) AS text) WHERE id = :id"
)
_RELEASED = sa.text('UPDATE moyai.operation SET released = \'{"operation": "x"}\' WHERE id = :id')


@pytest.fixture
def office(places: Logins, tmp_path: Path) -> Iterator[Office]:
    operator, worker = (open_engine(places.of(f"moyai_{one}")) for one in ("operator", "worker"))
    owner = open_engine(places.url, role="moyai_owner")
    yield Office(operator, worker, owner, tmp_path, Notifications())
    for one in (operator, worker, owner):
        one.dispose()


def _change(office: Office, statement: sa.TextClause, **given: str) -> None:
    """As somebody could who has the database."""
    with office.owner.begin() as connection:
        connection.execute(statement, given)


def _status(office: Office, operation: str) -> object:
    [(status,)] = office.rows(f"SELECT status FROM moyai.operation WHERE id = '{operation}'")
    return status


def _planned(office: Office) -> tuple[str, str]:
    """The one that is broken then, and another."""
    return office.plan(make_plan(office.folder, 1)), office.plan(make_plan(office.folder, 2))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("{approval_seconds}", '"x"'),
        ("{approval_seconds}", "null"),
        ("{approval_seconds}", "1000000000000000"),
        ("{waves,0,limits,tolerance}", '"x"'),
    ],
)
def test_a_plan_of_wrong_types_holds_up_no_other_and_can_be_cancelled(
    office: Office, path: str, value: str
) -> None:
    broken, other = _planned(office)
    _change(office, _PLAN, path=path, value=value, id=broken)
    office.go_on()
    assert (_status(office, broken), _status(office, other)) == ("planned", "done")
    with (
        pytest.raises(OperationFailed, match="cannot read the operation's plan"),
        office.operator.begin() as connection,
    ):
        shown(connection, broken)
    by = operator(PLANNER, Role.OPERATOR)
    steering.cancel(office.operator, registry(), broken, by, DAY, stop=False)
    office.go_on(1)
    assert _status(office, broken) == "cancelled"


def _begun(office: Office) -> str:
    """Of four bodies one is done, two are in hand behind a step that changes something, one waits; then nobody
    can read the plan any more."""
    operation = office.plan(make_plan(office.folder, 4, at_once=3))
    office.conductor.look()
    first = next(one for one in office.queue.bodies if one[1] == "100000")
    office.queue.bodies = [first]
    office.carry()
    ledger = Ledger(office.worker, "w1")
    for code in ("100001", "100002"):
        taken = ledger.take(operation, code, 1)
        assert taken is not None
        ledger.go_on(taken, None, Next("preflight", 1, "look"))
        ledger.go_on(taken, Ended("preflight", {}), Next("write-1", 2, f"key {code}"))
    _change(office, _PLAN, path="{same_errors}", value='"x"', id=operation)
    office.plans = Plans(office.worker)
    office.conductor = office.new_conductor()
    return operation


def _ticket(office: Office, carrier: str, status: str) -> None:
    with office.worker.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO dbos.workflow_status (workflow_uuid, status, serialization) "
                "VALUES (:carrier, :status, 'moyai_json') "
                "ON CONFLICT (workflow_uuid) DO UPDATE SET status = :status"
            ),
            {"carrier": carrier, "status": status},
        )


def _entries(office: Office, operation: str) -> dict[str, BodyRow]:
    with office.operator.connect() as connection:
        return {one.code: one for one in standing(connection, operation)[1]}


def test_a_plan_of_a_begun_operation_that_nobody_can_read_is_cancelled_with_each_body_in_a_true_status(
    office: Office,
) -> None:
    operation = _begun(office)
    carrier = f"{operation}:100002:1:0"
    _ticket(office, carrier, "PENDING")  # a worker of another version has it in hand
    by = operator(PLANNER, Role.OPERATOR)
    said = steering.cancel(office.operator, registry(), operation, by, DAY, stop=False)
    assert "held, not taken back" in said.en
    office.go_on(2)
    found = _entries(office, operation)
    assert {code: one.status for code, one in found.items()} == {
        "100000": "done",
        "100001": "held",
        "100002": "running",
        "100003": "cancelled",
    }
    assert _status(office, operation) == "running"
    error = found["100001"].error
    assert error is not None
    assert error["touched"]["en"] == "Not taken back: write-1."
    _ticket(office, carrier, "ERROR")  # that worker is gone
    office.go_on(2)
    assert _entries(office, operation)["100002"].status == "held"
    assert _status(office, operation) == "cancelled"
    with office.operator.connect() as connection:
        assert [one.code for one in debts(connection)] == ["100001", "100002"]


def test_who_had_a_body_that_was_given_up_writes_nothing_more(office: Office) -> None:
    operation = _begun(office)
    taken = Ledger(office.worker, "w1").take(operation, "100001", 1)
    assert taken is not None
    with office.operator.begin() as connection:
        want(connection, operation, "stop", "operator:o@example.jp")
    office.go_on(2)
    with pytest.raises(Fenced):
        Ledger(office.worker, "w1").go_on(taken, Ended("write-1", {}), None)


def test_a_body_in_hand_is_given_up_only_where_its_operation_is_cancelled(office: Office) -> None:
    operation = _begun(office)
    office.go_on(2)
    assert _entries(office, operation)["100001"].status == "running"
    with (
        pytest.raises(sa.exc.DBAPIError, match="nobody wants"),
        office.worker.begin() as connection,
    ):
        connection.execute(
            sa.text("SELECT moyai.abandon(:id, '100001', :carrier, 'held', '{\"what\": {}}')"),
            {"id": operation, "carrier": f"{operation}:100001:1:0"},
        )


def test_what_fails_in_one_operations_part_of_a_look_holds_up_no_other(office: Office) -> None:
    broken, other = _planned(office)
    _change(office, _RELEASED, id=broken)
    office.go_on()
    assert (_status(office, broken), _status(office, other)) == ("planned", "done")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("approval_seconds",), "x"),
        (("approval_seconds",), None),
        (("same_errors",), 10**15),
        (("waves", 0, "soak_seconds"), -1),
        (("waves", 0, "limits", "tolerance"), 1.5),
        (("bodies", 0, "forecast_seconds"), "1"),
    ],
)
def test_a_plan_with_a_number_that_is_none_never_comes_on_record(
    office: Office, path: tuple[str | int, ...], value: object
) -> None:
    document = json.loads(canonical(to_document(make_plan(office.folder, 1))))
    inner = document
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = value
    with pytest.raises(sa.exc.DBAPIError) as raised, office.operator.begin() as connection:
        connection.execute(
            sa.text("SELECT moyai.plan_operation(:id, :plan, NULL)"),
            {"id": next_id(connection), "plan": json.dumps(document)},
        )
    assert getattr(raised.value.orig, "sqlstate", None) == "MY005"
    assert office.rows("SELECT id FROM moyai.operation") == []
