"""Whether the operations database is older than what this host and the vault know: then it was brought back
from a copy, and nothing may be begun or carried on as if nothing had been done since."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import sqlalchemy as sa

from moyai.engine.files import private_folder, write_private
from moyai.errors import MoyaiError
from moyai.operations.audit.behind import look
from moyai.operations.audit.vault import NoVault
from moyai.operations.database.epochs import Mark, behind, found_behind, is_older, mark
from moyai.operations.durable.knowledge import Knowledge

_FILE = "newest.json"
_COMPARE_SECONDS = 20.0
"""Between two tries to compare with a vault that did not answer."""


@dataclass(slots=True)
class Past:
    """What one worker knows of it. `compare` at its start, then `look` from time to time."""

    engine: sa.Engine
    knowledge: Knowledge
    tell: Callable[[str], None]
    """A line of the worker's log."""
    _said: str = field(default="", init=False)
    _kept: Mark | None = field(default=None, init=False)
    _next: float | None = field(default=None, init=False)
    """When the vault is asked again; None: it was asked."""

    def compare(self) -> None:
        """Compare with what is known, and put on record where the database is older. Raises
        `sqlalchemy.exc.DBAPIError`."""
        file = self._file()
        known = None if file is None else recall(file)
        with self.engine.begin() as connection:
            if known is not None and behind(connection) is None and is_older(connection, known):
                found_behind(connection, {"by": "host"})
        self._ask_vault()
        self._tell()

    def look(self) -> None:
        """Say once that the database is older; else remember how far it has come. Raises as `compare`."""
        if self._next is not None and time.monotonic() >= self._next:
            self._ask_vault()
        if self._tell():
            return
        with self.engine.connect() as connection:
            now = mark(connection)
        file = self._file()
        if file is not None and now is not None and now != self._kept:
            with suppress(OSError):  # a full disk: what it remembers is older than it could be
                remember(file, now)
                self._kept = now

    def _ask_vault(self) -> None:
        """A vault that does not answer is asked again: nobody waits for it."""
        self._next = None
        if self.knowledge.vault is None:
            return
        try:
            look(self.engine, self.knowledge.vault())
        except NoVault:
            return  # nothing was ever anchored there
        except MoyaiError as error:
            self._next = time.monotonic() + _COMPARE_SECONDS
            self.tell(f"cannot compare the database with its anchors yet: {error.what.en}")

    def _tell(self) -> bool:
        with self.engine.connect() as connection:
            found = behind(connection)
        words = "" if found is None else found.words().en
        if words != self._said:
            self.tell(words or "the database was declared to be restored: goes on")
        self._said = words
        return found is not None

    def _file(self) -> Path | None:
        if self.knowledge.home is None:
            return None
        try:
            return self.knowledge.home() / "operations" / _FILE
        except MoyaiError:
            return None


def remember(file: Path, known: Mark) -> None:
    """Keep on this host how far the database has come. Raises `OSError`."""
    private_folder(file.parent)
    write_private(file, json.dumps(asdict(known)).encode())


def recall(file: Path) -> Mark | None:
    """How far it had come, as far as this host knows; None where nothing can be read."""
    try:
        return Mark(**json.loads(file.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
