"""Fees that are due in a month, and those of months without a record."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from tests.sample import SAMPLE
from tests.unit.costs.rulebook import pool, rules

from moyai.costs.fees import Fee, fees_due, fees_missed
from moyai.costs.periods import Period
from moyai.registry.cost_rules import Pool
from moyai.registry.load import require
from moyai.registry.models import Registry, Subscription

MAY, JUNE, JULY, AUGUST = (Period(2026, month) for month in range(5, 9))
OLD = date(2024, 4, 1)
FEES = pool("all", service="chat", title="チャット", joining_fee=70, leaving_fee=30)


def _registry(shared: Pool, *used: tuple[str, date, date | None]) -> Registry:
    """The sample with these rules, and these subscriptions of `chat` only: body, from, until."""
    registry = require(SAMPLE)
    sharing = registry.cost_sharing
    assert sharing is not None
    return replace(
        registry,
        cost_sharing=replace(sharing, rule_sets=(rules(shared),)),
        tenants=tuple(
            replace(
                body,
                subscriptions=tuple(
                    Subscription("chat", "standard", start, until, {})
                    for code, start, until in used
                    if code == body.code
                ),
            )
            for body in registry.tenants
        ),
    )


MOVES = (
    ("271004", OLD, None),
    ("271403", date(2026, 6, 10), None),
    ("272027", OLD, date(2026, 7, 1)),
)


def test_fees_are_due_in_the_month_of_joining_and_in_that_of_the_last_day() -> None:
    registry = _registry(FEES, *MOVES)
    found = list(fees_due(registry, JUNE))
    assert [(one.name, one.fee, one.jpy, one.period) for one in found] == [
        ("堺市", Fee.JOINING, 70, JUNE),
        ("岸和田市", Fee.LEAVING, 30, JUNE),
    ]
    assert found[0].words.en == "the joining fee of 堺市 for チャット, ¥70"
    assert [list(fees_due(registry, one)) for one in (MAY, JULY)] == [[], []]


@pytest.mark.parametrize(
    ("shared", "used"),
    [
        (replace(FEES, joining_fee=0, leaving_fee=0), MOVES),
        (FEES, MOVES[1:]),  # nobody stays, so nobody would be relieved
    ],
)
def test_no_fee_is_due_without_one_or_without_others(
    shared: Pool, used: tuple[tuple[str, date, date | None], ...]
) -> None:
    assert list(fees_due(_registry(shared, *used), JUNE)) == []


def test_none_is_due_before_the_first_rules() -> None:
    registry = _registry(FEES, ("271004", OLD, None), ("271403", date(2026, 3, 1), None))
    assert list(fees_due(registry, Period(2026, 3))) == []


def test_what_is_missed_is_of_the_months_right_before() -> None:
    registry = _registry(FEES, *MOVES)
    for on_record, missed in (
        ([], 0),
        ([AUGUST], 0),
        ([MAY, AUGUST], 2),
        ([MAY, JUNE], 0),
        ([JUNE, AUGUST], 0),
        ([MAY, JULY, AUGUST], 0),
    ):
        assert len(list(fees_missed(registry, AUGUST, on_record))) == missed, on_record
