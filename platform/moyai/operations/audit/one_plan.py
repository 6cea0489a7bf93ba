"""What was approved and asked of an operation is about the plan that the same chain has on record. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from moyai.audit.records import AuditRecord
from moyai.audit.verify import Finding
from moyai.texts import Text, visible

_MOST = 1000
"""Findings of one chain."""


@dataclass(slots=True)
class Plans:
    """The plans of a chain that is walked in its order."""

    findings: list[Finding] = field(default_factory=list)
    _known: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Operation → number of its plan's record, and the plan's hash."""

    def take(self, record: AuditRecord) -> None:
        """The next record of the chain. Some of versions before name no plan."""
        operation, sha256 = record.operation, record.plan_sha256
        if operation is None or sha256 is None or not record.action.startswith("operation."):
            return
        if record.action == "operation.plan":
            self._known.setdefault(operation, (record.seq, sha256))
        seq, planned = self._known.get(operation, (0, sha256))
        if sha256 != planned and len(self.findings) < _MOST:
            what = _other(record, seq, planned)
            self.findings.append(Finding("other_plan", record.chain, record.seq, what))


def _other(record: AuditRecord, seq: int, planned: str) -> Text:
    operation, action = visible(record.operation or ""), visible(record.action)
    about, plan = visible(record.plan_sha256 or "")[:12], planned[:12]
    return Text(
        f"記録{record.seq}番（{operation} の {action}）は、記録{seq}番の計画（{plan}…）ではなく、"
        f"別の計画（{about}…）についてのものです",
        f"record {record.seq} ({action} of {operation}) is about another plan ({about}…) than the one of "
        f"record {seq} ({plan}…)",
    )
