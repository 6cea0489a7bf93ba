"""The manifest: everything that periods rest on, by hash; replaced as a whole, in one step.

It keeps every version of every file. What counts in a period is the last version of each file, or,
for a closed period, the versions that its `closed` names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from moyai.costs.ledger.closings import Closed, Correction, Frozen
from moyai.costs.ledger.invoices import Invoice, invoice_document
from moyai.costs.periods import Period
from moyai.costs.record import sha256

RowKind = Literal["costs", "drivers"]
SUFFIXES: Mapping[RowKind, str] = {"costs": "parquet", "drivers": "json"}
"""How files of rows end."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a file's rows in one period."""

    source: str
    """SHA-256 of the file as it came: `sources/<source>`."""
    rows: str | None
    """SHA-256 of its rows: `rows/<rows>.parquet`, of drivers `.json`; None: it was withdrawn."""
    kind: RowKind
    format: str
    count: int
    """How many rows."""
    totals: Mapping[str, str]
    """Currency → sum, as a decimal text."""
    columns: tuple[str, ...]
    """Columns that rules can look at, `Tags.KEY` among them."""
    at: str
    """UTC, ISO 8601."""
    by: str
    etag: str | None = None
    """Of the object in S3 that it came from."""
    also: tuple[str, ...] = ()
    """SHA-256 of later files whose rows of the period are these."""

    def is_of(self, source: str) -> bool:
        """Whether the file with this hash has these rows."""
        return source == self.source or source in self.also

    def found_in(self, source: str) -> Version:
        """The same, known to be what the file with this hash has."""
        return self if self.is_of(source) else replace(self, also=(*self.also, source))

    @property
    def key(self) -> str | None:
        """Where the rows are."""
        return None if self.rows is None else f"rows/{self.rows}.{SUFFIXES[self.kind]}"

    @property
    def place(self) -> tuple[str, str]:
        """Where the rows are, and their hash; of a version that was not withdrawn."""
        assert self.key is not None
        assert self.rows is not None
        return self.key, self.rows


@dataclass(frozen=True, slots=True)
class Basis:
    """What a period's bill rests on."""

    period: Period
    sources: Mapping[str, Version]
    """File → the version that counts; withdrawn ones are not in it."""
    invoices: tuple[Invoice, ...]
    numbers: Mapping[str, int]
    """File → which of its versions was its last one then, from 1; of withdrawn ones too."""

    @property
    def rows(self) -> dict[str, str]:
        """File → SHA-256 of its rows."""
        return {name: one.place[1] for name, one in self.sources.items()}

    @property
    def state(self) -> str:
        """SHA-256 over its canonical JSON. Who put it on record and when is not part of it, nor are
        versions that do not count: the same rows and invoices are the same state."""
        document = {
            "period": str(self.period),
            "sources": {
                name: {"source": one.source, "rows": one.rows, "kind": one.kind}
                for name, one in self.sources.items()
            },
            "invoices": [invoice_document(invoice) for invoice in self.invoices],
        }
        return sha256(document)


@dataclass(frozen=True, slots=True)
class PeriodPart:
    """All that is on record of one period."""

    sources: Mapping[str, tuple[Version, ...]] = field(default_factory=dict)
    """File → its versions, the oldest first."""
    invoices: tuple[Invoice, ...] = ()
    """By issuer and number."""
    closed: Closed | None = None
    corrections: tuple[Correction, ...] = ()
    """What was settled since it was closed, the oldest first."""

    def current(self, period: Period) -> Basis:
        """What counts now, corrections to a closed period included."""
        last = {name: versions[-1] for name, versions in sorted(self.sources.items())}
        numbers = {name: len(versions) for name, versions in sorted(self.sources.items())}
        counting = {name: one for name, one in last.items() if one.rows}
        return Basis(period, counting, self.invoices, numbers)

    def closed_basis(self, period: Period) -> Basis:
        """What counted when the period was closed; it has to be."""
        assert self.closed is not None
        return self.basis_of(period, self.closed)

    def basis_of(self, period: Period, frozen: Frozen) -> Basis:
        """What counted at a closing, or when it was settled. The same content may have come in before and
        after: it is the versions of then."""
        numbers = frozen.versions
        found = {name: self.sources[name][numbers[name] - 1] for name in sorted(frozen.sources)}
        return Basis(period, found, frozen.invoices, numbers)

    def as_closed(self, closed: Closed) -> PeriodPart:
        """The same, closed."""
        return replace(self, closed=closed)

    def corrected(self, correction: Correction) -> PeriodPart:
        """The same, settled once more."""
        return replace(self, corrections=(*self.corrections, correction))

    def with_version(self, name: str, version: Version) -> PeriodPart:
        """The same with a new version of a file."""
        versions = (*self.sources.get(name, ()), version)
        return replace(self, sources={**self.sources, name: versions})

    def with_current(self, name: str, version: Version) -> PeriodPart:
        """The same with another one in the place of a file's last version."""
        versions = (*self.sources[name][:-1], version)
        return replace(self, sources={**self.sources, name: versions})

    def with_invoices(self, invoices: tuple[Invoice, ...]) -> PeriodPart:
        """The same with other invoices."""
        ordered = sorted(invoices, key=lambda one: (one.issuer, one.number))
        return replace(self, invoices=tuple(ordered))


@dataclass(frozen=True, slots=True)
class Manifest:
    """The whole of it."""

    periods: Mapping[Period, PeriodPart] = field(default_factory=dict)

    def part(self, period: Period) -> PeriodPart:
        """One period's part; an empty one where nothing is on record."""
        return self.periods.get(period, PeriodPart())

    @property
    def closings(self) -> tuple[Period, ...]:
        """Closed periods, in the order in which they were closed."""
        numbers = {
            period: part.closed.number
            for period, part in self.periods.items()
            if part.closed is not None
        }
        return tuple(sorted(numbers, key=numbers.__getitem__))

    def with_part(self, period: Period, part: PeriodPart) -> Manifest:
        """The same with another part."""
        return Manifest({**self.periods, period: part})

    def counts(self, source: str) -> bool:
        """Whether a file with this hash is on record, and its rows are what counts in every period that
        it has some of."""
        places = [
            versions[-1].rows is not None and versions[-1].is_of(source)
            for part in self.periods.values()
            for versions in part.sources.values()
            if any(one.is_of(source) for one in versions)
        ]
        return bool(places) and all(places)

    def keys(self) -> frozenset[str]:
        """Every file that it names."""
        found: set[str] = set()
        for part in self.periods.values():
            for version in (one for versions in part.sources.values() for one in versions):
                found.add(source_key(version.source))
                if version.key is not None:
                    found.add(version.key)
            if part.closed is not None:
                found |= {closing_key(sha256) for sha256 in part.closed.documents}
        return frozenset(found)


def source_key(sha256: str) -> str:
    """Where a file is as it came."""
    return f"sources/{sha256}"


def closing_key(sha256: str) -> str:
    """Where a document of a closing is."""
    return f"closings/{sha256}.json"
