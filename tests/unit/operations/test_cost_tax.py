"""Closed months with tax, settled when contributions are outside its scope."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from tests.unit.operations.cost_office import JUNE, OSAKA, RULES, SAKAI, VILLAGE, Office

from moyai.costs.apportion.inputs import TaxCarried
from moyai.costs.documents.write import Kind
from moyai.costs.periods import period_of
from moyai.operations.costs.documents import Asked, statements
from moyai.operations.costs.explanation import explanation


@pytest.mark.parametrize("difference", ["carry", "largest_remainder"])
def test_tax_of_taxable_months_is_borne_after_contributions_left_its_scope(
    office: Office, tmp_path: Path, difference: str
) -> None:
    pools = RULES[RULES.index("      pools:") :]
    office.rewrite(
        (
            "    - name: 令和8年度\n      from: 2026-04-01\n",
            "    - name: 不課税\n      from: 2026-07-01\n"
            + pools
            + "    - name: 課税\n      from: 2026-04-01\n      until: 2026-07-01\n"
            f"      tax: {{ treatment: taxable, difference: {difference} }}\n",
        )
    )
    july = "2026-07"
    office.yen("june.csv", JUNE, EC2="104")
    office.close(JUNE)
    office.yen("june.csv", JUNE, EC2="134", S3="10")
    office.yen("july.csv", july, EC2="100")
    asked = Asked(july, tmp_path / "out", tuple(Kind), "ja", None)
    assert [one.code for one in statements(office.file, "sandbox", asked, "all")] == [
        OSAKA,
        SAKAI,
        VILLAGE,
    ]
    made = office.close(july)
    assert made.allocation.difference_jpy == 0
    # ¥110 with their tax, 14 - 10 of tax by the settlement, and what June carried.
    assert sum(_totals(tmp_path / "out")) == 110 + 40 + 4 + made.inputs.tax_carried_in.jpy
    assert (made.tax_carried, office.verified()) == (TaxCarried(), True)


def test_a_yen_carried_from_a_month_of_another_rate_is_followed(office: Office) -> None:
    """What is carried stays at the rate at which it was bought."""
    pools = RULES[RULES.index("      pools:") :]
    rounding = "      rounding: { unit: 1000, method: floor, bearer: carry }\n"
    tax = "      tax: { treatment: taxable }\n"
    office.rewrite((pools, rounding + tax + pools))
    july = "2026-07"
    office.yen("june.csv", JUNE, EC2="2990")
    office.close(JUNE)
    path = office.file.parent / "licences.csv"
    path.write_text(
        f"period,service,amount,item,tax_rate\n{july},EC2,1010,licence,8\n", encoding="utf-8"
    )
    office.take(path)
    found = explanation(office.file, "sandbox", july, OSAKA, yen=40, line=3)
    assert [one.reckoned.basis.period for one in found.passed] == [period_of(july), period_of(JUNE)]


def _totals(folder: Path) -> list[int]:
    """The totals of statements as CSV has them."""
    found = []
    for path in folder.glob("*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            found += [
                int(row["金額（円）"]) for row in csv.DictReader(file) if row["区分"] == "合計"
            ]
    return found
