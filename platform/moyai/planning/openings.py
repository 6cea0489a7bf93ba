"""When a body may be worked on: its maintenance windows, holidays, its freezes, in Asia/Tokyo. Pure.

Moments are in UTC; windows and freezes are days and times of Asia/Tokyo, which has no summer time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from moyai.registry.maintenance import Freeze, MaintenanceWindow
from moyai.texts import JAPAN

HORIZON = timedelta(days=400)
DAY = timedelta(days=1)
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOLIDAY = "holiday"
"""As a day of a window: every national holiday of Japan."""
LONG_AGO = timedelta(days=31)
"""How far back the beginning of an opening is looked for."""
ALWAYS = MaintenanceWindow(WEEK, time(), 24)
"""The window of a body that waits for none: freezes alone close it."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A span in which a body may be begun: from `begins`, before `ends`."""

    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Calendar:
    """What decides when a body may be worked on."""

    window: MaintenanceWindow
    freezes: tuple[Freeze, ...]

    @property
    def is_any_time(self) -> bool:
        """Whether its freezes alone close it."""
        return is_always(self.window)


def is_always(window: MaintenanceWindow) -> bool:
    """Whether a window is never closed."""
    return window.hours >= 24 and set(WEEK) <= set(window.days)


def openings(calendar: Calendar, since: datetime, until: datetime) -> Iterator[Opening]:
    """The openings between two moments, clipped to them, in order and apart: those that touch are one."""
    last: Opening | None = None
    for begins, ends in _pieces(calendar, since, until):
        begins, ends = max(begins, since), min(ends, until)
        if begins >= ends:
            continue
        if last is not None and begins <= last.ends:
            last = Opening(last.begins, max(last.ends, ends))
            continue
        if last is not None:
            yield last
        last = Opening(begins, ends)
    if last is not None:
        yield last


def is_open(calendar: Calendar, now: datetime) -> bool:
    """Whether a body may be worked on at this moment."""
    return any(openings(calendar, now, now + timedelta(microseconds=1)))


def next_opening(
    calendar: Calendar, since: datetime, needs: timedelta, horizon: timedelta = HORIZON
) -> Opening | None:
    """The first opening that has `needs` left at `since` or at its own, later beginning.

    Where none up to the horizon is that long, the longest count, from their beginnings to the middle, so that
    a body whose forecast is too long for its windows is never stranded. None: there is no opening.
    `begins` may be before `since`.
    """
    found: list[Opening] = []
    for opening in _around(calendar, since, needs, horizon):
        if opening.ends <= since:
            continue
        if max(opening.begins, since) + needs <= opening.ends:
            return opening
        found.append(opening)
    longest = max((_length(one) for one in found), default=timedelta())
    for opening in found:
        if _length(opening) == longest and opening.begins + longest / 2 > since:
            return opening
    return None


def _around(
    calendar: Calendar, since: datetime, needs: timedelta, horizon: timedelta
) -> Iterator[Opening]:
    """The openings from a while before a moment to the horizon.

    What a single window has room for is found in the first few of them; whatever needs more goes through
    all, each second anew while a body waits, hence from memory.
    """
    start, end = since - LONG_AGO, since + horizon
    if needs <= timedelta(hours=calendar.window.hours):
        yield from openings(calendar, start, end)
        return
    for opening in _of_days(calendar, start.astimezone(JAPAN).date(), end.astimezone(JAPAN).date()):
        if opening.ends > start and opening.begins < end:
            yield Opening(max(opening.begins, start), min(opening.ends, end))


@lru_cache(maxsize=512)
def _of_days(calendar: Calendar, first: date, last: date) -> tuple[Opening, ...]:
    """The openings of whole days of Japan, both ends included."""
    begins = datetime.combine(first, time(), JAPAN).astimezone(UTC)
    ends = datetime.combine(last + DAY, time(), JAPAN).astimezone(UTC)
    return tuple(openings(calendar, begins, ends))


def _length(opening: Opening) -> timedelta:
    return opening.ends - opening.begins


def _pieces(
    calendar: Calendar, since: datetime, until: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """Windows cut at each midnight of Japan, without frozen days, by their beginnings; what is open at any
    time, between its freezes."""
    if calendar.is_any_time:
        yield from _between_freezes(calendar.freezes, since, until)
        return
    day = since.astimezone(JAPAN).date() - 2 * DAY
    last = until.astimezone(JAPAN).date()
    while day <= last:
        if _is_begun_on(day, calendar.window.days):
            begins = datetime.combine(day, calendar.window.start, JAPAN)
            yield from _unfrozen(calendar, begins, timedelta(hours=calendar.window.hours))
        day += DAY


def _is_begun_on(day: date, days: tuple[str, ...]) -> bool:
    return WEEK[day.weekday()] in days or (HOLIDAY in days and _is_holiday(day))


@lru_cache(maxsize=2048)
def _is_holiday(day: date) -> bool:
    """Whether it is one by the Act on National Holidays, substitutes included."""
    import jpholiday  # slow to import, and few windows ask for it

    return jpholiday.is_holiday(day)


def _unfrozen(
    calendar: Calendar, begins: datetime, length: timedelta
) -> Iterator[tuple[datetime, datetime]]:
    ends = begins + length
    while begins < ends:
        midnight = datetime.combine(begins.date() + DAY, time(), JAPAN)
        if not _is_frozen(calendar, begins.date()):
            yield begins.astimezone(UTC), min(midnight, ends).astimezone(UTC)
        begins = midnight


def _between_freezes(
    freezes: tuple[Freeze, ...], since: datetime, until: datetime
) -> Iterator[tuple[datetime, datetime]]:
    begins = since
    for freeze in sorted(freezes, key=lambda one: one.first):
        if freeze.last >= freeze.first:
            first = datetime.combine(freeze.first, time(), JAPAN).astimezone(UTC)
            yield begins, min(first, until)
            begins = max(begins, datetime.combine(freeze.last + DAY, time(), JAPAN).astimezone(UTC))
    yield begins, until


def _is_frozen(calendar: Calendar, day: date) -> bool:
    return any(freeze.first <= day <= freeze.last for freeze in calendar.freezes)
