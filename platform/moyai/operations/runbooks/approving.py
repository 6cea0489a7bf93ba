"""A second person's word for a step: a signature over run, content, values, step and moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from moyai.approvals.rejections import Rejection
from moyai.approvals.to_sign import ToSign, to_sign
from moyai.errors import NOTHING_TOUCHED, Refused, UsageError
from moyai.operations.runbooks.judging import Judge
from moyai.operations.runbooks.records import Approval, RunRecord
from moyai.operations.runbooks.surroundings import Surroundings
from moyai.operations.runbooks.telling import tell
from moyai.registry.persons import is_same
from moyai.registry.words import not_known
from moyai.runbook.model import Runbook, Step
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody is to sign."""

    record: RunRecord
    step: str
    sign: ToSign


def wanted(runbook: Runbook, record: RunRecord, step: str, judge: Judge, now: datetime) -> Wanted:
    """What is signed to approve a step now. Raises `UsageError` for a step that asks for no approval."""
    _gated(runbook, step)
    sha256 = judge.sha256(runbook, record, now)
    return Wanted(record, step, to_sign(record.id, sha256, step, now))


def as_signed(asked: Wanted, line: str | None) -> Wanted:
    """What was signed elsewhere, with the moment that is in its line. Raises as `signed_moment`."""
    return replace(asked, sign=asked.sign.as_signed(line))


def approve(
    runbook: Runbook,
    asked: Wanted,
    by: str | None,
    signature: str,
    around: Surroundings,
) -> RunRecord:
    """Put an approval on record, which holds for `judging.APPROVAL_HOURS`. `by`: None where the key tells.

    Raises `Refused` where the signature does not count.
    """
    email = by or around.judge.signer(signature)
    if email is None:
        raise _refused(_NOBODY)
    with around.store.held(asked.record.id):
        record = around.store.load(asked.record.id)
        now = around.now()
        signed_at = asked.sign.signed_at.isoformat()
        recorded_at = _known_since(record, asked.step, email, signed_at) or now.isoformat()
        given = Approval(email, signature, recorded_at, signed_at)
        why = around.judge.approval(runbook, record, asked.step, given, now)
        if why is not None:
            raise _refused(why)
        tell(
            runbook,
            record,
            around,
            "approve",
            asked.step,
            "approved",
            operator=email,
            signature=signature,
            signed_at=given.signed_at,
        )
        record = replace(record, approvals={**record.approvals, asked.step: given})
        around.store.save(record)
        return record


def _known_since(record: RunRecord, step: str, email: str, signed_at: str) -> str | None:
    """When the approval of the same person and moment that is on record was put there: it grows no younger."""
    known = record.approvals.get(step)
    if known is None or known.signed_at != signed_at or not is_same(known.by, email):
        return None
    return known.at


def _gated(runbook: Runbook, step: str) -> Step:
    wanting: Mapping[str, Step] = runbook.gated
    if step not in wanting:
        message = not_known(step, wanting, "承認の要る手順", "step that needs an approval")
        raise UsageError(Text(f"{message.ja}。", message.en), touched=NOTHING_TOUCHED)
    return wanting[step]


_NOBODY = Rejection(
    "unknown-key",
    Text(
        "tenants.yaml の担当者の鍵による署名ではありません。",
        "It is no signature by the key of an operator of tenants.yaml.",
    ),
    Text("tenants.yaml にある鍵で署名してください。", "Sign with a key that tenants.yaml has."),
)


def _refused(why: Rejection) -> Refused:
    return Refused(
        Text(f"承認になりません: {why.what.ja}", f"this is no approval: {why.what.en}"),
        touched=NOTHING_TOUCHED,
        remedy=why.remedy,
    )
