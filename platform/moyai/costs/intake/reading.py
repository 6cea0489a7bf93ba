"""A file as it came → a copy of it with its hash, and its text as UTF-8 without compression."""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from moyai.costs.intake.faults import Faults
from moyai.errors import UsageError
from moyai.texts import Text, of_system

_CHUNK = 4 << 20
_ENCODINGS = ("utf-8-sig", "cp932")
"""Tried in this order; what is valid UTF-8 is hardly ever meant as Shift_JIS."""
_UNASSIGNED = re.compile("[\x80\xa0\uf8f0-\uf8f3]")
"""What Python makes of the bytes 80, A0 and FD to FF, which mean nothing in Shift_JIS."""


class Kind(StrEnum):
    """What a file is, by its first bytes."""

    CSV = "csv"
    PARQUET = "parquet"
    XLSX = "xlsx"


_BEGINS: Mapping[bytes, Kind] = {b"PAR1": Kind.PARQUET, b"PK\x03\x04": Kind.XLSX}
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
    sha256, size, head = _copied(path, copy)
    name = path.name
    kind = next((kind for begin, kind in _BEGINS.items() if head.startswith(begin)), Kind.CSV)
    if kind is not Kind.CSV or is_known(sha256):
        return Source(name, copy, sha256, size, kind, copy, None, 0, ())
    other = _OTHERS.get(head[: len(_OLE)]) or _ENDS.get(path.suffix.lower())
    if other is not None:
        faults.add(name, None, None, other)
        return None
    text = _as_text(name, copy, folder, faults)
    if text is None:
        return None
    columns = _first_line(name, text.path, faults)
    if columns is None:
        return None
    return Source(
        name, copy, sha256, size, Kind.CSV, text.path, text.encoding, text.line_feeds, columns
    )


def _copied(path: Path, copy: Path) -> tuple[str, int, bytes]:
    """Hash, size and first bytes of what was copied."""
    try:
        if not path.is_file():
            raise UsageError(
                Text(f"{path} というファイルはありません。", f"there is no file {path}.")
            )
        with path.open("rb") as source:
            return _copy(source, copy)
    except OSError as error:
        if error.filename != str(path):
            raise
        why = of_system(error)
        raise UsageError(
            Text(f"{path} を読めません（{why.ja}）。", f"cannot read {path}: {why.en}.")
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


@dataclass(frozen=True, slots=True)
class _Plain:
    path: Path
    encoding: str
    line_feeds: int


class _NoText(ValueError):
    """Bytes that no text has."""


def _as_text(name: str, copy: Path, folder: Path, faults: Faults) -> _Plain | None:
    compressed = copy.open("rb").read(2) == b"\x1f\x8b"
    reason = Text("UTF-8 でも Shift_JIS でもありません", "this is neither UTF-8 nor Shift_JIS")
    for encoding in _ENCODINGS:
        plain = folder / f"text-{encoding}"
        needed = compressed or encoding != _ENCODINGS[0]
        try:
            feeds = _decode(copy, encoding, compressed, plain if needed else None)
        except UnicodeError:
            plain.unlink(missing_ok=True)
            continue
        except _NoText:
            reason = Text(
                "文字のファイルではありません（0 のバイトがあります）",
                "this is no text (it has zero bytes)",
            )
            break
        except (EOFError, zlib.error, gzip.BadGzipFile):
            reason = Text("圧縮が途中で切れているか壊れています", "its compression is broken")
            break
        return _Plain(plain if needed else copy, encoding.removesuffix("-sig"), feeds)
    faults.add(name, None, None, reason)
    return None


def _decode(copy: Path, encoding: str, compressed: bool, target: Path | None) -> int:
    """Decode all of it, into a file where one is named; how many lines it has."""
    decoder = codecs.getincrementaldecoder(encoding)()
    feeds, last = 0, b"\n"
    with (
        gzip.open(copy) if compressed else copy.open("rb") as source,
        target.open("xb") if target else io.BytesIO() as out,
    ):
        while chunk := source.read(_CHUNK):
            if b"\0" in chunk:
                raise _NoText
            feeds += chunk.count(b"\n")
            last = chunk[-1:]
            decoded = decoder.decode(chunk)
            if encoding == "cp932" and _UNASSIGNED.search(decoded):
                raise UnicodeError("bytes that Shift_JIS has no sign for")
            if target:
                out.write(decoded.encode())
        decoder.decode(b"", final=True)
    return feeds + (last != b"\n")


def records(path: Path) -> Iterator[tuple[int, list[str] | csv.Error]]:
    """Each record of a CSV file, or what is wrong with its quotes, with the line on which it begins.

    Empty lines are none.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        while True:
            begins = reader.line_num + 1
            try:
                fields = next(reader)
            except csv.Error as error:
                yield begins, error
            except StopIteration:
                return
            else:
                if fields:
                    yield begins, fields


def _first_line(name: str, text: Path, faults: Faults) -> tuple[str, ...] | None:
    for line, fields in records(text):
        if isinstance(fields, csv.Error):
            faults.add(name, line, None, broken_quotes(fields))
            return None
        return tuple(field.strip() for field in fields)
    faults.add(name, None, None, Text("空のファイルです", "the file is empty"))
    return None


def broken_quotes(error: csv.Error) -> Text:
    """What is wrong with a record's quotes."""
    return Text(f"引用符の付け方が誤っています（{error}）", f"broken quotes ({error})")
