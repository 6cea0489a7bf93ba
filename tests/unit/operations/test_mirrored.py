"""What stands in two chains alike, and was taken out of one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moyai.audit.records import FEDERATION, AuditRecord
from moyai.json_value import JsonValue
from moyai.operations.audit.lacking import Across, known_of
from moyai.operations.audit.mirrored import Mirrors, mirrored_of

A, B = "100001", "100002"
OPERATION = "20261127-1"
PERSON = "operator:keikaku@example.jp"


def record(
    chain: str, action: str, operation: str = OPERATION, **details: JsonValue
) -> AuditRecord:
    return AuditRecord(
        chain=chain,
        seq=1,
        at=datetime(2026, 11, 27, tzinfo=UTC),
        actor=PERSON,
        action=action,
        operation=operation,
        plan_sha256=None,
        code=None,
        step=None,
        attempt=None,
        result="done",
        details=details,
        previous_sha256="",
        sha256="",
    )


def everything() -> list[AuditRecord]:
    """An operation of two bodies that was steered, one body begun again, and a deed by hand at the other."""
    plan = [
        *(record(f"body:{code}", "operation.plan") for code in (A, B)),
        record(FEDERATION, "operation.plan", codes=(A, B)),
    ]
    words = [
        record(chain, f"operation.{what}", signed_at=at)
        for what, at in (("pause", None), ("run", "x"), ("pause", None), ("release", "y"))
        for chain in (f"body:{A}", f"body:{B}", FEDERATION)
    ]
    retry = [
        record(f"body:{A}", "operation.retry"),
        record(FEDERATION, "operation.retry", codes=(A, A)),
    ]
    deed = [
        record(f"body:{B}", "hand.psql", "d1", evidence_sha256="e"),
        record(FEDERATION, "hand.psql", "d1", evidence_sha256="e", codes=(B,)),
    ]
    return [*plan, *words, *retry, *deed]


def found(records: list[AuditRecord]) -> set[str]:
    across = Across(every=True)
    for code in (A, B):
        own = [one for one in records if one.chain == f"body:{code}"]
        for one in own:
            across.take(one)
        across.body(code, {known for one in own if (known := known_of(one)) is not None})
    last = [one for one in records if one.chain == FEDERATION]
    for one in last:
        across.take(one)
    seen = {known for one in last if (known := known_of(one)) is not None}
    return {one.chain for one in across.findings(seen)}


def test_chains_that_tell_alike_lack_nothing() -> None:
    assert found(everything()) == set()


@pytest.mark.parametrize(
    "gone", [at for at, one in enumerate(everything()) if mirrored_of(one) is not None]
)
def test_what_is_taken_out_of_one_chain_is_told_by_the_other(gone: int) -> None:
    records = everything()
    chain = records.pop(gone).chain
    assert chain in found(records)


def test_records_of_versions_before_name_no_bodies_and_are_no_findings() -> None:
    records = [
        record(f"body:{A}", "operation.plan"),
        record(f"body:{B}", "operation.plan"),
        record(FEDERATION, "operation.plan"),
        record(f"body:{A}", "runbook.step", "r1", evidence_sha256="e"),
        record(FEDERATION, "runbook.step", "r1", evidence_sha256="e"),
        record(FEDERATION, "hand.deploy", "d1", evidence_sha256="f"),
    ]
    assert found(records) == set()
    assert found([one for one in records if one.operation != "r1" or one.chain != FEDERATION]) == {
        FEDERATION
    }


@given(st.permutations(everything()))
def test_the_order_of_chains_does_not_matter(records: list[AuditRecord]) -> None:
    mirrors = Mirrors()
    for one in records:
        mirrors.take(one)
    assert list(mirrors.lacks({OPERATION: (A, B)})) == []
