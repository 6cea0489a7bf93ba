"""Requests 負担金請求書 and notices of refunds as papers. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from moyai.costs.documents.compose import words
from moyai.costs.documents.compose.common import (
    addressee,
    amount_columns,
    basis,
    marks,
    sender,
    totals,
)
from moyai.costs.documents.compose.tax_sources import source_blocks
from moyai.costs.documents.paper import (
    BLANK,
    Block,
    Cell,
    Column,
    Facts,
    Paper,
    Row,
    RowKind,
    Table,
    text,
    yen,
)
from moyai.costs.documents.written import day, month
from moyai.costs.periods import era_year
from moyai.costs.statements.request import Due, Request
from moyai.costs.statements.statement import Statement
from moyai.costs.statements.titles import accounts_close
from moyai.texts import Lang, Text


def request_paper(request: Request, names: Mapping[str, str], lang: Lang) -> Paper:
    """The request 負担金請求書, or the notice of a refund."""
    statement = request.statement
    period = month(statement.period, lang)
    title = words.REFUND if request.is_refund else words.REQUEST
    opening = _opening(request, period)
    blocks: list[Block] = [
        _request_lines(statement, lang),
        *source_blocks(statement, "r", lang),
    ]
    if request.dues:
        blocks.append(_dues_table(request.dues, lang))
    blocks.append(Facts(_payment_facts(request, names, lang)))
    return Paper(
        title=title.of(lang),
        sheet=Text("請求書", "Request").of(lang),
        number=request.number,
        to=addressee(statement, lang),
        sender=sender(statement.issuer, lang),
        dated=day(statement.basis.issued_on, lang),
        opening=opening.of(lang),
        amount=_amount(request, lang),
        blocks=tuple(blocks),
        basis=basis(statement.basis, statement.period, lang),
        marks=marks(statement, lang),
    )


def _opening(request: Request, period: str) -> Text:
    if request.total == 0:
        return Text(
            f"{period}分の負担金は 0 円で、お支払いいただくものはありません。",
            f"The contribution for {period} is 0 yen: nothing is to be paid.",
        )
    return Text(
        f"{period}分の負担金を、次のとおり{'還付します' if request.is_refund else '請求します'}。",
        f"The contribution for {period} is {'paid back' if request.is_refund else 'requested'} as follows.",
    )


def _amount(request: Request, lang: Lang) -> tuple[str, Cell]:
    """What is to be paid, by whoever pays."""
    key = "request.amount"
    if request.is_refund:
        return Text("還付額", "Paid back").of(lang), yen(-request.total, key, "-{all.total}")
    return Text("請求額", "Amount").of(lang), yen(request.total, key, "{all.total}")


def _request_lines(statement: Statement, lang: Lang) -> Table:
    taxed = statement.is_taxed
    label = Text(
        f"{month(statement.period, 'ja')}分 負担金（内訳書 {statement.number}）",
        f"Contribution for {month(statement.period, 'en')} (statement {statement.number})",
    )
    key, kind = ("r.net", RowKind.PLAIN) if taxed else ("r.total", RowKind.TOTAL)
    source = "{all.net}" if taxed else "{all.total}"
    blank = (BLANK,) if taxed else ()
    rows = [Row((text(label.of(lang)), *blank, yen(statement.net, key, source)), kind)]
    rows += totals(statement, "r", lang)
    return Table(
        Text("内容", "What it is made of").of(lang),
        amount_columns(Text("件名", "Item"), taxed, lang),
        tuple(rows),
    )


def _dues_table(dues: tuple[Due, ...], lang: Lang) -> Table:
    count = len(dues)
    rows = []
    for at, due in enumerate(dues, 1):
        if count == 1:
            formula = "{r.total}"
        elif at == 1:
            formula = f"{{r.total}}-SUM({{due.2}}:{{due.{count}}})"
        else:
            formula = f"INT({{r.total}}/{count})"
        label = Text(f"第{at}期", f"Instalment {at}") if count > 1 else Text("全額", "In full")
        when = (
            Text("別に通知する日", "on a day told separately").of(lang)
            if due.day is None
            else _weekday(due, lang)
        )
        rows.append(Row((text(label.of(lang)), text(when), yen(due.jpy, f"due.{at}", formula))))
    total = sum(due.jpy for due in dues)
    rows.append(
        Row(
            (
                text(words.TOTAL.of(lang)),
                BLANK,
                yen(total, "due.total", f"SUM({{due.1}}:{{due.{count}}})"),
            ),
            RowKind.TOTAL,
        )
    )
    return Table(
        Text("支払の期限と額", "When to pay").of(lang),
        (
            Column(Text("区分", "Part").of(lang), 3),
            Column(Text("支払期限", "Due on").of(lang), 7),
            Column(words.YEN.of(lang), 3, numeric=True),
        ),
        tuple(rows),
    )


def _weekday(due: Due, lang: Lang) -> str:
    assert due.day is not None
    place = due.day.weekday()
    if lang == "ja":
        return f"{day(due.day, lang)}（{'月火水木金土日'[place]}）"
    return f"{('Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun')[place]} {day(due.day, lang)}"


def _payment_facts(
    request: Request, names: Mapping[str, str], lang: Lang
) -> tuple[tuple[str, str], ...]:
    issuer = request.statement.issuer
    facts = []
    if issuer.bank and request.total > 0:
        facts.append((Text("振込先", "Pay to"), issuer.bank))
    if request.past_year is not None:
        facts.append(
            (Text("会計年度", "Fiscal year"), _past_year(request, request.past_year, lang))
        )
    if issuer.registration_number:
        facts.append((Text("登録番号", "Registration number"), issuer.registration_number))
    facts.append(
        (Text("課税区分", "Tax"), words.treatment(request.statement.rules, names).of(lang))
    )
    if issuer.contact:
        facts.append((Text("問合せ先", "Contact"), issuer.contact))
    return tuple((label.of(lang), said) for label, said in facts)


def _past_year(request: Request, year: int, lang: Lang) -> str:
    """That what is asked for belongs to a year that is over, while its accounts are open or later."""
    closes = accounts_close(year)
    named, last = era_year(date(year, 12, 31)), day(closes, lang)
    if request.statement.basis.issued_on <= closes:
        return Text(
            f"{named}年度（出納整理期間。会計は{last}に閉じます）",
            f"{year}, whose accounts close on {last}",
        ).of(lang)
    return Text(
        f"{named}年度（過年度。会計は{last}に閉じました）",
        f"{year}, a past fiscal year, whose accounts closed on {last}",
    ).of(lang)
