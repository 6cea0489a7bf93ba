"""Which open month settles what closed ones were corrected by."""

from __future__ import annotations

from dataclasses import dataclass

from moyai.costs.closed_periods import ClosedPeriods
from moyai.costs.ledger.ledger import Ledger
from moyai.costs.ledger.manifest import Manifest
from moyai.costs.periods import Period
from moyai.costs.reckoning import Reckoner
from moyai.errors import UsageError
from moyai.operations.costs.records import open_ledger
from moyai.operations.site.workspace import Workspace
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class Settling:
    """A closed period that comes to something else by now, which no closed one settles."""

    closed: Period
    bearer: Period
    """The open period that bears it."""
    late_of: tuple[Period, ...] = ()
    """It took late costs of these, which are others by now. Empty where its own rows, drivers or invoices were
    corrected."""
    unknown: Text | None = None
    """Why it is not known whether these are others, and what to do; it may come to the same then."""

    @property
    def note(self) -> Text:
        """Which period settles it, and why."""
        if not self.late_of:
            return settlement_note(self.closed, self.bearer)
        those = ", ".join(map(str, self.late_of))
        if self.unknown is not None:
            return Text(
                f"{self.closed} が負担した {those} の遅れた費用がその後に変わったかは、まだ分かりません。"
                f"変わっていれば {self.bearer} で精算します（{self.unknown.ja}）",
                f"whether late costs of {those} that {self.closed} bore were changed since is not known yet; "
                f"where they were, it is settled in {self.bearer} ({self.unknown.en})",
            )
        return Text(
            f"{self.closed} が負担した {those} の遅れた費用は、その後に変わりました。"
            f"{self.bearer} で精算します",
            f"late costs of {those} that {self.closed} bore were changed since: settled in {self.bearer}",
        )


def unsettled(ledger: Ledger, manifest: Manifest, reckoner: Reckoner) -> dict[Period, Settling]:
    """Closed periods that come to something else by now, and that no closed one settles.
    What is on record differs; it may come to the same for all bodies. One that took late costs of a month that
    cannot be reckoned is among them."""
    corrected = _corrected(ledger, manifest)
    bearer = next(iter(corrected.values()), None)
    if bearer is None:
        return {}
    late = reckoner.late_moved_now()
    found = {
        closed: Settling(
            closed, bearer, one.of, None if one.unknown is None else _words(one.unknown)
        )
        for closed, one in late.items()
    }
    return found | {closed: Settling(closed, bearer) for closed in corrected}


def _words(error: UsageError) -> Text:
    """What is wrong and what to do, in brackets behind a sentence."""
    said = [error.what, *([] if error.remedy is None else [error.remedy])]
    ja, en = ("".join(one.ja for one in said), " ".join(one.en for one in said))
    return Text(ja.removesuffix("。"), en.removesuffix("."))


def _corrected(ledger: Ledger, manifest: Manifest) -> dict[Period, Period]:
    """Closed periods whose rows, drivers or invoices were corrected since → who bears that."""
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
    return _corrected(ledger, ledger.manifest()).get(period)


def settlement_note(closed: Period, bearer: Period) -> Text:
    """Which period settles one that was corrected after it was closed."""
    return Text(
        f"{closed} は閉じた後に変わりました。{bearer} で精算します",
        f"{closed} was changed since it was closed: settled in {bearer}",
    )
