"""moyai cost close, verify: corrections, what is carried, in which order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.unit.cli.cost_months import MAY, Run, add_invoice, month_row, read_json
from tests.unit.costs.ledgers import csv_file

from moyai.errors import ExitCode


def _carrying(project: Path) -> None:
    """Rules by which what is below ¥1,000 is carried."""
    text = (project / "tenants.yaml").read_text(encoding="utf-8")
    before = "rounding: { unit: 1, method: floor, bearer: largest_remainder }"
    assert before in text
    after = "rounding: { unit: 1000, method: floor, bearer: carry }"
    (project / "tenants.yaml").write_text(text.replace(before, after), encoding="utf-8")


def _correct_may(may: Path, moyai: Run, project: Path) -> None:
    """May, which is closed, has USD 100 more of chat and as much less of forms; June has costs of its own."""
    csv_file(
        may,
        [
            month_row("500", "eapp-a"),
            month_row("200", "chat"),
            month_row("50", "chat", tenant="273830"),
        ],
    )
    assert "correction to a closed period" in moyai("cost", "import", "may.csv").stdout
    csv_file(project / "june.csv", [month_row("10", "chat", "2026-06")])
    assert moyai("cost", "import", "june.csv").returncode == 0
    add_invoice(moyai, "2026-06", "J-1", "10", 1_500)


def _settled(june: dict[str, Any]) -> dict[str, int]:
    return {
        body["code"]: line["jpy"]
        for body in june["bodies"]
        for line in body["lines"]
        if line["kind"] == "settlement"
    }


def test_a_closed_period_stays_and_what_is_corrected_is_settled_in_the_next(
    may: Path, moyai: Run, project: Path
) -> None:
    before = read_json(moyai("cost", "allocate", MAY, "-o", "json"))
    closed = read_json(moyai("cost", "close", MAY, "-o", "json"))
    assert closed["closed"]
    assert closed["allocation_sha256"] == before["allocation_sha256"]
    # Later rules and rows do not reach it.
    text = (project / "tenants.yaml").read_text(encoding="utf-8")
    (project / "tenants.yaml").write_text(
        text.replace("count: 4909", "count: 9409"), encoding="utf-8"
    )
    _correct_may(may, moyai, project)
    again = read_json(moyai("cost", "allocate", MAY, "-o", "json"))
    assert {key: again[key] for key in closed} == closed
    june = read_json(moyai("cost", "allocate", "2026-06", "-o", "json"))
    assert (june["bill_jpy"], june["settled_jpy"], june["difference_jpy"]) == (1_650, 0, 0)
    settled = _settled(june)
    # What moved from one pool to another is less for some and more for others.
    assert sum(settled.values()) == 0
    assert settled["271004"] < 0 < settled["272027"]
    [since] = june["settlements"]
    assert (since["period"], since["jpy"]) == (MAY, 0)
    assert {one["code"]: one["jpy"] for one in since["bodies"]} == settled
    billed = {body["code"]: body["jpy"] for body in again["bodies"]}
    for one in since["bodies"]:
        assert sum(rule["before_jpy"] for rule in one["rules"]) == billed[one["code"]]
        assert sum(rule["difference_jpy"] for rule in one["rules"]) == one["jpy"]
    assert read_json(moyai("cost", "close", "2026-06", "-o", "json"))["closed"]
    # It was settled once: July has nothing of it.
    nothing = moyai("cost", "allocate", "2026-07")
    assert nothing.returncode == 2
    assert "no costs are on record for 2026-07" in nothing.stderr


def test_a_yen_of_a_settlement_is_explained_by_its_files_and_rows(
    may: Path, moyai: Run, project: Path
) -> None:
    assert moyai("cost", "close", MAY).returncode == 0
    _correct_may(may, moyai, project)
    june = read_json(moyai("cost", "allocate", "2026-06", "-o", "json"))
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
        f"{_settled(june)['271004']:,} yen\n"
    ) in less.stdout


def test_verifying_looks_at_every_file_as_it_was_imported(
    may: Path, moyai: Run, project: Path
) -> None:
    assert moyai("cost", "close", MAY).returncode == 0
    _correct_may(may, moyai, project)
    assert moyai("cost", "close", "2026-06").returncode == 0
    assert [one["same"] for one in read_json(moyai("cost", "verify", "-o", "json"))] == [True, True]
    assert "imported files are kept as they came" in moyai("cost", "verify").stdout
    [kept] = [
        one for one in project.parent.rglob("sources/*") if one.read_bytes() == may.read_bytes()
    ]
    kept.unlink()
    lost = moyai("cost", "verify", "-o", "json")
    assert lost.returncode == ExitCode.FAILED
    assert f"missing or damaged: sources/{kept.name} (may.csv of 2026-05)" in lost.stderr
    assert [one["same"] for one in json.loads(lost.stdout)] == [True, True]


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
    assert read_json(machine)["closed"]


def test_an_import_that_corrects_a_closed_month_says_which_invoice_it_fits_no_longer(
    may: Path, moyai: Run, project: Path
) -> None:
    assert moyai("cost", "close", MAY).returncode == 0
    csv_file(
        may,
        [
            month_row("600", "eapp-a"),
            month_row("110", "chat"),
            month_row("50", "chat", tenant="273830"),
        ],
    )
    said = "M-1 says 750 USD, its rows sum to 760 (difference -10)"
    told = moyai("cost", "import", "may.csv").stdout
    assert f"note: correction of 2026-05, which is closed: invoice {said}" in told
    assert said in moyai("cost", "allocate", "2026-06").stdout
    june = read_json(moyai("cost", "allocate", "2026-06", "-o", "json"))
    assert said in june["notes"][0]
    [difference] = june["invoice_differences"]
    assert (difference["period"], difference["difference"]) == (MAY, "-10")
    csv_file(may, [month_row("600", "eapp-a"), month_row("150", "chat")])
    assert "note:" not in moyai("cost", "import", "may.csv").stdout
    csv_file(may, [month_row("600", "eapp-a"), month_row("151", "chat")])
    [record] = read_json(moyai("cost", "import", "may.csv", "-o", "json"))
    assert [one["difference"] for one in record["invoice_differences"]] == ["-1"]


def test_periods_are_closed_in_order_and_not_over_what_nobody_bears(
    may: Path, moyai: Run, project: Path
) -> None:
    csv_file(project / "june.csv", [month_row("10", None, "2026-06")])
    moyai("cost", "import", "june.csv")
    add_invoice(moyai, "2026-06", "J-1", "10", 1_500)
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
    assert shown[1].endswith(", june.csv:2)")
    found = read_json(moyai("cost", "allocate", "2026-06", "-o", "json"))
    assert found["unallocated_rows"] == [{"file": "june.csv", "line": 2}]


def test_what_is_carried_and_settled_is_not_lost_over_a_month_without_costs(
    may: Path, moyai: Run, project: Path
) -> None:
    _carrying(project)
    closed = read_json(moyai("cost", "close", MAY, "-o", "json"))
    left = sum(one["jpy"] for one in closed["payers"] if one["kind"] == "carry")
    assert left > 0
    csv_file(project / "july.csv", [month_row("10", "chat", "2026-07")])
    assert moyai("cost", "import", "july.csv").returncode == 0
    add_invoice(moyai, "2026-07", "J-1", "10", 1_500)
    july = read_json(moyai("cost", "allocate", "2026-07", "-o", "json"))
    assert (july["carried_in_jpy"], july["difference_jpy"]) == (left, 0)
    csv_file(
        may,
        [
            month_row("500", "eapp-a"),
            month_row("200", "chat"),
            month_row("50", "chat", tenant="273830"),
        ],
    )
    assert moyai("cost", "import", "may.csv").returncode == 0
    july = read_json(moyai("cost", "allocate", "2026-07", "-o", "json"))
    kinds = {line["kind"] for body in july["bodies"] for line in body["lines"]}
    assert "settlement" in kinds
    assert july["difference_jpy"] == 0


def test_a_period_before_a_closed_one_is_not_closed_where_it_would_carry_something(
    may: Path, moyai: Run, project: Path
) -> None:
    _carrying(project)
    assert moyai("cost", "close", MAY).returncode == 0
    csv_file(project / "april.csv", [month_row("10", "chat", "2026-04")])
    assert moyai("cost", "import", "april.csv").returncode == 0
    add_invoice(moyai, "2026-04", "A-1", "10", 1_500)
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
        csv_file(project / f"{month}.csv", [month_row("10", "chat", month)])
        assert moyai("cost", "import", f"{month}.csv").returncode == 0
        add_invoice(moyai, month, month, "10", 1_500)
        carried[month] = read_json(moyai("cost", "allocate", month, "-o", "json"))["carried_in_jpy"]
        if month == "2026-07":
            assert moyai("cost", "close", month).returncode == 0
    assert carried["2026-07"] > 0
    assert carried["2026-06"] == 0  # its turn was before July's, which has taken it
    left = read_json(moyai("cost", "allocate", "2026-08", "-o", "json"))["carried_in_jpy"]
    assert left == carried["2026-08"] > 0


def _joining_in_june(project: Path) -> None:
    """Kishiwada uses chat from 15 June on, and pays ¥50,000 for it then."""
    text = (project / "tenants.yaml").read_text(encoding="utf-8")
    head, code, rest = text.partition('  - code: "272027"\n')
    rest = rest.replace("service: chat, from: 2022-04-01", "service: chat, from: 2026-06-15", 1)
    pool = "          service: chat #"
    assert head.count(pool) == 1
    head = head.replace(pool, f"          joining_fee: 50000\n{pool}")
    (project / "tenants.yaml").write_text(head + code + rest, encoding="utf-8")


def test_a_fee_of_a_month_without_costs_is_told_beside_the_next_one(
    may: Path, moyai: Run, project: Path
) -> None:
    _joining_in_june(project)
    said = "the joining fee of 岸和田市 for ビジネスチャット, ¥50,000"
    june = moyai("cost", "allocate", "2026-06")
    assert june.returncode == 2
    assert f"no costs are on record for 2026-06.\nDue in it: {said}." in june.stderr
    assert "moyai cost import FILE brings them in. A row of ¥0 lets it ask" in june.stderr
    csv_file(project / "july.csv", [month_row("10", "chat", "2026-07")])
    assert moyai("cost", "import", "july.csv").returncode == 0
    add_invoice(moyai, "2026-07", "J-1", "10", 1_500)
    words = f"nothing is on record of 2026-06, so no month asks for {said}"
    [note] = read_json(moyai("cost", "allocate", "2026-07", "-o", "json"))["notes"]
    assert note.startswith(words)
    checked = read_json(moyai("cost", "check", "2026-07", "-o", "json"))
    [told] = [one for one in checked if one["path"].endswith(".joining_fee")]
    assert told["message"].startswith(words)
    japanese = moyai("--lang", "ja", "cost", "allocate", "2026-07").stdout
    assert "岸和田市のビジネスチャットの加入金 50,000 円はどの月にも請求されません" in japanese
    # As it says: a row of nothing, and June asks for the fee.
    zero = {"period": "2026-06", "item": "加入金のみ", "service": "chat", "amount": "0"}
    csv_file(project / "june.csv", [zero])
    assert moyai("cost", "import", "june.csv").returncode == 0
    made = read_json(moyai("cost", "allocate", "2026-06", "-o", "json"))
    city = next(body for body in made["bodies"] if body["code"] == "272027")
    assert ("joining_fee", 50_000) in [(line["kind"], line["jpy"]) for line in city["lines"]]
    assert (city["jpy"], sum(body["jpy"] for body in made["bodies"])) == (50_000, 0)
    assert read_json(moyai("cost", "allocate", "2026-07", "-o", "json"))["notes"] == []


def test_what_changes_a_closed_month_says_which_one_settles_it(
    may: Path, moyai: Run, project: Path
) -> None:
    add = "cost", "invoice", "add", MAY, "--issuer", "LINE", "--number", "L-1", "--currency", "USD"
    add = *add, "--amount", "1", "--jpy", "150", "--tax-jpy", "15"
    said = "2026-05 was changed since it was closed: settled in 2026-06."
    assert said not in moyai("cost", "sources", MAY).stdout
    assert "1 imported file is kept as it came." in moyai("cost", "verify").stdout
    assert moyai("cost", "close", MAY).returncode == 0
    assert said not in moyai("cost", "sources", MAY).stdout
    csv_file(project / "more.csv", [month_row("10", "chat")])
    [record] = read_json(moyai("cost", "import", "more.csv", "-o", "json"))
    assert record["settled_in"] == "2026-06"
    csv_file(project / "more.csv", [month_row("11", "chat")])
    assert said in moyai("cost", "import", "more.csv").stdout
    assert said in moyai(*add).stdout
    assert (
        said
        in moyai("cost", "invoice", "remove", MAY, "--issuer", "LINE", "--number", "L-1").stdout
    )
    assert said in moyai("cost", "sources", MAY).stdout
    assert read_json(moyai("cost", "sources", MAY, "-o", "json"))["settled_in"] == "2026-06"
    assert said in moyai("cost", "allocate", MAY).stdout
    assert read_json(moyai("cost", "allocate", MAY, "-o", "json"))["settled_in"] == "2026-06"
    assert said in moyai("cost", "verify").stdout
    assert said in moyai("cost", "close", MAY).stdout
    assert [one["settled_in"] for one in read_json(moyai("cost", "verify", "-o", "json"))] == [
        "2026-06"
    ]
    csv_file(project / "more.csv", [month_row("12", "chat")])
    japanese = moyai("--lang", "ja", "cost", "import", "more.csv").stdout
    assert "2026-05 は閉じた後に変わりました。2026-06 で精算します。" in japanese
    assert said not in moyai("cost", "withdraw", MAY, "more.csv").stdout
    assert read_json(moyai("cost", "sources", MAY, "-o", "json"))["settled_in"] is None
