"""What a period comes to, with tax, by who bears it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from moyai.costs.apportion.allocation import Allocation, PayerKind
from moyai.costs.statements.taxes import Taxes


class Elsewhere(StrEnum):
    """What bodies do not bear."""

    UNALLOCATED = "unallocated"
    SUBSIDY = "subsidy"
    CARRY = "carry"


@dataclass(frozen=True, slots=True)
class Sums:
    """Whole yen, their tax included, so that rule sets that treat it differently can be compared: where
    contributions are outside its scope it is part of the cost."""

    bodies: Mapping[str, int]
    """Code → yen."""
    elsewhere: Mapping[Elsewhere, int]
    """Yen of each; together with the bodies' all that there is to bear."""


def sums_of(made: Allocation, taxes: Taxes) -> Sums:
    """An allocation with its taxes."""
    by_kind = dict.fromkeys(PayerKind, 0)
    bodies: dict[str, int] = {}
    for payer in taxes.by_payer:
        yen = taxes.gross_of(payer)
        by_kind[payer.kind] += yen
        if payer.kind is PayerKind.BODY:
            bodies[payer.name] = yen
    return Sums(
        bodies,
        {
            Elsewhere.UNALLOCATED: made.unallocated_jpy + taxes.unallocated,
            Elsewhere.SUBSIDY: by_kind[PayerKind.SUBSIDY],
            Elsewhere.CARRY: by_kind[PayerKind.CARRY] + sum(taxes.carried.values()),
        },
    )
