"""moyai cost import, sources, withdraw, template, invoice: on a site that does not run."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.costs.ledgers import a_ledger, csv_file, focus_row, put

from moyai_cli.render import Output
from moyai_cli.views.costs import show_imported

Run = Callable[..., "subprocess.CompletedProcess[str]"]
INVOICE = (
    "--issuer", "AWS", "--number", "77", "--currency", "USD", "--amount", "1,234.50", "--jpy", "185000",
    "--tax-jpy", "18500",
)  # fmt: skip


def test_a_period_from_files_to_its_state(moyai: Run, project: Path) -> None:
    csv_file(project / "a.csv", [focus_row("1.5"), focus_row("-0.25")])
    done = moyai("cost", "import", "a.csv", "-o", "json")
    assert done.returncode == 0, done.stderr
    (record,) = json.loads(done.stdout)
    assert (record["period"], record["outcome"], record["rows"]) == ("2024-09", "new", 2)
    assert record["totals"] == {"USD": "1.25"}
    again = moyai("cost", "import", "a.csv")
    assert "already imported" in again.stdout
    csv_file(project / "a.csv", [focus_row("1.5")])
    changed = moyai("cost", "import", "a.csv")
    assert "rows added 0, removed 1" in changed.stdout
    assert "S3: +0.25 USD" in changed.stdout
    state = json.loads(moyai("cost", "sources", "2024-09", "-o", "json").stdout)
    (source,) = state["sources"]
    assert (source["file"], source["version"], source["totals"]) == ("a.csv", 2, {"USD": "1.5"})
    assert len(state["state"]) == 64
    assert state["state"] in moyai("cost", "sources", "2024-09").stdout
    done = moyai("cost", "withdraw", "2024-09", "a.csv", "-o", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["sources"] == []
    unknown = moyai("cost", "withdraw", "2024-09", "a.csv")
    assert unknown.returncode == 2
    assert "2024-09 has no 'a.csv'" in unknown.stderr


def test_rows_that_count_twice_are_warned_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = focus_row("1", ServiceName="計算")
    files = [csv_file(tmp_path / "a.csv", [row]), csv_file(tmp_path / "b c.csv", [row], "cp932")]
    found = put(a_ledger(tmp_path), *files)
    show_imported(found, Output.TABLE)
    [warning] = [one for one in capsys.readouterr().out.splitlines() if "withdraw" in one]
    assert "a.csv" in warning
    assert warning.endswith("cost withdraw 2024-09 'b c.csv'")
    show_imported(found, Output.JSON)
    records = json.loads(capsys.readouterr().out)
    assert [one["same_rows_as"] for one in records] == [None, "a.csv"]


@pytest.mark.parametrize(
    ("lang", "words"), [("en", "2 of the 3 rows of b c.csv"), ("ja", "3 行のうち 2 行")]
)
def test_rows_that_nearly_all_count_twice_are_warned_of(
    moyai: Run, project: Path, lang: str, words: str
) -> None:
    rows = [focus_row(cost) for cost in ("1.5", "2", "3")]
    csv_file(project / "a.csv", rows)
    csv_file(project / "b c.csv", [*rows[:2], focus_row("4")])
    assert moyai("cost", "import", "a.csv").returncode == 0
    told = moyai("--lang", lang, "cost", "import", "b c.csv")
    assert told.returncode == 0
    [warning] = [one for one in told.stdout.splitlines() if "withdraw" in one]
    for part in (
        words, "3.5 USD", "withdraw 2024-09 a.csv", "withdraw 2024-09 'b c.csv'", "--replaces",
    ):  # fmt: skip
        assert part in warning
    assert moyai("cost", "withdraw", "2024-09", "b c.csv").returncode == 0
    [record] = json.loads(moyai("cost", "import", "b c.csv", "-o", "json").stdout)
    assert record["nearly_same_as"] == {
        "file": "a.csv", "rows": 2, "of": 3, "totals": {"USD": "3.5"},
    }  # fmt: skip


def test_a_broken_row_is_wrong_usage_with_its_place(moyai: Run, project: Path) -> None:
    csv_file(project / "focus.csv", [focus_row("1"), focus_row("1x")])
    failed = moyai("cost", "import", "focus.csv")
    assert failed.returncode == 2
    assert 'focus.csv:3: BilledCost: "1x" is no number' in failed.stderr
    japanese = moyai("--lang", "ja", "cost", "import", "focus.csv")
    assert 'focus.csv:3: BilledCost: "1x" は数ではありません' in japanese.stderr
    assert json.loads(moyai("cost", "sources", "2024-09", "-o", "json").stdout)["sources"] == []
    missing = moyai("cost", "import", "none.csv")
    assert missing.returncode == 2
    assert "there is no file none.csv" in missing.stderr


def test_a_files_name_does_nothing_to_a_terminal_and_is_kept_as_it_is(
    moyai: Run, project: Path
) -> None:
    name, shown = "a\x1b[31m\nerror: \u202eb.csv", r"a\x1b[31m\nerror: \u202eb.csv"
    csv_file(project / name, [focus_row("1")])
    assert shown in moyai("cost", "import", name).stdout
    assert shown in moyai("cost", "sources", "2024-09").stdout
    for command in (
        ("import", f"no{name}"),
        ("withdraw", "2024-09", f"x{name}"),
        ("import", name, "--replaces", f"x{name}"),
    ):
        refused = moyai("cost", *command)
        assert refused.returncode == 2
        assert shown in refused.stderr
        assert len(refused.stderr.splitlines()) <= 2
    [record] = json.loads(moyai("cost", "sources", "2024-09", "-o", "json").stdout)["sources"]
    assert record["file"] == name
    [row] = csv.DictReader(io.StringIO(moyai("cost", "sources", "2024-09", "-o", "csv").stdout))
    assert row["file"] == name


def test_invoices(moyai: Run) -> None:
    added = moyai("cost", "invoice", "add", "2024-09", *INVOICE, "--rate", "149.87", "-o", "json")
    assert [one["number"] for one in json.loads(added.stdout)] == ["77"]
    more = ("--issuer", "Oracle", "--number", "77", *INVOICE[4:])
    assert moyai("cost", "invoice", "add", "2024-09", *more, "--account", "12").returncode == 0
    twice = moyai("cost", "invoice", "add", "2024-10", *INVOICE)
    assert twice.returncode == 2
    assert "invoice 77 of AWS is on record in 2024-09" in twice.stderr
    first, second = json.loads(moyai("cost", "invoice", "list", "2024-09", "-o", "json").stdout)
    assert (first["issuer"], first["amount"], first["jpy"]) == ("AWS", "1234.50", 185000)
    assert (first["tax_rate"], first["rate"]) == ("10", "149.87")
    assert (second["issuer"], second["billing_account"]) == ("Oracle", "12")
    gone = ("--issuer", "AWS", "--number", "77")
    assert moyai("cost", "invoice", "remove", "2024-09", *gone).returncode == 0
    assert moyai("cost", "invoice", "remove", "2024-09", *gone).returncode == 2
    assert moyai("cost", "invoice", "add", "2024-09", *INVOICE).returncode == 0


def test_what_no_invoice_says(moyai: Run) -> None:
    def refused(*more: str) -> str:
        words = moyai("cost", "invoice", "add", "2024-09", *INVOICE, *more)
        assert words.returncode == 2
        return words.stderr

    assert "no registration number" in refused("--registration", "T1234567890123")
    assert "no currency code" in refused("--currency", "dollar")
    assert "'NLG' is a currency that was withdrawn; it is EUR now." in refused("--currency", "NLG")
    assert "is not 185000 yen" in refused("--currency", "JPY")
    assert "is no number" in refused("--amount", "x")
    assert "no rate in %" in refused("--tax-rate", "200")
    assert "is no day" in refused("--date", "May")
    good = ("--registration", "T7000012050002", "--date", "2024-10-03")
    assert moyai("cost", "invoice", "add", "2024-09", *INVOICE, *good).returncode == 0


def test_the_template_goes_there_and_back(moyai: Run, project: Path) -> None:
    assert moyai("cost", "template", "--xlsx", "costs.xlsx").returncode == 0
    assert "is there already" in moyai("cost", "template", "--xlsx", "costs.xlsx").stderr
    page = moyai("--lang", "ja", "cost", "template").stdout.lstrip("\ufeff")
    head = page.splitlines()[0]
    assert head.startswith("期間,品目,区分")
    row = "2026-04,利用料,,電子申請A,,,271004,1,1000,,10,,,"
    (project / "costs.csv").write_bytes(f"{page}{row}\r\n".encode("cp932"))
    done = moyai("cost", "import", "costs.csv", "-o", "json")
    assert done.returncode == 0, done.stderr
    (record,) = json.loads(done.stdout)
    assert (record["format"], record["encoding"], record["rows"]) == ("template", "cp932", 1)
    assert record["totals"] == {"JPY": "1000"}
