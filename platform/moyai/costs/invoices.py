"""Invoices: what a period's rows come to in yen, as their issuers say it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Invoice:
    """One invoice, or the part of it that is about one currency."""

    number: str
    issuer: str
    """As the rows name it (`InvoiceIssuerName`)."""
    billing_account: str | None
    """None: of all of the issuer's accounts."""
    currency: str
    """The rows' currency, ISO 4217."""
    amount: Decimal
    """In that currency, before tax."""
    jpy: int
    """The total in yen before tax, as paid."""
    tax_jpy: int
    """The consumption tax on it, yen."""
    tax_rate: Fraction
    """Percent."""
    rate: Decimal | None = None
    """Yen for one unit of the currency, as the invoice says it."""
    issued: date | None = None
    registration_number: str | None = None


@dataclass(frozen=True, slots=True)
class RowGroup:
    """Rows that are alike in the columns that were asked for, and belong to one invoice."""

    values: dict[str, str | None]
    issuer: str | None
    invoice_id: str | None
    billing_account: str | None
    currency: str
    is_tax: bool
    """Whether the rows are tax themselves (`ChargeCategory` Tax)."""
    tax_rate: Fraction | None
    """Percent, where the rows say it."""
    amount: Decimal
    """Exact, in the currency."""
    rows: int
