"""What a worker does again and again beside its bodies: each in a thread of its own, which no fault ends."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import psycopg
import sqlalchemy as sa

from moyai.errors import MoyaiError
from moyai.operations.database.lost import is_lost
from moyai.operations.durable.carrying.failures import bug
from moyai.operations.durable.living.processes import Tell

Repeated = Callable[[], float | None]
"""One look; seconds until the next where that is to be another time than usual."""


@dataclass(slots=True)
class Routine:
    """One of them. What keeps it from its work is said once, and once that it is over."""

    name: str
    """In the log, and of the thread."""
    seconds: float
    """Between two looks."""
    look: Repeated
    tell: Tell
    wait: Callable[[float], object]
    """Waits so many seconds; less where there is reason to look, or the worker ends."""
    _trouble: str = field(default="", init=False)

    def start(self, ending: threading.Event) -> threading.Thread:
        """Begin; it goes on until `ending`."""
        thread = threading.Thread(target=self._run, args=(ending,), name=self.name, daemon=True)
        thread.start()
        return thread

    def _run(self, ending: threading.Event) -> None:
        while not ending.is_set():
            self.wait(self.once())

    def once(self) -> float:
        """One look, whatever becomes of it; seconds until the next."""
        try:
            seconds = self.look()
        except (sa.exc.DBAPIError, psycopg.Error) as error:
            said = "the operations database is away" if is_lost(error) else _primary(error)
        except MoyaiError as error:
            said = error.what.en
        except Exception as error:  # a worker that conducts no more would not be missed
            said = bug(error).what.en
        else:
            self._say("")
            return self.seconds if seconds is None else seconds
        self._say(said)
        return self.seconds

    def _say(self, trouble: str) -> None:
        if trouble != self._trouble:
            self.tell(f"{self.name}: {trouble or 'works again'}")
        self._trouble = trouble


def _primary(error: sa.exc.DBAPIError | psycopg.Error) -> str:
    """The server's first sentence: it names tables and roles, and quotes no row."""
    cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    diagnostics = getattr(cause, "diag", None)
    return f"{type(cause).__name__}: {getattr(diagnostics, 'message_primary', None)}"
