"""What a bill would have come to at another exchange rate. Pure.

Invoices in a foreign currency are brought to yen at the rate on the invoice; a rate that moves before the
next one moves what bodies bear (¥139 to ¥160 a dollar made +¥400M in a study of the Government Cloud).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from moyai.costs.apportion.rounding import to_unit
from moyai.costs.ledger.invoices import Invoice
from moyai.registry.cost_rules import Rounding


@dataclass(frozen=True, slots=True)
class AtRate:
    """Invoices as they would be at a rate."""

    rate: Decimal
    """Yen for one unit of the currency."""
    invoices: tuple[Invoice, ...]


def rate_of(invoice: Invoice) -> Fraction | None:
    """Yen for one unit: as the invoice says, else its yen ÷ its amount; None where that is 0."""
    if invoice.rate is not None:
        return Fraction(invoice.rate)
    return Fraction(invoice.jpy) / Fraction(invoice.amount) if invoice.amount else None


def at_rate(invoices: Sequence[Invoice], currency: str, rate: Decimal) -> AtRate:
    """The invoices of a currency at another rate, yen and tax in proportion, halves up."""
    return AtRate(
        rate,
        tuple(
            _moved(invoice, rate) if invoice.currency == currency else invoice
            for invoice in invoices
        ),
    )


def _moved(invoice: Invoice, rate: Decimal) -> Invoice:
    present = rate_of(invoice)
    if not present:
        return invoice
    factor = Fraction(rate) / present
    return replace(
        invoice,
        jpy=_whole(invoice.jpy * factor),
        tax_jpy=_whole(invoice.tax_jpy * factor),
        rate=rate,
    )


def _whole(yen: Fraction) -> int:
    return to_unit(yen.numerator, yen.denominator, 1, Rounding.HALF_UP)
