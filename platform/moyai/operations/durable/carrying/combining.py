"""Calls of many threads to the server, sent together: one round trip and one commit for all that wait.

A thread that finds nobody sending sends; what others ask meanwhile waits, and goes together when that is
done. So a call that is alone never waits for company, and the busier a worker is, the less a call costs.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
import sqlalchemy as sa

_MOST = 64
"""Calls in one transaction: none waits for long."""


@dataclass(frozen=True, slots=True)
class Together:
    """How many calls of one statement are asked by one, which does all or none."""

    statement: str
    """Given an array for each column, it answers an array in their order."""
    columns: Sequence[int]
    """Which of what a call is given are its columns."""
    fits: Callable[[Sequence[object]], bool]
    """Whether a call that is given this may go with others."""


@dataclass(slots=True)
class _Call:
    statement: str
    given: Sequence[object]
    together: Together | None = None
    answer: Any = None
    error: BaseException | None = None
    to_send: Sequence[_Call] = ()
    """Itself first: where it is for its thread to send them."""
    turn: threading.Lock = field(default_factory=threading.Lock)
    """Free when the call is over, or has something to send."""


class Combining:
    """What sends the calls of one worker. Each statement is a function that answers one value, and that may be
    asked again after a lost answer; what it is given begins with operation and code."""

    def __init__(
        self, engine: sa.Engine, senders: int = 2, together: Mapping[str, Together] | None = None
    ) -> None:
        """`senders`: how many send at a time, each by a connection. `together`: by statement; one that is not
        there is asked for each call."""
        self._engine = engine
        self._as_one = together or {}
        self._senders = senders
        self._lock = threading.Lock()
        self._sending = 0
        self._waiting: list[_Call] = []

    def ask(self, statement: str, given: Sequence[object]) -> Any:
        """The answer. Raises what psycopg and SQLAlchemy do for this call, whatever becomes of others."""
        as_one = self._as_one.get(statement)
        call = _Call(statement, given, as_one if as_one and as_one.fits(given) else None)
        call.turn.acquire()
        with self._lock:
            if self._sending < self._senders:
                self._sending += 1
                call.to_send = (call,)
            else:
                self._waiting.append(call)
        if not call.to_send:
            call.turn.acquire()
        if call.to_send:
            self._send(call.to_send)
        if call.error is not None:
            raise call.error
        return call.answer

    def _send(self, calls: Sequence[_Call]) -> None:
        """Send them, and have the next thread send what was asked meanwhile."""
        try:
            self._together(calls)
        except BaseException as error:  # of the connection: of all that have no answer
            for call in calls:
                call.error = call.error or error
        with self._lock:
            following = self._following()
            if not following:
                self._sending -= 1
        if following:
            following[0].to_send = following
            following[0].turn.release()
        for call in calls[1:]:
            call.turn.release()

    def _following(self) -> list[_Call]:
        """Those that wait longest and go together, taken from what waits."""
        if not self._waiting:
            return []
        together = self._waiting[0].together
        found = [call for call in self._waiting if call.together is together][:_MOST]
        if len(found) == len(self._waiting):
            self._waiting = []
        else:
            gone = set(map(id, found))
            self._waiting = [call for call in self._waiting if id(call) not in gone]
        return found

    def _together(self, calls: Sequence[_Call]) -> None:
        pooled = self._engine.raw_connection()
        try:
            connection = pooled.driver_connection
            assert isinstance(connection, psycopg.Connection)
            connection.autocommit = True
            if len(calls) == 1 or not _in_one(connection, calls):
                for call in calls:
                    _alone(connection, call)
            connection.autocommit = False
        except psycopg.Error as error:
            pooled.invalidate(error)
            raise
        finally:
            pooled.close()


def _in_one(connection: psycopg.Connection, calls: Sequence[_Call]) -> bool:
    """All in one transaction; False where one of them failed, and with it nothing was done.

    By the body's code: in that order lock audit chains all who write several, so that none waits in a ring.
    """
    calls = sorted(calls, key=lambda call: [str(one) for one in call.given[1:2]])
    together = calls[0].together
    try:
        if together is not None:
            columns = tuple(zip(*(call.given for call in calls), strict=True))
            given = [list(columns[one]) for one in together.columns]
            answers = _value(connection.execute(together.statement, given))
        else:
            with connection.pipeline():
                cursors = [connection.execute(call.statement, call.given) for call in calls]
            answers = [_value(cursor) for cursor in cursors]
    except psycopg.Error:
        if connection.closed:
            raise
        return False
    for call, answer in zip(calls, answers, strict=True):
        call.answer = answer
    return True


def _alone(connection: psycopg.Connection, call: _Call) -> None:
    """In a transaction of its own, so that its error is nobody else's."""
    try:
        call.answer = _value(connection.execute(call.statement, call.given))
    except psycopg.Error as error:
        if connection.closed:
            raise
        call.error = error


def _value(cursor: psycopg.Cursor[Any]) -> Any:
    row = cursor.fetchone()
    return None if row is None else row[0]
