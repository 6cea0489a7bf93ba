"""The way of one yen."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from fractions import Fraction

import pytest
from tests.unit.costs.rulebook import FULL, MAY, members, part, pool, rules

from moyai.costs.apportion.allocate import allocate
from moyai.costs.apportion.allocation import Allocation
from moyai.costs.apportion.catching import catch
from moyai.costs.explain.lines import Place, lines_of, place_of
from moyai.costs.explain.way import Source, Way, way_of
from moyai.costs.ledger.groups import RowGroup
from moyai.costs.ledger.invoices import Invoice
from moyai.costs.statements.taxes import tax
from moyai.costs.yen import Converted, in_yen
from moyai.errors import UsageError
from moyai.registry.cost_rules import Condition, Direct, Flow, ShareBy

WHO = members({"labour": {"271004": FULL}, "chat": {"271004": FULL, "273830": FULL}})
RULES = rules(
    pool(
        "labour",
        where=(Condition("ServiceName", ("人件費",)),),
        flows=(Flow("chat", Fraction(100)),),
    ),
    pool("chat", part(ShareBy.EQUAL), where=(Condition("ServiceName", ("chat*",)),), joining_fee=0),
    direct=(Direct("tag", (), "Tags.tenant", {}, ()),),
)


def _group(service: str, amount: str, tenant: str | None = None, currency: str = "USD") -> RowGroup:
    values = {"ServiceName": service, "Tags.tenant": tenant}
    issuer = "AWS" if currency == "USD" else "業者"
    rate = None if currency == "USD" else Fraction(0)
    caught = catch(RULES, values, WHO.names)
    return RowGroup(values, issuer, None, None, currency, False, rate, Decimal(amount), 1, caught)


@pytest.fixture
def converted() -> Converted:
    groups = [
        _group("chat-db", "6"),
        _group("chat-web", "3"),
        _group("chat-credit", "-1"),
        _group("chat-db", "2", tenant="273830"),
        _group("人件費", "200", currency="JPY"),
    ]
    paid = Invoice("N", "AWS", None, "USD", Decimal(10), 1500, 0, Fraction(10), None, None, None)
    return in_yen(MAY, groups, [paid], RULES.tax)


def _way(
    made: Allocation, converted: Converted, code: str, yen: int, number: int | None = None
) -> tuple[Place, Way]:
    place = place_of(MAY, code, lines_of(made, RULES, tax(made, RULES.tax), code), yen, number)
    found = way_of(made, converted, place)
    assert found is not None
    return place, found


def _ways(converted: Converted, code: str) -> Counter[str]:
    made = allocate(converted.bill, RULES, WHO)
    body = dict(made.bodies())[code]
    whole = sum(max(line.jpy, 0) for one in body for line in one.lines)
    found: Counter[str] = Counter()
    for yen in range(1, whole + 1):
        _, way = _way(made, converted, code, yen)
        assert way.bucket is not None
        assert way.origin is not None
        assert 0 < way.position < 1
        found[f"{way.borne.rule} {way.bucket.values['ServiceName']}"] += 1
    return found


def test_every_yen_has_a_way_and_they_come_from_where_the_costs_arose(converted: Converted) -> None:
    # 1,500 yen for 10 dollars: 1,200 of the pool (1,350 of it above zero), 300 directly, 200 of labour.
    village = _ways(converted, "273830")
    assert village["tag chat-db"] == 300
    assert sum(village.values()) == 300 + 700
    city = _ways(converted, "271004")
    # 200 / 1,400 of the pool's 700 yen came with labour, the rest 6 : 3 from the rows above zero.
    assert city == {"chat 人件費": 100, "chat chat-db": 400, "chat chat-web": 200}


def test_a_way_names_line_pools_and_invoice(converted: Converted) -> None:
    made = allocate(converted.bill, RULES, WHO)
    place, way = _way(made, converted, "271004", 1)
    assert (place.number, place.at, way.line.jpy) == (1, 1, 700)
    assert [(step.account.name, step.source) for step in way.pools] == [("chat", Source.CAUGHT)]
    _, last = _way(made, converted, "271004", 700)
    assert [(step.account.name, step.pool, step.jpy) for step in last.pools] == [
        ("chat", "labour", 200),
        ("labour", None, 200),
    ]
    assert way.origin is not None
    assert way.origin.invoice is not None
    assert (way.origin.invoice.number, way.origin.factor) == ("N", 150)


@pytest.mark.parametrize(("code", "yen"), [("271004", 701), ("271004", 0), ("272027", 1)])
def test_a_yen_that_nobody_bears_has_no_way(converted: Converted, code: str, yen: int) -> None:
    made = allocate(converted.bill, RULES, WHO)
    with pytest.raises(UsageError, match="there is no yen number"):
        _way(made, converted, code, yen)


def test_a_yen_of_a_line_below_zero_is_followed_through_credits() -> None:
    groups = [
        _group("chat-db", "100", currency="JPY"),
        _group("chat-credit", "-700", currency="JPY"),
    ]
    converted = in_yen(MAY, groups, [], RULES.tax)
    made = allocate(converted.bill, RULES, WHO)
    place, way = _way(made, converted, "271004", 300, 1)
    assert (place.number, place.at, way.line.jpy) == (1, 300, -300)
    assert [(step.account.name, step.source) for step in way.pools] == [("chat", Source.CAUGHT)]
    assert way.bucket is not None
    assert way.bucket.values["ServiceName"] == "chat-credit"
    with pytest.raises(UsageError, match="there is no yen number 301"):
        _way(made, converted, "271004", 301, 1)
    with pytest.raises(UsageError, match=r"has 1 line; there is no line 2\."):
        _way(made, converted, "271004", 1, 2)


def test_a_line_is_asked_for_by_its_number(converted: Converted) -> None:
    made = allocate(converted.bill, RULES, WHO)
    # The direct rule's first, as in the statement.
    for number, (rule, jpy) in enumerate((("tag", 300), ("chat", 700)), 1):
        place, way = _way(made, converted, "273830", jpy, number)
        assert (way.borne.rule, way.line.jpy, place.at) == (rule, jpy, jpy)
