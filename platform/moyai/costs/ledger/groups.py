"""Rows of a period that are alike in what rules look at, and in what says which invoice they are of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from moyai.costs.apportion.inputs import Caught


@dataclass(frozen=True, slots=True)
class RowGroup:
    """Rows that are alike in the columns asked for, and in what says which invoice they are of."""

    values: Mapping[str, str | None]
    """Column → value, of the columns asked for; empty where a rule caught them."""
    issuer: str
    """`InvoiceIssuerName`; empty where the rows name none."""
    invoice_id: str | None
    billing_account: str | None
    currency: str
    is_tax: bool
    """Whether they are charges of tax (`ChargeCategory` is `Tax`)."""
    tax_rate: Fraction | None
    """Percent, where the rows say it (the template's)."""
    amount: Decimal
    """Sum of `BilledCost`, exact."""
    rows: int
    caught: Caught | None = None
    """The rule that catches them; None: none does, or it was not asked."""
