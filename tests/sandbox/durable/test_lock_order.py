"""Who locks what of the operations database in which order, and what is done where others are in the way."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from counting import make_plan
from telling import Office

from moyai.errors import ExitCode, OperationFailed
from moyai.json_value import JsonValue
from moyai.operations.database.connecting import open_engine
from moyai.operations.database.lost import telling
from moyai.operations.database.prepare import Logins
from moyai.operations.database.writing import want
from moyai.operations.durable.carrying.ledger import Ledger
from moyai.registry.operation_settings import Notifications

_FROZEN: dict[str, JsonValue] = {"what": {"ja": "凍結", "en": "frozen"}}
PERSON = "operator:a@example.jp"
_OPERATION = sa.text("SELECT true FROM moyai.operation WHERE id = :id FOR NO KEY UPDATE")
_BODY = sa.text("SELECT true FROM moyai.body WHERE operation_id = :id FOR NO KEY UPDATE")
_WAITS = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")


@pytest.fixture
def office(places: Logins, tmp_path: Path) -> Iterator[Office]:
    operator, worker = (open_engine(places.of(f"moyai_{one}")) for one in ("operator", "worker"))
    sa.event.listen(worker, "connect", _impatient)
    owner = open_engine(places.url, role="moyai_owner")
    yield Office(operator, worker, owner, tmp_path, Notifications())
    for one in (operator, worker, owner):
        one.dispose()


def _impatient(connection: object, _record: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]
    cursor.execute("SET lock_timeout = '300ms'")
    connection.commit()  # type: ignore[attr-defined]


def _until_somebody_waits(connection: sa.Connection) -> None:
    end = time.monotonic() + 20
    while not connection.execute(_WAITS).scalar():
        assert time.monotonic() < end, "nobody waits"
        time.sleep(0.05)


def test_a_person_who_wants_something_of_one_operation_waits_for_no_look_at_others(
    office: Office,
) -> None:
    office.plan(make_plan(office.folder, 1))
    other = office.plan(make_plan(office.folder, 2))
    with ThreadPoolExecutor(1) as pool, office.owner.begin() as connection:
        connection.execute(_OPERATION, {"id": other})
        look = pool.submit(office.conductor.look)
        _until_somebody_waits(connection)
        want(connection, other, "pause", PERSON)
        connection.commit()
        look.result(20)
    assert office.rows("SELECT status, wanted FROM moyai.operation ORDER BY id") == [
        ("running", "run"),
        ("planned", "pause"),
    ]


def _pause_soon(office: Office, operation: str) -> None:
    """As a command of a person does, that does not wait for long."""
    with telling(), office.operator.begin() as connection:
        connection.execute(sa.text("SET LOCAL lock_timeout = '100ms'"))
        want(connection, operation, "pause", PERSON)


def test_a_person_whose_command_waited_too_long_is_told_to_try_again(office: Office) -> None:
    operation = office.plan(make_plan(office.folder, 1))
    with office.owner.begin() as holding:
        holding.execute(_OPERATION, {"id": operation})
        with pytest.raises(OperationFailed, match="others are at work") as raised:
            _pause_soon(office, operation)
    assert raised.value.exit_code == ExitCode.FAILED
    assert office.rows("SELECT wanted FROM moyai.operation") == [("run",)]


def test_a_carrying_that_others_are_in_the_way_of_tries_again(
    office: Office,
) -> None:
    operation = office.plan(make_plan(office.folder, 1))
    office.conductor.look()
    ledger = Ledger(office.worker, "w1")
    taken = ledger.take(operation, "100000", 1)
    assert taken is not None
    with ThreadPoolExecutor(1) as pool:
        with office.owner.begin() as holding:
            holding.execute(_BODY, {"id": operation})
            ended = pool.submit(ledger.finish, taken, "skipped", error=_FROZEN)
            time.sleep(1)
            assert not ended.done()
        ended.result(20)
    assert office.rows("SELECT status FROM moyai.body") == [("skipped",)]
