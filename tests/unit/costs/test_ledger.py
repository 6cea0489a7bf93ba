"""Files on record: rows grouped exactly, versions, what counts."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from tests.unit.costs.ledgers import (
    SAMPLE_ROWS,
    a_ledger,
    csv_file,
    focus_row,
    many,
    put,
    with_sample_rows,
)

from moyai.costs.apportion.inputs import TaxCarried
from moyai.costs.ledger.closings import Closed
from moyai.costs.ledger.doubles import Nearly
from moyai.costs.ledger.imported import Outcome
from moyai.costs.ledger.query import columns_of, group_rows, rows_of
from moyai.costs.periods import Period
from moyai.errors import OperationFailed, UsageError
from moyai.registry.cost_rules import Condition

SEPTEMBER, OCTOBER = Period(2024, 9), Period(2024, 10)


@with_sample_rows
def test_the_sample_rows_by_period(tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path)
    found = {one.period: one for one in put(ledger, SAMPLE_ROWS)}
    assert {period: one.rows for period, one in found.items()} == {SEPTEMBER: 999, OCTOBER: 1}
    assert found[SEPTEMBER].totals == {"USD": Decimal("20.28022672899")}
    assert found[OCTOBER].totals == {"USD": Decimal("0.24")}
    basis = ledger.basis(SEPTEMBER)
    groups = group_rows(ledger.store, basis, ["ServiceName", "Tags.application", "NoSuchColumn"])
    assert sum(one.rows for one in groups) == 999
    assert sum(one.amount for one in groups) == Decimal("20.28022672899")
    assert {one.values["NoSuchColumn"] for one in groups} == {None}
    assert {"ServiceName", "Tags.application"} <= set(columns_of(basis))


def test_the_same_file_again_changes_nothing(tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path)
    file = csv_file(tmp_path / "a.csv", [focus_row("1.5"), focus_row("-0.25")])
    assert [one.outcome for one in put(ledger, file)] == [Outcome.NEW]
    manifest = (tmp_path / "ledger/manifest.json").read_bytes()
    renamed = tmp_path / "b.csv"
    renamed.write_bytes(file.read_bytes())
    for again in (file, renamed):
        (result,) = put(ledger, again)
        assert (result.file, result.outcome) == ("a.csv", Outcome.ALREADY)
    assert (tmp_path / "ledger/manifest.json").read_bytes() == manifest


def test_the_same_rows_by_another_way_are_told_of(tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path)
    rows = [focus_row("1.50", ServiceName="計算"), focus_row("-0.25"), focus_row("-0.25")]
    put(ledger, csv_file(tmp_path / "a.csv", rows))
    other = [focus_row("-0.25"), focus_row("-0.250"), focus_row("1.5", ServiceName="計算")]
    (result,) = put(ledger, csv_file(tmp_path / "b.csv", other, "cp932"))
    assert (result.outcome, result.same_rows_as) == (Outcome.NEW, "a.csv")
    other = [focus_row("-0.25"), focus_row("-0.25"), focus_row("1.5", ServiceName="保管")]
    (result,) = put(ledger, csv_file(tmp_path / "c.csv", other))
    assert result.same_rows_as is None
    assert len(ledger.basis(SEPTEMBER).sources) == 3


def test_the_same_rows_twice_in_one_command(tmp_path: Path) -> None:
    files = [
        csv_file(tmp_path / f"{encoding}.csv", [focus_row("1", ServiceName="計算")], encoding)
        for encoding in ("utf-8", "cp932")
    ]
    first, second = put(a_ledger(tmp_path), *files)
    assert (first.same_rows_as, second.same_rows_as) == (None, "utf-8.csv")


def test_nearly_the_same_rows_under_another_name_are_told_of(tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path)
    again = [focus_row("-0.25"), focus_row("-0.25")]
    put(ledger, csv_file(tmp_path / "a.csv", [*many(6), *again]))
    changed = [*many(4), *again, *again, focus_row("99")]
    (result,) = put(ledger, csv_file(tmp_path / "b.csv", changed))
    assert (result.outcome, result.same_rows_as) == (Outcome.NEW, None)
    # 0.5 to 3.5 and twice -0.25: the same row twice counts twice, and not four times.
    assert result.nearly_same_as == Nearly("a.csv", 6, 8, {"USD": Decimal("7.5")})
    # The file that has most in common is told.
    (result,) = put(ledger, csv_file(tmp_path / "c.csv", changed[1:]))
    assert result.nearly_same_as == Nearly("b.csv", 8, 9, {"USD": Decimal("105.5")})


@pytest.mark.parametrize(("common", "is_told"), [(5, True), (4, False)])
def test_half_of_the_rows_of_the_smaller_file_are_nearly_the_same(
    common: int, is_told: bool, tmp_path: Path
) -> None:
    ledger = a_ledger(tmp_path)
    put(ledger, csv_file(tmp_path / "begun.csv", many(10)))
    (result,) = put(ledger, csv_file(tmp_path / "all.csv", many(100, 10 - common)))
    assert (result.nearly_same_as is not None) is is_told
    half = csv_file(tmp_path / "half.csv", many(10, 110 - 2 * common))
    (result,) = put(ledger, half)
    assert (result.nearly_same_as is not None) is is_told


def test_rows_of_another_issuer_do_not_hide_an_issuers_rows_that_are_nearly_the_same(
    tmp_path: Path,
) -> None:
    ledger = a_ledger(tmp_path)
    others = [*many(4), *many(20, InvoiceIssuerName="Oracle")]
    put(ledger, csv_file(tmp_path / "a.csv", others))
    more = [*many(5), *many(20, InvoiceIssuerName="Google")]
    (result,) = put(ledger, csv_file(tmp_path / "b.csv", more))
    assert result.nearly_same_as == Nearly("a.csv", 4, 24, {"USD": Decimal("8")})


def test_rows_that_differ_in_one_column_another_month_or_a_new_version_are_not_the_same(
    tmp_path: Path,
) -> None:
    ledger = a_ledger(tmp_path)
    put(ledger, csv_file(tmp_path / "a.csv", many(6, Tags='{"a": "1"}')))
    for name, rows in {
        "tags.csv": many(6, Tags='{"a": "2"}'),
        "october.csv": many(6, BillingPeriodStart="2024-10-01", Tags='{"a": "1"}'),
        "a.csv": many(7, Tags='{"a": "1"}'),
    }.items():
        (result,) = put(ledger, csv_file(tmp_path / name, rows))
        assert result.nearly_same_as is None, name


def test_a_withdrawn_file_can_be_imported_again(tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path)
    october = focus_row("2", BillingPeriodStart="2024-10-01")
    file = csv_file(tmp_path / "a.csv", [focus_row("1"), october])
    put(ledger, file)
    before = ledger.basis(SEPTEMBER).state
    with ledger.writing("withdraw") as writer:
        part = writer.manifest.part(SEPTEMBER)
        gone = replace(part.sources["a.csv"][-1], rows=None)
        writer.commit(writer.manifest.with_part(SEPTEMBER, part.with_version("a.csv", gone)))
    assert ledger.basis(SEPTEMBER).sources == {}
    found = {one.period: one.outcome for one in put(ledger, file)}
    assert found == {SEPTEMBER: Outcome.NEW, OCTOBER: Outcome.ALREADY}
    assert ledger.basis(SEPTEMBER).state == before


def test_two_files_of_one_name_and_period_are_refused(tmp_path: Path) -> None:
    files = []
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        files.append(csv_file(tmp_path / folder / "a.csv", [focus_row(str(len(files)))]))
    with pytest.raises(UsageError, match=r"two of the files are called a\.csv"):
        put(a_ledger(tmp_path), *files)


def test_a_closed_period_keeps_what_it_rests_on(tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path)
    put(ledger, csv_file(tmp_path / "a.csv", [focus_row("1")]))
    basis = ledger.basis(SEPTEMBER)
    with ledger.writing("close") as writer:
        frozen = {name: str(one.rows) for name, one in basis.sources.items()}
        kept = writer.put_bytes("closings", ".json", b"{}")
        at = "2024-11-01T00:00:00+00:00"
        closed = Closed(
            frozen,
            basis.invoices,
            basis.state,
            kept,
            kept,
            kept,
            (),
            TaxCarried(),
            at,
            "taro",
            {"a.csv": 1},
            1,
        )
        part = replace(writer.manifest.part(SEPTEMBER), closed=closed)
        writer.commit(writer.manifest.with_part(SEPTEMBER, part))
    (result,) = put(ledger, csv_file(tmp_path / "a.csv", [focus_row("3")]))
    assert result.outcome is Outcome.CORRECTION
    part = ledger.manifest().part(SEPTEMBER)
    assert part.closed_basis(SEPTEMBER) == basis
    assert part.current(SEPTEMBER).state != basis.state
    for counts, amount in ((basis, 1), (part.current(SEPTEMBER), 3)):
        (group,) = group_rows(ledger.store, counts, [])
        assert group.amount == amount


def test_a_damaged_manifest_is_named(tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path)
    (tmp_path / "ledger").mkdir()
    (tmp_path / "ledger/manifest.json").write_text('{"version": 9}')
    with pytest.raises(OperationFailed, match=r"manifest\.json cannot be read"):
        ledger.manifest()


def test_rows_are_found_by_conditions_with_file_and_line(tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path)
    tags = ['{"app": "x"}', '{"app": "xy", "b": "1"}', "", "NULL"]
    rows = [focus_row(str(number), Tags=tag) for number, tag in enumerate(tags)]
    put(ledger, csv_file(tmp_path / "a.csv", rows))
    basis = ledger.basis(SEPTEMBER)

    def lines(*values: str | None) -> list[tuple[str, int, Decimal]]:
        found = rows_of(ledger.store, basis, [Condition("Tags.app", values)], 10)
        return [(row.file, row.line, row.amount) for row in found]

    assert lines("x") == [("a.csv", 2, Decimal(0))]
    assert lines("x*") == [("a.csv", 2, Decimal(0)), ("a.csv", 3, Decimal(1))]
    assert lines(None) == [("a.csv", 4, Decimal(2)), ("a.csv", 5, Decimal(3))]
    assert len(rows_of(ledger.store, basis, [], 3)) == 3
    assert rows_of(ledger.store, basis, [], 1)[0].columns["Tags.app"] == "x"


def test_lines_are_those_of_the_file(tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path)
    head = "BilledCost,BillingCurrency,BillingPeriodStart,ServiceName\n"
    text = head + '1,USD,2024-09-01,"a\nb"\n\n2,USD,2024-09-01,c\r\n3,USD,2024-09-01,d'
    (tmp_path / "a.csv").write_bytes(text.encode())
    put(ledger, tmp_path / "a.csv")
    found = rows_of(ledger.store, ledger.basis(SEPTEMBER), [], 10)
    assert [(row.line, row.columns["ServiceName"]) for row in found] == [
        (2, "a\nb"), (5, "c"), (6, "d"),
    ]  # fmt: skip


def test_files_of_other_types_and_columns_are_summed_exactly(tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path)
    put(
        ledger,
        csv_file(tmp_path / "a.csv", [focus_row("0.00000000000000000001")]),
        csv_file(tmp_path / "b.csv", [focus_row("99999999999999999", Tags='{"k": "v"}')]),
        csv_file(tmp_path / "c.csv", [focus_row("1e-7")]),
    )
    (group,) = group_rows(ledger.store, ledger.basis(SEPTEMBER), [])
    assert group.amount == Decimal("99999999999999999.00000010000000000001")
    assert group.rows == 3


def test_rows_that_are_not_what_their_hash_says_are_refused(tmp_path: Path) -> None:
    put(a_ledger(tmp_path), csv_file(tmp_path / "a.csv", [focus_row("1")]))
    other = tmp_path / "other"
    put(a_ledger(other), csv_file(tmp_path / "b.csv", [focus_row("9")]))
    [kept] = (tmp_path / "ledger" / "rows").glob("*.parquet")
    [forged] = (other / "ledger" / "rows").glob("*.parquet")
    kept.write_bytes(forged.read_bytes())
    ledger = a_ledger(tmp_path)
    with pytest.raises(OperationFailed, match="missing or damaged"):
        group_rows(ledger.store, ledger.basis(SEPTEMBER), ["ServiceName"])


def test_tags_of_many_keys_are_each_found(tmp_path: Path) -> None:
    """More keys than have columns of their own, and some that differ in case only."""
    ledger = a_ledger(tmp_path)
    many = {f"k{number:02}": f"v{number}" for number in range(40)}
    rows = [
        focus_row("1", Tags=json.dumps({**many, "Env": "a", "env": "b"})),
        focus_row("2", Tags=json.dumps({"env": "c", "k39": "other"})),
        focus_row("4", Tags=""),
    ]
    put(ledger, csv_file(tmp_path / "a.csv", rows))
    keys = ["Tags.Env", "Tags.env", "Tags.k00", "Tags.k39"]
    found = {
        tuple(one.values[key] for key in keys): one.amount
        for one in group_rows(ledger.store, ledger.basis(SEPTEMBER), keys)
    }
    assert found == {
        ("a", "b", "v0", "v39"): 1,
        (None, "c", None, "other"): 2,
        (None, None, None, None): 4,
    }
    assert {f"Tags.{key}" for key in many} <= set(columns_of(ledger.basis(SEPTEMBER)))
    rows[0]["Tags"] = json.dumps({**many, "Env": "a", "env": "changed"})
    (again,) = put(ledger, csv_file(tmp_path / "a.csv", rows))
    assert again.difference is not None
    assert (again.difference.added, again.difference.removed) == (1, 1)
