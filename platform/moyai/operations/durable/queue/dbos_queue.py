"""DBOS as Moyai uses it: one queue of bodies, recovery of workers that are gone, and what of it is private.

All that DBOS does not promise (`_sys_db`, `_active_workflows_set`, its table of workflows) is used
here alone; `tests/sandbox/durable/test_dbos_contract.py` holds what it does in the pinned version.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSConfig, EnqueueOptions
from dbos._dbos import _get_dbos_instance

from moyai.operations.durable.queue.dbos_log import say_in_lines
from moyai.operations.durable.queue.tickets import Body, Tickets, body_of, refuse_pickle

NAME = "moyai"
QUEUE = "moyai-bodies"
VERSION = "moyai-2"
"""What workers of one kind can go on with: changed where `carry` takes other arguments, or they are written
in another form. `moyai-1` wrote pickle."""
WORKFLOW = "moyai-carry"
_FOR_EVER = 1_000_000
"""Each takeover counts as an attempt of recovery; a body is never given up for their number."""
ROUND_SECONDS = 0.125
"""How often a worker takes bodies off the queue. Each round costs it and the server some 5 ms, with nothing
there too; oftener than that several workers are no faster (ADR 0012)."""
_LOST_SECONDS = 5.0
_PENDING = sa.text(
    "SELECT workflow_uuid, coalesce(name = :workflow AND class_name IS NULL "
    "AND config_name IS NULL, false) AS ours FROM dbos.workflow_status "
    "WHERE status = 'PENDING' AND executor_id = :worker AND queue_name = :queue"
)
_DROP = sa.text(
    "UPDATE dbos.workflow_status SET status = 'CANCELLED', queue_name = NULL, owner_xid = NULL "
    "WHERE workflow_uuid = :carrier AND status = 'PENDING' AND executor_id = :worker"
)
_TEAR_UP = sa.text(
    "UPDATE dbos.workflow_status SET status = 'CANCELLED', queue_name = NULL, owner_xid = NULL "
    "WHERE workflow_uuid = :carrier AND status IN ('ENQUEUED', 'DELAYED')"
)

_COPY = sa.text(
    "INSERT INTO dbos.workflow_status SELECT copy.* FROM dbos.workflow_status was, "
    "unnest(CAST(:carriers AS text[])) AS carrier, "
    "jsonb_populate_record(was, jsonb_build_object('workflow_uuid', carrier, "
    "'creator_xid', gen_random_uuid())) AS copy "
    "WHERE was.workflow_uuid = :first ON CONFLICT DO NOTHING"
)
_COPY_INPUT = sa.text(
    "INSERT INTO dbos.workflow_input SELECT copy.* FROM dbos.workflow_input was, "
    "unnest(CAST(:carriers AS text[]), CAST(:inputs AS text[])) AS given (carrier, words), "
    "jsonb_populate_record(was, jsonb_build_object('workflow_uuid', carrier, 'inputs', words)) "
    "AS copy WHERE was.workflow_uuid = :first ON CONFLICT DO NOTHING"
)

Carry = Callable[[str, str, int], None]


class BodyQueue:
    """The queue of bodies as one worker process has it. One in a process."""

    def __init__(self, engine: sa.Engine, worker: str) -> None:
        """`engine`: to the operations database, as `moyai_worker`, with lost connections told apart; who
        puts bodies on the queue does it by a connection of the same, for which DBOS keeps its
        statements compiled."""
        refuse_pickle()
        say_in_lines()
        self._engine = engine
        self._worker = worker
        self.version = VERSION
        """Of the tickets that it puts and takes."""
        self._lost_since: dict[str, float] = {}
        self._client: DBOSClient | None = None

    def start(self, carry: Carry, bodies: int, poll_seconds: float = ROUND_SECONDS) -> None:
        """Take bodies off the queue, so many at a time, and carry each in a thread of its own."""
        config: DBOSConfig = {
            "name": NAME,
            "system_database_engine": self._engine,
            "application_version": self.version,
            "executor_id": self._worker,
            "serializer": Tickets(),
            "run_migrations": False,
            "use_listen_notify": False,
            "log_level": "WARNING",
            "console_log_level": "WARNING",
        }
        DBOS(config=config)

        def body(operation: str, code: str, attempt: int) -> None:
            carry(*body_of((operation, code, attempt)))

        DBOS.workflow(name=WORKFLOW, max_recovery_attempts=_FOR_EVER)(body)
        DBOS.listen_queues([QUEUE])
        DBOS.launch()
        DBOS.register_queue(
            QUEUE,
            worker_concurrency=bodies,
            polling_interval_sec=poll_seconds,
            on_conflict="always_update",
        )
        logging.getLogger("dbos").setLevel(logging.WARNING)

    def put(self, connection: sa.Connection, carrier: str, body: Body) -> None:
        """Put a begun body on the queue, within the transaction that begins it."""
        self.client.enqueue_in_transaction(connection, _options(carrier), *body)

    def put_all(self, connection: sa.Connection, bodies: Sequence[tuple[str, Body]]) -> None:
        """The same for bodies that begin together, by their carriers: the first by DBOS, the others as
        copies of its row, in two statements however many they are."""
        if not bodies:
            return
        (first, body), *others = bodies
        self.put(connection, first, body)
        if not others:
            return
        inputs = [
            self.client._build_enqueue_status(_options(carrier), *body)[1]["inputs"]
            for carrier, body in others
        ]
        given = {"first": first, "carriers": [one for one, _ in others], "inputs": inputs}
        connection.execute(_COPY, given)
        connection.execute(_COPY_INPUT, given)

    @property
    def client(self) -> DBOSClient:
        """What puts bodies on the queue."""
        if self._client is None:
            self._client = DBOSClient(system_database_engine=self._engine, serializer=Tickets())
        return self._client

    def recover(self, workers: Sequence[str]) -> None:
        """Put the bodies of workers that are gone on the queue again, whatever their version."""
        instance = _get_dbos_instance()
        with self._engine.connect() as connection:
            pending = [
                str(row.workflow_uuid)
                for worker in workers
                for row in connection.execute(_PENDING, _of(worker))
            ]
        for one in pending:
            instance._sys_db.reenqueue_for_recovery(one, list(workers), QUEUE)

    def tear_up(self, connection: sa.Connection, carrier: str) -> bool:
        """Take a ticket that waits off the queue for good; False where it was taken meanwhile."""
        return connection.execute(_TEAR_UP, {"carrier": carrier}).rowcount == 1

    def give_back_lost(self) -> int:
        """Put bodies of this worker that no thread has on the queue again; how many.

        A restart of the server can end a thread whose row stays PENDING; nobody would take it, and
        it would hold its place on the queue. A row that Moyai did not put is dropped: DBOS knows no
        workflow of its name, and would be given it again and again.
        """
        instance = _get_dbos_instance()
        with self._engine.begin() as connection:
            rows = connection.execute(_PENDING, _of(self._worker)).all()
            for row in rows:
                if not row.ours:
                    given = {"carrier": row.workflow_uuid, "worker": self._worker}
                    connection.execute(_DROP, given)
            pending = [str(row.workflow_uuid) for row in rows if row.ours]
        active = set(instance._active_workflows_set.activeList())
        now = time.monotonic()
        lost = [one for one in pending if one not in active]
        self._lost_since = {one: self._lost_since.get(one, now) for one in lost}
        again = [one for one, since in self._lost_since.items() if now - since >= _LOST_SECONDS]
        for one in again:
            instance._sys_db.reenqueue_for_recovery(one, [self._worker], QUEUE)
            del self._lost_since[one]
        return len(again)

    def in_hand(self) -> int:
        """Bodies that this process carries now."""
        return int(_get_dbos_instance()._active_workflows_set.count_for_queue(QUEUE))

    def stop(self, seconds: int) -> None:
        """Take no more, and let those in hand end for so many seconds."""
        DBOS.destroy(workflow_completion_timeout_sec=seconds)


def _of(worker: str) -> dict[str, str]:
    return {"worker": worker, "queue": QUEUE, "workflow": WORKFLOW}


def _options(carrier: str) -> EnqueueOptions:
    return {
        "workflow_name": WORKFLOW,
        "queue_name": QUEUE,
        "workflow_id": carrier,
        "app_version": VERSION,
        "application_name": NAME,
    }
