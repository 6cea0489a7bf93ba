"""moyai cost allocate, explain, compare, statement, report, close, verify: on a site that does not run."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.unit.costs.ledgers import csv_file, focus_row

from moyai.errors import ExitCode

Run = Callable[..., "subprocess.CompletedProcess[str]"]
MAY = "2026-05"


def _row(
    cost: str, service: str | None, month: str = MAY, tenant: str | None = None
) -> dict[str, str]:
    tags = {"moyai:service": service, "moyai:tenant": tenant}
    return focus_row(
        cost,
        BillingPeriodStart=f"{month}-01 00:00:00",
        Tags=json.dumps({key: value for key, value in tags.items() if value}),
    )


def _invoice(moyai: Run, period: str, number: str, amount: str, jpy: int) -> None:
    done = moyai(
        "cost", "invoice", "add", period, "--issuer", "AWS", "--number", number, "--currency", "USD",
        "--amount", amount, "--jpy", str(jpy), "--tax-jpy", str(jpy // 10),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def _json(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def may(moyai: Run, project: Path) -> Path:
    """May's costs on record: ¥110,000 with tax for $750, of it $50 of one body."""
    rows = [_row("600", "eapp-a"), _row("100", "chat"), _row("50", "chat", tenant="273830")]
    file = csv_file(project / "may.csv", rows)
    assert moyai("cost", "import", "may.csv").returncode == 0
    _invoice(moyai, MAY, "M-1", "750", 100_000)
    return file


def test_shares_sum_to_the_bill_and_direct_costs_stay_with_their_body(
    may: Path, moyai: Run
) -> None:
    made = _json(moyai("cost", "allocate", MAY, "-o", "json"))
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
    made = _json(moyai("cost", "allocate", MAY, "-o", "json"))
    [chat] = [one for one in made["pools"] if one["name"] == "chat"]
    assert [note["en"] for note in chat["notes"]] == [words]
    lines = [line for one in made["bodies"] for line in one["lines"] if line["rule"] == "chat"]
    assert [(line["kind"], line["jpy"]) for line in lines] == [("fixed", 14_667)]
    japanese = moyai("--lang", "ja", "cost", "allocate", MAY).stdout
    assert "費用 14,667 円を 5,333 円超えるため、その比で減額しました\n" in japanese
    file.write_text(text.replace(old, fixed.replace("20000", "2000")), encoding="utf-8")
    made = _json(moyai("cost", "allocate", MAY, "-o", "json"))
    assert not any("reduced" in note["en"] for one in made["pools"] for note in one["notes"])


def test_an_invoice_that_its_rows_come_to_in_cents_is_told_in_json_alone(
    may: Path, moyai: Run, project: Path
) -> None:
    csv_file(project / "more.csv", [_row("0.0038311468", "chat")])
    assert moyai("cost", "import", "more.csv").returncode == 0
    assert "note: invoice" not in moyai("cost", "allocate", MAY).stdout
    made = _json(moyai("cost", "allocate", MAY, "-o", "json"))
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


TAXABLE = "tax: { treatment: taxable, difference: DIFFERENCE }"


def _taxable(project: Path, difference: str = "largest_remainder") -> None:
    file = project / "tenants.yaml"
    text = file.read_text(encoding="utf-8")
    old = "tax: { treatment: outside_scope }"
    assert text.count(old) == 1
    file.write_text(text.replace(old, TAXABLE.replace("DIFFERENCE", difference)), encoding="utf-8")


def _table(done: subprocess.CompletedProcess[str]) -> list[dict[str, str]]:
    assert done.returncode == 0, done.stderr
    return list(csv.DictReader(io.StringIO(done.stdout)))


def test_bodies_that_are_taxed_are_shown_with_tax(may: Path, moyai: Run, project: Path) -> None:
    assert "gross" not in moyai("cost", "allocate", MAY).stdout
    _taxable(project)
    made = _json(moyai("cost", "allocate", MAY, "-o", "json"))
    assert (made["bill_jpy"], made["taxes"]) == (100_000, {"10": 10_000})
    records = _table(moyai("cost", "allocate", MAY, "-o", "csv"))
    assert {one["code"]: int(one["jpy"]) for one in records} == {
        body["code"]: body["jpy"] for body in made["bodies"]
    }
    assert all(int(one["jpy"]) + int(one["tax_jpy"]) == int(one["gross_jpy"]) for one in records)
    assert sum(int(one["tax_jpy"]) for one in records) == 10_000
    [village] = [one for one in records if one["code"] == "273830"]
    lines = moyai("cost", "allocate", MAY).stdout.splitlines()
    [heading] = [one for one in lines if one.startswith("code")]
    assert heading.split()[:5] == ["code", "body", "net", "tax", "gross"]
    [shown] = [one for one in lines if one.startswith("273830")]
    assert shown.split()[2:5] == [
        f"{int(village[key]):,}" for key in ("jpy", "tax_jpy", "gross_jpy")
    ]
    [total] = [one for one in lines if one.split()[0] == "all"]
    assert total.split()[1:4] == ["100,000", "10,000", "110,000"]
    assert "10,000 yen of tax: 10,000 borne by bodies" in lines
    japanese = moyai("--lang", "ja", "cost", "allocate", MAY).stdout
    assert "税抜（円）" in japanese
    assert "消費税 10,000 円: 団体 10,000 円\n" in japanese
    exported = moyai("cost", "export", MAY, "--to", "focus.csv").stdout
    assert "yen (with tax)" in exported
    assert "unallocated (with tax)" in exported
    assert "10,000 yen of tax: 10,000 borne by bodies\n" in exported
    [told] = _json(moyai("cost", "export", MAY, "--to", "focus.csv", "-o", "json"))
    assert (told["jpy"], told["tax"]) == (110_000, "included")
    rows = csv.DictReader(io.StringIO((project / "focus.csv").read_text(encoding="utf-8")))
    sums: dict[str, int] = {}
    for row in rows:
        code = row["AllocatedResourceId"]
        sums[code] = sums.get(code, 0) + int(row["BilledCost"])
    assert sums == {one["code"]: int(one["gross_jpy"]) for one in records}
    japanese = moyai("--lang", "ja", "cost", "export", MAY, "--to", "focus.csv").stdout
    assert "合計（税込・円）" in japanese
    files = _json(
        moyai("cost", "statement", MAY, "273830", "--to", "o", "--format", "csv", "-o", "json")
    )
    said = [(project / one["file"]).read_text(encoding="utf-8-sig") for one in files]
    assert all(village["gross_jpy"] in words for words in said)


def test_the_difference_of_the_tax_that_is_carried_is_said(
    may: Path, moyai: Run, project: Path
) -> None:
    _taxable(project, "carry")
    records = _table(moyai("cost", "allocate", MAY, "-o", "csv"))
    borne = sum(int(one["tax_jpy"]) for one in records)
    assert borne < 10_000
    words = f"10,000 yen of tax: {borne:,} borne by bodies, {10_000 - borne:,} carried to the next period"
    assert words in moyai("cost", "close", MAY).stdout.splitlines()


def test_the_order_of_rows_and_files_changes_no_byte(may: Path, moyai: Run, project: Path) -> None:
    first = _json(moyai("cost", "allocate", MAY, "-o", "json"))
    moyai("cost", "withdraw", MAY, "may.csv")
    csv_file(project / "b.csv", [_row("50", "chat", tenant="273830"), _row("100", "chat")])
    csv_file(project / "a.csv", [_row("600", "eapp-a")])
    assert moyai("cost", "import", "b.csv", "a.csv").returncode == 0
    again = _json(moyai("cost", "allocate", MAY, "-o", "json"))
    assert again["state_sha256"] != first["state_sha256"]
    assert again["allocation_sha256"] == first["allocation_sha256"]


def test_one_yen_is_followed_to_its_line(may: Path, moyai: Run) -> None:
    steps = _json(moyai("cost", "explain", MAY, "chihayaakasaka", "-o", "json"))
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
    steps = _json(moyai("cost", "explain", MAY, "271004", "-o", "json"))
    assert steps[-1]["words"].startswith("may.csv:2: 600")
    assert {"step": "pool", "words": "電子申請システムA", "jpy": 88_000} in steps
    none = moyai("cost", "explain", MAY, "273830", "--yen", "9999999")
    assert none.returncode == 2
    assert "there is no yen number" in none.stderr


def test_a_closed_period_stays_and_what_is_corrected_is_settled_in_the_next(
    may: Path, moyai: Run, project: Path
) -> None:
    before = _json(moyai("cost", "allocate", MAY, "-o", "json"))
    closed = _json(moyai("cost", "close", MAY, "-o", "json"))
    assert closed["closed"]
    assert closed["allocation_sha256"] == before["allocation_sha256"]
    # Later rules and rows do not reach it.
    text = (project / "tenants.yaml").read_text(encoding="utf-8")
    (project / "tenants.yaml").write_text(
        text.replace("count: 4909", "count: 9409"), encoding="utf-8"
    )
    csv_file(may, [_row("500", "eapp-a"), _row("200", "chat"), _row("50", "chat", tenant="273830")])
    assert "correction to a closed period" in moyai("cost", "import", "may.csv").stdout
    again = _json(moyai("cost", "allocate", MAY, "-o", "json"))
    assert {key: again[key] for key in closed} == closed
    csv_file(project / "june.csv", [_row("10", "chat", "2026-06")])
    assert moyai("cost", "import", "june.csv").returncode == 0
    _invoice(moyai, "2026-06", "J-1", "10", 1_500)
    june = _json(moyai("cost", "allocate", "2026-06", "-o", "json"))
    assert (june["bill_jpy"], june["settled_jpy"], june["difference_jpy"]) == (1_650, 0, 0)
    settled = {
        body["code"]: line["jpy"]
        for body in june["bodies"]
        for line in body["lines"]
        if line["kind"] == "settlement"
    }
    # What moved from one pool to another is less for some and more for others.
    assert sum(settled.values()) == 0
    assert settled["271004"] < 0 < settled["272027"]
    share = sum(
        line["jpy"]
        for body in june["bodies"]
        for line in body["lines"]
        if body["code"] == "272027" and line["kind"] != "settlement"
    )
    told = moyai("--lang", "ja", "cost", "explain", "2026-06", "272027", "--yen", str(share + 1))
    assert "円目: 令和8年5月分の精算" in told.stdout, told.stderr
    assert "ファイル: may.csv: 第1版（" in told.stdout
    assert "行: − may.csv:3: 100 USD" in told.stdout
    assert "行: + may.csv:3: 200 USD" in told.stdout
    lines = next(body["lines"] for body in june["bodies"] if body["code"] == "271004")
    number = 1 + [line["kind"] for line in lines].index("settlement")
    less = moyai("cost", "explain", "2026-06", "271004", "--line", str(number))
    assert (
        f"line {number}, yen 1: Settlement of May 2026 (section 1 of the statement) "
        f"{settled['271004']:,} yen\n"
    ) in less.stdout
    assert _json(moyai("cost", "close", "2026-06", "-o", "json"))["closed"]
    assert [one["same"] for one in _json(moyai("cost", "verify", "-o", "json"))] == [True, True]
    assert "imported files are kept as they came" in moyai("cost", "verify").stdout
    [kept] = [
        one for one in project.parent.rglob("sources/*") if one.read_bytes() == may.read_bytes()
    ]
    kept.unlink()
    lost = moyai("cost", "verify", "-o", "json")
    assert lost.returncode == ExitCode.FAILED
    assert f"missing or damaged: sources/{kept.name} (may.csv of 2026-05)" in lost.stderr
    assert [one["same"] for one in json.loads(lost.stdout)] == [True, True]
    # It was settled once: July has nothing of it.
    nothing = moyai("cost", "allocate", "2026-07")
    assert nothing.returncode == 2
    assert "no costs are on record for 2026-07" in nothing.stderr


def test_closing_what_is_closed_says_so(may: Path, moyai: Run) -> None:
    first = moyai("cost", "close", MAY).stdout.splitlines()
    again = moyai("cost", "close", MAY).stdout.splitlines()
    assert first[0] == "2026-05 is closed."
    assert again[0].startswith("2026-05 is closed already (")
    assert again[0].endswith("; reckoned again, it comes out as it was closed.")
    assert again[1:] == first[1:]
    japanese = moyai("--lang", "ja", "cost", "close", MAY).stdout
    assert japanese.startswith("2026-05 は閉じてあります（")
    machine = moyai("cost", "close", MAY, "-o", "json")
    assert machine.stderr.splitlines() == again[:1]
    assert _json(machine)["closed"]


def test_an_import_that_corrects_a_closed_month_says_which_invoice_it_fits_no_longer(
    may: Path, moyai: Run, project: Path
) -> None:
    assert moyai("cost", "close", MAY).returncode == 0
    csv_file(may, [_row("600", "eapp-a"), _row("110", "chat"), _row("50", "chat", tenant="273830")])
    said = "M-1 says 750 USD, its rows sum to 760 (difference -10)"
    told = moyai("cost", "import", "may.csv").stdout
    assert f"note: correction of 2026-05, which is closed: invoice {said}" in told
    assert said in moyai("cost", "allocate", "2026-06").stdout
    june = _json(moyai("cost", "allocate", "2026-06", "-o", "json"))
    assert said in june["notes"][0]
    [difference] = june["invoice_differences"]
    assert (difference["period"], difference["difference"]) == (MAY, "-10")
    csv_file(may, [_row("600", "eapp-a"), _row("150", "chat")])
    assert "note:" not in moyai("cost", "import", "may.csv").stdout
    csv_file(may, [_row("600", "eapp-a"), _row("151", "chat")])
    [record] = _json(moyai("cost", "import", "may.csv", "-o", "json"))
    assert [one["difference"] for one in record["invoice_differences"]] == ["-1"]


def test_periods_are_closed_in_order_and_not_over_what_nobody_bears(
    may: Path, moyai: Run, project: Path
) -> None:
    csv_file(project / "june.csv", [_row("10", None, "2026-06")])
    moyai("cost", "import", "june.csv")
    _invoice(moyai, "2026-06", "J-1", "10", 1_500)
    early = moyai("cost", "close", "2026-06")
    assert early.returncode == 5
    assert "2026-05 before 2026-06 is still open" in early.stderr
    assert moyai("cost", "close", MAY).returncode == 0
    text = (project / "tenants.yaml").read_text(encoding="utf-8")
    (project / "tenants.yaml").write_text(
        text.replace(
            "          where: {} # 残りのすべて\n", '          where: { ServiceName: "none" }\n'
        ),
        encoding="utf-8",
    )
    over = moyai("cost", "close", "2026-06")
    assert over.returncode == 5
    assert "1 cost that nobody bears, 1,650 yen in all" in over.stderr
    shown = moyai("cost", "allocate", "2026-06").stdout.splitlines()
    assert shown[1].startswith("unallocated: 1,650 yen (no rule catches it:")


def test_statements_and_the_report_are_files_with_their_hashes(
    may: Path, moyai: Run, project: Path
) -> None:
    moyai("cost", "close", MAY)
    written = _json(
        moyai("cost", "statement", MAY, "271004", "273830", "--to", "out", "-o", "json")
    )
    assert len(written) == 8
    for one in written:
        content = (project / one["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == one["sha256"]
    [again] = _json(
        moyai("cost", "statement", MAY, "273830", "--to", "two", "--format", "pdf", "-o", "json")
    )
    [first] = [one for one in written if one["file"].endswith("273830.pdf")]
    assert again["sha256"] == first["sha256"]
    report = _json(moyai("cost", "report", MAY, "--to", "out", "--format", "html", "-o", "json"))
    assert [Path(one["file"]).suffix for one in report] == [".html"]
    nobody = moyai("cost", "statement", MAY, "not all", "--to", "out")
    assert nobody.returncode == 2
    assert f"moyai cost explain {MAY} CODE shows why" in nobody.stderr


def test_an_open_months_documents_are_said_to_be_provisional(
    may: Path, moyai: Run, project: Path
) -> None:
    kept = (project / "tenants.yaml").read_text(encoding="utf-8")
    statement = ("cost", "statement", MAY, "273830", "--format", "csv")
    report = ("cost", "report", MAY, "--format", "csv")
    for command in (statement, report):
        assert "Provisional: the month is not closed." in moyai(*command).stdout
        done = moyai("--lang", "ja", *command, "-o", "json")
        assert len(_json(done)) == 1
        assert "未確定: この期間はまだ締めていません。" in done.stderr
        assert "未配分の費用あり" not in done.stderr
    csv_file(project / "more.csv", [_row("10", None, MAY)])
    moyai("cost", "import", "more.csv")
    (project / "tenants.yaml").write_text(
        kept.replace(
            "          where: {} # 残りのすべて\n", '          where: { ServiceName: "none" }\n'
        ),
        encoding="utf-8",
    )
    for command in (statement, report):
        assert "Some cost is unallocated: nobody bears it yet." in moyai(*command).stdout
    (project / "tenants.yaml").write_text(kept, encoding="utf-8")
    assert moyai("cost", "close", MAY).returncode == 0
    for command in (statement, report):
        done = moyai(*command)
        assert "rovisional" not in done.stdout + done.stderr


def test_documents_of_a_former_code_are_said_to_be_the_successors(
    may: Path, moyai: Run, project: Path
) -> None:
    text = (project / "tenants.yaml").read_text(encoding="utf-8")
    osaka = '  - code: "271004"\n'
    (project / "tenants.yaml").write_text(
        text.replace(osaka, f'{osaka}    former_codes: ["279978"]\n'), encoding="utf-8"
    )
    done = moyai("cost", "statement", MAY, "279978", "--format", "csv", "-o", "json")
    assert [one["code"] for one in _json(done)] == ["271004"]
    assert "what 279978 would bear of 2026-05 is borne by 大阪市 (271004)" in done.stderr
    plain = moyai("cost", "statement", MAY, "271004", "--format", "csv", "-o", "json")
    assert "279978" not in plain.stderr


def test_rows_are_summed_by_columns_for_writing_rules(may: Path, moyai: Run) -> None:
    found = _json(moyai("cost", "rows", MAY, "--by", "Tags.moyai:service", "-o", "json"))
    assert {one["Tags.moyai:service"]: one["amount"] for one in found} == {
        "chat": "150",
        "eapp-a": "600",
    }
    asked = {
        one["path"].partition(".pools")[2]: one
        for one in _json(moyai("cost", "check", MAY, "-o", "json"))
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
    csv_file(project / "may.csv", [_row("1", "chat")])
    moyai("cost", "import", "may.csv")
    done = moyai("cost", "allocate", MAY)
    assert done.returncode == 2
    assert "AWS: no invoice for 1 USD" in done.stderr
    assert f"moyai cost invoice add {MAY}" in done.stderr


def _carrying(project: Path) -> None:
    """Rules by which what is below ¥1,000 is carried."""
    text = (project / "tenants.yaml").read_text(encoding="utf-8")
    before = "rounding: { unit: 1, method: floor, bearer: largest_remainder }"
    assert before in text
    after = "rounding: { unit: 1000, method: floor, bearer: carry }"
    (project / "tenants.yaml").write_text(text.replace(before, after), encoding="utf-8")


def test_what_is_carried_and_settled_is_not_lost_over_a_month_without_costs(
    may: Path, moyai: Run, project: Path
) -> None:
    _carrying(project)
    closed = _json(moyai("cost", "close", MAY, "-o", "json"))
    left = sum(one["jpy"] for one in closed["payers"] if one["kind"] == "carry")
    assert left > 0
    csv_file(project / "july.csv", [_row("10", "chat", "2026-07")])
    assert moyai("cost", "import", "july.csv").returncode == 0
    _invoice(moyai, "2026-07", "J-1", "10", 1_500)
    july = _json(moyai("cost", "allocate", "2026-07", "-o", "json"))
    assert (july["carried_in_jpy"], july["difference_jpy"]) == (left, 0)
    csv_file(may, [_row("500", "eapp-a"), _row("200", "chat"), _row("50", "chat", tenant="273830")])
    assert moyai("cost", "import", "may.csv").returncode == 0
    july = _json(moyai("cost", "allocate", "2026-07", "-o", "json"))
    kinds = {line["kind"] for body in july["bodies"] for line in body["lines"]}
    assert "settlement" in kinds
    assert july["difference_jpy"] == 0


def test_a_period_before_a_closed_one_is_not_closed_where_it_would_carry_something(
    may: Path, moyai: Run, project: Path
) -> None:
    _carrying(project)
    assert moyai("cost", "close", MAY).returncode == 0
    csv_file(project / "april.csv", [_row("10", "chat", "2026-04")])
    assert moyai("cost", "import", "april.csv").returncode == 0
    _invoice(moyai, "2026-04", "A-1", "10", 1_500)
    refused = moyai("cost", "close", "2026-04")
    assert refused.returncode == 5
    assert "2026-05 after 2026-04 is closed" in refused.stderr


def test_what_a_closed_period_took_is_taken_by_no_other(
    may: Path, moyai: Run, project: Path
) -> None:
    _carrying(project)
    assert moyai("cost", "close", MAY).returncode == 0
    carried = {}
    for month in ("2026-07", "2026-08", "2026-06"):
        csv_file(project / f"{month}.csv", [_row("10", "chat", month)])
        assert moyai("cost", "import", f"{month}.csv").returncode == 0
        _invoice(moyai, month, month, "10", 1_500)
        carried[month] = _json(moyai("cost", "allocate", month, "-o", "json"))["carried_in_jpy"]
        if month == "2026-07":
            assert moyai("cost", "close", month).returncode == 0
    assert carried["2026-07"] > 0
    assert carried["2026-06"] == 0  # its turn was before July's, which has taken it
    left = _json(moyai("cost", "allocate", "2026-08", "-o", "json"))["carried_in_jpy"]
    assert left == carried["2026-08"] > 0


def test_one_yen_of_a_rate_with_a_fraction(moyai: Run, project: Path) -> None:
    row = {"period": MAY, "item": "x", "service": "eapp-a", "amount": "100000", "tax_rate": "7.5"}
    csv_file(project / "licence.csv", [row])
    assert moyai("cost", "import", "licence.csv").returncode == 0
    [body, *_] = _json(moyai("cost", "allocate", MAY, "-o", "json"))["bodies"]
    told = moyai("cost", "explain", MAY, body["code"])
    assert told.returncode == 0, told.stderr
    assert "licence.csv:2" in told.stdout


def test_a_body_that_bears_nothing_is_told_why_by_each_rule(moyai: Run, project: Path) -> None:
    csv_file(project / "may.csv", [_row("100", "eapp-b")])
    assert moyai("cost", "import", "may.csv").returncode == 0
    _invoice(moyai, MAY, "M-1", "100", 400_000)
    steps = _json(moyai("cost", "explain", MAY, "271004", "-o", "json"))
    assert steps[1] == {"step": "nothing", "words": "its lines sum to", "jpy": 0}
    told = [one["words"] for one in steps[2:] if one["step"] == "nothing"]
    assert len(told) == len(steps) - 2 == 6
    assert "電子申請システムB: it is no member in this period (service eapp-b, members all)" in told
    shown = moyai("--lang", "ja", "cost", "explain", MAY, "271004").stdout
    assert "負担なし: 電子申請システムB: この期間に参加していません" in shown
    assert "負担なし: 団体の環境: この団体に当たる明細がありません 0 円" in shown


def test_tax_is_followed_to_a_row_and_its_difference_to_the_invoice(
    may: Path, moyai: Run, project: Path
) -> None:
    text = (project / "tenants.yaml").read_text(encoding="utf-8")
    taxable = text.replace("tax: { treatment: outside_scope }", "tax: { treatment: taxable }")
    (project / "tenants.yaml").write_text(taxable, encoding="utf-8")
    lines = next(
        body["lines"]
        for body in _json(moyai("cost", "allocate", MAY, "-o", "json"))["bodies"]
        if body["code"] == "271004"
    )
    number = len(lines) + 1
    tax = ("cost", "explain", MAY, "271004", "--line", str(number))
    steps = {one["step"]: one for one in _json(moyai(*tax, "-o", "json"))}
    net = sum(line["jpy"] for line in lines)
    assert steps["tax_rounded"]["jpy"] == steps["line"]["jpy"] == net // 10
    assert steps["row"]["words"].startswith("may.csv:2: 600")
    assert f"明細: 第{number}行 1 円目: 消費税額（10 %）" in moyai("--lang", "ja", *tax).stdout
    found = _json(moyai("cost", "explain", MAY, "271004", "--line", str(number + 1), "-o", "json"))
    assert [one["step"] for one in found] == [
        "body",
        "line",
        "tax_source",
        "tax_of_payers",
        "tax_difference",
        "tax_fraction",
        "tax_bearer",
    ]
    assert found[2]["words"] == "invoice AWS M-1"
    assert found[2]["jpy"] + found[3]["jpy"] == found[4]["jpy"]
