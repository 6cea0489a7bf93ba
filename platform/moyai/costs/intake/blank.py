"""The template for other costs, empty but for examples, as CSV and as a workbook."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import xlsxwriter

from moyai.costs.intake.template import COLUMNS
from moyai.errors import UsageError
from moyai.texts import Lang, Text, of_system

_EXAMPLES: Sequence[tuple[Text, Text, Text, str, str, str]] = (
    (
        Text("電子申請システム利用料", "e-application licence"),
        Text("eapp-a", "eapp-a"),
        Text("2026年度契約", "contract of 2026"),
        "1",
        "1200000",
        "1200000",
    ),
    (
        Text("運用支援（時間）", "operations, hours"),
        Text("共通", "common"),
        Text("運用委託", "operations contract"),
        "12.5",
        "8000",
        "100000",
    ),
)
_MARK = "# "
"""Before the period of examples: they are not imported."""
_WIDTHS = {"item": 28, "note": 28, "service": 16, "contract": 20, "issuer": 20}


def template_csv(lang: Lang) -> str:
    """Headings and examples, with a byte order mark so that spreadsheets read Japanese."""
    page = io.StringIO()
    csv.writer(page, lineterminator="\r\n").writerows([_headings(lang), *_examples(lang)])
    return "\ufeff" + page.getvalue()


def write_template(path: Path, lang: Lang) -> None:
    """The same as a workbook. Raises `UsageError` where the file cannot be written, or is there."""
    if path.exists():
        raise UsageError(Text(f"{path} はすでにあります。", f"{path} is there already."))
    try:
        _write(path, lang)
    except (OSError, xlsxwriter.exceptions.FileCreateError) as error:
        why = of_system(error) if isinstance(error, OSError) else Text(str(error), str(error))
        raise UsageError(
            Text(f"{path} に書けません（{why.ja}）。", f"cannot write {path}: {why.en}.")
        ) from error


def _write(path: Path, lang: Lang) -> None:
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("費用" if lang == "ja" else "costs")
        head = book.add_format({"bold": True, "bg_color": "#DDEBF7", "border": 1})
        example = book.add_format({"font_color": "#808080", "italic": True})
        text = book.add_format({"num_format": "@"})
        for number, (key, heading) in enumerate(zip(COLUMNS, _headings(lang), strict=True)):
            as_text = text if key in ("period", "body_code", "invoice") else None
            sheet.set_column(number, number, _WIDTHS.get(key, 12), as_text)
            sheet.write_string(0, number, heading, head)
        for row, cells in enumerate(_examples(lang), start=1):
            for number, cell in enumerate(cells):
                sheet.write_string(row, number, cell, example)
        sheet.freeze_panes(1, 0)


def _headings(lang: Lang) -> list[str]:
    return [ja if lang == "ja" else en for ja, en in COLUMNS.values()]


def _examples(lang: Lang) -> list[list[str]]:
    rows = []
    for item, service, contract, quantity, price, amount in _EXAMPLES:
        cells = {
            "period": f"{_MARK}2026-04",
            "item": item.of(lang),
            "service": service.of(lang),
            "contract": contract.of(lang),
            "quantity": quantity,
            "unit_price": price,
            "amount": amount,
            "tax_rate": "10",
            "issuer": Text("株式会社見本", "Sample Inc.").of(lang),
            "note": Text(
                "記入例（# で始まる行は読みません）", "example: rows with # are not read"
            ).of(lang),
        }
        rows.append([cells.get(key, "") for key in COLUMNS])
    return rows
