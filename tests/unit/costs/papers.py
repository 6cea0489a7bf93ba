"""Issues of statements for tests: of a few words, of a village and a city, and by Hypothesis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction

from hypothesis import strategies as st
from tests.unit.costs.rulebook import (
    RATES,
    allocate,
    bill,
    everybody,
    part,
    pool,
    rules,
    some_bill,
    some_members,
    some_rules,
)

from moyai.costs.apportion.inputs import Bill, Members, TaxCarried
from moyai.costs.statements.statement import Basis, Issue, issue
from moyai.registry.cost_rules import (
    Bearer,
    Instalments,
    Issuer,
    Rounding,
    RuleSet,
    ShareBy,
    TaxRule,
    Treatment,
)

BASIS = Basis(date(2026, 6, 10), "5f" * 32, "a1" * 32, "c3" * 32, "e7" * 32, closed=True)
ISSUER = Issuer(
    "大阪市町村共同体", "T1234567890123", "事務局 06-0000-0000", "見本銀行 本店 普通 1234567"
)
NAMES = {"271004": "大阪市", "271403": "堺市", "273830": "千早赤阪村"}
INSTALMENTS = Instalments(("05-20", "08-20", "11-20", "02-20"), 10_000_000)
TEN = Fraction(10)


def taxable(
    rule_set: RuleSet,
    difference: Bearer = Bearer.LARGEST_REMAINDER,
    lead: str | None = None,
    method: Rounding = Rounding.FLOOR,
) -> RuleSet:
    """The same rules with contributions that are taxable."""
    return replace(rule_set, tax=TaxRule(Treatment.TAXABLE, method, difference, lead))


def issued(
    one: Bill | None = None, rule_set: RuleSet | None = None, who: Members | None = None
) -> Issue:
    """Statements of three bodies, 20 % equally and 80 % by population where nothing else is said."""
    shared = pool("all", part(ShareBy.EQUAL, 20), part(ShareBy.POPULATION, 80), title="共同利用")
    rule_set = rule_set or rules(shared)
    made = allocate(one or bill(1_234_567), rule_set, who or everybody())
    return issue(made, rule_set, ISSUER, NAMES, BASIS)


@st.composite
def some_issue(draw: st.DrawFn) -> Issue:
    """Statements of any allocation, taxable or not."""
    rule_set = draw(some_rules())
    one = draw(some_bill())
    if draw(st.booleans()):
        rule_set = taxable(
            rule_set,
            draw(st.sampled_from(list(Bearer))),
            "271004",
            draw(st.sampled_from(list(Rounding))),
        )
        rates = [rate for rate in RATES if rate]
        one = replace(
            one, taxes=draw(st.dictionaries(st.sampled_from(rates), st.integers(-(10**9), 10**9)))
        )
    made = allocate(one, rule_set, draw(some_members(rule_set)))
    return issue(made, rule_set, ISSUER, NAMES, BASIS, draw(some_tax_carried([TEN])))


@st.composite
def some_tax_carried(draw: st.DrawFn, rates: Sequence[Fraction]) -> TaxCarried:
    """What the period before left of the tax, at some of these rates."""
    if not rates:
        return TaxCarried()
    yen = st.dictionaries(st.sampled_from(rates), st.integers(-999, 999), max_size=2)
    return TaxCarried(draw(yen), draw(yen))
