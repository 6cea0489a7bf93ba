"""A file's rows in one period put on record: as a new version, a former one again, or not at all."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from moyai.costs.intake.bodies import Bodies
from moyai.costs.intake.drivers import DriverRow, load_drivers
from moyai.costs.intake.faults import Faults
from moyai.costs.intake.files import Taken
from moyai.costs.intake.rows import PeriodRows
from moyai.costs.ledger.differences import Difference, difference, is_same
from moyai.costs.ledger.doubles import nearly_same_rows, same_rows
from moyai.costs.ledger.imported import Imported, Outcome, of_file
from moyai.costs.ledger.ledger import Writer, now, user
from moyai.costs.ledger.manifest import SUFFIXES, Basis, Manifest, PeriodPart, Version
from moyai.texts import Text


def put(
    writer: Writer,
    manifest: Manifest,
    one: Taken,
    rows: PeriodRows,
    parts: frozenset[str],
    bodies: Bodies,
) -> tuple[Manifest, Imported]:
    """Put a file's rows in a period on record, unless they are there. `parts`: names of all parts of reports.

    Raises `IntakeError` where drivers are in another file too.
    """
    part = manifest.part(rows.period)
    counts = part.current(rows.period).sources
    before = counts.get(one.name)
    # Two parts of a report may have the same content, and both count.
    same = next(
        (
            name
            for name, other in counts.items()
            if other.is_of(one.sha256) and (name == one.name or name not in parts)
        ),
        None,
    )
    if same is not None:
        return manifest, of_file(one, rows, Outcome.ALREADY, None, name=same)
    if rows.kind == "drivers":
        _refuse_doubled_drivers(writer, part.current(rows.period), one.name, rows, bodies)
    change = None if before is None else _compare(writer, before, rows)
    if before is not None and one.etag is None and _is_same(writer, before, rows, change):
        part = part.with_current(one.name, before.found_in(one.sha256))
        unchanged = of_file(one, rows, Outcome.UNCHANGED, None, name=one.name)
        return manifest.with_part(rows.period, part), unchanged
    others = {key: two for key, two in counts.items() if key != one.name and key not in parts}
    twice = same_rows(writer, others, rows)
    nearly = None if twice else nearly_same_rows(writer, others, rows)
    version = _former(writer, part, one, rows) or _version(writer, one, rows)
    outcome = Outcome.NEW if before is None else Outcome.REPLACED
    if part.closed is not None:
        outcome = Outcome.CORRECTION
    manifest = manifest.with_part(rows.period, part.with_version(one.name, version))
    imported = of_file(one, rows, outcome, change, name=one.name)
    return manifest, replace(imported, same_rows_as=twice, nearly_same_as=nearly)


def _former(writer: Writer, part: PeriodPart, one: Taken, rows: PeriodRows) -> Version | None:
    """What a file's content was on record as before, with the same rows: the same state again. By another
    tenants.yaml its rows may be others."""
    versions = part.sources.get(one.name, ())
    for old in (was for was in versions if was.rows is not None):
        if old.is_of(one.sha256) and _is_same(writer, old, rows, _compare(writer, old, rows)):
            return replace(old, at=now(), by=user(), etag=one.etag)
    return None


def _version(writer: Writer, one: Taken, rows: PeriodRows) -> Version:
    writer.put("sources", "", one.copy, one.sha256)
    return Version(
        source=one.sha256,
        rows=writer.put("rows", f".{SUFFIXES[rows.kind]}", rows.path),
        kind=rows.kind,
        format=one.format,
        count=rows.rows,
        totals={currency: format(amount, "f") for currency, amount in rows.totals.items()},
        columns=rows.columns,
        at=now(),
        by=user(),
        etag=one.etag,
    )


def _compare(writer: Writer, before: Version, rows: PeriodRows) -> Difference | None:
    old = writer.local(*before.place)
    if "drivers" in (before.kind, rows.kind):
        return None
    return difference(old, rows.path, writer.folder)


def _is_same(writer: Writer, before: Version, rows: PeriodRows, change: Difference | None) -> bool:
    """Whether a new version has the rows of the one before. `change` compares hashes of rows, which
    says without more ado where they differ."""
    old = writer.local(*before.place)
    if before.kind == rows.kind == "drivers":
        return _quantities(old) == _quantities(rows.path)
    return (
        change is not None
        and change.added == change.removed == 0
        and is_same(old, rows.path, writer.folder)
    )


def _quantities(path: Path) -> dict[tuple[str, str], Decimal]:
    return {(row.driver, row.code): row.quantity for row in load_drivers(path)}


def _refuse_doubled_drivers(
    writer: Writer, basis: Basis, file: str, rows: PeriodRows, bodies: Bodies
) -> None:
    """A quantity that two files give would count twice, under whichever of its codes a body is there."""

    def place(row: DriverRow) -> tuple[str, str]:
        return row.driver, bodies.means(row.code, rows.period) or row.code

    places = {place(row): row for row in load_drivers(rows.path)}
    faults = Faults()
    for name, version in basis.sources.items():
        if version.kind != "drivers" or name == file:
            continue
        for other in load_drivers(writer.local(*version.place)):
            mine = places.get(place(other))
            if mine is not None:
                reason = Text(
                    f"{other.driver}・{other.code} は {name} の {other.line} 行目にもあります",
                    f"{other.driver} of {other.code} is in line {other.line} of {name} too",
                )
                faults.add(file, mine.line, None, reason)
    faults.raise_if_any()
