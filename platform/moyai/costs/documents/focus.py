"""An allocation as rows of FOCUS, the FinOps Open Cost and Usage Specification. Pure.

One row for each payer, rule and line, and one for each cost that nobody bears: their `BilledCost` sums to the
bill, with what was carried into it and settlements. Those that nobody bears have no `AllocatedResourceId`, as
the specification has it. Dates are those of the rows that were imported: a month as FOCUS writes it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from moyai.costs.apportion.allocation import (
    Allocation,
    Line,
    LineKind,
    Payer,
    PayerKind,
    Unallocated,
)
from moyai.costs.apportion.rounding import divide
from moyai.costs.periods import Period
from moyai.costs.record import plain
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
    "SkuId", "SkuPriceId", "Tags", "x_LineKind", "x_PayerKind", "x_Rule",
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
_RATIO_PLACES = 12
_COSTS = ("BilledCost", "ContractedCost", "EffectiveCost", "ListCost")
_ONCE = {LineKind.JOINING_FEE, LineKind.LEAVING_FEE, LineKind.SETTLEMENT}
_ADJUSTED = {LineKind.REMAINDER, LineKind.FEE_RELIEF, LineKind.SETTLEMENT}


def columns(version: FocusVersion) -> tuple[str, ...]:
    """The columns of a version, in order."""
    if version is FocusVersion.V1_3:
        return COLUMNS
    return (*COLUMNS, *_OF_1_0, *_OF_VALIDATOR)


def focus_rows(
    made: Allocation, rules: RuleSet, issuer: Issuer, names: Mapping[str, str]
) -> list[FocusRow]:
    """The rows, in order of rules and payers, then what nobody bears. `names`: code → name.

    A column that is not there has no value.
    """
    charges = list(_charges(made))
    by_rule: dict[str, list[_Charge]] = {}
    for charge in charges:
        by_rule.setdefault(charge.rule, []).append(charge)
    common = _common(made.period, issuer)
    return [
        {**common, **_row(charge, ratio, made.rules, rules, names)}
        for rule in sorted(by_rule)
        for charge, ratio in _with_ratios(by_rule[rule])
    ]


def with_columns_of(rows: Iterable[FocusRow], version: FocusVersion) -> Iterator[FocusRow]:
    """Rows with every column of a version."""
    for row in rows:
        found = {column: row.get(column) for column in columns(version)}
        if version is FocusVersion.V1_0:
            found |= {name: row.get(column) for name, column in _OF_VALIDATOR.items()}
        yield found


@dataclass(frozen=True, slots=True)
class _Charge:
    """One row to be. `rule`: empty where none caught it."""

    rule: str
    jpy: int
    payer: Payer | None
    line: Line | None
    left: Unallocated | None = None


def _charges(made: Allocation) -> Iterator[_Charge]:
    for one in made.borne:
        for line in one.lines:
            yield _Charge(one.rule, line.jpy, one.payer, line)
    for left in made.unallocated:
        yield _Charge(left.pool or "", left.jpy, None, None, left)


def _with_ratios(charges: list[_Charge]) -> Iterator[tuple[_Charge, int | None]]:
    """With each row's part of its rule's yen, in units of 10⁻¹²: they sum to 1 exactly.

    None where the rule's rows sum to nothing, or no rule caught them.
    """
    weights = {f"{at:09}": charge.jpy for at, charge in enumerate(charges)}
    if charges[0].rule == "" or sum(weights.values()) == 0:
        yield from ((charge, None) for charge in charges)
        return
    ratios = divide(10**_RATIO_PLACES, weights)
    yield from zip(charges, (ratios[key] for key in weights), strict=True)


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
    charge: _Charge, ratio: int | None, set_name: str, rules: RuleSet, names: Mapping[str, str]
) -> dict[str, str | int | None]:
    pool = rules.pool(charge.rule)
    title = title_of(charge.rule, rules).ja if pool is None else pool.title
    kind = "unallocated" if charge.line is None else charge.line.kind.value
    found: dict[str, str | int | None] = {
        **dict.fromkeys(_COSTS, charge.jpy),
        "ChargeDescription": f"{title}: {kind}" if title else _why(charge),
        "ServiceName": title or _service(charge),
        "Tags": _json({"moyai:service": pool.service} if pool and pool.service else {}),
        "x_LineKind": kind,
        "x_PayerKind": None if charge.payer is None else charge.payer.kind.value,
        "x_Rule": charge.rule or None,
        **_category(charge, f"{set_name}/{charge.rule}"),
    }
    if charge.rule:
        found["AllocatedMethodId"] = f"{set_name}/{charge.rule}"
        found["AllocatedMethodDetails"] = None if ratio is None else _details(charge, ratio)
    if charge.payer is not None:
        found |= _bearer(charge.payer, names)
    return found


def _category(charge: _Charge, sku: str) -> dict[str, str | int | None]:
    """What kind of charge it is. One month of a rule's is bought; what is below zero is a credit."""
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
    return {
        "AllocatedResourceId": f"{payer.kind.value}:{payer.name}",
        "AllocatedResourceName": payer.name,
    }


def _details(charge: _Charge, ratio: int) -> str:
    """How the row was come to: its part of the rule's yen, and the parts of a share, exactly."""
    whole, part = divmod(abs(ratio), 10**_RATIO_PLACES)
    digits = f"{part:0{_RATIO_PLACES}}".rstrip("0") or "0"
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


def _why(charge: _Charge) -> str:
    return "unallocated" if charge.left is None else charge.left.reason.ja


def _service(charge: _Charge) -> str:
    named = None if charge.left is None else charge.left.values.get("ServiceName")
    return named or "unallocated"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
