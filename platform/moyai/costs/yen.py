"""From rows in their currencies to a bill in exact yen, each at its invoice's own rate. Pure.

AWS bills payers in Japan in yen at the invoice's rate. What a row comes to is therefore the invoice's
yen × the row's amount ÷ the sum of the invoice's rows: the rows' yen sum to what was paid.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from moyai.costs.apportion.inputs import Bill, Bucket, Rate
from moyai.costs.apportion.rounding import to_unit, total
from moyai.costs.invoice_rows import (
    Account,
    Differing,
    Key,
    decimal_words,
    differing,
    name_of,
    rows_sum,
    sort_rows,
)
from moyai.costs.ledger.groups import RowGroup
from moyai.costs.ledger.invoices import Invoice
from moyai.costs.periods import Period
from moyai.errors import NOTHING_TOUCHED, UsageError
from moyai.registry.cost_rules import Rounding, TaxRule, Treatment
from moyai.texts import Text

STANDARD_RATE = Fraction(10)
"""Percent: the consumption tax where neither row nor invoice says another."""
_SHOWN = 20
"""How many of what is wrong an error shows."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a bucket's yen are from: its rows, and how they were brought to yen."""

    group: RowGroup
    invoice: Invoice | None
    """None: rows in yen without an invoice on record."""
    factor: Fraction
    """Yen for one unit of the rows' currency, exactly; with the tax where that is part of the cost."""


@dataclass(frozen=True, slots=True)
class Converted:
    """A bill, and what a reader should know about how it was come to."""

    bill: Bill
    origins: tuple[Origin, ...]
    """Of the bill's buckets, in their order."""
    differing: tuple[Differing, ...]
    """Invoices whose own sum is not that of their rows; by rounding too."""

    @property
    def notes(self) -> tuple[Text, ...]:
        """What a reader should know: nothing of what is rounding."""
        return tuple(one.note for one in self.differing if not one.is_rounding)


def in_yen(
    period: Period, groups: Iterable[RowGroup], invoices: Sequence[Invoice], tax: TaxRule
) -> Converted:
    """The bill of a period.

    Rows in yen need no invoice: rows of one issuer and invoice number are one, and what they come to
    is rounded to the yen, halves up. Raises `UsageError` with everything that is in the way: rows in another
    currency without an invoice, or with several, and invoices that their rows cannot sum to.
    """
    accounts, wrong = sort_rows(groups, invoices)
    found: list[_Sourced] = []
    taxes: dict[Fraction, int] = {}
    paid = 0
    for key in sorted(accounts):
        try:
            made = _convert(key, accounts[key], tax)
        except _CannotSum as error:
            wrong.append(error.reason)
            continue
        found += made.buckets
        paid += made.jpy
        for rate, yen in made.taxes.items():
            taxes[rate] = taxes.get(rate, 0) + yen
    if wrong:
        raise _refusal(period, wrong)
    if tax.treatment is Treatment.OUTSIDE_SCOPE:
        taxes = {}
    buckets = tuple(bucket for bucket, _ in found)
    origins = tuple(origin for _, origin in found)
    differ = differing(accounts[key] for key in sorted(accounts))
    return Converted(Bill(period, paid, buckets, taxes), origins, differ)


_Sourced = tuple[Bucket, Origin]


class _CannotSum(Exception):
    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Made:
    jpy: int
    buckets: list[_Sourced]
    taxes: dict[Fraction, int]


def _convert(key: Key, account: Account, rule: TaxRule) -> _Made:
    if account.invoice is None:
        return _implied(account, rule)
    return _on_record(key, account, account.invoice, rule)


def _on_record(key: Key, account: Account, invoice: Invoice, rule: TaxRule) -> _Made:
    """Rows of an invoice on record, brought to its yen."""
    per_unit = None if invoice.rate is None else Fraction(invoice.rate)
    ask = _Asked(key, invoice, per_unit)
    if rule.treatment is Treatment.TAXABLE:
        buckets = ask.of(account.net, invoice.jpy, invoice.tax_rate)
        return _Made(invoice.jpy, buckets, {invoice.tax_rate: invoice.tax_jpy})
    gross = invoice.jpy + invoice.tax_jpy
    if not rows_sum(account.tax):
        return _Made(gross, ask.of(account.net, gross, None), {})
    buckets = ask.of(account.net, invoice.jpy, None)
    return _Made(gross, buckets + ask.of(account.tax, invoice.tax_jpy, None), {})


def _implied(account: Account, rule: TaxRule) -> _Made:
    """Rows in yen without an invoice on record: they are rounded to the yen once for each rate of tax.
    The tax on rows that state a rate is the rate's, rounded by the rule; so it is on the others, but
    where there are rows of tax, which are theirs."""
    taxable = rule.treatment is Treatment.TAXABLE
    made = _Made(0, [], {})
    jpy = 0
    for (rate, is_stated), groups in sorted(_by_rate(account.net).items()):
        net = rows_sum(groups)
        yen = to_unit(net.numerator, net.denominator, 1, Rounding.HALF_UP)
        taxed = rate / 100 if is_stated or not account.tax else Fraction()
        due = yen * taxed
        tax = to_unit(due.numerator, due.denominator, 1, rule.method)
        whole = yen if taxable else yen + tax
        unit = Fraction(1) if taxable else 1 + taxed
        made.buckets.extend(_in_their_yen(groups, whole, unit, rate if taxable else None))
        made.taxes[rate] = made.taxes.get(rate, 0) + tax
        jpy += whole
    for (rate, _), groups in sorted(_by_rate(account.tax).items()):
        paid = rows_sum(groups)
        yen = to_unit(paid.numerator, paid.denominator, 1, Rounding.HALF_UP)
        if taxable:
            made.taxes[rate] = made.taxes.get(rate, 0) + yen
        else:
            made.buckets.extend(_in_their_yen(groups, yen, Fraction(1), None))
            jpy += yen
    return _Made(jpy, made.buckets, made.taxes)


def _by_rate(groups: Iterable[RowGroup]) -> dict[tuple[Fraction, bool], list[RowGroup]]:
    """By rate of tax in percent, and whether the rows state it."""
    found: dict[tuple[Fraction, bool], list[RowGroup]] = {}
    for group in groups:
        rate = STANDARD_RATE if group.tax_rate is None else group.tax_rate
        found.setdefault((rate, group.tax_rate is not None), []).append(group)
    return found


def _in_their_yen(
    groups: Sequence[RowGroup], jpy: int, unit: Fraction, rate: Rate
) -> list[_Sourced]:
    """Groups in yen that sum to `jpy`: each yen of them is `unit`, and rounding falls on all by their
    size. Charges and credits that nearly cancel out stay what they are, as no factor of their sum
    would leave them."""
    size = total(abs(Fraction(group.amount)) for group in groups)
    rounding = (jpy - rows_sum(groups) * unit) / size if size else Fraction()
    found: list[_Sourced] = []
    for group in groups:
        factor = unit + (rounding if group.amount > 0 else -rounding)
        yen = Fraction(group.amount) * factor
        bucket = Bucket(group.caught, group.values, yen, rate, group.rows)
        found.append((bucket, Origin(group, None, factor)))
    return found


@dataclass(frozen=True, slots=True)
class _Asked:
    """What an invoice asks for, apportioned to its rows."""

    key: Key
    invoice: Invoice
    per_unit: Fraction | None
    """Yen for one unit, used only where the amounts cancel out."""

    def of(self, groups: Sequence[RowGroup], jpy: int, rate: Rate) -> list[_Sourced]:
        """Groups in exact yen that sum to `jpy`. Raises `_CannotSum` where they cannot."""
        whole = rows_sum(groups)
        factor = self._factor_of_none(groups, jpy) if whole == 0 else jpy / whole
        if factor < 0:
            raise _CannotSum(_opposite(self.key, whole, jpy))
        return [
            (
                Bucket(
                    group.caught, group.values, Fraction(group.amount) * factor, rate, group.rows
                ),
                Origin(group, self.invoice, factor),
            )
            for group in groups
        ]

    def _factor_of_none(self, groups: Sequence[RowGroup], jpy: int) -> Fraction:
        """Yen for one unit of rows that sum to zero."""
        if jpy != 0:
            raise _CannotSum(_zero_rows(self.key, jpy) if groups else _no_rows(self.key, jpy))
        if any(group.amount for group in groups) and self.per_unit is None:
            raise _CannotSum(_rate_needed(self.key))
        return self.per_unit or Fraction()


def _opposite(key: Key, whole: Fraction, jpy: int) -> Text:
    name = name_of(key)
    return Text(
        f"{name.ja}: 明細の合計 {decimal_words(whole)} {key.currency} と請求額 {jpy:,} 円の符号が逆です",
        f"{name.en}: the rows sum to {decimal_words(whole)} {key.currency}, but it asks for {jpy:,} yen",
    )


def _no_rows(key: Key, jpy: int) -> Text:
    name = name_of(key)
    return Text(
        f"{name.ja}: 請求額 {jpy:,} 円に当たる明細がありません",
        f"{name.en}: no rows for the {jpy:,} yen that it asks for",
    )


def _zero_rows(key: Key, jpy: int) -> Text:
    name = name_of(key)
    return Text(
        f"{name.ja}: 明細の合計が 0 {key.currency} のため、請求額 {jpy:,} 円を分けられません",
        f"{name.en}: the rows sum to 0 {key.currency}, so {jpy:,} yen cannot be apportioned to them",
    )


def _rate_needed(key: Key) -> Text:
    name = name_of(key)
    return Text(
        f"{name.ja}: 明細の合計が 0 {key.currency} です。換算率（--rate）が要ります",
        f"{name.en}: the rows sum to 0 {key.currency}; the invoice's rate (--rate) is needed",
    )


def _refusal(period: Period, wrong: Sequence[Text]) -> UsageError:
    shown = wrong[:_SHOWN]
    more = len(wrong) - len(shown)
    ja = [one.ja for one in shown] + ([f"ほか {more} 件"] if more else [])
    en = [one.en for one in shown] + ([f"{more} more"] if more else [])
    return UsageError(
        Text("。\n".join(ja) + "。", ".\n".join(en) + "."),
        touched=NOTHING_TOUCHED,
        remedy=Text(
            f"moyai cost invoice add {period} で請求書を登録できます。登録済みのものは "
            f"moyai cost invoice list {period} で見られます。",
            f"moyai cost invoice add {period} puts an invoice on record; moyai cost invoice list "
            f"{period} shows those that are.",
        ),
    )
