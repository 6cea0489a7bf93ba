"""What Moyai takes of DBOS beyond what DBOS promises, as the pinned version has it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from moyai.operations.database.connecting import open_engine
from moyai.operations.database.prepare import Logins
from moyai.operations.durable.queue import BodyQueue

_ITS_OWN = ("workflow_uuid", "creator_xid", "created_at", "updated_at", "retention_timestamp")
_STATUSES = sa.text("SELECT * FROM dbos.workflow_status ORDER BY workflow_uuid")
_INPUTS = sa.text("SELECT * FROM dbos.workflow_input ORDER BY workflow_uuid")
BODIES = [
    (f"20261126-1:{code}:1:0", ("20261126-1", code, 1)) for code in ("100000", "100001", "100002")
]


@pytest.fixture
def engine(places: Logins) -> Iterator[sa.Engine]:
    found = open_engine(places.of("moyai_worker"))
    yield found
    found.dispose()


def _rows(connection: sa.Connection, statement: sa.TextClause) -> list[dict[str, object]]:
    return [dict(row) for row in connection.execute(statement).mappings()]


def test_bodies_put_together_are_as_those_put_one_by_one(engine: sa.Engine) -> None:
    queue = BodyQueue(engine, "w1")
    found = []
    for together in (False, True):
        with engine.connect() as connection:
            if together:
                queue.put_all(connection, BODIES)
            else:
                for carrier, body in BODIES:
                    queue.put(connection, carrier, body)
            found.append([_rows(connection, one) for one in (_STATUSES, _INPUTS)])
            connection.rollback()
    for one, other in zip(*found, strict=True):
        assert [row["workflow_uuid"] for row in one] == [carrier for carrier, _ in BODIES]
        assert [row["workflow_uuid"] for row in other] == [carrier for carrier, _ in BODIES]
        for row in (*one, *other):
            for column in _ITS_OWN:
                row.pop(column, None)
        assert one == other


def test_each_body_that_is_put_has_a_creation_of_its_own(engine: sa.Engine) -> None:
    queue = BodyQueue(engine, "w1")
    with engine.connect() as connection:
        queue.put_all(connection, BODIES)
        queue.put_all(connection, BODIES[1:])  # there already: nothing changes
        creations = {row["creator_xid"] for row in _rows(connection, _STATUSES)}
        connection.rollback()
    assert len(creations) == len(BODIES)
