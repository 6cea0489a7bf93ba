"""An allocation as rows of FOCUS, the FinOps Open Cost and Usage Specification. Pure.

One row for each payer, rule and line, one for each payer and rate of tax, and for what it bears of that rate's
difference, and one for each cost that nobody bears: their `BilledCost` sums to the bill with its tax, with what
was carried into it and settlements. Those that nobody bears have no `AllocatedResourceId`, as
the specification has it. Dates are those of the rows that were imported: a month as FOCUS writes it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

from moyai.costs.apportion.allocation import Allocation, LineKind, Payer, PayerKind
from moyai.costs.documents.focus_charges import (
    RATIO_PLACES,
    Charge,
    charges,
    with_ratios,
)
from moyai.costs.periods import Period
from moyai.costs.record import plain
from moyai.costs.statements.taxes import Taxes
from moyai.costs.statements.titles import title_of
from moyai.registry.cost_rules import Issuer, RuleSet


class FocusVersion(StrEnum):
    """A version of FOCUS that rows can be written in."""

    V1_3 = "1.3"
    V1_0 = "1.0"
    """With what the public validator 1.0.0 asks for besides: columns by the names that its rules have
    (`Provider` for `ProviderName` and so on), and amounts with a decimal place."""


FocusRow = Mapping[str, str | int | None]
"""Column → value; whole yen and quantities are numbers."""

COLUMNS = (
    "AllocatedMethodDetails", "AllocatedMethodId", "AllocatedResourceId", "AllocatedResourceName",
    "AllocatedTags", "BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency",
    "BillingPeriodEnd", "BillingPeriodStart", "ChargeCategory", "ChargeClass", "ChargeDescription",
    "ChargeFrequency", "ChargePeriodEnd", "ChargePeriodStart", "ContractedCost",
    "ContractedUnitPrice", "EffectiveCost", "HostProviderName", "InvoiceIssuerName", "ListCost",
    "ListUnitPrice", "PricingCategory", "PricingQuantity", "PricingUnit", "ProviderName",
    "PublisherName", "ServiceCategory", "ServiceName", "ServiceProviderName", "ServiceSubcategory",
    "SkuId", "SkuPriceId", "Tags", "x_LineKind", "x_PayerKind", "x_Rule", "x_TaxRate",
)  # fmt: skip
_OF_1_0 = (
    "CommitmentDiscountCategory", "CommitmentDiscountId", "CommitmentDiscountName",
    "CommitmentDiscountStatus", "CommitmentDiscountType", "ConsumedQuantity", "ConsumedUnit",
    "RegionId", "RegionName", "ResourceName", "ResourceType", "SubAccountId",
    "SubAccountName",
)  # fmt: skip
"""Mandatory columns of 1.0 that have no value here. `ResourceId` stands by the validator's name only: tools
that tell no capitals apart cannot have both."""
_OF_VALIDATOR = {
    "ChargeType": "ChargeCategory",
    "InvoiceIssuer": "InvoiceIssuerName",
    "Provider": "ProviderName",
    "Publisher": "PublisherName",
    "ResourceID": "ResourceId",
}
"""Column that a rule of the validator names → the one of the specification that it is about."""
NUMBERS = frozenset(
    {"BilledCost", "ContractedCost", "ContractedUnitPrice", "EffectiveCost", "ListCost",
     "ListUnitPrice", "PricingQuantity", "ConsumedQuantity"}
)  # fmt: skip
_COSTS = ("BilledCost", "ContractedCost", "EffectiveCost", "ListCost")
_ONCE = {LineKind.JOINING_FEE, LineKind.LEAVING_FEE, LineKind.SETTLEMENT}
_ADJUSTED = {LineKind.REMAINDER, LineKind.FEE_RELIEF, LineKind.SETTLEMENT}
_TAX_TITLE = "消費税"


def columns(version: FocusVersion) -> tuple[str, ...]:
    """The columns of a version, in order."""
    if version is FocusVersion.V1_3:
        return COLUMNS
    return (*COLUMNS, *_OF_1_0, *_OF_VALIDATOR)


def focus_rows(
    made: Allocation, taxes: Taxes, rules: RuleSet, issuer: Issuer, names: Mapping[str, str]
) -> list[FocusRow]:
    """The rows, in order of rules and payers, then those of tax. `taxes`: of the allocation; `names`: code →
    name.

    A column that is not there has no value.
    """
    common = _common(made.period, issuer)
    return [
        {**common, **_row(charge, ratio, made.rules, rules, names)}
        for charge, ratio in with_ratios(charges(made, taxes))
    ]


def with_columns_of(rows: Iterable[FocusRow], version: FocusVersion) -> Iterator[FocusRow]:
    """Rows with every column of a version."""
    for row in rows:
        found = {column: row.get(column) for column in columns(version)}
        if version is FocusVersion.V1_0:
            found |= {name: row.get(column) for name, column in _OF_VALIDATOR.items()}
        yield found


def _common(period: Period, issuer: Issuer) -> dict[str, str]:
    start, end = (f"{day.isoformat()}T00:00:00Z" for day in (period.first, period.end))
    providers = dict.fromkeys(
        ("HostProviderName", "InvoiceIssuerName", "ProviderName", "PublisherName",
         "ServiceProviderName"),
        issuer.name,
    )  # fmt: skip
    return {
        "BillingAccountId": issuer.registration_number or issuer.name,
        "BillingAccountName": issuer.name,
        "BillingCurrency": "JPY",
        "BillingPeriodStart": start,
        "BillingPeriodEnd": end,
        "ChargePeriodStart": start,
        "ChargePeriodEnd": end,
        "ServiceCategory": "Other",
        "ServiceSubcategory": "Other (Other)",
        **providers,
    }


def _row(
    charge: Charge, ratio: int | None, set_name: str, rules: RuleSet, names: Mapping[str, str]
) -> dict[str, str | int | None]:
    pool = None if charge.is_tax else rules.pool(charge.rule)
    title = _title(charge, rules)
    found: dict[str, str | int | None] = {
        **dict.fromkeys(_COSTS, charge.jpy),
        "ChargeDescription": f"{title}: {charge.kind}" if title else _why(charge),
        "ServiceName": title or _service(charge),
        "Tags": _json({"moyai:service": pool.service} if pool and pool.service else {}),
        "x_LineKind": charge.kind,
        "x_PayerKind": None if charge.payer is None else charge.payer.kind.value,
        "x_Rule": charge.rule or None,
        "x_TaxRate": None if charge.rate is None else plain(charge.rate),
        **_category(charge, f"{set_name}/{charge.rule}"),
    }
    if charge.rule:
        found["AllocatedMethodId"] = f"{set_name}/{charge.rule}"
        found["AllocatedMethodDetails"] = None if ratio is None else _details(charge, ratio)
    if charge.payer is not None:
        found |= _bearer(charge.payer, names)
    return found


def _title(charge: Charge, rules: RuleSet) -> str:
    """What the charge is of; empty where no rule caught it."""
    if charge.is_tax:
        return _TAX_TITLE if charge.rate is None else f"{_TAX_TITLE} {plain(charge.rate)} %"
    pool = rules.pool(charge.rule)
    return title_of(charge.rule, rules).ja if pool is None else pool.title


def _category(charge: Charge, sku: str) -> dict[str, str | int | None]:
    """What kind of charge it is. One month of a rule's is bought; what is below zero is a credit, but of
    tax, which is tax."""
    if charge.is_tax:
        return {"ChargeCategory": "Tax", "ChargeFrequency": "Recurring"}
    kind = None if charge.line is None else charge.line.kind
    category: dict[str, str | int | None] = {
        "ChargeCategory": "Purchase",
        "ChargeFrequency": "One-Time" if kind in _ONCE else "Recurring",
    }
    if kind is LineKind.SETTLEMENT:
        category["ChargeClass"] = "Correction"
    if kind is None or kind in _ADJUSTED:
        return category | {"ChargeCategory": "Adjustment"}
    if charge.jpy < 0:
        return category | {"ChargeCategory": "Credit"}
    return category | {
        "ContractedUnitPrice": charge.jpy,
        "ListUnitPrice": charge.jpy,
        "PricingCategory": "Standard",
        "PricingQuantity": 1,
        "PricingUnit": "Months",
        "SkuId": charge.rule,
        "SkuPriceId": sku,
    }


def _bearer(payer: Payer, names: Mapping[str, str]) -> dict[str, str | int | None]:
    if payer.kind is PayerKind.BODY:
        return {
            "AllocatedResourceId": payer.name,
            "AllocatedResourceName": names.get(payer.name, payer.name),
            "AllocatedTags": _json({"moyai:tenant": payer.name}),
        }
    if not payer.name:
        return dict.fromkeys(("AllocatedResourceId", "AllocatedResourceName"), payer.kind.value)
    return {
        "AllocatedResourceId": f"{payer.kind.value}:{payer.name}",
        "AllocatedResourceName": payer.name,
    }


def _details(charge: Charge, ratio: int) -> str:
    """How the row was come to: its part of the rule's yen, and the parts of a share, exactly."""
    whole, part = divmod(abs(ratio), 10**RATIO_PLACES)
    digits = f"{part:0{RATIO_PLACES}}".rstrip("0") or "0"
    exact = f"{'-' if ratio < 0 else ''}{whole}.{digits}"
    if charge.line is None or not charge.line.parts:
        return f'{{"Elements":[{{"AllocatedRatio":{exact}}}]}}'
    parts = [
        {
            "By": part.by.value,
            "Driver": part.driver,
            "Percent": plain(part.percent),
            "Weight": str(part.weight),
            "Of": str(part.of),
        }
        for part in charge.line.parts
    ]
    return f'{{"Elements":[{{"AllocatedRatio":{exact},"x_Parts":{_json(parts)}}}]}}'


def _why(charge: Charge) -> str:
    return "unallocated" if charge.left is None else charge.left.reason.ja


def _service(charge: Charge) -> str:
    named = None if charge.left is None else charge.left.values.get("ServiceName")
    return named or "unallocated"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
