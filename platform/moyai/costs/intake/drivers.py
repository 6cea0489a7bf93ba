"""Usage drivers 従量指標: how much of something each body used in a period."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from moyai.costs.intake.bodies import Bodies
from moyai.costs.intake.faults import Faults
from moyai.costs.intake.tables import Headings, Table
from moyai.costs.intake.words import NotAValue, number_of, period_in
from moyai.costs.periods import Period
from moyai.texts import Text

COLUMNS: Mapping[str, tuple[str, str]] = {
    "period": ("期間", "period"),
    "driver": ("指標", "driver"),
    "code": ("団体コード", "code"),
    "quantity": ("数量", "quantity"),
}
HEADINGS = Headings(
    {key: (ja, en, "body_code" if key == "code" else en) for key, (ja, en) in COLUMNS.items()},
    frozenset(COLUMNS),
)


@dataclass(frozen=True, slots=True)
class DriverRow:
    """One quantity, with the line that it stands on."""

    driver: str
    code: str
    """As written: a code or a former code; in a closed month one that the month knows."""
    quantity: Decimal
    line: int


def read_drivers(
    table: Table, bodies: Bodies, faults: Faults
) -> Mapping[Period, tuple[DriverRow, ...]]:
    """A table's quantities by period, ordered by driver and code; faults are told."""
    found: dict[Period, dict[tuple[str, str], DriverRow]] = defaultdict(dict)
    for line, cells in table.rows:
        row = _row(table, line, cells, bodies, faults)
        if row is None:
            continue
        period, driver = row
        place = (driver.driver, bodies.means(driver.code, period) or driver.code)
        before = found[period].get(place)
        if before is not None:
            reason = Text(
                f"{before.line} 行目にも同じ団体の同じ指標があります",
                f"line {before.line} has the same driver of the same body",
            )
            faults.add(table.name, line, table.keys["code"], reason)
        found[period][place] = driver
    return {
        period: tuple(rows[place] for place in sorted(rows))
        for period, rows in sorted(found.items())
    }


def _row(
    table: Table, line: int, cells: Mapping[str, str], bodies: Bodies, faults: Faults
) -> tuple[Period, DriverRow] | None:
    wrong: list[tuple[str, Text]] = []
    period, quantity = None, None
    try:
        period = period_in(cells["period"])
    except NotAValue as error:
        wrong.append(("period", error.reason))
    try:
        quantity = number_of(cells["quantity"])
    except NotAValue as error:
        wrong.append(("quantity", error.reason))
    if quantity is not None and quantity < 0:
        wrong.append(("quantity", Text("負の数量です", "the quantity is negative")))
    if bodies.means(cells["code"], period) is None:
        wrong.append(("code", bodies.unknown(cells["code"], period)))
    if not cells["driver"]:
        wrong.append(("driver", Text("値がありません", "there is no value")))
    for key, reason in wrong:
        faults.add(table.name, line, table.keys[key], reason)
    if wrong or period is None or quantity is None:
        return None
    return period, DriverRow(cells["driver"], bodies.kept(cells["code"], period), quantity, line)


def write_drivers(rows: tuple[DriverRow, ...], path: Path) -> None:
    """As the ledger keeps them."""
    document = [
        {
            "driver": row.driver,
            "code": row.code,
            "quantity": format(row.quantity, "f"),
            "line": row.line,
        }
        for row in rows
    ]
    path.write_text(json.dumps(document, ensure_ascii=False, indent=0), encoding="utf-8")


def load_drivers(path: Path) -> tuple[DriverRow, ...]:
    """What `write_drivers` wrote."""
    return tuple(
        DriverRow(one["driver"], one["code"], Decimal(one["quantity"]), one["line"])
        for one in json.loads(path.read_bytes())
    )


def quantities(rows: Mapping[str, tuple[DriverRow, ...]]) -> Mapping[str, Mapping[str, Fraction]]:
    """Driver → code as written → quantity, of all files."""
    found: dict[str, dict[str, Fraction]] = defaultdict(dict)
    for one in (row for file in sorted(rows) for row in rows[file]):
        by_code = found[one.driver]
        by_code[one.code] = by_code.get(one.code, Fraction(0)) + Fraction(one.quantity)
    return found
