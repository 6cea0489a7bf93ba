"""Listener rules: few values each, priorities that differ and do not move."""

from __future__ import annotations

import dataclasses
import random
import sys
from datetime import date
from ipaddress import IPv4Network
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from made_registries import DAY, all_codes, body, registry, sample, subscription

from moyai.planning.routes import (
    HIGHEST_PRIORITY,
    VALUES_PER_CONDITION,
    VALUES_PER_RULE,
    Rule,
    Way,
    listener_rules,
    rules_by_body,
    tenant_rules,
)
from moyai.registry.models import Isolation

OSAKA = tuple(code for code in all_codes() if code.startswith("27"))


def priorities(rules: tuple[Rule, ...]) -> dict[tuple[str, str, int], int]:
    return {(rule.code, rule.service, rule.part): rule.priority for rule in rules}


def staff(codes: list[str] | tuple[str, ...]) -> dict[tuple[str, str, int], int]:
    made = registry(body(code) for code in codes)
    return priorities(listener_rules(made, "a", "staff", DAY))


def test_priorities_of_all_municipalities_in_one_cell_differ() -> None:
    assert len(all_codes()) == 1741
    made = registry(body(code, ("chat", "eapp-a", "eapp-b")) for code in all_codes())
    ways: tuple[Way, ...] = ("public", "staff")
    for way, services in zip(ways, (2, 3), strict=True):
        rules = listener_rules(made, "a", way, DAY)
        assert len(rules) == 1741 * services
        assert len({rule.priority for rule in rules}) == len(rules)
        assert all(1 <= rule.priority <= HIGHEST_PRIORITY for rule in rules)


@given(st.sets(st.sampled_from(OSAKA)), st.sampled_from(OSAKA), st.randoms())
@settings(max_examples=40, deadline=None)
def test_body_that_comes_moves_no_other(there: set[str], new: str, chance: random.Random) -> None:
    before = sorted(there - {new})
    chance.shuffle(before)
    after = [*before]
    after.insert(chance.randint(0, len(after)), new)
    known = staff(before)
    moved = staff(after)
    assert {key: moved[key] for key in known} == known


@given(st.sets(st.sampled_from(all_codes()), max_size=60), st.sampled_from(all_codes()))
@settings(max_examples=40, deadline=None)
def test_other_prefectures_move_no_body_of_the_federations_own(there: set[str], new: str) -> None:
    known = staff(sorted(there - {new}))
    moved = staff(sorted(there | {new}))
    home = {key for key in known if key[0].startswith("27")}
    assert {key: moved[key] for key in home} == {key: known[key] for key in home}
    others = {key for key in known if key[0][2:5] != new[2:5]}
    assert {key: moved[key] for key in others} == {key: known[key] for key in others}


def test_end_of_one_subscription_moves_no_other() -> None:
    one = body("272027", ("chat", "eapp-a", "eapp-b"))
    known = priorities(tenant_rules(registry([one]), one, DAY))
    ended = dataclasses.replace(one.subscriptions[0], until=date(2025, 4, 1))
    later = dataclasses.replace(one, subscriptions=(ended, *one.subscriptions[1:]))
    left = priorities(tenant_rules(registry([later]), later, DAY))
    assert {key[1] for key in left} == {"eapp-a", "eapp-b"}
    assert left == {key: known[key] for key in left}


@given(st.integers(0, 60))
@settings(deadline=None)
def test_ranges_are_spread_over_rules_and_none_is_lost(count: int) -> None:
    ranges = tuple(IPv4Network(((10 << 24) + (number << 8), 24)) for number in range(count))
    one = dataclasses.replace(body("272027", ("chat",)), lgwan=ranges)
    rules = listener_rules(registry([one]), "a", "staff", DAY)
    assert tuple(source for rule in rules for source in rule.sources) == ranges
    assert all(len(rule.sources) <= VALUES_PER_CONDITION for rule in rules)
    assert all(1 + len(rule.sources) <= VALUES_PER_RULE for rule in rules)
    assert [rule.part for rule in rules] == list(range(len(rules)))
    assert len({rule.priority for rule in rules}) == len(rules)


def test_body_without_lgwan_has_no_staff_rule() -> None:
    one = dataclasses.replace(body("272027"), lgwan=())
    made = registry([one])
    assert not listener_rules(made, "a", "staff", DAY)
    assert listener_rules(made, "a", "public", DAY)


def test_setting_closes_the_staff_route_of_its_service() -> None:
    closed = dataclasses.replace(subscription("eapp-b"), settings={"lgwan_staff_route": False})
    one = dataclasses.replace(body("272027"), subscriptions=(subscription("chat"), closed))
    rules = tenant_rules(registry([one]), one, DAY)
    assert {(rule.service, rule.way) for rule in rules} == {
        ("chat", "staff"),
        ("eapp-b", "public"),
    }


def test_bodies_with_a_cell_of_their_own_take_none_of_the_shared_one() -> None:
    own = dataclasses.replace(
        body("271403"), isolation=Isolation.NETWORK, cidr=IPv4Network("10.64.0.0/20")
    )
    made = registry([own, body("272027")])
    assert {rule.code for rule in listener_rules(made, "a", "staff", DAY)} == {"272027"}
    assert {rule.code for rule in tenant_rules(made, own, DAY)} == {"271403"}


def test_rules_of_all_bodies_are_those_of_each() -> None:
    known = sample()
    together = rules_by_body(known, DAY)
    assert set(together) == {one.code for one in known.tenants}
    for one in known.tenants:
        assert set(together[one.code]) == set(tenant_rules(known, one, DAY))
