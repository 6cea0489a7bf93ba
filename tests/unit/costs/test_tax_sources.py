"""What tax is of on papers outside its scope: amounts that can be found and add up."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from tests.unit.costs.papers import BASIS, ISSUER, NAMES, TEN, issued, some_issue, taxable
from tests.unit.costs.reading import Page
from tests.unit.costs.rulebook import FULL, MAY, OSAKA, allocate, bill, members, pool, rules

from moyai.costs.apportion.allocation import Payer, PayerKind, Settlement
from moyai.costs.apportion.inputs import Carried, TaxCarried
from moyai.costs.documents.compose.statement_paper import body_bundle
from moyai.costs.documents.compose.tax_sources import difference_notes, sources
from moyai.costs.documents.html import html
from moyai.costs.documents.paper import Bundle
from moyai.costs.statements.request import request
from moyai.costs.statements.statement import Issue, Statement, issue
from moyai.texts import Lang


def _changed() -> Issue:
    """A month outside the scope: 9,000 yen of its own, 300 that a taxable one carried, one that is settled."""
    rule_set = rules(pool(title="共同利用"))
    who = members({"all": dict.fromkeys(OSAKA, FULL)}, carried=(Carried("all", TEN, 300),))
    moved = {Payer(PayerKind.BODY, "271004"): {TEN: -1_170, None: 5}}
    found = (Settlement(MAY, -1_165, moved, (), {TEN: -117}),)
    made = allocate(bill(9_000), rule_set, who, found)
    came = TaxCarried(on_net={TEN: 30}, differences={TEN: 4})
    return issue(made, rule_set, ISSUER, NAMES, BASIS, came)


def _bundle(statement: Statement, lang: Lang) -> Bundle:
    return body_bundle(statement, request(statement, None, "04-01"), NAMES, lang)


@pytest.mark.parametrize(
    ("lang", "rows", "label"),
    [
        (
            "ja",
            [
                ["共同利用（前期からの繰越）", "10%対象", "100"],
                ["令和8年5月分の精算", "10%対象", "△1,170"],
            ],
            "消費税額（10%対象）",
        ),
        (
            "en",
            [
                ["共同利用 (Carried in)", "at 10 %", "100"],
                ["Settlement of May 2026", "at 10 %", "−1,170"],
            ],
            "Consumption tax (at 10 %)",
        ),
    ],
)
def test_papers_outside_the_scope_say_what_their_tax_is_of(
    lang: Lang, rows: list[list[str]], label: str
) -> None:
    bundle = _bundle(_changed().statements[0], lang)
    minus = {"ja": "△", "en": "−"}[lang]
    found = Page.of(html(bundle)).rows
    assert [row for row in found if row in rows] == rows * 2
    assert found.count([label, f"{minus}1,070", f"{minus}107"]) == 2
    kind = {"ja": "税の対象額", "en": "taxed net"}[lang]
    records = [[cell.value for cell in one.cells] for one in bundle.records]
    assert [one[7] for one in records if one[4] == kind] == [100, -1_170]


def test_an_adjustment_of_the_tax_says_that_an_earlier_month_carried_it() -> None:
    notes = [note for one in _changed().statements for note in difference_notes(one)]
    assert notes
    assert all("繰り越された消費税（全体で4円）" in note.ja for note in notes)
    assert all("the period before carried (4 yen of all bodies)" in note.en for note in notes)
    [first, *_] = [one for one in _changed().statements if one.tax_difference]
    assert "繰り越" not in next(difference_notes(replace(first, tax_carried_in={}))).ja


def test_papers_whose_contributions_are_taxable_have_nothing_of_it() -> None:
    made = issued(replace(bill(3_000, rate=TEN), taxes={TEN: 301}), taxable(rules(pool())))
    assert [(sources(one), [*difference_notes(one)]) for one in made.statements] == [((), [])] * 3


@given(some_issue())
@settings(max_examples=25, deadline=None)
def test_what_the_tax_is_on_sums_to_the_net_amounts_at_each_rate(made: Issue) -> None:
    for statement in made.statements:
        found: dict[Fraction, int] = {}
        for one in sources(statement):
            found[one.rate] = found.get(one.rate, 0) + one.net
        nets = {one.rate: one.net for one in statement.by_rate if one.rate is not None and one.net}
        if statement.rules.tax.treatment.value != "taxable":
            assert {rate: net for rate, net in found.items() if net} == nets
