"""What DBOS says of a lost database is a line, and what it says of anything else stays whole."""

from __future__ import annotations

import logging
import sys
from typing import Any

import psycopg
import sqlalchemy as sa

from moyai.operations.durable.queue.dbos_log import LinesOfLoss

LOST = "connection failed: connection to server at 127.0.0.1 failed: Connection refused"
OF_SQLALCHEMY = (
    f"(psycopg.OperationalError) {LOST}\n\tIs the server running?\n"
    "[SQL: SELECT 1]\n(Background on this error at: https://sqlalche.me/e/21/e3q8)"
)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def record(words: str, error: BaseException | None = None, line: int = 1) -> logging.LogRecord:
    info: Any = None
    if error is not None:
        try:
            raise error
        except type(error):
            info = sys.exc_info()
    return logging.LogRecord("dbos", logging.WARNING, "_queue.py", line, words, (), info)


def said(filters: LinesOfLoss, given: logging.LogRecord) -> str | None:
    return logging.Formatter("%(message)s").format(given) if filters.filter(given) else None


def test_what_is_said_of_a_lost_database_is_one_line_once_a_minute_for_each_place() -> None:
    clock = Clock()
    one = LinesOfLoss(clock)
    words = f"Exception in queue thread: {OF_SQLALCHEMY}"
    line = f"Exception in queue thread: the operations database is away ({LOST})"
    assert said(one, record(words)) == line
    assert said(one, record(words)) is None
    assert said(one, record(words, line=2)) == line
    clock.now = 61
    assert said(one, record(words)) == line


def test_tracebacks_of_a_lost_database_are_a_line_whoever_wrote_them() -> None:
    one = LinesOfLoss()
    lost = sa.exc.OperationalError("SELECT 1", {}, psycopg.OperationalError(LOST))
    told = said(one, record("Fallback poll failed", lost))
    assert told == f"Fallback poll failed: the operations database is away ({LOST})"
    trace = f"Traceback (most recent call last):\n  File x\nsqlalchemy.exc.OperationalError: {OF_SQLALCHEMY}"
    told = said(one, record(f"Exception polling schedules: {trace}", line=2))
    assert told == f"Exception polling schedules: the operations database is away ({LOST})"


def test_anything_else_stays_as_it_is() -> None:
    one = LinesOfLoss()
    for _ in range(2):
        told = said(one, record("Exception in a workflow", ValueError("a bug")))
        assert told is not None
        assert "Traceback" in told
        assert "ValueError: a bug" in told
        stays = sa.exc.OperationalError("SELECT 1", {}, psycopg.errors.DiskFull("no space"))
        told = said(one, record("Exception in a workflow", stays))
        assert told is not None
        assert "Traceback" in told
