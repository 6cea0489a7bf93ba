"""Snapshot files: sealed, written whole or not at all, the one before kept.

A file is a line of JSON (time, versions, contents in the object store) and a sealed, packed
pickle. It is sealed with a key of the site, for two reasons: it holds the sandbox's secrets, and
reading a pickle runs what is in it, so only what this site wrote is read.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from moyai.engine.files import write_private
from moyai.sandbox.keeping.headers import (
    DamagedError,
    Header,
    read_header,
    snapshot_files,
    snapshot_name,
)

_KEPT = 2
_NONCE = 12


class SnapshotFiles:
    """The snapshots of one site, numbered; the newest two are kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def all(self) -> tuple[Path, ...]:
        """The files, newest first."""
        return snapshot_files(self._folder)

    def write(self, header: Header, content: bytes) -> None:
        """Add a snapshot; on disk when this returns. Older ones than the one before are deleted."""
        line = header.to_line()
        nonce = os.urandom(_NONCE)
        sealed = AESGCM(self._key()).encrypt(nonce, zlib.compress(content, 1), line)
        newest = next(iter(self.all()), None)
        number = int(newest.stem) + 1 if newest else 1
        path = self._folder / snapshot_name(number)
        write_private(path, line + nonce + sealed, durable=True)
        for old in self.all()[_KEPT:]:
            old.unlink(missing_ok=True)

    def read(self, path: Path) -> tuple[Header, bytes]:
        """One snapshot. Raises `DamagedError` where it was cut short or changed."""
        line, _, rest = path.read_bytes().partition(b"\n")
        header = Header.from_line(line)
        try:
            packed = AESGCM(self._key()).decrypt(rest[:_NONCE], rest[_NONCE:], line + b"\n")
            return header, zlib.decompress(packed)
        except (InvalidTag, ValueError, zlib.error) as error:
            raise DamagedError(f"its content is damaged ({type(error).__name__})") from None

    def named_contents(self) -> Iterable[str]:
        """Contents in the object store that any kept snapshot names."""
        for path in self.all():
            header = read_header(path)
            yield from header.digests if header else ()

    def _key(self) -> bytes:
        path = self._folder / "key"
        if not path.exists():
            write_private(path, AESGCM.generate_key(256), durable=True)
        return path.read_bytes()
