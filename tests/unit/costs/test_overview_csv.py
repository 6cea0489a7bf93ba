"""The overview as CSV: the figures of its tables, and what each is under the tax."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from fractions import Fraction

import pytest
from tests.unit.costs.papers import NAMES, TEN, issued, taxable
from tests.unit.costs.reading import Page
from tests.unit.costs.rulebook import FULL, OSAKA, bill, members, part, pool, rules

from moyai.costs.documents.compose.overview_paper import overview_bundle
from moyai.costs.documents.csv_file import csv_file
from moyai.costs.documents.html import html
from moyai.costs.documents.paper import Bundle, Cell, RowKind
from moyai.costs.periods import Period
from moyai.costs.statements.months import Month
from moyai.costs.statements.overview import Overview, Surroundings, overview
from moyai.registry.cost_rules import Budget, ShareBy
from moyai.texts import Lang

APRIL = Month(Period(2026, 4), {("all", "271004"): 700, ("all", "271403"): 300}, NAMES)


def _lines(bundle: Bundle) -> list[list[str]]:
    """The records of the CSV, whose encoding spreadsheets know by its mark."""
    content = csv_file(bundle)
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))[1:]


def _full(lang: Lang) -> tuple[Overview, Bundle]:
    """An overview with all that one can have, taxable."""
    usage = pool("all", part(ShareBy.USAGE, 100, driver="requests"), title="共同利用")
    quantities = {"requests": {code: Fraction(at, 2) for at, code in enumerate(OSAKA, 1)}}
    who = members({"all": dict.fromkeys(OSAKA, FULL)}, drivers=quantities)
    one = replace(bill(3_001, rate=TEN), taxes={TEN: 300})
    budgets = [
        Budget(2026, None, None, 9_000, False, Fraction(80)),
        Budget(2026, "271004", None, 700, True, Fraction(80)),
    ]
    around = Surroundings(
        OSAKA,
        earlier=[APRIL],
        budgets=budgets,
        alone={"271004": 5_000},
        quantities=quantities,
    )
    found = overview(issued(one, taxable(rules(usage)), who), around)
    return found, overview_bundle(found, NAMES, lang)


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_the_csv_has_the_figures_of_each_table(lang: Lang) -> None:
    found, bundle = _full(lang)
    lines = _lines(bundle)
    numbers = {Fraction(value) for line in lines for value in (line[6], line[8], line[9]) if value}
    sums = {RowKind.TOTAL, RowKind.SUBTOTAL}
    cells = [
        cell
        for table in bundle.papers[0].tables()
        for row in table.rows
        if row.kind not in sums
        for cell in row.cells
        if not isinstance(cell.value, str)
    ]
    assert len(cells) > 50
    missing = [cell for cell in cells if not _is_among(cell, numbers)]
    assert missing == []
    kinds = {
        "ja": ("団体別", "負担金", "税込", "税抜"),
        "en": ("body", "Contribution", "with tax", "before tax"),
    }
    body, item, gross, net = kinds[lang]
    amounts = {
        mark: sum(
            int(line[6]) for line in lines if (line[2], line[7], line[10]) == (body, item, mark)
        )
        for mark in (gross, net)
    }
    assert amounts == {gross: found.total, net: 3_001}
    totals = {
        cell.key: cell.value
        for table in bundle.papers[0].tables()
        for row in table.rows
        for cell in row.cells
    }
    assert totals["bodies.total"] == amounts[gross]
    assert Page.of(html(bundle)).keyed["bodies.total"] == f"{amounts[gross]:,}"
    by_month = {"ja": "月別・団体別", "en": "month by body"}[lang]
    month = {"ja": "月別", "en": "month"}[lang]
    for kind in (by_month, month):
        year = sum(int(line[6]) for line in lines if line[2] == kind)
        assert year == totals["trend.total"] == found.total + 1_000


def _is_among(cell: Cell, numbers: set[Fraction]) -> bool:
    """Whether a number is among those of a CSV, which has six decimals or as many as are shown."""
    assert not isinstance(cell.value, str)
    value = Fraction(cell.value)
    return any(abs(one - value) <= Fraction(1, 200) for one in numbers)


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_each_amount_of_the_csv_says_what_it_is_under_the_tax_where_there_is_tax(
    lang: Lang,
) -> None:
    _, bundle = _full(lang)
    marks = {line[10] for line in _lines(bundle) if line[6] or line[9]}
    assert marks == {"ja": {"税込", "税抜", "税額"}, "en": {"with tax", "before tax", "tax"}}[lang]
    outside = overview_bundle(overview(issued(), Surroundings(OSAKA)), NAMES, lang)
    assert {line[10] for line in _lines(outside)} == {""}
