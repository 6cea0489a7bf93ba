"""A site's ledger: its manifest, and the one writer that changes it."""

from __future__ import annotations

import getpass
import hashlib
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp

from moyai.costs.disk import telling_of_disk
from moyai.costs.ledger.manifest import Basis, Manifest, closing_key
from moyai.costs.ledger.manifest_file import KEY, decode, encode
from moyai.costs.ledger.store import Store
from moyai.costs.periods import Period
from moyai.errors import NOTHING_TOUCHED, OperationFailed, Refused
from moyai.texts import Text

_IMPORTS, _QUERIES = "import-", "query-"
DOWNLOADS = "download-"
"""Begins the names of folders of `Store.work` that files from elsewhere are brought to."""
FOLDERS = ("rows", "sources", "closings")
"""What the manifest names is in these."""
OLD_SECONDS = 86400.0
"""After which what a killed query or download left behind is removed, and copies that nothing names."""
_CHUNK = 4 << 20
_NOT_ON_RECORD = Text(
    "台帳には何も登録していません。どの期間も、実行する前のままです。",
    "Nothing was put on record: every period is as it was before.",
)
_ON_RECORD = Text(
    "台帳への登録は済んでいます。そのあとの表示だけができませんでした。",
    "The change is on record; only what follows it could not be done.",
)


class Ledger:
    """What is on record of a site's costs."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def manifest(self) -> Manifest:
        """As it is now. Raises `OperationFailed` where it is damaged."""
        found = self.store.read(KEY)
        manifest = Manifest() if found is None else decode(found[0])
        self.store.keep(manifest.keys())
        return manifest

    def basis(self, period: Period) -> Basis:
        """What counts in a period now."""
        return self.manifest().part(period).current(period)

    def closing(self, sha256: str) -> bytes:
        """A document that a closing kept. Raises `OperationFailed` where it is missing or changed."""
        return self.store.local(closing_key(sha256), sha256).read_bytes()

    @contextmanager
    def writing(self, command: str, wait_seconds: float = 0.0) -> Iterator[Writer]:
        """Be the only writer. Raises `Refused` as `Store.writer` does, and `OperationFailed` where the disk or
        the bucket fails, in its body too, with what is on record then."""
        writer: Writer | None = None
        try:
            with telling_of_disk(), self.store.writer(command, wait_seconds):
                found = self.store.read(KEY)
                manifest = Manifest() if found is None else decode(found[0])
                _sweep(self.store, manifest)
                folder = Path(mkdtemp(dir=self.store.work, prefix=_IMPORTS))
                writer = Writer(self.store, manifest, None if found is None else found[1], folder)
                try:
                    yield writer
                except BaseException:
                    writer.discard()
                    raise
                finally:
                    shutil.rmtree(folder, ignore_errors=True)
        except OperationFailed as error:
            if error.touched in (None, NOTHING_TOUCHED):
                error.touched = _ON_RECORD if writer and writer.has_committed else _NOT_ON_RECORD
            raise


class Writer:
    """The ledger while one command changes it. Nothing counts before `commit`."""

    def __init__(self, store: Store, manifest: Manifest, token: str | None, folder: Path) -> None:
        self._store = store
        self._token = token
        self.manifest = manifest
        """As it was when the writer began, or was committed last."""
        self.folder = folder
        """For files on their way; removed in the end."""
        self.has_committed = False
        self._may_have_committed = False
        self._added: list[str] = []
        self._there = set(manifest.keys())

    def put(self, folder: str, suffix: str, path: Path, sha256: str | None = None) -> str:
        """Move a file there by the hash of its content (made here where it is not known), which is
        answered. A file that is there already stays."""
        digest = sha256 or file_sha256(path)
        key = f"{folder}/{digest}{suffix}"
        if key not in self._there:
            self._added.append(key)
            self._store.put_file(key, path)
            self._there.add(key)
        return digest

    def put_bytes(self, folder: str, suffix: str, content: bytes) -> str:
        """Put content there by its hash, which is answered."""
        path = self.folder / f"bytes{suffix}"
        path.write_bytes(content)
        return self.put(folder, suffix, path)

    def local(self, key: str, sha256: str) -> Path:
        """See `Store.local`."""
        return self._store.local(key, sha256)

    def commit(self, manifest: Manifest) -> None:
        """Put a new manifest in the old one's place. Raises `Refused` where somebody else did."""
        content = encode(manifest)
        self._may_have_committed = True
        if not self._store.swap(KEY, content, self._token):
            raise Refused(
                Text(
                    "費用台帳が途中でほかのコマンドに書き換えられました。",
                    "another command changed the cost ledger meanwhile.",
                ),
                touched=NOTHING_TOUCHED,
                remedy=Text("もう一度実行してください。", "Run again."),
            )
        self.has_committed = True
        self.manifest = manifest
        found = self._store.read(KEY)
        self._token = None if found is None else found[1]

    def discard(self) -> None:
        """Remove what was put, unless a manifest may name it: a bucket may have taken one and not said so."""
        if not self._may_have_committed:
            for key in self._added:
                with suppress(OperationFailed, OSError):
                    self._store.delete(key)


def file_sha256(path: Path) -> str:
    """The hash of a file's content."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def now() -> str:
    """This moment, UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def user() -> str:
    """Who runs the command; empty where the system does not say."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def _sweep(store: Store, manifest: Manifest) -> None:
    """Remove what no manifest names: a writer that was killed left it behind."""
    named = manifest.keys()
    for folder in FOLDERS:
        for key in store.versions(folder):
            if key not in named:
                store.delete(key)
    for path in store.work.iterdir():
        is_old = time.time() - path.stat().st_mtime > OLD_SECONDS
        if path.name.startswith(_IMPORTS) or (
            path.name.startswith((_QUERIES, DOWNLOADS)) and is_old
        ):
            _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()
