"""The overview as records: what each of its tables has, and which amounts are before or with tax. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from moyai.costs.documents.compose import words
from moyai.costs.documents.compose.overview_months import by_body, by_rule
from moyai.costs.documents.compose.overview_sums import whole_of
from moyai.costs.documents.compose.overview_tables import (
    POOL_AMOUNTS,
    budget_label,
    budget_note,
    gross_mark,
    net_mark,
    pool_amounts,
)
from moyai.costs.documents.paper import BLANK, Cell, Record, Style, exact, text, yen
from moyai.costs.periods import Period
from moyai.costs.statements.months import NO_RULE
from moyai.costs.statements.overview import BodyRow, BudgetRow, Overview
from moyai.texts import Lang, Text, same

_HEADERS = (
    Text("書類番号", "document"),
    Text("期間", "period"),
    Text("区分", "kind"),
    Text("費用区分", "rule"),
    Text("コード", "code"),
    Text("名称", "name"),
    Text("金額（円）", "jpy"),
    Text("項目", "item"),
    Text("数値", "number"),
    Text("計算額（円）", "exact_jpy"),
    Text("税込・税抜", "tax"),
)
_TAX = Text("税額", "tax")
_LEFT, _SHARE, _OTHER = Text("未配分", "unallocated"), Text("負担", "share"), Text("他", "other")
_TOTAL = Text("合計", "total")
_COST, _POOL = Text("費用", "cost"), Text("費用区分別", "pool")
_UNIT_PRICE = Text("従量分の単価", "unit price")
_BODY = Text("団体別", "body")
_MONTH, _MONTH_RULE = Text("月別", "month"), Text("月別・費用区分別", "month by rule")
_MONTH_BODY = Text("月別・団体別", "month by body")
_BUDGET = Text("予算", "budget")


def headers(lang: Lang) -> tuple[str, ...]:
    """The records' columns."""
    return tuple(header.of(lang) for header in _HEADERS)


def marks(overview: Overview, lang: Lang) -> tuple[str, ...]:
    """That it is provisional; what is unallocated has a table of its own, the first."""
    found = words.provisional(overview.issue.basis, leaves_cost=False)
    return tuple(mark.of(lang) for mark in found)


def records(overview: Overview, names: Mapping[str, str], lang: Lang) -> Iterator[Record]:
    """That it is provisional, every amount once and their total, then tables in the paper's order.
    `names`: code → name."""
    made = _Records(overview, names, lang)
    yield from made.provisional()
    yield from made.borne()
    yield from made.cost()
    yield from made.unit_prices()
    for row in overview.bodies:
        yield from made.body(row)
    yield from made.months()
    for budget in overview.budgets:
        yield from made.budget(budget)


class _Records:
    """The records of one overview, kind by kind."""

    def __init__(self, overview: Overview, names: Mapping[str, str], lang: Lang) -> None:
        self._overview, self._names, self._lang = overview, names, lang
        self._net, self._gross = net_mark(overview), gross_mark(overview)

    def provisional(self) -> Iterator[Record]:
        """That it is, and why."""
        for mark in marks(self._overview, self._lang):
            yield self._record(words.PROVISIONAL, name=mark)

    def borne(self) -> Iterator[Record]:
        """What is left, cells of rule and body, other payers: they sum to the total."""
        overview, issue, lang = self._overview, self._overview.issue, self._lang
        for one in issue.unallocated:
            name = one.reason.of(lang)
            yield self._record(_LEFT, one.pool or "", name=name, jpy=one.jpy, mark=self._net)
        if issue.taxes.unallocated:
            name = words.TAX.of(lang)
            yield self._record(_LEFT, name=name, jpy=issue.taxes.unallocated, mark=_TAX)
        for (rule, code), amount in overview.month.cells.items():
            yield self._share(_SHARE, overview.month.period, rule, code, amount)
        for payer in issue.others:
            kind, name = words.PAYERS[payer.payer.kind].of(lang), payer.payer.name
            yield self._record(_OTHER, kind, name=name, jpy=payer.gross, mark=self._gross)
        for rate, tax in sorted(issue.taxes.carried.items()):
            name = words.about(words.TAX_DIFFERENCE, words.rate(rate)).of(lang)
            yield self._record(_OTHER, name=name, jpy=tax, mark=_TAX)
        name = _TOTAL.of(lang)
        yield self._record(_TOTAL, name=name, jpy=issue.bill_with_tax, mark=self._gross)

    def cost(self) -> Iterator[Record]:
        """What there is to bear, and what of it each rule shares."""
        for one in whole_of(self._overview):
            mark = one.mark or (_TAX if self._gross else None)
            yield self._record(_COST, item=one.label, jpy=one.jpy, mark=mark)
        for rule, amounts in pool_amounts(self._overview):
            title = self._title(rule)
            for item, jpy in zip(POOL_AMOUNTS, (*amounts, sum(amounts)), strict=True):
                yield self._record(_POOL, title, item=item, jpy=jpy, mark=self._net)

    def unit_prices(self) -> Iterator[Record]:
        """Quantity, yen that were shared by it, yen each."""
        for one in self._overview.unit_prices:
            title = self._title(one.rule)
            figures = (
                (Text("数量", "Quantity"), Cell(one.quantity, Style.NUMBER), BLANK, None),
                (Text("従量分", "Shared by it"), BLANK, exact(one.shared), self._net),
                (Text("単価", "Yen each"), BLANK, Cell(one.each, Style.RATE), self._net),
            )
            for item, number, cell, mark in figures:
                yield self._record(
                    _UNIT_PRICE,
                    title,
                    name=one.driver,
                    item=item,
                    number=number,
                    exactly=cell,
                    mark=mark,
                )

    def body(self, row: BodyRow) -> Iterator[Record]:
        """Its contribution, residents, yen for each, and what it saves."""
        statement, gross = row.statement, self._gross
        code, name, contribution = statement.code, statement.name, words.CONTRIBUTION
        amounts: list[tuple[Text, int | None, Text | None]] = [
            (contribution, statement.total, gross),
            (Text("単独調達時", "Alone"), row.alone, gross),
            (Text("節減額", "Saved"), row.saved, gross),
        ]
        if self._overview.is_taxed:
            tax = statement.tax + statement.tax_difference
            amounts[:0] = [(contribution, statement.net, self._net), (words.TAX, tax, _TAX)]
        for item, jpy, mark in amounts:
            if jpy is not None:
                yield self._record(_BODY, code=code, name=name, item=item, jpy=jpy, mark=mark)
        if row.population is not None:
            item, people = Text("基準人口", "Residents"), Cell(row.population, Style.NUMBER)
            yield self._record(_BODY, code=code, name=name, item=item, number=people)
        if row.per_resident is not None:
            item, each = Text("1人当たり", "Per resident"), Cell(row.per_resident, Style.RATE)
            yield self._record(_BODY, code=code, name=name, item=item, exactly=each, mark=gross)

    def months(self) -> Iterator[Record]:
        """Each month of the year that is on record: bodies, their sum, by rule and by body."""
        months = self._overview.months
        tables = zip(months, by_rule(self._overview), by_body(self._overview), strict=True)
        for (period, month), rules, bodies in tables:
            if month is None or rules is None or bodies is None:
                continue
            count = Cell(len(bodies), Style.NUMBER)
            item = Text("団体の負担金の計", "Contributions of bodies")
            yield self._record(
                _MONTH, item=item, jpy=month.total, number=count, mark=self._gross, period=period
            )
            for rule, jpy in rules.items():
                yield self._share(_MONTH_RULE, period, rule, "", jpy)
            for code, jpy in bodies.items():
                yield self._share(_MONTH_BODY, period, None, code, jpy)

    def budget(self, row: BudgetRow) -> Iterator[Record]:
        """What it allows, what is spent and left, and how much that is; a warning as an item of its own."""
        budget = row.budget
        name, code = (
            budget_label(self._overview, budget, self._names, self._lang),
            budget.body or "",
        )
        amounts = (
            (Text("予算額", "Budget"), budget.amount),
            (Text("執行額", "Spent"), row.spent),
            (Text("残額", "Left"), row.left),
        )
        for item, jpy in amounts:
            yield self._record(_BUDGET, code=code, name=name, item=item, jpy=jpy, mark=self._gross)
        if row.percent is not None:
            share, item = exact(row.percent), Text("執行率（%）", "Percent")
            yield self._record(_BUDGET, code=code, name=name, item=item, number=share)
        if row.warns:
            yield self._record(_BUDGET, code=code, name=name, item=budget_note(row))

    def _share(self, kind: Text, period: Period, rule: str | None, code: str, jpy: int) -> Record:
        """What bodies bear; of no rule is tax alone. `rule` None: of all."""
        title = "" if rule is None else self._title(rule)
        mark = _TAX if rule == NO_RULE else self._gross
        name = self._overview.names.get(code, code)
        return self._record(kind, title, code, name, jpy=jpy, mark=mark, period=period)

    def _title(self, rule: str) -> str:
        title = words.TAX if rule == NO_RULE else self._overview.titles.get(rule, same(rule))
        return title.of(self._lang)

    def _record(
        self,
        kind: Text,
        rule: str = "",
        code: str = "",
        name: str = "",
        *,
        jpy: int | None = None,
        item: Text | None = None,
        number: Cell = BLANK,
        exactly: Cell = BLANK,
        mark: Text | None = None,
        period: Period | None = None,
    ) -> Record:
        overview, lang = self._overview, self._lang
        said = (overview.number, str(period or overview.month.period), kind.of(lang))
        return Record(
            (
                *(text(one) for one in (*said, rule, code, name)),
                BLANK if jpy is None else yen(jpy),
                BLANK if item is None else text(item.of(lang)),
                number,
                exactly,
                BLANK if mark is None else text(mark.of(lang)),
            )
        )
