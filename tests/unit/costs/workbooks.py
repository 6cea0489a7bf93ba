"""Workbooks of tests, as their parts: what no program would write, too."""

from __future__ import annotations

import io
import zipfile

_HEAD = '<?xml version="1.0"?>'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

_TYPES = (
    f'{_HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-'
    'officedocument.spreadsheetml.sheet.main+xml"/></Types>'
)


def sheet(cells: str) -> str:
    """The part of a sheet with these rows."""
    return f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>{cells}</sheetData></worksheet>'


def row(number: int, **cells: str) -> str:
    """A row of texts by their columns: `A='period'`."""
    found = "".join(
        f'<c r="{column}{number}" t="inlineStr"><is><t>{words}</t></is></c>'
        for column, words in cells.items()
    )
    return f'<row r="{number}">{found}</row>'


def workbook(part: str, **others: str) -> bytes:
    """A workbook with one sheet, and other parts by their names."""
    book = (
        f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        '<sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>'
    )
    page = io.BytesIO()
    with zipfile.ZipFile(page, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("[Content_Types].xml", _TYPES)
        file.writestr("xl/workbook.xml", book)
        file.writestr("_rels/.rels", _relation("officeDocument", "xl/workbook.xml"))
        sheets = _relation("worksheet", "worksheets/sheet1.xml")
        file.writestr("xl/_rels/workbook.xml.rels", sheets)
        file.writestr("xl/worksheets/sheet1.xml", part)
        for name, content in others.items():
            file.writestr(name, content)
    return page.getvalue()


def _relation(kind: str, target: str) -> str:
    return (
        f'{_HEAD}<Relationships xmlns="{_RELATIONS}"><Relationship Id="r1" '
        f'Type="{_OFFICE}/{kind}" Target="{target}"/></Relationships>'
    )
