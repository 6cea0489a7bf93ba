"""Whether what is on record of a plan fits together."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from moyai.approvals.keys import read_key
from moyai.approvals.signatures import armoured, is_over, signed_bytes
from moyai.approvals.subjects import (
    APPROVAL_NAMESPACE,
    PLAN,
    PLAN_NAMESPACE,
    approval_line,
    signed_line,
)
from moyai.approvals.wire import string
from moyai.planning.fleet.clearing import Approval
from moyai.planning.fleet.on_record import Stored, altered

OPERATION = "20261126-1"
NOW = datetime(2026, 11, 26, tzinfo=UTC)
A, B = "a" * 64, "b" * 64
_KEY = Ed25519PrivateKey.generate()
_LINE = _KEY.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def sign(line: bytes, namespace: str) -> str:
    blob = string(b"ssh-ed25519") + string(_KEY.sign(signed_bytes(line, namespace)))
    return armoured(read_key(_LINE).blob, namespace, blob)


def planned(digest: str) -> str:
    return sign(signed_line(OPERATION, digest, PLAN), PLAN_NAMESPACE)


def approval(digest: str) -> Approval:
    signature = sign(approval_line(OPERATION, digest, PLAN, NOW), APPROVAL_NAMESPACE)
    return Approval("plan", "b@example.jp", signature, NOW, NOW)


@given(
    *(st.sampled_from((A, B)) for _ in range(4)),
    st.lists(st.tuples(st.sampled_from((A, B)), st.sampled_from((A, B))), max_size=3),
)
def test_it_fits_exactly_where_all_of_it_is_about_one_plan(
    known: str, digest: str, beside: str, signed: str, approvals: list[tuple[str, str]]
) -> None:
    given_ = tuple((one, approval(over)) for one, over in approvals)
    found = altered(OPERATION, known, Stored(digest, beside, planned(signed), given_))
    approved = not approvals or (digest, digest) in approvals
    assert (found is None) == ({known, digest, beside, signed} == {digest} and approved)


@pytest.mark.parametrize("signature", [None, "", "x"])
def test_what_nobody_can_read_contradicts_nothing(signature: str | None) -> None:
    unread = Approval("plan", "b@example.jp", "x", NOW, NOW)
    assert altered(OPERATION, A, Stored(A, A, signature, ((A, unread),))) is None


def test_a_signature_is_over_one_line_for_one_use() -> None:
    line = signed_line(OPERATION, A, PLAN)
    signature = sign(line, PLAN_NAMESPACE)
    assert is_over(signature, line, PLAN_NAMESPACE) is True
    assert is_over(signature, signed_line(OPERATION, B, PLAN), PLAN_NAMESPACE) is False
    assert is_over("x", line, PLAN_NAMESPACE) is None
