"""A cost ledger's files in a folder of this machine (a `moyai.costs.ledger.store.Store`)."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from moyai.costs.ledger.ledger import file_sha256
from moyai.engine.files import disk_trouble, private_folder
from moyai.engine.state.folder_blobs import FolderBlobs
from moyai.engine.state.holders import WAIT, Holder, myself
from moyai.errors import NOTHING_TOUCHED, OperationFailed, Refused
from moyai.texts import Text

_POLL_SECONDS = 0.1
_NOT_SYNCED = Text(
    "台帳は書き換えましたが、停電などで元に戻るおそれがあります。",
    "The ledger is changed, but a power cut may undo that.",
)


class LedgerFolder:
    """The ledger below a folder. One writer at a time by a `flock`, which ends with its process."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._blobs = FolderBlobs(root)
        self._seen: set[str] = set()

    @property
    def work(self) -> Path:
        """See `Store.work`."""
        try:
            return private_folder(self._root / "work")
        except OSError as error:
            raise disk_trouble(error, str(self._root), NOTHING_TOUCHED) from error

    def read(self, key: str) -> tuple[bytes, str] | None:
        """See `Store.read`."""
        content = self._blobs.get(key)
        return None if content is None else (content, hashlib.sha256(content).hexdigest())

    def swap(self, key: str, content: bytes, token: str | None) -> bool:
        """See `Store.swap`; only the writer calls it, whose lock keeps others out meanwhile."""
        found = self.read(key)
        if (None if found is None else found[1]) != token:
            return False
        try:
            self._blobs.put(key, content)
        except OSError as error:
            raise disk_trouble(error, str(self._root / key), NOTHING_TOUCHED) from error
        try:
            _sync(self._root)
        except OSError as error:
            raise disk_trouble(error, str(self._root / key), _NOT_SYNCED) from error
        return True

    def put_file(self, key: str, path: Path) -> None:
        """See `Store.put_file`."""
        target = self._root / key
        try:
            private_folder(target.parent)
            path.chmod(0o600)
            _sync(path)
            path.replace(target)
            _sync(target.parent)
        except OSError as error:
            raise disk_trouble(error, str(target), NOTHING_TOUCHED) from error

    def local(self, key: str, sha256: str) -> Path:
        """See `Store.local`. A file is looked at once by each process."""
        path = self._root / key
        if key not in self._seen:
            if not is_whole(path, sha256):
                raise missing(str(path), sha256)
            self._seen.add(key)
        return path

    def holds(self, key: str, sha256: str) -> bool:
        """See `Store.holds`."""
        return is_whole(self._root / key, sha256)

    def keep(self, keys: Collection[str]) -> None:
        """See `Store.keep`: the files themselves are here, and no copies."""

    def versions(self, folder: str) -> Mapping[str, str]:
        """See `Store.versions`."""
        return self._blobs.versions(folder)

    def delete(self, key: str) -> None:
        """See `Store.delete`."""
        self._blobs.delete(key)

    @contextmanager
    def writer(self, command: str, wait_seconds: float) -> Iterator[None]:
        """See `Store.writer`."""
        try:
            path = private_folder(self._root) / "lock"
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise disk_trouble(error, str(self._root), NOTHING_TOUCHED) from error
        try:
            _take(handle, wait_seconds)
            content = json.dumps(asdict(myself(os.getpid(), command))).encode()
            os.ftruncate(handle, 0)
            os.pwrite(handle, content, 0)
            try:
                yield
            finally:
                os.ftruncate(handle, 0)
        finally:
            os.close(handle)


def _take(handle: int, wait_seconds: float) -> None:
    began = time.monotonic()
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() - began >= wait_seconds:
                raise ledger_in_use(holder_of(os.pread(handle, 65536, 0))) from None
            time.sleep(_POLL_SECONDS)
        else:
            return


def holder_of(content: bytes) -> Holder | None:
    """Who a lock names, or None where it names nobody."""
    try:
        return Holder(**json.loads(content))
    except (ValueError, TypeError):
        return None


def ledger_in_use(holder: Holder | None, remedy: Text = WAIT) -> Refused:
    """The refusal of a ledger that somebody else writes; the caller raises it."""
    who = Text("別のコマンド", "another command") if holder is None else holder.describe()
    return Refused(
        Text(f"費用台帳は {who.ja} が使用中です。", f"the cost ledger is in use by {who.en}."),
        touched=NOTHING_TOUCHED,
        remedy=remedy,
    )


def is_whole(path: Path, sha256: str) -> bool:
    """Whether a file is there and is what its hash says. Raises `OperationFailed` where it cannot be
    read."""
    try:
        return file_sha256(path) == sha256
    except FileNotFoundError:
        return False
    except OSError as error:
        raise disk_trouble(error, str(path), NOTHING_TOUCHED) from error


def missing(place: str, sha256: str) -> OperationFailed:
    """A file that the manifest names and that is not there, or is another; the caller raises it."""
    return OperationFailed(
        Text(
            f"費用台帳のファイル {place} がないか、壊れています（SHA-256 {sha256}）。",
            f"the cost ledger's file {place} is missing or damaged (SHA-256 {sha256}).",
        ),
        remedy=Text(
            "控えから戻してください。",
            "Restore it from a copy.",
        ),
    )


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
