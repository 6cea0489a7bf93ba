"""Debts that are settled by something else than the operation that left them, closed with the reason."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from contextlib import suppress

import sqlalchemy as sa

from moyai.errors import MoyaiError
from moyai.operations.database.debts import done_since, hands_on, open_debts, settle
from moyai.planning.fleet.debts import UPGRADE, Debt, Done, settled_by, why_void
from moyai.registry.models import Registry
from moyai.texts import JAPAN, Text

_LOOK_SECONDS = 20.0


class Debts:
    """What one conductor knows of them. For one thread."""

    def __init__(
        self,
        site: str,
        registry: Callable[[], Registry],
        releases: Callable[[Sequence[str]], Mapping[str, Mapping[str, str]]] = lambda _codes: {},
    ) -> None:
        """`releases`: as of `Knowledge`."""
        self._releases = releases
        self._site = site
        self._registry = registry
        self._looked = -_LOOK_SECONDS

    @property
    def is_due(self) -> bool:
        """Whether to look now: now and then."""
        return time.monotonic() - self._looked >= _LOOK_SECONDS

    def look(self, connection: sa.Connection) -> int:
        """Close those that are settled, where a look is due; how many. Raises `MoyaiError` where tenants.yaml
        cannot be read."""
        if not self.is_due:
            return 0
        self._looked = time.monotonic()
        debts, now = open_debts(connection, self._site)
        if now is None:
            return 0
        day, registry = now.astimezone(JAPAN).date(), self._registry()
        done = done_since(connection, self._site, debts)
        taken = hands_on(connection, self._site, sorted({one.code for one in debts}))
        releases, closed = self._running(debts, taken), 0
        for debt in debts:
            by = settled_by(debt, done)
            if by is not None:
                closed += settle(connection, debt, by, _by(by))
            elif (
                debt.code not in taken
            ):  # one that is half-way lacks its end, whatever the file says by now
                why = why_void(debt, registry, day, releases)
                closed += 0 if why is None else settle(connection, debt, None, why)
        return closed

    def _running(
        self, debts: Iterable[Debt], taken: Container[str]
    ) -> Mapping[str, Mapping[str, str]]:
        """What bodies run to which an upgrade is owed, but for those `taken`."""
        owing = {one.code for one in debts if one.kind == UPGRADE}
        codes = sorted(code for code in owing if code not in taken)
        with suppress(MoyaiError):  # the site cannot be read now: at a later look
            return self._releases(codes) if codes else {}
        return {}


def _by(done: Done) -> Text:
    return Text(
        f"{done.operation}（{done.subject}）で行われました",
        f"done by {done.operation} ({done.subject})",
    )
