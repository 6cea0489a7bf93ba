"""What keeps the bodies and operations of one worker waiting though nothing is wrong with them.

tenants.yaml or the site cannot be read. What is wrong may quote other bodies' entries: its words are in the
worker's log, once for each cause; on record of a body is only that it waits, and for what.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from moyai.errors import FileTrouble, MoyaiError
from moyai.operations.inside.away import DatabaseAway
from moyai.operations.site.at_work import AtWork
from moyai.registry.problems import RegistryError
from moyai.texts import Text, visible

LASTING_SECONDS = 60.0
"""After so long it is no file that is being saved: operators are told."""
_LINES = 3
_LONGEST = 300

_FILE = Text(
    "tenants.yaml を読めるようになるのを待っています（moyai validate で確かめてください）",
    "waits until tenants.yaml can be read (look at it with moyai validate)",
)
_DATABASE = Text(
    "団体のデータベースが応答しないため、待っています（団体は moyai operation show で確かめてください）",
    "waits for databases of bodies that do not answer (moyai operation show says of which)",
)


@dataclass(slots=True)
class _Wait:
    since: float
    cause: str
    told: bool = False


@dataclass(slots=True)
class Troubles:
    """Those of one worker. May be used by several threads."""

    log: Callable[[str], None] = lambda _words: None
    """A line of the worker's log."""
    clock: Callable[[], float] = time.monotonic
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _waits: dict[str, _Wait] = field(default_factory=dict)

    def met(self, who: str, error: MoyaiError) -> bool:
        """Somebody (a body, a wave, an operation) cannot go on. True once for each wait and cause: when it has
        lasted so long that operators are to be told."""
        cause = _words(error)
        with self._lock:
            is_new = all(one.cause != cause for one in self._waits.values())
            wait = self._waits.get(who)
            if wait is None:
                wait = self._waits[who] = _Wait(self.clock(), cause)
            if wait.cause != cause:
                wait.cause, wait.since, wait.told = cause, self.clock(), False
            lasts = self.clock() - wait.since >= LASTING_SECONDS and not wait.told
            wait.told = wait.told or lasts
        if is_new:
            self.log(f"{who} waits: {cause}")
        return lasts

    def told(self) -> frozenset[str]:
        """Who has waited for so long that operators were to be told."""
        with self._lock:
            return frozenset(who for who, wait in self._waits.items() if wait.told)

    def over(self, who: str) -> None:
        """It goes on."""
        if self.leave(who):
            self.log(f"{who} goes on, and nothing waits any more for that")

    def leave(self, who: str) -> bool:
        """It waits here no more; whether it was the last that waited for its cause."""
        with self._lock:
            wait = self._waits.pop(who, None)
            return wait is not None and all(one.cause != wait.cause for one in self._waits.values())


def why_waits(error: MoyaiError) -> Text:
    """For what somebody waits, on record of a body: without what may quote another's entry of the file."""
    cause = _cause(error)
    if isinstance(cause, (AtWork, DatabaseAway)):
        return cause.what
    if isinstance(cause, (RegistryError, FileTrouble)):
        return _FILE
    what = Text(_first(cause.what.ja), _first(cause.what.en))
    return Text(
        f"拠点とその記録を読めるようになるのを待っています（{what.ja}）",
        f"waits until the site and its records can be read ({what.en})",
    )


def why_stalled(error: MoyaiError) -> Text:
    """The same for operators, whom it is told once of all bodies of an operation: it names none."""
    return _DATABASE if isinstance(_cause(error), DatabaseAway) else why_waits(error)


def _cause(error: MoyaiError) -> MoyaiError:
    while isinstance(error.__cause__, MoyaiError) and not isinstance(error, DatabaseAway):
        error = error.__cause__
    return error


def _words(error: MoyaiError) -> str:
    lines = _cause(error).what.en.splitlines() or [""]
    more = len(lines) - _LINES
    words = " / ".join(visible(line) for line in lines[:_LINES])
    return f"{words} ({more} more)" if more > 0 else words


def _first(words: str) -> str:
    lines = words.splitlines()
    return visible(lines[0])[:_LONGEST] if lines else ""
