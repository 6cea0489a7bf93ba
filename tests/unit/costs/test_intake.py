"""Formats and encodings: the same rows and the same sums, whatever they come in."""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Sequence
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from pathlib import Path

import duckdb
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.costs.ledgers import a_ledger, csv_file, focus_row, put

from moyai.costs.intake.blank import template_csv, write_template
from moyai.costs.intake.faults import IntakeError
from moyai.costs.intake.template import COLUMNS
from moyai.costs.ledger.imported import Outcome
from moyai.costs.ledger.query import RowGroup, columns_of, drivers_of, group_rows, rows_of
from moyai.costs.periods import Period
from moyai.texts import Lang

SEPTEMBER, APRIL = Period(2024, 9), Period(2026, 4)
BODIES = {"272027": "272027", "272035": "272035", "999999": "272035"}


def groups(folder: Path, file: Path, *columns: str) -> tuple[RowGroup, ...]:
    ledger = a_ledger(folder)
    put(ledger, file)
    return group_rows(ledger.store, ledger.basis(SEPTEMBER), columns)


ROWS = [
    focus_row("1.50", ServiceName="計算", Tags='{"団体": "堺"}'),
    focus_row("-0.25", ServiceName="保管", Tags="NULL"),
]


def text() -> str:
    with tempfile.TemporaryDirectory() as folder:
        return csv_file(Path(folder) / "a.csv", ROWS).read_text(encoding="utf-8")


ENCODED = {
    "plain.csv": text().encode(),
    "mark.csv": b"\xef\xbb\xbf" + text().encode(),
    "shift_jis.csv": text().encode("cp932"),
    "crlf.csv": text().replace("\n", "\r\n").encode(),
    "no_end.csv": text().rstrip("\n").encode(),
    "compressed.csv.gz": gzip.compress(text().encode()),
    "compressed_shift_jis.csv.gz": gzip.compress(text().encode("cp932")),
    "empty_lines.csv": text().replace("\n", "\n\n").encode(),
    "upper.csv": text().replace("BilledCost", "BILLEDCOST").encode(),
}


@pytest.mark.parametrize("name", ENCODED)
def test_encodings(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_bytes(ENCODED[name])
    found = groups(tmp_path, file, "ServiceName", "Tags.団体")
    assert [(tuple(one.values.values()), one.amount) for one in found] == [
        (("保管", None), Decimal("-0.25")),
        (("計算", "堺"), Decimal("1.5")),
    ]


@pytest.mark.parametrize("cost", ["VARCHAR", "DECIMAL(20, 10)", "DOUBLE"])
@pytest.mark.parametrize("tags", ["VARCHAR", "MAP(VARCHAR, VARCHAR)"])
def test_parquet(cost: str, tags: str, tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    map_of_it = "map {'k': 'v'}" if tags.startswith("MAP") else """'{"k": "v"}'"""
    duckdb.execute(
        f"COPY (SELECT v::{cost} AS BilledCost, 'USD' AS BillingCurrency, {map_of_it} AS Tags, "
        "TIMESTAMP '2024-09-01' AS BillingPeriodStart, 7 AS x FROM (VALUES ('0.1'), ('0.2'), "
        f"('1e-7')) t(v)) TO '{file}' (FORMAT parquet)"
    )
    ledger = a_ledger(tmp_path)
    (result,) = put(ledger, file)
    assert result.floats == (("BilledCost",) if cost == "DOUBLE" else ())
    (group,) = group_rows(ledger.store, ledger.basis(SEPTEMBER), ["Tags.k", "x"])
    assert group.values == {"Tags.k": "v", "x": "7"}
    assert group.amount == Decimal("0.3000001")
    assert [row.line for row in rows_of(ledger.store, ledger.basis(SEPTEMBER), [], 9)] == [1, 2, 3]


def test_what_says_which_invoice_a_row_is_of(tmp_path: Path) -> None:
    more = {"InvoiceId": "9", "BillingAccountId": "12", "ChargeCategory": "Usage"}
    rows = [
        focus_row("1", **more),
        focus_row("2", **{**more, "ChargeCategory": "Credit"}),
        focus_row("4", **{**more, "ChargeCategory": "Tax"}),
        focus_row("8", **{**more, "InvoiceId": "", "InvoiceIssuerName": ""}),
        focus_row("16", **{**more, "BillingCurrency": "JPY"}),
    ]
    found = groups(tmp_path, csv_file(tmp_path / "a.csv", rows))
    assert [
        (g.issuer, g.invoice_id, g.billing_account, g.currency, g.is_tax, int(g.amount), g.rows)
        for g in found
    ] == [
        ("", None, "12", "USD", False, 8, 1),
        ("AWS", "9", "12", "JPY", False, 16, 1),
        ("AWS", "9", "12", "USD", False, 3, 2),
        ("AWS", "9", "12", "USD", True, 4, 1),
    ]


def test_names_that_differ_in_case_only_and_columns_without_one(tmp_path: Path) -> None:
    row = {**focus_row("1"), "x": "a", "X": "b", "tags_": "c", "x_sourceline": "d", "": "e"}
    file = csv_file(tmp_path / "a.csv", [row])
    (found,) = groups(tmp_path, file, "x", "X_2", "x_sourceline_2")
    assert tuple(found.values.values()) == ("a", "b", "d")


LEGACY = (
    "bill/BillingPeriodStartDate,bill/InvoiceId,bill/PayerAccountId,bill/InvoicingEntity,"
    "lineItem/LineItemType,lineItem/UnblendedCost,lineItem/CurrencyCode,lineItem/ProductCode,"
    "lineItem/UsageAccountId,product/ProductName,resourceTags/user:Tenant,resourceTags/aws:x\n"
)
MODERN = (
    "bill_billing_period_start_date,bill_invoice_id,bill_payer_account_id,bill_invoicing_entity,"
    "line_item_line_item_type,line_item_unblended_cost,line_item_currency_code,"
    "line_item_product_code,line_item_usage_account_id,identity_line_item_id,resource_tags\n"
)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_tags_that_have_a_column_each(form: str, tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    row = {**focus_row("1"), "Tags.t": "x", "Tags.u": ""}
    if form == "csv":
        file = csv_file(tmp_path / "a.csv", [row])
    else:
        columns = ", ".join(f"'{value}' AS \"{name}\"" for name, value in row.items())
        duckdb.execute(f"COPY (SELECT {columns}) TO '{file}' (FORMAT parquet)")
    (found,) = groups(tmp_path, file, "Tags.t", "Tags.u", "Tags.none")
    assert found.values == {"Tags.t": "x", "Tags.u": None, "Tags.none": None}


@pytest.mark.parametrize(
    "head", ["BilledCost,BillingCurrency,BillingPeriodStart,Tags", MODERN[:-1]]
)
@pytest.mark.parametrize("name", ["Tags.t", "tags.t", "TAGS.T"])
def test_a_column_called_as_a_tag_beside_the_tags(head: str, name: str, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    cells = {"BilledCost": "1", "BillingCurrency": "USD", "BillingPeriodStart": "2024-09-01"}
    line = ",".join(cells.get(name, "") for name in head.split(","))
    file.write_text(f"{head},{name}\n{line},x\n")
    with pytest.raises(IntakeError) as raised:
        put(a_ledger(tmp_path), file)
    assert [(fault.line, fault.column) for fault in raised.value.faults] == [(1, name)]


def test_columns_of_tags_are_told_apart_by_their_keys_alone(tmp_path: Path) -> None:
    row = {**focus_row("1"), "Tags.env": "a", "tags.Env": "b", "TAGS.ENV": "c"}
    (found,) = groups(tmp_path, csv_file(tmp_path / "a.csv", [row]), *_ENVS)
    assert found.values == dict(zip(_ENVS, "abc", strict=True))
    row = {**focus_row("1"), "Tags.env": "a", "tags.env": "b"}
    with pytest.raises(IntakeError) as raised:
        put(a_ledger(tmp_path / "twice"), csv_file(tmp_path / "b.csv", [row]))
    assert [(fault.line, fault.column) for fault in raised.value.faults] == [(1, "tags.env")]


_ENVS = ("Tags.env", "Tags.Env", "Tags.ENV")


def test_a_damaged_page_of_parquet_is_a_fault(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    duckdb.execute(
        "COPY (SELECT i::VARCHAR AS BilledCost, 'USD' AS BillingCurrency, '2024-09-01' AS "
        f"BillingPeriodStart FROM range(5000) t(i)) TO '{file}' (FORMAT parquet)"
    )
    content = bytearray(file.read_bytes())
    content[64:512] = bytes(448)
    file.write_bytes(content)
    with pytest.raises(IntakeError) as raised:
        put(a_ledger(tmp_path), file)
    assert [(fault.file, fault.line) for fault in raised.value.faults] == [("a.parquet", None)]


KINDS = {
    "Usage": "Usage", "DiscountedUsage": "Usage", "SavingsPlanCoveredUsage": "Usage",
    "SavingsPlanNegation": "Usage", "Fee": "Purchase", "RIFee": "Purchase",
    "SavingsPlanUpfrontFee": "Purchase", "SavingsPlanRecurringFee": "Purchase", "Tax": "Tax",
    "Credit": "Credit", "Refund": "Adjustment", "EdpDiscount": "Adjustment",
    "PrivateRateDiscount": "Adjustment", "Discount": "Adjustment", "BundledDiscount": "Adjustment",
    "RiVolumeDiscount": "Adjustment", "SppDiscount": "Adjustment", "DistributorDiscount": "Adjustment",
    "FlatRateSubscription": "Purchase",
}  # fmt: skip


def test_the_legacy_cost_and_usage_report(tmp_path: Path) -> None:
    lines = [
        f"2024-09-01T00:00:00.000Z,77,1234,AWS Japan,{kind},0.1,USD,AmazonEC2,5678,EC2,sakai,\n"
        for kind in KINDS
    ]
    file = tmp_path / "cur.csv"
    file.write_text(LEGACY + "".join(lines))
    ledger = a_ledger(tmp_path)
    (result,) = put(ledger, file)
    assert result.format == "CUR"
    basis = ledger.basis(SEPTEMBER)
    found = group_rows(ledger.store, basis, ["lineItem/LineItemType", "ChargeCategory"])
    assert {tuple(one.values.values()) for one in found} == set(KINDS.items())
    assert {(one.issuer, one.invoice_id, one.billing_account) for one in found} == {
        ("AWS Japan", "77", "1234")
    }
    assert sum(one.is_tax for one in found) == 1
    assert {"Tags.Tenant", "SubAccountId", "ServiceName"} <= set(columns_of(basis))
    assert "Tags.aws:x" not in columns_of(basis)
    (tenant,) = group_rows(ledger.store, basis, ["Tags.Tenant", "ServiceName"])[:1]
    assert tenant.values == {"Tags.Tenant": "sakai", "ServiceName": "EC2"}


def test_the_cost_and_usage_report_2(tmp_path: Path) -> None:
    file = tmp_path / "cur2.csv"
    row = '2024-09-01,77,1234,AWS Japan,Tax,1E-7,USD,AmazonS3,5678,x1,"{""user_tenant"": ""sakai""}"\n'
    file.write_text(MODERN + row)
    (found,) = groups(tmp_path, file, "Tags.user_tenant", "ServiceName", "identity_line_item_id")
    assert tuple(found.values.values()) == ("sakai", "AmazonS3", "x1")
    assert (found.is_tax, found.amount) == (True, Decimal("1E-7"))


def test_cost_and_usage_2_in_parquet(tmp_path: Path) -> None:
    file = tmp_path / "cur2.parquet"
    duckdb.execute(
        "COPY (SELECT TIMESTAMP '2024-09-01' AS bill_billing_period_start_date, 'Usage' AS "
        "line_item_line_item_type, 0.1::DOUBLE AS line_item_unblended_cost, 'USD' AS "
        "line_item_currency_code, map {'user_tenant': 'sakai'} AS resource_tags, "
        f"map {{'product_name': 'S3'}} AS product) TO '{file}' (FORMAT parquet)"
    )
    ledger = a_ledger(tmp_path)
    (result,) = put(ledger, file)
    assert (result.format, result.floats) == ("CUR 2.0", ("line_item_unblended_cost",))
    (found,) = group_rows(ledger.store, ledger.basis(SEPTEMBER), ["Tags.user_tenant"])
    assert (found.values["Tags.user_tenant"], found.amount) == ("sakai", Decimal("0.1"))


TEMPLATE: Sequence[Sequence[object]] = (
    ["2026-04", "licence", "", "eapp-a", "", "2026", "", 1, 1200000, 1200000, 10, "ACME", "7", ""],
    ["2026年4月", "labour", "利用", "", "", "", "272027", "12.5", "8,000", "", "10%", "", "", ""],
    ["2026/4", "discount", "値引", "", "", "", "", "", "", "△￥1,000", 0.08, "", "", "x"],
    ["2026-04", "tax", "税", "", "", "", "", "", "", "120000", "", "ACME", "7", ""],
)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("language", [0, 1])
def test_the_template(form: str, language: int, tmp_path: Path) -> None:
    head = [names[language] for names in COLUMNS.values()]
    file = tmp_path / f"other.{form}"
    if form == "csv":
        lines = [",".join(f'"{cell}"' for cell in row) for row in [head, *TEMPLATE]]
        file.write_bytes("\r\n".join(lines).encode("cp932"))
    else:
        book = openpyxl.Workbook()
        book.active.title = "説明"
        book.active.append(["これはひな形です"])
        sheet = book.create_sheet("費用")
        for row in [head, *TEMPLATE]:
            sheet.append([cell if cell != "" else None for cell in row])
        book.save(file)
    ledger = a_ledger(tmp_path)
    put(ledger, file, bodies=BODIES)
    basis = ledger.basis(APRIL)
    found = group_rows(ledger.store, basis, ["ChargeDescription", "x_BodyCode", "x_Contract"])
    assert {
        str(one.values["ChargeDescription"]): (one.amount, one.tax_rate, one.is_tax, one.issuer)
        for one in found
    } == {
        "licence": (Decimal(1200000), Fraction(10), False, "ACME"),
        "labour": (Decimal(100000), Fraction(10), False, ""),
        "discount": (Decimal(-1000), Fraction(8), False, ""),
        "tax": (Decimal(120000), None, True, "ACME"),
    }
    assert {one.currency for one in found} == {"JPY"}
    assert {row.line for row in rows_of(ledger.store, basis, [], 9)} == {2, 3, 4, 5}


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_the_empty_template_is_one_without_rows(lang: Lang, tmp_path: Path) -> None:
    page = tmp_path / "a.csv"
    page.write_text(template_csv(lang), encoding="utf-8")
    book = tmp_path / "a.xlsx"
    write_template(book, lang)
    for file in (page, book):
        with pytest.raises(IntakeError, match="1 fault") as raised:
            put(a_ledger(tmp_path), file)
        assert raised.value.faults[0].reason.en.startswith(
            "it has no rows; fill them in below the headings"
        )


def test_usage_drivers(tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path)
    file = tmp_path / "usage.csv"
    head = "期間,指標,団体コード,数量\n"
    file.write_text(head + "2026-04,requests,272027,1500\n2026-04,requests,999999,0.5\n")
    assert [one.outcome for one in put(ledger, file, bodies=BODIES)] == [Outcome.NEW]
    basis = ledger.basis(APRIL)
    assert drivers_of(ledger.store, basis) == {
        "requests": {"272027": Fraction(1500), "999999": Fraction(1, 2)}
    }
    assert group_rows(ledger.store, basis, []) == ()
    other = tmp_path / "more.csv"
    other.write_text(head + "2026-04,storage,272027,1\n2026-04,requests,272027,2\n")
    with pytest.raises(IntakeError) as raised:
        put(ledger, other, bodies=BODIES)
    assert [(fault.file, fault.line) for fault in raised.value.faults] == [("more.csv", 3)]
    file.write_text(head + "2026-04,requests,272027,2\n")
    assert [one.outcome for one in put(ledger, file, bodies=BODIES)] == [Outcome.REPLACED]
    assert drivers_of(ledger.store, ledger.basis(APRIL)) == {"requests": {"272027": Fraction(2)}}


DECIMALS = st.builds(
    lambda digits, power: Decimal(digits).scaleb(power),
    st.integers(-(10**12), 10**12),
    st.integers(-12, 6),
)


def written(value: Decimal, form: int) -> str:
    """A decimal in one of the ways in which files have it."""
    return (
        format(value, "f"),
        format(value, "E"),
        f"{value:f}" + ("00" if "." in f"{value:f}" else ""),
    )[form]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(DECIMALS, st.integers(0, 2)), min_size=1, max_size=12))
def test_any_decimals_have_the_same_sum(values: list[tuple[Decimal, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder, localcontext(Context(prec=200)):
        file = csv_file(Path(folder) / "a.csv", [focus_row(written(*one)) for one in values])
        (found,) = groups(Path(folder), file)
        assert found.amount == sum(value for value, _ in values)
        assert found.rows == len(values)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(DECIMALS, st.sampled_from(["S3", "EC2", ""]), st.sampled_from(["USD", "JPY"])),
        min_size=2,
        max_size=12,
    ),
    st.randoms(use_true_random=False),
)
def test_any_order_of_files_and_rows_gives_the_same_groups(
    values: list[tuple[Decimal, str, str]], random: object
) -> None:
    rows = [focus_row(format(v, "f"), ServiceName=s, BillingCurrency=c) for v, s, c in values]
    found = []
    for _ in range(2):
        with tempfile.TemporaryDirectory() as name:
            folder, half = Path(name), len(rows) // 2
            files = [
                csv_file(folder / f"{number}.csv", part)
                for number, part in enumerate((rows[:half], rows[half:]))
            ]
            ledger = a_ledger(folder)
            put(ledger, *files[:: 1 if found else -1])
            basis = ledger.basis(SEPTEMBER)
            found.append(group_rows(ledger.store, basis, ["ServiceName"]))
        random.shuffle(rows)  # type: ignore[attr-defined]  # hypothesis has no public type for it
    assert found[0] == found[1]
