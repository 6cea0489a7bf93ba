"""A month in which nobody bears anything, and months with gaps between them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.sample import lay_out
from tests.unit.costs.ledgers import csv_file, focus_row, put
from tests.unit.registry.cost_federation import BODIES

from moyai.costs.documents.write import Kind
from moyai.errors import UsageError
from moyai.operations.costs.analysis import blends
from moyai.operations.costs.documents import Asked, report
from moyai.operations.costs.forecast import foresee
from moyai.operations.costs.periods import open_costs
from moyai.texts import Lang

RULES = """\
cost_sharing:
  issuer: { name: 事務局, contact: 計画担当, bank: 見本銀行 }
  budgets: [{ fiscal_year: 2026, amount: 5000 }]
  rule_sets:
    - name: 令和8年度
      from: 2026-04-01
      pools: [{ name: base, where: { ServiceName: EC2 }, shares: [{ by: equal }] }]
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MOYAI_HOME", str(tmp_path / "home"))
    return lay_out(tmp_path / "project", BODIES + RULES)


def _put(file: Path, month: str, yen: str, service: str = "EC2") -> None:
    row = focus_row(
        yen,
        BillingCurrency="JPY",
        ServiceName=service,
        BillingPeriodStart=f"{month}-01 00:00:00",
    )
    path = csv_file(file.parent / f"{month}.csv", [row])
    put(open_costs(file, "sandbox").ledger, path)


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_the_overview_of_a_month_that_nobody_bears_is_written(
    file: Path, tmp_path: Path, lang: Lang
) -> None:
    _put(file, "2026-05", "100", service="RDS")
    asked = Asked("2026-05", tmp_path / "out", (Kind.PDF, Kind.HTML), lang, None)
    files = report(file, "sandbox", asked).files
    assert all(one.path.stat().st_size > 1_000 for one in files)


def test_blends_of_a_month_that_nobody_bears_are_refused(file: Path) -> None:
    _put(file, "2026-05", "0")
    with pytest.raises(UsageError, match="no body bears anything in 2026-05"):
        blends(file, "sandbox", "2026-05", "5", None, ())


def test_what_was_spent_of_a_budget_counts_months_before_a_gap(file: Path) -> None:
    for month, yen in (("2026-04", "1000"), ("2026-05", "200"), ("2026-07", "30")):
        _put(file, month, yen)
    found = foresee(file, "sandbox", 1)
    assert [str(one) for one in found.outlook.past] == ["2026-07"]
    assert [one.row.spent for one in found.outlook.budgets] == [1_353]  # 1,230 and its tax
