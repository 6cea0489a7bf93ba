"""Which invoice rows are of, and where its own sum is not that of its rows. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor

from moyai.costs.apportion.rounding import total
from moyai.costs.currencies import minor_places
from moyai.costs.ledger.groups import RowGroup
from moyai.costs.ledger.invoices import Invoice
from moyai.costs.periods import Period
from moyai.texts import Text

YEN = "JPY"
_PLACES = 30
"""Decimal places that are shown of a sum at most."""


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """What groups of one implied invoice have in common; an invoice on record has its number only."""

    issuer: str
    number: str
    currency: str


@dataclass(slots=True)
class Account:
    """An invoice, on record or implied by rows in yen, with its rows."""

    invoice: Invoice | None
    net: list[RowGroup] = field(default_factory=list)
    tax: list[RowGroup] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Differing:
    """An invoice on record whose own sum is not that of its rows."""

    invoice: Invoice
    rows: Fraction
    """What its rows sum to, before tax, in its currency."""

    @property
    def difference(self) -> Fraction:
        """The invoice less its rows."""
        return Fraction(self.invoice.amount) - self.rows

    @property
    def is_rounding(self) -> bool:
        """Whether the rows, rounded to the last place of the invoice or to the currency's minor unit,
        whichever is coarser, are its sum: invoices are in cents, and rows are not."""
        exponent = self.invoice.amount.as_tuple().exponent
        assert isinstance(exponent, int), self.invoice.amount
        minor = minor_places(self.invoice.currency)
        places = max(-exponent if minor is None else min(-exponent, minor), 0)
        return abs(self.difference) <= Fraction(1, 2 * 10**places)

    @property
    def note(self) -> Text:
        """What a reader should know."""
        number, currency = self.invoice.number, self.invoice.currency
        said, found = f"{self.invoice.amount:,f}", decimal_words(self.rows)
        off = decimal_words(self.difference)
        return Text(
            f"請求書 {number} の {said} {currency} に対し、明細の合計は {found} です"
            f"（差 {off}）。円の合計は請求書に合わせました。",
            f"invoice {number} says {said} {currency}, its rows sum to {found} "
            f"(difference {off}); the yen are the invoice's.",
        )


@dataclass(frozen=True, slots=True)
class Corrected:
    """An invoice of a closed period that its rows differ from since they, or it, were corrected."""

    period: Period
    found: Differing

    @property
    def note(self) -> Text:
        """What a reader should know."""
        period, note, invoice = self.period, self.found.note, self.found.invoice
        issuer, number = map(shlex.quote, (invoice.issuer, invoice.number))
        remove = f"moyai cost invoice remove {period} --issuer {issuer} --number {number}"
        return Text(
            f"閉じた {period} の訂正: {note.ja}請求書も新しくなったなら、"
            f"{remove} で外し、add で新しいものを登録してください。",
            f"correction of {period}, which is closed: {note.en} Where a new one came, take it off with "
            f"{remove} and put the new one on record with add.",
        )


def corrected(
    period: Period, before: Iterable[Differing], after: Iterable[Differing]
) -> tuple[Corrected, ...]:
    """What a closed period differs in by its corrections, and did not before them."""
    known = set(before)
    return tuple(Corrected(period, one) for one in after if one not in known)


def differing(accounts: Iterable[Account]) -> tuple[Differing, ...]:
    """Invoices on record that differ from their rows by whatever little."""
    found = (
        Differing(one.invoice, rows_sum(one.net)) for one in accounts if one.invoice is not None
    )
    return tuple(one for one in found if one.difference)


def sort_rows(
    groups: Iterable[RowGroup], invoices: Sequence[Invoice]
) -> tuple[dict[Key, Account], list[Text]]:
    """Groups by the invoice that they belong to; every invoice is there, with rows or without. Second, what
    is wrong: rows in another currency than yen without an invoice, or with several."""
    accounts = {_key_of(invoice): Account(invoice) for invoice in invoices}
    missing: dict[Key, Fraction] = {}
    doubtful: dict[Key, list[Invoice]] = {}
    groups = list(groups)
    named = {(group.issuer, group.invoice_id) for group in groups if group.invoice_id}
    for group in groups:
        key = Key(group.issuer, group.invoice_id or "", group.currency)
        found = _fitting(invoices, group, named)
        if len(found) == 1:
            key = _key_of(found[0])
        elif found:
            doubtful[key] = found
            continue
        elif group.currency != YEN:
            missing[key] = missing.get(key, Fraction()) + Fraction(group.amount)
            continue
        account = accounts.setdefault(key, Account(None))
        (account.tax if group.is_tax else account.net).append(group)
    wrong = [_missing(key, amount) for key, amount in sorted(missing.items())]
    wrong += [_doubtful(key, found) for key, found in sorted(doubtful.items())]
    return accounts, wrong


def _key_of(invoice: Invoice) -> Key:
    return Key(invoice.issuer, invoice.number, invoice.currency)


def _fitting(
    invoices: Sequence[Invoice], group: RowGroup, named: Set[tuple[str, str | None]]
) -> list[Invoice]:
    """The invoices that rows may be of: by number where they name one of their issuer's that is on record,
    else by issuer and account. Issuers may number alike.

    Rows that name another number are never of an invoice that some rows name (`named`: issuers and numbers
    of all that are): its own number is in use then, and theirs is of one that is not on record.
    """
    same = [one for one in invoices if one.currency == group.currency]
    by_number = [
        one for one in same if one.number == group.invoice_id and group.issuer in ("", one.issuer)
    ]
    return by_number or [
        one
        for one in same
        if one.issuer == group.issuer
        and one.billing_account in (None, group.billing_account)
        and not (group.invoice_id and {(one.issuer, one.number), ("", one.number)} & named)
    ]


def rows_sum(groups: Iterable[RowGroup]) -> Fraction:
    """In their currency."""
    return total(Fraction(group.amount) for group in groups)


def decimal_words(value: Fraction) -> str:
    """A sum of decimals as a decimal, without zeros at its end."""
    scale = 0
    while (value * 10**scale).denominator != 1 and scale < _PLACES:
        scale += 1
    digits = floor(abs(value) * 10**scale)
    whole, part = divmod(digits, 10**scale)
    sign = "-" if value < 0 else ""
    return f"{sign}{whole:,}" + (f".{part:0{scale}}" if scale else "")


def name_of(key: Key) -> Text:
    """As errors name an invoice, on record or implied."""
    number = f" {key.number}" if key.number else ""
    return Text(f"{key.issuer or '発行者不明'}{number}", f"{key.issuer or 'no issuer'}{number}")


def _missing(key: Key, amount: Fraction) -> Text:
    name, sum_ = name_of(key), decimal_words(amount)
    places = minor_places(key.currency)
    if places is None or abs(amount) >= Fraction(1, 2 * 10**places):
        ja = en = ""
    else:
        # No issuer writes an invoice of nothing, and without one the period cannot be divided.
        zero = f"{0:.{places}f}"
        options = f"--amount {zero} --jpy 0 --tax-jpy 0"
        ja = f"（請求がなかったのなら、{zero} {key.currency}・0 円の請求書を登録できます: {options}）"
        en = f"; where it asked for nothing, add one of {zero} {key.currency} and 0 yen ({options})"
    return Text(
        f"{name.ja}: {sum_} {key.currency} に当たる請求書がありません{ja}",
        f"{name.en}: no invoice for {sum_} {key.currency}{en}",
    )


def _doubtful(key: Key, found: Sequence[Invoice]) -> Text:
    name, numbers = name_of(key), ", ".join(invoice.number for invoice in found)
    return Text(
        f"{name.ja}: {key.currency} の明細に当たる請求書が {len(found)} 通あります（{numbers}）",
        f"{name.en}: {len(found)} invoices fit its rows in {key.currency}: {numbers}",
    )
