"""The way of a yen over more than one month."""

from __future__ import annotations

import pytest
from tests.unit.operations.cost_office import JUNE, MAY, OSAKA, SAKAI, VILLAGE, Office

from moyai.costs.apportion.allocation import LineKind
from moyai.costs.explain.nothing import nothing_figures
from moyai.costs.explain.steps import way_figures
from moyai.costs.periods import period_of
from moyai.errors import UsageError
from moyai.operations.costs.explanation import Explained, explanation
from moyai_cli.render import Output
from moyai_cli.views.cost_explained import show_explained

JULY, AUGUST = "2026-07", "2026-08"


def _explained(office: Office, month: str, code: str, yen: int = 1) -> Explained:
    return explanation(office.file, "sandbox", month, code, yen)


@pytest.fixture
def carrying(office: Office) -> Office:
    """From June on shares are whole thousands, and the rest is carried."""
    office.rewrite(
        (
            "      from: 2026-04-01\n",
            "      from: 2026-04-01\n"
            "      rounding: { unit: 1000, method: floor, bearer: carry }\n",
        )
    )
    return office


def test_what_was_carried_is_followed_to_the_row_of_the_month_that_carried_it(
    carrying: Office,
) -> None:
    carrying.yen("june.csv", JUNE, EC2="5000")
    carrying.close(JUNE)
    carrying.yen("july.csv", JULY, EC2="1400")
    # ¥1,400 of 1,540 with tax, and 2,500 of June's 5,500: both are shared in July.
    own = _explained(carrying, JULY, OSAKA, 1)
    assert own.row is not None
    assert (len(own.passed), own.row.file) == (1, "july.csv")
    carried = _explained(carrying, JULY, OSAKA, 1000)
    assert carried.row is not None
    assert [str(one.reckoned.basis.period) for one in carried.passed] == [JULY, JUNE]
    assert carried.passed[1].way.line.kind is LineKind.REMAINDER
    before = carried.passed[1]
    figures = {one.step: one for one in way_figures(before.reckoned, before.way)}
    # ¥5,500 with tax are three shares of ¥1,833, cut to 1,000.
    assert figures["remainder_left"].jpy == figures["remainder_bearer"].jpy == 2500
    assert figures["remainder_bearer"].words.en == "carried to the next period, by the rules"
    assert (carried.row.file, carried.row.line) == ("june.csv", 2)


def test_what_was_carried_over_two_months_is_followed_to_the_first(carrying: Office) -> None:
    carrying.yen("june.csv", JUNE, EC2="2000")
    carrying.close(JUNE)
    carrying.yen("july.csv", JULY, S3="10")
    carrying.close(JULY)
    carrying.yen("august.csv", AUGUST, EC2="1000")
    found = _explained(carrying, AUGUST, OSAKA, 1000)
    assert found.row is not None
    assert [str(one.reckoned.basis.period) for one in found.passed] == [AUGUST, JULY, JUNE]
    assert (found.row.file, found.row.line) == ("june.csv", 2)


def test_who_is_given_something_back_is_told_by_which_rule(office: Office) -> None:
    office.leave()
    office.drive("usage.csv", _271004="3", _271403="3")
    found = _explained(office, JUNE, VILLAGE)
    assert (found.place, found.passed) == (None, ())
    figures = nothing_figures(found.reckoned, found.code, found.lines)
    assert [(one.step, one.words.en, one.jpy) for one in figures if one.jpy] == [
        ("given_back", "Settlement of May 2026: below zero, by credits or corrections", -30_000)
    ]
    assert _explained(office, JUNE, SAKAI).settled is not None


def test_who_is_given_more_back_than_it_bears_is_told_both(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.drive("usage.csv", _271004="3", _271403="3")
    office.yen("june.csv", JUNE, EC2="600")
    found = _explained(office, JUNE, VILLAGE)
    assert [one.jpy for one in found.lines] == [220, -30_000]
    figures = nothing_figures(found.reckoned, found.code, found.lines)
    assert [(one.step, one.words.en, one.jpy) for one in figures if one.jpy] == [
        ("borne", "基盤: what it bears by this rule", 220),
        ("given_back", "Settlement of May 2026: below zero, by credits or corrections", -30_000),
    ]
    show_explained(found, Output.TABLE)
    told = capsys.readouterr().out
    assert "gets back: its lines sum to -29,780 yen\n" in told
    assert "bears: 基盤: what it bears by this rule 220 yen\n" in told
    assert "bears nothing: 申請: " in told
    assert "sum to 0 yen 220" not in told


def test_lines_say_their_section_and_are_called_as_the_statement_calls_them(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.rewrite(("{ name: base,", "{ name: zone,"))
    office.yen("june.csv", JUNE, EC2="600", S3="60")
    for number, title in enumerate(("基盤", "申請"), 1):
        show_explained(explanation(office.file, "sandbox", JUNE, OSAKA, 1, number), Output.TABLE)
        told = capsys.readouterr().out
        assert f"line {number}, yen 1: {title} share (section {number} of the statement)" in told
        assert f"pool: {title} " in told
        assert "zone" not in told


def test_a_line_of_no_yen_stands_for_itself(office: Office) -> None:
    office.drive("usage.csv", JUNE, _271004="1", _271403="0")
    office.yen("june.csv", JUNE, S3="100")
    made = office.reckon(JUNE)
    [borne] = dict(made.allocation.bodies())[SAKAI]
    assert [line.jpy for line in borne.lines] == [0]
    found = explanation(office.file, "sandbox", JUNE, SAKAI, 1, 1)
    assert found.place is not None
    assert (found.place.at, found.passed) == (0, ())
    with pytest.raises(UsageError, match="there is no yen number 2"):
        explanation(office.file, "sandbox", JUNE, SAKAI, 2, 1)


def test_an_unknown_body_is_still_refused(office: Office) -> None:
    with pytest.raises(UsageError):
        _explained(office, MAY, "999999")
    assert _explained(office, str(period_of(MAY)), OSAKA).row is not None
