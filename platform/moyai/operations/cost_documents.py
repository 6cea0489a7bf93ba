"""Statements and requests for bodies, and the overview for the secretariat, as files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from moyai.costs.documents.write import Kind, Written, write_overview, write_statement
from moyai.costs.ledger.manifest import Manifest
from moyai.costs.periods import Period, period_of
from moyai.costs.reckoning import Reckoned, sharing_of
from moyai.costs.statements.overview import Month, Surroundings, month_of, overview
from moyai.costs.statements.request import request
from moyai.costs.statements.statement import Basis, Issue, issue
from moyai.errors import NOTHING_TOUCHED, UsageError
from moyai.operations.cost_periods import Opened, open_costs, reckoned
from moyai.operations.workspace import today
from moyai.planning.selectors import select
from moyai.texts import JAPAN, Lang, Text

ALONE = "alone"
"""The driver that says what a period would cost a body, procuring alone, in yen."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which documents, and where to."""

    period: str
    folder: Path
    formats: tuple[Kind, ...]
    lang: Lang
    issued_on: date | None
    """None: the day on which the period was closed, or today."""


def statements(
    file: Path | None, site: str, asked: Asked, selector: str
) -> Iterator[tuple[str, list[Written]]]:
    """Write the statements and requests of the selected bodies that bear something; each body's code and
    files as they are done.

    Raises as `allocation`, `UsageError` where none of them bears anything, `OperationFailed` where a file
    cannot be written.
    """
    opened = open_costs(file, site)
    made = reckoned(opened, period_of(asked.period))
    found = _issue(opened.manifest, made, asked.issued_on)
    registry = opened.workspace.registry
    chosen = {body.code for body in select(registry, selector, made.basis.period.first)}
    wanted = [one for one in found.statements if one.code in chosen]
    if not wanted:
        raise _nobody(made.basis.period)
    inputs = made.inputs
    for one in wanted:
        asks = request(one, inputs.instalments, inputs.fiscal_year_start)
        yield (
            one.code,
            write_statement(one, asks, asked.folder, asked.formats, asked.lang, inputs.names),
        )


def report(file: Path | None, site: str, asked: Asked) -> list[Written]:
    """Write the secretariat's overview of a period. Raises as `statements`."""
    opened = open_costs(file, site)
    made = reckoned(opened, period_of(asked.period))
    sharing = sharing_of(opened.workspace.registry)
    members = made.inputs.members
    around = Surroundings(
        populations=members.populations,
        earlier=tuple(_earlier(opened, made)),
        budgets=sharing.budgets,
        alone={code: int(yen) for code, yen in members.drivers.get(ALONE, {}).items()},
        quantities=members.drivers,
        year_start=made.inputs.fiscal_year_start,
    )
    shown = overview(_issue(opened.manifest, made, asked.issued_on), around)
    return write_overview(shown, asked.folder, asked.formats, asked.lang, made.inputs.names)


def _issue(manifest: Manifest, made: Reckoned, issued_on: date | None) -> Issue:
    inputs = made.inputs
    day = issued_on or _closing_day(manifest, made.basis.period) or today()
    basis = Basis(day, made.basis.state, inputs.rules_sha256)
    return issue(
        made.allocation,
        inputs.rules,
        inputs.issuer,
        inputs.names,
        basis,
        inputs.tax_carried_in,
        inputs.fiscal_year_start,
    )


def _closing_day(manifest: Manifest, period: Period) -> date | None:
    """The day in Japan on which a period was closed."""
    closed = manifest.part(period).closed
    return None if closed is None else datetime.fromisoformat(closed.at).astimezone(JAPAN).date()


def _earlier(opened: Opened, made: Reckoned) -> Iterator[Month]:
    """What earlier periods of the same fiscal year came to, where they are on record."""
    year = made.basis.period.fiscal_year(made.inputs.fiscal_year_start)
    reckoner = opened.reckoner()
    for period in _on_record(opened.manifest, made.basis.period):
        if period.fiscal_year(made.inputs.fiscal_year_start) == year:
            yield month_of(_issue(opened.manifest, reckoner.reckon(period), None))


def _on_record(manifest: Manifest, before: Period) -> Iterable[Period]:
    return (
        period
        for period in sorted(manifest.periods)
        if period < before and manifest.part(period).current(period).sources
    )


def _nobody(period: Period) -> UsageError:
    return UsageError(
        Text(
            f"{period} に、選んだ団体の負担はありません。",
            f"none of the selected bodies bears anything in {period}.",
        ),
        touched=NOTHING_TOUCHED,
    )
