"""Registries for tests, of any size, out of the sample."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from datetime import date
from functools import cache
from ipaddress import IPv4Network

from tests.sample import SAMPLE

from moyai.registry.codes import national_list
from moyai.registry.load import require
from moyai.registry.models import CellSpec, Isolation, Kind, Registry, Subscription, Tenant

DAY = date(2026, 11, 23)


@cache
def sample() -> Registry:
    return require(SAMPLE)


def subscription(service: str, start: date = date(2024, 4, 1)) -> Subscription:
    target = sample().services[service]
    edition = target.default_edition or next(iter(target.manifest.editions))
    return Subscription(service, edition, start, None, {})


def body(code: str, services: Iterable[str] = ("chat", "eapp-b"), cell: str = "a") -> Tenant:
    """A body of this code, with one LGWAN range that only its code decides."""
    template = sample().tenants[0]
    number = int(code[:5])
    return dataclasses.replace(
        template,
        code=code,
        slug=f"b{code}",
        kind=Kind.CITY,
        isolation=Isolation.APPLICATION,
        cell=cell,
        cidr=None,
        lgwan=(IPv4Network(((10 << 24) + (number << 4), 28)),),
        subscriptions=tuple(subscription(one) for one in services),
    )


def registry(bodies: Iterable[Tenant], cells: Iterable[str] = ("a",)) -> Registry:
    known = sample()
    specs = tuple(
        CellSpec(name, IPv4Network(((10 << 24) + (number << 16), 16)))
        for number, name in enumerate(cells)
    )
    federation = dataclasses.replace(known.federation, cells=specs)
    return dataclasses.replace(known, federation=federation, tenants=tuple(bodies))


@cache
def all_codes() -> tuple[str, ...]:
    """The codes of all 1,741 municipalities."""
    return tuple(code for code, one in national_list().items() if one.kind != "都道府県")
