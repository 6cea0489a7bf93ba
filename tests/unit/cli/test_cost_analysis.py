"""moyai cost export, blend, reprice, sensitivity, forecast, compare: on a small ledger."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from tests.unit.costs.focus_validator import said_of, with_validator
from tests.unit.costs.ledgers import csv_file, focus_row

Run = Callable[..., "subprocess.CompletedProcess[str]"]
ISSUER = ("--issuer", "AWS", "--number")
LICENCE = {"period": "2026-05", "item": "x", "service": "eapp-a", "amount": "1000"}
PROPOSAL = """\
  proposals:
    - name: 均等
      pools:
        - name: 全部
          where: {}
          shares: [{ by: equal, percent: 100 }]
"""


def _bill(moyai: Run, project: Path, period: str, usd: int, jpy: int) -> None:
    """A month of three rows in dollars, with its invoice."""
    start = {"BillingPeriodStart": f"{period}-01 00:00:00"}
    tags = [
        '{"moyai:service": "eapp-b"}',
        '{"moyai:service": "chat"}',
        '{"moyai:tenant": "271004"}',
    ]
    costs = (f"{usd}", f"{usd}.5", f"{usd}.5")
    rows = [focus_row(cost, Tags=one, **start) for cost, one in zip(costs, tags, strict=True)]
    name = f"focus-{period}.csv"
    csv_file(project / name, rows)
    done = moyai("cost", "import", name)
    assert done.returncode == 0, done.stderr
    amount = ("--currency", "USD", "--amount", f"{3 * usd + 1}", "--jpy", f"{jpy}")
    add = (*ISSUER, period, *amount, "--tax-jpy", f"{jpy // 10}")
    done = moyai("cost", "invoice", "add", period, *add)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def april(moyai: Run, project: Path) -> Run:
    """The command, with April 2026 on record: 3,010 dollars at 150 yen, and tax."""
    _bill(moyai, project, "2026-04", 1003, 451_500)
    return moyai


def _json(done: subprocess.CompletedProcess[str]) -> object:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _records(done: subprocess.CompletedProcess[str]) -> list[Mapping[str, object]]:
    found = _json(done)
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_an_export_sums_to_the_allocation(april: Run, project: Path, ending: str) -> None:
    target = f"out/focus.{ending}"
    if ending == "csv":
        refused = april("cost", "export", "2026-04", "--to", target)
        assert refused.returncode == 2
        assert "there is no folder out." in refused.stderr
    (project / "out").mkdir()
    [told] = _records(april("cost", "export", "2026-04", "--to", target, "-o", "json"))
    made = _json(april("cost", "allocate", "2026-04", "-o", "json"))
    assert isinstance(made, dict)
    assert (told["jpy"], told["focus_version"]) == (made["bill_jpy"], "1.3")
    assert made["bill_jpy"] == 496_650
    assert told["tax"] is None
    written = project / target
    if ending == "parquet":
        assert written.read_bytes()[:4] == b"PAR1"
        return
    rows = list(csv.DictReader(io.StringIO(written.read_text(encoding="utf-8"))))
    assert len(rows) == told["rows"]
    assert sum(int(row["BilledCost"]) for row in rows) == made["bill_jpy"]
    for body in made["bodies"]:
        own = [row for row in rows if row["AllocatedResourceId"] == body["code"]]
        assert sum(int(row["BilledCost"]) for row in own) == body["jpy"]
        assert {row["AllocatedResourceName"] for row in own} == {body["name"]}


def _taxable(project: Path) -> None:
    file = project / "tenants.yaml"
    text = file.read_text(encoding="utf-8")
    old = "tax: { treatment: outside_scope }"
    assert text.count(old) == 1
    new = "tax: { treatment: taxable, difference: carry }"
    file.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize("is_taxable", [False, True])
def test_an_export_can_be_imported(april: Run, project: Path, is_taxable: bool) -> None:
    if is_taxable:
        _taxable(project)
    april("cost", "export", "2026-04", "--to", "again.csv")
    [told] = _records(april("cost", "import", "again.csv", "-o", "json"))
    assert (told["period"], told["totals"]) == ("2026-04", {"JPY": "496650"})


def test_another_ending_is_refused(april: Run, project: Path) -> None:
    done = april("cost", "export", "2026-04", "--to", "rows.xlsx")
    assert done.returncode == 2
    assert "has to end in .csv or .parquet" in done.stderr
    assert not (project / "rows.xlsx").exists()


@with_validator
@pytest.mark.parametrize("is_taxable", [False, True])
def test_the_public_validator_accepts_an_export(
    april: Run, project: Path, is_taxable: bool
) -> None:
    if is_taxable:
        _taxable(project)
    target = project / "focus.csv"
    version = ("--focus-version", "1.0")
    _json(april("cost", "export", "2026-04", "--to", str(target), *version, "-o", "json"))
    assert said_of(target).rstrip().endswith("Validation succeeded."), said_of(target)
    assert (",Tax," in target.read_text(encoding="utf-8")) == is_taxable
    broken = target.read_text(encoding="utf-8").replace(",Purchase,", ",,")
    target.write_text(broken, encoding="utf-8")
    assert "ChargeCategory_NotNull failed" in said_of(target)


def test_blends_within_a_percent_or_the_nearest(april: Run) -> None:
    keys = ("--key", "equal", "--key", "population", "--key", "population:0.585")
    wide = ("--within", "1000", "--step", "25", "-o", "json")
    found = _records(april("cost", "blend", "2026-04", *keys, *wide))
    assert len(found) == 5
    assert {one["holds"] for one in found} == {True}
    worsts = [abs(float(str(one["worst_percent"]))) for one in found]
    assert worsts == sorted(worsts)
    narrow = ("cost", "blend", "2026-04", "--within", "0.01", "--step", "50", *keys[:4])
    [one] = _records(april(*narrow, "-o", "json"))
    assert one["holds"] is False
    changes = one["changes"]
    assert isinstance(changes, list)
    assert sum(change["difference_jpy"] for change in changes) == 0
    assert "no blend keeps every body within ±0.01 %; this is the nearest." in april(*narrow).stdout
    unasked = "keys: equal, population, population:0.585, in steps of 5 %"
    assert unasked in april("cost", "blend", "2026-04").stdout
    for words in ("usage:nothing", "population:x", "percent"):
        wrong = april("cost", "blend", "2026-04", "--key", words)
        assert wrong.returncode == 2
        assert f"'{words}' is no key" in wrong.stderr
    many = [word for power in range(1, 6) for word in ("--key", f"population:0.{power}")]
    assert "take a larger --step" in april("cost", "blend", "2026-04", "--step", "1", *many).stderr


@pytest.mark.parametrize(
    ("step", "near"), [("30", "25 or 50"), ("33", "25 or 50"), ("3", "2 or 4"), ("99", "50 or 100")]
)
def test_a_step_that_misses_the_ends_is_refused(april: Run, step: str, near: str) -> None:
    done = april("cost", "blend", "2026-04", "--step", step)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"in steps of {step} % blends do not reach 100 %; take {near}." in done.stderr
    japanese = april("--lang", "ja", "cost", "blend", "2026-04", "--step", step).stderr
    assert f"{step} % 刻みでは 100 % になりません。{near.replace(' or ', ' か ')} に" in japanese


def test_where_each_blend_has_a_new_bearer_there_is_no_table(moyai: Run, project: Path) -> None:
    file = project / "tenants.yaml"
    text = file.read_text(encoding="utf-8")
    own = text[text.index("            - { by: equal, percent: 40 }") :]
    own = own[: own.index("        - name: eapp-b")]
    alone = '            - { by: percent, percents: { "271004": 100 } }\n'
    file.write_text(text.replace(own, alone), encoding="utf-8")
    csv_file(project / "may.csv", [LICENCE])
    assert moyai("cost", "import", "may.csv").returncode == 0
    done = moyai("cost", "blend", "2026-05", "--key", "equal")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "keys: equal, in steps of 5 %",
        "every blend has a body bear something that bears nothing now.",
    ]
    assert _records(moyai("cost", "blend", "2026-05", "--key", "equal", "-o", "json")) == []
    page = moyai("cost", "blend", "2026-05", "--key", "equal", "-o", "csv").stdout
    assert page == "holds,blend,worst_percent,worst_code,worst_name,tax\n"


def test_bodies_that_join_relieve_the_others(april: Run) -> None:
    join = ("cost", "reprice", "2026-04", "--joining", "hannan,273015", "--service", "eapp-b")
    found = {str(one["code"]): one for one in _records(april(*join, "-o", "json"))}
    assert {code for code, one in found.items() if one["joins"]} == {"272329", "273015"}
    assert found["272329"]["before_jpy"] == 0
    assert sum(int(str(one["difference_jpy"])) for one in found.values()) == 0
    assert int(str(found["273015"]["difference_jpy"])) > 0
    assert int(str(found["272027"]["difference_jpy"])) < 0
    words = april(*join).stdout
    assert "2 bear more" in words
    assert "what those that join would use is not in them" in words
    assert "uses eapp-b on 2026-04-01 already" in april(*join[:4], "272027", *join[5:]).stderr
    assert "there is no service 'mail'" in april(*join[:6], "mail").stderr


def test_joining_a_service_that_no_rule_uses_is_refused(april: Run, project: Path) -> None:
    file = project / "tenants.yaml"
    text = file.read_text(encoding="utf-8")
    join = ("cost", "reprice", "2026-04", "--joining", "hannan", "--service", "eapp-b")
    without = text.replace("          service: eapp-b\n", "          members: service:chat\n")
    file.write_text(without, encoding="utf-8")
    assert april(*join).returncode == 0  # 共通 has its users
    without = without.replace(" or service:eapp-b", "")
    file.write_text(without, encoding="utf-8")
    done = april(*join)
    assert (done.returncode, done.stdout) == (2, "")
    words = "no pool of the rules of 2026-04 is of eapp-b or names its users: joining it changes nothing."
    assert words in done.stderr
    assert "eapp-b を使う費用区分がない" in april("--lang", "ja", *join).stderr
    subsidy = "{ name: 県, when: after, amount: 1, bodies: service:eapp-b }"
    bearing = f"subsidies: [{subsidy}]\n          members: all #"
    old = "members: service:chat or service:eapp-a"
    assert without.count(old) == 1
    file.write_text(without.replace(old, bearing), encoding="utf-8")
    assert april(*join).returncode == 0


def test_joining_what_no_pool_is_of_says_so(april: Run, project: Path) -> None:
    own = "          service: eapp-b\n"
    _rewrite(project, (own, "          members: service:chat\n"))
    join = ("cost", "reprice", "2026-04", "--joining", "hannan", "--service", "eapp-b")
    rules = "令和8年度負担金規程（見本）"
    words = f"note: no pool of the rules of 2026-04 ({rules}) is of eapp-b; joining it can change only those "
    words += "that ask for its users: 共通基盤.\n"
    assert words in april(*join).stdout
    machine = april(*join, "-o", "json")
    assert machine.stderr == words
    assert _records(machine)
    assert f"{rules}）に eapp-b の費用区分はありません" in april("--lang", "ja", *join).stdout
    _propose(project, ("          members: service:chat\n", own))
    assert "共通基盤. There is one by 案.\n" in april(*join).stdout


def test_joining_a_pool_that_costs_nothing_says_so(april: Run) -> None:
    join = ("cost", "reprice", "2026-04", "--joining", "hannan", "--service", "eapp-a")
    words = "note: pools of eapp-a (電子申請システムA) have no cost to share in 2026-04.\n"
    assert words in april(*join).stdout
    assert "に、2026-04 に分ける費用はありません。\n" in april("--lang", "ja", *join).stdout


def test_another_rate_moves_what_bodies_bear(april: Run) -> None:
    rates = ("--rate", "140", "--rate", "300")
    found = _records(april("cost", "sensitivity", "2026-04", *rates, "-o", "json"))
    whole = found[0]
    assert (whole["code"], whole["present_jpy"]) == ("", 496_650)
    assert (whole["jpy_at_140"], whole["jpy_at_300"]) == (463_540, 993_300)
    osaka = found[1]
    assert osaka["code"] == "271004"
    for column in ("present_jpy", "jpy_at_140", "jpy_at_300"):
        assert sum(int(str(one[column])) for one in found[1:]) == whole[column]
    head, heading, *_ = april("cost", "sensitivity", "2026-04", *rates).stdout.splitlines()
    assert head == "2026-04: USD is at 150.00 yen (AWS 2026-04)"
    assert heading.split("  ")[-1].strip() == "at 300 JPY/USD"
    euro = april("cost", "sensitivity", "2026-04", "--currency", "EUR", "--rate", "160")
    assert "has no invoice in EUR" in euro.stderr
    assert "--rate is above 0" in april("cost", "sensitivity", "2026-04", "--rate", "0").stderr


def test_present_rates_are_told_apart_by_issuer(april: Run, project: Path) -> None:
    row = focus_row("10", InvoiceIssuerName="Other", BillingPeriodStart="2026-04-01 00:00:00")
    csv_file(project / "other.csv", [row])
    assert april("cost", "import", "other.csv").returncode == 0
    amount = ("--currency", "USD", "--amount", "10", "--jpy", "1400", "--tax-jpy", "140")
    add = ("cost", "invoice", "add", "2026-04", "--issuer", "Other", "--number", "O-1", *amount)
    assert april(*add).returncode == 0
    asked = ("cost", "sensitivity", "2026-04", "--rate", "160")
    words = "2026-04: USD is at 150.00 yen (AWS 2026-04), 140.00 yen (Other O-1)\n"
    assert words in april(*asked).stdout
    assert "今の USD は 150.00 円（AWS 2026-04）、140.00 円（Other O-1）\n" in (
        april("--lang", "ja", *asked).stdout
    )


def test_months_to_come_against_budgets(april: Run, project: Path) -> None:
    few = april("cost", "forecast")
    assert "A forecast needs three months." in few.stdout
    assert few.stdout.startswith("Foreseen from 1 month, 2026-04, in yen.\n")
    japanese = april("--lang", "ja", "cost", "forecast").stdout
    assert japanese.startswith("2026-04 の 1 か月から見通した額です（円）。\n")
    for period, jpy in (("2026-05", 500_000), ("2026-06", 550_000), ("2026-08", 600_000)):
        _bill(april, project, period, 1003, jpy)
    assert "no costs are on record for 2026-07" in april("cost", "forecast").stdout
    _bill(april, project, "2026-07", 1003, 600_000)
    stray = focus_row("1", BillingPeriodStart="2026-09-01 00:00:00")
    csv_file(project / "stray.csv", [stray])
    assert april("cost", "import", "stray.csv").returncode == 0
    found = _json(april("cost", "forecast", "--months", "2", "-o", "json"))
    assert isinstance(found, dict)
    assert found["past"] == ["2026-04", "2026-05", "2026-06", "2026-07", "2026-08"]
    [why] = found["left_out"]
    assert why.startswith("2026-09: AWS: no invoice for 1 USD")
    whole, *rules = found["series"]
    assert (whole["rule"], whole["kind"]) == (None, "total")
    assert {one["kind"] for one in rules} == {"rule"}
    assert found["once_jpy"] == [0] * 5
    assert whole["past_jpy"] == [496_650, 550_000, 605_000, 660_000, 660_000]
    assert list(whole["months_jpy"]) == ["2026-09", "2026-10"]
    assert (whole["method"], whole["tried"]) == ("sum", 2)
    for at, yen in enumerate(whole["past_jpy"]):
        assert sum(one["past_jpy"][at] for one in rules) == yen
    for month, yen in whole["months_jpy"].items():
        assert sum(one["months_jpy"][month] for one in rules) == yen
    year = found["budgets"][0]
    assert (year["amount_jpy"], year["spent_jpy"]) == (240_000_000, sum(whole["past_jpy"]))
    assert year["left_jpy"] == year["remaining_jpy"] - year["coming_jpy"]
    page = april("cost", "forecast", "--months", "2", "-o", "csv").stdout
    assert (
        page.splitlines()[0]
        == "rule,last_jpy,2026-09,2026-10,method,mean_error_percent,tried,tax,kind"
    )


TABLES = {
    ("allocate", "2026-04"): "jpy",
    ("rows", "2026-04"): "amount",
    ("sources", "2026-04"): "totals",
    ("invoice", "list", "2026-04"): "jpy",
    ("sensitivity", "2026-04", "--rate", "140"): "present_jpy",
    ("reprice", "2026-04", "--joining", "hannan", "--service", "eapp-b"): "before_jpy",
    ("forecast",): "last_jpy",
}


@pytest.mark.parametrize("command", TABLES)
def test_tables_have_thousands_separators_and_what_programs_read_has_none(
    april: Run, command: tuple[str, ...]
) -> None:
    shown = april("cost", *command)
    assert shown.returncode == 0, shown.stderr
    column = TABLES[command]
    rows = list(csv.DictReader(io.StringIO(april("cost", *command, "-o", "csv").stdout)))
    large = [row[column] for row in rows if len(row[column].rpartition("=")[2]) > 3]
    assert large
    for words in large:
        number = words.rpartition("=")[2]
        whole, point, part = number.partition(".")
        assert whole.lstrip("-").isdigit()
        assert f"{int(whole):,}{point}{part}" in shown.stdout
        assert not re.search(rf"(?<![\w,]){re.escape(number)}(?!\w)", shown.stdout)


def test_comparing_says_who_gains_and_who_loses(april: Run, project: Path) -> None:
    file = project / "tenants.yaml"
    text = file.read_text(encoding="utf-8")
    here = text.index("  rule_sets:\n")
    file.write_text(text[:here] + PROPOSAL + text[here:], encoding="utf-8")
    done = april("cost", "compare", "2026-04", "--rules", "均等")
    assert done.returncode == 0, done.stderr
    *_, counts, less, more = done.stdout.splitlines()
    assert counts.endswith("0 the same")
    assert "大阪市" in less
    yen = [line.split(" yen ")[0] for line in (less, more)]
    assert yen[0] == yen[1]


def test_settlements_are_no_difference_between_rules(april: Run, project: Path) -> None:
    assert april("cost", "close", "2026-04").returncode == 0
    row = focus_row("5", Tags='{"moyai:tenant": "271403"}')
    csv_file(project / "late.csv", [row | {"BillingPeriodStart": "2026-04-01 00:00:00"}])
    assert april("cost", "import", "late.csv").returncode == 0
    _bill(april, project, "2026-05", 1003, 451_500)
    rules = "令和8年度負担金規程（見本）"
    made = _json(april("cost", "allocate", "2026-05", "-o", "json"))
    assert isinstance(made, dict)
    assert any(line["kind"] == "settlement" for body in made["bodies"] for line in body["lines"])
    found = _records(april("cost", "compare", "2026-05", "--rules", rules, "-o", "json"))
    assert {one["difference_jpy"] for one in found} == {0}


OUTSIDE, TAXABLE = "tax: { treatment: outside_scope }", "tax: { treatment: taxable }"


def _rewrite(project: Path, *changes: tuple[str, str]) -> None:
    file = project / "tenants.yaml"
    text = file.read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")


def _propose(project: Path, *changes: tuple[str, str]) -> None:
    """The very rules that hold as a proposal, but for some changes."""
    text = (project / "tenants.yaml").read_text(encoding="utf-8")
    rules = text.partition("  rule_sets:\n")[2].partition("\n\n")[0]
    lines = [one for one in rules.splitlines() if not one.lstrip().startswith(("from:", "agreed:"))]
    proposal = "\n".join(lines).replace("令和8年度負担金規程（見本）", "案")
    for old, new in changes:
        assert proposal.count(old) == 1, old
        proposal = proposal.replace(old, new)
    _rewrite(project, ("  rule_sets:\n", f"  proposals:\n{proposal}\n  rule_sets:\n"))


def _sum(records: list[Mapping[str, object]], key: str) -> int:
    return sum(int(str(one[key])) for one in records)


@pytest.mark.parametrize("holds", [OUTSIDE, TAXABLE])
def test_rules_that_treat_the_tax_differently_are_compared_with_tax(
    april: Run, project: Path, holds: str
) -> None:
    other = TAXABLE if holds == OUTSIDE else OUTSIDE
    # A fee is a net amount where contributions are taxable: that is a difference indeed.
    _rewrite(project, (OUTSIDE, holds), ("          base_fee: 10000 #", "          #"))
    _propose(project, (holds, other))
    asked = ("cost", "compare", "2026-04", "--rules", "案")
    found = _records(april(*asked, "-o", "json"))
    assert _sum(found, "before_jpy") == _sum(found, "after_jpy") == 496_650
    # The same shares but for the rounding of net amounts and of their tax.
    assert all(abs(int(str(one["difference_jpy"]))) <= 3 for one in found)
    assert {one["tax"] for one in found} == {"included"}
    shown = april(*asked).stdout
    assert "案 (with tax)" in shown
    assert "difference (with tax)" in shown
    outside = "令和8年度負担金規程（見本）" if holds == OUTSIDE else "案"
    words = f"all amounts are with tax.\nby '{outside}' contributions are outside the tax's scope: "
    assert words in shown
    machine = april(*asked, "-o", "csv")
    assert words in machine.stderr
    assert {one["tax"] for one in csv.DictReader(io.StringIO(machine.stdout))} == {"included"}
    japanese = april("--lang", "ja", *asked).stdout
    assert "差（税込・円）" in japanese
    assert f"「{outside}」では負担金が不課税なので" in japanese


def test_amounts_say_whether_they_are_with_tax_where_there_is_some(
    april: Run, project: Path
) -> None:
    for period in ("2026-05", "2026-06"):
        _bill(april, project, period, 1003, 451_500)
    join = ("reprice", "2026-04", "--joining", "hannan", "--service", "eapp-b")
    asked = {
        join: ("now (with tax)", "今（税込・円）", "included"),
        ("sensitivity", "2026-04", "--rate", "140"): (
            "at 140 JPY/USD (with tax)",
            "今（税込・円）",
            "included",
        ),
        ("blend", "2026-04"): ("amounts before tax", "税抜の額で", "excluded"),
        ("forecast",): ("in yen (with tax).", "見通した額です（税込・円）。", "included"),
    }
    for command in asked:
        assert "tax" not in april("cost", *command).stdout
    _rewrite(project, (OUTSIDE, TAXABLE))
    for command, (en, ja, mark) in asked.items():
        assert en in april("cost", *command).stdout
        assert ja in april("--lang", "ja", "cost", *command).stdout
        page = april("cost", *command, "-o", "csv").stdout
        assert {one["tax"] for one in csv.DictReader(io.StringIO(page))} == {mark}
    rate = _records(april("cost", "sensitivity", "2026-04", "--rate", "300", "-o", "json"))
    assert (rate[0]["present_jpy"], rate[0]["jpy_at_300"]) == (496_650, 993_300)
    foreseen = _json(april("cost", "forecast", "-o", "json"))
    assert isinstance(foreseen, dict)
    assert (foreseen["tax"], foreseen["series"][0]["past_jpy"]) == ("included", [496_650] * 3)


def test_what_bodies_bear_more_was_borne_by_nobody(april: Run, project: Path) -> None:
    service = "          service: eapp-b\n          base_fee: 10000"
    _rewrite(project, (service, f"          members: hannan\n{service}"))
    join = ("cost", "reprice", "2026-04", "--joining", "hannan", "--service", "eapp-b")
    found = _records(april(*join, "-o", "json"))
    [rest] = [one for one in found if one["payer"] == "unallocated"]
    assert (rest["code"], rest["name"], rest["after_jpy"]) == ("", "unallocated", 0)
    before = int(str(rest["before_jpy"]))
    assert before > 0
    assert _sum(found, "difference_jpy") == 0
    assert _sum([one for one in found if one["payer"] == "body"], "difference_jpy") == before
    assert f"\nunallocated: {before:,} yen → 0 yen (-{before:,} yen)\n" in april(*join).stdout
    japanese = april("--lang", "ja", *join).stdout
    assert f"\n負担者なし: {before:,} 円 → 0 円（-{before:,} 円）\n" in japanese
