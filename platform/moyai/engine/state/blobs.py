"""Bytes by key in a state backend: what a folder and an S3 bucket have in common.

Pulumi's DIY backends keep everything below `.pulumi/`; what Moyai keeps lies beside it, below
`.moyai/`. Both are reached through `Blobs`, whatever the backend is.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

FRESH_SECONDS = 5.0
"""How long what a call found out may be taken for true."""


class Blobs(Protocol):
    """A state backend's contents. Keys are relative and use `/`.

    Some methods answer as of a moment ago where a look costs a call: up to `FRESH_SECONDS`.
    """

    @property
    def disk(self) -> Path | None:
        """A folder on the disk of this machine that writing fills, there or not; None where none."""
        ...

    def get(self, key: str) -> bytes | None:
        """The content, or None where there is no such key."""
        ...

    def is_there(self, key: str) -> bool:
        """Whether there is such a key, now or a moment ago."""
        ...

    def sha256(self, key: str) -> str | None:
        """The hash of the content, now or a moment ago; None where there is no such key."""
        ...

    def put(self, key: str, content: bytes) -> None:
        """Replace the content; readers see the old or the new one, never a part."""
        ...

    def delete(self, key: str) -> None:
        """Remove a key; none there is fine."""
        ...

    def read(self, key: str) -> tuple[bytes, str] | None:
        """The content and a token of it for `swap`, as they are now; None where there is no such key."""
        ...

    def swap(self, key: str, content: bytes | None, token: str | None) -> bool:
        """Replace what `read` gave that token, and nothing else: whether it did.

        A token of None: there is no such key. A content of None: remove it. Whatever other processes and
        machines do, no two of them replace the same.
        """
        ...

    def versions(self, folder: str) -> Mapping[str, str]:
        """Keys directly in a folder → a token that changes with the content."""
        ...

    def get_all(self, folder: str) -> Mapping[str, bytes]:
        """Every key directly in a folder → content."""
        ...

    def append(self, key: str, number: int, content: bytes) -> None:
        """Put content at the end of what is there; it is safe when this returns.

        `number` grows with each part of a key. One writer at a time; readers see whole parts, but
        for the last one where the machine went down.
        """
        ...

    def appended(self, key: str) -> bytes | None:
        """All that was appended to a key, or None."""
        ...

    def appended_keys(self, folder: str) -> Mapping[str, str]:
        """Keys directly in a folder that something was appended to → a token of what is there.

        Now or a moment ago.
        """
        ...

    def forget(self, key: str) -> None:
        """Remove all that was appended to a key; none there is fine."""
        ...
