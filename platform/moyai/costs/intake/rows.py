"""Staged rows → checked, exact Parquet, one file for each billing period."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Literal

import duckdb

from moyai.costs.currencies import is_currency, no_currency
from moyai.costs.duck import literal, quoted
from moyai.costs.intake.decimals import MOST_DIGITS, Width, is_number, scale_digits, whole_digits
from moyai.costs.intake.faults import MOST, Faults
from moyai.costs.intake.months import month_sql
from moyai.costs.intake.shapes import (
    COSTS,
    LINE,
    MOMENTS,
    NEEDED,
    TAGS,
    TAX_RATE,
    Shape,
    tag_columns,
)
from moyai.costs.intake.staging import Staged
from moyai.costs.periods import Period, period_of
from moyai.errors import UsageError
from moyai.texts import Text

_Reason = Callable[[str], Text]
"""Value → what is wrong with it."""
_TAX_RATE = re.compile(r"\d{1,3}(\.\d{1,9}|/[1-9]\d{0,8})?\Z", re.ASCII)
_MOST_TAX = 100
"""Percent."""
_MOST_TAG_KEYS = 1000
"""How many keys of tags are listed among a file's columns."""


@dataclass(frozen=True, slots=True)
class PeriodRows:
    """The rows of one file in one period, as a Parquet file."""

    period: Period
    path: Path
    rows: int
    totals: Mapping[str, Decimal]
    """Currency → sum of `BilledCost`."""
    columns: tuple[str, ...]
    """Columns that rules can look at, `Tags.KEY` among them."""
    kind: Literal["costs", "drivers"] = "costs"
    """Drivers are in a JSON file of `write_drivers`."""


@dataclass(frozen=True, slots=True)
class _Checked:
    widths: Mapping[str, Width]
    periods: tuple[Period, ...]


def write_rows(
    connection: duckdb.DuckDBPyConnection,
    staged: Staged,
    shape: Shape,
    folder: Path,
    faults: Faults,
) -> tuple[PeriodRows, ...]:
    """Check all rows, then write them; nothing where there is a fault, which is told."""
    shape = replace(shape, columns=_told_apart(shape.columns))
    checked = _check(connection, staged, shape, faults)
    if checked is None:
        return ()
    return tuple(_write(connection, staged, shape, checked, one, folder) for one in checked.periods)


def _told_apart(columns: Mapping[str, str]) -> Mapping[str, str]:
    """SQL takes names that differ in case only for the same; later ones get a number."""
    seen, found = {LINE.lower(), TAGS.lower()}, {}
    for name, text in columns.items():
        own, number = name, 1
        while own.lower() in seen:
            number += 1
            own = f"{name}_{number}"
        seen.add(own.lower())
        found[own] = text
    return found


def _check(
    connection: duckdb.DuckDBPyConnection, staged: Staged, shape: Shape, faults: Faults
) -> _Checked | None:
    before = len(faults.found) + faults.more
    check = _Check(connection, staged, shape, faults)
    widths = {name: check.decimals(name) for name in COSTS if name in shape.columns}
    for name in NEEDED:
        check.there(name)
    for name in MOMENTS:
        if name in shape.columns:
            check.moments(name)
    check.tags()
    check.currencies()
    check.kinds()
    check.tax_rates()
    periods = check.periods()
    if len(faults.found) + faults.more > before:
        return None
    if not periods:
        faults.add(staged.name, None, None, NO_ROWS)
        return None
    return _Checked(widths, periods)


class _Check:
    """Checks of one file; each is one scan of one column, and looks for lines only where it fails."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, staged: Staged, shape: Shape, faults: Faults
    ) -> None:
        self._connection = connection
        self._staged = staged
        self._shape = shape
        self._faults = faults

    def decimals(self, name: str) -> Width:
        """The digits that a column of costs needs."""
        text = self._shape.columns[name]
        good = f"CASE WHEN {is_number('v')} THEN v END"
        widest, finest, bad = self._row(
            f"SELECT max({whole_digits('g')}), max({scale_digits('g')}), "
            f"count(v) - count(g) FROM (SELECT v, {good} AS g FROM "
            f"(SELECT {text} AS v FROM {self._staged.relation}))"
        )
        if bad:
            self._tell(name, f"{text} IS NOT NULL AND NOT {is_number(text)}", _no_decimal)
        width = Width(widest or 0, finest or 0)
        if not width.fits:
            wide = f"{is_number(text)} AND ({whole_digits(text)} = {width.whole}"
            fine = f"{scale_digits(text)} = {width.scale})"
            self._tell(name, f"{wide} OR {fine}", _too_many_digits)
        return width

    def there(self, name: str) -> None:
        """Each row has a value in this column."""
        text = self._shape.columns[name]
        (missing,) = self._row(f"SELECT count(*) - count({text}) FROM {self._staged.relation}")
        if missing:
            self._tell(name, f"{text} IS NULL", lambda _: _MISSING)

    def moments(self, name: str) -> None:
        """What is in this column are moments."""
        text = self._shape.columns[name]
        bad = f"{text} IS NOT NULL AND TRY_CAST({text} AS TIMESTAMP) IS NULL"
        (count,) = self._row(f"SELECT count(*) FROM {self._staged.relation} WHERE {bad}")
        if count:
            self._tell(name, bad, _no_moment)

    def tags(self) -> None:
        """Tags are JSON objects without doubled keys."""
        text = self._shape.tags_json
        if text is None:
            return
        bad = f"{text} IS NOT NULL AND {_tags_map(text)} IS NULL"
        (count,) = self._row(f"SELECT count(*) FROM {self._staged.relation} WHERE {bad}")
        if count:
            self._tell(TAGS, bad, _no_tags, text)

    def currencies(self) -> None:
        """Currencies are those of ISO 4217."""
        billed = {"BillingCurrency": self._shape.columns["BillingCurrency"]}
        for name, text in {**billed, **self._shape.currencies}.items():
            for value in self._distinct(text):
                if not is_currency(value):
                    self._tell(name, f"{text} = {literal(value)}", no_currency, text)

    def kinds(self) -> None:
        """What kind of charge rows are is one of those known, wherever a provider has a list of them."""
        kinds = self._shape.kinds
        if kinds is None:
            return
        text = kinds.text
        (missing,) = self._row(f"SELECT count(*) - count({text}) FROM {self._staged.relation}")
        if missing:
            self._tell(kinds.named, f"{text} IS NULL", lambda _: _MISSING, text)
        for value in self._distinct(text):
            if value not in kinds.known:
                bad = f"{text} = {literal(value)}"
                self._tell(kinds.named, bad, partial(_no_kind, kinds.known), text)

    def tax_rates(self) -> None:
        """Rates of tax, where a file states them, are percents."""
        text = self._shape.columns.get(TAX_RATE)
        for value in [] if text is None else self._distinct(text):
            if not _TAX_RATE.match(value) or Fraction(value) > _MOST_TAX:
                self._tell(TAX_RATE, f"{text} = {literal(value)}", _no_tax_rate)

    def periods(self) -> tuple[Period, ...]:
        """The months that billing periods begin."""
        text = self._shape.columns["BillingPeriodStart"]
        found: set[Period] = set()
        month = month_sql(text)
        for value in self._distinct(month):
            try:
                found.add(period_of(value))
            except UsageError:
                where = f"{month} = {literal(value)}"
                good = f"TRY_CAST({text} AS TIMESTAMP) IS NOT NULL"  # else it was told already
                self._tell("BillingPeriodStart", f"{where} AND {good}", _no_moment)
        return tuple(sorted(found))

    def _distinct(self, sql: str) -> list[str]:
        found = self._connection.execute(
            # One select in another: a file may have a column of any name.
            f"SELECT DISTINCT v FROM (SELECT {sql} AS v FROM {self._staged.relation}) "
            "WHERE v IS NOT NULL ORDER BY v"
        )
        return [str(value) for (value,) in found.fetchall()]

    def _row(self, sql: str) -> tuple[int, ...]:
        found = self._connection.execute(sql).fetchone()
        assert found is not None  # an aggregate has one row
        return tuple(found)

    def _tell(self, name: str, where: str, reason: _Reason, text: str | None = None) -> None:
        shown = text or self._shape.columns[name]
        own = self._shape.named.get(name, name)
        staged = self._staged
        found = self._connection.execute(
            f"SELECT {staged.line} AS line, {shown}, count(*) OVER () FROM {staged.relation} "
            f"WHERE {where} ORDER BY line LIMIT {MOST}"
        ).fetchall()
        for line, value, _ in found:
            self._faults.add(staged.name, line, own, reason(value))
        if found:
            self._faults.more += found[0][2] - len(found)


def _write(
    connection: duckdb.DuckDBPyConnection,
    staged: Staged,
    shape: Shape,
    checked: _Checked,
    period: Period,
    folder: Path,
) -> PeriodRows:
    path = folder / f"{period}.parquet"
    selected = [f"{staged.line} AS {LINE}"]
    for name, text in shape.columns.items():
        width = checked.widths.get(name)
        value = text if width is None else f"CAST({text} AS {width.sql_type})"
        selected.append(f"{value} AS {quoted(name)}")
    tags = shape.tags_map or (_tags_map(shape.tags_json) if shape.tags_json else None)
    if tags is not None:
        selected.append(f"{tags} AS {TAGS}")
    begins = shape.columns["BillingPeriodStart"]
    source = (
        f"(SELECT {', '.join(selected)} FROM {staged.relation} "
        f"WHERE {month_sql(begins)} = '{period}')"
    )
    keys = () if tags is None else _tag_keys(connection, staged, tags, period, begins)
    own = [
        f"map_extract_value({TAGS}, {literal(key)}) AS {quoted(f'{TAGS}.{key}')}"
        for key in tag_columns(keys)
    ]
    connection.execute(
        f"COPY (SELECT {', '.join(['*', *own])} FROM {source}) "
        f"TO {literal(path)} (FORMAT parquet, COMPRESSION zstd)"
    )
    return _described(connection, path, period, (*shape.columns, *(f"{TAGS}.{k}" for k in keys)))


def _tag_keys(
    connection: duckdb.DuckDBPyConnection, staged: Staged, tags: str, period: Period, begins: str
) -> tuple[str, ...]:
    found = connection.execute(
        f"SELECT DISTINCT unnest(map_keys({tags})) AS k FROM {staged.relation} "
        f"WHERE {month_sql(begins)} = '{period}' ORDER BY k LIMIT {_MOST_TAG_KEYS}"
    )
    return tuple(key for (key,) in found.fetchall())


def _described(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    period: Period,
    columns: tuple[str, ...],
) -> PeriodRows:
    relation = f"read_parquet({literal(path)})"
    found = connection.execute(
        f"SELECT BillingCurrency, sum(BilledCost), count(*) FROM {relation} GROUP BY 1 ORDER BY 1"
    ).fetchall()
    totals = {currency: amount for currency, amount, _ in found}
    return PeriodRows(period, path, sum(row[2] for row in found), totals, columns)


def _tags_map(text: str) -> str:
    """A JSON text's map; NULL where it is no object, or has a key twice."""
    is_object = f"json_valid({text}) AND json_type({text}) = 'OBJECT'"
    return f"CASE WHEN {is_object} THEN TRY_CAST({text}::JSON AS MAP(VARCHAR, VARCHAR)) END"


NO_ROWS = Text("行がありません", "it has no rows")
_MISSING = Text("値がありません", "there is no value")


def _shown(value: str) -> str:
    words = json.dumps(value[:60], ensure_ascii=False)
    return words if len(value) <= 60 else f"{words}…"


def _no_decimal(value: str) -> Text:
    return Text(f"{_shown(value)} は数ではありません", f"{_shown(value)} is no number")


def _no_moment(value: str) -> Text:
    return Text(f"{_shown(value)} は日時ではありません", f"{_shown(value)} is no date and time")


def _no_kind(known: Sequence[str], value: str) -> Text:
    listed = ", ".join(known)
    return Text(
        f"{_shown(value)} は明細の種類ではありません。あるもの: {listed}",
        f"{_shown(value)} is no type of line item; there are: {listed}",
    )


def _no_tax_rate(value: str) -> Text:
    return Text(
        f"{_shown(value)} は税率（%）ではありません",
        f"{_shown(value)} is no rate of tax in percent",
    )


def _no_tags(value: str) -> Text:
    return Text(
        f"{_shown(value)} は JSON のオブジェクトではありません（キーの重複も誤りです）",
        f"{_shown(value)} is no JSON object without doubled keys",
    )


def _too_many_digits(value: str) -> Text:
    return Text(
        f"この列の値は合わせて {MOST_DIGITS} 桁に収まりません（{_shown(value)}）",
        f"the values of this column do not fit into {MOST_DIGITS} digits together ({_shown(value)})",
    )
