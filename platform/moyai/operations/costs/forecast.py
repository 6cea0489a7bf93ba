"""What the coming months may cost, from those on record: for those who decide. Nothing is changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from moyai.costs.analysis.outlook import Outlook, outlook
from moyai.costs.periods import Period
from moyai.costs.reckoned import Reckoned
from moyai.costs.rules_of_file import sharing_of
from moyai.costs.statements.months import Month
from moyai.costs.statements.titles import own_titles
from moyai.errors import NOTHING_TOUCHED, UsageError
from moyai.operations.costs.months import Known, earlier_months, known_month
from moyai.operations.costs.periods import Opened, open_costs, reckoned
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class Foreseen:
    """The coming months."""

    outlook: Outlook
    once: tuple[int, ...]
    """Whole yen of each of its past months that it leaves out: settlements and late costs of closed months,
    which are there once."""
    titles: Mapping[str, Text]
    """Rule → what people call it."""
    left_out: tuple[Text, ...]
    """Why months after the last one used, or before the first, are not."""
    is_taxed: bool
    """Whether some past month has tax beside net amounts. What bodies are asked for is with it always."""


def foresee(file: Path | None, site: str, ahead: int) -> Foreseen:
    """The coming months, from the newest months on record that can be shared, without a gap, against the
    budgets of the last one's fiscal year. Raises as `allocation`, and `UsageError` where there are none."""
    opened = open_costs(file, site)
    there = sorted(
        period
        for period in opened.manifest.periods
        if opened.manifest.part(period).current(period).sources
    )
    if not there:
        raise UsageError(
            Text("費用が登録されていません。", "no costs are on record."), touched=NOTHING_TOUCHED
        )
    months: list[Known] = []
    titles: dict[str, Text] = {}
    last: Reckoned | None = None
    left_out: list[Text] = []
    for period in reversed(there):
        if months and period.next() != months[0].asked.period:
            left_out.append(_gap(period.next()))
            break
        try:
            made = reckoned(opened, period)
        except UsageError as error:
            left_out.append(Text(f"{period}: {error.what.ja}", f"{period}: {error.what.en}"))
            if months:
                break
            continue
        last = last or made
        months.insert(0, known_month(opened, made))
        titles = own_titles(made.inputs.rules) | titles
    if last is None:
        raise UsageError(left_out[0], touched=NOTHING_TOUCHED)
    services = last.inputs.rules.services
    start = last.inputs.fiscal_year_start
    budgets = sharing_of(opened.workspace.registry).budgets
    asked = [month.asked for month in months]
    of_year = _months_of_year(opened, last, asked[-1], left_out) or asked
    found = outlook([month.regular for month in months], ahead, budgets, services, start, of_year)
    once = tuple(month.asked.total - month.regular.total for month in months)
    is_taxed = any(month.taxed for month in asked)
    return Foreseen(found, once, titles, tuple(left_out), is_taxed)


def _months_of_year(
    opened: Opened, last: Reckoned, month: Month, left_out: list[Text]
) -> tuple[Month, ...] | None:
    """All months of a fiscal year up to one, which count against budgets whatever lies between; None, and
    why, where one cannot be reckoned."""
    try:
        return (*(one.asked for one in earlier_months(opened, last)), month)
    except UsageError as error:
        left_out.append(
            Text(
                f"予算の執行額に入っていない月があります: {error.what.ja}",
                f"what was spent of budgets lacks a month: {error.what.en}",
            )
        )
        return None


def _gap(period: Period) -> Text:
    return Text(f"{period}: 費用が登録されていません。", f"no costs are on record for {period}.")
