"""What the records of a chain are records of, gathered while they pass; and what of all that it is to have it
lacks."""

from __future__ import annotations

from collections import Counter

from moyai.audit.records import AuditRecord
from moyai.operations.audit.mirrored import Mirrored, mirrored_of
from moyai.operations.database.audit_wanted import Known

_WANTS = frozenset(f"operation.{one}" for one in ("run", "pause", "cancel", "stop"))


class Seen:
    """One chain."""

    def __init__(self) -> None:
        self.known: set[Known] = set()
        self._times: Counter[Mirrored] = Counter()
        self._wanted: dict[str, str] = {}
        """Operation → the last that a person wanted of it."""
        self._in_all: set[str] = set()
        """Operations planned by a version that puts what persons want of them into all of their chains."""

    def take(self, record: AuditRecord) -> None:
        """The next record of the chain."""
        known = known_of(record)
        if known is not None:
            self.known.add(known)
        mirrored = mirrored_of(record)
        if mirrored is not None and mirrored[1] == "word":
            # The same person may ask for the same several times.
            self._times[mirrored] += 1
            self.known.add((mirrored[0], "word", self._times[mirrored], mirrored[2]))
        self._steered(record.operation or "", record)

    def _steered(self, operation: str, record: AuditRecord) -> None:
        if record.action in _WANTS:
            self._wanted[operation] = record.action
        elif record.action == "operation.release":
            what = record.details.get("what")
            named = what if isinstance(what, list | tuple) else ()
            self.known.update((operation, "released", None, str(one)) for one in named)
        elif record.action == "operation.plan" and "signature" in record.details:
            self._in_all.add(operation)

    def lacks(self, wanted: set[Known]) -> set[Known]:
        """Of what it is to have, that of which the chain has no record."""
        return {one for one in wanted - self.known if self._may_lack(one)}

    def _may_lack(self, one: Known) -> bool:
        operation, what, _, about = one
        if what not in ("wanted", "released"):
            return True
        is_told = what == "wanted" and self._wanted.get(operation) == about
        return operation in self._in_all and not is_told


def known_of(record: AuditRecord) -> Known | None:
    """What a record is a record of; None where no table and no other chain tells of the like, and for what is
    counted (`Seen`)."""
    operation = record.operation
    if operation is None:
        return None
    kind, _, what = record.action.partition(".")
    if kind in ("hand", "runbook"):
        return (operation, "line", None, str(record.details.get("evidence_sha256")))
    if record.action == "operation.plan":
        return (operation, "plan", None, "")
    if record.action == "operation.begin":
        return (operation, "begin", record.attempt, "")
    if record.action == "operation.approve":
        words = (record.details.get("subject"), record.actor.partition(":")[2])
        signed = record.details.get("signed_at")
        return (operation, "approve", None, " ".join(map(str, (*words, signed))))
    if kind == "operation":
        return None
    if what == "step" and record.result in ("done", "failed"):
        return (operation, "step", record.attempt, record.step or "")
    return (operation, "end", record.attempt, "") if what == "body" else None
