"""The secretariat's overview as a paper: what is left first, then sums, rules, bodies, time. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from moyai.costs.documents.compose import words
from moyai.costs.documents.compose.common import basis, rule_facts, sender, titled, yen_columns
from moyai.costs.documents.compose.overview_charts import charts
from moyai.costs.documents.compose.overview_months import trend_table, trend_tables
from moyai.costs.documents.compose.overview_tables import (
    bodies_table,
    budgets_table,
    gross_mark,
    matrix_table,
    net_mark,
    pools_table,
    unit_prices_table,
)
from moyai.costs.documents.paper import (
    BLANK,
    Block,
    Bundle,
    Cell,
    Column,
    Facts,
    Heading,
    Note,
    Paper,
    Record,
    Row,
    RowKind,
    Table,
    text,
    yen,
)
from moyai.costs.documents.written import day, month
from moyai.costs.statements.overview import Overview
from moyai.texts import Lang, Text, same

_HEADERS = (
    Text("書類番号", "document"),
    Text("期間", "period"),
    Text("区分", "kind"),
    Text("費用区分", "rule"),
    Text("コード", "code"),
    Text("名称", "name"),
    Text("金額（円）", "jpy"),
)


def overview_bundle(overview: Overview, names: Mapping[str, str], lang: Lang) -> Bundle:
    """The overview, as one file of each format. `names`: code → name."""
    period = overview.month.period
    title = f"{words.OVERVIEW.of(lang)} {month(period, lang)}"
    return Bundle(
        stem=f"{period}-overview",
        title=titled(title, overview.issue.basis, lang),
        author=overview.issue.issuer.name,
        lang=lang,
        issued_on=overview.issue.basis.issued_on,
        papers=(overview_paper(overview, names, lang),),
        headers=tuple(header.of(lang) for header in _HEADERS),
        records=tuple(_records(overview, lang)),
    )


def overview_paper(overview: Overview, names: Mapping[str, str], lang: Lang) -> Paper:
    """The overview 負担金総括表."""
    issue = overview.issue
    period = overview.month.period
    return Paper(
        title=words.OVERVIEW.of(lang),
        sheet=Text("総括表", "Overview").of(lang),
        number=overview.number,
        to=_secretariat(issue.issuer.name).of(lang),
        sender=sender(issue.issuer, lang),
        dated=day(issue.basis.issued_on, lang),
        opening=Text(
            f"{month(period, 'ja')}分の費用と負担の総括です。",
            f"What {month(period, 'en')} cost, and who bears it.",
        ).of(lang),
        amount=(
            words.marked(
                Text("団体の負担金の計", "Contributions of all bodies"), gross_mark(overview)
            ).of(lang),
            yen(overview.total, "top.total", "{bodies.total}"),
        ),
        blocks=tuple(_blocks(overview, names, lang)),
        basis=basis(issue.basis, period, lang),
        marks=_marks(overview, lang),
    )


def _marks(overview: Overview, lang: Lang) -> tuple[str, ...]:
    """That it is provisional; what is unallocated has a table of its own, the first."""
    found = words.provisional(overview.issue.basis, leaves_cost=False)
    return tuple(mark.of(lang) for mark in found)


def _secretariat(issuer: str) -> Text:
    """Whom it goes to: many issuers are called so already."""
    return Text(
        issuer if issuer.endswith("事務局") else f"{issuer} 事務局",
        issuer if issuer.lower().endswith(("secretariat", "事務局")) else f"{issuer}, secretariat",
    )


def _blocks(overview: Overview, names: Mapping[str, str], lang: Lang) -> Iterator[Block]:
    issue = overview.issue
    drawn = charts(overview, names, lang)
    yield from _unallocated(overview, lang)
    yield Facts(rule_facts(issue.rules, overview.month.period, names, lang))
    yield _sums(overview, lang)
    yield Heading(Text("費用区分別", "By rule").of(lang))
    yield pools_table(overview, lang)
    yield drawn.by_rule
    if overview.unit_prices:
        yield unit_prices_table(overview, lang)
    yield Heading(Text("団体別", "By body").of(lang))
    yield bodies_table(overview, lang)
    yield drawn.by_body
    yield matrix_table(overview, lang)
    yield Heading(Text("年度の推移", "Over the fiscal year").of(lang))
    yield trend_table(overview, lang)
    yield drawn.trend
    yield from trend_tables(overview, lang)
    if overview.budgets:
        yield Heading(Text("予算との対比", "Against budgets").of(lang), together=True)
        yield budgets_table(overview, names, lang)
        yield drawn.budgets


def _unallocated(overview: Overview, lang: Lang) -> Iterator[Block]:
    """What nobody bears comes first."""
    issue = overview.issue
    if not issue.leaves_cost:
        yield Note(Text("未配分の費用はありません。", "No cost is left unallocated.").of(lang))
        return
    yield Note(
        Text(
            "未配分の費用があります。配分するまで、この期間は締められません。",
            "Some cost is unallocated. The period cannot be closed before it is.",
        ).of(lang),
        warning=True,
    )
    rows = []
    for at, one in enumerate(issue.unallocated):
        where = ", ".join(f"{name}={value}" for name, value in one.values.items() if value)
        title = "" if one.pool is None else overview.titles.get(one.pool, same(one.pool)).of(lang)
        rows.append(
            Row(
                (
                    text(one.reason.of(lang)),
                    text(title or where),
                    yen(one.jpy, f"left.{at}"),
                ),
                RowKind.WARNING,
            )
        )
    if issue.taxes.unallocated:
        label = Text("未配分の消費税", "Tax that is left").of(lang)
        cell = yen(issue.taxes.unallocated, f"left.{len(rows)}")
        rows.append(Row((text(label), text(""), cell), RowKind.WARNING))
    formula = f"SUM({{left.0}}:{{left.{len(rows) - 1}}})"
    total = yen(issue.unallocated_jpy, "left.total", formula)
    rows.append(Row((text(words.TOTAL.of(lang)), text(""), total), RowKind.TOTAL))
    yield Table(
        Text("未配分の費用", "Unallocated").of(lang),
        (
            Column(Text("理由", "Why").of(lang), 4),
            Column(Text("対象", "What").of(lang), 4),
            Column(words.YEN.of(lang), 2, numeric=True),
        ),
        tuple(rows),
    )


def _sums(overview: Overview, lang: Lang) -> Table:
    """The whole on one side, its bearers on the other, and the difference, ¥0."""
    whole = [(label, amount) for label, amount in _whole(overview) if amount]
    bearers = list(_bearers(overview, lang))
    rows = [
        Row((text(label.of(lang)), yen(amount, f"whole.{at}")))
        for at, (label, amount) in enumerate(whole)
    ]
    formula = f"SUM({{whole.0}}:{{whole.{len(whole) - 1}}})" if whole else None
    gross = gross_mark(overview)
    label = words.marked(Text("費用の計", "Cost in all"), gross).of(lang)
    total = yen(overview.issue.bill_with_tax, "whole.total", formula)
    rows.append(Row((text(label), total), RowKind.SUBTOTAL))
    for at, (name, cell) in enumerate(bearers):
        rows.append(Row((text(name), yen(_int(cell), f"bearer.{at}", cell.formula))))
    formula = f"SUM({{bearer.0}}:{{bearer.{len(bearers) - 1}}})"
    borne = sum(_int(cell) for _, cell in bearers)
    label = words.marked(Text("負担の計", "Borne in all"), gross).of(lang)
    rows.append(Row((text(label), yen(borne, "bearer.total", formula)), RowKind.SUBTOTAL))
    label = Text("差額", "Difference").of(lang)
    difference = yen(overview.issue.difference_jpy, "difference", "{whole.total}-{bearer.total}")
    rows.append(Row((text(label), difference), RowKind.TOTAL))
    return Table(
        Text("費用と負担", "Cost and its bearers").of(lang),
        yen_columns(Text("区分", "Item"), lang),
        tuple(rows),
    )


def _int(cell: Cell) -> int:
    assert isinstance(cell.value, int)
    return cell.value


def _whole(overview: Overview) -> Sequence[tuple[Text, int]]:
    made = overview.issue.allocation
    taxes = [
        (words.about(words.TAX, words.rate(rate)), tax) for rate, tax in sorted(made.taxes.items())
    ]
    net = (
        (Text("当期の費用", "Cost of the period"), made.bill_jpy),
        (Text("前期からの繰越", "Carried in"), made.carried_in_jpy),
        (Text("閉じた期間の精算", "Settlement of closed periods"), made.settled_jpy),
    )
    return [
        *((words.marked(label, net_mark(overview)), amount) for label, amount in net),
        *taxes,
        (Text("前期からの消費税の繰越", "Tax carried in"), overview.issue.tax_carried_in),
    ]


def _bearers(overview: Overview, lang: Lang) -> Iterator[tuple[str, Cell]]:
    issue = overview.issue
    gross = gross_mark(overview)
    label = words.marked(Text("団体の負担金", "Contributions of bodies"), gross).of(lang)
    yield label, yen(overview.total, None, "{bodies.total}")
    for one in issue.others:
        kind = words.PAYERS[one.payer.kind].of(lang)
        name = overview.titles.get(one.payer.name, same(one.payer.name)).of(lang)
        yield words.marked(same(f"{kind}: {name}"), gross).of(lang), yen(one.gross)
    carried = sum(issue.taxes.carried.values())
    if carried:
        label = Text("消費税の端数の翌期への繰越", "Tax difference carried to the next period").of(
            lang
        )
        yield label, yen(carried)
    if issue.unallocated_jpy or issue.unallocated:
        yield (
            words.marked(Text("未配分", "Unallocated"), gross).of(lang),
            yen(issue.unallocated_jpy, None, "{left.total}"),
        )


def _records(overview: Overview, lang: Lang) -> Iterator[Record]:
    """That it is provisional; every amount once: what is left, cells of rule and body, other payers."""
    issue = overview.issue
    for mark in _marks(overview, lang):
        yield _record(overview, words.PROVISIONAL, "", "", mark, None, lang)
    left, cell, other = Text("未配分", "unallocated"), Text("負担", "share"), Text("他", "other")
    for one in issue.unallocated:
        yield _record(overview, left, one.pool or "", "", one.reason.of(lang), one.jpy, lang)
    if issue.taxes.unallocated:
        name = words.TAX.of(lang)
        yield _record(overview, left, "", "", name, issue.taxes.unallocated, lang)
    names = {row.statement.code: row.statement.name for row in overview.bodies}
    for (rule, code), amount in overview.month.cells.items():
        title = overview.titles.get(rule, words.TAX).of(lang)
        yield _record(overview, cell, title, code, names[code], amount, lang)
    for payer in issue.others:
        kind = words.PAYERS[payer.payer.kind].of(lang)
        yield _record(overview, other, kind, "", payer.payer.name, payer.gross, lang)
    for rate, tax in sorted(issue.taxes.carried.items()):
        name = words.about(words.TAX_DIFFERENCE, words.rate(rate)).of(lang)
        yield _record(overview, other, "", "", name, tax, lang)
    total = Text("合計", "total")
    yield _record(overview, total, "", "", total.of(lang), issue.bill_with_tax, lang)


def _record(
    overview: Overview, kind: Text, rule: str, code: str, name: str, jpy: int | None, lang: Lang
) -> Record:
    period = str(overview.month.period)
    words_ = (overview.number, period, kind.of(lang), rule, code, name)
    return Record((*(text(one) for one in words_), BLANK if jpy is None else yen(jpy)))
