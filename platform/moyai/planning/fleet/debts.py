"""What a debt is, and what settles it. Pure.

A debt says what a body *lacks*: work of a kind and subject that was wanted of it and is not done. It is not
the entry of the operation that left it: whichever operation brings the body there settles it. Nothing is
lacking where nothing was to be changed: a look that could not be taken, or that failed, is not owed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from moyai.planning.fleet.status_words import LOOKS
from moyai.planning.releases import is_newer
from moyai.registry.models import Registry
from moyai.texts import Text

UPGRADE = "upgrade"
_OF_SERVICES = frozenset({"backup", "check"})
"""Kinds whose empty subject means all services of a body."""


@dataclass(frozen=True, slots=True)
class Debt:
    """What a body lacks."""

    id: int
    code: str
    kind: str
    subject: str
    """`eapp-a 1.1.0` of an upgrade."""
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class Done:
    """An operation that ended well on a body."""

    operation: str
    code: str
    kind: str
    subject: str
    ended_at: datetime


def settled_by(debt: Debt, done: Iterable[Done]) -> Done | None:
    """The first of some operations that gave the body what it lacked."""
    found = [one for one in done if one.ended_at >= debt.opened_at and _gives(one, debt)]
    return min(found, key=lambda one: one.ended_at, default=None)


def _gives(done: Done, debt: Debt) -> bool:
    if (done.code, done.kind) != (debt.code, debt.kind):
        return False
    if done.subject == debt.subject:
        return True
    if debt.kind in _OF_SERVICES:
        return not done.subject
    return debt.kind == UPGRADE and _reaches(done.subject, debt.subject)


def runs_already(service: str, release: str) -> Text:
    """A body that needs no upgrade any more."""
    return Text(f"すでに {service} {release} です", f"runs {service} {release} already")


def _reaches(subject: str, wanted: str) -> bool:
    """Whether an upgrade brought a body to the release that was wanted, or beyond."""
    service, _, release = subject.partition(" ")
    other, _, least = wanted.partition(" ")
    try:
        return service == other and not is_newer(least, release)
    except ValueError:  # no release: another version's subject
        return False


def why_void(
    debt: Debt,
    registry: Registry,
    day: date,
    releases: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
) -> Text | None:
    """Why nothing is lacking any more without anything having been done; None: it still is.

    `releases`: code → service → release on record, of bodies that are as applied and that no operation has in
    hand or left half-way.
    """
    if debt.kind in LOOKS:
        return Text("点検だけの作業は未了になりません", "what only looks leaves nothing owed")
    body = next((one for one in registry.tenants if one.code == debt.code), None)
    if body is None:
        return Text(
            f"{debt.code} は tenants.yaml にありません", f"tenants.yaml has no body {debt.code}"
        )
    service = debt.subject.partition(" ")[0]
    if debt.kind not in (UPGRADE, *_OF_SERVICES) or not service:
        return None
    used = body.subscription(service)
    if used is None or (used.has_begun(day) and not used.is_active(day)):
        return Text(f"{body.name}は {service} を利用していません", f"{body.name} uses no {service}")
    release = releases.get(debt.code, {}).get(service)
    if (
        debt.kind == UPGRADE
        and release is not None
        and _reaches(f"{service} {release}", debt.subject)
    ):
        return runs_already(service, release)
    return None


def furthest(debts: Iterable[tuple[str, str, str]]) -> Mapping[tuple[str, str], str]:
    """Body and service → the newest release that it is owed, of debts (code, kind, subject): that pays all."""
    found: dict[tuple[str, str], str] = {}
    for code, kind, subject in debts:
        service, _, release = subject.partition(" ")
        before = found.get((code, service))
        if kind == UPGRADE and (before is None or not _reaches(f"{service} {before}", subject)):
            found[code, service] = release
    return found


def what_settles(kind: str, subject: str, code: str, operation: str) -> Text:
    """The command that gives a body what it lacks."""
    commands = {"backup": "moyai backup run", "check": "moyai check"}
    if kind == UPGRADE:
        return Text(
            f"moyai upgrade {subject} {code}（より新しいリリースでもよい）",
            f"moyai upgrade {subject} {code}, or to a newer release",
        )
    if kind in commands:
        service = f" --service {subject}" if subject else ""
        both = f"{commands[kind]} {code}{service}"
    else:
        both = f"moyai operation retry {operation} {code}"
    return Text(both, both)
