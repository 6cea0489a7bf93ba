"""moyai cost allocate, rows: on a site that does not run."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.cli.cost_months import MAY, Run, month_row, read_json
from tests.unit.costs.ledgers import csv_file


def test_shares_sum_to_the_bill_and_direct_costs_stay_with_their_body(
    may: Path, moyai: Run
) -> None:
    made = read_json(moyai("cost", "allocate", MAY, "-o", "json"))
    assert (made["bill_jpy"], made["difference_jpy"], made["unallocated"]) == (110_000, 0, [])
    assert sum(body["jpy"] for body in made["bodies"]) == made["allocated_jpy"] == 110_000
    [village] = [body for body in made["bodies"] if body["code"] == "273830"]
    assert village["lines"][0] == {"rule": "団体の環境", "kind": "direct", "jpy": 7_333}
    shown = moyai("cost", "allocate", MAY)
    assert "110,000 yen, by the rules" in shown.stdout
    assert "difference 0" in shown.stdout
    japanese = moyai("--lang", "ja", "cost", "allocate", MAY)
    assert "請求総額 110,000 円" in japanese.stdout


def test_fixed_amounts_beyond_the_cost_are_reduced_and_noted(
    may: Path, moyai: Run, project: Path
) -> None:
    file = project / "tenants.yaml"
    text = file.read_text(encoding="utf-8")
    old = "          service: chat #"
    assert text.count(old) == 1
    fixed = f'          fixed: {{ "272027": 20000 }}\n{old}'
    file.write_text(text.replace(old, fixed), encoding="utf-8")
    words = "ビジネスチャット: fixed amounts and base fees make ¥20,000, ¥5,333 more than the ¥14,667 that"
    words += " it costs, so they were reduced in proportion"
    assert f"note: {words}\n" in moyai("cost", "allocate", MAY).stdout
    made = read_json(moyai("cost", "allocate", MAY, "-o", "json"))
    [chat] = [one for one in made["pools"] if one["name"] == "chat"]
    assert [note["en"] for note in chat["notes"]] == [words]
    lines = [line for one in made["bodies"] for line in one["lines"] if line["rule"] == "chat"]
    assert [(line["kind"], line["jpy"]) for line in lines] == [("fixed", 14_667)]
    japanese = moyai("--lang", "ja", "cost", "allocate", MAY).stdout
    assert "費用 14,667 円を 5,333 円超えるため、その比で減額しました\n" in japanese
    file.write_text(text.replace(old, fixed.replace("20000", "2000")), encoding="utf-8")
    made = read_json(moyai("cost", "allocate", MAY, "-o", "json"))
    assert not any("reduced" in note["en"] for one in made["pools"] for note in one["notes"])


def test_an_invoice_that_its_rows_come_to_in_cents_is_told_in_json_alone(
    may: Path, moyai: Run, project: Path
) -> None:
    csv_file(project / "more.csv", [month_row("0.0038311468", "chat")])
    assert moyai("cost", "import", "more.csv").returncode == 0
    assert "note: invoice" not in moyai("cost", "allocate", MAY).stdout
    made = read_json(moyai("cost", "allocate", MAY, "-o", "json"))
    assert made["notes"] == []
    assert made["invoice_differences"] == [
        {
            "period": MAY,
            "issuer": "AWS",
            "number": "M-1",
            "currency": "USD",
            "amount": "750",
            "rows_amount": "750.0038311468",
            "difference": "-0.0038311468",
        }
    ]


def test_the_order_of_rows_and_files_changes_no_byte(may: Path, moyai: Run, project: Path) -> None:
    first = read_json(moyai("cost", "allocate", MAY, "-o", "json"))
    moyai("cost", "withdraw", MAY, "may.csv")
    csv_file(
        project / "b.csv", [month_row("50", "chat", tenant="273830"), month_row("100", "chat")]
    )
    csv_file(project / "a.csv", [month_row("600", "eapp-a")])
    assert moyai("cost", "import", "b.csv", "a.csv").returncode == 0
    again = read_json(moyai("cost", "allocate", MAY, "-o", "json"))
    assert again["state_sha256"] != first["state_sha256"]
    assert again["allocation_sha256"] == first["allocation_sha256"]


def test_rows_are_summed_by_columns_for_writing_rules(may: Path, moyai: Run) -> None:
    found = read_json(moyai("cost", "rows", MAY, "--by", "Tags.moyai:service", "-o", "json"))
    assert {one["Tags.moyai:service"]: one["amount"] for one in found} == {
        "chat": "150",
        "eapp-a": "600",
    }
    asked = {
        one["path"].partition(".pools")[2]: one
        for one in read_json(moyai("cost", "check", MAY, "-o", "json"))
    }
    assert asked.keys() == {
        "[0].where.ServiceName",
        "[0].where.Tags.moyai:service",
        "[2].shares[2].driver",
        "[3].where.Tags.moyai:service",
    }
    assert {one["severity"] for one in asked.values()} == {"warning"}
    unknown = moyai("cost", "rows", MAY, "--by", "Servicename")
    assert unknown.returncode == 2
    assert "did you mean ServiceName?" in unknown.stderr


@pytest.mark.parametrize("verb", ["allocate", "close", "statement", "report", "rows"])
def test_what_is_no_period_is_wrong_usage(verb: str, moyai: Run) -> None:
    done = moyai("cost", verb, "2026-13")
    assert done.returncode == 2
    assert "'2026-13' is no period" in done.stderr
    assert "Traceback" not in done.stderr


def test_rows_in_dollars_need_an_invoice(moyai: Run, project: Path) -> None:
    csv_file(project / "may.csv", [month_row("1", "chat")])
    moyai("cost", "import", "may.csv")
    done = moyai("cost", "allocate", MAY)
    assert done.returncode == 2
    assert "AWS: no invoice for 1 USD" in done.stderr
    assert f"moyai cost invoice add {MAY}" in done.stderr
