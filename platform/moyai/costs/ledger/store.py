"""Where a ledger's files are: what a folder and a bucket have in common."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol


class Store(Protocol):
    """Files by key. Keys are relative and use `/`. Opened by `moyai.engine.state.ledger_stores`.

    Every method raises `OperationFailed` where the disk or the bucket fails.
    """

    @property
    def work(self) -> Path:
        """A folder of this machine for files on their way; `put_file` takes them from there."""
        ...

    def read(self, key: str) -> tuple[bytes, str] | None:
        """Content and a token of this version of it, for `swap`; None where there is no such key."""
        ...

    def swap(self, key: str, content: bytes, token: str | None) -> bool:
        """Replace in one step what has this token (None: what is not there yet).

        False where another was quicker: nothing is changed then.
        """
        ...

    def put_file(self, key: str, path: Path) -> None:
        """Move a file of `work` there; it is safe when this returns."""
        ...

    def local(self, key: str, sha256: str) -> Path:
        """The file on this machine, to be read only. Raises `OperationFailed` where it is missing, or
        is not what its hash says."""
        ...

    def holds(self, key: str, sha256: str) -> bool:
        """Whether a file is there and is what its hash says; nothing of it is kept on this machine."""
        ...

    def keep(self, keys: Collection[str]) -> None:
        """Let go of copies on this machine of other files, but for those of the last day: another command may
        be about to name them. What cannot be removed stays."""
        ...

    def versions(self, folder: str) -> Mapping[str, str]:
        """Keys directly in a folder → a token that changes with the content."""
        ...

    def delete(self, key: str) -> None:
        """Remove a key; none there is fine."""
        ...

    def writer(self, command: str, wait_seconds: float) -> AbstractContextManager[None]:
        """Be the only writer meanwhile. Raises `Refused` with the other's name where it does not end
        within `wait_seconds`."""
        ...
