"""Bills, rules and members by chance, for the campaign: what was paid is known without the code under test."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from tests.unit.costs.rulebook import CODES, part, pool, rules

from moyai.costs.apportion.inputs import Carried, Members, Presence
from moyai.costs.ledger.groups import RowGroup
from moyai.costs.ledger.invoices import Invoice
from moyai.registry.cost_rules import (
    Bearer,
    Condition,
    Direct,
    Flow,
    Part,
    Pool,
    Prorating,
    Rounding,
    RuleSet,
    ShareBy,
    Subsidy,
    SubsidyWhen,
    TaxRule,
    Treatment,
    WhenZero,
)

_CURRENCIES = ("USD", "EUR", "GBP", "JPY")
_BLENDS = ((100,), (50, 50), (20, 80), (35, 15, 50), (Fraction(100, 3), Fraction(200, 3)))
_SUBSIDIES = ((Fraction(1, 3), None), (Fraction(50), None), (None, 70_000))
_STANDARD = Fraction(10)
_REDUCED = Fraction(8)
_EVEN = 100
"""Yen of a rate's rows are a multiple of it, so that a tax of whole percents is whole yen."""
LEAD = CODES[0]


@dataclass(frozen=True, slots=True)
class Paid:
    """A month's rows and invoices, and what was paid for them."""

    rows: tuple[RowGroup, ...]
    """One each, of the files in turn."""
    invoices: tuple[Invoice, ...]
    net: Mapping[Fraction, int]
    """Rate of tax in percent → whole yen before tax."""
    tax: Mapping[Fraction, int]
    """Rate → whole yen of tax."""

    @property
    def jpy(self) -> int:
        """All that was paid."""
        return sum(self.net.values()) + sum(self.tax.values())


class _Month:
    """A month while it is made up."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.rows: list[RowGroup] = []
        self.invoices: list[Invoice] = []
        self.net: Counter[Fraction] = Counter()
        self.tax: Counter[Fraction] = Counter()

    def in_yen(self, number: str | None) -> None:
        """Rows in yen of one issuer and number, of several rates; the tax theirs, or in rows of tax."""
        chance = self._chance
        has_tax_rows = chance.random() < 0.4
        for stated in chance.sample((None, Fraction(0), _REDUCED, _STANDARD), chance.randint(1, 2)):
            rate = _STANDARD if stated is None else stated
            yen = self._whole("JPY", number, stated, _EVEN, is_tax=False)
            self.net[rate] += yen
            if stated is not None or not has_tax_rows:
                self.tax[rate] += int(yen * rate / 100)
        for stated in (None, _REDUCED)[: chance.randint(1, 2)] if has_tax_rows else ():
            yen = self._whole("JPY", number, stated, 1, is_tax=True)
            self.tax[_STANDARD if stated is None else stated] += yen

    def of_invoice(self, currency: str, number: str, is_named: bool) -> None:
        """An invoice on record with its rows; these name it where its issuer has others."""
        chance = self._chance
        named = number if is_named else None
        made = [
            _row(chance, currency, named, None, is_tax=False) for _ in range(chance.randint(1, 4))
        ]
        net = sum((Fraction(row.amount) for row in made), Fraction())
        rate = chance.randint(90, 200)
        jpy = round(net * rate)
        if (jpy > 0) != (net > 0):
            jpy = 0 if net == 0 else (1 if net > 0 else -1)
        percent = chance.choice((_STANDARD, _REDUCED))
        tax = int(jpy * percent / 100)
        if tax and chance.random() < 0.3:
            row = _row(chance, currency, named, None, is_tax=True)
            made.append(replace(row, amount=abs(row.amount).copy_sign(Decimal(tax))))
        self.rows += made
        self.invoices.append(
            Invoice(
                number, currency, None, currency, Decimal(0), jpy, tax, percent, Decimal(rate),
                None, None,
            )
        )  # fmt: skip
        self.net[percent] += jpy
        self.tax[percent] += tax

    def _whole(
        self, currency: str, number: str | None, rate: Fraction | None, unit: int, *, is_tax: bool
    ) -> int:
        """Rows whose sum is a multiple of so many yen: what it is."""
        made = [
            _row(self._chance, currency, number, rate, is_tax=is_tax)
            for _ in range(self._chance.randint(1, 3))
        ]
        rest = sum((row.amount for row in made), Decimal(0)) % unit
        made[-1] = replace(made[-1], amount=made[-1].amount - rest)
        self.rows += made
        return int(sum(row.amount for row in made))


def some_month(chance: random.Random) -> Paid:
    """Rows in one to three currencies, issuers called by these; an issuer has one invoice or two."""
    made = _Month(chance)
    for currency in chance.sample(_CURRENCIES, chance.randint(1, 3)):
        numbers = [f"{currency}-{at}" for at in range(1, chance.choice((2, 2, 3)))]
        for number in numbers:
            if currency == "JPY":
                made.in_yen(number if len(numbers) > 1 else chance.choice((None, number)))
            else:
                made.of_invoice(currency, number, len(numbers) > 1)
    return Paid(tuple(made.rows), tuple(made.invoices), made.net, made.tax)


def groups_of(rows: Iterable[RowGroup]) -> list[RowGroup]:
    """Rows that are alike added up, as the ledger does over all files."""
    found: dict[tuple[object, ...], RowGroup] = {}
    for row in rows:
        values = tuple(row.values.values())
        key = (row.issuer, row.invoice_id, row.currency, row.is_tax, row.tax_rate, values)
        known = found.get(key)
        found[key] = (
            row
            if known is None
            else replace(known, amount=known.amount + row.amount, rows=known.rows + row.rows)
        )
    return list(found.values())


def _row(
    chance: random.Random,
    currency: str,
    number: str | None,
    rate: Fraction | None,
    *,
    is_tax: bool,
) -> RowGroup:
    values = {
        "ServiceName": chance.choice((None, "s0", "s1", "s2", "x")),
        "Tags.tenant": chance.choice((None, None, "大阪", *CODES, "nobody")),
    }
    return RowGroup(values, currency, number, None, currency, is_tax, rate, _amount(chance), 1)


def _amount(chance: random.Random) -> Decimal:
    size = chance.choice((0, 1, 1, 10**3, 10**6, 10**12))
    sign = -1 if chance.random() < 0.2 else 1
    return Decimal(sign * chance.randint(0, size * 10**11)).scaleb(-11)


def _parts(chance: random.Random) -> list[Part]:
    return [
        part(
            chance.choice(list(ShareBy)),
            percent,
            power=chance.choice((Fraction(1), Fraction("0.585"))),
            driver="requests",
            percents={code: Fraction(chance.randint(0, 100)) for code in chance.sample(CODES, 2)},
            when_zero=chance.choice(list(WhenZero)),
        )
        for percent in chance.choice(_BLENDS)
    ]


def _pool(chance: random.Random, at: int, of: int) -> Pool:
    most = chance.choice((None, None, chance.randint(0, 3_000_000)))
    later = [f"p{number}" for number in range(at + 1, of)]
    where = (
        None,
        (),
        (Condition("ServiceName", (f"s{at}",)),),
        (Condition("ServiceName", ("s*",)),),
    )
    return pool(
        f"p{at}",
        *_parts(chance),
        where=chance.choice(where),
        prorating=chance.choice(list(Prorating)),
        base_fee=chance.choice((0, 0, 10_000)),
        fixed={
            code: chance.randint(0, 10**6) for code in chance.sample(CODES, chance.randint(0, 2))
        },
        minimum=chance.choice((None, 0, 10_000 if most is None else min(most, 10_000))),
        maximum=most,
        joining_fee=chance.choice((0, 100_000)),
        leaving_fee=chance.choice((0, 50_000)),
        subsidies=tuple(
            Subsidy(name, chance.choice(list(SubsidyWhen)), *chance.choice(_SUBSIDIES), "all")
            for name in ("国", "県")[: chance.randint(0, 2)]
        ),
        flows=tuple(
            Flow(name, Fraction(100, 7))
            for name in chance.sample(later, min(len(later), chance.randint(0, 2)))
        ),
    )


def some_rules(chance: random.Random, bearer: Bearer | None = None) -> RuleSet:
    """Rules as wild as the file's checks let them be. `bearer`: of remainders; None: any."""
    count = chance.randint(0, 4)
    made = rules(
        *[_pool(chance, at, count) for at in range(count)],
        direct=chance.choice(((), (Direct("tag", (), "Tags.tenant", {"大阪": LEAD}, ()),))),
        unit=chance.choice((1, 1, 10, 1000)),
        method=chance.choice(list(Rounding)),
        bearer=bearer or chance.choice(list(Bearer)),
        lead=LEAD,
    )
    return replace(made, tax=some_tax(chance))


def some_tax(chance: random.Random, bearer: Bearer | None = None) -> TaxRule:
    """Taxable or not; `bearer`: of the tax's difference; None: any."""
    return TaxRule(
        chance.choice(list(Treatment)),
        chance.choice(list(Rounding)),
        bearer or chance.choice(list(Bearer)),
        LEAD,
    )


def some_members(
    chance: random.Random, rule_set: RuleSet, carried: tuple[Carried, ...] | None = None
) -> Members:
    """Who is in the pools, for how long. `carried`: into pools; None: any."""

    def present() -> Presence:
        return Presence(chance.randint(1, 31), 31, chance.random() < 0.2, chance.random() < 0.2)

    if carried is None:
        carried = tuple(
            Carried(one.name, rate, chance.randint(-5000, 5000))
            for one in rule_set.pools
            for rate in chance.sample((None, Fraction(8), Fraction(10)), chance.randint(0, 2))
        )
    return Members(
        bodies=CODES,
        by_pool={
            one.name: {
                code: present() for code in sorted(chance.sample(CODES, chance.randint(0, 5)))
            }
            for one in rule_set.pools
        },
        populations={code: chance.randint(0, 3_000_000) for code in CODES[1:]},
        drivers={"requests": {code: Fraction(chance.randint(0, 10**6), 7) for code in CODES[:3]}},
        subsidised={
            one.name: {subsidy.name: CODES[:2] for subsidy in one.subsidies}
            for one in rule_set.pools
        },
        names={code: code for code in CODES},
        carried=carried,
    )


KINDS = frozenset(
    [
        *(f"remainder {bearer}" for bearer in Bearer),
        *(f"tax's difference {bearer}" for bearer in Bearer),
        "rows of tax", "two invoices of an issuer", "two numbers in yen", "limits in units of 1,000",
        "base fee", "fixed amount", "joining fee", "leaving fee", "subsidy before", "subsidy after",
        "carried in",
    ]
)  # fmt: skip
"""What of all that is to come up again and again."""


def kinds_of(paid: Paid, rule_set: RuleSet, who: Members) -> frozenset[str]:
    """What of `KINDS` a bill has."""
    found = {f"remainder {rule_set.rounding.bearer}"}
    if rule_set.tax.treatment is Treatment.TAXABLE:
        found.add(f"tax's difference {rule_set.tax.difference}")
    issuers = Counter(invoice.issuer for invoice in paid.invoices)
    in_yen = {row.invoice_id for row in paid.rows if row.currency == "JPY"}
    here = {
        "rows of tax": any(row.is_tax for row in paid.rows),
        "two invoices of an issuer": 2 in issuers.values(),
        "two numbers in yen": len(in_yen) == 2,
        "carried in": any(one.jpy for one in who.carried),
    }
    found |= {kind for kind, is_there in here.items() if is_there}
    for one in rule_set.pools:
        found |= _kinds_of(one, tuple(who.by_pool[one.name].items()), rule_set.rounding.unit)
    return frozenset(found)


def _kinds_of(one: Pool, present: Sequence[tuple[str, Presence]], unit: int) -> frozenset[str]:
    stays = any(not who.joins and not who.leaves for _, who in present)
    here = {
        "limits in units of 1,000": unit == 1000 and bool(one.minimum and one.maximum),
        "base fee": one.base_fee > 0 and any(code not in one.fixed for code, _ in present),
        "fixed amount": any(code in one.fixed for code, _ in present),
        "joining fee": one.joining_fee > 0 and stays and any(who.joins for _, who in present),
        "leaving fee": one.leaving_fee > 0 and stays and any(who.leaves for _, who in present),
    }
    found = {kind for kind, is_there in here.items() if is_there}
    return frozenset(found | {f"subsidy {subsidy.when}" for subsidy in one.subsidies if present})
