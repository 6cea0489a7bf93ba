"""Where costs that nobody bears are on record."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from moyai.costs.apportion.allocation import Unallocated
from moyai.costs.apportion.inputs import likeness
from moyai.costs.ledger.query import CostRow
from moyai.costs.ledger.tracing import row_at
from moyai.costs.reckoned import Reckoned
from moyai.operations.costs.periods import Opened

MOST = 20
"""Of how many the row is looked for."""
_FIRST = Fraction(1, 10**40)
"""A place in the first of rows: their amounts have 38 digits at the most."""


def first_rows(opened: Opened, made: Reckoned) -> tuple[CostRow | None, ...]:
    """A row of each cost that nobody bears, of the first `MOST`: by hash and line, those above zero first.
    None of what a pool left, which is no row's."""
    return tuple(_first_rows(opened, made))


def _first_rows(opened: Opened, made: Reckoned) -> Iterator[CostRow | None]:
    reckoner = opened.reckoner()
    for one in made.allocation.unallocated[:MOST]:
        of = made
        if one.settled is not None:
            _, of = reckoner.steps(one.settled, made.basis.period)
        yield None if one.pool is not None else _first_row(opened, of, one)


def _first_row(opened: Opened, made: Reckoned, one: Unallocated) -> CostRow | None:
    [rate] = one.by_rate
    alike = likeness(one.values)
    pairs = zip(made.converted.bill.buckets, made.converted.origins, strict=True)
    group = next(
        origin.group
        for bucket, origin in pairs
        if bucket.caught is None and bucket.rate == rate and likeness(bucket.values) == alike
    )
    inputs = made.inputs
    return row_at(
        opened.ledger.store, made.basis, inputs.rules, inputs.members.names, group, _FIRST
    )
