"""Which failures say that a database does not answer, and which say something of the body."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors

from moyai.jobs.connections import _connect_failed, is_lost, statement_failed
from moyai.jobs.results import AWAY
from moyai.jobs.settings import Server
from moyai.texts import Text

SERVER = Server("db.example.jp", 5432, "require", None)
DOING = Text("バックアップを取ることが", "make the backup")


@pytest.mark.parametrize(
    "error",
    [
        errors.AdminShutdown(),
        errors.CrashShutdown(),
        errors.CannotConnectNow(),
        errors.ConnectionFailure(),
        errors.ConnectionDoesNotExist(),
        psycopg.OperationalError("consuming input failed: server closed the connection"),
        psycopg.InterfaceError("the connection is closed"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_connection_that_was_lost_is_told_in_words(error: psycopg.Error) -> None:
    failed = statement_failed(error, DOING)
    assert is_lost(error)
    assert failed.fields == {AWAY: True}
    assert failed.what.en == "cannot make the backup: the connection to the database was lost."
    assert failed.what.ja.endswith("切れたため、バックアップを取ることができません。")
    assert failed.remedy is not None
    assert "moyai sandbox status" in failed.remedy.en
    assert "RDS" in failed.remedy.en


@pytest.mark.parametrize(
    "error",
    [
        errors.QueryCanceled(),
        errors.LockNotAvailable(),
        errors.DiskFull(),
        errors.TooManyConnections(),
        errors.UniqueViolation(),
        errors.DatabaseDropped(),
        errors.IdleInTransactionSessionTimeout(),
        psycopg.ProgrammingError("the query has 0 placeholders"),
        psycopg.DataError("cannot dump"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_any_other_failure_is_of_what_was_asked(error: psycopg.Error) -> None:
    failed = statement_failed(error, DOING)
    assert not is_lost(error)
    assert AWAY not in failed.fields
    assert type(error).__name__ in failed.what.en


@pytest.mark.parametrize(
    ("said", "code", "away"),
    [
        ("Connection refused\n\tIs the server running", "refused", True),
        ("FATAL:  the database system is starting up", "starting", True),
        ("FATAL:  the database system is not yet accepting connections", "starting", True),
        ("FATAL:  the database system is shutting down", "stopping", True),
        ("FATAL:  the database system is in recovery mode", "recovering", True),
        ("FATAL:  the database system is not accepting connections", "recovering", True),
        ("connection timeout expired", "timeout", True),
        ("server closed the connection unexpectedly", "closed", True),
        ("could not receive data from server: Connection reset by peer", "closed", True),
        ("SSL connection has been closed unexpectedly", "closed", True),
        ("could not send data: No route to host", "unreachable", True),
        ('could not translate host name "a": Temporary failure in name', "no-host", False),
        ("a: Temporary failure in name resolution", "no-resolver", True),
        (
            'could not translate host name "a" to address: Name or service not known',
            "no-host",
            False,
        ),
        ('FATAL:  password authentication failed for user "a"', "wrong-password", False),
        ('FATAL:  database "a" does not exist', "no-database", False),
        ('FATAL:  database "a" is not currently accepting connections', "not-accepting", False),
        ("FATAL:  too many connections for role", "too-many-connections", False),
        ("certificate verify failed", "certificate", False),
        ("something else", "connect", False),
    ],
)
def test_a_server_that_does_not_answer_is_told_from_one_that_turns_away(
    said: str, code: str, away: bool
) -> None:
    failed = _connect_failed(psycopg.OperationalError(said), SERVER, "owner", "body")
    assert (failed.code, failed.fields.get(AWAY, False)) == (code, away)
    assert "owner@db.example.jp:5432/body" in failed.what.en
