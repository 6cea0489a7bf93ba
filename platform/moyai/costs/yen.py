"""From rows in their currencies to a bill in exact yen, each at its invoice's own rate. Pure.

AWS bills payers in Japan in yen at the invoice's rate. What a row comes to is therefore the invoice's
yen × the row's amount ÷ the sum of the invoice's rows: the rows' yen sum to what was paid.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor

from moyai.costs.apportion.inputs import Bill, Bucket, Rate
from moyai.costs.apportion.rounding import to_unit, total
from moyai.costs.ledger.groups import RowGroup
from moyai.costs.ledger.invoices import Invoice
from moyai.costs.periods import Period
from moyai.errors import NOTHING_TOUCHED, UsageError
from moyai.registry.cost_rules import Rounding, TaxRule, Treatment
from moyai.texts import Text

YEN = "JPY"
STANDARD_RATE = Fraction(10)
"""Percent: the consumption tax where neither row nor invoice says another."""
_PLACES = 30
"""Decimal places that are shown of a sum at most."""
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
    notes: tuple[Text, ...]


@dataclass(frozen=True, slots=True, order=True)
class _Key:
    """What groups of one implied invoice have in common; an invoice on record has its number only."""

    issuer: str
    number: str
    currency: str


@dataclass(slots=True)
class _Account:
    """An invoice, on record or implied by rows in yen, with its rows."""

    invoice: Invoice | None
    net: list[RowGroup] = field(default_factory=list)
    tax: list[RowGroup] = field(default_factory=list)


def in_yen(
    period: Period, groups: Iterable[RowGroup], invoices: Sequence[Invoice], tax: TaxRule
) -> Converted:
    """The bill of a period.

    Rows in yen need no invoice: rows of one issuer and invoice number are one, and what they come to
    is rounded to the yen, halves up. Raises `UsageError` with everything that is in the way: rows in another
    currency without an invoice, or with several, and invoices that their rows cannot sum to.
    """
    accounts, wrong = _sort(groups, invoices)
    notes: list[Text] = []
    found: list[_Sourced] = []
    taxes: dict[Fraction, int] = {}
    paid = 0
    for key in sorted(accounts):
        try:
            made = _convert(key, accounts[key], tax, notes)
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
    return Converted(Bill(period, paid, buckets, taxes), origins, tuple(notes))


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


def _sort(
    groups: Iterable[RowGroup], invoices: Sequence[Invoice]
) -> tuple[dict[_Key, _Account], list[Text]]:
    """Groups by the invoice that they belong to; every invoice is there, with rows or without."""
    accounts = {_key_of(invoice): _Account(invoice) for invoice in invoices}
    missing: dict[_Key, Fraction] = {}
    doubtful: dict[_Key, list[Invoice]] = {}
    groups = list(groups)
    numbers = {group.invoice_id for group in groups} - {None, ""}
    for group in groups:
        key = _Key(group.issuer, group.invoice_id or "", group.currency)
        found = _fitting(invoices, group, numbers)
        if len(found) == 1:
            key = _key_of(found[0])
        elif found:
            doubtful[key] = found
            continue
        elif group.currency != YEN:
            missing[key] = missing.get(key, Fraction()) + Fraction(group.amount)
            continue
        account = accounts.setdefault(key, _Account(None))
        (account.tax if group.is_tax else account.net).append(group)
    wrong = [_missing(key, amount) for key, amount in sorted(missing.items())]
    wrong += [_doubtful(key, found) for key, found in sorted(doubtful.items())]
    return accounts, wrong


def _key_of(invoice: Invoice) -> _Key:
    return _Key(invoice.issuer, invoice.number, invoice.currency)


def _fitting(
    invoices: Sequence[Invoice], group: RowGroup, numbers: Set[str | None]
) -> list[Invoice]:
    """The invoices that rows may be of: by number where they name one of their issuer's that is on record,
    else by issuer and account. Issuers may number alike.

    Rows that name another number are never of an invoice that some rows name (`numbers`: all that are
    named): its own number is in use then, and theirs is of one that is not on record.
    """
    same = [one for one in invoices if one.currency == group.currency]
    named = [
        one for one in same if one.number == group.invoice_id and group.issuer in ("", one.issuer)
    ]
    return named or [
        one
        for one in same
        if one.issuer == group.issuer
        and one.billing_account in (None, group.billing_account)
        and not (group.invoice_id and one.number in numbers)
    ]


def _convert(key: _Key, account: _Account, rule: TaxRule, notes: list[Text]) -> _Made:
    if account.invoice is None:
        return _implied(account, rule)
    _compare(account.invoice, _sum(account.net), notes)
    return _on_record(key, account, account.invoice, rule)


def _on_record(key: _Key, account: _Account, invoice: Invoice, rule: TaxRule) -> _Made:
    """Rows of an invoice on record, brought to its yen."""
    per_unit = None if invoice.rate is None else Fraction(invoice.rate)
    ask = _Asked(key, invoice, per_unit)
    if rule.treatment is Treatment.TAXABLE:
        buckets = ask.of(account.net, invoice.jpy, invoice.tax_rate)
        return _Made(invoice.jpy, buckets, {invoice.tax_rate: invoice.tax_jpy})
    gross = invoice.jpy + invoice.tax_jpy
    if not _sum(account.tax):
        return _Made(gross, ask.of(account.net, gross, None), {})
    buckets = ask.of(account.net, invoice.jpy, None)
    return _Made(gross, buckets + ask.of(account.tax, invoice.tax_jpy, None), {})


def _implied(account: _Account, rule: TaxRule) -> _Made:
    """Rows in yen without an invoice on record: they are rounded to the yen once for each rate of tax.
    The tax on rows that state a rate is the rate's, rounded by the rule; so it is on the others, but
    where there are rows of tax, which are theirs."""
    taxable = rule.treatment is Treatment.TAXABLE
    made = _Made(0, [], {})
    jpy = 0
    for (rate, is_stated), groups in sorted(_by_rate(account.net).items()):
        net = _sum(groups)
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
        paid = _sum(groups)
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
    rounding = (jpy - _sum(groups) * unit) / size if size else Fraction()
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

    key: _Key
    invoice: Invoice
    per_unit: Fraction | None
    """Yen for one unit, used only where the amounts cancel out."""

    def of(self, groups: Sequence[RowGroup], jpy: int, rate: Rate) -> list[_Sourced]:
        """Groups in exact yen that sum to `jpy`. Raises `_CannotSum` where they cannot."""
        whole = _sum(groups)
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


def _sum(groups: Iterable[RowGroup]) -> Fraction:
    return total(Fraction(group.amount) for group in groups)


def _compare(invoice: Invoice, net: Fraction, notes: list[Text]) -> None:
    """Say it where an invoice's own sum is not that of its rows."""
    difference = Fraction(invoice.amount) - net
    if difference:
        said, found = f"{invoice.amount:,f}", _decimal(net)
        notes.append(
            Text(
                f"請求書 {invoice.number} の {said} {invoice.currency} に対し、明細の合計は {found} です"
                f"（差 {_decimal(difference)}）。円の合計は請求書に合わせました。",
                f"invoice {invoice.number} says {said} {invoice.currency}, its rows sum to {found} "
                f"(difference {_decimal(difference)}); the yen are the invoice's.",
            )
        )


def _decimal(value: Fraction) -> str:
    """A sum of decimals as a decimal, without zeros at its end."""
    scale = 0
    while (value * 10**scale).denominator != 1 and scale < _PLACES:
        scale += 1
    digits = floor(abs(value) * 10**scale)
    whole, part = divmod(digits, 10**scale)
    sign = "-" if value < 0 else ""
    return f"{sign}{whole:,}" + (f".{part:0{scale}}" if scale else "")


def _named(key: _Key) -> Text:
    number = f" {key.number}" if key.number else ""
    return Text(f"{key.issuer or '発行者不明'}{number}", f"{key.issuer or 'no issuer'}{number}")


def _missing(key: _Key, amount: Fraction) -> Text:
    name, sum_ = _named(key), _decimal(amount)
    return Text(
        f"{name.ja}: {sum_} {key.currency} に当たる請求書がありません",
        f"{name.en}: no invoice for {sum_} {key.currency}",
    )


def _doubtful(key: _Key, found: Sequence[Invoice]) -> Text:
    name, numbers = _named(key), ", ".join(invoice.number for invoice in found)
    return Text(
        f"{name.ja}: {key.currency} の明細に当たる請求書が {len(found)} 通あります（{numbers}）",
        f"{name.en}: {len(found)} invoices fit its rows in {key.currency}: {numbers}",
    )


def _opposite(key: _Key, whole: Fraction, jpy: int) -> Text:
    name = _named(key)
    return Text(
        f"{name.ja}: 明細の合計 {_decimal(whole)} {key.currency} と請求額 {jpy:,} 円の符号が逆です",
        f"{name.en}: the rows sum to {_decimal(whole)} {key.currency}, but it asks for {jpy:,} yen",
    )


def _no_rows(key: _Key, jpy: int) -> Text:
    name = _named(key)
    return Text(
        f"{name.ja}: 請求額 {jpy:,} 円に当たる明細がありません",
        f"{name.en}: no rows for the {jpy:,} yen that it asks for",
    )


def _zero_rows(key: _Key, jpy: int) -> Text:
    name = _named(key)
    return Text(
        f"{name.ja}: 明細の合計が 0 {key.currency} のため、請求額 {jpy:,} 円を分けられません",
        f"{name.en}: the rows sum to 0 {key.currency}, so {jpy:,} yen cannot be apportioned to them",
    )


def _rate_needed(key: _Key) -> Text:
    name = _named(key)
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
