"""The overview's whole on one side, its bearers on the other. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from moyai.costs.documents.compose import words
from moyai.costs.documents.compose.common import yen_columns
from moyai.costs.documents.compose.overview_tables import gross_mark, net_mark
from moyai.costs.documents.paper import Cell, Row, RowKind, Table, text, yen
from moyai.costs.statements.overview import Overview
from moyai.texts import Lang, Text, same


@dataclass(frozen=True, slots=True)
class Amount:
    """A part of what there is to bear."""

    label: Text
    mark: Text | None
    """What it is under the tax; None: tax itself, or there is no tax."""
    jpy: int


def sums_table(overview: Overview, lang: Lang) -> Table:
    """The whole on one side, its bearers on the other, and the difference, ¥0."""
    whole = [(words.marked(one.label, one.mark), one.jpy) for one in whole_of(overview)]
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


def whole_of(overview: Overview) -> list[Amount]:
    """What there is to bear, without what is zero."""
    made, net = overview.issue.allocation, net_mark(overview)
    found = [
        Amount(Text("当期の費用", "Cost of the period"), net, made.bill_jpy),
        Amount(Text("前期からの繰越", "Carried in"), net, made.carried_in_jpy),
        Amount(Text("閉じた期間の精算", "Settlement of closed periods"), net, made.settled_jpy),
    ]
    for rate, tax in sorted(made.taxes.items()):
        found.append(Amount(words.about(words.TAX, words.rate(rate)), None, tax))
    came = Text("前期からの消費税の繰越", "Tax carried in")
    found.append(Amount(came, None, overview.issue.tax_carried_in))
    return [one for one in found if one.jpy]


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
