"""Rows that somebody wrote by hand stop no conductor, and are carried only where an operation means them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from counting import make_plan
from telling import Office

from moyai.operations.database.connecting import open_engine
from moyai.operations.database.prepare import Logins
from moyai.registry.operation_settings import Notifications

_WRITTEN = sa.text(
    "UPDATE moyai.body SET carrier = :carrier WHERE operation_id = :id AND code = :code"
)
_FOREIGN = sa.text(
    "INSERT INTO moyai.body (operation_id, code, name, wave, position, status, attempts, carrier) "
    "VALUES (:id, :code, 'x', 1, 99, 'running', 1, 'x:0')"
)


@pytest.fixture
def office(places: Logins, tmp_path: Path) -> Iterator[Office]:
    operator, worker = (open_engine(places.of(f"moyai_{one}")) for one in ("operator", "worker"))
    owner = open_engine(places.url, role="moyai_owner")
    yield Office(operator, worker, owner, tmp_path, Notifications())
    for one in (operator, worker, owner):
        one.dispose()


def _look(office: Office) -> list[tuple[str, str, int]]:
    """What a conductor puts on the queue that has not looked before."""
    office.queue.bodies.clear()
    office.new_conductor().look()
    return sorted(office.queue.bodies)


@pytest.mark.parametrize("carrier", [None, "", "x", "a:b:c:d", "20261126-1:100000:1:-7", ":" * 9])
def test_a_carrier_of_no_form_gets_one_and_stops_no_conductor(
    office: Office, carrier: str | None
) -> None:
    operation = office.plan(make_plan(office.folder, 2, at_once=2))
    office.conductor.look()
    with office.owner.begin() as connection:
        given = {"id": operation, "code": "100000", "carrier": carrier}
        connection.execute(_WRITTEN, given)
    assert _look(office) == [(operation, "100000", 1), (operation, "100001", 1)]
    carriers = office.rows("SELECT carrier FROM moyai.body ORDER BY code")
    assert carriers == [(f"{operation}:100000:1:0",), (f"{operation}:100001:1:1",)]


def test_a_row_that_no_running_operation_means_is_carried_by_nobody(office: Office) -> None:
    operation = office.plan(make_plan(office.folder, 1))
    office.conductor.look()
    waits = office.plan(make_plan(office.folder, 1))
    with office.owner.begin() as connection:
        connection.execute(_FOREIGN, {"id": operation, "code": "999999"})
        connection.execute(_FOREIGN, {"id": waits, "code": "999998"})
    assert _look(office) == [(operation, "100000", 1)]
    office.go_on()
    assert ("done",) in office.rows(
        f"SELECT status FROM moyai.body WHERE operation_id = '{operation}'"
    )
