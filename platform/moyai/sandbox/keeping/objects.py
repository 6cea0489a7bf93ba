"""Contents of S3 objects: small ones in memory and in the snapshot, large ones in files by hash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

from moyai.engine.files import write_private

_KEPT_INSIDE = 32 * 1024
"""Bytes up to which a content is part of the snapshot itself."""


class ObjectStore:
    """Files named by the SHA-256 of their content; written once, never changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, content: bytes) -> str:
        """Keep a content; its hash."""
        digest = hashlib.sha256(content).hexdigest()
        path = self._path(digest)
        if not path.exists():
            path.parent.mkdir(mode=0o700, exist_ok=True)
            write_private(path, content)
        return digest

    def read(self, digest: str, start: int, size: int) -> bytes:
        """A part of a content; a negative size means all the rest."""
        with self._path(digest).open("rb") as stream:
            stream.seek(start)
            return stream.read(size)

    def keep_only(self, digests: Iterable[str]) -> None:
        """Delete every content that no snapshot names any more."""
        wanted = set(digests)
        for path in self._folder.glob("??/*"):
            if path.name not in wanted:
                path.unlink(missing_ok=True)

    def _path(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest


class Body:
    """One object's content, as moto's S3 uses it: a file that is written whole and read.

    Takes the place of `tempfile.SpooledTemporaryFile`, whose large contents would be lost with the
    process, and be copied into every snapshot.
    """

    store: ClassVar[ObjectStore | None] = None
    """Where large contents go; None: everything stays in memory."""

    def __init__(self, max_size: int = 0) -> None:
        del max_size  # moto's limit for memory; the store has its own
        self._content: bytes | None = b""
        self._digest: str | None = None
        self._size = 0
        self._position = 0

    @property
    def digest(self) -> str | None:
        """The hash under which the store has the content; None where it is kept inside."""
        return self._digest

    def seek(self, position: int) -> int:
        """Go to a place, in bytes from the start."""
        self._position = position
        return position

    def truncate(self) -> int:
        """Cut everything from the present place on."""
        self._replace(self._all()[: self._position])
        return self._size

    def write(self, content: bytes) -> int:
        """Write at the present place."""
        start = self._position
        if not content:
            return 0
        if start or self._size:
            before = self._all()
            content_now = before[:start].ljust(start, b"\0") + content
            self._replace(content_now + before[start + len(content) :])
        else:
            self._replace(bytes(content))
        self._position = start + len(content)
        return len(content)

    def read(self, size: int = -1) -> bytes:
        """Read from the present place. Raises ValueError on a closed body."""
        start = self._position
        if self._digest is not None and self.store is not None:
            part = self.store.read(self._digest, start, size)
        else:
            end = self._size if size < 0 else start + size
            part = self._all()[start:end]
        self._position = start + len(part)
        return part

    def close(self) -> None:
        """Let go of the content; the store keeps its file until no snapshot names it."""
        self._content = None
        self._digest = None

    def __getstate__(self) -> dict[str, Any]:
        return {"content": self._content, "digest": self._digest, "size": self._size}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._content = state["content"]
        self._digest = state["digest"]
        self._size = state["size"]
        self._position = 0

    def _all(self) -> bytes:
        if self._digest is not None and self.store is not None:
            return self.store.read(self._digest, 0, -1)
        if self._content is None:
            raise ValueError("the body is closed")
        return self._content

    def _replace(self, content: bytes) -> None:
        self._size = len(content)
        if self.store is None or len(content) <= _KEPT_INSIDE:
            self._content, self._digest = content, None
        else:
            self._content, self._digest = None, self.store.put(content)
