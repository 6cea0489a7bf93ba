"""The month that a row is of, in SQL, by the moment at which its billing period begins.

FOCUS has moments in UTC, so a month begins at its first midnight there; exports of Japanese providers and
databases have midnight in Japan, 15:00 UTC of the day before. A moment without a zone is UTC. One that
begins no month, as of an account that was opened within one, is of the month that is written.
"""

from __future__ import annotations

_JAPAN = "INTERVAL 9 HOUR"
_LATE_DAY = "28"
"""Days of a month from which on the next one may begin, in UTC or in Japan; all others are read faster."""


def month_sql(text: str) -> str:
    """SQL of the month, `YYYY-MM`, of a moment's text; what is none is cut to as many signs."""
    written = f"substr({text}, 1, 7)"
    utc = f"make_timestamp(epoch_us(TRY_CAST({text} AS TIMESTAMPTZ)))"
    begins = "".join(
        f"WHEN date_trunc('month', {moment}) = {moment} THEN strftime({moment}, '%Y-%m') "
        for moment in (utc, f"({utc} + {_JAPAN})")
    )
    late = f"CASE {begins}ELSE {written} END"
    return f"CASE WHEN substr({text}, 9, 2) < '{_LATE_DAY}' THEN {written} ELSE {late} END"
