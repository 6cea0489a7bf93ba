"""An allocation as FOCUS rows: sums, ratios, columns, both formats."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.costs.rulebook import (
    CODES,
    allocate,
    bill,
    everybody,
    part,
    pool,
    rules,
    some_bill,
    some_members,
    some_rules,
)

from moyai.costs.apportion.allocation import Allocation, PayerKind
from moyai.costs.documents.focus import (
    NUMBERS,
    FocusRow,
    FocusVersion,
    columns,
    focus_rows,
)
from moyai.costs.documents.focus_file import FocusFormat, focus_file
from moyai.registry.cost_rules import Issuer, RuleSet, ShareBy

ISSUER = Issuer("共同体", "T7000012050002", None, None)
NAMES = {"271004": "大阪市", "271403": "堺市", "273830": "千早赤阪村"}


def some_allocation(data: st.DataObject) -> tuple[Allocation, RuleSet]:
    rule_set = data.draw(some_rules())
    return allocate(data.draw(some_bill()), rule_set, data.draw(some_members(rule_set))), rule_set


def _rows(made: Allocation, rule_set: RuleSet) -> list[FocusRow]:
    return focus_rows(made, rule_set, ISSUER, NAMES)


def _sum(rows: Sequence[FocusRow], column: str = "BilledCost") -> int:
    amounts = [row[column] for row in rows]
    return sum(amount for amount in amounts if isinstance(amount, int))


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_rows_sum_to_the_allocation(data: st.DataObject) -> None:
    made, rule_set = some_allocation(data)
    rows = _rows(made, rule_set)
    whole = made.bill_jpy + made.carried_in_jpy + made.settled_jpy
    for column in ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"):
        assert _sum(rows, column) == whole
    assert _sum([row for row in rows if row.get("AllocatedResourceId")]) == made.allocated_jpy
    by_body = {code: sum(one.jpy for one in borne) for code, borne in made.bodies()}
    for code in CODES:
        own = [row for row in rows if row.get("AllocatedResourceId") == code]
        assert _sum(own) == by_body.get(code, 0)
    others = {one.payer for one in made.borne if one.payer.kind is not PayerKind.BODY}
    assert {row["x_PayerKind"] for row in rows} - {"body", None} == {x.kind.value for x in others}


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_ratios_of_a_rule_sum_to_one(data: st.DataObject) -> None:
    made, rule_set = some_allocation(data)
    sums: dict[str, Decimal] = {}
    costs: dict[str, int] = {}
    for row in _rows(made, rule_set):
        rule, details, cost = row["x_Rule"], row.get("AllocatedMethodDetails"), row["BilledCost"]
        assert isinstance(cost, int)
        if rule is None:
            assert row.get("AllocatedMethodId") is None
            assert details is None
            continue
        costs[str(rule)] = costs.get(str(rule), 0) + cost
        assert row["AllocatedMethodId"] == f"令和8年度/{rule}"
        if details is not None:
            [element] = json.loads(str(details), parse_float=Decimal)["Elements"]
            sums[str(rule)] = sums.get(str(rule), Decimal()) + element["AllocatedRatio"]
    assert sums.keys() == {rule for rule, cost in costs.items() if cost}
    assert set(sums.values()) <= {Decimal(1)}


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_columns_that_belong_together(data: st.DataObject) -> None:
    for row in _rows(*some_allocation(data)):
        cost = row["BilledCost"]
        assert isinstance(cost, int)
        bought = row["ChargeCategory"] == "Purchase"
        for column in ("SkuId", "SkuPriceId", "PricingCategory", "PricingUnit", "PricingQuantity"):
            assert (row.get(column) is not None) == bought
        if bought:
            assert row["ListUnitPrice"] == row["ContractedUnitPrice"] == cost >= 0
        assert (row["x_LineKind"] == "settlement") == (row.get("ChargeClass") == "Correction")
        assert (row["x_LineKind"] == "unallocated") == (row.get("AllocatedResourceId") is None)


def test_a_share_says_how_it_was_come_to() -> None:
    rule_set = rules(pool("chat", part(ShareBy.EQUAL, 40), part(ShareBy.POPULATION, 60)))
    rows = _rows(allocate(bill(1000), rule_set, everybody("chat")), rule_set)
    osaka = next(row for row in rows if row["AllocatedResourceName"] == "大阪市")
    [element] = json.loads(str(osaka["AllocatedMethodDetails"]))["Elements"]
    assert [(one["By"], one["Percent"]) for one in element["x_Parts"]] == [
        ("equal", "40"),
        ("population", "60"),
    ]
    assert Fraction(element["x_Parts"][1]["Weight"]) == 2_752_412
    assert osaka["AllocatedTags"] == '{"moyai:tenant":"271004"}'


@pytest.mark.parametrize("version", FocusVersion)
def test_both_formats_hold_the_same_exact_rows(version: FocusVersion, tmp_path: Path) -> None:
    huge = 12_345_678_901_234_567_890
    rule_set = rules(pool('a, "b"', part(ShareBy.EQUAL)))
    made = allocate(bill(huge, -3), rule_set, everybody('a, "b"'))
    rows = _rows(made, rule_set)
    page = focus_file(rows, version, FocusFormat.CSV)
    read = list(csv.DictReader(io.StringIO(page.decode())))
    assert tuple(read[0]) == columns(version)
    assert sum(Decimal(row["BilledCost"]) for row in read) == huge - 3
    file = tmp_path / "rows.parquet"
    file.write_bytes(focus_file(rows, version, FocusFormat.PARQUET))
    table = duckdb.read_parquet(str(file))
    assert tuple(table.columns) == columns(version)
    named = dict(zip(table.columns, map(str, table.types), strict=True))
    assert {named[name] for name in NUMBERS & set(named)} == {"DECIMAL(38,0)"}
    for one, line in zip(table.fetchall(), read, strict=True):
        record = dict(zip(table.columns, one, strict=True))
        for column, value in record.items():
            if column in NUMBERS:
                assert (None if not line[column] else Decimal(line[column])) == value
            elif not column.endswith(("PeriodStart", "PeriodEnd")):
                assert (line[column] or None) == value
    assert focus_file(rows, version, FocusFormat.PARQUET) == file.read_bytes()


def test_names_stay_as_they_are() -> None:
    formula = '=HYPERLINK("x")'
    rule_set = rules(pool("+sum", part(ShareBy.EQUAL), title="@sum"))
    who = replace(everybody(), by_pool={"+sum": everybody().by_pool["all"]})
    made = allocate(bill(300), rule_set, who)
    rows = focus_rows(made, rule_set, ISSUER, {**NAMES, "273830": formula})
    page = focus_file(rows, FocusVersion.V1_3, FocusFormat.CSV).decode()
    read = list(csv.DictReader(io.StringIO(page)))
    assert {row["x_Rule"] for row in read} == {"+sum"}
    assert [row["AllocatedResourceName"] for row in read].count(formula) == 1


def test_an_older_version_has_the_validators_columns_too() -> None:
    rule_set = rules(pool("all"))
    rows = _rows(allocate(bill(900), rule_set, everybody()), rule_set)
    page = focus_file(rows, FocusVersion.V1_0, FocusFormat.CSV).decode()
    for row in csv.DictReader(io.StringIO(page)):
        assert row["Provider"] == row["ProviderName"] == "共同体"
        assert row["ChargeType"] == row["ChargeCategory"] == "Purchase"
        assert row["BilledCost"] == "300.0"
    assert set(columns(FocusVersion.V1_3)) < set(columns(FocusVersion.V1_0))
