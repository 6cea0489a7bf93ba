"""The product with places around what it writes: each call of the ledger, what goes on the queue, each function
of the operations database that a worker calls. None is listed by hand: a new one has its places by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache, wraps
from inspect import isfunction
from pathlib import Path
from typing import Any
from unittest import mock
from weakref import WeakKeyDictionary

import psycopg
import sqlalchemy as sa
from psycopg.pq import TransactionStatus
from tests.crash.operations import traps
from tests.crash.operations.traps import passing

from moyai.operations.durable.carrying.ledger import Ended, Ledger, Next, Taken
from moyai.operations.durable.queue.dbos_queue import BodyQueue
from moyai.operations.durable.worker import host


def calls_of(kind: type) -> tuple[str, ...]:
    """The methods of a class that others call."""
    return tuple(name for name, one in vars(kind).items() if isfunction(one) and name[0] != "_")


LEDGER = calls_of(Ledger)
_QUEUE = tuple(
    name
    for name in calls_of(BodyQueue)
    if name not in ("start", "stop", "in_hand", "put", "put_all")
)
_STEPS = ("done", "intended", "effect", "begin")
"""A step's end and its intention on record, its effect outside, bodies that are put on the queue."""
PLACES = tuple(
    f"{name}:{when}"
    for name in dict.fromkeys((*LEDGER, *_QUEUE, *_STEPS))
    for when in ("before", "after")
    if (name, when) != ("effect", "before")
)
_FUNCTION = re.compile(r"\bmoyai\.([a-z_]+)\(")
_GRANTED = (
    "SELECT DISTINCT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
    "WHERE n.nspname = 'moyai' AND has_function_privilege('moyai_worker', p.oid, 'EXECUTE') ORDER BY 1"
)


def granted(connection: sa.Connection) -> tuple[str, ...]:
    """The functions of an operations database that workers may call: all that they can write."""
    return tuple(row[0] for row in connection.exec_driver_sql(_GRANTED))


def places_of(functions: Sequence[str]) -> tuple[str, ...]:
    """Before a function is called, when it has been (and is not committed perhaps), and once it is committed
    by a call of its own."""
    return tuple(f"moyai.{one}:{when}" for one in functions for when in ("before", "after", "kept"))


@cache
def functions_in(statement: str) -> tuple[str, ...]:
    """The functions that a statement calls."""
    return tuple(dict.fromkeys(_FUNCTION.findall(statement)))


def _around(method: Callable[..., Any]) -> Callable[..., Any]:
    name = method.__name__

    @wraps(method)
    def call(*given: Any, **named: Any) -> Any:
        passing(f"{name}:before")
        answer = method(*given, **named)
        passing(f"{name}:after")
        return answer

    return call


class TrappedLedger(Ledger):
    """The ledger, with places before and after each of its calls."""

    def go_on(self, taken: Taken, ended: Ended | None, following: Next | None) -> str:
        names = [
            name for name, given in (("done", ended), ("intended", following)) if given is not None
        ]
        for name in ("go_on", *names):
            passing(f"{name}:before")
        wanted = super().go_on(taken, ended, following)
        for name in (*names, "go_on"):
            passing(f"{name}:after")
        return wanted


for _name in LEDGER:
    if _name not in vars(TrappedLedger):
        setattr(TrappedLedger, _name, _around(getattr(Ledger, _name)))


class TrappedQueue(BodyQueue):
    """The queue, with places around what the conductor and takeovers put on it."""

    def put(self, connection: sa.Connection, carrier: str, body: tuple[str, str, int]) -> None:
        passing("begin:before")
        super().put(connection, carrier, body)
        passing("begin:after")

    def put_all(
        self, connection: sa.Connection, bodies: Sequence[tuple[str, tuple[str, str, int]]]
    ) -> None:
        super().put_all(connection, bodies)
        for _ in bodies[1:]:  # the first was put by itself
            passing("begin:after")


for _name in _QUEUE:
    setattr(TrappedQueue, _name, _around(getattr(BodyQueue, _name)))


def trap_statements() -> None:
    """Places around all statements of this process that call functions of the operations database."""
    execute, commit = psycopg.Cursor.execute, psycopg.Connection.commit
    uncommitted: WeakKeyDictionary[Any, list[str]] = WeakKeyDictionary()

    def executed(self: Any, query: Any, *given: Any, **named: Any) -> Any:
        names = functions_in(query) if isinstance(query, str) else ()
        for name in names:
            passing(f"moyai.{name}:before")
        answer = execute(self, query, *given, **named)
        for name in names:
            passing(f"moyai.{name}:after")
        connection = self.connection
        if names and connection.info.transaction_status != TransactionStatus.IDLE:
            uncommitted.setdefault(connection, []).extend(names)
        return answer

    def committed(self: Any) -> None:
        commit(self)
        for name in uncommitted.pop(self, ()):
            passing(f"moyai.{name}:kept")

    mock.patch.object(psycopg.Cursor, "execute", executed).start()
    mock.patch.object(psycopg.Connection, "commit", committed).start()


def lay(folder: Path, ledger: type[Ledger] = TrappedLedger) -> None:
    """Lay the traps of a campaign in this process."""
    traps.arm(folder)
    trap_statements()
    mock.patch.object(host, "Ledger", ledger).start()
    mock.patch.object(host, "BodyQueue", TrappedQueue).start()
