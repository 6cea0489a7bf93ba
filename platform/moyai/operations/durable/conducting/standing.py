"""How the bodies of operations stand, kept in memory and read on by what has changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from moyai.operations.database.conducting import FROM_THE_BEGINNING, changed, horizon
from moyai.planning.fleet.states import BodyState


@dataclass(slots=True)
class _Known:
    since: str = FROM_THE_BEGINNING
    """Every transaction before this one had ended when the bodies were read last."""
    bodies: dict[str, BodyState] = field(default_factory=dict)


class Standing:
    """The bodies of the operations that a conductor looks at. For one thread.

    A body's row tells which transaction changed its status last. What a look has to read are the rows of
    transactions that had not ended before the look before: a few, however many bodies there are, and
    never one too little, in whichever order transactions end.
    """

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}

    def of(self, connection: sa.Connection, operation: str) -> Mapping[str, BodyState]:
        """The bodies of one operation as they stand now, by code. Not to be kept over the next look."""
        known = self._known.setdefault(operation, _Known())
        # First the horizon: what ends between the two statements is read twice rather than never.
        following = horizon(connection)
        known.bodies |= changed(connection, operation, known.since)
        known.since = following
        return known.bodies

    def keep_only(self, operations: Iterable[str]) -> None:
        """Forget all others."""
        wanted = frozenset(operations)
        self._known = {one: known for one, known in self._known.items() if one in wanted}

    def forget(self, operation: str | None = None) -> None:
        """Read one operation's, or all, anew at the next look: a look was rolled back, or the server is
        another."""
        if operation is None:
            self._known.clear()
        else:
            self._known.pop(operation, None)
