"""What a settlement is made of, rule by rule, as a statement has it. Pure."""

from __future__ import annotations

from moyai.costs.documents.compose import words
from moyai.costs.documents.compose.common import sums_of
from moyai.costs.documents.paper import Column, Row, RowKind, Table, text, yen
from moyai.costs.statements.statement import Section
from moyai.texts import Lang, Text

AMOUNTS = (Text("請求済額", "billed"), Text("再計算額", "now"), Text("差額", "difference"))
"""Of each rule, in this order."""


def settlement_table(section: Section, key: str, lang: Lang) -> Table:
    """By each rule of the settled period what was billed, what it comes to since, and the difference. Its foot
    has the keys `KEY.moved.total.0` to `.2`; the last is the settlement."""
    at = f"{key}.moved"
    rows = []
    for place, one in enumerate(section.moved):
        difference = f"{{{at}.{place}.1}}-{{{at}.{place}.0}}"
        cells = (
            yen(one.before, f"{at}.{place}.0"),
            yen(one.after, f"{at}.{place}.1"),
            yen(one.difference, f"{at}.{place}.2", difference),
        )
        rows.append(Row((text(one.title.of(lang)), *cells)))
    sums = sums_of([row.cells[1:] for row in rows], at, len(AMOUNTS))
    rows.append(Row((text(words.TOTAL.of(lang)), *sums), RowKind.TOTAL))
    return Table(
        Text("精算の内訳", "Settlement by rule").of(lang),
        (
            Column(Text("費用区分", "Rule").of(lang), 6),
            *(
                Column(words.in_yen(_heading(what), None).of(lang), 3, numeric=True)
                for what in AMOUNTS
            ),
        ),
        tuple(rows),
    )


def _heading(what: Text) -> Text:
    return Text(what.ja, what.en.capitalize())
