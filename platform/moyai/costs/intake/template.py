"""The template for other costs: licences, contracts, hours of labour. Amounts are yen before tax."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Collection, Mapping
from decimal import Context, Decimal, Inexact, localcontext
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

from moyai.costs.intake.bodies import Bodies
from moyai.costs.intake.faults import Faults
from moyai.costs.intake.shapes import BODY_CODE, TAGS, TAX_RATE
from moyai.costs.intake.tables import Headings, Table
from moyai.costs.intake.words import NotAValue, number_of, percent_of, period_in
from moyai.texts import Text

T = TypeVar("T")
COLUMNS: Mapping[str, tuple[str, str]] = {
    "period": ("期間", "period"),
    "item": ("品目", "item"),
    "category": ("区分", "category"),
    "service": ("サービス", "service"),
    "component": ("構成要素", "component"),
    "contract": ("契約", "contract"),
    "body_code": ("団体コード", "body_code"),
    "quantity": ("数量", "quantity"),
    "unit_price": ("単価", "unit_price"),
    "amount": ("金額", "amount"),
    "tax_rate": ("税率", "tax_rate"),
    "issuer": ("発行者", "issuer"),
    "invoice": ("請求書番号", "invoice"),
    "note": ("備考", "note"),
}
"""Key → heading in Japanese and English, in the template's order."""
HEADINGS = Headings(
    {key: (ja, en, en.replace("_", "")) for key, (ja, en) in COLUMNS.items()},
    frozenset({"period", "item"}),
)
_CATEGORIES: Mapping[str, str] = {
    "": "Purchase",
    "購入": "Purchase",
    "purchase": "Purchase",
    "利用": "Usage",
    "usage": "Usage",
    "税": "Tax",
    "消費税": "Tax",
    "tax": "Tax",
    "値引": "Credit",
    "値引き": "Credit",
    "credit": "Credit",
    "調整": "Adjustment",
    "adjustment": "Adjustment",
}
"""As written → FOCUS's ChargeCategory."""
_OUT: Mapping[str, str] = {
    "item": "ChargeDescription",
    "service": "ServiceName",
    "component": "x_Component",
    "contract": "x_Contract",
    "body_code": BODY_CODE,
    "issuer": "InvoiceIssuerName",
    "invoice": "InvoiceId",
    "note": "x_Note",
}
_SERVICE_TAG = "moyai:service"
_TENANT_TAG = "moyai:tenant"
"""The tags of what Moyai makes: one rule catches a body's or a service's resources and contracts."""
_MADE = ("BilledCost", "BillingCurrency", "BillingPeriodStart", "ChargeCategory")
LEDGER_COLUMNS = (
    *_MADE, *_OUT.values(), "PricingQuantity", "ContractedUnitPrice", TAX_RATE, TAGS
)  # fmt: skip


def write_focus(
    table: Table,
    bodies: Bodies,
    services: Collection[str],
    target: Path,
    faults: Faults,
) -> bool:
    """Write a table's rows with FOCUS's columns and the line as the first; False where there is a
    fault, which is told.

    `services`: those of the federation, whose rows have the tag that their resources have.
    """
    before = len(faults.found) + faults.more
    with target.open("x", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["line", *LEDGER_COLUMNS])
        for line, cells in table.rows:
            row = _Row(table, line, cells, faults).focus(bodies, services)
            writer.writerow([line, *(row.get(name, "") for name in LEDGER_COLUMNS)])
    return len(faults.found) + faults.more == before


class _Row:
    """One row while it is read."""

    def __init__(self, table: Table, line: int, cells: Mapping[str, str], faults: Faults) -> None:
        self._table = table
        self._line = line
        self._cells = cells
        self._faults = faults

    def focus(self, bodies: Bodies, services: Collection[str]) -> dict[str, str]:
        """The row's columns; what is wrong is told."""
        period = self._read("period", period_in, needed=True)
        amount = self._amount()
        rate = self._read("tax_rate", percent_of)
        category = _CATEGORIES.get(self._cells.get("category", "").lower())
        if category is None:
            known = ", ".join(dict.fromkeys(_CATEGORIES.values()))
            self._tell("category", Text(f"区分は {known} のどれかです", f"it is one of {known}"))
        code = self._cells.get("body_code", "")
        body = bodies.means(code, period) if code else None
        if code and body is None:
            self._tell("body_code", bodies.unknown(code, period))
        if not self._cells.get("item"):
            self._tell("item", _EMPTY)
        found = {name: self._cells.get(key, "") for key, name in _OUT.items()}
        found |= {
            "BilledCost": "" if amount is None else format(amount, "f"),
            "BillingCurrency": "JPY",
            "BillingPeriodStart": f"{period}-01",
            "ChargeCategory": category or "",
            "PricingQuantity": self._number_text("quantity"),
            "ContractedUnitPrice": self._number_text("unit_price"),
            TAX_RATE: "" if rate is None else _rate_text(rate),
            TAGS: self._tags(body, services),
        }
        return found

    def _tags(self, code: str | None, services: Collection[str]) -> str:
        service = self._cells.get("service", "")
        tags = {_TENANT_TAG: code, _SERVICE_TAG: service if service in services else None}
        found = {key: value for key, value in tags.items() if value}
        return json.dumps(found) if found else ""

    def _amount(self) -> Decimal | None:
        amount = self._read("amount", number_of)
        quantity = self._read("quantity", number_of)
        price = self._read("unit_price", number_of)
        if quantity is None or price is None:
            if amount is None and not self._cells.get("amount"):
                self._tell("amount", _NO_AMOUNT)
            return amount
        with localcontext(Context(prec=200, traps=[Inexact])):
            product = quantity * price
        if amount is not None and amount != product:
            self._tell(
                "amount",
                Text(
                    f"金額 {amount} が数量×単価 {product:f} と一致しません",
                    f"the amount {amount} is not quantity times unit price, {product:f}",
                ),
            )
        return product

    def _read(self, key: str, read: Callable[[str], T], *, needed: bool = False) -> T | None:
        words = self._cells.get(key, "")
        if not words:
            if needed:
                self._tell(key, _EMPTY)
            return None
        try:
            return read(words)
        except NotAValue as error:
            self._tell(key, error.reason)
            return None

    def _number_text(self, key: str) -> str:
        try:
            return format(number_of(self._cells.get(key, "")), "f")
        except NotAValue:  # empty, or told already
            return ""

    def _tell(self, key: str, reason: Text) -> None:
        heading = self._table.keys.get(key, Text(*COLUMNS[key]))
        self._faults.add(self._table.name, self._line, heading, reason)


def _rate_text(rate: Fraction) -> str:
    return str(rate) if rate.denominator != 1 else str(rate.numerator)


_EMPTY = Text("値がありません", "there is no value")
_NO_AMOUNT = Text(
    "金額か、数量と単価の両方が要ります", "it needs an amount, or both quantity and unit price"
)
