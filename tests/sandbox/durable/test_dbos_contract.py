"""What Moyai takes of DBOS beyond what DBOS promises, as the pinned version has it."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import dbos
import pytest
import sqlalchemy as sa
from dbos import _serialization
from dbos._dbos import _get_dbos_instance

from moyai.operations.database.connecting import open_engine
from moyai.operations.database.prepare import Logins
from moyai.operations.durable.queue.dbos_queue import QUEUE, BodyQueue
from moyai.operations.durable.queue.tickets import FORM, StrangeTicket, Tickets, refuse_pickle

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


def test_what_is_put_says_that_it_is_of_our_form(engine: sa.Engine) -> None:
    queue = BodyQueue(engine, "w1")
    with engine.connect() as connection:
        queue.put_all(connection, BODIES)
        assert {row["serialization"] for row in _rows(connection, _STATUSES)} == {FORM}
        inputs = {row["workflow_uuid"]: row["inputs"] for row in _rows(connection, _INPUTS)}
        connection.rollback()
    assert inputs[BODIES[2][0]] == '{"body":["20261126-1","100002",1]}'


def test_pickle_is_in_one_class_of_dbos_which_is_disarmed() -> None:
    words = re.compile(r"\b(pickle\.|dill|marshal\.|shelve|eval\(|exec\()")
    folder = Path(dbos.__file__).parent
    found = {one.name for one in folder.rglob("*.py") if words.search(one.read_text())}
    assert found == {"_serialization.py"}
    source = Path(_serialization.__file__).read_text()
    assert len(words.findall(source)) == 2, "one that writes and one that reads"
    refuse_pickle()
    ways = (_serialization.deserialize_args, _serialization.deserialize_value)
    for read in (*ways, _serialization.deserialize_exception):
        with pytest.raises(StrangeTicket, match="never read"):
            read("gASVAAAAAAAAAA==", "py_pickle", Tickets())


class Launched:
    """DBOS in this process, once: a body of the code `slow` is in hand until it is let go."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self.let_go = threading.Event()
        self.carried: list[str] = []
        self.queue = BodyQueue(engine, "me")
        self.queue.start(self._carry, 4, poll_seconds=0.05)

    def _carry(self, _operation: str, code: str, _attempt: int) -> None:
        self.carried.append(code)
        if code == "slow":
            self.let_go.wait(60)
        if code == "fails":
            raise RuntimeError("words that nobody is to read")

    def put(self, code: str) -> str:
        carrier = f"op:{code}:1:0"
        with self.engine.begin() as connection:
            self.queue.put(connection, carrier, ("op", code, 1))
        return carrier

    def row(self, carrier: str) -> dict[str, object]:
        with self.engine.connect() as connection:
            [row] = [one for one in _rows(connection, _STATUSES) if one["workflow_uuid"] == carrier]
        return row

    def change(self, carrier: str, words: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(
                sa.text(f"UPDATE dbos.workflow_status SET {words} WHERE workflow_uuid = :one"),
                {"one": carrier},
            )

    def until(self, wanted: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while not wanted():
            assert time.monotonic() < deadline
            time.sleep(0.02)


@pytest.fixture(scope="module")
def launched(lasting: Logins) -> Iterator[Launched]:
    engine = open_engine(lasting.of("moyai_worker"))
    found = Launched(engine)
    yield found
    found.let_go.set()
    found.queue.stop(10)
    engine.dispose()


def test_a_body_in_hand_is_pending_and_counted_until_it_has_ended(launched: Launched) -> None:
    launched.let_go.clear()
    carrier = launched.put("slow")
    launched.until(lambda: "slow" in launched.carried)
    row = launched.row(carrier)
    assert (row["status"], row["executor_id"], row["queue_name"]) == ("PENDING", "me", QUEUE)
    assert row["owner_xid"] is not None
    assert launched.queue.in_hand() == 1
    assert carrier in _get_dbos_instance()._active_workflows_set.activeList()
    assert launched.queue.give_back_lost() == 0
    launched.let_go.set()
    launched.until(lambda: launched.row(carrier)["status"] == "SUCCESS")
    launched.until(lambda: launched.queue.in_hand() == 0)


def test_a_carrying_that_fails_leaves_its_type_on_record(launched: Launched) -> None:
    carrier = launched.put("fails")
    launched.until(lambda: launched.row(carrier)["status"] == "ERROR")
    with launched.engine.connect() as connection:
        told = connection.execute(
            sa.text("SELECT error FROM dbos.workflow_output WHERE workflow_uuid = :one"),
            {"one": carrier},
        ).scalar()
    assert told == '{"failed": "RuntimeError"}'


def test_what_a_worker_that_is_gone_had_is_carried_by_another(launched: Launched) -> None:
    carrier = launched.put("left")
    launched.until(lambda: launched.row(carrier)["status"] == "SUCCESS")
    launched.change(carrier, "status = 'PENDING', executor_id = 'gone', owner_xid = 'x'")
    launched.queue.recover(["somebody else"])
    assert launched.row(carrier)["status"] == "PENDING"
    launched.queue.recover(["gone"])
    launched.until(lambda: launched.row(carrier)["status"] == "SUCCESS")
    assert launched.row(carrier)["executor_id"] == "me"
    assert launched.carried.count("left") == 2


def test_what_no_thread_has_is_given_back_after_a_while(
    launched: Launched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moyai.operations.durable.queue.dbos_queue._LOST_SECONDS", 0.1)
    carrier = launched.put("lost")
    launched.until(lambda: launched.row(carrier)["status"] == "SUCCESS")
    launched.change(carrier, "status = 'PENDING', executor_id = 'me'")
    assert launched.queue.give_back_lost() == 0
    launched.until(lambda: launched.queue.give_back_lost() == 1)
    launched.until(lambda: launched.row(carrier)["status"] == "SUCCESS")
    assert launched.carried.count("lost") == 2


def test_a_ticket_that_is_torn_up_is_taken_by_nobody(launched: Launched) -> None:
    carrier = "op:torn:1:0"
    with launched.engine.begin() as connection:
        launched.queue.put(connection, carrier, ("op", "torn", 1))
        assert launched.queue.tear_up(connection, carrier)
        assert not launched.queue.tear_up(connection, carrier)
    after = launched.put("after")
    launched.until(lambda: launched.row(after)["status"] == "SUCCESS")
    assert "torn" not in launched.carried
    assert launched.row(carrier)["status"] == "CANCELLED"


def test_a_ticket_of_another_version_is_left_to_its_workers(launched: Launched) -> None:
    carrier = "op:other:1:0"
    with launched.engine.begin() as connection:
        launched.queue.put(connection, carrier, ("op", "other", 1))
        connection.execute(
            sa.text(
                "UPDATE dbos.workflow_status SET application_version = 'x' WHERE workflow_uuid = :one"
            ),
            {"one": carrier},
        )
    after = launched.put("later")
    launched.until(lambda: launched.row(after)["status"] == "SUCCESS")
    assert launched.row(carrier)["status"] == "ENQUEUED"
    assert "other" not in launched.carried
