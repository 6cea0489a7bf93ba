"""The overview's charts. What they show is in tables too. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from moyai.costs.documents import charts as draw
from moyai.costs.documents.compose import words
from moyai.costs.documents.paper import Chart
from moyai.costs.documents.written import signed
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


def charts(overview: Overview, lang: Lang) -> Charts:
    """Stacked months by rule, bars by body, lines of the largest bodies over the fiscal year."""
    months = [f"{one.month}月" if lang == "ja" else str(one) for one, _ in overview.months]
    titles = {rule: title.of(lang) for rule, title in overview.titles.items()}
    titles[""] = words.TAX.of(lang)
    by_rule = _series(
        [None if one is None else one.by_rule() for _, one in overview.months],
        titles,
        _OTHERS,
        lang,
    )
    by_body = _series(
        [None if one is None else one.by_body() for _, one in overview.months],
        overview.names,
        None,
        lang,
    )
    return Charts(
        _chart(
            "by-rule",
            Text("費用区分別の負担金の推移", "Contributions by rule and month"),
            draw.stacked_bars,
            months,
            by_rule,
            lang,
        ),
        _bodies(overview, lang),
        _chart(
            "trend",
            Text("負担金の大きい団体の推移", "The largest bodies by month"),
            draw.lines,
            months,
            by_body,
            lang,
        ),
    )


def _chart(
    key: str,
    title: Text,
    drawn: draw.Drawing,
    labels: Sequence[str],
    series: Sequence[draw.Series],
    lang: Lang,
) -> Chart:
    says = _says([f"{one.name} {signed(_sum(one), lang, 0)}" for one in series], lang)
    named = draw.Words(key, title.of(lang), says, lang)
    return Chart(drawn(named, labels, series), title.of(lang), says)


def _bodies(overview: Overview, lang: Lang) -> Chart:
    """The bodies that are asked for most, the others together."""
    ranked = sorted(overview.bodies, key=lambda row: (-row.statement.total, row.statement.code))
    shown = [(row.statement.name, row.statement.total) for row in ranked[:_MOST_BODIES]]
    if others := ranked[_MOST_BODIES:]:
        name = Text(f"ほか{len(others)}団体", f"{len(others)} others").of(lang)
        shown.append((name, sum(row.statement.total for row in others)))
    title = Text("団体別の負担金（円）", "Contributions by body (yen)").of(lang)
    says = _says([f"{name} {signed(amount, lang, 0)}" for name, amount in shown], lang)
    named = draw.Words("by-body", title, says, lang)
    amounts = draw.Series(title, tuple(amount for _, amount in shown))
    drawn = draw.bars(named, [name for name, _ in shown], [amounts])
    return Chart(drawn, title, says)


def _says(parts: Sequence[str], lang: Lang) -> str:
    """A chart in words. A PDF must have some of it, also where nobody bears anything."""
    return ("、" if lang == "ja" else ", ").join(parts) or _NOTHING.of(lang)


def _sum(one: draw.Series) -> int:
    return sum(value or 0 for value in one.values)


def _series(
    months: Sequence[Mapping[str, int] | None],
    names: Mapping[str, str],
    others: Text | None,
    lang: Lang,
) -> list[draw.Series]:
    """The largest keys by their names, then all others together where they have a name. None: of a month
    that has nothing on record."""
    whole: dict[str, int] = {}
    for one in months:
        for key, amount in (one or {}).items():
            whole[key] = whole.get(key, 0) + abs(amount)
    ranked = sorted(whole, key=lambda key: (-whole[key], key))

    def over(keys: Sequence[str]) -> tuple[int | None, ...]:
        return tuple(
            None if one is None else sum(one.get(key, 0) for key in keys) for one in months
        )

    found = [draw.Series(names.get(key, key), over([key])) for key in ranked[:_MOST_SERIES]]
    rest = ranked[_MOST_SERIES:]
    if rest and others is not None:
        found.append(draw.Series(others.of(lang), over(rest)))
    return found
