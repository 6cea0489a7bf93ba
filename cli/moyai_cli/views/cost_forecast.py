"""What the coming months may cost: tables for people, documents for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import typer

from moyai.costs.analysis.outlook import BudgetOutlook, Outlook, Series
from moyai.costs.statements.months import NO_RULE
from moyai.operations.costs.forecast import Foreseen
from moyai.registry.cost_rules import Budget
from moyai.texts import Text, counted, same
from moyai_cli.language import LANG, say
from moyai_cli.render import Column, Output, listing, show_json
from moyai_cli.views.cost_taxes import Amounts, marked, yen_heading

_TAX = say("どの区分にも属さない消費税", "tax of no rule")
METHODS: Mapping[str, str] = {
    "last": say("直近の月", "the last month"),
    "mean_of_three": say("直近3か月の平均", "mean of three months"),
    "trend": say("直線の傾向", "straight line"),
    "season": say("前年同月", "the same month a year before"),
    "sum": say("区分の合計", "sum of the rules"),
}


def show_foreseen(made: Foreseen, output: Output) -> None:
    """All together, rules, budgets."""
    found = made.outlook
    mark = Amounts.with_tax(made.is_taxed)
    series = [_series(one, found, made.titles, output) for one in found.series]
    budgets = [_budget(one, output) for one in found.budgets]
    if output is Output.JSON:
        document = {
            "past": [str(one) for one in found.past],
            "once_jpy": list(made.once),
            "series": series,
            "budgets": budgets,
            "left_out": [why.of(LANG) for why in made.left_out],
            "tax": mark,
        }
        show_json(json.dumps(document, ensure_ascii=False, indent=2))
        return
    columns = [
        Column("rule", say("区分", "rule")),
        Column(
            "last_jpy",
            say(f"{found.past[-1]}（登録済み）", f"{found.past[-1]}, on record"),
            is_number=True,
        ),
        *[Column(str(month), str(month), is_number=True) for month in found.ahead],
        Column("method", say("方法", "method")),
        Column("mean_error_percent", say("誤差（%）", "error, %")),
        Column("tried", say("試した月", "months tried")),
    ]
    flat = [{**one, **_months(one), "tax": mark} for one in series]
    if output is Output.CSV:
        listing(flat, [*columns, Column("tax", "tax"), Column("kind", "kind")], output)
        return
    _foreseen_from(made)
    listing(flat, columns, output)
    if budgets:
        listing(budgets, _budget_columns(mark), output)


def _budget_columns(mark: Amounts | None) -> list[Column]:
    return [
        Column("fiscal_year", say("年度", "fiscal year")),
        Column("of", say("予算", "budget")),
        Column("amount_jpy", say("予算額（円）", "yen"), is_number=True),
        Column("spent_jpy", marked(say("執行済み", "spent"), mark), is_number=True),
        Column("coming_jpy", marked(say("年度末まで", "to come"), mark), is_number=True),
        Column("left_jpy", say("年度末の残り", "left at its end"), is_number=True),
    ]


def _series(
    one: Series, found: Outlook, titles: Mapping[str, Text], output: Output
) -> dict[str, object]:
    name = _named(one.rule, titles) if output is Output.TABLE else one.rule
    coming = one.coming
    percent = None if coming is None else coming.mean_error_percent
    return {
        "rule": name,
        "kind": _kind(one.rule),
        "last_jpy": one.past[-1],
        "past_jpy": list(one.past),
        "months_jpy": {}
        if coming is None
        else {str(at): yen for at, yen in zip(found.ahead, coming.months, strict=True)},
        "method": None if coming is None else _method(coming.method, output),
        "mean_error_jpy": None if coming is None else coming.mean_error,
        "mean_error_percent": None if percent is None else f"{float(percent):.1f}",
        "tried": 0 if coming is None else coming.tried,
    }


def _named(rule: str | None, titles: Mapping[str, Text]) -> str:
    if rule is None:
        return say("全体", "all")
    return _TAX if rule == NO_RULE else titles.get(rule, same(rule)).of(LANG)


def _kind(rule: str | None) -> str:
    if rule is None:
        return "total"
    return "tax" if rule == NO_RULE else "rule"


def _method(name: str, output: Output) -> str:
    return METHODS[name] if output is Output.TABLE else name


def _months(record: Mapping[str, object]) -> Mapping[str, object]:
    months = record["months_jpy"]
    assert isinstance(months, dict)
    return months


def _foreseen_from(made: Foreseen) -> None:
    past = made.outlook.past
    count = len(past)
    ja, en = f"{past[0]} から {past[-1]} まで", f"{past[0]} to {past[-1]}"
    if count == 1:
        ja, en = f"{past[0]} ", f"{past[0]}"
    mark = Amounts.with_tax(made.is_taxed)
    from_months = counted(count, "month", "months")
    typer.echo(
        yen_heading(
            f"{ja}の {count} か月から見通した額です",
            f"Foreseen from {from_months}, {en}, in yen",
            mark,
        )
        + say("。", ".")
    )
    _without_once(made.once)
    for why in made.left_out:
        typer.echo(say("使わない月 ", "left out: ") + why.of(LANG))
    if made.outlook.series[0].coming is None:
        typer.echo(say("見通すには 3 か月以上が要ります。", "A forecast needs three months."))


def _without_once(once: Sequence[int]) -> None:
    if not any(once):
        return
    typer.echo(
        say(
            f"閉じた月の精算と追加分（合計 {sum(once):,} 円）は一度だけのものなので、除いています。"
            "予算の執行済みには入っています。",
            f"Settlements and late costs of closed months ({sum(once):,} yen in all) are there once, and left "
            "out; they are in what is spent of budgets.",
        )
    )


def _budget(one: BudgetOutlook, output: Output) -> dict[str, object]:
    budget = one.row.budget
    return {
        "fiscal_year": budget.fiscal_year,
        "of": _budget_of(budget) if output is Output.TABLE else None,
        "body": budget.body,
        "service": budget.service,
        "amount_jpy": budget.amount,
        "spent_jpy": one.row.spent,
        "remaining_jpy": one.row.left,
        "coming_jpy": one.coming,
        "left_jpy": one.left,
    }


def _budget_of(budget: Budget) -> str:
    names = [name for name in (budget.body, budget.service) if name is not None]
    return " ".join(names) or say("全体", "all")
