"""A body in hand of which nobody can say anything now: it waits in sight, and hears what is wanted of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from moyai.errors import MoyaiError
from moyai.operations.durable.carrying.ledger import Ledger, Taken
from moyai.operations.durable.troubles import Troubles, why_stalled, why_waits
from moyai.operations.inside.away import Absence, DatabaseAway
from moyai.operations.kinds.kind import NOBODY_CAN_SAY, Unreadable
from moyai.operations.notices.happenings import stalled
from moyai.texts import Text, document_of

_T = TypeVar("_T")
AGAIN_SECONDS = 1.0
"""Between two questions while tenants.yaml or the site cannot be read."""

Heard = Callable[[str, float], None]
"""Called with what is wanted of the operation where that is not that it goes on, and for how many seconds this
carrying has waited since running bodies are to stop. May raise."""


class GivenUp(Exception):  # nobody's error: the worker ends, and the body has not
    """The worker ends: others go on with the body from where it is."""


@dataclass(slots=True)
class Patience:
    """Of one carrying."""

    ledger: Ledger
    taken: Taken
    troubles: Troubles
    ending: Callable[[], bool]
    """Whether the worker is to end."""
    absence: Absence = field(default_factory=Absence)
    """Of the body's database."""
    waits_for_database: bool = False
    """Whether that was what it waited for last."""
    _told: Text | None = None
    _stop_since: float | None = None
    _who: str = field(init=False)

    def __post_init__(self) -> None:
        self._who = f"{self.taken.operation} {self.taken.code}"

    def until_said(self, ask: Callable[[], _T], heard: Heard) -> _T:
        """The answer, once somebody can say. Raises as it is asked and as `heard` does, `Fenced`, `GivenUp`."""
        found = self.until_asked(ask, heard)
        self.over()
        return found

    def until_asked(self, ask: Callable[[], _T], heard: Heard) -> _T:
        """The same, where that alone does not say that it goes on: what it is asked for comes yet."""
        while True:
            try:
                return ask()
            except NOBODY_CAN_SAY as error:
                self.wait(error, heard)

    def until_read(self, ask: Callable[[], _T], heard: Heard) -> _T:
        """The same of what asks tenants.yaml alone: whatever is wrong with that is waited for."""

        def read() -> _T:
            try:
                return ask()
            except MoyaiError as error:
                raise Unreadable from error

        return self.until_said(read, heard)

    def wait(self, error: MoyaiError, heard: Heard) -> None:
        """For a moment and in sight, before it is asked again; for a database, growing ones. Raises as `heard`
        does, `Fenced`, `GivenUp`."""
        moments, self.waits_for_database = 1, isinstance(error, DatabaseAway)
        if self.waits_for_database:
            moments = max(1, round(self.absence.pause / AGAIN_SECONDS))
        for _ in range(moments):
            self._look(error, heard)
            time.sleep(AGAIN_SECONDS)

    def _look(self, error: MoyaiError, heard: Heard) -> None:
        why = why_waits(error)
        lasts = self.troubles.met(self._who, error)
        if why == self._told:
            stands = self.ledger.stands(self.taken)
        else:
            stands = self.ledger.tell_wait(self.taken, document_of(why))
            self._told = why
        if lasts:
            self.ledger.tell(self.taken, stalled(why_stalled(error), stands.now))
        wanted = stands.wanted
        if wanted != "run":
            now = time.monotonic()
            if wanted == "stop" and self._stop_since is None:
                self._stop_since = now
            heard(wanted, now - (now if self._stop_since is None else self._stop_since))
        if self.ending():
            raise GivenUp

    def over(self) -> None:
        """It goes on."""
        self.absence.over()
        if self._told is not None:
            self._told = None
            self.troubles.over(self._who)
            self.ledger.tell_wait(self.taken, None)

    def leave(self) -> None:
        """The carrying is over; what is on record of it stays."""
        self.troubles.leave(self._who)
