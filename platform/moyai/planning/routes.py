"""Listener rules of a cell: which hosts and ranges, in how many rules, with which priorities. Pure.

A rule takes five condition values, a host name being one, so that a staff route with many LGWAN
ranges becomes several rules. Priorities of one listener must differ: each is a hash of what the rule
is for, moved on where an earlier body of the file has it, so that adding a body at the end moves none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from ipaddress import IPv4Network
from typing import Literal

from moyai.planning import names
from moyai.registry.models import Isolation, Registry, Subscription, Tenant

Way = Literal["public", "staff"]

VALUES_PER_RULE = 5
HIGHEST_PRIORITY = 49_999
"""AWS takes 1–50,000; the last is kept for a rule of the cell itself."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One listener rule of one subscription."""

    code: str
    service: str
    way: Way
    host: str
    sources: tuple[IPv4Network, ...]
    """LGWAN ranges of the staff route; empty on the public one."""
    priority: int


def listener_rules(registry: Registry, cell: str, way: Way, day: date) -> tuple[Rule, ...]:
    """All rules of one listener of a shared cell, in the file's order of bodies."""
    shared = (
        body
        for body in registry.tenants
        if body.cell == cell and body.isolation is Isolation.APPLICATION
    )
    return _numbered(rule for body in shared for rule in _rules_of(registry, body, way, day))


def tenant_rules(registry: Registry, body: Tenant, day: date) -> tuple[Rule, ...]:
    """The rules of one body on both listeners of the cell that it uses."""
    ways: tuple[Way, ...] = ("public", "staff")
    if body.isolation is Isolation.NETWORK:
        return tuple(
            rule for way in ways for rule in _numbered(_rules_of(registry, body, way, day))
        )
    return tuple(
        rule
        for way in ways
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
    own = (body for body in registry.tenants if body.isolation is Isolation.NETWORK)
    return {code: tuple(rules) for code, rules in found.items()} | {
        body.code: tenant_rules(registry, body, day) for body in own
    }


def staff_sources(subscription: Subscription, body: Tenant) -> tuple[IPv4Network, ...]:
    """The LGWAN ranges that may use a subscription's staff route; its settings can close it."""
    if subscription.settings.get("lgwan_staff_route", True) is False:
        return ()
    return body.lgwan


def _rules_of(registry: Registry, body: Tenant, way: Way, day: date) -> Iterator[Rule]:
    for subscription in body.subscriptions:
        if not subscription.is_active(day):
            continue
        routes = registry.services[subscription.service].manifest.routes
        pattern = routes.public if way == "public" else routes.staff
        if pattern is None:
            continue
        host = names.host(pattern, registry.federation, body.slug, body.code)
        if way == "public":
            yield Rule(body.code, subscription.service, way, host, (), 0)
            continue
        sources = staff_sources(subscription, body)
        for some in _in_parts(sources):
            yield Rule(body.code, subscription.service, way, host, some, 0)


def _in_parts(sources: tuple[IPv4Network, ...]) -> Iterator[tuple[IPv4Network, ...]]:
    size = VALUES_PER_RULE - 1
    for start in range(0, len(sources), size):
        yield sources[start : start + size]


def _numbered(rules: Iterator[Rule]) -> tuple[Rule, ...]:
    taken: set[int] = set()
    numbered: list[Rule] = []
    for rule in rules:
        sources = ",".join(map(str, rule.sources))
        words = f"{rule.code}/{rule.service}/{rule.way}/{sources}"
        priority = int.from_bytes(hashlib.sha256(words.encode()).digest()[:8], "big")
        priority = priority % HIGHEST_PRIORITY + 1
        while priority in taken:
            priority = priority % HIGHEST_PRIORITY + 1
        taken.add(priority)
        numbered.append(Rule(rule.code, rule.service, rule.way, rule.host, rule.sources, priority))
    return tuple(numbered)
