"""Bytes as they came → text in UTF-8: compression undone within limits, encodings told apart."""

from __future__ import annotations

import codecs
import gzip
import io
import re
import shutil
import zlib
from dataclasses import dataclass
from pathlib import Path

from moyai.costs.intake.faults import Faults
from moyai.texts import Text

_CHUNK = 4 << 20
_LONGEST = 8 << 20
"""Bytes of a line that are looked at together; no record may have as many."""
_ENCODINGS = ("utf-8-sig", "cp932")
"""Tried in this order; what is valid UTF-8 is hardly ever meant as Shift_JIS."""
_UNASSIGNED = re.compile("[\x80\xa0\uf8f0-\uf8f3]")
"""What Python makes of the bytes 80, A0 and FD to FF, which mean nothing in Shift_JIS."""
_JAPANESE = re.compile(rb"[\xe2-\xe9\xef][\x80-\xbf]{2}")
"""Kana, kanji and signs in UTF-8. In Shift_JIS these bytes are parts of rare signs."""
_ISO_2022 = re.compile(rb"\x1b(\$[@B]|\(I)")
"""How ISO-2022-JP changes to kanji and kana; all of its bytes are ASCII."""
_ISO_2022_MOST = 3
"""Bytes of such a change."""
_BETWEEN = re.compile(rb'[,"\r\n]')
"""What ends a field; no sign of Shift_JIS has these bytes in it."""
MOST_TIMES = 400
"""How many times its own size a compressed file may unpack to: ten million rows of which most columns
are alike reach 150, what is made to fill disks 1,000."""
FREELY = 1 << 30
"""Bytes that any compressed file may unpack to."""
SPARE = 512 << 20
"""Bytes of the disk that unpacking leaves free."""
_LOOKED_AT = 64 << 20
"""Bytes unpacked from which on it is looked for how much of the disk is free."""


@dataclass(frozen=True, slots=True)
class Plain:
    """A text in UTF-8, not compressed."""

    path: Path
    encoding: str
    """Of the file as it came: `utf-8` or `cp932`."""
    line_feeds: int
    """How many lines it has."""


class _Unfit(ValueError):
    """What is no text that can be read; `reason` says why."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


class _BadBytes(ValueError):
    """Bytes that an encoding does not have, in a line."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def as_text(name: str, copy: Path, folder: Path, faults: Faults) -> Plain | None:
    """A file's text; None where it has none, which is told then.

    One encoding has to hold for the whole of it: what is neither wholly UTF-8 nor wholly Shift_JIS, in
    which no field is UTF-8, is refused with the last line up to which either would do.
    """
    with copy.open("rb") as file:
        compressed = file.read(2) == b"\x1f\x8b"
    bad: list[int] = []
    for encoding in _ENCODINGS:
        plain = folder / f"text-{encoding}"
        needed = compressed or encoding != _ENCODINGS[0]
        try:
            feeds = _decode(copy, encoding, compressed, plain if needed else None)
        except _BadBytes as error:
            plain.unlink(missing_ok=True)
            bad.append(error.line)
            continue
        except _Unfit as error:
            plain.unlink(missing_ok=True)
            faults.add(name, None, None, error.reason)
            return None
        except (EOFError, zlib.error, gzip.BadGzipFile):
            faults.add(name, None, None, _CUT_OFF)
            return None
        return Plain(plain if needed else copy, encoding.removesuffix("-sig"), feeds)
    faults.add(name, max(bad), None, _neither(*bad))
    return None


def _decode(copy: Path, encoding: str, compressed: bool, target: Path | None) -> int:
    """Decode all of it, into a file where one is named; how many lines it has."""
    lines, tail = _Lines(encoding), b""
    limit = _Limit(copy) if compressed else None
    with (
        gzip.open(copy) if compressed else copy.open("rb") as source,
        target.open("xb") if target else io.BytesIO() as out,
    ):
        while chunk := source.read(_CHUNK):
            if b"\0" in chunk:
                raise _Unfit(_ZEROS)
            if _ISO_2022.search(tail + chunk):
                raise _Unfit(_JIS)
            tail = chunk[1 - _ISO_2022_MOST :]
            if limit:
                limit.add(len(chunk))
            decoded = lines.decode(chunk)
            if target:
                out.write(decoded.encode())
    return lines.end()


class _Lines:
    """A text as it is decoded, piece by piece."""

    def __init__(self, encoding: str) -> None:
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._mixed = _Mixed() if encoding == "cp932" else None
        self._feeds, self._last = 0, b"\n"

    def decode(self, chunk: bytes) -> str:
        """Its text. Raises `_BadBytes`."""
        bad: list[int] = []
        decoded = ""
        try:
            decoded = self._decoder.decode(chunk)
        except UnicodeDecodeError as error:
            # Bytes kept from the piece before are parts of one sign, and no line feeds.
            bad.append(self._feeds + error.object[: error.start].count(b"\n") + 1)
        if self._mixed is not None:
            if (unassigned := _UNASSIGNED.search(decoded)) is not None:
                bad.append(self._feeds + decoded.count("\n", 0, unassigned.start()) + 1)
            if (mixed := self._mixed.line(chunk)) is not None:
                bad.append(mixed)
        if bad:
            raise _BadBytes(min(bad))
        self._feeds += chunk.count(b"\n")
        self._last = chunk[-1:]
        return decoded

    def end(self) -> int:
        """How many lines there were. Raises `_BadBytes`."""
        lines = self._feeds + (self._last != b"\n")
        try:
            self._decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            raise _BadBytes(lines) from None
        mixed = None if self._mixed is None else self._mixed.line(b"\n")
        if mixed is not None:
            raise _BadBytes(mixed)
        return lines


class _Mixed:
    """Fields that are UTF-8 in what would be Shift_JIS: pieces of two files."""

    def __init__(self) -> None:
        self._rest = b""
        self._lines = 0

    def line(self, chunk: bytes) -> int | None:
        """The line of the first one, as far as whole lines have come."""
        whole = self._rest + chunk
        end = whole.rfind(b"\n") + 1 or (len(whole) if len(whole) > _LONGEST else 0)
        whole, self._rest = whole[:end], whole[end:]
        seen = 0
        for found in _JAPANESE.finditer(whole):
            if found.start() < seen:
                continue
            begin = max(whole.rfind(sign, 0, found.start()) for sign in (b",", b'"', b"\r", b"\n"))
            after = _BETWEEN.search(whole, found.end())
            seen = len(whole) if after is None else after.start()
            if _is_utf8(whole[begin + 1 : seen]):
                return self._lines + whole.count(b"\n", 0, found.start()) + 1
        self._lines += whole.count(b"\n")
        return None


def _is_utf8(field: bytes) -> bool:
    try:
        field.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


class _Limit:
    """How much a compressed file may unpack to."""

    def __init__(self, copy: Path) -> None:
        self._folder = copy.parent
        self._most = max(FREELY, MOST_TIMES * copy.stat().st_size)
        self._bytes = 0

    def add(self, count: int) -> None:
        """More is unpacked. Raises `_Unfit` beyond the limit."""
        self._bytes += count
        if self._bytes > self._most:
            raise _Unfit(_BOMB)
        if self._bytes > _LOOKED_AT and shutil.disk_usage(self._folder).free < SPARE:
            raise _Unfit(_NO_ROOM)


def _neither(utf8: int, shift_jis: int) -> Text:
    return Text(
        "全体が UTF-8 でも Shift_JIS でもありません"
        f"（UTF-8 でないのは {utf8} 行目から、Shift_JIS でないのは {shift_jis} 行目から）。"
        "どちらかにそろえて保存してください",
        f"the file is neither UTF-8 (not in line {utf8}) nor Shift_JIS (not in line {shift_jis}) as a "
        "whole; save all of it in one of them",
    )


_ZEROS = Text(
    "文字のファイルではありません（0 のバイトがあります）", "this is no text (it has zero bytes)"
)
_JIS = Text(
    "文字コードが ISO-2022-JP（JIS コード）です。UTF-8 か Shift_JIS で保存してください",
    "its encoding is ISO-2022-JP; save it as UTF-8 or Shift_JIS",
)
_CUT_OFF = Text("圧縮が途中で切れているか壊れています", "its compression is broken")
_BOMB = Text(
    f"展開すると元の {MOST_TIMES} 倍を超えます。費用のファイルとは思えません。"
    "正しいものなら、展開してから取り込んでください",
    f"it unpacks to more than {MOST_TIMES} times its size, as no file of costs does; if it is right, "
    "unpack it first",
)
_NO_ROOM = Text(
    f"展開するとディスクの空きが {SPARE >> 20} MiB を切ります。空きを増やしてください",
    f"unpacking it would leave less than {SPARE >> 20} MiB of the disk free; make room",
)
