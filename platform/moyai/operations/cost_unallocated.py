"""Where costs that nobody bears are on record."""

from __future__ import annotations

from collections.abc import Iterator

from moyai.costs.apportion.allocation import Unallocated
from moyai.costs.ledger.query import CostRow, rows_of
from moyai.costs.reckoned import Reckoned
from moyai.operations.cost_periods import Opened
from moyai.registry.cost_rules import Condition

MOST = 20
"""Of how many the row is looked for."""


def first_rows(opened: Opened, made: Reckoned) -> tuple[CostRow | None, ...]:
    """A row of each cost that nobody bears, of the first `MOST` of them: the one with the least line in the
    first file by hash. None of what a pool left, which is no row's."""
    return tuple(_first_rows(opened, made))


def _first_rows(opened: Opened, made: Reckoned) -> Iterator[CostRow | None]:
    for one in made.allocation.unallocated[:MOST]:
        basis = made.basis
        if one.settled is not None:
            basis = opened.manifest.part(one.settled).current(one.settled)
        if one.pool is not None:
            yield None
            continue
        wanted = [Condition(column, (value,)) for column, value in one.values.items()]
        found = rows_of(opened.ledger.store, basis, wanted, 1)
        yield next((row for row in found if _is_of(row, one)), None)


def _is_of(row: CostRow, one: Unallocated) -> bool:
    """Whether it is: a value that ends in `*` matches others, too."""
    return all(
        value is None or not value.endswith("*") or row.columns.get(column) == value
        for column, value in one.values.items()
    )
