"""Nothing that is read of DBOS's tables is run: pickle is refused by the server and by workers."""

from __future__ import annotations

import base64
import json
import os
import pickle
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from counting import make_plan
from hypothesis import given
from hypothesis import strategies as st
from workers import Fleet

from moyai.operations.database.connecting import open_engine
from moyai.operations.database.hosts import conninfo
from moyai.operations.database.prepare import Logins, prepare
from moyai.operations.durable.queue.dbos_queue import QUEUE, VERSION, WORKFLOW
from moyai.operations.durable.queue.tickets import CarryingFailed, StrangeTicket, Tickets

_TABLES = {
    "operation_outputs": "(workflow_uuid, function_id, function_name, serialization) "
    "VALUES ('p', 1, 'f', 'py_pickle')",
    "notifications": "(destination_uuid, message, serialization) VALUES ('p', 'm', 'py_pickle')",
    "workflow_events": "(workflow_uuid, key, value, serialization) VALUES ('p', 'k', 'v', 'py_pickle')",
    "workflow_events_history": "(workflow_uuid, key, value, function_id, serialization) "
    "VALUES ('p', 'k', 'v', 1, 'py_pickle')",
    "streams": '(workflow_uuid, key, value, "offset", function_id, serialization) '
    "VALUES ('p', 'k', 'v', 1, 1, 'py_pickle')",
}


class _Mine:
    """Makes a file where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os.mkdir, (str(self._path),)


def _pickled(what: object) -> str:
    return base64.b64encode(pickle.dumps(what)).decode()


def _plant(
    places: Logins,
    carrier: str,
    inputs: str,
    form: str | None = "py_pickle",
    version: str | None = VERSION,
    name: str = WORKFLOW,
) -> None:
    with psycopg.connect(conninfo(places.of("moyai_worker")), autocommit=True) as connection:
        connection.execute(
            "INSERT INTO dbos.workflow_status (workflow_uuid, status, name, queue_name, "
            "application_version, application_name, serialization, created_at, updated_at, priority) "
            "VALUES (%s, 'ENQUEUED', %s, %s, %s, 'moyai', %s, 0, 0, 0)",
            (carrier, name, QUEUE, version, form),
        )
        connection.execute(
            "INSERT INTO dbos.workflow_input (workflow_uuid, inputs, retention_timestamp) "
            "VALUES (%s, %s, 0)",
            (carrier, inputs),
        )


def _owner(places: Logins, *statements: str) -> None:
    with psycopg.connect(conninfo(places.url), autocommit=True) as connection:
        connection.execute("SET ROLE moyai_owner")
        for statement in statements:
            connection.execute(statement)


def _statuses(places: Logins) -> dict[str, str]:
    with psycopg.connect(conninfo(places.of("moyai_worker"))) as connection:
        rows = connection.execute("SELECT workflow_uuid, status FROM dbos.workflow_status")
        return {str(row[0]): str(row[1]) for row in rows.fetchall()}


def _until(wanted: Callable[[], bool], seconds: float, said: Callable[[], str]) -> None:
    deadline = time.monotonic() + seconds
    while not wanted():
        assert time.monotonic() < deadline, said()
        time.sleep(0.05)


@pytest.fixture
def fleet(places: Logins, tmp_path: Path) -> Iterator[Fleet]:
    found = Fleet(places, open_engine(places.of("moyai_operator")), tmp_path)
    yield found
    found.close()


def _refused(places: Logins, statement: str, *given: object) -> None:
    with (
        psycopg.connect(conninfo(places.of("moyai_worker"))) as connection,
        pytest.raises(psycopg.errors.CheckViolation, match="moyai_no_pickle"),
    ):
        connection.execute(statement, given)


def test_the_server_takes_no_row_that_is_pickle(places: Logins) -> None:
    _plant(places, "old", "x", version="moyai-1")
    for version in (VERSION, None, "moyai-3"):
        with pytest.raises(psycopg.errors.CheckViolation, match="moyai_no_pickle"):
            _plant(places, "p", "x", version=version)
        _refused(places, "UPDATE dbos.workflow_status SET application_version = %s", version)
    _plant(places, "p", "null", form="moyai_json")
    for table, row in _TABLES.items():
        _refused(places, f"INSERT INTO dbos.{table} {row}")


def test_a_planted_pickle_does_not_run_and_holds_up_nothing(fleet: Fleet) -> None:
    """As where somebody took the server's guard away."""
    places, mine = fleet.places, fleet.folder / "ran"
    _owner(places, "ALTER TABLE dbos.workflow_status DROP CONSTRAINT moyai_no_pickle")
    bomb = _pickled(_Mine(mine))
    _plant(places, "pickle", bomb)
    _plant(places, "no-version", bomb, version=None)
    _plant(places, "no-form", bomb, form=None)
    _plant(places, "stranger", '{"body":["a","b",1]}', form="moyai_json", name="temp_workflow")
    portable = '{"positionalArgs":[1,2,3],"namedArgs":{}}'
    _plant(places, "portable", portable, form="portable_json")
    operation = fleet.plan(make_plan(fleet.folder, 6))
    fleet.start()
    view = fleet.ended(operation)
    assert view.row.status == "done"
    fleet.counted_once(view)
    refused = {"pickle", "no-version", "no-form", "portable"}

    def over() -> bool:
        found = _statuses(places)
        return found["stranger"] == "CANCELLED" and {found[one] for one in refused} == {"ERROR"}

    _until(over, 30, lambda: f"{_statuses(places)} {fleet.logs()}")
    assert not mine.exists()
    for one in ("pickle", "no-version", "no-form"):
        assert fleet.logs().count(f"Error executing workflow {one}:") == 1, fleet.logs()


def test_tickets_of_the_version_before_are_put_anew(fleet: Fleet) -> None:
    places = fleet.places
    operation = fleet.plan(make_plan(fleet.folder, 3))
    _owner(
        places,
        "UPDATE moyai.operation SET status = 'running', began_at = clock_timestamp()",
        "UPDATE moyai.body SET status = 'running', attempts = 1, "
        "carrier = concat_ws(':', operation_id, code, 1, '0')",
    )
    for body in fleet.view(operation).bodies:
        words = {"args": (operation, body.code, 1), "kwargs": {}}
        _plant(places, f"{operation}:{body.code}:1:0", _pickled(words), version="moyai-1")
    fleet.start()
    view = fleet.ended(operation)
    assert view.row.status == "done"
    fleet.counted_once(view)
    ends = _statuses(places)
    assert {ends[f"{operation}:{body.code}:1:0"] for body in view.bodies} == {"CANCELLED"}


def test_a_database_of_the_version_before_gets_the_guard(places: Logins) -> None:
    tables = ("workflow_status", *_TABLES)
    _owner(places, *(f"ALTER TABLE dbos.{one} DROP CONSTRAINT moyai_no_pickle" for one in tables))
    _plant(places, "old", "x", version="moyai-1")
    _plant(places, "p", "x", version=None)
    with psycopg.connect(conninfo(places.of("moyai_worker")), autocommit=True) as connection:
        for table, row in _TABLES.items():
            connection.execute(f"INSERT INTO dbos.{table} {row}")
    prepare(places)
    prepare(places)
    assert _statuses(places) == {"old": "ENQUEUED", "p": "CANCELLED"}
    with pytest.raises(psycopg.errors.CheckViolation):
        _plant(places, "q", "x")


@given(st.text(), st.text(), st.integers(0, 10_000))
def test_a_body_is_read_as_it_was_put(operation: str, code: str, attempt: int) -> None:
    tickets = Tickets()
    given = {"args": (operation, code, attempt), "kwargs": {}}
    assert tickets.deserialize(tickets.serialize(given)) == given


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(_JSON | st.fixed_dictionaries({"body": _JSON}) | st.fixed_dictionaries({"failed": _JSON}))
def test_only_three_forms_are_read(value: Any) -> None:
    try:
        found = Tickets().deserialize(json.dumps(value))
    except StrangeTicket:
        return
    if value is None:
        assert found is None
    elif "failed" in value:
        assert isinstance(found, CarryingFailed)
    else:
        assert [type(one) for one in found["args"]] == [str, str, int]


@given(st.text().filter(lambda words: words.strip() != "null"))
def test_what_is_no_json_is_refused_without_being_quoted(words: str) -> None:
    with pytest.raises(StrangeTicket, match=r"^it is no JSON$|^it has none of the three forms$"):
        Tickets().deserialize(words)


@pytest.mark.parametrize("strange", [1, "words", {"args": (1, 2)}, sa, [None]])
def test_nothing_else_is_written(strange: object) -> None:
    with pytest.raises(TypeError, match="is not put"):
        Tickets().serialize(strange)
