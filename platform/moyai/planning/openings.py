"""When a body may be worked on: its maintenance windows, its freezes, in Asia/Tokyo. Pure.

Moments are in UTC; windows and freezes are days and times of Asia/Tokyo, which has no summer time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from moyai.registry.models import Freeze, MaintenanceWindow
from moyai.texts import JAPAN, Text, in_japan

HORIZON = timedelta(days=400)
"""How far ahead openings are looked for: every window comes back within a year, freezes in between."""
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Opening:
    """A span in which a body may be begun: from `begins`, before `ends`."""

    begins: datetime
    ends: datetime

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.ends - self.begins


@dataclass(frozen=True, slots=True)
class Calendar:
    """What decides when a body may be worked on."""

    window: MaintenanceWindow
    freezes: tuple[Freeze, ...]


def openings(calendar: Calendar, since: datetime, until: datetime) -> Iterator[Opening]:
    """The openings between two moments, in order; those that touch are one. Never a frozen moment.

    The first and the last are cut at `since` and `until`.
    """
    joined: Opening | None = None
    for span in _spans(calendar, since, until):
        if joined is not None and span.begins <= joined.ends:
            joined = Opening(joined.begins, max(joined.ends, span.ends))
            continue
        if joined is not None:
            yield joined
        joined = span
    if joined is not None:
        yield joined


def is_open(calendar: Calendar, now: datetime) -> bool:
    """Whether a body may be begun at this moment."""
    return any(True for _ in _spans(calendar, now, now + timedelta(microseconds=1)))


def next_opening(
    calendar: Calendar, since: datetime, needs: timedelta, horizon: timedelta = HORIZON
) -> Opening | None:
    """The first opening with so much time left in it, from `since` on.

    Where no opening within the horizon is that long, the longest count as long enough: work that is
    foreseen to take longer than any window must begin in one all the same. None: there is no opening.
    """
    longest: Opening | None = None
    for opening in openings(calendar, since, since + horizon):
        if opening.length >= needs:
            return opening
        if longest is None or opening.length > longest.length:
            longest = opening
    return longest


def why_closed(calendar: Calendar, now: datetime) -> Text | None:
    """Why a body may not be begun now, with when it may next; None where it may."""
    if is_open(calendar, now):
        return None
    opening = next_opening(calendar, now, timedelta())
    after = Text("", "") if opening is None else _from(opening)
    day = now.astimezone(JAPAN).date()
    for freeze in calendar.freezes:
        if freeze.first <= day <= freeze.last:
            return Text(
                f"凍結期間（{freeze.reason}、{freeze.last} まで）です。{after.ja}",
                f"frozen until {freeze.last} ({freeze.reason}). {after.en}".rstrip(),
            )
    return Text(
        f"保守時間帯の外です。{after.ja}", f"outside its maintenance window. {after.en}".rstrip()
    )


def _from(opening: Opening) -> Text:
    moment = in_japan(opening.begins)
    return Text(f"次は {moment} からです。", f"Next from {moment}.")


def _spans(calendar: Calendar, since: datetime, until: datetime) -> Iterator[Opening]:
    """Openings in order, cut at midnight where a freeze begins or ends; they may touch."""
    first = since.astimezone(JAPAN).date() - _DAY  # a window may pass midnight
    window = calendar.window
    length = timedelta(hours=window.hours)
    day = first
    while (begins := datetime.combine(day, window.start, JAPAN)) < until:
        if _DAYS[day.weekday()] in window.days:
            yield from _thawed(calendar, begins, begins + length, since, until)
        day += _DAY


def _thawed(
    calendar: Calendar, begins: datetime, ends: datetime, since: datetime, until: datetime
) -> Iterator[Opening]:
    """What is left of one window without frozen days."""
    day = begins.date()
    while day <= ends.date():
        midnight = datetime.combine(day, time(), JAPAN)
        low, high = max(begins, midnight, since), min(ends, midnight + _DAY, until)
        if low < high and not _is_frozen(calendar, day):
            yield Opening(low.astimezone(UTC), high.astimezone(UTC))
        day += _DAY


def _is_frozen(calendar: Calendar, day: date) -> bool:
    return any(freeze.first <= day <= freeze.last for freeze in calendar.freezes)
