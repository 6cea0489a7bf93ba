"""What a signature in a record proves is told by the record alone, and by tenants.yaml whose key it was."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from signers import APPROVES, OTHER, RUNS, Signer, operator, public, registry

from moyai.approvals.keys import read_key
from moyai.approvals.steering import STEERING_NAMESPACE
from moyai.approvals.subjects import APPROVAL_NAMESPACE, PLAN_NAMESPACE, approval_line, signed_line
from moyai.audit.export import Header, export_lines
from moyai.audit.page import page
from moyai.audit.records import AuditRecord, Entry, genesis, seal
from moyai.operations.audit.broken import broken
from moyai.operations.audit.chains import WORDS, verify_files
from moyai.operations.audit.one_plan import Plans
from moyai.operations.audit.proofs import (
    Claimed,
    NotCheckable,
    Signed,
    Unproved,
    people,
    proof_of,
    proof_words,
)
from moyai.operations.audit.signatures import Signatures
from moyai.registry.models import FormerKey

AT = datetime(2026, 11, 26, 12, tzinfo=UTC)
OPERATION, SHA256, CODE = "20261126-1", "a" * 64, "271004"
JUNK = "-----BEGIN SSH SIGNATURE-----\nJUNK\n-----END SSH SIGNATURE-----\n"


def signature(
    by: str = APPROVES, subject: str = "plan", namespace: str = APPROVAL_NAMESPACE
) -> str:
    return Signer(by).sign(approval_line(OPERATION, SHA256, subject, AT), namespace)


def approval(**details: Any) -> AuditRecord:
    given = {"subject": "plan", "signature": signature(), "signed_at": "2026-11-26T12:00:00Z"}
    entry = Entry(
        at=AT,
        actor=f"operator:{APPROVES}",
        action="operation.approve",
        result="done",
        operation=OPERATION,
        plan_sha256=SHA256,
        code=CODE,
        details={key: one for key, one in {**given, **details}.items() if one is not None},
    )
    return seal(entry, genesis(f"body:{CODE}"))


def fingerprint(of: str) -> str:
    return read_key(public(of)).fingerprint


def test_a_signature_over_what_its_record_says_proves_its_key_alone() -> None:
    found = proof_of(approval())
    assert found == Signed(f"operator:{APPROVES}", fingerprint(APPROVES), "not asked")


@pytest.mark.parametrize(
    "details",
    [
        {"signature": JUNK},
        {"signature": "JUNK SIGNATURE"},
        {"signature": signature(subject="wave:1")},
        {"signature": signature(namespace=PLAN_NAMESPACE)},
        {"signed_at": "2026-11-26T12:00:01Z"},
        {"signed_at": "yesterday"},
        {"subject": "exceptions"},
    ],
)
def test_one_that_is_none_over_it_proves_nothing(details: dict[str, str]) -> None:
    assert isinstance(proof_of(approval(**details)), Unproved)


@pytest.mark.parametrize("change", [{"operation": "20261126-2"}, {"plan_sha256": "b" * 64}])
def test_nor_does_one_about_another_plan(change: dict[str, str]) -> None:
    assert isinstance(proof_of(replace(approval(), **change)), Unproved)


def test_records_of_versions_before_are_told_as_not_checkable() -> None:
    record = approval(signed_at=None)
    assert isinstance(proof_of(record), NotCheckable)
    assert "not checkable" in proof_words(NotCheckable("moyai")).en


def test_tenants_yaml_says_whose_key_it_was() -> None:
    known = people(registry())
    own = proof_of(approval(), known)
    assert isinstance(own, Signed)
    assert own.whose == "theirs"
    stranger = proof_of(approval(signature=signature(OTHER)), known)
    assert isinstance(stranger, Signed), "it is a signature"
    assert stranger.whose == "another"
    assert "not the key that tenants.yaml has of them" in proof_words(stranger).en
    left = proof_of(approval(), people(registry(operator(OTHER))))
    assert isinstance(left, Signed)
    assert left.whose == "unknown"


def test_another_known_person_s_key_is_a_finding_that_names_it() -> None:
    found = proof_of(approval(signature=signature(RUNS)), people(registry()))
    assert isinstance(found, Unproved)
    assert found.fingerprint == fingerprint(RUNS)
    assert RUNS in found.why.en


def planned(**details: Any) -> AuditRecord:
    return replace(approval(), action="operation.plan", actor=f"operator:{RUNS}", details=details)


def test_a_plan_s_record_proves_its_planner() -> None:
    own = Signer(RUNS).sign(signed_line(OPERATION, SHA256, "plan"), PLAN_NAMESPACE)
    known = people(registry())
    found = proof_of(planned(signature=own), known)
    assert found == Signed(f"operator:{RUNS}", fingerprint(RUNS), "theirs")
    assert isinstance(proof_of(planned(signature=signature())), Unproved), "an approval is no plan"
    assert isinstance(proof_of(planned(signature=JUNK)), Unproved)
    assert proof_of(planned(signature=None)) == Claimed(f"operator:{RUNS}")
    assert isinstance(proof_of(planned(kind="check")), NotCheckable), "of a version before"


RUN = "r20261126-1"


def stepped(chain: str = "body:271004", **details: Any) -> AuditRecord:
    line = approval_line(RUN, SHA256, "erase", datetime(2026, 11, 26, 12, tzinfo=UTC))
    own = Signer(APPROVES).sign(line, APPROVAL_NAMESPACE)
    given = {"signature": own, "signed_at": "2026-11-26T12:00:00+00:00", **details}
    record = replace(approval(), action="runbook.approve", operation=RUN, step="erase", chain=chain)
    return replace(record, details={name: one for name, one in given.items() if one})


def test_a_second_person_s_word_for_a_step_proves_its_key() -> None:
    found = proof_of(stepped(), people(registry()))
    assert found == Signed(f"operator:{APPROVES}", fingerprint(APPROVES), "theirs")
    for other in (
        replace(stepped(), step="other"),
        replace(stepped(), plan_sha256="b" * 64),
        replace(stepped(), operation="r20261126-2"),
        stepped(signature=JUNK),
    ):
        assert isinstance(proof_of(other), Unproved)


def test_one_without_a_signature_is_told_as_such_and_bodies_of_versions_before_as_not_checkable() -> (
    None
):
    assert isinstance(proof_of(stepped(signature=None)), NotCheckable)
    assert isinstance(proof_of(stepped("federation", signature=None)), Claimed)


def test_what_nobody_signs_has_no_proof() -> None:
    assert proof_of(replace(approval(), action="operation.begin")) is None
    assert not isinstance(proof_of(approval()), Claimed)


def sealed(*records: AuditRecord) -> list[AuditRecord]:
    """The same as one chain."""
    found: list[AuditRecord] = []
    head = genesis(f"body:{CODE}")
    for one in records:
        values = {each.name: getattr(one, each.name) for each in fields(Entry)}
        found.append(seal(Entry(**values), head))
        head = found[-1].head
    return found


@pytest.fixture
def exported(tmp_path: Path) -> Callable[..., Path]:
    def write(*records: AuditRecord) -> Path:
        file = tmp_path / f"{next(numbers)}.jsonl"
        header = Header("連合", CODE, "大阪市", AT, records[-1].head)
        file.write_bytes(b"".join(export_lines(header, records)))
        return file

    numbers = count()

    return write


def test_an_export_alone_tells_keys_and_finds_what_is_none(
    exported: Callable[..., Path],
) -> None:
    [(_, looked)] = verify_files([exported(approval())])
    assert looked.findings == ()
    assert [one.fingerprint for one in looked.signatures.signed] == [fingerprint(APPROVES)]
    [(_, looked)] = verify_files([exported(approval(signature="JUNK"))])
    assert [(one.kind, one.seq) for one in looked.findings] == [("unproved", 1)]
    assert looked.is_whole, "its records are as they were made"
    [(_, looked)] = verify_files([exported(approval(signed_at=None))])
    assert (looked.findings, looked.signatures.not_checkable) == ((), 1)


def test_a_signer_whom_tenants_yaml_does_not_know_is_a_finding_of_its_own(
    exported: Callable[..., Path],
) -> None:
    own, by_another = exported(approval()), approval(signature=signature(OTHER))
    [(_, looked)] = verify_files([own], people(registry()))
    assert looked.findings == ()
    left = people(registry(operator(OTHER)))
    for file, known in ((own, left), (exported(by_another), people(registry()))):
        [(_, looked)] = verify_files([file], known)
        assert [(one.kind, one.seq) for one in looked.findings] == [("unknown", 1)]
        assert (looked.is_whole, list(looked.signatures.told())) == (True, [])
        assert "or it is forged" in looked.findings[0].what.en
        told = broken({"body.jsonl": looked}, in_files=True)
        assert told.remedy is not None
        assert "former_keys" in told.remedy.en


def test_who_left_stays_proved_as_long_as_the_file_has_them_with_their_last_day(
    exported: Callable[..., Path],
) -> None:
    gone = people(registry(replace(operator(APPROVES), expires=date(2026, 11, 26))))
    [(_, looked)] = verify_files([exported(approval())], gone)
    assert looked.findings == ()


@pytest.mark.parametrize(("until", "kinds"), [(26, []), (25, ["unproved"])])
def test_a_key_that_was_replaced_proves_what_it_signed_until_then(
    exported: Callable[..., Path], until: int, kinds: list[str]
) -> None:
    of_now = FormerKey(APPROVES, public(APPROVES), date(2026, 1, 1))
    former = FormerKey(APPROVES.upper(), public(OTHER), date(2026, 11, until))
    known = people(replace(registry(), former_keys=(of_now, former)))
    [(_, looked)] = verify_files([exported(approval(signature=signature(OTHER)))], known)
    assert [one.kind for one in looked.findings] == kinds
    [(_, looked)] = verify_files([exported(approval())], known)
    assert looked.findings == (), "the key of now has no last day"


def test_so_does_one_of_a_person_who_left(exported: Callable[..., Path]) -> None:
    former = FormerKey(APPROVES, public(APPROVES), date(2026, 11, 26))
    known = people(replace(registry(operator(OTHER)), former_keys=(former,)))
    [(_, looked)] = verify_files([exported(approval())], known)
    assert looked.findings == ()


def test_many_records_by_one_unknown_key_are_one_finding() -> None:
    found = Signatures()
    for seq in (1, 2, 3):
        found.take(replace(approval(), seq=seq), people(registry(operator(OTHER))))
    [one] = found.unknown()
    assert (one.seq, "record 1 and 2 more" in one.what.en) == (1, True)


@pytest.mark.parametrize("action", ["operation.approve", "operation.run", "operation.begin"])
def test_what_is_about_another_plan_than_the_chain_s_is_a_finding(
    exported: Callable[..., Path], action: str
) -> None:
    plan = replace(planned(signature=None), chain="body:271004")
    for sha256, kinds in ((SHA256, []), ("b" * 64, [("other_plan", 2)]), (None, [])):
        other = replace(approval(signature=None), action=action, plan_sha256=sha256)
        [(_, looked)] = verify_files([exported(*sealed(plan, other))])
        found = [(one.kind, one.seq) for one in looked.findings if one.kind != "unproved"]
        assert (found, looked.is_whole) == (kinds, not kinds)


def test_of_two_plans_of_one_operation_the_second_is_the_finding() -> None:
    plan, found = planned(signature=None), Plans()
    for one in (plan, replace(plan, seq=2, plan_sha256="b" * 64), replace(plan, operation="o2")):
        found.take(one)
    assert [one.seq for one in found.findings] == [2]


def test_the_page_names_the_key_of_each_signature() -> None:
    header = Header("連合", CODE, "大阪市", AT, approval().head)
    html = "".join(page(header, [approval()], "ja", words=WORDS))
    assert fingerprint(APPROVES) in html
    assert "証明になりません" in "".join(
        page(header, [approval(signature="JUNK")], "ja", words=WORDS)
    )


def test_an_approval_without_a_signature_is_a_finding_where_the_plan_s_version_leaves_one() -> None:
    for told, kinds in (({"signature": None}, ["unproved"]), ({}, [])):
        found = Signatures()
        found.take(replace(approval(), action="operation.plan", details=told), None)
        found.take(approval(signature=None, signed_at=None), None)
        assert [one.kind for one in found.findings] == kinds


@pytest.mark.parametrize(
    ("kind", "words", "lax", "found"),
    [
        ("edit", ("run",), False, []),
        ("edit", ("pause", "run"), False, [3]),
        ("edit", ("pause", "run", "run"), True, []),
        ("edit", ("pause", "signed", "run"), False, []),
        ("edit", ("run", "pause", "pause", "run", "signed", "pause", "run"), False, [5, 8]),
        ("upgrade", ("pause", "run"), False, []),
    ],
)
def test_a_proposal_that_was_paused_and_goes_on_unsigned_is_found_in_records_of_before(
    kind: str, words: tuple[str, ...], lax: bool, found: list[int]
) -> None:
    known = people(registry())
    settings = replace(registry().operations, steering_needs_signature=False)
    known = people(replace(registry(), operations=settings)) if lax else known
    looked, plan = Signatures(), approval()
    looked.take(replace(plan, action="operation.plan", details={"kind": kind}), known)
    for seq, one in enumerate(words, 2):
        details: dict[str, Any] = {"signature": None}
        if one == "signed":
            by = signature(subject="resume", namespace=STEERING_NAMESPACE)
            details = {"asked": "resume", "signature": by, "signed_at": "2026-11-26T12:00:00Z"}
        action = "operation.run" if one == "signed" else f"operation.{one}"
        looked.take(replace(plan, seq=seq, action=action, details=details), known)
    assert [(one.seq, one.kind) for one in looked.findings] == [(seq, "unproved") for seq in found]
