"""The overview's tables over the fiscal year. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from moyai.costs.documents.compose import words
from moyai.costs.documents.compose.common import sums_of
from moyai.costs.documents.compose.overview_tables import gross_mark
from moyai.costs.documents.paper import BLANK, Cell, Column, Row, RowKind, Style, Table, text, yen
from moyai.costs.documents.written import month
from moyai.costs.statements.months import NO_RULE
from moyai.costs.statements.overview import Overview
from moyai.texts import Lang, Text

Months = Sequence[Mapping[str, int] | None]
"""Rule or body's code → yen with tax, month by month; None of one that has nothing on record."""
_NOTHING = Text("記録なし", "none on record")


def trend_table(overview: Overview, lang: Lang) -> Table:
    """Month by month, whole yen with tax: the sum of bodies, and their number."""
    rows: list[Row] = []
    for at, (period, one) in enumerate(overview.months):
        if one is None:
            cells = (text(_NOTHING.of(lang)), Cell("", key=f"trend.{at}"))
        else:
            bodies = Cell(len(one.by_body()), Style.NUMBER)
            cells = (bodies, yen(one.total, f"trend.{at}"))
        rows.append(Row((text(month(period, lang)), *cells)))
    total = sum(one.total for one in overview.trend)
    formula = f"SUM({{trend.0}}:{{trend.{len(rows) - 1}}})"
    label = Text("年度の累計", "Fiscal year so far").of(lang)
    rows.append(Row((text(label), BLANK, yen(total, "trend.total", formula)), RowKind.TOTAL))
    return Table(
        words.in_yen(Text("月別の負担金", "Contributions by month"), gross_mark(overview)).of(lang),
        (
            Column(Text("期間", "Period").of(lang), 4),
            Column(Text("団体数", "Bodies").of(lang), 2, numeric=True),
            Column(words.YEN.of(lang), 3, numeric=True),
        ),
        tuple(rows),
    )


def trend_tables(overview: Overview, lang: Lang) -> tuple[Table, Table]:
    """What the charts show: rules by month, and bodies by month; too wide for paper."""
    titles = {rule: title.of(lang) for rule, title in overview.titles.items()}
    titles[NO_RULE] = words.TAX.of(lang)
    return (
        _by_month(
            Text("月別・費用区分別の負担金", "Contributions by month and rule"),
            Text("費用区分", "Rule"),
            by_rule(overview),
            titles,
            overview,
            lang,
        ),
        _by_month(
            Text("月別・団体別の負担金", "Contributions by month and body"),
            Text("団体", "Body"),
            by_body(overview),
            overview.names,
            overview,
            lang,
        ),
    )


def by_rule(overview: Overview) -> Months:
    """Rule → yen with tax, month by month."""
    return [None if one is None else one.by_rule() for _, one in overview.months]


def by_body(overview: Overview) -> Months:
    """Code → yen with tax, month by month."""
    return [None if one is None else one.by_body() for _, one in overview.months]


def keys_of(months: Months) -> list[str]:
    """All that some month has, in the order of the tables' rows."""
    return sorted({key for one in months for key in one or {}})


def _by_month(
    caption: Text,
    first: Text,
    months: Months,
    names: Mapping[str, str],
    overview: Overview,
    lang: Lang,
) -> Table:
    keys = keys_of(months)
    prefix = first.en.lower()
    rows = [
        Row(
            (
                Cell(names.get(key, key), key=f"month.{prefix}.{at}.name"),
                *(
                    _month_cell(one, key, f"month.{prefix}.{at}.{place}")
                    for place, one in enumerate(months)
                ),
            )
        )
        for at, key in enumerate(keys)
    ]
    sums = [
        total if one is not None else Cell("", key=total.key)
        for total, one in zip(
            sums_of([row.cells[1:] for row in rows], f"month.{prefix}", len(months)),
            months,
            strict=True,
        )
    ]
    rows.append(Row((text(words.TOTAL.of(lang)), *sums), RowKind.TOTAL))
    titles = [month(period, lang) for period, _ in overview.months]
    return Table(
        words.in_yen(caption, gross_mark(overview)).of(lang),
        (
            Column(first.of(lang), 5),
            *(
                Column(title, 3, numeric=True, key=f"month.{prefix}.head.{place}")
                for place, title in enumerate(titles)
            ),
        ),
        tuple(rows),
        wide=True,
    )


def _month_cell(amounts: Mapping[str, int] | None, name: str, key: str) -> Cell:
    """What a month has of something; empty where it has nothing on record, which is no zero."""
    return Cell("", key=key) if amounts is None else yen(amounts.get(name, 0), key)
