"""Papers of open periods say in every format and on every page that they are provisional."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.costs.bundles import bundles_of, village, with_everything
from tests.unit.costs.papers import issued
from tests.unit.costs.reading import Page, Workbook, pdf_text
from tests.unit.costs.rulebook import bill, pool, rules

from moyai.costs.documents.csv_file import csv_file
from moyai.costs.documents.html import html
from moyai.costs.documents.paper import Bundle
from moyai.costs.documents.pdf import pages, pdf
from moyai.costs.documents.xlsx import xlsx
from moyai.costs.statements.statement import Issue
from moyai.registry.cost_rules import Condition
from moyai.texts import Lang

MARKS = {
    "ja": ("未確定: この期間はまだ締めていません。", "未配分の費用あり: "),
    "en": ("Provisional: the month is not closed.", "Some cost is unallocated: "),
}


def _open(made: Issue) -> Issue:
    """The same while its period is open."""
    basis = replace(made.basis, closed=False)
    statements = tuple(replace(one, basis=basis) for one in made.statements)
    return replace(made, basis=basis, statements=statements)


def _left() -> Issue:
    """Some cost that no rule catches."""
    return issued(bill(500, 77), rules(pool(where=(Condition("ServiceName", ("s0",)),))))


def _said(bundle: Bundle) -> list[tuple[str, int]]:
    """The words of each format, and how often marks are at least there: once a paper, or once a file."""
    papers = len(bundle.papers)
    cells = [str(value) for row in Workbook.of(xlsx(bundle)).rows() for value in row]
    lines = csv_file(bundle).decode("utf-8-sig")
    return [
        ("".join(pdf_text(pdf(bundle))), papers),
        (Page.of(html(bundle)).words, papers),
        ("\n".join(cells), papers),
        (lines, 1),
    ]


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_papers_of_an_open_period_say_in_every_format_that_they_are_provisional(lang: Lang) -> None:
    provisional, unallocated = MARKS[lang]
    for made, leaves in ((village(), False), (_left(), True)):
        for bundle in bundles_of(_open(made), lang):
            of_body = len(bundle.papers) == 2
            for words, least in _said(bundle):
                assert words.count(provisional) >= least
                # The overview has a table of what is unallocated.
                assert (words.count(unallocated) >= least) is (leaves and of_body)
            assert bundle.title.endswith("（未確定）" if lang == "ja" else " (provisional)")
        for bundle in bundles_of(made, lang):
            said = [bundle.title, *(words for words, _ in _said(bundle))]
            assert not [one for one in said if "未確定" in one or "rovisional" in one]
            assert not [one for one in said if unallocated in one]


def test_every_page_of_a_provisional_pdf_says_so() -> None:
    bundle = bundles_of(_open(with_everything()))[0]
    assert len(pages(bundle, 20)) >= 3
    runs = "".join(pdf_text(pdf(bundle)))
    # On each page, and once more at the head of each paper.
    assert runs.count(MARKS["ja"][0]) == len(pages(bundle, 20)) + len(bundle.papers)
