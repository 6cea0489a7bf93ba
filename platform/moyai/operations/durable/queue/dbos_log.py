"""What DBOS says in a worker's log: of a database that is away one line, whatever else as it is.

DBOS has a console handler of its own. While the database is away its threads say so ten times a second, some
with Python's traceback and SQLAlchemy's lines; a worker's routines say it in Moyai's words beside that. A
traceback of anything else is of a bug, and stays.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable

from moyai.operations.database.lost import is_lost

_AGAIN_SECONDS = 60.0
"""So long the same place of DBOS says the same only once."""
_TRACEBACK = "Traceback (most recent call last):"
_LOST_WORDS = re.compile(
    r"\(psycopg\.(?:OperationalError|errors\.(?:AdminShutdown|CrashShutdown|CannotConnectNow))\) (?P<why>.*)"
)
"""As SQLAlchemy writes a lost connection of psycopg, where DBOS keeps no more of an error than its words."""


class LinesOfLoss(logging.Filter):
    """A filter of DBOS's logger: turns what is said of a lost database into a line, and lets it pass once a
    minute for each place that says it. May be used by several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._said: dict[tuple[str, int], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """False: it was said just now."""
        words = record.getMessage()
        why = _lost(record, words)
        if why is None:
            return True
        place, now = (record.pathname, record.lineno), self._clock()
        last = self._said.get(place)
        if last is not None and now - last < _AGAIN_SECONDS:
            return False
        self._said[place] = now
        head = words.partition(_TRACEBACK)[0].partition("(psycopg.")[0].strip().rstrip(":")
        record.msg = f"{' '.join(head.split())}: the operations database is away ({why})"
        record.args = ()
        record.exc_info = record.exc_text = record.stack_info = None
        return True


def _lost(record: logging.LogRecord, words: str) -> str | None:
    """How the connection was lost, in a line, where that is all that a record is about."""
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        if not is_lost(error):
            return None
        return _first(str(getattr(error, "orig", None) or error)) or type(error).__name__
    found = _LOST_WORDS.findall(words)
    return _first(found[-1]) if found else None


def _first(words: str) -> str:
    return (words.strip().splitlines() or [""])[0].strip()


def say_in_lines() -> None:
    """Have DBOS's logger do so, once in a process."""
    logger = logging.getLogger("dbos")
    if not any(isinstance(one, LinesOfLoss) for one in logger.filters):
        logger.addFilter(LinesOfLoss())
