"""Why bodies wait, put on record where it is not there yet."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from moyai.operations.database.conducting import next_bodies, tell_waits
from moyai.texts import Text

_TOLD_SECONDS = 10.0
"""After so long all are held against the record anew: another worker may have conducted meanwhile."""


class Waiting:
    """The reasons that one conductor has put on record. For one thread."""

    def __init__(self) -> None:
        self._told: dict[str, Mapping[str, Text]] = {}
        self._held: dict[str, float] = {}
        self._unread: dict[str, frozenset[str]] = {}
        """Operation → bodies of which it is on record that nobody can say what they wait for."""

    def told(self, operation: str) -> Mapping[str, Text]:
        """What the bodies of one operation waited for at the look before."""
        return self._told.get(operation, {})

    def tell(self, connection: sa.Connection, operation: str, waits: Mapping[str, Text]) -> None:
        """Write those that are new, with one statement for each sentence: bodies mostly wait for the
        same, and a whole federation's rows are not written for one body that begins."""
        now = time.monotonic()
        again = now - self._held.get(operation, 0.0) > _TOLD_SECONDS
        told = {} if again else self.told(operation)
        codes: dict[Text, list[str]] = {}
        for code, text in waits.items():
            if told.get(code) != text:
                codes.setdefault(text, []).append(code)
        for text, those in codes.items():
            tell_waits(connection, operation, those, text)
        others = self._unread.pop(operation, frozenset()) - waits.keys()
        if others:
            tell_waits(connection, operation, sorted(others), None)
        self._told[operation] = waits
        if again:
            self._held[operation] = now

    def unread(self, connection: sa.Connection, operation: str, why: Text) -> None:
        """Write of the bodies whose turn is next that nobody can say what they wait for."""
        codes = next_bodies(connection, operation)
        tell_waits(connection, operation, sorted(codes), why)
        self._unread[operation] = codes
        self.forget(operation)

    def keep_only(self, operations: Iterable[str]) -> None:
        """Forget all others."""
        wanted = frozenset(operations)
        self._told = {one: told for one, told in self._told.items() if one in wanted}
        self._held = {one: held for one, held in self._held.items() if one in wanted}
        self._unread = {one: codes for one, codes in self._unread.items() if one in wanted}

    def forget(self, operation: str | None = None) -> None:
        """Nothing of one operation's, or of all, is on record for certain: a look was rolled back."""
        for memory in (self._told, self._held):
            if operation is None:
                memory.clear()
            else:
                memory.pop(operation, None)
