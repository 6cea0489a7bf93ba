"""Periods: the calendar months that are shared, and the fiscal years that they are in. Pure."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta

from moyai.errors import UsageError
from moyai.texts import Text

_PERIOD = re.compile(r"([0-9]{4})-([0-9]{2})\Z")
_YEARS = range(2000, 2200)
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_REIWA = date(2019, 5, 1)
_HEISEI = date(1989, 1, 8)


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A calendar month in Asia/Tokyo, `2026-04`."""

    year: int
    month: int

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.month, 1)

    @property
    def end(self) -> date:
        """The day after its last one."""
        return self.first + timedelta(days=self.days)

    @property
    def days(self) -> int:
        """How many days it has."""
        return calendar.monthrange(self.year, self.month)[1]

    def next(self) -> Period:
        """The month after it."""
        return Period(self.year + self.month // 12, self.month % 12 + 1)

    def previous(self) -> Period:
        """The month before it."""
        return Period(self.year - (self.month == 1), (self.month - 2) % 12 + 1)

    @property
    def named(self) -> Text:
        """For people: 令和6年9月, September 2024."""
        ja = f"{era_year(self.first)}年{self.month}月"
        return Text(ja, f"{MONTHS[self.month - 1]} {self.year}")

    def fiscal_year(self, start: str) -> int:
        """The fiscal year that it is in: the calendar year in which that one begins. `start` is the
        fiscal year's first month and day, `04-01`."""
        return self.year - (self.month < int(start[:2]))

    def year_so_far(self, start: str) -> tuple[Period, ...]:
        """The months of its fiscal year up to this one, in order. `start` as in `fiscal_year`."""
        count = (self.month - int(start[:2])) % 12 + 1
        found = [self]
        while len(found) < count:
            found.insert(0, found[0].previous())
        return tuple(found)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"


def period_of(words: str) -> Period:
    """The period that words mean: `2026-04`. Raises `UsageError` where they mean none."""
    found = _PERIOD.match(words)
    if found is not None and int(found[1]) in _YEARS and 1 <= int(found[2]) <= 12:
        return Period(int(found[1]), int(found[2]))
    raise UsageError(
        Text(
            f"「{words}」は期間ではありません（例 2026-04）。",
            f"'{words}' is no period; write it like 2026-04.",
        )
    )


def era_year(day: date) -> str:
    """The year of a day as offices write it: 令和6, 平成元; before Heisei the calendar year."""
    if day >= _REIWA:
        year, era = day.year - 2018, "令和"
    elif day >= _HEISEI:
        year, era = day.year - 1988, "平成"
    else:
        return str(day.year)
    return f"{era}{'元' if year == 1 else year}"
