"""moyai cost check; budgets in moyai cost allocate and report."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

Run = Callable[..., subprocess.CompletedProcess[str]]


def _change(project: Path, old: str, new: str) -> None:
    file = project / "tenants.yaml"
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_the_sample_has_no_error(moyai: Run) -> None:
    done = moyai("cost", "check")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "No error: 1 rule set, 1 direct rule, 5 pools.\n"


def test_a_dead_rule_is_a_warning_with_its_line(moyai: Run, project: Path) -> None:
    _change(project, 'where: { "Tags.moyai:service": chat }', "where: {}")
    done = moyai("cost", "check", "--output", "json")
    assert done.returncode == 0
    records = json.loads(done.stdout)
    assert {one["severity"] for one in records} == {"warning"}
    lines = (project / "tenants.yaml").read_text(encoding="utf-8").splitlines()
    dead = [one for one in records if "it catches no row" in one["message"]]
    assert ['"Tags.moyai:service": eapp-a' in lines[one["line"] - 1] for one in dead] == [
        True,
        False,
        False,
    ]
    assert moyai("validate").stdout == "Valid: 43 bodies.\n"


def test_errors_are_those_of_the_file(moyai: Run, project: Path) -> None:
    _change(project, "{ by: equal, percent: 20 }", "{ by: equal, percent: 30 }")
    for arguments in (("cost", "check"), ("validate",)):
        done = moyai(*arguments)
        assert done.returncode == 3
        [line] = done.stdout.splitlines()
        assert line.endswith("pools[1].shares: together they are 110 %, not 100 %")


def _month(project: Path, moyai: Run, period: str, yen: int) -> None:
    (project / f"{period}.csv").write_text(f"period,item,amount,tax_rate\n{period},x,{yen},0\n")
    assert moyai("cost", "import", f"{period}.csv").returncode == 0


def test_budgets_are_warned_of_before_they_are_passed(moyai: Run, project: Path) -> None:
    old = "{ fiscal_year: 2026, amount: 240000000 }"
    _change(project, old, "{ fiscal_year: 2026, amount: 11000 }")
    for period in ("2026-04", "2026-05", "2026-06"):
        _month(project, moyai, period, 1_000)
    told = json.loads(moyai("cost", "allocate", "2026-05", "-o", "json").stdout)["budgets"]
    assert [(one["service"], one["spent_jpy"], one["warned"]) for one in told] == [
        (None, 2_000, False),
        ("eapp-a", 0, False),
    ]
    done = moyai("cost", "allocate", "2026-06", "-o", "json")
    whole, service = json.loads(done.stdout)["budgets"]
    assert (whole["spent_jpy"], whole["percent"], whole["forecast_jpy"]) == (3_000, "27.3", 12_000)
    assert (whole["warned"], whole["passed"], service["warned"]) == (True, False, False)
    words = (
        "note: the 2026 budget of all bodies, 11,000 yen: 3,000 spent (27.3 %); "
        "12,000 is forecast for the whole year, which passes it\n"
    )
    assert words in moyai("cost", "allocate", "2026-06").stdout
    arguments = ("cost", "report", "2026-06", "--format", "csv")
    assert words in moyai(*arguments).stdout
    machine = moyai(*arguments, "-o", "json")
    assert words in machine.stderr
    assert [one["code"] for one in json.loads(machine.stdout)] == [""]
    _month(project, moyai, "2026-07", 9_000)
    japanese = moyai("--lang", "ja", "cost", "allocate", "2026-07").stdout
    assert "注意: 全体の2026年度予算 11,000 円を 1,000 円超えました（執行 12,000 円）" in japanese


def test_a_month_before_that_cannot_be_reckoned_hides_no_allocation(
    moyai: Run, project: Path
) -> None:
    _month(project, moyai, "2026-05", 1_000)
    rules = "  rule_sets:\n    - name: 令和8年度負担金規程（見本）\n      from: 2026-04-01\n"
    _month(project, moyai, "2026-04", 1_000)
    _change(project, rules, rules.replace("2026-04-01", "2026-05-01"))
    done = moyai("cost", "allocate", "2026-05")
    assert done.returncode == 0, done.stderr
    assert "note: where the budgets stand is not known: no rule set" in done.stdout
    told = json.loads(moyai("cost", "allocate", "2026-05", "-o", "json").stdout)
    assert told["budgets"] == []
    assert "2026-04-01" in told["budgets_unknown"]
