"""An export held against a database that goes on, was cut, or was rewritten."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from moyai.audit.records import AuditRecord, Entry, genesis, seal
from moyai.operations.audit.against import differing

AT = datetime(2026, 11, 27, tzinfo=UTC)


def chain(*results: str) -> list[AuditRecord]:
    head, found = genesis("body:271004"), []
    for result in results:
        one = seal(
            Entry(
                at=AT,
                actor="moyai",
                action="operation.begin",
                operation="20261127-1",
                plan_sha256=None,
                code="271004",
                step=None,
                attempt=1,
                result=result,
                details={},
            ),
            head,
        )
        found.append(one)
        head = one.head
    return found


@pytest.mark.parametrize(
    ("kept", "seq"),
    [
        ("abc", None),
        ("abcd", None),
        ("ab", 3),
        ("axc", 2),
        ("abx", 3),
        ("", 1),
    ],
)
def test_an_export_of_three_records_fits_where_the_database_begins_with_them(
    kept: str, seq: int | None
) -> None:
    exported = chain(*"abc")
    found = differing(exported, chain(*kept), exported[-1].head, AT)
    assert [one.seq for one in found] == ([] if seq is None else [seq])


@pytest.mark.parametrize(
    ("length", "later", "seq"),
    [(3, 0, None), (2, 0, None), (2, 29, None), (2, 31, 3), (0, 31, 1), (3, 31, None)],
)
def test_what_was_on_record_before_an_export_is_in_it(
    length: int, later: int, seq: int | None
) -> None:
    exported = chain(*"abc")[:length]
    head = exported[-1].head if exported else genesis("body:271004")
    moment = AT + timedelta(seconds=later)
    found = differing(exported, chain(*"abc"), head, moment)
    assert [one.seq for one in found] == ([] if seq is None else [seq])
