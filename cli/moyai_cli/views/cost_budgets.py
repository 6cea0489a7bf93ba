"""Where budgets stand: notes for people, records for programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

import typer

from moyai.costs.statements.overview import BudgetRow
from moyai.costs.statements.titles import service_title
from moyai.registry.cost_rules import Budget, RuleSet
from moyai_cli.language import LANG, say


def note_budgets(budgets: Iterable[BudgetRow], names: Mapping[str, str], rules: RuleSet) -> None:
    """A line for each that is to be warned of."""
    for state in budgets:
        if state.warns:
            typer.echo(say("注意: ", "note: ") + _sentence(state, names, rules))


def budget_records(budgets: Iterable[BudgetRow]) -> list[dict[str, object]]:
    """All of them, warned of or not. Amounts are whole yen, `…_jpy`."""
    return [
        {
            "fiscal_year": state.budget.fiscal_year,
            "body": state.budget.body,
            "service": state.budget.service,
            "amount_jpy": state.budget.amount,
            "committed": state.budget.committed,
            "warn_percent": _percent(state.budget.warn_percent),
            "spent_jpy": state.spent,
            "percent": None if state.percent is None else _percent(state.percent),
            "forecast_jpy": state.foreseen,
            "passed": state.passed,
            "warned": state.warns,
        }
        for state in budgets
    ]


def _sentence(state: BudgetRow, names: Mapping[str, str], rules: RuleSet) -> str:
    budget, spent, who = state.budget, state.spent, _of(state.budget, names, rules)
    year = say(f"{budget.fiscal_year}年度", str(budget.fiscal_year))
    head = say(
        f"{who}の{year}{'債務負担行為' if budget.committed else '予算'} {budget.amount:,} 円",
        f"the {year} {'commitment' if budget.committed else 'budget'} of {who}, {budget.amount:,} yen",
    )
    if state.passed:
        return say(
            f"{head}を {-state.left:,} 円超えました（執行 {spent:,} 円）",
            f"{head}, is passed by {-state.left:,} ({spent:,} spent)",
        )
    part = "–" if state.percent is None else _percent(state.percent)
    words = say(f"{head}: 執行 {spent:,} 円（{part} %）", f"{head}: {spent:,} spent ({part} %)")
    if state.will_pass:
        words += say(
            f"、年度末の見込み {state.foreseen:,} 円は予算を超えます",
            f"; {state.foreseen:,} is forecast for the whole year, which passes it",
        )
    return words


def _of(budget: Budget, names: Mapping[str, str], rules: RuleSet) -> str:
    body = budget.body and names.get(budget.body, budget.body)
    service = budget.service and service_title(budget.service, rules).of(LANG)
    words = " ".join(word for word in (body, service) if word)
    return words or say("全体", "all bodies")


def _percent(value: Fraction) -> str:
    return f"{float(value):.1f}"
