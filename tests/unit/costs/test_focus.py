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
from tests.unit.costs.papers import BASIS, NAMES, TEN, issued, some_issue, taxable
from tests.unit.costs.rulebook import CODES, allocate, bill, everybody, part, pool, rules

from moyai.costs.apportion.allocation import Allocation
from moyai.costs.apportion.inputs import TaxCarried
from moyai.costs.apportion.settling import settlement
from moyai.costs.documents.focus import (
    NUMBERS,
    FocusRow,
    FocusVersion,
    columns,
    focus_rows,
)
from moyai.costs.documents.focus_file import FocusFormat, focus_file
from moyai.costs.statements.statement import Issue, issue
from moyai.costs.statements.taxes import tax
from moyai.registry.cost_rules import Bearer, Issuer, RuleSet, ShareBy, Subsidy, SubsidyWhen

ISSUER = Issuer("共同体", "T7000012050002", None, None)


def _rows(made: Allocation, rule_set: RuleSet) -> list[FocusRow]:
    return focus_rows(made, tax(made, rule_set.tax), rule_set, ISSUER, NAMES)


def _rows_of(told: Issue) -> list[FocusRow]:
    return focus_rows(told.allocation, told.taxes, told.rules, ISSUER, NAMES)


def _sum(rows: Sequence[FocusRow], column: str = "BilledCost") -> int:
    amounts = [row[column] for row in rows]
    return sum(amount for amount in amounts if isinstance(amount, int))


@settings(max_examples=60, deadline=None)
@given(some_issue())
def test_rows_sum_to_the_bill_with_its_tax_and_to_each_statement(told: Issue) -> None:
    rows = _rows_of(told)
    for column in ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"):
        assert _sum(rows, column) == told.bill_with_tax
    net = [row for row in rows if row["ChargeCategory"] != "Tax"]
    made = told.allocation
    assert _sum(net) == made.bill_jpy + made.carried_in_jpy + made.settled_jpy
    assert _sum([row for row in net if row.get("AllocatedResourceId")]) == made.allocated_jpy
    assert _sum([row for row in rows if not row.get("AllocatedResourceId")]) == told.unallocated_jpy
    totals = {one.code: one.total for one in told.statements}
    for code in CODES:
        own = [row for row in rows if row.get("AllocatedResourceId") == code]
        assert _sum(own) == totals.get(code, 0)
    for one in told.others:
        name = f"{one.payer.kind.value}:{one.payer.name}"
        assert _sum([row for row in rows if row.get("AllocatedResourceId") == name]) == one.gross
    carried = [row for row in rows if row.get("AllocatedResourceId") == "carry"]
    assert _sum(carried) == sum(told.taxes.carried.values())


@settings(max_examples=30, deadline=None)
@given(some_issue())
def test_ratios_of_a_rule_sum_to_one(told: Issue) -> None:
    sums: dict[str, Decimal] = {}
    costs: dict[str, int] = {}
    for row in _rows_of(told):
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
@given(some_issue())
def test_columns_that_belong_together(told: Issue) -> None:
    for row in _rows_of(told):
        cost = row["BilledCost"]
        assert isinstance(cost, int)
        bought = row["ChargeCategory"] == "Purchase"
        for column in ("SkuId", "SkuPriceId", "PricingCategory", "PricingUnit", "PricingQuantity"):
            assert (row.get(column) is not None) == bought
        if bought:
            assert row["ListUnitPrice"] == row["ContractedUnitPrice"] == cost >= 0
        assert (row["x_LineKind"] == "settlement") == (row.get("ChargeClass") == "Correction")
        assert (row["x_LineKind"] == "unallocated") == (row.get("AllocatedResourceId") is None)
        borne_tax = row["x_LineKind"] in ("tax", "tax_difference")
        assert borne_tax == (row["x_TaxRate"] is not None)
        assert borne_tax == str(row["x_Rule"]).startswith("tax:")
        if borne_tax:
            assert row["ChargeCategory"] == "Tax"
            assert cost != 0


def _taxes_of(rows: Sequence[FocusRow]) -> list[tuple[object, ...]]:
    columns = ("x_Rule", "x_LineKind", "AllocatedResourceId", "BilledCost")
    return [tuple(row.get(name) for name in columns) for row in rows if _is_tax(row)]


def _is_tax(row: FocusRow) -> bool:
    return row["ChargeCategory"] == "Tax"


@pytest.mark.parametrize(
    ("bearer", "borne_by"),
    [(Bearer.LARGEST_REMAINDER, "271004"), (Bearer.LEAD, "271403"), (Bearer.CARRY, "carry")],
)
def test_each_payer_has_its_tax_by_rates_and_its_part_of_the_difference(
    bearer: Bearer, borne_by: str
) -> None:
    half = Subsidy("国", SubsidyWhen.BEFORE, Fraction(50), None, "all")
    rule_set = taxable(rules(pool(subsidies=(half,))), bearer, "271403")
    # Of ¥114 a subsidy bears 57, each body 19: 10 % of these are 5.7 and 1.9, of the whole 11.
    one = replace(bill(114, rate=TEN), taxes={TEN: 11})
    rows = _rows_of(issued(one, rule_set))
    difference = 11 - 5 - 3 * 1
    assert difference == 3
    shares = [("tax:10", "tax_difference", borne_by, difference)]
    if bearer is Bearer.LARGEST_REMAINDER:
        shares = [("tax:10", "tax_difference", code, 1) for code in NAMES]
    assert _taxes_of(rows) == [
        *(("tax:10", "tax", code, 1) for code in NAMES),
        ("tax:10", "tax", "subsidy:国", 5),
        *shares,
    ]
    taxed = next(row for row in rows if _is_tax(row))
    assert (taxed["ServiceName"], taxed["x_TaxRate"]) == ("消費税 10 %", "10")
    assert taxed["AllocatedMethodId"] == "令和8年度/tax:10"
    assert taxed["AllocatedTags"] == '{"moyai:tenant":"271004"}'
    [element] = json.loads(str(taxed["AllocatedMethodDetails"]), parse_float=Decimal)["Elements"]
    assert element["AllocatedRatio"].quantize(Decimal("1e-9")) == Decimal("0.090909091")


def test_a_month_outside_the_tax_has_rows_of_what_it_settles_and_took_over() -> None:
    once = taxable(rules(pool()))
    closed, corrected = (
        allocate(replace(bill(jpy, rate=TEN), taxes={TEN: jpy // 10}), once, everybody())
        for jpy in (300, 600)
    )
    found = settlement(closed, corrected)
    assert found is not None
    later = allocate(bill(900), rules(pool()), everybody(), (found,))
    told = issue(later, rules(pool()), ISSUER, NAMES, BASIS, TaxCarried(differences={TEN: 4}))
    rows = _rows_of(told)
    assert _taxes_of(rows) == [
        *(("tax:10", "tax", code, 10) for code in NAMES),
        *(
            ("tax:10", "tax_difference", code, yen)
            for code, yen in zip(NAMES, (2, 1, 1), strict=True)
        ),
    ]
    assert _sum(rows) == 900 + 300 + 30 + 4 == told.bill_with_tax


def test_tax_that_nobody_bears_is_a_row_of_nobody() -> None:
    rule_set = taxable(rules(pool(maximum=100)))
    rows = _rows_of(issued(replace(bill(600, rate=TEN), taxes={TEN: 60}), rule_set))
    assert _taxes_of(rows)[-1] == (None, "unallocated", None, 30)
    assert (rows[-1]["ServiceName"], rows[-1]["ChargeDescription"]) == (
        "消費税",
        "消費税: unallocated",
    )


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
    rows = focus_rows(made, tax(made, rule_set.tax), rule_set, ISSUER, {**NAMES, "273830": formula})
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
