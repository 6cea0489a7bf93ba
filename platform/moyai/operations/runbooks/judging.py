"""Who may run a runbook with steps for two persons, and whose approval of a step counts. Pure.

The rules are those of plans (`planning.fleet.second_person`). A run is about the bodies that its parameters
name or mean; one without such a parameter is about all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from moyai.approvals.rejections import Rejection
from moyai.approvals.subjects import signed_line
from moyai.errors import UsageError
from moyai.operations.runbooks.records import Approval, RunRecord, moment
from moyai.planning.fleet.approvers import of_secretariat
from moyai.planning.fleet.second_person import (
    First,
    Said,
    Signed,
    judge_first,
    judge_second,
    secretary,
    signed_with,
)
from moyai.planning.selectors import select
from moyai.registry.models import Registry
from moyai.runbook.commands import content_hash
from moyai.runbook.model import Runbook, Type, Value
from moyai.texts import JAPAN

APPROVAL_HOURS = 72
"""How long a signature counts."""
RUN = "run"
"""In the line that a runner signs, in the namespace of plans, where an approver's has the step."""


@dataclass(frozen=True, slots=True)
class Body:
    """A body that a run is about."""

    code: str
    name: str


class Judge:
    """Judges by tenants.yaml as it is now."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def run_line(self, runbook: Runbook, record: RunRecord) -> bytes:
        """What who runs it signs: the run, a hash over content and parameters, `run`."""
        known = record.known_values()
        given = {name: one for name, one in known.items() if name in {*runbook.parameters, "site"}}
        return signed_line(record.id, content_hash(runbook, given), RUN)

    def sha256(self, runbook: Runbook, record: RunRecord, now: datetime) -> str:
        """What is approved: content, parameters, answers so far, and the bodies that selectors mean now."""
        meant = self._meant(runbook, record, now.astimezone(JAPAN).date())
        return content_hash(runbook, record.known_values(), meant)

    def runner(
        self, runbook: Runbook, record: RunRecord, email: str, now: datetime
    ) -> Rejection | None:
        """Why somebody may not carry the run on, or None."""
        signature = record.runners.get(email)
        line = self.run_line(runbook, record)
        return judge_first(First(email, signature), line, self._registry, now)

    def approval(
        self, runbook: Runbook, record: RunRecord, step: str, given: Approval, now: datetime
    ) -> Rejection | None:
        """Why an approval of a step does not count now, or None. Raises nothing."""
        approver = secretary(given.by, self._registry)
        if isinstance(approver, Rejection):
            return approver
        signed = Signed(given.signature, moment(given.at), moment(given.signed_at))
        sha256 = self.sha256(runbook, record, now)
        said = Said(record.id, sha256, step, signed, APPROVAL_HOURS * 3600)
        bodies = self._bodies(runbook, record, now.astimezone(JAPAN).date())
        firsts = [First(email, signature) for email, signature in record.runners.items()]
        end = judge_second(approver, bodies, firsts, said, self._registry, now)
        return end if isinstance(end, Rejection) else None

    def signer(self, signature: str) -> str | None:
        """The address of the operator by whose key a signature says it is; None: nobody's."""
        key = signed_with(signature)
        people = of_secretariat(self._registry)
        return next((one.email for one in people if key is not None and one.has(key)), None)

    def _bodies(self, runbook: Runbook, record: RunRecord, day: date) -> Sequence[Body]:
        codes = set(named_bodies(runbook, record))
        for meant in self._meant(runbook, record, day).values():
            codes |= set(meant)
        names = {body.code: body.name for body in self._registry.tenants}
        return [Body(code, names.get(code, code)) for code in sorted(codes or names)]

    def _meant(self, runbook: Runbook, record: RunRecord, day: date) -> Mapping[str, Sequence[str]]:
        """Parameter → the bodies that its selectors mean; one that cannot be read any more means all."""
        found: dict[str, Sequence[str]] = {}
        for name, one in runbook.parameters.items():
            if one.type is Type.SELECTOR:
                words = _words(record.known_values().get(name))
                found[name] = sorted({code for word in words for code in self._codes(word, day)})
        return found

    def _codes(self, selector: str, day: date) -> Iterator[str]:
        try:
            yield from (body.code for body in select(self._registry, selector, day))
        except UsageError:
            yield from (body.code for body in self._registry.tenants)


def named_bodies(runbook: Runbook, record: RunRecord) -> tuple[str, ...]:
    """The codes of bodies that a run's parameters name."""
    known = record.known_values()
    names = [name for name, one in runbook.parameters.items() if one.type is Type.CODE]
    return tuple(sorted({code for name in names for code in _words(known.get(name))}))


def _words(value: Value) -> tuple[str, ...]:
    if value is None:
        return ()
    return value if isinstance(value, tuple) else (str(value),)
