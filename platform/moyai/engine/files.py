"""Folders and files that are the owner's alone, room kept free for what must be written, and a full disk."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from moyai.errors import OperationFailed
from moyai.texts import Text, of_system

BALLAST_BYTES = 8 << 20
_LOW_BYTES = 1 << 20


def private_folder(folder: Path) -> Path:
    """The folder, made with all that is missing above it, each for the owner only (mode 0700)."""
    if not folder.exists():
        private_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def write_private(path: Path, content: bytes, *, durable: bool = False) -> None:
    """Replace a file atomically, readable by its owner only.

    `durable` also waits until it is on disk, for files that must outlive a power cut.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


class Ballast:
    """Room on a disk that is given back when the disk fills up.

    With this given back in time, the engine ends what it began in good order, and its journal is
    folded into the checkpoint.
    """

    def __init__(self, folder: Path, name: str) -> None:
        """Take the room. Raises `OSError` where there is not as much."""
        self._path: Path | None = private_folder(folder) / name
        self._folder = folder
        self.given_back = False
        """Whether the disk filled up."""
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _reserve(handle)
        except OSError as error:
            self.release()
            error.filename = str(folder)
            raise
        finally:
            os.close(handle)

    def is_low(self) -> bool:
        """Whether the disk is about to be full; gives the room back at that moment."""
        if not self.given_back:
            disk = os.statvfs(self._folder)
            self.given_back = disk.f_bavail * disk.f_frsize < _LOW_BYTES
            if self.given_back:
                self.release()
        return self.given_back

    def release(self) -> None:
        """Give the room back."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)
            self._path = None


def _reserve(handle: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(handle, 0, BALLAST_BYTES)
    else:
        os.write(handle, bytes(BALLAST_BYTES))


def disk_trouble(error: OSError, place: str, touched: Text | None = None) -> OperationFailed:
    """What a failed write or read means to a person; the caller raises it.

    `touched` is what was changed before it failed, where that is known here.
    """
    if error.errno == errno.ENOSPC:
        return OperationFailed(
            Text(f"ディスクに空きがありません（{place}）。", f"the disk is full ({place})."),
            touched=touched,
            remedy=Text(
                "空きを作ってから、もう一度実行してください。現状を確かめて、続きから行います。",
                "Make room, then run again: it looks at what is there and goes on.",
            ),
        )
    why = of_system(error)
    return OperationFailed(
        Text(
            f"{place} を読み書きできません（{why.ja}）。",
            f"{place} cannot be read or written ({why.en}).",
        ),
        touched=touched,
        remedy=Text(
            "空き容量と権限を確かめてから、もう一度実行してください。続きから行います。",
            "Look at free space and permissions, then run again: it goes on from there.",
        ),
    )
