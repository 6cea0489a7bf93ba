"""The manifest: everything that periods rest on, by hash; replaced as a whole, in one step.

It keeps every version of every file. What counts in a period is the last version of each file, or,
for a closed period, the versions that its `closed` names.

Its file has a checksum of what it says. That is against accidents: a disk's, an editor's, half a copy's. Who
means to change numbers makes the checksum anew; against them a site has the hashes on statements, and copies.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from moyai.costs.ledger.closings import (
    Closed,
    Correction,
    closed_document,
    closed_of,
    correction_document,
    correction_of,
)
from moyai.costs.ledger.invoices import Invoice, invoice_document, invoices_of
from moyai.costs.ledger.values import (
    Damaged,
    Document,
    document_of,
    is_none,
    list_of,
    part_of,
    sha256_of,
    sha256s_of,
    text_of,
    text_or_none,
    texts_of,
    totals_of,
    whole_of,
    within,
)
from moyai.costs.periods import Period, period_of
from moyai.costs.record import sha256
from moyai.errors import NOTHING_TOUCHED, OperationFailed, UsageError
from moyai.texts import Text

KEY = "manifest.json"
_VERSION = 2
_READ = (1, _VERSION)
"""Versions that can be read; the first had no checksum."""
_CHECKSUM = "sha256"
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
        return Basis(period, {name: one for name, one in last.items() if one.rows}, self.invoices)

    def closed_basis(self, period: Period) -> Basis:
        """What counted when the period was closed; it has to be."""
        assert self.closed is not None
        return self.basis_of(period, self.closed.sources, self.closed.invoices)

    def billed_basis(self, period: Period) -> Basis:
        """What bodies were billed for up to now: at closing, or when it was settled last."""
        if not self.corrections:
            return self.closed_basis(period)
        last = self.corrections[-1]
        return self.basis_of(period, last.sources, last.invoices)

    def basis_of(
        self, period: Period, sources: Mapping[str, str], invoices: tuple[Invoice, ...]
    ) -> Basis:
        """A basis of former times, by the hashes of its rows."""
        found = {
            name: next(one for one in self.sources[name] if one.rows == rows)
            for name, rows in sorted(sources.items())
        }
        return Basis(period, found, invoices)

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
                found.add(f"sources/{version.source}")
                if version.key is not None:
                    found.add(version.key)
            if part.closed is not None:
                found |= {closing_key(part.closed.inputs), closing_key(part.closed.allocation)}
        return frozenset(found)


def closing_key(sha256: str) -> str:
    """Where a document of a closing is."""
    return f"closings/{sha256}.json"


def encode(manifest: Manifest) -> bytes:
    """The manifest as its file has it."""
    periods = {
        str(period): {
            "sources": {
                name: [_version_document(one) for one in versions]
                for name, versions in part.sources.items()
            },
            "invoices": [invoice_document(invoice) for invoice in part.invoices],
            "closed": None if part.closed is None else closed_document(part.closed),
            "corrections": [correction_document(one) for one in part.corrections],
        }
        for period, part in manifest.periods.items()
    }
    document = sealed({"version": _VERSION, "periods": periods})
    return json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1).encode()


def sealed(document: Document) -> Document:
    """A manifest's document with the checksum of all else: SHA-256 over its canonical JSON."""
    content = {key: value for key, value in document.items() if key != _CHECKSUM}
    return {**content, _CHECKSUM: sha256(content)}


def decode(content: bytes) -> Manifest:
    """What `encode` made. Raises `OperationFailed` for what is none, is not as it was written, or of a newer
    Moyai."""
    try:
        document = document_of(json.loads(content), KEY)
        if whole_of(document, "version") not in _READ:
            raise Damaged("version", document["version"])
        periods = part_of(document, "periods")
        found = Manifest({period_of(name): _part(periods, name) for name in periods})
        is_as_written = document["version"] != _VERSION or sealed(document) == document
    except (ValueError, RecursionError, UsageError) as error:
        raise OperationFailed(
            Text(
                f"費用台帳の {KEY} を読めません（{error}）。",
                f"the cost ledger's {KEY} cannot be read ({error}).",
            ),
            remedy=Text(
                "この版の Moyai で書いたものか確かめ、控えから戻してください。",
                "See whether this version of Moyai wrote it, and restore it from a copy.",
            ),
        ) from error
    if not is_as_written:
        raise _altered()
    return found


def _altered() -> OperationFailed:
    return OperationFailed(
        Text(
            f"費用台帳の {KEY} を読めません（書かれたときの内容と違います）。",
            f"the cost ledger's {KEY} cannot be read (it is not as it was written).",
        ),
        touched=NOTHING_TOUCHED,
        remedy=Text(
            "手で直したのなら元に戻し、そうでなければ控えから戻してください。"
            "台帳を変えるのは moyai cost のコマンドです。",
            "Undo what was edited by hand, or restore it from a copy; only commands of moyai cost "
            "change the ledger.",
        ),
    )


def _part(periods: Document, period: str) -> PeriodPart:
    with within(period):
        return _consistent(period_of(period), _read_part(part_of(periods, period)))


def _read_part(document: Document) -> PeriodPart:
    sources = part_of(document, "sources")
    is_open = is_none(document, "closed")
    return PeriodPart(
        {name: _versions(sources, name) for name in sources},
        invoices_of(document),
        None if is_open else closed_of(part_of(document, "closed")),
        tuple(
            correction_of(document_of(one, "corrections"))
            for one in list_of(document, "corrections")
        ),
    )


def _consistent(period: Period, part: PeriodPart) -> PeriodPart:
    """The same. Raises `Damaged` where a closing or a correction rests on rows that no version has, or
    on others than its state says, and where a correction is no later period's."""
    frozen = [one for one in (part.closed, *part.corrections) if one is not None]
    for name, rows in (pair for one in frozen for pair in one.sources.items()):
        if rows not in {version.rows for version in part.sources.get(name, ())}:
            raise Damaged(name, rows)
    for one in frozen:
        if not _has_its_state(period, part, one):
            raise Damaged("state", one.state)
    for correction in part.corrections:
        if part.closed is None or correction.into <= period:
            raise Damaged("into", str(correction.into))
    return part


def _has_its_state(period: Period, part: PeriodPart, frozen: Closed | Correction) -> bool:
    """Whether rows and invoices are those of the state. It is not known where two files brought the same
    rows: each is a state of its own."""
    for name, rows in frozen.sources.items():
        if len({one.source for one in part.sources[name] if one.rows == rows}) > 1:
            return True
    return part.basis_of(period, frozen.sources, frozen.invoices).state == frozen.state


def _versions(sources: Document, name: str) -> tuple[Version, ...]:
    with within(name):
        found = tuple(_version(document_of(one, name)) for one in list_of(sources, name))
    if not found:
        raise Damaged(name, [])
    return found


def _version_document(version: Version) -> dict[str, object]:
    etag = {} if version.etag is None else {"etag": version.etag}
    return {
        "source": version.source,
        "rows": version.rows,
        "kind": version.kind,
        "format": version.format,
        "count": version.count,
        "totals": dict(version.totals),
        "columns": list(version.columns),
        "at": version.at,
        "by": version.by,
        "also": list(version.also),
        **etag,
    }


def _version(document: Document) -> Version:
    said = text_of(document, "kind")
    kind = next((one for one in SUFFIXES if one == said), None)
    if kind is None:
        raise Damaged("kind", said)
    return Version(
        source=sha256_of(document, "source"),
        rows=None if is_none(document, "rows") else sha256_of(document, "rows"),
        kind=kind,
        format=text_of(document, "format"),
        count=whole_of(document, "count"),
        totals=totals_of(document, "totals"),
        columns=texts_of(document, "columns"),
        at=text_of(document, "at"),
        by=text_of(document, "by"),
        etag=text_or_none(document, "etag") if "etag" in document else None,
        also=sha256s_of(document, "also") if "also" in document else (),
    )
