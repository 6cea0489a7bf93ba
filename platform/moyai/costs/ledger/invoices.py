"""Invoices 請求書: what an issuer asks for, in its currency and in yen."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from moyai.costs.currencies import is_currency, no_currency
from moyai.costs.ledger.values import (
    Document,
    decimal_of,
    decimal_or_none,
    document_of,
    list_of,
    rate_of,
    text_of,
    text_or_none,
    whole_of,
)
from moyai.errors import UsageError
from moyai.registry.codes import corporate_check_digit
from moyai.texts import Text

_REGISTRATION = re.compile(r"T[0-9]{13}\Z")


@dataclass(frozen=True, slots=True)
class Invoice:
    """One invoice. Its rows are those of its issuer, account and currency, or with its number."""

    number: str
    issuer: str
    """As the rows name it (`InvoiceIssuerName`)."""
    billing_account: str | None
    currency: str
    amount: Decimal
    """In `currency`, before tax."""
    jpy: int
    """Whole yen, before tax."""
    tax_jpy: int
    """Whole yen of consumption tax."""
    tax_rate: Fraction
    """Percent."""
    rate: Decimal | None
    """Yen for one of `currency`, as the invoice says it."""
    date: date | None
    registration_number: str | None
    """T and 13 digits."""


def check_invoice(invoice: Invoice) -> None:
    """Raises `UsageError` for what no invoice says."""
    if not is_currency(invoice.currency):
        why = no_currency(invoice.currency)
        raise UsageError(Text(f"{why.ja}。", f"{why.en}."))
    number = invoice.registration_number
    if number is not None and not is_registration_number(number):
        raise UsageError(
            Text(
                f"「{number}」は登録番号ではありません（T と 13 桁。検査数字も確かめます）。",
                f"'{number}' is no registration number: T and 13 digits with their check digit.",
            )
        )
    if invoice.currency == "JPY" and invoice.amount != invoice.jpy:
        raise UsageError(
            Text(
                f"円建ての請求書なのに、額 {invoice.amount} と円 {invoice.jpy} が違います。",
                f"the invoice is in yen, but its amount {invoice.amount} is not {invoice.jpy} yen.",
            )
        )


def is_registration_number(words: str) -> bool:
    """Whether this is T and a corporate number with a right check digit, the first of its 13."""
    return bool(_REGISTRATION.match(words)) and words[1] == corporate_check_digit(words[2:])


def invoice_document(invoice: Invoice) -> dict[str, object]:
    """For JSON; numbers as texts where they are not whole."""
    return {
        "number": invoice.number,
        "issuer": invoice.issuer,
        "billing_account": invoice.billing_account,
        "currency": invoice.currency,
        "amount": format(invoice.amount, "f"),
        "jpy": invoice.jpy,
        "tax_jpy": invoice.tax_jpy,
        "tax_rate": str(invoice.tax_rate),
        "rate": None if invoice.rate is None else format(invoice.rate, "f"),
        "date": None if invoice.date is None else invoice.date.isoformat(),
        "registration_number": invoice.registration_number,
    }


def invoice_of(document: Document) -> Invoice:
    """What `invoice_document` made. Raises `ValueError` otherwise."""
    day = text_or_none(document, "date")
    return Invoice(
        text_of(document, "number"),
        text_of(document, "issuer"),
        text_or_none(document, "billing_account"),
        text_of(document, "currency"),
        decimal_of(document, "amount"),
        whole_of(document, "jpy"),
        whole_of(document, "tax_jpy"),
        rate_of(document, "tax_rate"),
        decimal_or_none(document, "rate"),
        None if day is None else date.fromisoformat(day),
        text_or_none(document, "registration_number"),
    )


def invoices_of(document: Document) -> tuple[Invoice, ...]:
    """A document's invoices. Raises as `invoice_of` does."""
    found = list_of(document, "invoices")
    return tuple(invoice_of(document_of(one, "invoices")) for one in found)
