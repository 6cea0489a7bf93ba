"""A body's statement and request as papers, and their lines as records. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from moyai.costs.documents.compose import words
from moyai.costs.documents.compose.common import (
    SUMMARY,
    addressee,
    amount_columns,
    basis,
    marks,
    rule_facts,
    sender,
    titled,
    totals,
)
from moyai.costs.documents.compose.records import headers, records
from moyai.costs.documents.compose.request_paper import request_paper
from moyai.costs.documents.compose.sections import section_blocks
from moyai.costs.documents.compose.tax_sources import source_blocks
from moyai.costs.documents.paper import (
    BLANK,
    Block,
    Bundle,
    Facts,
    Paper,
    Row,
    RowKind,
    Table,
    text,
    yen,
)
from moyai.costs.documents.written import day, month
from moyai.costs.statements.request import Request
from moyai.costs.statements.statement import Statement
from moyai.texts import Lang, Text


def body_bundle(
    statement: Statement, request: Request, names: Mapping[str, str], lang: Lang
) -> Bundle:
    """What one body is sent. `names`: code → name, for a lead body that rules name."""
    title = f"{words.STATEMENT.of(lang)} {statement.name} {month(statement.period, lang)}"
    return Bundle(
        stem=f"{statement.period}-{statement.code}",
        title=titled(title, statement.basis, lang),
        author=statement.issuer.name,
        lang=lang,
        issued_on=statement.basis.issued_on,
        papers=(request_paper(request, names, lang), statement_paper(statement, names, lang)),
        headers=headers(lang),
        records=tuple(records(statement, request, lang)),
    )


def statement_paper(statement: Statement, names: Mapping[str, str], lang: Lang) -> Paper:
    """The statement 負担金内訳書."""
    rules = statement.rules
    blocks: list[Block] = [
        Facts(rule_facts(rules, statement.period, names, lang)),
        _summary(statement, lang),
        *source_blocks(statement, SUMMARY, lang),
    ]
    for at, section in enumerate(statement.sections, 1):
        blocks += section_blocks(section, at, rules.rounding, lang)
    return Paper(
        title=words.STATEMENT.of(lang),
        sheet=Text("内訳書", "Statement").of(lang),
        number=statement.number,
        to=addressee(statement, lang),
        sender=sender(statement.issuer, lang),
        dated=day(statement.basis.issued_on, lang),
        opening=Text(
            f"{month(statement.period, 'ja')}分の負担金の内訳は、次のとおりです。",
            f"The contribution for {month(statement.period, 'en')} is made up as follows.",
        ).of(lang),
        amount=(
            Text("負担金の額", "Contribution").of(lang),
            yen(statement.total, "top.total", "{all.total}"),
        ),
        blocks=tuple(blocks),
        basis=basis(statement.basis, statement.period, lang),
        marks=marks(statement, lang),
    )


def _summary(statement: Statement, lang: Lang) -> Table:
    taxed = statement.is_taxed
    blank = (BLANK,) if taxed else ()
    rows = [
        Row(
            (
                text(words.numbered(at, section.title, lang)),
                *blank,
                yen(section.jpy, f"all.{at}", f"{{s{at}.sum}}"),
            )
        )
        for at, section in enumerate(statement.sections, 1)
    ]
    count = len(statement.sections)
    formula = f"SUM({{all.1}}:{{all.{count}}})" if count else None
    label = words.before_tax(statement.rules) if taxed else words.TOTAL
    key, kind = ("all.net", RowKind.SUBTOTAL) if taxed else ("all.total", RowKind.TOTAL)
    rows.append(Row((text(label.of(lang)), *blank, yen(statement.net, key, formula)), kind))
    rows += totals(statement, "all", lang)
    return Table(
        Text("負担金の集計", "Summary").of(lang),
        amount_columns(Text("費用区分", "Cost"), taxed, lang),
        tuple(rows),
    )
