"""Which open month settles what closed ones were corrected by."""

from __future__ import annotations

from moyai.costs.closed_periods import ClosedPeriods
from moyai.costs.ledger.ledger import Ledger
from moyai.costs.ledger.manifest import Manifest
from moyai.costs.periods import Period
from moyai.operations.costs import open_ledger
from moyai.operations.workspace import Workspace
from moyai.texts import Text


def unsettled(ledger: Ledger, manifest: Manifest) -> dict[Period, Period]:
    """Closed periods that were corrected since and that no closed one settles → the open period that bears it.
    What is on record differs; it may come to the same for all bodies."""
    periods = ClosedPeriods(ledger, manifest)
    bearer = periods.bearer()
    if bearer is None:
        return {}
    return {closed: bearer for closed, _, _ in periods.corrected(bearer)}


def settles(ledger: Ledger, manifest: Manifest, period: Period) -> bool:
    """Whether one bears what closed ones were corrected by, or did."""
    return any(True for _ in ClosedPeriods(ledger, manifest).corrected(period))


def settled_in(workspace: Workspace, period: Period) -> Period | None:
    """The open period that bears what a closed one was corrected by; None where it is open, or nothing was."""
    ledger = open_ledger(workspace)
    return unsettled(ledger, ledger.manifest()).get(period)


def settlement_note(closed: Period, bearer: Period) -> Text:
    """Which period settles a closed one, as of `unsettled`."""
    return Text(
        f"{closed} は閉じた後に変わりました。{bearer} で精算します",
        f"{closed} was changed since it was closed: settled in {bearer}",
    )
