"""A statement as records: one line for each yen amount, for machines and spreadsheets. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from moyai.costs.documents.compose import words
from moyai.costs.documents.compose.common import marks
from moyai.costs.documents.compose.limits_table import limit_rows
from moyai.costs.documents.compose.settlement_table import AMOUNTS
from moyai.costs.documents.compose.tax_sources import TAXED_NET, difference_notes, sources
from moyai.costs.documents.paper import (
    BLANK,
    Cell,
    Record,
    Style,
    exact,
    text,
    yen,
)
from moyai.costs.documents.written import weights
from moyai.costs.statements.heads import part_yen
from moyai.costs.statements.request import Request
from moyai.costs.statements.statement import Section, Statement
from moyai.texts import Lang, Text

_HEADERS = (
    Text("書類番号", "document"),
    Text("期間", "period"),
    Text("団体コード", "body_code"),
    Text("団体名", "body_name"),
    Text("区分", "kind"),
    Text("費用区分", "rule"),
    Text("項目", "item"),
    Text("基礎額（円）", "base_jpy"),
    Text("割合（%）", "percent"),
    Text("数値", "weight"),
    Text("数値の計", "of"),
    Text("計算額（円）", "exact_jpy"),
    Text("金額（円）", "jpy"),
    Text("期日", "due"),
)
_WORKING = Text("計算", "working")


def headers(lang: Lang) -> tuple[str, ...]:
    """The records' columns."""
    return tuple(header.of(lang) for header in _HEADERS)


def records(statement: Statement, request: Request, lang: Lang) -> Iterator[Record]:
    """That it is provisional, every line of the statement, then its totals and instalments."""
    for mark in marks(statement, lang):
        yield _record(statement, words.PROVISIONAL, "", mark, None, lang)
    for section in statement.sections:
        yield from _section_records(statement, section, lang)
    if statement.is_taxed:
        for one in sources(statement):
            item = words.about(one.label, words.rate(one.rate)).of(lang)
            title = statement.sections[one.section - 1].title.of(lang)
            yield _record(statement, TAXED_NET, title, item, None, lang, base=one.net)
    for note in difference_notes(statement):
        yield _record(statement, Text("注記", "note"), "", note.of(lang), None, lang)
    for taxed in statement.by_rate:
        if taxed.tax:
            item = f"{words.TAX.of(lang)} {words.rate(taxed.rate).of(lang)}"
            yield _record(statement, Text("税", "tax"), "", item, taxed.tax, lang, base=taxed.net)
        if taxed.difference:
            item = f"{words.TAX_DIFFERENCE.of(lang)} {words.rate(taxed.rate).of(lang)}"
            yield _record(statement, Text("税", "tax"), "", item, taxed.difference, lang)
    total = words.TOTAL.of(lang)
    yield _record(statement, Text("合計", "total"), "", total, statement.total, lang)
    for due in request.dues:
        when = "" if due.day is None else due.day.isoformat()
        label = Text("支払期限", "instalment")
        yield _record(
            statement, label, "", label.of(lang), due.jpy, lang, number=request.number, due=when
        )


def _section_records(statement: Statement, section: Section, lang: Lang) -> Iterator[Record]:
    share = section.share
    if share is not None and section.head is not None:
        for part in share.parts:
            weight, of = weights(part.weight, part.of)
            yield _record(
                statement,
                _WORKING,
                section.title.of(lang),
                words.part(part, section.head.power, lang),
                None,
                lang,
                base=section.head.divided,
                working=(
                    Cell(part.percent, Style.PERCENT),
                    Cell(weight, Style.NUMBER),
                    Cell(of, Style.NUMBER),
                    exact(part_yen(section.head.divided, part)),
                ),
            )
    title = section.title.of(lang)
    if share is not None and share.limits is not None:
        for row in limit_rows(share.limits, "", lang):
            label, cell = row.cells
            is_factor = cell.style is Style.FACTOR
            working = (BLANK, cell, BLANK, BLANK) if is_factor else (BLANK, BLANK, BLANK, cell)
            item = str(label.value)
            yield _record(statement, _WORKING, title, item, None, lang, working=working)
    for moved in section.moved:
        amounts = (moved.before, moved.after, moved.difference)
        for kind, amount in zip(AMOUNTS, amounts, strict=True):
            item = moved.title.of(lang)
            yield _record(statement, kind, title, item, None, lang, base=amount)
    for line in section.lines:
        item = words.line_words(line).of(lang)
        if line.by_rule is not None and section.head is not None:
            item += words.reduced(line.by_rule, section.head.account).of(lang)
        yield _record(statement, Text("明細", "line"), title, item, line.jpy, lang)


def _record(
    statement: Statement,
    kind: Text,
    title: str,
    item: str,
    jpy: int | None,
    lang: Lang,
    *,
    base: int | None = None,
    working: tuple[Cell, ...] = (BLANK,) * 4,
    number: str | None = None,
    due: str = "",
) -> Record:
    return Record(
        (
            text(number or statement.number),
            text(str(statement.period)),
            text(statement.code),
            text(statement.name),
            text(kind.of(lang)),
            text(title),
            text(item),
            BLANK if base is None else yen(base),
            *working,
            BLANK if jpy is None else yen(jpy),
            text(due),
        )
    )
