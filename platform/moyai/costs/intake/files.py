"""A file of any known format → its rows by period."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import duckdb

from moyai.costs.intake import drivers, template
from moyai.costs.intake.bodies import Bodies
from moyai.costs.intake.cur import cur_shape
from moyai.costs.intake.faults import TWO_COLUMNS, Faults
from moyai.costs.intake.reading import Kind, Source, take
from moyai.costs.intake.rows import PeriodRows, write_rows
from moyai.costs.intake.shapes import TAGS, TEMPLATE, Shape, beside_tags, doubled, focus_shape
from moyai.costs.intake.staging import Staged, of_data, stage, stage_counted
from moyai.costs.intake.tables import MEANT, Headings, Table, is_one_table, likest, read_table
from moyai.costs.intake.workbooks import Unreadable, measure
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that was read and checked."""

    name: str
    sha256: str
    copy: Path
    """As it came."""
    format: str
    encoding: str | None
    floats: tuple[str, ...]
    periods: tuple[PeriodRows, ...]
    """Empty where its content is on record already."""
    etag: str | None = None
    """Of the object in S3 that it came from."""


_SHAPES: tuple[Callable[[Staged], Shape | None], ...] = (focus_shape, cur_shape)
"""In this order; the first that knows a file's columns."""
_EXPECTED = Text(
    "形式が分かりません。次のどれかの列が要ります: FOCUS（BilledCost・BillingCurrency・"
    "BillingPeriodStart）、AWS CUR（lineItem/UnblendedCost または line_item_unblended_cost ほか）、"
    "ひな形（期間・品目・金額 ほか。moyai cost template で作れます）、"
    "従量指標（期間・指標・団体コード・数量）",
    "its format is not known; it needs the columns of FOCUS (BilledCost, BillingCurrency, "
    "BillingPeriodStart), of AWS CUR (lineItem/UnblendedCost or line_item_unblended_cost and others), "
    "of the template (period, item, amount and others; see moyai cost template), or of usage "
    "drivers (period, driver, code, quantity)",
)
_BESIDE_TAGS = Text(
    "タグのような名前の列ですが、ファイルのタグは別の列にあります。名前を変えてください",
    "it is called as a tag is, but another column has the file's tags; call it otherwise",
)
_NOT_FILLED_IN = Text(
    "行がありません。見出しの下に 1 行ずつ記入して保存し、もう一度取り込んでください"
    "（# で始まる行は記入例とみなし、読みません）",
    "it has no rows; fill them in below the headings, save it, and import it again (rows that begin with # "
    "are examples, which are not read)",
)
_TABLES = (template.HEADINGS, drivers.HEADINGS)
Told = Callable[[str, Text], None]
"""File and what is being done with it."""


def take_file(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    name: str,
    folder: Path,
    bodies: Bodies,
    services: Collection[str],
    is_known: Callable[[str], bool],
    faults: Faults,
    told: Told,
) -> Taken | None:
    """Read and check a file; None where it has faults, which are told.

    `name`: as the ledger is to call it. `services`: those of the federation. `is_known`: whether the content
    with a hash is on record, and need not be looked at.
    """
    told(path.name, Text("読んでいます", "reading"))
    source = take(path, folder, is_known, faults)
    if source is None:
        return None
    if is_known(source.sha256):
        return Taken(name, source.sha256, source.copy, "", source.encoding, (), ())
    if source.kind is Kind.XLSX:
        try:
            measure(source.copy)
        except Unreadable as error:
            faults.add(source.name, None, None, error.reason)
            return None
        if not is_one_table(source, _TABLES, faults):
            return None
    before = len(faults.found) + faults.more
    work = _Work(connection, source, folder, bodies, services, faults)
    for way in (work.drivers, work.template, lambda: work.rows(told)):
        found = way()
        if len(faults.found) + faults.more > before:
            return None
        if found is not None:
            break
    if found is None:
        _tell_unknown(source, faults)
        return None
    shape, periods = found
    return Taken(
        name, source.sha256, source.copy, shape.format, source.encoding, shape.floats, periods
    )


def _tell_unknown(source: Source, faults: Faults) -> None:
    """Tell of a file of no known format; of a table with a mistyped heading, which one."""
    headings, line = likest(source, _TABLES)
    if len(headings.meant(line)) >= MEANT:
        headings.tell_missing(source.name, line, faults)
    else:
        faults.add(source.name, None, None, _EXPECTED)


_Found = tuple[Shape, tuple[PeriodRows, ...]]


class _Work:
    """One file on its way; a method answers None where the file is of another kind, or broken."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        source: Source,
        folder: Path,
        bodies: Bodies,
        services: Collection[str],
        faults: Faults,
    ) -> None:
        self._connection = connection
        self._source = source
        self._folder = folder
        self._bodies = bodies
        self._services = services
        self._faults = faults

    def drivers(self) -> _Found | None:
        """Usage drivers."""
        table = self._table(drivers.HEADINGS)
        if table is None:
            return None
        found = []
        for period, rows in drivers.read_drivers(table, self._bodies, self._faults).items():
            path = self._folder / f"{period}.json"
            drivers.write_drivers(rows, path)
            found.append(PeriodRows(period, path, len(rows), {}, (), "drivers"))
        if not table.rows:
            self._faults.add(table.name, None, None, _NOT_FILLED_IN)
        return Shape("drivers", {}, floats=table.floats), tuple(found)

    def template(self) -> _Found | None:
        """Other costs by the template."""
        table = self._table(template.HEADINGS)
        if table is None:
            return None
        if not table.rows:
            self._faults.add(table.name, None, None, _NOT_FILLED_IN)
            return None
        counted = self._folder / "template.csv"
        bodies, services = self._bodies, self._services
        if not template.write_focus(table, bodies, services, counted, self._faults):
            return None
        columns, folder = template.LEDGER_COLUMNS, self._folder
        staged = stage_counted(self._connection, table.name, counted, columns, folder)
        texts = {name: sql for name, sql in staged.columns.items() if name != TAGS}
        shape = Shape(TEMPLATE, texts, tags_json=staged.columns[TAGS], floats=table.floats)
        return shape, write_rows(self._connection, staged, shape, folder, self._faults)

    def rows(self, told: Told) -> _Found | None:
        """Rows of a provider's bill."""
        if self._source.kind is Kind.XLSX:
            return None
        staged = stage(self._connection, self._source, self._folder, self._faults)
        if staged is None:
            return None
        twice = doubled(staged)
        if twice is not None:
            self._faults.add(staged.name, 1, twice, TWO_COLUMNS)
            return None
        shape = next((found for known in _SHAPES if (found := known(staged)) is not None), None)
        if shape is None:
            return None
        beside = beside_tags(shape)
        if beside is not None:
            line = 1 if self._source.kind is Kind.CSV else None
            self._faults.add(staged.name, line, shape.named.get(beside, beside), _BESIDE_TAGS)
            return None
        told(staged.name, Text("検査しています", "checking"))
        try:
            return shape, write_rows(self._connection, staged, shape, self._folder, self._faults)
        except duckdb.Error as error:
            reason = of_data(error, self._source)
            if reason is None:
                raise
            self._faults.add(staged.name, None, None, reason)
            return None

    def _table(self, headings: Headings) -> Table | None:
        kind = self._source.kind
        if kind is Kind.PARQUET:
            return None
        if kind is Kind.CSV and headings.of(self._source.columns) is None:
            return None
        return read_table(self._source, headings, self._faults)
