"""A cost ledger's files in an S3 bucket (a `moyai.costs.ledger.store.Store`).

The manifest is replaced only where its ETag is still the one that was read (`If-Match`), so that two
writers cannot both succeed. A lock object, made only where there is none (`If-None-Match`), keeps the
second from working in vain, and names the first.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from tempfile import mkstemp
from typing import Any

from botocore.exceptions import ClientError

from moyai.costs.ledger.ledger import FOLDERS, OLD_SECONDS, file_sha256
from moyai.engine.files import disk_trouble, private_folder
from moyai.engine.state.bucket_blobs import BucketBlobs, swapping, telling
from moyai.engine.state.holders import WAIT, Holder, is_gone, myself
from moyai.engine.state.ledger_folder import holder_of, is_whole, ledger_in_use, missing
from moyai.errors import NOTHING_TOUCHED
from moyai.texts import Text

_POLL_SECONDS = 1.0
_LOCK = "lock"
_CHUNK = 4 << 20
_QUERIED = "rows/"
"""What this machine will look at next, so that it need not be fetched."""


class LedgerBucket:
    """The ledger below a prefix of a bucket. `cache`: a folder for files of it, by their hash."""

    def __init__(self, client: Any, bucket: str, prefix: str, cache: Path) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix
        self._cache = cache
        self._seen: set[str] = set()
        self._blobs = BucketBlobs(client, bucket, prefix)

    @property
    def work(self) -> Path:
        """See `Store.work`."""
        try:
            return private_folder(self._cache / "work")
        except OSError as error:
            raise disk_trouble(error, str(self._cache), NOTHING_TOUCHED) from error

    def read(self, key: str) -> tuple[bytes, str] | None:
        """See `Store.read`; the token is the object's ETag."""
        with telling(self._bucket, NOTHING_TOUCHED):
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key)
            except self._client.exceptions.NoSuchKey:
                return None
            return answer["Body"].read(), answer["ETag"]

    def swap(self, key: str, content: bytes, token: str | None) -> bool:
        """See `Store.swap`."""
        condition = {"IfNoneMatch": "*"} if token is None else {"IfMatch": token}
        with telling(self._bucket, NOTHING_TOUCHED), swapping() as swapped:
            self._client.put_object(
                Bucket=self._bucket, Key=self._prefix + key, Body=content, **condition
            )
        return swapped.done

    def put_file(self, key: str, path: Path) -> None:
        """See `Store.put_file`."""
        with telling(self._bucket, NOTHING_TOUCHED):
            self._client.upload_file(str(path), self._bucket, self._prefix + key)
        if key.startswith(_QUERIED):
            kept = self._cache / key
            private_folder(kept.parent)
            path.replace(kept)
        else:
            path.unlink()

    def local(self, key: str, sha256: str) -> Path:
        """See `Store.local`: from the cache, or fetched into it, and compared with its hash."""
        path = self._cache / key
        if key in self._seen:
            return path
        if is_whole(path, sha256):
            self._seen.add(key)
            return path
        try:
            private_folder(path.parent)
            handle, name = mkstemp(dir=self.work, prefix="query-")
            os.close(handle)
        except OSError as error:
            raise disk_trouble(error, str(path), NOTHING_TOUCHED) from error
        fetched = Path(name)
        try:
            self._fetch(key, fetched, sha256)
            fetched.replace(path)
        finally:
            fetched.unlink(missing_ok=True)
        return path

    def _fetch(self, key: str, target: Path, sha256: str) -> None:
        place = f"s3://{self._bucket}/{self._prefix}{key}"
        with telling(self._bucket, NOTHING_TOUCHED):
            try:
                self._client.download_file(self._bucket, self._prefix + key, str(target))
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") in ("404", "NoSuchKey"):
                    raise missing(place, sha256) from None
                raise
        if file_sha256(target) != sha256:
            raise missing(place, sha256)

    def holds(self, key: str, sha256: str) -> bool:
        """See `Store.holds`; read through, as a hash by S3 would be of its parts."""
        digest = hashlib.sha256()
        with telling(self._bucket, NOTHING_TOUCHED):
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key)
            except self._client.exceptions.NoSuchKey:
                return False
            for chunk in answer["Body"].iter_chunks(_CHUNK):
                digest.update(chunk)
        return digest.hexdigest() == sha256

    def keep(self, keys: Collection[str]) -> None:
        """See `Store.keep`."""
        for path in (path for folder in FOLDERS for path in (self._cache / folder).glob("*")):
            with suppress(OSError):
                is_old = time.time() - path.stat().st_mtime > OLD_SECONDS
                if is_old and f"{path.parent.name}/{path.name}" not in keys:
                    path.unlink()

    def versions(self, folder: str) -> Mapping[str, str]:
        """See `Store.versions`."""
        return self._blobs.versions(folder)

    def delete(self, key: str) -> None:
        """See `Store.delete`."""
        self._blobs.delete(key)

    @contextmanager
    def writer(self, command: str, wait_seconds: float) -> Iterator[None]:
        """See `Store.writer`. A lock of this host whose process is gone is taken over."""
        content = json.dumps(asdict(myself(os.getpid(), command))).encode()
        self._take(content, wait_seconds)
        try:
            yield
        finally:
            found = self.read(_LOCK)
            if found is not None and found[0] == content:
                self.delete(_LOCK)

    def _take(self, content: bytes, wait_seconds: float) -> None:
        began = time.monotonic()
        while not self.swap(_LOCK, content, None):
            found = self.read(_LOCK)
            if found is None:
                continue  # given back since
            other = holder_of(found[0])
            if is_gone(other) and self.swap(_LOCK, content, found[1]):
                return
            if time.monotonic() - began >= wait_seconds:
                raise ledger_in_use(other, self._remedy(other))
            time.sleep(min(_POLL_SECONDS, max(wait_seconds, 0.1)))

    def _remedy(self, other: Holder | None) -> Text:
        if other is not None and other.host == socket.gethostname():
            return WAIT
        place = f"s3://{self._bucket}/{self._prefix}{_LOCK}"
        host = "" if other is None else other.host
        return Text(
            f"{host} で動いているか確かめてください。動いていなければ {place} を消すと解除できます。",
            f"See whether it still runs on {host}; if it does not, release it by deleting {place}.",
        )
