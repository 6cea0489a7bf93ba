"""A second person's word for a step: a signature with an operator's SSH key over run, content and step."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import sshsig
from sshsig.ssh_public_key import PublicKey

from moyai.errors import NOTHING_TOUCHED, Refused, UsageError
from moyai.operations.runbooks.asking import Approvals
from moyai.operations.runbooks.records import Approval, RunRecord, RunStore
from moyai.operations.runbooks.running import line_to_sign
from moyai.registry.models import Operator, Registry, Role
from moyai.registry.words import not_known
from moyai.runbook.model import Runbook
from moyai.texts import Text

NAMESPACE = "moyai-approval@1"


class OperatorSignatures:
    """Signatures by approvers of tenants.yaml whose rights hold on a day; see `Approvals`."""

    def __init__(self, registry: Registry, day: date) -> None:
        self._operators = registry.operators
        self._day = day

    def approver(self, line: str, signature: str, person: str) -> str:
        """See `Approvals.approver`."""
        for one in self._operators:
            if _signed(one, line, signature):
                why = self._why_not(one, person)
                if why is not None:
                    raise _refused(why)
                return one.email
        raise _refused(
            Text(
                "この行に対する、tenants.yaml の担当者の署名ではありません。",
                "it is no signature of this line by an operator of tenants.yaml.",
            )
        )

    def _why_not(self, one: Operator, person: str) -> Text | None:
        if one.role is not Role.APPROVER:
            return Text(
                f"{one.email} の役割は承認者ではありません。", f"{one.email} is no approver."
            )
        if one.expires < self._day:
            return Text(
                f"{one.email} の権限は {one.expires} で終わっています。",
                f"the rights of {one.email} ended on {one.expires}.",
            )
        own = next((other for other in self._operators if other.email == person), None)
        if own is None or own.email == one.email or _key(own) == _key(one):
            return Text(
                "承認するのは、実行する人（--operator）とは別の担当者です。",
                "another operator has to approve than the one who runs it (--operator).",
            )
        return None


def approve(
    runbook: Runbook, run: str, step: str, signature: str, store: RunStore, approvals: Approvals
) -> RunRecord:
    """Put an approval on record, which holds for `running.APPROVAL_HOURS`.

    Raises `Refused` where the signature does not count, `UsageError` for a step that needs none.
    """
    wanting = [one.id for one in runbook.steps if one.approval]
    if step not in wanting:
        message = not_known(step, wanting, "承認の要る手順", "step that needs an approval")
        raise UsageError(Text(f"{message.ja}。", message.en), touched=NOTHING_TOUCHED)
    with store.held(run):
        record = store.load(run)
        line = line_to_sign(runbook, record, step)
        by = approvals.approver(line, signature, record.person)
        given = {
            **record.approvals,
            step: Approval(by, line, signature, datetime.now(UTC).isoformat()),
        }
        record = replace(record, approvals=given)
        store.save(record)
        return record


def _signed(one: Operator, line: str, signature: str) -> bool:
    try:
        sshsig.verify(
            line.encode(), signature, [PublicKey.from_openssh_str(one.ssh_key)], NAMESPACE
        )
    except (sshsig.InvalidSignature, ValueError, NotImplementedError):
        return False
    return True


def _key(one: Operator) -> tuple[str, ...]:
    return tuple(one.ssh_key.split()[:2])


def _refused(why: Text) -> Refused:
    return Refused(
        Text(f"承認になりません: {why.ja}", f"this is no approval: {why.en}"),
        touched=NOTHING_TOUCHED,
        remedy=Text(
            f"承認者の鍵で、示された行に署名してください（ssh-keygen -Y sign -n {NAMESPACE} -f 鍵）。",
            f"Sign the line that is shown with an approver's key (ssh-keygen -Y sign -n {NAMESPACE} -f KEY).",
        ),
    )
