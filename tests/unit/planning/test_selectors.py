"""What selectors mean in the sample."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sample import SAMPLE

from moyai.errors import ExitCode, UsageError
from moyai.planning.selectors import (
    Vanished,
    codes_then,
    former_codes_in,
    parse,
    select,
    select_with,
)
from moyai.registry.load import require
from moyai.registry.models import Isolation, Kind

REGISTRY = require(SAMPLE)
TODAY = date(2026, 11, 23)
EVERYBODY = {body.code for body in REGISTRY.tenants}


def _codes(text: str, day: date = TODAY) -> set[str]:
    return {body.code for body in select(REGISTRY, text, day)}


def _named(*slugs: str) -> set[str]:
    return {body.code for body in REGISTRY.tenants if body.slug in slugs}


@pytest.mark.parametrize(
    ("text", "slugs"),
    [
        ("271004", ["osaka"]),
        ("osaka", ["osaka"]),
        ("大阪市", ["osaka"]),
        ("sakai kanan, 272027", ["sakai", "kanan", "kishiwada"]),
        ("isolation:network", ["sakai"]),
        ("kind:政令市 not sakai", ["osaka"]),
        ("kind:村 or kind:政令市", ["osaka", "sakai", "chihayaakasaka"]),
        ("tag:wave=canary", ["kanan", "takatsuki", "tondabayashi"]),
        ("tag:wave and not service:chat", ["kanan"]),
        ("(sakai osaka) and isolation:application", ["osaka"]),
        ("not (all not misaki)", ["misaki"]),
    ],
)
def test_who_is_meant(text: str, slugs: list[str]) -> None:
    assert _codes(text) == _named(*slugs)


@given(st.integers(0, 3_000_000), st.integers(0, 3_000_000))
def test_a_range_of_residents_has_both_of_its_ends_and_every_body_whose_number_is_known(
    one: int, two: int
) -> None:
    first, last = sorted((one, two))
    known = {b.code: b.population.count for b in REGISTRY.tenants if b.population is not None}
    within = {code for code, count in known.items() if first <= count <= last}
    assert _codes(f"population:{first}..{last}") == within
    up_to = _codes(f"population:..{last}")
    assert up_to == {code for code, count in known.items() if count <= last}
    assert up_to | _codes(f"population:{last + 1}..") == set(known)


def test_a_body_of_unknown_size_is_in_no_range_and_in_what_is_not_one() -> None:
    unknown = replace(REGISTRY.tenants[0], population=None)
    assert not parse("population:0..").matches(unknown, TODAY)
    assert parse("not population:0..").matches(unknown, TODAY)


def test_all_and_cells() -> None:
    assert _codes("all") == EVERYBODY == _codes("cell:a")
    assert _codes("not all") == set()


def test_bodies_come_in_the_file_s_order() -> None:
    found = [body.code for body in select(REGISTRY, "kanan osaka sakai", TODAY)]
    assert found == [code for code in (b.code for b in REGISTRY.tenants) if code in found]


def test_a_service_means_active_subscriptions_on_the_day() -> None:
    begins = _named("chihayaakasaka")
    assert begins <= _codes("service:chat", date(2027, 4, 1))
    assert not begins & _codes("service:chat", date(2027, 3, 31))
    ends = _named("daito")
    assert ends <= _codes("service:eapp-b", date(2027, 3, 31))
    assert not ends & _codes("service:eapp-b", date(2027, 4, 1))


def test_a_selector_read_once_is_asked_body_by_body() -> None:
    selector = parse("kind:中核市")
    core = {body.code for body in REGISTRY.tenants if selector.matches(body, TODAY)}
    assert core == {body.code for body in REGISTRY.tenants if body.kind is Kind.CORE_CITY}
    apart = parse("isolation:network")
    assert [b.isolation for b in REGISTRY.tenants if apart.matches(b, TODAY)] == [Isolation.NETWORK]


@pytest.mark.parametrize(
    ("text", "what", "hint"),
    [
        ("sakaii", "there is no body 'sakaii'", "sakai"),
        ("271005", "there is no body '271005'", "271004"),
        ("service:eap-a", "there is no service 'eap-a'", "eapp-a"),
        ("kind:中核", "there is no kind '中核'", "中核市"),
        ("tag:waev", "there is no tag 'waev'", "wave"),
        ("cell:z", "there is no cell 'z'", "Known: a"),
        ("foo", "there is no body 'foo'", "moyai tenant list"),
        ("999999", "there is no body '999999'", "moyai tenant list"),
        ("not sakai osaka", "a word follows a `not`", "sakai 272027"),
        ("", "the selector is empty", "For example"),
    ],
)
def test_what_names_nothing_is_a_usage_error(text: str, what: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        select(REGISTRY, text, TODAY)
    lines = caught.value.lines("en")
    assert what in lines[0]
    assert hint in lines[-1]
    assert caught.value.exit_code is ExitCode.USAGE


GONE = Vanished("270008", "moved", "移った市")
LEFT = Vanished("273830", "former", "去った村")


@pytest.mark.parametrize(
    ("text", "bodies", "vanished"),
    [
        ("all", EVERYBODY, {GONE, LEFT}),
        ("all not former", EVERYBODY, {GONE}),
        ("not 去った村", EVERYBODY, {GONE}),
        ("former", set(), {LEFT}),
        ("osaka, former", {"271004"}, {LEFT}),
        ("osaka and former", set(), set()),
        ("kind:村 or former", {"273830"}, {LEFT}),
        ("not kind:村", EVERYBODY - {"273830"}, {GONE, LEFT}),
        ("（273830）", {"273830"}, {LEFT}),
    ],
)
def test_bodies_that_vanished_are_meant_by_the_same_words(
    text: str, bodies: set[str], vanished: set[Vanished]
) -> None:
    found = select_with(REGISTRY, [GONE, LEFT], text, TODAY)
    assert {body.code for body in found.bodies} == bodies
    assert set(found.vanished) == vanished
    assert found.is_everyone == (text == "all")


def test_a_word_of_neither_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="there is no body 'formr'"):
        select_with(REGISTRY, [LEFT], "formr", TODAY)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("279978", {"279978"}),
        ("old", {"279978"}),
        ("osaka", {"271004", "279978"}),
        ("大阪市 not 279978", {"271004"}),
        ("kind:政令市 not sakai", {"271004", "279978"}),
        ("all not osaka", EVERYBODY - {"271004"}),
        ("all not 279978", EVERYBODY),
        ("279986", {"271004"}),
        ("sakai, 279978", {"271403", "279978"}),
    ],
)
def test_the_code_of_a_body_that_stood_for_itself_then_means_it_alone(
    text: str, codes: set[str]
) -> None:
    osaka = replace(REGISTRY.tenants[0], former_codes=("279978", "279986"))
    assert osaka.code == "271004"
    registry = replace(REGISTRY, tenants=(osaka, *REGISTRY.tenants[1:]))
    found = codes_then(registry, [Vanished("279978", "old", "昔の市")], text, TODAY)
    assert found == codes
    assert former_codes_in(registry, text).keys() == {
        code for code in ("279978", "279986") if code in text
    }


WORD = st.sampled_from(
    ["osaka", "sakai", "271004", "all", "service:chat", "kind:町", "isolation:network", "tag:wave"]
)
EXPRESSION = st.recursive(
    WORD,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda text: f"(not {text})"),
    ),
    max_leaves=6,
)  # fmt: skip


@given(EXPRESSION, EXPRESSION)
def test_selectors_are_sets(first: str, second: str) -> None:
    one, two = _codes(first), _codes(second)
    assert _codes(f"{first} and {second}") == one & two
    assert _codes(f"{first} or {second}") == one | two == _codes(f"{first}, {second}")
    assert _codes(f"not {first}") == EVERYBODY - one
    assert _codes(f"{first} not {second}") == one - two
