"""Statements 負担金内訳書: what each body bears, and how it was come to. Pure.

Every yen of the bill and of its taxes is in exactly one statement, with another payer, or unallocated;
`issue` asserts it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from moyai.costs.apportion.allocation import (
    Allocation,
    Borne,
    Line,
    LineKind,
    Payer,
    PayerKind,
    RuleMoved,
    Unallocated,
)
from moyai.costs.apportion.inputs import Presence, Rate, TaxCarried
from moyai.costs.periods import Period
from moyai.costs.statements.heads import PoolHead, part_yen, pool_heads
from moyai.costs.statements.taxes import Taxed, Taxes, tax
from moyai.costs.statements.titles import titles_of
from moyai.registry.cost_rules import Issuer, RuleSet, Treatment
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class Basis:
    """What documents rest on, as they name it."""

    issued_on: date
    state_sha256: str
    """The state of the period in the ledger."""
    rules_sha256: str
    allocation_sha256: str
    """Of all that came out, settlements of other periods with it."""
    asked_sha256: str
    """Of what all payers are asked for, by whom, and what it rests on."""
    closed: bool
    """Whether the period is; what an open one comes to may change."""


@dataclass(frozen=True, slots=True)
class Section:
    """All that a body bears of one rule."""

    rule: str
    title: Text
    head: PoolHead | None
    """None: of a direct rule, or of a settlement."""
    presence: Presence | None
    """None: a direct rule, or a lead body that is no member."""
    lines: tuple[Line, ...]
    by_rate: Mapping[Rate, int]
    """Sums to the lines."""
    moved: tuple[RuleMoved, ...] = ()
    """Of a settlement: what it is made of; the differences sum to its line."""

    @property
    def jpy(self) -> int:
        """Whole yen, before tax."""
        return sum(line.jpy for line in self.lines)

    @property
    def share(self) -> Line | None:
        """The line that came of percents and weights, or None."""
        return next((line for line in self.lines if line.kind is LineKind.SHARE), None)

    @property
    def exact(self) -> Fraction:
        """The share before limits and rounding, exact yen."""
        share = self.share
        if self.head is None or share is None:
            return Fraction()
        return sum((part_yen(self.head.divided, part) for part in share.parts), Fraction())


@dataclass(frozen=True, slots=True)
class Statement:
    """What one body bears of one period."""

    number: str
    period: Period
    code: str
    name: str
    issuer: Issuer
    rules: RuleSet
    basis: Basis
    sections: tuple[Section, ...]
    """Direct rules, then pools, in the rules' order."""
    by_rate: tuple[Taxed, ...]
    tax_carried_in: Mapping[Fraction, int]
    """Rate → yen of differences of tax that the period before left to all bodies."""
    leaves_cost: bool
    """Whether nobody bears some cost of the period, whatever the body."""

    @property
    def net(self) -> int:
        """Whole yen before tax."""
        return sum(section.jpy for section in self.sections)

    @property
    def tax(self) -> int:
        """Whole yen, once for each rate."""
        return sum(taxed.tax for taxed in self.by_rate)

    @property
    def tax_difference(self) -> int:
        """What the body bears of the difference to the tax on the whole."""
        return sum(taxed.difference for taxed in self.by_rate)

    @property
    def is_taxed(self) -> bool:
        """Whether tax is shown beside net amounts: contributions are taxable, or there is tax of a month
        in which they were."""
        taxable = self.rules.tax.treatment is Treatment.TAXABLE
        return taxable or any(taxed.tax or taxed.difference for taxed in self.by_rate)

    @property
    def total(self) -> int:
        """Whole yen that the body is asked for."""
        return self.net + self.tax + self.tax_difference


@dataclass(frozen=True, slots=True)
class OtherPayer:
    """Who bears a part of the bill and is no body."""

    payer: Payer
    net: int
    tax: int

    @property
    def gross(self) -> int:
        """Whole yen with tax."""
        return self.net + self.tax


@dataclass(frozen=True, slots=True)
class Issue:
    """All statements of a period, with what is in none of them."""

    allocation: Allocation
    rules: RuleSet
    issuer: Issuer
    basis: Basis
    titles: Mapping[str, Text]
    """Rule → what people call it: direct rules, pools, settlements, in order."""
    statements: tuple[Statement, ...]
    """In order of codes."""
    others: tuple[OtherPayer, ...]
    unallocated: tuple[Unallocated, ...]
    taxes: Taxes
    tax_carried_in: int
    """Yen of tax that the period before left."""

    @property
    def bill_with_tax(self) -> int:
        """The bill, what was carried into it, settlements of closed periods, and the tax on all."""
        made = self.allocation
        whole = made.bill_jpy + made.carried_in_jpy + made.settled_jpy
        return whole + sum(made.taxes.values()) + self.tax_carried_in

    @property
    def unallocated_jpy(self) -> int:
        """What nobody bears, with its tax."""
        return self.allocation.unallocated_jpy + self.taxes.unallocated

    @property
    def leaves_cost(self) -> bool:
        """Whether nobody bears some cost, were its sum 0."""
        return _leaves_cost(self.allocation, self.taxes)

    @property
    def difference_jpy(self) -> int:
        """0, always: `issue` raises `AssertionError` otherwise."""
        return (
            self.bill_with_tax
            - sum(one.total for one in self.statements)
            - sum(one.gross for one in self.others)
            - sum(self.taxes.carried.values())
            - self.unallocated_jpy
        )


def issue(
    allocation: Allocation,
    rules: RuleSet,
    issuer: Issuer,
    names: Mapping[str, str],
    basis: Basis,
    tax_carried_in: TaxCarried | None = None,
    year_start: str = "04-01",
) -> Issue:
    """All statements of an allocation. `names`: code → name; a code that has none stands for itself.

    `rules` is the set that the allocation was made by. `tax_carried_in`: `left_to_next` of the
    period before.
    """
    taxes = tax(allocation, rules.tax, tax_carried_in)
    titles = titles_of(allocation, rules, basis.issued_on, year_start)
    heads = pool_heads(allocation, rules)
    borne = dict(allocation.bodies())
    bodies = {payer.name for payer in taxes.by_payer if payer.kind is PayerKind.BODY}
    made = Issue(
        allocation=allocation,
        rules=rules,
        issuer=issuer,
        basis=basis,
        statements=tuple(
            Statement(
                number=f"S-{allocation.period}-{code}",
                period=allocation.period,
                code=code,
                name=names.get(code, code),
                issuer=issuer,
                rules=rules,
                basis=basis,
                sections=_sections(borne.get(code, ()), titles, heads),
                by_rate=taxes.by_payer[Payer(PayerKind.BODY, code)],
                tax_carried_in={} if tax_carried_in is None else tax_carried_in.differences,
                leaves_cost=_leaves_cost(allocation, taxes),
            )
            for code in sorted(bodies)
        ),
        others=tuple(
            OtherPayer(payer, sum(one.net for one in taxed), sum(one.tax for one in taxed))
            for payer, taxed in taxes.by_payer.items()
            if payer.kind is not PayerKind.BODY
        ),
        unallocated=allocation.unallocated,
        titles=titles,
        taxes=taxes,
        tax_carried_in=0 if tax_carried_in is None else tax_carried_in.jpy,
    )
    assert made.difference_jpy == 0, f"statements differ from the bill by {made.difference_jpy} yen"
    return made


def _leaves_cost(allocation: Allocation, taxes: Taxes) -> bool:
    return bool(allocation.unallocated or taxes.unallocated)


def _sections(
    borne: tuple[Borne, ...], titles: Mapping[str, Text], heads: Mapping[str, PoolHead]
) -> tuple[Section, ...]:
    return tuple(
        Section(
            one.rule,
            titles[one.rule],
            heads.get(one.rule),
            one.presence,
            one.lines,
            one.by_rate,
            one.moved,
        )
        for one in in_order(borne, titles)
    )


def in_order(borne: Iterable[Borne], titles: Iterable[str]) -> list[Borne]:
    """What a body bears as its statement has it, section by section. `titles`: as `titles_of`."""
    order = {name: place for place, name in enumerate(titles)}
    return sorted(borne, key=lambda one: (not _is_direct(one), order[one.rule]))


def _is_direct(borne: Borne) -> bool:
    return any(line.kind in (LineKind.DIRECT, LineKind.LATE) for line in borne.lines)
