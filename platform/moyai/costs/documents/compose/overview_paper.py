"""The secretariat's overview as a paper: what is left first, then sums, rules, bodies, time. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from moyai.costs.documents.compose import words
from moyai.costs.documents.compose.common import basis, rule_facts, sender, titled
from moyai.costs.documents.compose.overview_charts import charts
from moyai.costs.documents.compose.overview_months import trend_table, trend_tables
from moyai.costs.documents.compose.overview_records import headers, marks, records
from moyai.costs.documents.compose.overview_sums import sums_table
from moyai.costs.documents.compose.overview_tables import (
    bodies_table,
    budgets_table,
    gross_mark,
    matrix_table,
    pools_table,
    unit_prices_table,
)
from moyai.costs.documents.paper import (
    Block,
    Bundle,
    Column,
    Facts,
    Heading,
    Note,
    Paper,
    Row,
    RowKind,
    Table,
    text,
    yen,
)
from moyai.costs.documents.written import day, month
from moyai.costs.statements.overview import Overview
from moyai.texts import Lang, Text, same


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
        headers=headers(lang),
        records=tuple(records(overview, names, lang)),
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
        marks=marks(overview, lang),
    )


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
    yield sums_table(overview, lang)
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
