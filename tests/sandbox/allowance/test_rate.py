"""One rate of AWS calls for everything below all workers, by what the cloud got."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from moyai import allowance
from moyai.allowance import SLOW_PER_SECOND, VARIABLE, ask
from moyai.operations.durable.limits.allowances import Allowances

if TYPE_CHECKING:
    from conftest import Callers

_RATE = 12.0
"""Fewer than a busy machine can make: what bounds the calls is the rate."""
_LEAST, _MOST = 0.6 * _RATE, 1.1 * _RATE
"""More than the rate is wrong on any machine; a busy one may be late by some of it, and what holds others up
or waits twice halves it."""


@pytest.fixture
def workers(database: sa.Engine) -> Iterator[list[Allowances]]:
    """The parts of two workers that answer."""
    found = [Allowances(database, lambda: _RATE) for _ in range(2)]
    yield found
    for one in found:
        one.stop()


@pytest.mark.parametrize("processes", [1, 2, 4])
def test_processes_below_two_workers_call_at_one_rate(
    workers: list[Allowances], callers: Callers, processes: int
) -> None:
    places = [one.start() for one in workers]
    for number in range(processes):
        callers.start(**{VARIABLE: places[number % 2]})
    callers.all_call()
    assert _LEAST <= callers.rate(48) <= _MOST, callers.said()


def test_what_waits_goes_on_slowly_where_its_worker_is_gone(
    workers: list[Allowances], callers: Callers
) -> None:
    # A worker's death closes its sockets; nobody listens where it was.
    gone = socket.create_server(("127.0.0.1", 0))
    port = gone.getsockname()[1]
    gone.close()
    callers.start(**{VARIABLE: workers[0].start()})
    callers.start(threads=4, **{VARIABLE: f"127.0.0.1:{port}:token"})
    callers.all_call()
    assert 0.6 * SLOW_PER_SECOND <= callers.rate(8, 1) <= 1.4 * SLOW_PER_SECOND
    assert callers.rate(24, 0) >= 2 * SLOW_PER_SECOND


def test_a_process_killed_while_it_waits_holds_up_no_other(
    workers: list[Allowances], callers: Callers
) -> None:
    place = workers[0].start()
    victims = [callers.start(threads=8, **{VARIABLE: place}) for _ in range(2)]
    callers.start(**{VARIABLE: place})
    callers.all_call()
    for one in victims:
        one.kill()
    assert _LEAST <= callers.rate(36, 2) <= _MOST


def test_who_does_not_know_the_token_gets_no_leave(workers: list[Allowances]) -> None:
    host, port, token = workers[0].start().split(":")
    with socket.create_connection((host, int(port)), 5) as stranger:
        stranger.sendall(b"guessed\n1\n")
        with suppress(ConnectionResetError):
            assert stranger.recv(10) == b""
    with socket.create_connection((host, int(port)), 5) as known:
        known.sendall(f"{token}\n1\n".encode())
        assert known.recv(10) == b"1\n"


def test_nothing_waits_or_is_asked_where_no_worker_is_above(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waited: list[object] = []
    monkeypatch.setattr(allowance, "_asker", waited.append)
    monkeypatch.setattr(allowance.time, "sleep", waited.append)
    for given in ({}, {VARIABLE: ""}):
        ask(given)
    assert waited == []


def test_the_server_refuses_allowances_that_mean_nothing(database: sa.Engine) -> None:
    for wanted, rate in ((0, 5.0), (1, 0.0), (1, float("nan")), (1, float("inf"))):
        with database.connect() as connection, pytest.raises(sa.exc.DBAPIError, match="no such"):
            connection.execute(
                sa.text("SELECT * FROM moyai.allow(:wanted, :rate)"),
                {"wanted": wanted, "rate": rate},
            )
