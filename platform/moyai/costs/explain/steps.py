"""All figures on the way of a yen, from its line back to what its rule caught. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from moyai.costs.apportion.allocate import SETTLEMENT_OF
from moyai.costs.apportion.allocation import Borne, Line
from moyai.costs.documents.compose.words import line_words
from moyai.costs.explain.figures import Figure
from moyai.costs.explain.pools import caught_jpy, pool_figures, rows_figures
from moyai.costs.explain.shares import line_figures
from moyai.costs.explain.way import PoolStep, Source, Way
from moyai.costs.reckoned import Reckoned
from moyai.costs.statements.heads import pool_heads
from moyai.costs.statements.titles import late_words, title_of
from moyai.registry.cost_rules import RuleSet
from moyai.texts import Text, counted


def way_figures(made: Reckoned, way: Way) -> Iterator[Figure]:
    """How the line comes about, pool by pool what came in and from where the yen did, and the rows that were
    caught."""
    heads = pool_heads(made.allocation, made.inputs.rules)
    yield from line_figures(made, way.borne, way.line)
    for step in way.pools:
        name = step.account.name
        yield Figure("pool", title_of(name, made.inputs.rules), step.account.shared)
        yield from pool_figures(heads[name], made.inputs.rules)
        yield Figure("from", _source(step, made.inputs.rules), step.jpy)
    yield from rows_figures(way, made.converted, caught_jpy(way))
    if way.bucket is not None:
        rows = way.bucket.rows
        yield Figure("rows", Text(f"{rows:,} 行", counted(rows, "row", "rows")))


def line_title(borne: Borne, line: Line, rules: RuleSet) -> Text:
    """What the statement calls the rule of a line, and its kind, which a settlement's title says already."""
    title = title_of(borne.rule, rules)
    if borne.rule.startswith(SETTLEMENT_OF):
        return title
    kind = line_words(line)
    return Text(f"{title.ja} {kind.ja}", f"{title.en} {kind.en[0].lower()}{kind.en[1:]}")


def _source(step: PoolStep, rules: RuleSet) -> Text:
    if step.source is Source.FLOWED:
        assert step.pool is not None
        return title_of(step.pool, rules)
    if step.settled is not None:
        return late_words(step.settled)
    return _SOURCES[step.source]


_SOURCES = {
    Source.CAUGHT: Text("この区分の明細", "its own rows"),
    Source.CARRIED: Text("前期からの繰越", "carried from the period before"),
}
