"""Costs put on record: files of this machine, exports in S3, and what Cost Explorer says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from moyai.costs.closed_periods import ClosedPeriods
from moyai.costs.disk import temporary_folder
from moyai.costs.intake.files import Told
from moyai.costs.invoice_rows import Differing, corrected, differing, sort_rows
from moyai.costs.ledger.imported import Imported, Outcome
from moyai.costs.ledger.imports import Origin, Report, Wish, import_files
from moyai.costs.ledger.ledger import DOWNLOADS, Ledger
from moyai.costs.ledger.manifest import Basis, Manifest
from moyai.costs.ledger.query import group_rows
from moyai.costs.periods import period_of
from moyai.engine.aws import cost_explorer
from moyai.engine.aws.cost_explorer import Granularity
from moyai.engine.aws.cost_exports import Delivery, Exports, Place, place_of
from moyai.engine.aws.sessions import s3_client
from moyai.errors import NOTHING_TOUCHED, UsageError
from moyai.operations.costs.records import codes_of, open_ledger
from moyai.operations.site.workspace import Workspace
from moyai.texts import Text

_S3 = "s3://"
_EXPLORED = "cost-explorer.csv"
"""As the ledger calls what Cost Explorer said, in each period."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be put on record."""

    files: tuple[str, ...]
    """Paths, and places of exports: `s3://bucket/prefix`."""
    replaces: str | None = None
    """As in `Wish`."""
    explored: str | None = None
    """The period that Cost Explorer is asked of."""
    granularity: Granularity = Granularity.MONTHLY


def import_costs(
    workspace: Workspace, asked: Asked, wait_seconds: float, told: Told
) -> tuple[Imported, ...]:
    """Put all that is asked for on record, or nothing.

    Raises as `import_files`, `Refused` where another writer does not end, `UsageError` and
    `OperationFailed` for exports as `Exports` and `explore` do.
    """
    _check(asked)
    ledger = open_ledger(workspace)
    with _downloads(ledger) as folder:
        wish = _wish(workspace, ledger, asked, folder, told)
        with ledger.writing("moyai cost import", wait_seconds) as writer:
            found = import_files(writer, wish, told)
            return _with_settlements(ledger, writer.manifest, found)


_CORRECTIONS = frozenset({Outcome.CORRECTION, Outcome.WITHDRAWN})


def _with_settlements(
    ledger: Ledger, manifest: Manifest, found: tuple[Imported, ...]
) -> tuple[Imported, ...]:
    """The same, with the periods that settle closed ones, and the invoices of those that files corrected,
    where rows fit them no longer."""
    last = {one.period: at for at, one in enumerate(found) if one.outcome in _CORRECTIONS}
    if not any(manifest.part(period).closed for period in last):
        return found
    periods = ClosedPeriods(ledger, manifest)
    bearer = periods.bearer()
    assert bearer is not None
    told = list(found)
    for period, before, after in periods.corrected(bearer):
        if period in last:
            pair = (_differing(ledger, before), _differing(ledger, after))
            at = last[period]
            told[at] = replace(told[at], settled_in=bearer, corrected=corrected(period, *pair))
    return tuple(told)


def _differing(ledger: Ledger, basis: Basis) -> tuple[Differing, ...]:
    accounts, _ = sort_rows(group_rows(ledger.store, basis, ()), basis.invoices)
    return tuple(one for one in differing(accounts.values()) if not one.is_rounding)


def _check(asked: Asked) -> None:
    if not asked.files and asked.explored is None:
        raise UsageError(
            Text(
                "取り込むファイルか --cost-explorer を示してください。",
                "name files to import, or --cost-explorer.",
            ),
            touched=NOTHING_TOUCHED,
        )
    is_one = len(asked.files) == 1 and asked.explored is None
    if asked.replaces is not None and not (is_one and not asked.files[0].startswith(_S3)):
        raise UsageError(
            Text(
                "--replaces は、ファイルを1つだけ取り込むときに使います。",
                "--replaces goes with one file only.",
            )
        )


@contextmanager
def _downloads(ledger: Ledger) -> Iterator[Path]:
    """A private folder on the disk of the ledger's own files."""
    with temporary_folder(ledger.store.work, DOWNLOADS) as folder:
        yield folder


def _wish(workspace: Workspace, ledger: Ledger, asked: Asked, folder: Path, told: Told) -> Wish:
    files = [Path(one) for one in asked.files if not one.startswith(_S3)]
    origins: dict[Path, Origin] = {}
    reports: list[Report] = []
    for number, one in enumerate(x for x in asked.files if x.startswith(_S3)):
        below = folder / str(number)
        below.mkdir(mode=0o700)
        found, report = _fetched(workspace, ledger, place_of(one), below, told)
        origins |= found
        reports += report
    if asked.explored is not None:
        origins |= _explored(workspace, asked, folder, told)
    registry = workspace.registry
    return Wish(
        (*files, *origins),
        asked.replaces,
        codes_of(registry),
        frozenset(registry.services),
        origins,
        tuple(reports),
    )


def _fetched(
    workspace: Workspace, ledger: Ledger, place: Place, folder: Path, told: Told
) -> tuple[dict[Path, Origin], list[Report]]:
    """Every part of the newest deliveries that is not on record as it is."""
    exports = Exports(s3_client(workspace.runtime.environment(), place.query), place)
    manifest = ledger.manifest()
    origins: dict[Path, Origin] = {}
    reports: list[Report] = []
    for delivery in exports.deliveries():
        report = _report(delivery)
        there = report.unchanged(manifest)
        for part in delivery.parts:
            if part.key in there:
                continue
            told(part.key, Text("取得しています", "fetching"))
            own = folder / str(len(origins))
            own.mkdir(mode=0o700)
            origins[exports.fetch(part, own)] = Origin(part.key, part.etag)
        reports.append(report)
    return origins, reports


def _report(delivery: Delivery) -> Report:
    parts = {part.key: part.etag for part in delivery.parts}
    return Report(delivery.period, delivery.folder, parts)


def _explored(workspace: Workspace, asked: Asked, folder: Path, told: Told) -> dict[Path, Origin]:
    assert asked.explored is not None
    period = period_of(asked.explored)
    told(_EXPLORED, Text("Cost Explorer に問い合わせています", "asking Cost Explorer"))
    client = cost_explorer.client_of(workspace.runtime.environment())
    found = cost_explorer.explore(client, period, asked.granularity)
    if found.estimated:
        told(
            _EXPLORED,
            Text(
                f"AWS は {period} の費用をまだ見込み（Estimated）としています。請求が確定したら、"
                "もう一度取り込んでください",
                f"AWS still calls costs of {period} an estimate; import them again once the bill is "
                "final",
            ),
        )
    path = folder / _EXPLORED
    cost_explorer.write(found, path)
    return {path: Origin(_EXPLORED)}
