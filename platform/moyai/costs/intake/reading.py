"""A file as it came → a copy of it with its hash, what it is, and the records of its text."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, TextIO

from moyai.costs.intake.decoding import as_text
from moyai.costs.intake.faults import Faults
from moyai.errors import UsageError
from moyai.texts import Text, of_system, visible

_CHUNK = 4 << 20
MOST_BYTES = 2 << 20
"""Of a record, in UTF-8 and without quotes."""
MOST_LINE = 2 * MOST_BYTES + (1 << 16)
"""Of its line, where it has one: each sign may be a quote, which is doubled."""


class Kind(StrEnum):
    """What a file is, by its first bytes."""

    CSV = "csv"
    PARQUET = "parquet"
    XLSX = "xlsx"


LONG = Text(
    f"1件が {MOST_BYTES >> 20} MiB を超えています（引用符の閉じ忘れかもしれません）",
    f"the record is longer than {MOST_BYTES >> 20} MiB; a quote may be left open",
)
_LIMIT = "field limit"
"""In what `csv` says of fields that are longer than a record may be."""
_BEGINS: Mapping[bytes, Kind] = {b"PAR1": Kind.PARQUET, b"PK\x03\x04": Kind.XLSX}
_NO_NAME = Text(
    "ファイル名が UTF-8 ではありません。名前を変えてください",
    "its name is not UTF-8; give it another name",
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OTHERS: Mapping[bytes, Text] = {
    _OLE: Text(
        "古い形式（.xls）かパスワード付きのブックです。パスワードのない XLSX で保存してください",
        "it is an old workbook (.xls), or one with a password; save it as XLSX without one",
    )
}
_ENDS: Mapping[str, Text] = {
    ".parquet": Text(
        "Parquet ファイルのはずですが、壊れています（先頭が違います）",
        "it is called a Parquet file, but is damaged: it does not begin as one",
    ),
    ".xlsx": Text(
        "Excel のブックのはずですが、壊れています（先頭が違います）",
        "it is called a workbook (XLSX), but is damaged: it does not begin as one",
    ),
}


@dataclass(frozen=True, slots=True)
class Source:
    """A file to import. Everything is read from `copy`, which nobody else changes."""

    name: str
    """As it is called in the ledger: the file's name without its folder."""
    copy: Path
    sha256: str
    """Of the file as it came."""
    size: int
    kind: Kind
    text: Path
    """Of a CSV file: its text in UTF-8; else the copy."""
    encoding: str | None
    """`utf-8` or `cp932`, of a CSV file."""
    line_feeds: int
    """Of a CSV file: how many lines it has."""
    columns: tuple[str, ...]
    """Of a CSV file: the first line's fields."""


def take(
    path: Path, folder: Path, is_known: Callable[[str], bool], faults: Faults
) -> Source | None:
    """Copy a file into a folder and see what it is; None where that is a fault. The text of one whose
    hash is known is not looked at.

    Raises `UsageError` for a file that cannot be read, `OSError` where the copy cannot be written.
    """
    copy = folder / "as-it-came"
    name = path.name
    if not _is_unicode(name):
        faults.add(name, None, None, _NO_NAME)
        return None
    sha256, size, head = _copied(path, copy)
    kind = next((kind for begin, kind in _BEGINS.items() if head.startswith(begin)), Kind.CSV)
    if kind is not Kind.CSV or is_known(sha256):
        return Source(name, copy, sha256, size, kind, copy, None, 0, ())
    other = _OTHERS.get(head[: len(_OLE)]) or _ENDS.get(path.suffix.lower())
    if other is not None:
        faults.add(name, None, None, other)
        return None
    text = as_text(name, copy, folder, faults)
    if text is None:
        return None
    columns = _first_line(name, text.path, faults)
    if columns is None:
        return None
    return Source(
        name, copy, sha256, size, Kind.CSV, text.path, text.encoding, text.line_feeds, columns
    )


def _is_unicode(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:  # bytes of a name that are no UTF-8 are surrogates in Python
        return False
    return True


def _copied(path: Path, copy: Path) -> tuple[str, int, bytes]:
    """Hash, size and first bytes of what was copied."""
    shown = visible(str(path))
    try:
        if not path.is_file():
            raise UsageError(
                Text(f"{shown} というファイルはありません。", f"there is no file {shown}.")
            )
        with path.open("rb") as source:
            return _copy(source, copy)
    except OSError as error:
        if error.filename != str(path):
            raise
        why = of_system(error)
        raise UsageError(
            Text(f"{shown} を読めません（{why.ja}）。", f"cannot read {shown}: {why.en}.")
        ) from error


def _copy(source: BinaryIO, copy: Path) -> tuple[str, int, bytes]:
    digest, size, head = hashlib.sha256(), 0, b""
    with copy.open("xb") as target:
        while chunk := source.read(_CHUNK):
            head = head or chunk[:8]
            digest.update(chunk)
            size += len(chunk)
            target.write(chunk)
    return digest.hexdigest(), size, head


def records(path: Path) -> Iterator[tuple[int, list[str] | csv.Error]]:
    """Each record of a CSV file, or what is wrong with its quotes or its length, with the line on which
    it begins.

    Empty lines are none.
    """
    csv.field_size_limit(MOST_BYTES)  # the whole process's
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(_lines(file), strict=True)
        while True:
            begins = reader.line_num + 1
            try:
                fields = next(reader)
            except csv.Error as error:
                yield begins, error
            except StopIteration:
                return
            else:
                if is_long(fields):
                    yield begins, csv.Error(_LIMIT)
                elif fields:
                    yield begins, fields


def _lines(file: TextIO) -> Iterator[str]:
    """Lines, of which none is read beyond what a record may have. Raises `csv.Error` at one that is
    longer; there is no telling then where the next begins."""
    while line := file.readline(MOST_LINE + 1):
        if len(line) > MOST_LINE:
            raise csv.Error(_LIMIT)
        yield line


def is_long(fields: Sequence[str]) -> bool:
    """Whether these are more than a record may have."""
    if sum(map(len, fields)) * 4 <= MOST_BYTES:  # signs of UTF-8 have up to four bytes
        return False
    return sum(len(field.encode()) for field in fields) > MOST_BYTES


def _first_line(name: str, text: Path, faults: Faults) -> tuple[str, ...] | None:
    for line, fields in records(text):
        if isinstance(fields, csv.Error):
            faults.add(name, line, None, broken_record(fields))
            return None
        return tuple(field.strip() for field in fields)
    faults.add(name, None, None, Text("空のファイルです", "the file is empty"))
    return None


def broken_record(error: csv.Error) -> Text:
    """What is wrong with a record."""
    if _LIMIT in str(error):
        return LONG
    if "end of data" in str(error):
        return Text("引用符が閉じていません", "quotes that do not close")
    return Text(
        "閉じた引用符の後に、区切りでない文字があります",
        "letters behind the quotes that close a value",
    )
