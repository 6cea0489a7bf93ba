"""moyai cost allocate, explain, export where contributions are taxable."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from tests.unit.cli.cost_months import MAY, Run, make_taxable, read_json, read_table


def test_bodies_that_are_taxed_are_shown_with_tax(may: Path, moyai: Run, project: Path) -> None:
    assert "gross" not in moyai("cost", "allocate", MAY).stdout
    make_taxable(project)
    made = read_json(moyai("cost", "allocate", MAY, "-o", "json"))
    assert (made["bill_jpy"], made["taxes"]) == (100_000, {"10": 10_000})
    records = read_table(moyai("cost", "allocate", MAY, "-o", "csv"))
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
    [told] = read_json(moyai("cost", "export", MAY, "--to", "focus.csv", "-o", "json"))
    assert (told["jpy"], told["tax"]) == (110_000, "included")
    rows = csv.DictReader(io.StringIO((project / "focus.csv").read_text(encoding="utf-8")))
    sums: dict[str, int] = {}
    for row in rows:
        code = row["AllocatedResourceId"]
        sums[code] = sums.get(code, 0) + int(row["BilledCost"])
    assert sums == {one["code"]: int(one["gross_jpy"]) for one in records}
    japanese = moyai("--lang", "ja", "cost", "export", MAY, "--to", "focus.csv").stdout
    assert "合計（税込・円）" in japanese
    files = read_json(
        moyai("cost", "statement", MAY, "273830", "--to", "o", "--format", "csv", "-o", "json")
    )
    said = [(project / one["file"]).read_text(encoding="utf-8-sig") for one in files]
    assert all(village["gross_jpy"] in words for words in said)


def test_the_difference_of_the_tax_that_is_carried_is_said(
    may: Path, moyai: Run, project: Path
) -> None:
    make_taxable(project, "carry")
    records = read_table(moyai("cost", "allocate", MAY, "-o", "csv"))
    borne = sum(int(one["tax_jpy"]) for one in records)
    assert borne < 10_000
    words = f"10,000 yen of tax: {borne:,} borne by bodies, {10_000 - borne:,} carried to the next period"
    assert words in moyai("cost", "close", MAY).stdout.splitlines()


def test_tax_is_followed_to_a_row_and_its_difference_to_the_invoice(
    may: Path, moyai: Run, project: Path
) -> None:
    text = (project / "tenants.yaml").read_text(encoding="utf-8")
    taxable = text.replace("tax: { treatment: outside_scope }", "tax: { treatment: taxable }")
    (project / "tenants.yaml").write_text(taxable, encoding="utf-8")
    lines = next(
        body["lines"]
        for body in read_json(moyai("cost", "allocate", MAY, "-o", "json"))["bodies"]
        if body["code"] == "271004"
    )
    number = len(lines) + 1
    tax = ("cost", "explain", MAY, "271004", "--line", str(number))
    steps = {one["step"]: one for one in read_json(moyai(*tax, "-o", "json"))}
    net = sum(line["jpy"] for line in lines)
    assert steps["tax_rounded"]["jpy"] == steps["line"]["jpy"] == net // 10
    assert steps["row"]["words"].startswith("may.csv:2: 600")
    assert f"明細: 第{number}行 1 円目: 消費税額（10 %）" in moyai("--lang", "ja", *tax).stdout
    found = read_json(
        moyai("cost", "explain", MAY, "271004", "--line", str(number + 1), "-o", "json")
    )
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
