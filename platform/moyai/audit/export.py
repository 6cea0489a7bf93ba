"""The export of one chain as JSON Lines: a header, then its records; it verifies alone. Pure.

Each line is canonical JSON (UTF-8, `\\n` at its end), so that a line that says the same in another way
is no line of an export either: what one reader takes for the value of a doubled key, another does not.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO

from moyai.audit import records
from moyai.audit.anchors import Anchor
from moyai.audit.records import SCHEMA, AuditRecord, Head, chain_of
from moyai.audit.verify import Finding, verify
from moyai.canonical_json import canonical, sha256_of
from moyai.errors import NOTHING_TOUCHED, UsageError
from moyai.texts import Text

_LONGEST = 16 << 20
"""Bytes of a line; a record that Moyai writes has a few hundred."""


class UnreadableExport(UsageError):
    """A file is no export, or was cut off or edited within a line. Says at which line."""

    def __init__(self, line: int, what: Text) -> None:
        super().__init__(
            Text(f"{line}行目: {what.ja}。", f"Line {line}: {what.en}."),
            touched=NOTHING_TOUCHED,
            remedy=Text(
                "出力した事務局から、ファイルをもう一度受け取ってください。",
                "Ask the secretariat that exported it for the file once more.",
            ),
        )
        self.line = line


@dataclass(frozen=True, slots=True)
class Header:
    """What an export is of."""

    federation: str
    """The federation's name."""
    code: str | None
    """The body's; None: the federation's own chain."""
    name: str
    """Of the body, or of the federation once more."""
    exported_at: datetime
    """UTC."""
    head: Head
    """The chain's newest record when it was exported: the last of the file."""


@dataclass(frozen=True, slots=True)
class Export:
    """An export that is being read. `records` reads on as it is asked, once, and raises `UnreadableExport`."""

    header: Header
    records: Iterator[AuditRecord]


def export_lines(header: Header, chain: Iterable[AuditRecord]) -> Iterator[bytes]:
    """The file, line by line. ValueError where the head is not one of this body."""
    if header.head.chain != chain_of(header.code):
        raise ValueError(f"{header.head.chain} is not the chain of {header.code}")
    yield _line(_document(header))
    for record in chain:
        yield _line(records.to_document(record))


def lines_of(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a file opened in binary; one that is too long for an export comes in pieces."""
    while line := file.readline(_LONGEST + 1):
        yield line


def read_export(lines: Iterable[bytes]) -> Export:
    """An export, by the lines of its file (`lines_of`). Raises `UnreadableExport`."""
    numbered = enumerate(lines, start=1)
    _, first = next(numbered, (1, b""))
    try:
        header = _header(_parsed(1, first))
    except (KeyError, TypeError, ValueError, OverflowError):
        raise UnreadableExport(1, _FOREIGN) from None
    return Export(header, _records(numbered))


def verify_export(
    lines: Iterable[bytes], anchors: Sequence[Anchor | Head] = ()
) -> tuple[Header, tuple[Finding, ...]]:
    """What is wrong with an export, by itself alone, and by anchors where one has some.

    Raises `UnreadableExport` where it is none at all.
    """
    export = read_export(lines)
    head = export.header.head
    known = (head, *anchors) if head.seq else tuple(anchors)
    return export.header, verify(export.records, known, head.chain)


def _records(numbered: Iterable[tuple[int, bytes]]) -> Iterator[AuditRecord]:
    for number, line in numbered:
        document = _parsed(number, line)
        try:
            yield records.from_document(document)
        except ValueError:
            raise UnreadableExport(number, _NO_RECORD) from None


def _line(document: Mapping[str, object]) -> bytes:
    return canonical(document) + b"\n"


def _document(header: Header) -> dict[str, object]:
    document: dict[str, object] = {
        "schema": SCHEMA,
        "federation": header.federation,
        "code": header.code,
        "name": header.name,
        "exported_at": header.exported_at.astimezone(UTC).isoformat(timespec="microseconds"),
        "head": {"seq": header.head.seq, "sha256": header.head.sha256},
    }
    return {**document, "sha256": sha256_of(document)}


def _header(document: Mapping[str, Any]) -> Header:
    """Raises KeyError, TypeError, ValueError or OverflowError for anything that `_document` does not write."""
    code = document["code"]
    header = Header(
        document["federation"],
        code,
        document["name"],
        datetime.fromisoformat(document["exported_at"]),
        Head(chain_of(code), document["head"]["seq"], document["head"]["sha256"]),
    )
    texts = (header.federation, header.name, header.head.sha256)
    if not all(type(text) is str for text in texts) or type(header.head.seq) is not int:
        raise TypeError("a header of other types")
    if records.CHAIN_NAME.fullmatch(header.head.chain) is None or _document(header) != document:
        raise ValueError("no header")
    return header


def _parsed(number: int, line: bytes) -> dict[str, object]:
    if not line.endswith(b"\n"):
        raise UnreadableExport(number, _CUT)
    if len(line) > _LONGEST:
        raise UnreadableExport(number, _FOREIGN)
    try:
        document = json.loads(line)
        is_ours = isinstance(document, dict) and _line(document) == line
    except (ValueError, RecursionError):
        is_ours = False
    if not is_ours:
        raise UnreadableExport(number, _FOREIGN if number == 1 else _EDITED)
    assert isinstance(document, dict)
    return document


_FOREIGN = Text(f"監査記録の出力（{SCHEMA}）ではありません", f"this is no audit export ({SCHEMA})")
_CUT = Text("行が途中で切れています", "the line is cut off, or there is none")
_EDITED = Text(
    "Moyai が書いた行ではありません（書き換えられたか、壊れています）",
    "this is not a line as Moyai writes it (it was edited, or is damaged)",
)
_NO_RECORD = Text("監査記録の形をしていません", "this has not the form of an audit record")
