"""The manifest's file: JSON with a checksum, in which every value is looked at.

The checksum is against accidents: a disk's, an editor's, half a copy's. Who means to change numbers makes it
anew; against them a site has the hash of what is asked on statements, and copies.
"""

from __future__ import annotations

import json
from itertools import pairwise

from moyai.costs.ledger.closings import (
    Frozen,
    closed_document,
    closed_of,
    correction_document,
    correction_of,
)
from moyai.costs.ledger.invoices import invoice_document, invoices_of
from moyai.costs.ledger.manifest import SUFFIXES, Manifest, PeriodPart, Version
from moyai.costs.ledger.values import (
    Damaged,
    Document,
    document_of,
    is_none,
    list_of,
    moment_of,
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
_VERSION = 6
_CHECKSUM = "sha256"


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
    """What `encode` made. Raises `OperationFailed` for what is none, is not as it was written, or of another
    version: one without a checksum could be damaged, and nobody would know."""
    try:
        document = document_of(json.loads(content), KEY)
        version = whole_of(document, "version")
        if version != _VERSION:
            raise _of_another_version(version)
        periods = part_of(document, "periods")
        found = _in_order(Manifest({period_of(name): _part(periods, name) for name in periods}))
        is_as_written = sealed(document) == document
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


def _of_another_version(version: int) -> OperationFailed:
    return OperationFailed(
        Text(
            f"費用台帳の {KEY} を読めません（形式の版が {version} です。"
            f"この Moyai が読むのは版 {_VERSION} だけです）。",
            f"the cost ledger's {KEY} cannot be read (its format is version {version}; this Moyai reads "
            f"version {_VERSION} only).",
        ),
        touched=NOTHING_TOUCHED,
        remedy=Text(
            "それを書いた Moyai を使うか、この版の Moyai で書いた控えから戻してください。",
            "Use the Moyai that wrote it, or restore it from a copy that this version of Moyai wrote.",
        ),
    )


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
    for one in frozen:
        _refuse_unknown_rows(part, one)
    for one in frozen:
        if not _has_its_state(period, part, one):
            raise Damaged("state", one.state)
    for correction in part.corrections:
        if part.closed is None or correction.into <= period:
            raise Damaged("into", str(correction.into))
    return part


def _in_order(manifest: Manifest) -> Manifest:
    """The same. Raises `Damaged` where closings are not numbered one after another, or what one settles was
    closed after it or settled by another after it."""
    order = manifest.closings
    for number, period in enumerate(order, 1):
        closed = manifest.part(period).closed
        if closed is None or closed.number != number:
            raise Damaged(f"{period}, number", closed)
    for number, period in enumerate(order):
        into = [one.into for one in manifest.part(period).corrections]
        after = [order.index(one) for one in into if one in order]
        if len(after) < len(into) or any(a >= b for a, b in pairwise([number, *after])):
            raise Damaged(f"{period}, into", [str(one) for one in into])
    return manifest


def _refuse_unknown_rows(part: PeriodPart, frozen: Frozen) -> None:
    """Raises `Damaged` for rows that no version has, or not the version that is said."""
    for name, number in frozen.versions.items():
        versions = part.sources.get(name, ())
        if not 0 < number <= len(versions) or versions[number - 1].rows != frozen.sources.get(name):
            raise Damaged(name, number)
    for name, rows in frozen.sources.items():
        if rows not in {version.rows for version in part.sources.get(name, ())}:
            raise Damaged(name, rows)
        if name not in frozen.versions:
            raise Damaged(name, None)


def _has_its_state(period: Period, part: PeriodPart, frozen: Frozen) -> bool:
    """Whether rows and invoices are those of the state."""
    return part.basis_of(period, frozen).state == frozen.state


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
        at=moment_of(document, "at"),
        by=text_of(document, "by"),
        etag=text_or_none(document, "etag") if "etag" in document else None,
        also=sha256s_of(document, "also") if "also" in document else (),
    )
