"""How long a body will take, from how long bodies took. Pure. Seconds are whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LAST = 5


@dataclass(frozen=True, slots=True)
class Measured:
    """How long a body took that ended well, from its first step to its last."""

    kind: str
    subject: str
    """As in the plan, `eapp-a 1.1.0`: its first word is the service."""
    code: str | None
    """None: a body that has left."""
    seconds: int


def service_of(subject: str) -> str:
    """The part of an operation's subject that says what its time depends on."""
    return subject.partition(" ")[0]


def forecast_seconds(
    kind: str, subject: str, codes: Sequence[str], history: Iterable[Measured], assumed: int
) -> dict[str, int]:
    """Seconds for each body: of its own last five of this kind and service the longest; else of all
    bodies' the 90th percentile (nearest rank); else `assumed`. `history`: oldest first."""
    own: dict[str, list[int]] = {}
    every: list[int] = []
    for row in history:
        if (row.kind, service_of(row.subject)) == (kind, service_of(subject)):
            every.append(row.seconds)
            if row.code is not None:
                own.setdefault(row.code, []).append(row.seconds)
    usual = _ninetieth(every) if every else assumed
    return {code: max(own[code][-LAST:]) if code in own else usual for code in codes}


def _ninetieth(seconds: list[int]) -> int:
    return sorted(seconds)[-(-len(seconds) * 9 // 10) - 1]
