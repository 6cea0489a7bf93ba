"""Listener rules of a cell: which hosts and ranges, in how many rules, with which priorities. Pure.

A rule takes five condition values, three of one kind, so that a staff route with many LGWAN ranges
becomes several rules. Priorities of one listener must differ, and none may move because another body
came or went: a priority is 1,000 times a slot, which a hash chooses, plus the three digits of the
code that number a body within its prefecture. Bodies of one prefecture thus never meet. Where bodies
of several prefectures share a cell and two of them a number, the federation's own prefecture chooses
its slots first, then the others by code, each the next slot that is free.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from ipaddress import IPv4Network
from typing import Literal

from moyai.planning import names
from moyai.planning.topology import enters_cell
from moyai.registry.codes import national_list
from moyai.registry.models import Federation, Registry, Subscription, Tenant

Way = Literal["public", "staff"]
WAYS: tuple[Way, ...] = ("public", "staff")

VALUES_PER_RULE = 5
VALUES_PER_CONDITION = 3
"""Elastic Load Balancing, Condition types for listener rules: three match evaluations per condition,
five per rule."""
HIGHEST_PRIORITY = 50_000
NUMBERS = 1_000
"""What the three digits of a code that number a body within its prefecture can be."""
SLOTS = HIGHEST_PRIORITY // NUMBERS - 1
"""Rules of bodies with the same number that one listener has room for."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One listener rule of one subscription."""

    code: str
    service: str
    way: Way
    host: str
    sources: tuple[IPv4Network, ...]
    """LGWAN ranges of the staff route; empty on the public one."""
    part: int
    """Which of its subscription's rules on this way, from 0."""
    priority: int


def listener_rules(registry: Registry, cell: str, way: Way, day: date) -> tuple[Rule, ...]:
    """All rules of one listener of a shared cell on a day, in the file's order of bodies."""
    shared = (body for body in registry.tenants if body.cell == cell and enters_cell(body))
    return _rules(registry, shared, way, day)


def tenant_rules(registry: Registry, body: Tenant, day: date) -> tuple[Rule, ...]:
    """The rules of one body on both listeners of the cell that it uses."""
    if not enters_cell(body):
        return tuple(rule for way in WAYS for rule in _rules(registry, [body], way, day))
    return tuple(
        rule
        for way in WAYS
        for rule in listener_rules(registry, body.cell, way, day)
        if rule.code == body.code
    )


def rules_by_body(registry: Registry, day: date) -> dict[str, tuple[Rule, ...]]:
    """Code → rules, of all bodies at once: what `tenant_rules` says of each."""
    found: dict[str, list[Rule]] = {body.code: [] for body in registry.tenants}
    for cell in registry.federation.cells:
        for rule in (
            *listener_rules(registry, cell.name, "public", day),
            *listener_rules(registry, cell.name, "staff", day),
        ):
            found[rule.code].append(rule)
    own = (body for body in registry.tenants if not enters_cell(body))
    return {code: tuple(rules) for code, rules in found.items()} | {
        body.code: tenant_rules(registry, body, day) for body in own
    }


def staff_sources(subscription: Subscription, body: Tenant) -> tuple[IPv4Network, ...]:
    """The LGWAN ranges that may use a subscription's staff route; its settings can close it."""
    return () if closes_staff_route(subscription) else body.lgwan


def closes_staff_route(subscription: Subscription) -> bool:
    """Whether a subscription's settings close its staff route, whatever ranges its body has."""
    return subscription.settings.get("lgwan_staff_route", True) is False


def _rules(registry: Registry, bodies: Iterable[Tenant], way: Way, day: date) -> tuple[Rule, ...]:
    """Numbered with all subscriptions that the file has, so that a beginning or end moves none."""
    found = [
        (rule, subscription.is_active(day))
        for body in bodies
        for subscription in body.subscriptions
        for rule in _rules_of(registry, body, subscription, way)
    ]
    numbered = _numbered(registry.federation, [rule for rule, _ in found])
    return tuple(rule for rule, (_, active) in zip(numbered, found, strict=True) if active)


def _rules_of(
    registry: Registry, body: Tenant, subscription: Subscription, way: Way
) -> Iterator[Rule]:
    routes = registry.services[subscription.service].manifest.routes
    pattern = routes.public if way == "public" else routes.staff
    if pattern is None:
        return
    host = names.host(pattern, registry.federation, body.slug, body.code)
    sources = [()] if way == "public" else _in_parts(staff_sources(subscription, body))
    for part, some in enumerate(sources):
        yield Rule(body.code, subscription.service, way, host, some, part, 0)


def _in_parts(sources: tuple[IPv4Network, ...]) -> Iterator[tuple[IPv4Network, ...]]:
    size = min(VALUES_PER_CONDITION, VALUES_PER_RULE - 1)
    for start in range(0, len(sources), size):
        yield sources[start : start + size]


def _numbered(federation: Federation, rules: list[Rule]) -> tuple[Rule, ...]:
    """The rules with their priorities, in the order given."""
    home = _prefecture(federation)
    taken: set[int] = set()
    chosen: dict[tuple[str, str, int], int] = {}
    for rule in sorted(rules, key=lambda rule: (rule.code[:2] != home, rule.code)):
        priority = next(one for one in _priorities(rule) if one not in taken)
        taken.add(priority)
        chosen[rule.code, rule.service, rule.part] = priority
    return tuple(
        replace(rule, priority=chosen[rule.code, rule.service, rule.part]) for rule in rules
    )


def _priorities(rule: Rule) -> Iterable[int]:
    """Where a rule may lie, the best place first."""
    number = int(rule.code[2:5])
    words = f"{rule.code[:2]}/{rule.service}/{rule.part}"
    first = int.from_bytes(hashlib.sha256(words.encode()).digest()[:8], "big")
    for step in range(SLOTS):
        yield (first + step) % SLOTS * NUMBERS + number + 1
    # More rules than slots: a cell that has them passes its quota of rules long before.
    yield from range(HIGHEST_PRIORITY, SLOTS * NUMBERS, -1)
    yield from range(1, SLOTS * NUMBERS + 1)


def _prefecture(federation: Federation) -> str:
    """The two digits with which the codes of the federation's prefecture begin."""
    for listed in national_list().values():
        if listed.name == federation.prefecture:
            return listed.code[:2]
    return ""
