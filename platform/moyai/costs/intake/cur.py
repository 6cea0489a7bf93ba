"""AWS Cost and Usage Reports, legacy (`lineItem/UnblendedCost`) and 2.0 (`line_item_unblended_cost`).

Columns after the table dictionaries of AWS Data Exports; categories after the definitions of FOCUS's
ChargeCategory. Columns that FOCUS has no name for keep their own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from moyai.costs.duck import literal
from moyai.costs.intake.shapes import NEEDED, TAGS, Kinds, Shape, floats_of, tags_of
from moyai.costs.intake.staging import Staged

_FOCUS: Mapping[str, tuple[str, ...]] = {
    "BilledCost": ("line_item_unblended_cost",),
    "BillingCurrency": ("line_item_currency_code",),
    "BillingPeriodStart": ("bill_billing_period_start_date",),
    "BillingPeriodEnd": ("bill_billing_period_end_date",),
    "BillingAccountId": ("bill_payer_account_id",),
    "BillingAccountName": ("bill_payer_account_name",),
    "InvoiceId": ("bill_invoice_id",),
    "InvoiceIssuerName": ("bill_invoicing_entity", "line_item_legal_entity"),
    "ChargePeriodStart": ("line_item_usage_start_date",),
    "ChargePeriodEnd": ("line_item_usage_end_date",),
    "ChargeDescription": ("line_item_line_item_description",),
    "SubAccountId": ("line_item_usage_account_id",),
    "SubAccountName": ("line_item_usage_account_name",),
    "ServiceName": ("product_product_name", "line_item_product_code"),
    "AvailabilityZone": ("line_item_availability_zone",),
    "RegionId": ("product_region_code",),
    "ResourceId": ("line_item_resource_id",),
    "ConsumedQuantity": ("line_item_usage_amount",),
    "ConsumedUnit": ("pricing_unit",),
}
"""Column of FOCUS → those of CUR 2.0 that have it; the first that is not empty."""
_TYPE = "line_item_line_item_type"
_CATEGORIES: Mapping[str, tuple[str, ...]] = {
    "Usage": ("Usage", "DiscountedUsage", "SavingsPlanCoveredUsage", "SavingsPlanNegation"),
    "Purchase": (
        "Fee",
        "RIFee",
        "SavingsPlanRecurringFee",
        "SavingsPlanUpfrontFee",
        "FlatRateSubscription",
    ),
    "Tax": ("Tax",),
    "Credit": ("Credit",),
    "Adjustment": (
        "Refund",
        "Discount",
        "BundledDiscount",
        "EdpDiscount",
        "PrivateRateDiscount",
        "RiVolumeDiscount",
        "SppDiscount",
        "DistributorDiscount",
    ),
}
"""FOCUS's ChargeCategory → types of line items. A negation takes back what covered usage would have cost: both
are usage, so that they meet."""
_PRICED_IN = "pricing_currency"
_TYPES = tuple(one for types in _CATEGORIES.values() for one in types)
_LEGACY_TAG = "resourceTags/"
_USER = "user:"


def cur_shape(staged: Staged) -> Shape | None:
    """A Cost and Usage Report, or None where the needed columns are not all there."""
    found: dict[str, str] = {}
    for own in staged.columns:
        if not own.startswith(_LEGACY_TAG):
            found.setdefault(_modern(own), own)
    if not {_TYPE, *(_FOCUS[name][0] for name in NEEDED)} <= found.keys():
        return None
    legacy = any("/" in own for own in staged.columns)
    named = {name: [found[one] for one in ours if one in found] for name, ours in _FOCUS.items()}
    columns = {
        name: f"coalesce({', '.join(staged.columns[own] for own in owns)})"
        for name, owns in named.items()
        if owns
    }
    kind = Kinds(found[_TYPE], staged.columns[found[_TYPE]], _TYPES)
    columns["ChargeCategory"] = _category(kind.text)
    used = {own for owns in named.values() for own in owns} - {found[_TYPE]}
    tags = found.get("resource_tags")
    columns |= {
        own: sql
        for own, sql in staged.columns.items()
        if own not in used and own != tags and not own.startswith(_LEGACY_TAG)
    }
    is_map = tags is not None and staged.types.get(tags) == "MAP(VARCHAR, VARCHAR)"
    return Shape(
        "CUR" if legacy else "CUR 2.0",
        columns,
        {**{name: owns[0] for name, owns in named.items() if owns}, TAGS: tags or TAGS},
        None if tags is None or is_map else staged.columns[tags],
        staged.raw[tags] if tags is not None and is_map else _legacy_tags(staged),
        floats_of(staged, {"BilledCost": named["BilledCost"][0]}),
        {own: staged.columns[own] for key, own in found.items() if key == _PRICED_IN},
        kind,
    )


def _modern(own: str) -> str:
    """`lineItem/UnblendedCost` → `line_item_unblended_cost`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|/", "_", own).lower()


def _category(item_type: str) -> str:
    cases = " ".join(
        f"WHEN {item_type} IN ({', '.join(map(literal, types))}) THEN {literal(name)}"
        for name, types in _CATEGORIES.items()
    )
    return f"CASE {cases} END"


def _legacy_tags(staged: Staged) -> str | None:
    """One column a tag → a map of those that have a value; keys of users' tags as in FOCUS, without
    `user:`."""
    keys = {
        own.removeprefix(_LEGACY_TAG).removeprefix(_USER): sql
        for own, sql in staged.columns.items()
        if own.startswith(_LEGACY_TAG)
    }
    return tags_of(keys)
