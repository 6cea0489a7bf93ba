"""What stands in two chains alike, and was taken out of one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moyai.audit.records import FEDERATION, AuditRecord
from moyai.json_value import JsonValue
from moyai.operations.audit.lacking import Across
from moyai.operations.audit.mirrored import Mirrors, mirrored_of
from moyai.operations.audit.seen import Seen

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
        record(chain, f"operation.{what}", signature=at, signed_at=at)
        for what, at in (("pause", None), ("run", "x"), ("pause", None), ("release", "y"))
        for chain in (f"body:{A}", f"body:{B}", FEDERATION)
    ]
    retry = [
        record(f"body:{A}", "operation.retry", signature=None),
        record(FEDERATION, "operation.retry", signature=None, codes=(A, A)),
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
        across.body(code, seen_in(own).known)
    last = [one for one in records if one.chain == FEDERATION]
    for one in last:
        across.take(one)
    return {one.chain for one in across.findings(seen_in(last))}


def seen_in(records: list[AuditRecord]) -> Seen:
    seen = Seen()
    for one in records:
        seen.take(one)
    return seen


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
        record(FEDERATION, "operation.pause"),
        record(FEDERATION, "operation.cancel"),
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


def asked(*words: str, signs: bool = True) -> Seen:
    signed: dict[str, JsonValue] = {"signature": None} if signs else {}
    plan = record(FEDERATION, "operation.plan", **signed)
    return seen_in([plan, *(record(FEDERATION, f"operation.{one}", **signed) for one in words)])


@pytest.mark.parametrize(
    ("words", "wanted", "lacks"),
    [
        (("pause",), "pause", False),
        ((), "pause", True),
        (("pause", "run"), "pause", True),
        (("pause", "run", "pause"), "pause", False),
        (("cancel",), "stop", True),
    ],
)
def test_what_the_tables_have_as_wanted_is_what_was_asked_for_last(
    words: tuple[str, ...], wanted: str, *, lacks: bool
) -> None:
    known = (OPERATION, "wanted", None, f"operation.{wanted}")
    assert bool(asked(*words).lacks({known})) is lacks
    assert not asked(*words, signs=False).lacks({known}), "a version before wrote it elsewhere"


def test_the_same_word_is_missed_as_often_as_the_tables_have_it() -> None:
    wanted = {(OPERATION, "word", times, f"operation.run {PERSON}") for times in (1, 2)}
    assert asked("run", "run").lacks(wanted) == set()
    assert [one[2] for one in asked("run").lacks(wanted)] == [2]


def test_what_the_tables_have_as_let_go_was_let_go_by_somebody() -> None:
    plan = record(FEDERATION, "operation.plan", signature=None)
    went = record(FEDERATION, "operation.release", what=("wave:2",))
    wanted = {(OPERATION, "released", None, one) for one in ("wave:2", "wave:3")}
    assert [one[3] for one in seen_in([plan, went]).lacks(wanted)] == ["wave:3"]
