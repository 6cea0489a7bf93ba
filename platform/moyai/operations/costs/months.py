"""The months of a fiscal year: what each asked bodies for, as its statements say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from moyai.costs.closed_periods import ClosedPeriods
from moyai.costs.ledger.manifest import Manifest
from moyai.costs.periods import Period
from moyai.costs.reckoned import Reckoned
from moyai.costs.statements.months import Month, month_of
from moyai.costs.statements.statement import Basis, Issue, issue
from moyai.operations.costs.periods import Opened
from moyai.operations.site.places import today
from moyai.texts import JAPAN


def issue_of(manifest: Manifest, made: Reckoned, issued_on: date | None) -> Issue:
    """A period's statements; None: issued on the day on which it was closed, or today."""
    return _issue(manifest, made, issued_on, (made.allocation_sha256, made.asked_sha256))


@dataclass(frozen=True, slots=True)
class Known:
    """A month on record."""

    asked: Month
    """What its statements come to."""
    regular: Month
    """The same without settlements and late costs of closed months, which are there once."""


def known_month(opened: Opened, made: Reckoned) -> Known:
    """What a period's statements come to, and would without what is there once."""
    asked = _month_at(opened.manifest, made)
    if not made.settlements:
        return Known(asked, asked)
    return Known(asked, _month_at(opened.manifest, opened.reckoner().otherwise(made)))


def _month_at(manifest: Manifest, made: Reckoned) -> Month:
    return month_of(_issue(manifest, made, None, _NOT_NAMED))


_NOT_NAMED = ("", "")
"""The hashes of what no document is written of: they take as long as to divide the costs."""


def _issue(
    manifest: Manifest, made: Reckoned, issued_on: date | None, hashes: tuple[str, str]
) -> Issue:
    inputs = made.inputs
    day = issued_on or _closing_day(made) or today()
    closed = manifest.part(made.basis.period).closed is not None
    basis = Basis(day, made.basis.state, inputs.rules_sha256, *hashes, closed)
    return issue(
        made.allocation,
        inputs.rules,
        inputs.issuer,
        inputs.names,
        basis,
        inputs.tax_carried_in,
        inputs.fiscal_year_start,
    )


def _closing_day(made: Reckoned) -> date | None:
    """The day in Japan on which a period was closed."""
    at = made.closed_at
    return None if at is None else datetime.fromisoformat(at).astimezone(JAPAN).date()


def earlier_months(opened: Opened, made: Reckoned) -> Iterator[Known]:
    """What earlier periods of the same fiscal year came to, where they are on record."""
    closed = ClosedPeriods(opened.ledger, opened.manifest)
    year_start = made.inputs.fiscal_year_start
    yield from _months(opened, closed.of_year_before(made.basis.period, year_start))


def months_beside(opened: Opened, made: Reckoned) -> Iterator[Known]:
    """The same as of `earlier_months`, but of a closed period those that were on record when it was closed: its
    documents stay as they are. Each of them was closed before it."""
    yield from _months(opened, made.inputs.earlier)


def _months(opened: Opened, periods: Iterable[Period]) -> Iterator[Known]:
    reckoner = opened.reckoner()
    for period in periods:
        yield known_month(opened, reckoner.reckon(period))
