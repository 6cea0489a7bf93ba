"""moyai cost explain: one yen, or none."""

from __future__ import annotations

from pathlib import Path

from tests.unit.cli.cost_months import MAY, Run, add_invoice, month_row, read_json
from tests.unit.costs.ledgers import csv_file


def test_one_yen_is_followed_to_its_line(may: Path, moyai: Run) -> None:
    steps = read_json(moyai("cost", "explain", MAY, "chihayaakasaka", "-o", "json"))
    assert [one["step"] for one in steps] == [
        "body",
        "line",
        "rows_of_invoice",
        "rows_whole",
        "rows",
        "invoice",
        "row",
    ]
    assert (steps[2]["exact"], steps[3]["jpy"]) == ("22000/3", 7_333)
    assert steps[-1]["words"].startswith("may.csv:4: 50")
    steps = read_json(moyai("cost", "explain", MAY, "271004", "-o", "json"))
    assert steps[-1]["words"].startswith("may.csv:2: 600")
    assert {"step": "pool", "words": "電子申請システムA", "jpy": 88_000} in steps
    none = moyai("cost", "explain", MAY, "273830", "--yen", "9999999")
    assert none.returncode == 2
    assert "there is no yen number" in none.stderr


def test_one_yen_of_a_rate_with_a_fraction(moyai: Run, project: Path) -> None:
    row = {"period": MAY, "item": "x", "service": "eapp-a", "amount": "100000", "tax_rate": "7.5"}
    csv_file(project / "licence.csv", [row])
    assert moyai("cost", "import", "licence.csv").returncode == 0
    [body, *_] = read_json(moyai("cost", "allocate", MAY, "-o", "json"))["bodies"]
    told = moyai("cost", "explain", MAY, body["code"])
    assert told.returncode == 0, told.stderr
    assert "licence.csv:2" in told.stdout


def test_a_body_that_bears_nothing_is_told_why_by_each_rule(moyai: Run, project: Path) -> None:
    csv_file(project / "may.csv", [month_row("100", "eapp-b")])
    assert moyai("cost", "import", "may.csv").returncode == 0
    add_invoice(moyai, MAY, "M-1", "100", 400_000)
    steps = read_json(moyai("cost", "explain", MAY, "271004", "-o", "json"))
    assert steps[1] == {"step": "nothing", "words": "its lines sum to", "jpy": 0}
    told = [one["words"] for one in steps[2:] if one["step"] == "nothing"]
    assert len(told) == len(steps) - 2 == 6
    assert "電子申請システムB: it is no member in this period (service eapp-b, members all)" in told
    shown = moyai("--lang", "ja", "cost", "explain", MAY, "271004").stdout
    assert "負担なし: 電子申請システムB: この期間に参加していません" in shown
    assert "負担なし: 団体の環境: この団体に当たる明細がありません 0 円" in shown
