"""A period divided, with what is odd about it, and where its fiscal year's budgets stand after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from moyai.costs.analysis.budgets import budget_states
from moyai.costs.ledger.query import CostRow
from moyai.costs.periods import period_of
from moyai.costs.reckoned import Reckoned
from moyai.costs.statements.overview import BudgetRow
from moyai.errors import UsageError
from moyai.operations.costs.corrections import Settling, unsettled
from moyai.operations.costs.fee_findings import fee_notes
from moyai.operations.costs.months import Known, known_month, months_beside
from moyai.operations.costs.periods import Opened, open_costs, reckoned
from moyai.operations.costs.unallocated import first_rows
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class Allocated:
    """A period divided, and the budgets of its fiscal year."""

    reckoned: Reckoned
    budgets: tuple[BudgetRow, ...]
    notes: tuple[Text, ...]
    """What a reader may not expect of it, beside what its pools and invoices say."""
    settling: Settling | None
    """How an open period settles what this closed one comes to since."""
    first_rows: tuple[CostRow | None, ...]
    """As `first_rows`, of what nobody bears."""
    unknown: Text | None = None
    """Why it is not known where they stand: a month before this one cannot be reckoned."""


def allocation(file: Path | None, site: str, period: str) -> Allocated:
    """A period divided: as it was closed, or as it stands.

    Raises `RegistryError`, `UsageError`, and `OperationFailed` where a closed one does not come out the same.
    """
    opened = open_costs(file, site)
    when = period_of(period)
    made = reckoned(opened, when)
    notes = tuple(fee_notes(opened.workspace.registry, opened.manifest, when))
    settling = unsettled(opened.ledger, opened.manifest, opened.reckoner()).get(when)
    rows = first_rows(opened, made)
    try:
        return Allocated(made, _budgets(opened, made), notes, settling, rows)
    except UsageError as error:
        return Allocated(made, (), notes, settling, rows, error.what)


def states_of(made: Reckoned, months: Sequence[Known]) -> tuple[BudgetRow, ...]:
    """Where its budgets stand after the last of the fiscal year's months, which is `made`."""
    return budget_states(
        made.inputs.budgets,
        [one.asked for one in months],
        made.inputs.rules.services,
        made.inputs.fiscal_year_start,
        [one.regular for one in months],
    )


def _budgets(opened: Opened, made: Reckoned) -> tuple[BudgetRow, ...]:
    if not made.inputs.budgets:
        return ()  # months before this one are reckoned for budgets only
    return states_of(made, (*months_beside(opened, made), known_month(opened, made)))
