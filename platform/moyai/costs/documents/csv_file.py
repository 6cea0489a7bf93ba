"""Records as CSV: UTF-8 with BOM and CRLF, as spreadsheets in Japan open it. Exact numbers.

Foreign text that a spreadsheet would take for a formula has an apostrophe before it.
"""

from __future__ import annotations

import csv
import io
from fractions import Fraction

from moyai.costs.documents.paper import Bundle, Cell, Style
from moyai.costs.documents.written import FACTOR_DECIMALS, plain, rounded, trimmed

STARTS_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r")
"""How text begins that a spreadsheet would calculate."""
_MOST_DECIMALS = 6


def csv_file(bundle: Bundle) -> bytes:
    """The bundle's records under their headers."""
    lines = io.StringIO(newline="")
    writer = csv.writer(lines, lineterminator="\r\n")
    writer.writerow(bundle.headers)
    for record in bundle.records:
        writer.writerow([_written(cell) for cell in record.cells])
    return lines.getvalue().encode("utf-8-sig")


def harmless(words: str) -> str:
    """Foreign text that no spreadsheet calculates."""
    kept = plain(words)
    return f"'{kept}" if kept.startswith(STARTS_FORMULA) else kept


def _written(cell: Cell) -> str:
    if isinstance(cell.value, str):
        return harmless(cell.value)
    if isinstance(cell.value, int):
        return str(cell.value)
    if cell.style is Style.EXACT:
        return _decimals(cell.value, 2)
    if cell.style is Style.FACTOR:
        return trimmed(_decimals(cell.value, FACTOR_DECIMALS))
    return trimmed(_decimals(cell.value, _MOST_DECIMALS))


def _decimals(value: Fraction, decimals: int) -> str:
    scaled = rounded(value, decimals)
    whole, part = divmod(abs(scaled), 10**decimals)
    return f"{'-' if scaled < 0 else ''}{whole}.{part:0{decimals}}"
