"""Usage drivers from the platform's own metering: what each body stored and did in a period."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from moyai.costs.intake.drivers import COLUMNS, DriverRow, load_drivers
from moyai.costs.intake.files import Told
from moyai.costs.ledger.imported import Imported
from moyai.costs.ledger.imports import Origin, Wish, import_files
from moyai.costs.ledger.ledger import Writer
from moyai.costs.periods import Period, period_of
from moyai.engine.aws.request_counts import RequestCounts
from moyai.errors import NOTHING_TOUCHED, MoyaiError, OperationFailed, UsageError
from moyai.operations.costs.records import codes_of, open_ledger
from moyai.operations.inside.jobs import Inside
from moyai.operations.site.places import today
from moyai.operations.site.session import Session
from moyai.operations.site.workspace import Workspace
from moyai.planning import names
from moyai.planning.routes import WAYS
from moyai.planning.selectors import select
from moyai.planning.topology import TENANT
from moyai.registry.models import Tenant
from moyai.service_meters import REQUESTS, STORAGE
from moyai.texts import Text, counted

_AT_ONCE = 8
_SHOWN = 5
"""Failures that are told with their reasons."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One quantity of one body's use of one service."""

    code: str
    service: str
    meter: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Metered:
    """What was measured, and what became of it in the ledger."""

    period: Period
    measured: tuple[Measured, ...]
    uncounted: tuple[tuple[str, str], ...]
    """Code and service whose requests nobody counted: they have no such driver."""
    absent: tuple[str, ...]
    """Codes of selected bodies with subscriptions and without an environment."""
    imported: Imported


@dataclass(frozen=True, slots=True)
class _Use:
    """One body's service on a site."""

    body: Tenant
    service: str
    outputs: Mapping[str, Any]

    @property
    def release(self) -> str:
        return str(self.outputs["services"][self.service]["release"])


def driver_of(measured: Measured) -> tuple[str, str]:
    """The drivers that a quantity is part of: the service's own, and that of all its services."""
    return f"{measured.service}.{measured.meter}", measured.meter


def meter(session: Session, period: str, selector: str, wait_seconds: float, told: Told) -> Metered:
    """Measure the selected bodies and put it on record as the source `metering-<site>` of the period; what
    is on record there of other bodies stays.

    Raises `UsageError` for a period to come and a selector that names nothing, `OperationFailed` where one
    measurement fails: nothing is on record then. `Refused` where another writer does not end.
    """
    workspace, when = session.workspace, period_of(period)
    source = f"metering-{workspace.site.name}"
    if when.first > today():
        raise UsageError(
            Text(f"{when} はまだ始まっていません。", f"{when} has not begun yet."),
            touched=NOTHING_TOUCHED,
        )
    if when.end > today():
        told(source, Text(f"{when} はまだ終わっていません", f"{when} is not over yet"))
    bodies = select(workspace.registry, selector, min(today(), when.end - timedelta(days=1)))
    uses, absent = _uses(session, bodies)
    session.make_ready()
    measured, uncounted = _measure(workspace, uses, when, told)
    with open_ledger(workspace).writing("moyai cost meter", wait_seconds) as writer:
        rows = _rows(writer, when, source, {body.code for body in bodies}, measured)
        path = writer.folder / "metering.csv"
        _write(path, when, rows)
        origins = {path: Origin(source)}
        wish = Wish((path,), bodies=codes_of(workspace.registry), origins=origins)
        (imported,) = import_files(writer, wish, told)
    return Metered(when, measured, uncounted, absent, imported)


def _uses(session: Session, bodies: Iterable[Tenant]) -> tuple[list[_Use], tuple[str, ...]]:
    """What there is to be measured, and codes of bodies that have no environment."""
    known = session.workspace.registry.services
    subscribing = [body for body in bodies if body.subscriptions]
    outputs = session.state.outputs_of(TENANT, [body.code for body in subscribing])
    uses: list[_Use] = []
    absent: list[str] = []
    for body in subscribing:
        services = outputs.get(body.code, {}).get("services")
        if not isinstance(services, dict):
            absent.append(body.code)
            continue
        uses += [_Use(body, one, outputs[body.code]) for one in sorted(services) if one in known]
    if not uses:
        raise OperationFailed(
            Text("計量する環境がありません。", "there is no environment to be metered."),
            touched=NOTHING_TOUCHED,
            remedy=Text("moyai deploy で作れます。", "moyai deploy makes them."),
        )
    return uses, tuple(absent)


def _measure(
    workspace: Workspace, uses: list[_Use], period: Period, told: Told
) -> tuple[tuple[Measured, ...], tuple[tuple[str, str], ...]]:
    environment = workspace.runtime.environment()
    inside = Inside(workspace.site, environment)
    counts = RequestCounts(environment, workspace.site.region)

    def one(use: _Use) -> list[Measured] | MoyaiError:
        try:
            return _of(workspace, inside, counts, use, period)
        except MoyaiError as error:
            return error

    told(
        str(period),
        Text(
            f"{len(uses)} 件の利用を計量しています",
            f"metering {counted(len(uses), 'subscription', 'subscriptions')}",
        ),
    )
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = list(pool.map(one, uses))
    failed = [(use, it) for use, it in zip(uses, found, strict=True) if isinstance(it, MoyaiError)]
    if failed:
        raise _failure(failed)
    measured = [row for rows in found if isinstance(rows, list) for row in rows]
    have = {(row.code, row.service) for row in measured if row.meter == REQUESTS}
    every = [(use.body.code, use.service) for use in uses]
    return tuple(measured), tuple(one for one in every if one not in have)


def _of(
    workspace: Workspace, inside: Inside, counts: RequestCounts, use: _Use, period: Period
) -> list[Measured]:
    registry, code, service = workspace.registry, use.body.code, use.service
    fields = inside.meter(registry, use.outputs, service, use.release, period).fields
    quantities = {name: Decimal(value) for name, value in fields["meters"].items()}
    quantities[STORAGE] = Decimal(fields["object_bytes"] + fields["database_bytes"])
    if REQUESTS not in quantities:
        prefix = names.subscription_prefix(registry.federation, code, service)
        groups = [names.fit(f"{prefix}-{way}", names.LOAD_BALANCER_LIMIT) for way in WAYS]
        requests = counts.count(groups, period)
        if requests is not None:
            quantities[REQUESTS] = Decimal(requests)
    return [Measured(code, service, name, one) for name, one in sorted(quantities.items())]


def _failure(failed: list[tuple[_Use, MoyaiError]]) -> OperationFailed:
    def line(words: Callable[[Text], str], more: str) -> str:
        told = [
            f"{use.body.code} {use.service}: {words(error.what)}" for use, error in failed[:_SHOWN]
        ]
        return "\n".join([*told, *([more] if len(failed) > _SHOWN else [])])

    rest = len(failed) - _SHOWN
    ja = line(lambda what: what.ja, f"ほか {rest} 件")
    en = line(lambda what: what.en, f"{rest} more")
    return OperationFailed(
        Text(f"計量できない利用があります。\n{ja}", f"not all could be metered.\n{en}"),
        touched=Text("台帳には何も記録していません。", "Nothing is on record in the ledger."),
        remedy=Text(
            "moyai status で環境を確かめて、もう一度実行してください。",
            "Look at the environments with moyai status, then run again.",
        ),
    )


def _rows(
    writer: Writer, period: Period, source: str, codes: set[str], measured: Iterable[Measured]
) -> Mapping[tuple[str, str], Decimal]:
    """Driver and code → quantity: what was measured now, and of other bodies what is on record."""
    found: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in _on_record(writer, period, source):
        if row.code not in codes:
            found[row.driver, row.code] = row.quantity
    for one in measured:
        for driver in driver_of(one):
            found[driver, one.code] += one.quantity
    return dict(sorted(found.items()))


def _on_record(writer: Writer, period: Period, source: str) -> tuple[DriverRow, ...]:
    version = writer.manifest.part(period).current(period).sources.get(source)
    if version is None or version.kind != "drivers":
        return ()
    return load_drivers(writer.local(*version.place))


def _write(path: Path, period: Period, rows: Mapping[tuple[str, str], Decimal]) -> None:
    """As a file of usage drivers."""
    with path.open("x", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([en for _, en in COLUMNS.values()])
        for (driver, code), quantity in rows.items():
            writer.writerow([period, driver, code, format(quantity, "f")])
