"""A state backend that is a folder of this machine."""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from moyai.engine.files import disk_trouble, private_folder
from moyai.errors import OperationFailed
from moyai.texts import Text

_LOCKS = "locks"
"""A folder with an empty file for each key that was ever swapped."""
_LOCK_SECONDS = 30.0
"""A lock is held for a few milliseconds, unless its process is frozen."""
_POLL_SECONDS = 0.02


class FolderBlobs:
    """A folder on this machine. Files are the owner's alone (mode 0600).

    Reading raises `OperationFailed` for what is there and cannot be read, writing raises `OSError`.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def disk(self) -> Path:
        """See `Blobs.disk`: where what Moyai keeps lies."""
        return self.root / ".moyai"

    def get(self, key: str) -> bytes | None:
        """See `Blobs.get`."""
        try:
            return (self.root / key).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise disk_trouble(error, str(self.root / key)) from error

    def is_there(self, key: str) -> bool:
        """See `Blobs.is_there`: now."""
        return (self.root / key).exists()

    def sha256(self, key: str) -> str | None:
        """See `Blobs.sha256`: now."""
        content = self.get(key)
        return None if content is None else hashlib.sha256(content).hexdigest()

    def put(self, key: str, content: bytes) -> None:
        """See `Blobs.put`."""
        path = self.root / key
        private_folder(path.parent)
        # mkstemp makes the file 0600; the rename keeps that.
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".put-")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise

    def delete(self, key: str) -> None:
        """See `Blobs.delete`."""
        (self.root / key).unlink(missing_ok=True)

    def read(self, key: str) -> tuple[bytes, str] | None:
        """See `Blobs.read`; the token is the content's hash."""
        content = self.get(key)
        return None if content is None else (content, hashlib.sha256(content).hexdigest())

    def swap(self, key: str, content: bytes | None, token: str | None) -> bool:
        """See `Blobs.swap`: in turn with other processes, under a lock that ends with its process.

        Raises `OperationFailed` where another has the lock for too long.
        """
        with self._alone(key):
            found = self.read(key)
            if (None if found is None else found[1]) != token:
                return False
            if content is None:
                self.delete(key)
            else:
                self.put(key, content)
        return True

    @contextmanager
    def _alone(self, key: str) -> Iterator[None]:
        path = private_folder(self.disk / _LOCKS) / key.replace("/", "~")
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + _LOCK_SECONDS
        try:
            while not _taken(handle):
                if time.monotonic() >= deadline:
                    raise _held(str(self.root / key))
                time.sleep(_POLL_SECONDS)
            yield
        finally:
            os.close(handle)

    def versions(self, folder: str) -> Mapping[str, str]:
        """See `Blobs.versions`."""
        return {
            f"{folder}/{entry.name}": f"{(stat := entry.stat()).st_mtime_ns}-{stat.st_ino}"
            for entry in self._entries(folder)
        }

    def get_all(self, folder: str) -> Mapping[str, bytes]:
        """See `Blobs.get_all`."""
        found: dict[str, bytes] = {}
        for entry in self._entries(folder):
            try:
                found[f"{folder}/{entry.name}"] = Path(entry.path).read_bytes()
            except FileNotFoundError:
                continue  # removed since the folder was listed
            except OSError as error:
                raise disk_trouble(error, entry.path) from error
        return found

    def append(self, key: str, number: int, content: bytes) -> None:
        """See `Blobs.append`."""
        path = self.root / key
        if number == 0:
            private_folder(path.parent)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        handle = os.open(path, flags | (os.O_TRUNC if number == 0 else 0), 0o600)
        try:
            while content:
                content = content[os.write(handle, content) :]
            os.fdatasync(handle)
        finally:
            os.close(handle)

    def appended(self, key: str) -> bytes | None:
        """See `Blobs.appended`."""
        return self.get(key)

    def appended_keys(self, folder: str) -> Mapping[str, str]:
        """See `Blobs.appended_keys`: now."""
        return self.versions(folder)

    def forget(self, key: str) -> None:
        """See `Blobs.forget`."""
        self.delete(key)

    def _entries(self, folder: str) -> Iterator[os.DirEntry[str]]:
        try:
            with os.scandir(self.root / folder) as entries:
                yield from (e for e in entries if e.is_file() and not e.name.startswith(".put-"))
        except (FileNotFoundError, NotADirectoryError):
            return


def _taken(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _held(place: str) -> OperationFailed:
    return OperationFailed(
        Text(
            f"別のプロセスが {place} を書き換えたまま止まっています。",
            f"another process is rewriting {place}, and does not end.",
        ),
        remedy=Text(
            "止まっている moyai のプロセスを終わらせてから、もう一度実行してください。",
            "End the process that hangs, then run it again.",
        ),
    )
