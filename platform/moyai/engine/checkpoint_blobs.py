"""Bytes by key in a state backend: a folder, or an S3 bucket.

Pulumi's DIY backends keep everything below `.pulumi/`; what Moyai keeps lies beside it, below
`.moyai/`. Both are reached through `Blobs`, whatever the backend is.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from moyai.engine.aws_sessions import aws_session, aws_trouble
from moyai.engine.worker_files import private_folder
from moyai.errors import OperationFailed, UsageError
from moyai.texts import Text

_PART = "~"
"""Between a key and the number of a part that was appended to it, in a bucket."""
_AT_ONCE = 16
"""Objects of a bucket that are read at the same time."""


class Blobs(Protocol):
    """A state backend's contents. Keys are relative and use `/`."""

    def get(self, key: str) -> bytes | None:
        """The content, or None where there is no such key."""
        ...

    def put(self, key: str, content: bytes) -> None:
        """Replace the content; readers see the old or the new one, never a part."""
        ...

    def delete(self, key: str) -> None:
        """Remove a key; none there is fine."""
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
        """Keys directly in a folder that something was appended to → a token of what is there."""
        ...

    def forget(self, key: str) -> None:
        """Remove all that was appended to a key; none there is fine."""
        ...


class FolderBlobs:
    """A folder on this machine. Files are the owner's alone (mode 0600).

    Reading raises `OperationFailed` for what is there and cannot be read, writing raises `OSError`.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def get(self, key: str) -> bytes | None:
        """See `Blobs.get`."""
        try:
            return (self.root / key).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise disk_trouble(error, str(self.root / key)) from error

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
        """See `Blobs.appended_keys`."""
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


class BucketBlobs:
    """An S3 bucket, or the part of it below a prefix.

    Every method raises `OperationFailed` where the bucket does not answer or refuses.
    """

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix

    def get(self, key: str) -> bytes | None:
        """See `Blobs.get`."""
        with _told(self._bucket):
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key)
            except self._client.exceptions.NoSuchKey:
                return None
            content: bytes = answer["Body"].read()
            return content

    def put(self, key: str, content: bytes) -> None:
        """See `Blobs.put`."""
        with _told(self._bucket):
            self._client.put_object(Bucket=self._bucket, Key=self._prefix + key, Body=content)

    def delete(self, key: str) -> None:
        """See `Blobs.delete`."""
        with _told(self._bucket):
            self._client.delete_object(Bucket=self._bucket, Key=self._prefix + key)

    def versions(self, folder: str) -> Mapping[str, str]:
        """See `Blobs.versions`."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=f"{self._prefix}{folder}/", Delimiter="/"
        )
        with _told(self._bucket):
            return {
                entry["Key"].removeprefix(self._prefix): entry["ETag"]
                for page in pages
                for entry in page.get("Contents", ())
            }

    def get_all(self, folder: str) -> Mapping[str, bytes]:
        """See `Blobs.get_all`."""
        keys = tuple(self.versions(folder))
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            contents = pool.map(self.get, keys)
            return {k: c for k, c in zip(keys, contents, strict=True) if c is not None}

    def append(self, key: str, number: int, content: bytes) -> None:
        """See `Blobs.append`. Each part is an object of its own."""
        if number == 0:
            self.forget(key)
        self.put(f"{key}{_PART}{number:08d}", content)

    def appended(self, key: str) -> bytes | None:
        """See `Blobs.appended`."""
        parts = self._parts(key)
        if not parts:
            return None
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return b"".join(part or b"" for part in pool.map(self.get, parts))

    def appended_keys(self, folder: str) -> Mapping[str, str]:
        """See `Blobs.appended_keys`."""
        found: dict[str, str] = {}
        for part, version in sorted(self.versions(folder).items()):
            found[part.rpartition(_PART)[0]] = version
        return found

    def forget(self, key: str) -> None:
        """See `Blobs.forget`."""
        for part in reversed(self._parts(key)):  # the head goes last
            self.delete(part)

    def _parts(self, key: str) -> list[str]:
        every = self.versions(key.rpartition("/")[0])
        return sorted(part for part in every if part.rpartition(_PART)[0] == key)


def open_blobs(state_backend: str, environment: Mapping[str, str]) -> Blobs:
    """The contents of a state backend, by its URL and the variables that reach it.

    Raises `UsageError` for one that Moyai cannot read, `OperationFailed` where nobody is signed in.
    """
    url = urlsplit(state_backend)
    if url.scheme == "file":
        return FolderBlobs(Path(unquote(url.netloc + url.path)).expanduser())
    if url.scheme == "s3":
        prefix = url.path.strip("/")
        with _told(url.netloc):
            client = s3_client(environment, url.query)
        return BucketBlobs(client, url.netloc, f"{prefix}/" if prefix else "")
    raise UsageError(
        Text(
            f"状態の置き場所 {state_backend} は使えません（file:// か s3:// にしてください）。",
            f"the state backend {state_backend} cannot be used; give file:// or s3://.",
        )
    )


def s3_client(environment: Mapping[str, str], query: str) -> Any:
    """A client for a bucket's URL, whose query may name region, profile and endpoint."""
    options = parse_qs(query)

    def option(name: str) -> str | None:
        return options[name][-1] if name in options else None

    endpoint = option("endpoint") or environment.get(
        "AWS_ENDPOINT_URL_S3", environment.get("AWS_ENDPOINT_URL")
    )
    if endpoint is not None and "://" not in endpoint:
        endpoint = f"https://{endpoint}"
    session = aws_session(environment, option("region"), option("profile"))
    return session.client("s3", endpoint_url=endpoint)


@contextmanager
def _told(bucket: str) -> Iterator[None]:
    """What goes wrong with a bucket, as a failure that a person can read."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        what = Text(
            f"状態を置くバケット {bucket} を読み書きできません",
            f"the state's bucket {bucket} cannot be read or written",
        )
        raise aws_trouble(what, error) from None


def disk_trouble(error: OSError, place: str) -> OperationFailed:
    """What a failed write or read means to a person; the caller raises it."""
    if error.errno == errno.ENOSPC:
        return OperationFailed(
            Text(f"ディスクに空きがありません（{place}）。", f"the disk is full ({place})."),
            remedy=Text(
                "空きを作ってから、もう一度実行してください。現状を確かめて、続きから行います。",
                "Make room, then run again: it looks at what is there and goes on.",
            ),
        )
    return OperationFailed(
        Text(
            f"{place} を読み書きできません（{error.strerror}）。",
            f"{place} cannot be read or written ({error.strerror}).",
        ),
        remedy=Text(
            "空き容量と権限を確かめてから、もう一度実行してください。続きから行います。",
            "Look at free space and permissions, then run again: it goes on from there.",
        ),
    )
