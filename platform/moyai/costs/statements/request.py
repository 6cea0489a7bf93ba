"""Requests 負担金請求書: how much is due on which days. Pure.

A due day on which banks and offices are closed moves before it, as 御坊広域 has it.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import jpholiday

from moyai.costs.statements.statement import Statement
from moyai.registry.cost_rules import Instalments

_NEW_YEAR = ((12, 29), (12, 30), (12, 31), (1, 1), (1, 2), (1, 3))
"""When offices are closed (地方自治法第4条の2, and the bodies' ordinances on 休日)."""
_YEARS_AHEAD = 2


@dataclass(frozen=True, slots=True)
class Due:
    """An instalment. `day` None: as agreed elsewhere."""

    day: date | None
    jpy: int


@dataclass(frozen=True, slots=True)
class Request:
    """What one body is asked to pay, or is paid back where the total is negative."""

    number: str
    statement: Statement
    dues: tuple[Due, ...]
    """They sum to the total; empty where nothing is to be paid by the body."""
    past_year: int | None
    """The fiscal year of the period, by the calendar year in which it began; None where it was not over on
    the day of issue."""

    @property
    def total(self) -> int:
        """Whole yen with tax."""
        return self.statement.total

    @property
    def is_refund(self) -> bool:
        """Whether the secretariat pays."""
        return self.total < 0


def request(statement: Statement, instalments: Instalments | None, year_start: str) -> Request:
    """The request that goes with a statement. `year_start`: the fiscal year's first day, `04-01`."""
    number = f"R-{statement.period}-{statement.code}"
    issued_on = statement.basis.issued_on
    is_past = issued_on >= _year_end(statement.period.first, year_start)
    return Request(
        number,
        statement,
        dues(statement.total, instalments, issued_on, year_start),
        statement.period.fiscal_year(year_start) if is_past else None,
    )


def dues(
    total: int, instalments: Instalments | None, issued_on: date, year_start: str
) -> tuple[Due, ...]:
    """On which days a total is due.

    Above the rule's amount it is split over the days after `issued_on` that are left of that day's fiscal
    year; up to it, or where none is left, it is due on the next of the days. Whole yen, the first with
    the remainder.
    """
    if total <= 0:
        return ()
    if instalments is None or not instalments.days:
        return (Due(None, total),)
    coming = list(_coming(instalments, issued_on))
    end = _year_end(issued_on, year_start)
    within = [moved for named, moved in coming if named < end]
    if total <= instalments.above or not within:
        return (Due(coming[0][1], total),)
    part, over = divmod(total, len(within))
    return tuple(Due(day, part + (over if place == 0 else 0)) for place, day in enumerate(within))


def working_day(day: date) -> date:
    """The day itself, or the last one before it that is a working day."""
    while not is_working_day(day):
        day -= timedelta(days=1)
    return day


def is_working_day(day: date) -> bool:
    """Neither a Saturday nor a Sunday, a national holiday, or one of 29 December to 3 January."""
    closed = day.weekday() >= calendar.SATURDAY or (day.month, day.day) in _NEW_YEAR
    return not closed and not jpholiday.is_holiday(day)


def _coming(instalments: Instalments, issued_on: date) -> Iterator[tuple[date, date]]:
    """The days to come as the rule names them, and as they are after moving, in order of time."""
    for year in range(issued_on.year, issued_on.year + _YEARS_AHEAD + 1):
        for named in sorted(_in_year(words, year) for words in instalments.days):
            moved = working_day(named)
            if moved > issued_on:
                yield named, moved


def _in_year(words: str, year: int) -> date:
    """`MM-DD` in a year; 29 February is the 28th where there is none."""
    month, day = int(words[:2]), int(words[3:])
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


def _year_end(day: date, year_start: str) -> date:
    """The first day of the fiscal year after that of a day."""
    start = _in_year(year_start, day.year)
    return start if day < start else _in_year(year_start, day.year + 1)
