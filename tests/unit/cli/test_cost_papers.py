"""moyai cost statement, report: files, and what is said of them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tests.unit.cli.cost_months import MAY, Run, month_row, read_json
from tests.unit.costs.ledgers import csv_file


def test_statements_and_the_report_are_files_with_their_hashes(
    may: Path, moyai: Run, project: Path
) -> None:
    moyai("cost", "close", MAY)
    written = read_json(
        moyai("cost", "statement", MAY, "271004", "273830", "--to", "out", "-o", "json")
    )
    assert len(written) == 8
    for one in written:
        content = (project / one["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == one["sha256"]
    [again] = read_json(
        moyai("cost", "statement", MAY, "273830", "--to", "two", "--format", "pdf", "-o", "json")
    )
    [first] = [one for one in written if one["file"].endswith("273830.pdf")]
    assert again["sha256"] == first["sha256"]
    report = read_json(
        moyai("cost", "report", MAY, "--to", "out", "--format", "html", "-o", "json")
    )
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
        assert len(read_json(done)) == 1
        assert "未確定: この期間はまだ締めていません。" in done.stderr
        assert "未配分の費用あり" not in done.stderr
    csv_file(project / "more.csv", [month_row("10", None, MAY)])
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
    assert [one["code"] for one in read_json(done)] == ["271004"]
    assert "what 279978 would bear of 2026-05 is borne by 大阪市 (271004)" in done.stderr
    plain = moyai("cost", "statement", MAY, "271004", "--format", "csv", "-o", "json")
    assert "279978" not in plain.stderr


def test_a_day_of_issue_in_the_month_and_due_days_that_have_passed_are_told(
    may: Path, moyai: Run, project: Path
) -> None:
    moyai("cost", "close", MAY)
    kept = ("--format", "csv", "-o", "json")
    early = "the day of issue, 2026-05-10, is before 2026-05 is over"
    for command in ("statement", "report"):
        said = moyai("cost", command, MAY, "--issued-on", "2026-05-10", *kept).stderr
        [line] = [one for one in said.splitlines() if early in one]
        assert line.startswith(f"note: {early}")
        assert "note:" not in moyai("cost", command, MAY, *kept).stderr
    done = moyai(
        "--lang", "ja", "cost", "statement", MAY, "--issued-on", "2020-06-10", *kept
    ).stderr
    assert "発行日 2020-06-10 は、2026-05 が終わる前です。" in done
    assert "は過ぎています（発行日は 2020-06-10）。" in done
    assert len(done.splitlines()) == len(set(done.splitlines()))


def test_due_days_after_the_years_accounts_close_are_told_once(may: Path, moyai: Run) -> None:
    asked = "cost", "statement", MAY, "271004", "273830", "--format", "csv"
    in_time = moyai(*asked, "--issued-on", "2027-04-20", "-o", "json")
    assert "accounts" not in in_time.stderr
    assert [one["notes"] for one in read_json(in_time)] == [[]] * 2
    late = moyai(*asked, "--issued-on", "2027-05-20")
    assert late.returncode == 0
    said = "note: due on 2027-08-06, after the accounts of 2026 close on 2027-05-31: "
    assert late.stderr.count(said) == 1
    assert "instalments.days" in late.stderr
    assert "accounts of 2026" not in late.stdout
    records = read_json(moyai("--lang", "ja", *asked, "--issued-on", "2027-05-20", "-o", "json"))
    assert {note for one in records for note in one["notes"]}.pop().startswith(
        "納期限 2027-08-06 は、2026年度の出納閉鎖（2027-05-31）の後です。"
    )
    over = moyai(*asked, "--issued-on", "2027-06-01")
    assert "accounts" not in over.stderr
