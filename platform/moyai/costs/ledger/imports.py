"""Files put on record: all of a command's files are checked before any counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from moyai.costs.duck import connected
from moyai.costs.frozen import decode_inputs
from moyai.costs.intake.bodies import Bodies
from moyai.costs.intake.faults import Faults
from moyai.costs.intake.files import Taken, Told, take_file
from moyai.costs.ledger.imported import Imported, Outcome, of_version
from moyai.costs.ledger.ledger import Writer, now, user
from moyai.costs.ledger.manifest import Manifest, Version, closing_key
from moyai.costs.ledger.putting import put
from moyai.costs.periods import Period
from moyai.errors import NOTHING_TOUCHED, Refused, UsageError
from moyai.texts import Text, visible


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a file came from, if not from this machine."""

    name: str
    """As the ledger is to call it."""
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """All that a delivered report is in one period: what else is on record of it counts no longer."""

    period: Period
    folder: str
    """What the names of its parts begin with, those of former deliveries too."""
    parts: Mapping[str, str]
    """Name → ETag."""

    def unchanged(self, manifest: Manifest) -> frozenset[str]:
        """The parts that count already, by their ETags."""
        counts = manifest.part(self.period).current(self.period).sources
        return frozenset(
            name
            for name, etag in self.parts.items()
            if name in counts and counts[name].etag == etag
        )


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be imported."""

    files: tuple[Path, ...]
    replaces: str | None = None
    """The name in the ledger that the (one) file is a new version of; None: its own."""
    bodies: Mapping[str, str] = field(default_factory=dict)
    """Code or former code → code, of the bodies that rows and drivers of open months may name; those of
    closed months are in their closings."""
    services: frozenset[str] = frozenset()
    """Of the federation: rows of the template that name one have its tag."""
    origins: Mapping[Path, Origin] = field(default_factory=dict)
    """Of files that came from elsewhere."""
    reports: tuple[Report, ...] = ()
    """What the files are parts of; parts that are unchanged on record need no file."""

    @property
    def parts(self) -> frozenset[str]:
        """Names of all parts of reports."""
        return frozenset(name for report in self.reports for name in report.parts)


def import_files(writer: Writer, wish: Wish, told: Told) -> tuple[Imported, ...]:
    """Check all files, then put them on record in one step.

    Raises `IntakeError` with every fault of all of them, `UsageError` for names that meet, `Refused` where
    a part that was unchanged on record is so no longer.
    """
    _refuse_unknown(writer.manifest, wish.replaces)
    faults = Faults()
    unchanged = _unchanged(writer.manifest, wish)
    bodies = Bodies(wish.bodies, lambda period: _frozen(writer, period))
    taken = [
        one
        for number, path in enumerate(wish.files)
        if (one := _take(writer, path, number, wish, bodies, faults, told)) is not None
    ]
    faults.raise_if_any()
    _refuse_doubled(taken)
    _refuse_elsewhere(writer.manifest, taken)
    manifest = writer.manifest
    results: list[Imported] = []
    kept: list[Imported] = []
    for one in taken:
        if not one.periods:
            results += _already(manifest, one)
        kept += _kept(manifest, one)
        for rows in one.periods:
            manifest, result = put(writer, manifest, one, rows, wish.parts, bodies)
            results.append(result)
    for report in wish.reports:
        manifest, gone = _withdraw(manifest, report, {one.file for one in results})
        results += gone
    results += unchanged + kept
    if manifest is not writer.manifest:
        writer.commit(manifest)
    return tuple(results)


def _refuse_unknown(manifest: Manifest, name: str | None) -> None:
    known = sorted({one for part in manifest.periods.values() for one in part.sources})
    if name is not None and name not in known:
        name, there = visible(name), ", ".join(map(visible, known))
        raise UsageError(
            Text(
                f"「{name}」という名前のファイルは台帳にありません。あるもの: {there or 'なし'}",
                f"no file on record is called '{name}'; there are: {there or 'none'}",
            )
        )


def _take(
    writer: Writer,
    path: Path,
    number: int,
    wish: Wish,
    bodies: Bodies,
    faults: Faults,
    told: Told,
) -> Taken | None:
    folder = writer.folder / str(number)
    folder.mkdir(mode=0o700)
    origin = wish.origins.get(path)
    name = wish.replaces or (path.name if origin is None else origin.name)
    with connected(folder) as connection:
        known = writer.manifest.counts
        taken = take_file(
            connection, path, name, folder, bodies, wish.services, known, faults, told
        )
    if taken is None or origin is None:
        return taken
    return replace(taken, etag=origin.etag)


def _frozen(writer: Writer, period: Period) -> Mapping[str, str] | None:
    """What codes mean in a closed month."""
    closed = writer.manifest.part(period).closed
    if closed is None:
        return None
    inputs = decode_inputs(writer.local(closing_key(closed.inputs), closed.inputs).read_bytes())
    return inputs.members.codes


def _unchanged(manifest: Manifest, wish: Wish) -> list[Imported]:
    """Parts of reports that no file is there for, as they count already."""
    brought = {origin.name for origin in wish.origins.values()}
    found = []
    for report in wish.reports:
        counts = manifest.part(report.period).current(report.period).sources
        still = report.unchanged(manifest)
        for name in sorted(report.parts.keys() - brought):
            if name not in still:
                shown = visible(name)
                raise Refused(
                    Text(
                        f"{report.period} の {shown} が、途中でほかのコマンドに変えられました。",
                        f"another command changed {shown} of {report.period} meanwhile.",
                    ),
                    touched=NOTHING_TOUCHED,
                    remedy=Text("もう一度実行してください。", "Run again."),
                )
            found.append(of_version(name, report.period, counts[name], Outcome.ALREADY))
    return found


def _withdraw(
    manifest: Manifest, report: Report, seen: set[str]
) -> tuple[Manifest, list[Imported]]:
    """Let parts of former deliveries count no longer. `seen`: names that the content of this one has."""
    part = manifest.part(report.period)
    gone = [
        (name, version)
        for name, version in part.current(report.period).sources.items()
        if name.startswith(report.folder) and name not in report.parts and name not in seen
    ]
    for name, version in gone:
        part = part.with_version(name, withdrawn(version))
    if gone:
        manifest = manifest.with_part(report.period, part)
    return manifest, [
        of_version(name, report.period, version, Outcome.WITHDRAWN) for name, version in gone
    ]


def withdrawn(version: Version) -> Version:
    """The version after it, which has no rows."""
    return replace(
        version, rows=None, at=now(), by=user(), count=0, totals={}, columns=(), etag=None, also=()
    )


def _refuse_doubled(taken: Sequence[Taken]) -> None:
    seen: set[tuple[str, Period]] = set()
    for one in taken:
        for rows in one.periods:
            place = (one.name, rows.period)
            if place in seen:
                name = visible(one.name)
                raise UsageError(
                    Text(
                        f"{rows.period} に {name} という名前のファイルが2つあります。",
                        f"two of the files are called {name} and have rows of {rows.period}.",
                    )
                )
            seen.add(place)


def _refuse_elsewhere(manifest: Manifest, taken: Sequence[Taken]) -> None:
    """Refuse a new content of a file that counts under another name already: what the file had would count
    on beside it. Parts of reports may be alike."""
    for one in (file for file in taken if file.etag is None):
        for period, part in sorted(manifest.periods.items()):
            counts = part.current(period).sources
            own = counts.get(one.name)
            elsewhere = [name for name, two in counts.items() if two.is_of(one.sha256)]
            if own is None or own.is_of(one.sha256) or not elsewhere:
                continue
            name, other = visible(one.name), visible(elsewhere[0])
            raise UsageError(
                Text(
                    f"{period} の {name} の新しい内容は、{other} としてすでに登録されています。",
                    f"what {name} is to have in {period} is on record as {other} already.",
                ),
                touched=NOTHING_TOUCHED,
                remedy=Text(
                    f"不要な方を外してください。例えば moyai cost withdraw {period} {name}",
                    f"Take off the one that is not to count: moyai cost withdraw {period} {name}, for one.",
                ),
            )


def _already(manifest: Manifest, one: Taken) -> Iterator[Imported]:
    """Where a content that is on record counts."""
    for period, part in sorted(manifest.periods.items()):
        for name, version in part.current(period).sources.items():
            if version.is_of(one.sha256):
                totals = {key: Decimal(words) for key, words in version.totals.items()}
                yield Imported(
                    name,
                    period,
                    Outcome.ALREADY,
                    version.format,
                    version.count,
                    totals,
                    (),
                    one.encoding,
                    None,
                )


def _kept(manifest: Manifest, one: Taken) -> Iterator[Imported]:
    """Months that a file has no rows of, and the version that it replaces elsewhere has.

    Others of its name are not told: providers name each month's export alike.
    """
    counts = {
        period: version
        for period, part in sorted(manifest.periods.items())
        if (version := part.current(period).sources.get(one.name)) is not None
    }
    own = {rows.period for rows in one.periods}
    replaced = [version for period, version in counts.items() if period in own]
    for period, version in counts.items():
        if period not in own and any(_have_one_source(version, other) for other in replaced):
            yield of_version(one.name, period, version, Outcome.KEPT)


def _have_one_source(one: Version, other: Version) -> bool:
    return not {one.source, *one.also}.isdisjoint({other.source, *other.also})
