"""All figures on the way of a yen, from its line back to what its rule caught. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from moyai.costs.apportion.allocate import SETTLEMENT_OF
from moyai.costs.apportion.allocation import Borne, Line
from moyai.costs.documents.compose.words import LINES
from moyai.costs.explain.figures import Figure
from moyai.costs.explain.pools import caught_jpy, pool_figures, rows_figures
from moyai.costs.explain.shares import line_figures
from moyai.costs.explain.way import PoolStep, Source, Way
from moyai.costs.reckoned import Reckoned
from moyai.costs.statements.statement import pool_heads
from moyai.costs.statements.titles import settled_by, settlement_title
from moyai.texts import Text, counted, same


def way_figures(made: Reckoned, way: Way) -> Iterator[Figure]:
    """How the line comes about, pool by pool what came in and from where the yen did, and the rows that were
    caught."""
    heads = pool_heads(made.allocation, made.inputs.rules)
    yield from line_figures(made, way.borne, way.line)
    for step in way.pools:
        name = step.account.name
        yield Figure("pool", same(name), step.account.shared)
        yield from pool_figures(heads[name], made.inputs.rules)
        yield Figure("from", _source(step), step.jpy)
    yield from rows_figures(way, made.converted, caught_jpy(way))
    if way.bucket is not None:
        rows = way.bucket.rows
        yield Figure("rows", Text(f"{rows:,} 行", counted(rows, "row", "rows")))


def line_title(borne: Borne, line: Line) -> Text:
    """The rule of a line and its kind, which a settlement's title says already."""
    if borne.rule.startswith(SETTLEMENT_OF):
        return settlement_title(settled_by(borne.rule))
    kind = LINES[line.kind]
    return Text(f"{borne.rule} {kind.ja}", f"{borne.rule} {kind.en.lower()}")


def _source(step: PoolStep) -> Text:
    if step.source is Source.FLOWED:
        assert step.pool is not None
        return same(step.pool)
    return _SOURCES[step.source]


_SOURCES = {
    Source.CAUGHT: Text("この区分の明細", "its own rows"),
    Source.CARRIED: Text("前期からの繰越", "carried from the period before"),
}
