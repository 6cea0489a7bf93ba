"""What sharing a pool comes to, while it is worked out."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from moyai.costs.apportion.allocation import Line, Payer, PayerKind, Unallocated
from moyai.costs.apportion.rounding import Exact, Rounded
from moyai.registry.cost_rules import Pool
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class PartsShared:
    """How a pool's parts, or set amounts that were reduced, came to whole yen."""

    exact: Exact
    """Within least and most."""
    rounded: Rounded
    """To the unit; what that left is borne by the rule."""


@dataclass(slots=True)
class Shared:
    """What a pool came to: lines by payer, in the order in which they arose."""

    lines: dict[Payer, list[Line]] = field(default_factory=dict)
    unallocated: list[Unallocated] = field(default_factory=list)
    notes: list[Text] = field(default_factory=list)
    parts: PartsShared | None = None
    """None where nothing was shared by parts, or reduced."""
    set_by_rule: int = 0
    """Yen that fixed amounts and base fees come to by the rules."""

    def add(self, payer: Payer, line: Line) -> None:
        """A line more; one of ¥0 only where it shows how an amount was come to."""
        if line.jpy or line.parts or line.by_rule:
            self.lines.setdefault(payer, []).append(line)

    def leave(self, pool: Pool, jpy: int, reason: Text) -> None:
        """Yen that nobody bears."""
        if jpy:
            self.unallocated.append(Unallocated(reason, pool.name, {}, jpy, 0))

    def of_bodies(self) -> dict[str, int]:
        """Body → yen so far."""
        return {
            payer.name: sum(line.jpy for line in lines)
            for payer, lines in self.lines.items()
            if payer.kind is PayerKind.BODY
        }


@lru_cache(maxsize=10_000)
def body(code: str) -> Payer:
    """A body as a payer."""
    return Payer(PayerKind.BODY, code)
