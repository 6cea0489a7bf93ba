"""Who may ask for work, who may be the second person for it, and for how long that holds. Pure.

One set of rules for plans of operations and for runs of runbooks (ADR 0012). Nothing that is stored beside a
signature is believed: key, role, bodies and last day are those of tenants.yaml as it is now.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from moyai.approvals.keys import read_key
from moyai.approvals.rejections import Rejection
from moyai.approvals.signatures import read_signature, verify
from moyai.approvals.subjects import APPROVAL_NAMESPACE, PLAN_NAMESPACE, Subject, approval_line
from moyai.approvals.wire import Malformed
from moyai.errors import UsageError
from moyai.planning.fleet import refusals
from moyai.planning.fleet.approvers import Approver, of_bodies, of_secretariat
from moyai.planning.selectors import parse as parse_selector
from moyai.registry.models import Registry
from moyai.registry.persons import called
from moyai.registry.selector import ALL
from moyai.texts import JAPAN

CLOCKS_APART = timedelta(minutes=5)
"""So far may a signer's clock be ahead of the clock of who keeps the record."""


class Named(Protocol):
    """A body that something is about."""

    @property
    def code(self) -> str:
        """Its six digits."""
        ...

    @property
    def name(self) -> str:
        """For people."""
        ...


@dataclass(frozen=True, slots=True)
class First:
    """Who asks for something: plans an operation, runs a runbook."""

    email: str
    signature: str | None
    """Over what is asked for: its key may approve nothing, whoever has it by now."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature that is somebody's claim until it is judged."""

    signature: str
    """Armoured."""
    recorded_at: datetime
    """By the clock of who keeps the record, in UTC."""
    signed_at: datetime | None
    """The moment in the line that was signed, in UTC; None: of a version whose lines had none."""


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody's signature is said to be about."""

    about: str
    """An operation, or a run of a runbook."""
    sha256: str
    """Of all that is agreed to, reckoned."""
    subject: Subject | str
    signed: Signed
    seconds: int
    """How long such a word holds."""


def judge_first(
    first: First,
    line: bytes,
    registry: Registry,
    now: datetime,
    concerned: Sequence[Named] = (),
) -> Rejection | None:
    """Whether who asks is an operator of today who may, for all that are concerned, and signed the line as one
    who asks."""
    person = who_asks(first.email, concerned, registry, now.astimezone(JAPAN).date())
    if isinstance(person, Rejection):
        return person
    if first.signature is None:
        return refusals.unsigned(person.email)
    return verify(first.signature, line, PLAN_NAMESPACE, person.ssh_key)


def who_asks(
    email: str, concerned: Sequence[Named], registry: Registry, day: date
) -> Approver | Rejection:
    """The operator of an address, or why they may not plan or steer: role, last day, bodies."""
    person = called(of_secretariat(registry), email)
    if person is None:
        return refusals.unknown_person(email)
    if person.role not in ("operator", "approver"):
        return refusals.no_planner(person.email)
    if day > person.expires:
        return refusals.expired_person(person.email, person.expires)
    left = _not_meant(person.bodies, concerned, registry, day)
    return refusals.not_theirs(person.email, [one.name for one in left]) if left else person


def secretary(email: str, registry: Registry) -> Approver | Rejection:
    """The person of the secretariat of an address, or why there is none: it is a body's own approver's, or
    nobody's."""
    found = called(of_secretariat(registry), email)
    if found is not None:
        return found
    if called(of_bodies(registry), email) is not None:
        return refusals.not_its_body(email)
    return refusals.unknown_person(email)


def judge_second(
    approver: Approver,
    concerned: Sequence[Named],
    firsts: Iterable[First],
    said: Said,
    registry: Registry,
    now: datetime,
) -> datetime | Rejection:
    """Until when somebody's word counts, or why it does not: role, bodies, another person and key, the line
    that was signed, its age."""
    rejection = (
        may(approver, concerned, registry, now.astimezone(JAPAN).date())
        or another(approver, firsts, registry)
        or signed_by(approver, said)
    )
    return until(said.signed, said.seconds, now) if rejection is None else rejection


def may(
    approver: Approver, concerned: Sequence[Named], registry: Registry, day: date
) -> Rejection | None:
    """Role, last day, bodies: why the person may not approve for all that are concerned."""
    if approver.role != "approver":
        return refusals.no_approver(approver.email)
    if day > approver.expires:
        return refusals.expired_person(approver.email, approver.expires)
    if approver.body is not None:
        return None
    left = _not_meant(approver.bodies, concerned, registry, day)
    return refusals.not_theirs(approver.email, [one.name for one in left]) if left else None


def _not_meant(
    selector: str, concerned: Sequence[Named], registry: Registry, day: date
) -> Sequence[Named]:
    """The bodies that a selector does not mean. One that the file no longer has is meant by `all` only."""
    try:
        read = parse_selector(selector)
    except UsageError:
        return concerned
    if read.expression == ALL:
        return ()
    bodies = {body.code: body for body in registry.tenants}
    return [
        one
        for one in concerned
        if one.code not in bodies or not read.matches(bodies[one.code], day)
    ]


def another(approver: Approver, firsts: Iterable[First], registry: Registry) -> Rejection | None:
    """Four eyes: neither the address nor a key of anybody who asks for it."""
    every = (*of_secretariat(registry), *of_bodies(registry))
    own = _blob(approver.ssh_key)
    for first in firsts:
        if approver.is_called(first.email):
            return refusals.same_person(approver.email)
        taken = [_blob(one.ssh_key) for one in every if one.is_called(first.email)]
        if own is not None and own in (*taken, signed_with(first.signature)):
            return refusals.same_key(approver.email)
    return None


def _blob(line: str) -> bytes | None:
    try:
        return read_key(line).blob
    except ValueError:
        return None  # whose signature counts for nothing


def signed_with(signature: str | None) -> bytes | None:
    """The public key that a signature says it is by; None where there is none or it cannot be read."""
    try:
        return None if signature is None else read_signature(signature).public_key
    except Malformed:
        return None


def signed_by(approver: Approver, said: Said) -> Rejection | None:
    """Whether the line with its moment is what the approver's key signed."""
    if said.signed.signed_at is None:
        return refusals.no_moment()
    try:
        line = approval_line(said.about, said.sha256, said.subject, said.signed.signed_at)
    except ValueError:
        return refusals.unknown_moment()
    return verify(said.signed.signature, line, APPROVAL_NAMESPACE, approver.ssh_key)


def until(signed: Signed, seconds: int, now: datetime) -> datetime | Rejection:
    """When a signature ages out, or why it counts no longer or not yet.

    The age counts from the earlier moment: the same signature put on record again is no younger, and a
    line that was signed with a later moment than it came in with is none of now.
    """
    if signed.signed_at is None:
        return refusals.no_moment()
    if signed.signed_at > min(signed.recorded_at, now) + CLOCKS_APART:
        return refusals.signed_in_the_future(signed.signed_at)
    end = min(signed.signed_at, signed.recorded_at) + timedelta(seconds=seconds)
    return refusals.aged_out(end) if now >= end else end
