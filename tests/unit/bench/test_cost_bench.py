"""The benchmark of sharing costs, small: its bill is believable, and every figure is there."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import duckdb
import pytest
from tests.bench import cost, cost_project
from tests.bench.cost_venv import VENV
from tests.sample import SAMPLE

from moyai.registry.load import load_content


def test_all_municipalities_share_by_12_rules() -> None:
    loaded = load_content(SAMPLE, cost_project.text(cost_project.BODIES).encode())
    assert loaded.registry is not None, loaded.problems[:3]
    assert len(loaded.registry.tenants) == 1741
    assert loaded.registry.cost_sharing is not None
    [rules] = loaded.registry.cost_sharing.rule_sets
    assert len(rules.direct) + len(rules.pools) == 12


def test_rows_are_the_same_each_time_and_believable(tmp_path: Path) -> None:
    codes = [one.code for one in cost_project.bodies(50)]
    files = [cost_project.write_rows(tmp_path / name, 20_000, codes) for name in ("a", "b")]
    first, second = (sha256(path.read_bytes()).hexdigest() for path in files)
    assert first == second
    with duckdb.connect() as connection:
        described = connection.execute("DESCRIBE FROM read_parquet(?)", [str(files[0])]).fetchall()
        [told] = connection.execute(
            "SELECT count(*), count(DISTINCT InvoiceId), count(DISTINCT Tags['moyai:tenant']), "
            "count(DISTINCT ServiceName), count(*) FILTER (BilledCost < 0), "
            "count(*) FILTER (ChargeCategory = 'Tax') FROM read_parquet(?)",
            [str(files[0])],
        ).fetchall()
    rows, invoices, bodies, services, below_zero, taxes = told
    assert len(described) == 24
    assert (rows, invoices, bodies, services) == (20_000, 3, 50, 13)
    assert 390 < below_zero <= 400
    assert taxes == 200


def test_every_figure_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "ROUNDS", 1)
    python = VENV / "bin" / "python"
    made = python.is_file()
    found = cost.measure(tmp_path, [2000], python if made else None, bodies=30)
    for key in (
        "vs_duckdb",
        "vs_duckdb_by_column",
        "peak_mb",
        "import_peak_mb",
        "statements_seconds",
    ):
        value = found[key]
        assert isinstance(value, (int, float)), key
        assert value > 0, key
    assert isinstance(found["by_rows"], dict)
    assert found["by_rows"].keys() == {"2000"}
    assert found["growth"] is None
    if made:
        assert found["pandas_decimal_yen_apart"] == 0
    else:
        assert found["pandas_decimal_vs_ours"] is None


def test_growth_of_1_is_linear() -> None:
    rows = {"10": {"seconds": 3.0}, "2": {"seconds": 0.6}}
    assert cost.growth(rows) == pytest.approx(1)
    assert cost.growth({"2": {"seconds": 0.6}}) is None
