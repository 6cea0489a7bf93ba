"""Heads of audit chains put into the vault: by a worker from time to time, by a person now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import sqlalchemy as sa

from moyai.audit.anchors import Anchor
from moyai.errors import MoyaiError
from moyai.operations.audit.behind import look
from moyai.operations.audit.vault import Vault
from moyai.operations.database.anchoring import ANCHORS, anchored, early, moved, my_turn, soon
from moyai.operations.database.epochs import behind, behind_refused

_AGAIN_SECONDS = 300.0
"""After a round that failed."""
_EARLY_SECONDS = 60.0
"""Between two rounds that approvals, holds and ends of operations ask for, at least."""


def anchor_now(engine: sa.Engine, vault: Vault) -> tuple[Anchor, ...]:
    """Anchor every head that has moved, and those whose lock is half over; which.

    What is begun again, or done twice at once, puts a second version of the same object. Raises `NoVault`,
    `OperationFailed`: what was put by then is on record; `Refused` where the database is known to be an older
    copy.
    """
    with engine.connect() as connection:
        if behind(connection) is not None:
            raise behind_refused()
    return _put(engine, vault, _wanted(engine, vault))


def _wanted(engine: sa.Engine, vault: Vault) -> tuple[Anchor, ...]:
    days = vault.lock_days()
    with engine.connect() as connection:
        return moved(connection, vault.bucket, days // 2)


def _put(engine: sa.Engine, vault: Vault, found: tuple[Anchor, ...]) -> tuple[Anchor, ...]:
    for anchor in found:
        version = vault.put(anchor)
        with engine.begin() as connection:
            anchored(connection, anchor, vault.bucket, version)
    return found


@dataclass(slots=True)
class Anchoring:
    """A worker's part: one worker at a time, as often as the settings say, and soon after an operation was
    approved, was held or has ended."""

    engine: sa.Engine
    vault: Callable[[], Vault]
    """Raises `MoyaiError` where the site does not answer."""
    minutes: Callable[[], int]
    """Raises `MoyaiError` where tenants.yaml cannot be read."""
    tell: Callable[[str], None]
    """A line for the worker's log."""
    _said: str = field(default="", init=False)

    def look(self) -> None:
        """Anchor where it is this worker's turn. Raises `sqlalchemy.exc.DBAPIError`."""
        try:
            seconds = 60.0 * self.minutes()
            with self.engine.begin() as connection:
                if not my_turn(connection, ANCHORS, seconds) and not early(
                    connection, _EARLY_SECONDS
                ):
                    return
            self._anchor()
        except MoyaiError as error:
            words = " ".join(error.lines("en"))
            if words != self._said:
                self._said = words
                self.tell(words)

    def _anchor(self) -> None:
        """A database that is older than the vault is said to be, and not anchored."""
        try:
            vault = self.vault()
            found = _wanted(self.engine, vault)
            if not look(self.engine, vault, (one.chain for one in found)):
                _put(self.engine, vault, found)
        except MoyaiError:
            with self.engine.begin() as connection:
                soon(connection, ANCHORS, _AGAIN_SECONDS)
            raise
        self._said = ""
