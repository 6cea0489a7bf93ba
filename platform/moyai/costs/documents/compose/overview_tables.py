"""The overview's tables. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from moyai.costs.documents.compose import words
from moyai.costs.documents.compose.common import sums_of
from moyai.costs.documents.paper import (
    BLANK,
    Cell,
    Column,
    Row,
    RowKind,
    Style,
    Table,
    exact,
    rate,
    text,
    yen,
)
from moyai.costs.statements.months import NO_RULE
from moyai.costs.statements.overview import BodyRow, BudgetRow, Overview
from moyai.costs.statements.titles import service_title
from moyai.registry.cost_rules import Budget
from moyai.texts import Lang, Text

POOL_AMOUNTS = (
    Text("当期の費用", "Cost"),
    Text("繰越・追加分", "Carried in, late"),
    Text("配賦", "Flows"),
    Text("補助金", "Subsidies"),
    Text("按分対象額", "Shared"),
)
"""Of each rule; the last is the sum of the others."""


def net_mark(overview: Overview) -> Text | None:
    """What amounts before tax are called; None where there is no tax beside amounts."""
    return words.net(overview.issue.rules) if overview.is_taxed else None


def gross_mark(overview: Overview) -> Text | None:
    """What amounts with tax are called; None as in `net_mark`."""
    return words.WITH_TAX if overview.is_taxed else None


def pools_table(overview: Overview, lang: Lang) -> Table:
    """What each rule caught, what flowed, what came off, what is shared: whole yen before tax."""
    rows: list[Row] = []
    for at, (rule, amounts) in enumerate(pool_amounts(overview)):
        cells = [yen(amount, f"pool.{at}.{place}") for place, amount in enumerate(amounts)]
        formula = f"SUM({{pool.{at}.0}}:{{pool.{at}.3}})"
        shared = yen(sum(amounts), f"pool.{at}.4", formula)
        rows.append(Row((text(overview.titles[rule].of(lang)), *cells, shared)))
    sums = sums_of([row.cells[1:] for row in rows], "pool", 5)
    rows.append(Row((text(words.TOTAL.of(lang)), *sums), RowKind.TOTAL))
    return Table(
        words.in_yen(
            Text("費用区分別の按分対象額", "What is shared by rule"), net_mark(overview)
        ).of(lang),
        (
            Column(Text("費用区分", "Rule").of(lang), 6),
            *(Column(title.of(lang), 3, numeric=True) for title in POOL_AMOUNTS),
        ),
        tuple(rows),
    )


def pool_amounts(overview: Overview) -> Iterator[tuple[str, list[int]]]:
    """Rule, and its `POOL_AMOUNTS` but the last, whole yen before tax."""
    direct: dict[str, int] = {}
    pools = {account.name: account for account in overview.issue.allocation.pools}
    for one in overview.issue.allocation.borne:
        if one.rule not in pools:
            direct[one.rule] = direct.get(one.rule, 0) + one.jpy
    for rule in overview.issue.titles:  # settlements of other months have no part in this one
        if rule in pools:
            account = pools[rule]
            amounts = [
                account.caught,
                account.carried_in + sum(account.settled_in_jpy.values()),
                sum(account.flowed_in.values()) - sum(account.flowed_out.values()),
                -sum(account.subsidies.values()),
            ]
        else:
            amounts = [direct.get(rule, 0), 0, 0, 0]
        yield rule, amounts


def bodies_table(overview: Overview, lang: Lang) -> Table:
    """Each body: net and tax where there is tax beside amounts, total, per resident, and what it saves
    against procuring alone."""
    saves = any(row.alone is not None for row in overview.bodies)
    rows = [_body_row(row, at, saves, overview.is_taxed) for at, row in enumerate(overview.bodies)]
    count = len(rows)
    names = ("net", "tax", "total") if overview.is_taxed else ("total",)
    sums = [_column_sum(rows, f"bodies.{{}}.{name}", at) for at, name in enumerate(names, 2)]
    sums[-1] = yen(overview.total, "bodies.total", sums[-1].formula)
    residents = yen(
        overview.residents,
        "bodies.residents",
        f"SUM({{bodies.0.people}}:{{bodies.{count - 1}.people}})" if count else None,
    )
    per_head: Cell = BLANK
    if overview.residents:
        formula = "{bodies.total}/{bodies.residents}"
        per_head = rate(Fraction(overview.total, overview.residents), formula)
    alone = sum(row.alone or 0 for row in overview.bodies)
    saved = sum(row.saved or 0 for row in overview.bodies)
    more = (yen(alone), yen(saved)) if saves else ()
    cells = (text(words.TOTAL.of(lang)), BLANK, *sums, residents, per_head, *more)
    rows.append(Row(cells, RowKind.TOTAL))
    return Table(
        Text("団体別の負担金", "Contributions by body").of(lang),
        _body_columns(overview, saves, lang),
        tuple(rows),
    )


_WIDTHS = {"tax": 10, "people": 10, "alone": 12, "saved": 12}
"""Of columns of bodies that are not as wide as most: for sums of nine digits all of them have just the room."""


def _body_columns(overview: Overview, saves: bool, lang: Lang) -> tuple[Column, ...]:
    gross = gross_mark(overview)
    titles: dict[str, Text] = {}
    if overview.is_taxed:
        titles["net"] = words.in_yen(Text("負担金", "Contribution"), net_mark(overview))
        titles["tax"] = words.in_yen(Text("消費税", "Tax"), None)
    titles["total"] = words.in_yen(Text("負担金", "Contribution"), gross)
    titles["people"] = Text("基準人口（人）", "Residents")
    titles["each"] = words.in_yen(Text("1人当たり", "Per resident"), gross)
    if saves:
        titles["alone"] = words.in_yen(Text("単独調達時", "Alone"), gross)
        titles["saved"] = words.in_yen(Text("節減額", "Saved"), gross)
    return (
        Column(Text("団体", "Body").of(lang), 11),
        Column(Text("コード", "Code").of(lang), 8),
        *(
            Column(title.of(lang), _WIDTHS.get(name, 11), numeric=True, key=f"bodies.head.{name}")
            for name, title in titles.items()
        ),
    )


def _body_row(row: BodyRow, at: int, saves: bool, is_taxed: bool) -> Row:
    key, statement = f"bodies.{at}", row.statement
    tax = statement.tax + statement.tax_difference
    people: Cell = BLANK
    per_head: Cell = BLANK
    if row.population is not None:
        people = Cell(row.population, Style.NUMBER, f"{key}.people")
    if row.per_resident is not None:
        per_head = rate(row.per_resident, f"{{{key}.total}}/{{{key}.people}}")
    amounts = [yen(statement.total, f"{key}.total")]
    if is_taxed:
        total = yen(statement.total, f"{key}.total", f"{{{key}.net}}+{{{key}.tax}}")
        amounts = [yen(statement.net, f"{key}.net"), yen(tax, f"{key}.tax"), total]
    cells = [
        Cell(statement.name, key=f"{key}.name"),
        text(statement.code),
        *amounts,
        people if people is not BLANK else Cell("", key=f"{key}.people"),
        per_head,
    ]
    if saves:
        cells.append(BLANK if row.alone is None else yen(row.alone, f"{key}.alone"))
        formula = f"{{{key}.alone}}-{{{key}.total}}"
        cells.append(BLANK if row.saved is None else yen(row.saved, None, formula))
    return Row(tuple(cells))


def matrix_table(overview: Overview, lang: Lang) -> Table:
    """Rule by body, whole yen with tax; too wide for paper."""
    cells = overview.month.cells
    rules = [*overview.issue.titles]
    if any(not rule for rule, _ in cells):
        rules.append(NO_RULE)
    rows: list[Row] = []
    for at, row in enumerate(overview.bodies):
        code = row.statement.code
        amounts = [
            yen(cells.get((rule, code), 0), f"matrix.{at}.{place}")
            for place, rule in enumerate(rules)
        ]
        last = f"SUM({{matrix.{at}.0}}:{{matrix.{at}.{len(rules) - 1}}})" if rules else None
        total = yen(row.statement.total, f"matrix.{at}.{len(rules)}", last)
        rows.append(Row((text(row.statement.name), *amounts, total)))
    sums = sums_of([row.cells[1:] for row in rows], "matrix", len(rules) + 1)
    rows.append(Row((text(words.TOTAL.of(lang)), *sums), RowKind.TOTAL))
    titles = [overview.titles.get(rule, words.TAX).of(lang) for rule in rules]
    return Table(
        words.in_yen(
            Text("団体別・費用区分別の負担金", "Contributions by body and rule"),
            gross_mark(overview),
        ).of(lang),
        (
            Column(Text("団体", "Body").of(lang), 5),
            *(Column(title, 3, numeric=True) for title in (*titles, words.TOTAL.of(lang))),
        ),
        tuple(rows),
        wide=True,
    )


def unit_prices_table(overview: Overview, lang: Lang) -> Table:
    """What one unit of each driver came to, pool by pool."""
    return Table(
        words.in_yen(Text("従量分の単価", "Unit prices"), net_mark(overview)).of(lang),
        (
            Column(Text("費用区分", "Rule").of(lang), 5),
            Column(Text("従量指標", "Driver").of(lang), 4),
            Column(Text("数量", "Quantity").of(lang), 3, numeric=True),
            Column(Text("従量分（円）", "Shared by it, yen").of(lang), 3, numeric=True),
            Column(Text("単価（円）", "Yen each").of(lang), 3, numeric=True),
        ),
        tuple(
            Row(
                (
                    text(overview.titles[one.rule].of(lang)),
                    text(one.driver),
                    Cell(
                        one.quantity,
                        Style.NUMBER if one.quantity.denominator == 1 else Style.EXACT,
                        f"unit.{at}.quantity",
                    ),
                    exact(one.shared, f"unit.{at}.shared"),
                    rate(one.each, f"{{unit.{at}.shared}}/{{unit.{at}.quantity}}"),
                )
            )
            for at, one in enumerate(overview.unit_prices)
        ),
    )


def budgets_table(overview: Overview, names: Mapping[str, str], lang: Lang) -> Table:
    """Each budget, what was spent of it, and whether it is passed."""
    return Table(
        words.in_yen(Text("予算の執行状況", "Budgets"), gross_mark(overview)).of(lang),
        (
            Column(Text("予算", "Budget").of(lang), 6),
            Column(Text("予算額（円）", "Yen").of(lang), 3, numeric=True, key="budget.head.amount"),
            Column(
                Text("執行額（円）", "Spent").of(lang), 3, numeric=True, key="budget.head.spent"
            ),
            Column(Text("残額（円）", "Left").of(lang), 3, numeric=True),
            Column(Text("執行率（%）", "Percent").of(lang), 3, numeric=True),
            Column(Text("注意", "Note").of(lang), 2),
        ),
        tuple(
            _budget_row(row, at, budget_label(overview, row.budget, names, lang), lang)
            for at, row in enumerate(overview.budgets)
        ),
    )


def budget_label(overview: Overview, budget: Budget, names: Mapping[str, str], lang: Lang) -> str:
    """What a budget is of."""
    who = [] if budget.body is None else [names.get(budget.body, budget.body)]
    if budget.service is not None:
        who.append(service_title(budget.service, overview.issue.rules).of(lang))
    label = " ".join(who) or Text("全体", "All").of(lang)
    if budget.committed:
        label += Text("（債務負担行為）", " (committed over years)").of(lang)
    return label


def budget_note(row: BudgetRow) -> Text:
    """Whether it is passed, will be, or is to be warned of; empty where none of these."""
    if row.passed:
        return Text("超過", "passed")
    if row.will_pass:
        return Text("超過見込み", "will be passed")
    return Text("警告", "near its end") if row.warns else Text("", "")


def _budget_row(row: BudgetRow, at: int, label: str, lang: Lang) -> Row:
    budget = row.budget
    key = f"budget.{at}"
    share: Cell = BLANK
    if row.percent is not None:
        formula = f"{{{key}.spent}}*100/{{{key}.amount}}"
        share = exact(row.percent, None, formula)
    cells = (
        Cell(label, key=f"{key}.name"),
        yen(budget.amount, f"{key}.amount"),
        yen(row.spent, f"{key}.spent"),
        yen(row.left, None, f"{{{key}.amount}}-{{{key}.spent}}"),
        share,
        text(budget_note(row).of(lang)),
    )
    return Row(cells, RowKind.WARNING if row.warns else RowKind.PLAIN)


def _column_sum(rows: Sequence[Row], pattern: str, at: int) -> Cell:
    total = sum(value for row in rows if isinstance(value := row.cells[at].value, int))
    if not rows:
        return yen(total)
    first, last = pattern.format(0), pattern.format(len(rows) - 1)
    return yen(total, None, f"SUM({{{first}}}:{{{last}}})")
