"""What the records of a chain are records of, gathered while they pass; and what of all that it is to have it
lacks."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from moyai.audit.details import plain
from moyai.audit.records import AuditRecord
from moyai.canonical_json import sha256_of
from moyai.operations.audit.mirrored import Mirrored, mirrored_of
from moyai.operations.database.audit_wanted import Ending, Known

_SINCE = frozenset({"wanted", "released", "did", "ended", "wave", "status"})
"""What is told of operations alone that a version planned whose records say all of it."""
_WANTS = frozenset(f"operation.{one}" for one in ("run", "pause", "cancel", "stop"))


@dataclass(frozen=True, slots=True)
class Did:
    """How a step ended, by a chain."""

    seq: int
    """The number of the record that says so."""
    ending: Ending


class Seen:
    """One chain."""

    def __init__(self) -> None:
        self.known: set[Known] = set()
        self.did: dict[Known, Did] = {}
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
        self._ended(record)
        mirrored = mirrored_of(record)
        if mirrored is not None and mirrored[1] == "word":
            # The same person may ask for the same several times.
            self._times[mirrored] += 1
            self.known.add((mirrored[0], "word", self._times[mirrored], mirrored[2]))
        self._steered(record.operation or "", record)

    def _ended(self, record: AuditRecord) -> None:
        """How something ended, as the record says it."""
        operation, what = record.operation, record.action.partition(".")[2]
        if operation is None:
            return
        if what == "step" and record.result in ("done", "failed"):
            key = (operation, "did", record.attempt, f"{record.step or ''} {record.result}")
            self.known.add(key)
            self.did[key] = Did(record.seq, Ending(record.at, sha256_of(plain(record.details))))
        elif what == "step" and record.result == "again":
            self._looked_again(
                (operation, "did", record.attempt, f"{record.step or ''} done"), record
            )
        elif what == "body":
            self.known.add((operation, "ended", record.attempt, record.result))
        elif record.action in ("operation.wave", "operation.status"):
            number, status = record.details.get("wave"), str(record.details.get("status"))
            self.known.add((operation, what, number if isinstance(number, int) else None, status))

    def _looked_again(self, key: Known, record: AuditRecord) -> None:
        """What a look found is what was found when it was taken again; it ended when it first did."""
        found = self.did.get(key)
        if found is not None:
            ending = Ending(found.ending.at, sha256_of(plain(record.details)))
            self.did[key] = replace(found, ending=ending)

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
        gone = {one for one in wanted - self.known if self._may_lack(one)}
        return {one for one in gone if _WHOLE.get(one[1]) is None or _whole(one) not in gone}

    def _may_lack(self, one: Known) -> bool:
        operation, what, _, about = one
        if what not in _SINCE:
            return True
        is_told = what == "wanted" and self._wanted.get(operation) == about
        return operation in self._in_all and not is_told


_WHOLE = {"did": "step", "ended": "end"}
"""How something ended → that it ended."""


def _whole(one: Known) -> Known:
    operation, what, attempt, about = one
    step = about.rpartition(" ")[0] if what == "did" else ""
    return (operation, _WHOLE[what], attempt, step)


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
