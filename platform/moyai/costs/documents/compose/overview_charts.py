"""The overview's charts. What they show is in tables too. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from moyai.costs.documents import charts as draw
from moyai.costs.documents.compose import words
from moyai.costs.documents.compose.overview_months import Months, by_body, by_rule, keys_of
from moyai.costs.documents.compose.overview_tables import budget_label, gross_mark
from moyai.costs.documents.paper import Chart, Plot, PlotKind, PlotSeries
from moyai.costs.documents.written import signed
from moyai.costs.statements.months import NO_RULE
from moyai.costs.statements.overview import Overview
from moyai.texts import Lang, Text

_MOST_BODIES = 45
_MOST_SERIES = 9
_OTHERS = Text("その他", "Others")
_NOTHING = Text("負担はありません", "nobody bears anything")


@dataclass(frozen=True, slots=True)
class Charts:
    """All of them."""

    by_rule: Chart
    by_body: Chart
    trend: Chart
    budgets: Chart


def charts(overview: Overview, names: Mapping[str, str], lang: Lang) -> Charts:
    """Stacked months by rule, bars by body, lines of the largest bodies over the fiscal year, budgets
    beside what was spent of them. `names`: code → name."""
    return Charts(
        _by_rule(overview, lang),
        _bodies(overview, lang),
        _trend(overview, lang),
        _budgets(overview, names, lang),
    )


def _by_rule(overview: Overview, lang: Lang) -> Chart:
    titles = {rule: title.of(lang) for rule, title in overview.titles.items()}
    titles[NO_RULE] = words.TAX.of(lang)
    months = by_rule(overview)
    title = _title("費用区分別の負担金の推移", "Contributions by rule and month", overview, lang)
    ranked = _ranked(months)
    found = _series(months, ranked[:_MOST_SERIES], titles)
    if rest := ranked[_MOST_SERIES:]:
        found.append(draw.Series(_OTHERS.of(lang), _over(months, rest)))
    named = draw.Words("by-rule", title, _says(_sums(found, lang), lang), lang)
    plot = _over_months(PlotKind.STACKED, "rule", months, ranked)
    return Chart(draw.stacked_bars(named, _labels(overview, lang), found), title, named.says, plot)


def _trend(overview: Overview, lang: Lang) -> Chart:
    months = by_body(overview)
    title = _title("負担金の大きい団体の推移", "The largest bodies by month", overview, lang)
    ranked = _ranked(months)[:_MOST_SERIES]
    found = _series(months, ranked, overview.names)
    named = draw.Words("trend", title, _says(_sums(found, lang), lang), lang)
    plot = _over_months(PlotKind.LINES, "body", months, ranked)
    return Chart(draw.lines(named, _labels(overview, lang), found), title, named.says, plot)


def _bodies(overview: Overview, lang: Lang) -> Chart:
    """The bodies that are asked for most, the others together; a spreadsheet's has all, as their table."""
    ranked = sorted(overview.bodies, key=lambda row: (-row.statement.total, row.statement.code))
    shown = [(row.statement.name, row.statement.total) for row in ranked[:_MOST_BODIES]]
    if others := ranked[_MOST_BODIES:]:
        name = Text(f"ほか{len(others)}団体", f"{len(others)} others").of(lang)
        shown.append((name, sum(row.statement.total for row in others)))
    title = _title("団体別の負担金", "Contributions by body", overview, lang)
    says = _says([f"{name} {signed(amount, lang, 0)}" for name, amount in shown], lang)
    named = draw.Words("by-body", title, says, lang)
    amounts = draw.Series(title, tuple(amount for _, amount in shown))
    drawn = draw.bars(named, [name for name, _ in shown], [amounts])
    plot = _of_rows("bodies", len(ranked), "total")
    return Chart(drawn, title, says, plot)


def _budgets(overview: Overview, names: Mapping[str, str], lang: Lang) -> Chart:
    rows = overview.budgets
    labels = [budget_label(overview, row.budget, names, lang) for row in rows]
    amounts = tuple(row.budget.amount for row in rows)
    found = [
        draw.Series(Text("予算額", "Budget").of(lang), amounts),
        draw.Series(Text("執行額", "Spent").of(lang), tuple(row.spent for row in rows)),
    ]
    title = _title("予算額と執行額", "Budgets and what was spent", overview, lang)
    parts = [
        f"{label} {signed(row.spent, lang, 0)} / {signed(row.budget.amount, lang, 0)}"
        for label, row in zip(labels, rows, strict=True)
    ]
    named = draw.Words("budgets", title, _says(parts, lang), lang)
    plot = _of_rows("budget", len(rows), "amount", "spent")
    return Chart(draw.bars(named, labels, found), title, named.says, plot)


def _title(ja: str, en: str, overview: Overview, lang: Lang) -> str:
    return words.in_yen(Text(ja, en), gross_mark(overview)).of(lang)


def _of_rows(key: str, count: int, *columns: str) -> Plot | None:
    """Columns of a table whose rows have the keys `KEY.row.column`, or None where it has no rows."""
    if not count:
        return None
    return Plot(
        PlotKind.BARS,
        tuple(f"{key}.{at}.name" for at in range(count)),
        tuple(
            PlotSeries(f"{key}.head.{column}", tuple(f"{key}.{at}.{column}" for at in range(count)))
            for column in columns
        ),
    )


def _over_months(kind: PlotKind, key: str, months: Months, shown: Sequence[str]) -> Plot | None:
    """Rows of a table over the months, or None where it has none."""
    if not shown:
        return None
    rows = {name: at for at, name in enumerate(keys_of(months))}
    places = range(len(months))
    return Plot(
        kind,
        tuple(f"month.{key}.head.{place}" for place in places),
        tuple(
            PlotSeries(
                f"month.{key}.{rows[name]}.name",
                tuple(f"month.{key}.{rows[name]}.{place}" for place in places),
            )
            for name in shown
        ),
    )


def _labels(overview: Overview, lang: Lang) -> list[str]:
    return [f"{one.month}月" if lang == "ja" else str(one) for one, _ in overview.months]


def _sums(series: Sequence[draw.Series], lang: Lang) -> list[str]:
    return [
        f"{one.name} {signed(sum(value or 0 for value in one.values), lang, 0)}" for one in series
    ]


def _says(parts: Sequence[str], lang: Lang) -> str:
    """A chart in words. A PDF must have some of it, also where nobody bears anything."""
    return ("、" if lang == "ja" else ", ").join(parts) or _NOTHING.of(lang)


def _ranked(months: Months) -> list[str]:
    """All keys, those of the most yen first."""
    whole: dict[str, int] = {}
    for one in months:
        for key, amount in (one or {}).items():
            whole[key] = whole.get(key, 0) + abs(amount)
    return sorted(whole, key=lambda key: (-whole[key], key))


def _series(months: Months, keys: Sequence[str], names: Mapping[str, str]) -> list[draw.Series]:
    return [draw.Series(names.get(key, key), _over(months, [key])) for key in keys]


def _over(months: Months, keys: Sequence[str]) -> tuple[int | None, ...]:
    """What keys come to together, month by month."""
    return tuple(None if one is None else sum(one.get(key, 0) for key in keys) for one in months)
