"""Calls of many threads go to the server together, and each has its own answer or error."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import psycopg
import pytest
import sqlalchemy as sa

from moyai.operations.database.connecting import open_engine
from moyai.operations.database.prepare import Logins
from moyai.operations.durable.carrying.combining import Combining

_MARK = "INSERT INTO moyai.marks VALUES (%s) RETURNING CAST(pg_current_xact_id() AS text)"
_SLOWLY = "SELECT CAST(pg_sleep(0.5) IS NULL AS text)"


@pytest.fixture
def engine(places: Logins) -> Iterator[sa.Engine]:
    owner = open_engine(places.url, role="moyai_owner")
    with owner.begin() as connection:
        connection.execute(sa.text("CREATE TABLE moyai.marks (mark int CHECK (mark >= 0))"))
        connection.execute(sa.text("GRANT SELECT, INSERT ON moyai.marks TO moyai_worker"))
    owner.dispose()
    found = open_engine(places.of("moyai_worker"), name="combining")
    yield found
    found.dispose()


def _marks(engine: sa.Engine) -> list[int]:
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT mark FROM moyai.marks ORDER BY mark"))
        return list(rows.scalars())


def _behind_a_slow_one(
    combining: Combining, calls: Sequence[Callable[[], object]]
) -> list[Future[object]]:
    """Have them asked while the only sender is at work."""
    with ThreadPoolExecutor(len(calls) + 1) as pool:
        pool.submit(combining.ask, _SLOWLY, ())
        _until(lambda: combining._sending == 1)
        asked = [pool.submit(call) for call in calls]
        _until(lambda: len(combining._waiting) == len(calls))
    return asked


def _until(wanted: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not wanted():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def _mark(combining: Combining, mark: int) -> Callable[[], object]:
    return lambda: combining.ask(_MARK, (mark,))


def test_what_is_asked_while_another_sends_is_one_transaction(engine: sa.Engine) -> None:
    combining = Combining(engine, senders=1)
    asked = _behind_a_slow_one(combining, [_mark(combining, one) for one in range(8)])
    assert len({one.result() for one in asked}) == 1
    assert _marks(engine) == list(range(8))
    assert combining.ask(_MARK, (8,)) != asked[0].result()


def test_what_goes_together_goes_by_code(engine: sa.Engine) -> None:
    """In one transaction chains are locked in one order, or two who write several would wait in a ring."""
    combining = Combining(engine, senders=1)
    moment = "SELECT CAST(clock_timestamp() AS text) FROM (VALUES (%s, %s)) AS given"
    codes = ["100003", "100001", "100004", "100002"]
    calls = [lambda code=code: combining.ask(moment, ("operation", code)) for code in codes]
    asked = _behind_a_slow_one(combining, calls)
    answers = {str(one.result()): code for one, code in zip(asked, codes, strict=True)}
    assert [answers[moment] for moment in sorted(answers)] == sorted(codes)


def test_an_error_is_of_the_call_alone_that_has_it(engine: sa.Engine) -> None:
    combining = Combining(engine, senders=1)
    asked = _behind_a_slow_one(combining, [_mark(combining, one) for one in (1, -1, 2, -2, 3)])
    errors = [type(one.exception()) for one in asked]
    wrong = psycopg.errors.CheckViolation
    assert errors == [type(None), wrong, type(None), wrong, type(None)]
    assert _marks(engine) == [1, 2, 3]


def test_a_lost_connection_is_told_to_all_that_went_together(
    engine: sa.Engine, places: Logins
) -> None:
    combining = Combining(engine, senders=1)
    kill = "SELECT CAST(pg_terminate_backend(pg_backend_pid()) AS text)"
    calls = [_mark(combining, 1), lambda: combining.ask(kill, ()), _mark(combining, 2)]
    asked = _behind_a_slow_one(combining, calls)
    assert all(isinstance(one.exception(), psycopg.OperationalError) for one in asked)
    assert _marks(engine) == []
    assert combining.ask(_MARK, (3,)) is not None


def test_many_threads_are_each_answered_once_by_two_connections(engine: sa.Engine) -> None:
    combining = Combining(engine)
    transactions: set[object] = set()
    began = threading.Barrier(16)

    def work(first: int) -> None:
        began.wait(20)
        for mark in range(first, first + 50):
            transactions.add(combining.ask(_MARK, (mark,)))

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(0, 16 * 50, 50)))
    assert _marks(engine) == list(range(16 * 50))
    assert len(transactions) < 16 * 50 / 2
    assert engine.pool.checkedout() == 0
    assert engine.pool.checkedin() <= 3


def test_nobody_waits_who_asks_alone(engine: sa.Engine) -> None:
    combining = Combining(engine)
    assert combining.ask("SELECT %s", ("words",)) == "words"
    assert combining._sending == 0
    with pytest.raises(psycopg.errors.UndefinedTable):
        combining.ask("SELECT 1 FROM nowhere", ())
    assert combining.ask("SELECT %s", ("again",)) == "again"
