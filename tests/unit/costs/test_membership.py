"""Who is in a pool, and for how long."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from tests.sample import SAMPLE
from tests.unit.costs.rulebook import pool, rules

from moyai.costs.apportion.inputs import Members, Presence
from moyai.costs.membership import members_of
from moyai.costs.periods import Period, period_of
from moyai.errors import UsageError
from moyai.registry.cost_rules import Pool, Prorating, ReferencePopulation, Subsidy, SubsidyWhen
from moyai.registry.load import require
from moyai.registry.models import Registry, Subscription


def _registry(*used: tuple[str, str, date, date | None]) -> Registry:
    """The sample, with these subscriptions only: body, service, from, until."""
    registry = require(SAMPLE)
    tenants = tuple(
        replace(
            body,
            subscriptions=tuple(
                Subscription(service, "standard", start, until, {})
                for code, service, start, until in used
                if code == body.code
            ),
        )
        for body in registry.tenants
    )
    return replace(registry, tenants=tenants)


def _members(registry: Registry, shared: Pool, period: str = "2026-05") -> Members:
    return members_of(registry, rules(shared), period_of(period), {})


OLD = date(2024, 4, 1)


def test_days_are_those_of_the_subscription() -> None:
    registry = _registry(
        ("271004", "chat", OLD, None),
        ("271403", "chat", date(2026, 5, 16), None),
        ("272027", "chat", OLD, date(2026, 5, 11)),
        ("272035", "chat", date(2026, 6, 1), None),
        ("272043", "chat", OLD, date(2026, 5, 1)),
        ("272051", "eapp-a", OLD, None),
    )
    found = _members(registry, pool("all", service="chat"))
    assert found.by_pool["all"] == {
        "271004": Presence(31, 31),
        "271403": Presence(16, 31, joins=True),
        "272027": Presence(10, 31, leaves=True),
    }


@pytest.mark.parametrize(
    ("start", "until", "presence"),
    [
        (OLD, date(2026, 5, 1), None),
        (OLD, date(2026, 5, 2), Presence(1, 31, leaves=True)),
        (OLD, date(2026, 5, 31), Presence(30, 31, leaves=True)),
        (OLD, date(2026, 6, 1), Presence(31, 31, leaves=True)),
        (OLD, date(2026, 6, 2), Presence(31, 31)),
        (date(2026, 4, 30), None, Presence(31, 31)),
        (date(2026, 5, 1), None, Presence(31, 31, joins=True)),
        (date(2026, 5, 31), None, Presence(1, 31, joins=True)),
        (date(2026, 6, 1), None, None),
        (date(2026, 5, 31), date(2026, 6, 1), Presence(1, 31, joins=True, leaves=True)),
    ],
)
def test_a_body_is_there_on_its_first_day_and_not_on_the_day_until(
    start: date, until: date | None, presence: Presence | None
) -> None:
    registry = _registry(
        ("271004", "chat", date(2024, 3, 1), None), ("271403", "chat", start, until)
    )
    found = _members(registry, pool("all", service="chat")).by_pool["all"]
    assert found.get("271403") == presence


def test_a_body_leaves_in_the_month_of_its_last_day_alone() -> None:
    registry = _registry(("271004", "chat", OLD, None), ("271403", "chat", OLD, date(2026, 6, 1)))
    months = [_members(registry, pool("all", service="chat"), f"2026-0{at}") for at in (4, 5, 6)]
    leaves = [one.by_pool["all"].get("271403") for one in months]
    assert [one and one.leaves for one in leaves] == [False, True, None]


def test_who_was_there_from_the_service_s_first_day_does_not_join() -> None:
    first = date(2026, 5, 10)
    registry = _registry(("271004", "chat", first, None), ("271403", "chat", first, None))
    found = _members(registry, pool("all", service="chat")).by_pool["all"]
    assert not any(one.joins for one in found.values())


def test_a_pool_without_a_service_has_all_that_its_selector_means_every_day() -> None:
    registry = _registry()
    found = _members(registry, pool("all", members="kind:村")).by_pool["all"]
    assert found == {"273830": Presence(31, 31)}


def test_a_selector_that_names_a_service_means_the_days_on_which_it_is_used() -> None:
    registry = _registry(
        ("271004", "chat", date(2026, 5, 16), None),
        ("271403", "chat", OLD, date(2026, 5, 16)),
        ("272027", "chat", OLD, None),
    )
    found = _members(registry, pool("all", members="not service:chat")).by_pool["all"]
    assert found["271004"].days == 15
    assert found["271403"].days == 16
    assert "272027" not in found


def test_reference_population_stands_in_place_of_the_bodies_own() -> None:
    registry = _registry()
    shared = rules(pool())
    counts = ReferencePopulation(date(2025, 9, 30), "住民基本台帳", {"273830": 4_800})
    found = members_of(registry, replace(shared, population=counts), Period(2026, 5), {})
    own = registry.tenant("271004")
    assert own is not None
    assert own.population is not None
    assert found.populations["273830"] == 4_800
    assert found.populations["271004"] == own.population.count


def test_quantities_of_a_merged_body_are_its_successors() -> None:
    registry = _registry()
    first = replace(registry.tenants[0], former_codes=("999999",))
    registry = replace(registry, tenants=(first, *registry.tenants[1:]))
    measured = {"requests": {"999999": Fraction(2), first.code: Fraction(3)}}
    found = members_of(registry, rules(pool()), Period(2026, 5), measured, {})
    assert found.drivers == {"requests": {first.code: Fraction(5)}}
    assert found.names["999999"] == found.names[first.slug] == first.code


def test_a_subsidy_is_for_whom_its_selector_means() -> None:
    own = Subsidy("過疎", SubsidyWhen.AFTER, Fraction(50), None, "kind:村")
    found = _members(_registry(), pool("all", subsidies=(own,), prorating=Prorating.MONTH))
    assert found.subsidised == {"all": {"過疎": ("273830",)}}


def test_a_subsidy_is_for_whom_its_selector_means_on_the_first_day() -> None:
    registry = _registry(
        ("271004", "chat", date(2026, 5, 1), date(2026, 5, 31)),
        ("271403", "chat", date(2026, 5, 2), None),
    )
    own = Subsidy("早期", SubsidyWhen.AFTER, Fraction(50), None, "service:chat")
    found = _members(registry, pool("all", subsidies=(own,)))
    assert found.subsidised == {"all": {"早期": ("271004",)}}


@pytest.mark.parametrize("words", ["2026-13", "2026-00", "26-05", "2026-5", "", "2026-05-01"])
def test_what_is_no_period_is_said(words: str) -> None:
    with pytest.raises(UsageError, match="is no period"):
        period_of(words)


def test_a_period_knows_its_days_and_its_fiscal_year() -> None:
    leap = period_of("2028-02")
    assert (leap.days, leap.next(), leap.previous()) == (29, Period(2028, 3), Period(2028, 1))
    assert [Period(2026, month).fiscal_year("04-01") for month in (3, 4, 12)] == [2025, 2026, 2026]
    assert Period(2026, 12).next() == Period(2027, 1)
    assert Period(2026, 1).previous() == Period(2025, 12)
