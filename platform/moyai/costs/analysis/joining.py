"""What all would bear had bodies been in a service from a period's first day: late joiners' price. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date

from moyai.registry.cost_rules import Pool, RuleSet, SubsidyWhen
from moyai.registry.models import Registry, Subscription, Tenant
from moyai.registry.selector import Word, parse, words


def joined(registry: Registry, codes: Collection[str], service: str, day: date) -> Registry:
    """The registry as if these bodies used a service from `day` on, whatever they do later.

    Members of pools follow from it: those of the service, and those whose selector means its users. Who used
    it on that day already stays as it is.
    """
    return replace(
        registry,
        tenants=tuple(
            _with(body, service, day) if body.code in codes else body for body in registry.tenants
        ),
    )


def pools_of(rules: RuleSet, service: str) -> tuple[Pool, ...]:
    """Pools that are of a service: who uses it shares them."""
    return tuple(pool for pool in rules.pools if pool.service == service)


def pools_naming(rules: RuleSet, service: str) -> tuple[Pool, ...]:
    """Pools that are not of a service, and whose members or subsidised ones are chosen by whether they use
    it."""
    return tuple(
        pool
        for pool in rules.pools
        if pool.service != service
        and any(_has(text, service) for text in (pool.members, *_subsidised(pool)))
    )


def _subsidised(pool: Pool) -> Iterator[str]:
    return (one.bodies for one in pool.subsidies if one.when is SubsidyWhen.AFTER)


def _has(selector: str, service: str) -> bool:
    return Word("service", service) in words(parse(selector))


def is_in(body: Tenant, service: str, day: date) -> bool:
    """Whether a body uses a service on a day."""
    used = body.subscription(service)
    return used is not None and used.is_active(day)


def _with(body: Tenant, service: str, day: date) -> Tenant:
    if is_in(body, service, day):
        return body
    others = tuple(one for one in body.subscriptions if one.service != service)
    return replace(body, subscriptions=(*others, Subscription(service, "", day, None, {})))
