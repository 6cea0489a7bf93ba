"""Malformed files: each gives every error with its place, and nothing changes."""

from __future__ import annotations

import tempfile
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.costs.ledgers import a_ledger, csv_file, focus_row, put

from moyai.costs.intake import faults
from moyai.costs.intake.faults import IntakeError
from moyai.costs.periods import Period

CORPUS = Path(__file__).parent / "corpus"
Place = tuple[int | None, str | None]
EXPECTED: dict[str, list[Place]] = {
    "bad_decimal.csv": [(3, "BilledCost"), (4, "BilledCost")],
    "thousands.csv": [(2, "BilledCost")],
    "yen_sign.csv": [(2, "BilledCost")],
    "bad_period.csv": [(n, "BillingPeriodStart") for n in (2, 3, 4)],
    "bad_moment.csv": [(2, "ChargePeriodStart")],
    "missing_values.csv": [
        (2, "BilledCost"), (3, "BillingCurrency"), (4, "BillingPeriodStart"),
    ],
    "bad_currency.csv": [(2, "BillingCurrency")],
    "currencies.csv": [(n, "BillingCurrency") for n in (3, 4, 5)],
    "few_fields.csv": [(3, None), (5, None)],
    "many_fields.csv": [(2, None)],
    "open_quote.csv": [(3, None)],
    "text_after_quote.csv": [(2, None), (3, None)],
    "broken_tags.csv": [(2, "Tags"), (3, "Tags"), (4, "Tags")],
    "doubled_column.csv": [(1, "BilledCost")],
    "unknown_columns.csv": [(None, None)],
    "empty.csv": [(None, None)],
    "only_heading.csv": [(None, None)],
    "too_many_digits.csv": [(2, "BilledCost"), (4, "BilledCost")],
    "zero_bytes.csv": [(None, None)],
    "neither_encoding.csv": [(2, None)],
    "broken_heading.csv": [(1, None)],
    "cut_off.csv.gz": [(None, None)],
    "broken.parquet": [(None, None)],
    "broken.xlsx": [(None, None)],
    "cur.csv": [(2, "lineItem/UnblendedCost"), (3, "lineItem/CurrencyCode")],
    "cur_types.csv": [(n, "lineItem/LineItemType") for n in (3, 4, 5)] + [(5, "pricing/currency")],
    "cur2.csv": [(3, "bill_billing_period_start_date"), (3, "resource_tags")],
    "template.csv": [
        (2, "金額"), (3, "期間"), (4, "金額"), (5, "区分"), (5, "税率"), (6, "品目"), (6, "団体コード"),
        (6, "金額"), (7, None),
    ],
    "template_empty.csv": [(None, None)],
    "drivers.csv": [
        (3, "code"), (4, "code"), (5, "driver"), (5, "quantity"), (6, "period"), (6, "quantity"),
    ],
}  # fmt: skip
BODIES = {"272027": "272027", "272035": "272035"}


def test_every_file_of_the_corpus_is_expected() -> None:
    assert {path.name for path in CORPUS.iterdir()} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_malformed_file(name: str, tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path)
    good = csv_file(tmp_path / "good.csv", [focus_row("1")])
    put(ledger, good)
    before = snapshot(tmp_path / "ledger")
    fine = csv_file(tmp_path / "fine.csv", [focus_row("2")])
    with pytest.raises(IntakeError) as raised:
        put(ledger, fine, CORPUS / name, bodies=BODIES)
    assert {fault.file for fault in raised.value.faults} == {name}
    places = [(fault.line, fault.column) for fault in raised.value.faults]
    assert sorted(places, key=str) == sorted(EXPECTED[name], key=str)
    assert snapshot(tmp_path / "ledger") == before
    for lang in ("ja", "en"):
        assert len(raised.value.lines(lang)) == len(places) + 2
    assert raised.value.exit_code == 2


def test_a_type_of_line_item_that_is_unknown_is_told_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(IntakeError) as raised:
        put(a_ledger(tmp_path), CORPUS / "cur_types.csv")
    told = {(fault.line, fault.column): fault.reason.en for fault in raised.value.faults}
    unknown = told[3, "lineItem/LineItemType"]
    assert unknown.startswith(
        '"SomethingNew" is no type of line item; there are: Usage, Discounted'
    )
    assert unknown.endswith("DistributorDiscount")
    assert told[4, "lineItem/LineItemType"] == "there is no value"


def test_all_files_are_told_of_at_once(tmp_path: Path) -> None:
    with pytest.raises(IntakeError) as raised:
        put(a_ledger(tmp_path), CORPUS / "many_fields.csv", CORPUS / "bad_currency.csv")
    assert [fault.file for fault in raised.value.faults] == ["bad_currency.csv", "many_fields.csv"]


def test_faults_beyond_the_most_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faults, "MOST", 3)
    file = csv_file(tmp_path / "a.csv", [focus_row("x")] * 300)
    with pytest.raises(IntakeError) as raised:
        put(a_ledger(tmp_path), file)
    assert [fault.line for fault in raised.value.faults] == [2, 3, 4]
    assert raised.value.more == 297
    assert raised.value.lines("en")[-2] == "and 297 more"


def test_rows_of_parquet_are_told_of_whatever_columns_are_called(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    duckdb.execute(
        "COPY (SELECT * FROM (VALUES ('1', 'USD', '2024-09-01', 'x'), ('x', 'USD', '2024-09-01', 'y'), "
        "('2', 'US$', '2024-09-01', NULL)) t(BilledCost, BillingCurrency, BillingPeriodStart, v)) "
        f"TO '{path}' (FORMAT parquet)"
    )
    with pytest.raises(IntakeError) as raised:
        put(a_ledger(tmp_path), path)
    places = [(fault.line, fault.column) for fault in raised.value.faults]
    assert places == [(2, "BilledCost"), (3, "BillingCurrency")]


@pytest.mark.parametrize(
    ("text", "column"),
    [
        (
            "BilledCost,BillingCurrency,BillingPeriodStart,billedcost\n1,JPY,2024-09-01,9\n",
            "billedcost",
        ),
        ("period,item,amount,金額\n2024-09,x,1,9\n", "金額"),
        ("period,item,amount,amount\n2024-09,x,1,9\n", "amount"),
    ],
)
def test_a_column_that_is_there_twice(text: str, column: str, tmp_path: Path) -> None:
    path = tmp_path / "twice.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(IntakeError) as raised:
        put(a_ledger(tmp_path), path)
    assert [(f.line, f.column) for f in raised.value.faults] == [(1, column)]


@pytest.mark.parametrize("rate", ["abc", "-3", "1e99999999", "100.5", "10/0"])
def test_what_is_no_rate_of_tax(rate: str, tmp_path: Path) -> None:
    rows = [focus_row("1", x_TaxRate="10"), focus_row("1", x_TaxRate=rate)]
    with pytest.raises(IntakeError) as raised:
        put(a_ledger(tmp_path), csv_file(tmp_path / "a.csv", rows))
    assert [(f.line, f.column) for f in raised.value.faults] == [(3, "x_TaxRate")]


@pytest.mark.parametrize(
    ("cost", "is_taken"),
    [("0." + "0" * 37 + "1", True), ("1E-37", True), ("1E-38", False), ("12E-37", False)],
)
def test_decimals_with_all_digits_after_the_point(
    cost: str, is_taken: bool, tmp_path: Path
) -> None:
    ledger = a_ledger(tmp_path)
    file = csv_file(tmp_path / "a.csv", [focus_row("0.5"), focus_row(cost)])
    if is_taken:
        put(ledger, file)
        return
    with pytest.raises(IntakeError) as raised:
        put(ledger, file)
    assert [(f.line, f.column) for f in raised.value.faults] == [(3, "BilledCost")]


def test_a_power_of_ten_whose_mantissa_is_long(tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path)
    put(ledger, csv_file(tmp_path / "a.csv", [focus_row("123456789012E-12")]))
    found = ledger.basis(Period(2024, 9)).sources["a.csv"].totals["USD"]
    assert Decimal(found) == Decimal("0.123456789012")


def test_a_sum_that_no_decimal_holds(tmp_path: Path) -> None:
    rows = [focus_row("9" + "0" * 37)] * 2
    with pytest.raises(IntakeError) as raised:
        put(a_ledger(tmp_path), csv_file(tmp_path / "a.csv", rows))
    [fault] = raised.value.faults
    assert "cannot be read" in fault.reason.en


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_damaged_bytes_are_imported_or_told_of(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(EXPECTED)))
    content = bytearray((CORPUS / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(content)))
        length = data.draw(st.integers(0, 3))
        content[at : at + length] = data.draw(
            st.sampled_from(
                [b"", b'"', b",", b"\n", b"\r", b"0", b"-", b"E9", b"{", b"\xe3", b"NULL"]
            )
        )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / name
        file.write_bytes(content)
        ledger = a_ledger(Path(folder))
        told = 0
        try:
            put(ledger, file, bodies=BODIES)
        except IntakeError as error:
            told = len(error.faults)
        assert (told > 0) is (ledger.manifest().periods == {})


def snapshot(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
