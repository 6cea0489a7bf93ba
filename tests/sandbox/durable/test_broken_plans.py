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
from moyai.operations.database.reading import shown
from moyai.operations.database.writing import next_id
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
