"""A state backend that is an S3 bucket."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from moyai.engine.aws.sessions import aws_trouble
from moyai.engine.state.blobs import FRESH_SECONDS
from moyai.errors import SiteTrouble
from moyai.texts import Text

_PART = "~"
"""Between a key and the number of a part that was appended to it, in a bucket."""
_NOT_AS_EXPECTED = frozenset(
    {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "404", "409", "412"}
)
"""S3's codes where an object is another, is gone, or is just being written by somebody else."""
_AT_ONCE = 16
"""Objects of a bucket that are read at the same time."""


class BucketBlobs:
    """An S3 bucket, or the part of it below a prefix.

    Every method raises `OperationFailed` where the bucket does not answer or refuses.
    """

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix
        self._digests: dict[str, str] = {}
        self._listings: dict[str, tuple[float, Mapping[str, str]]] = {}

    @property
    def disk(self) -> None:
        """See `Blobs.disk`."""
        return

    def get(self, key: str) -> bytes | None:
        """See `Blobs.get`."""
        with telling(self._bucket):
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key)
            except self._client.exceptions.NoSuchKey:
                return None
            content: bytes = answer["Body"].read()
            return content

    def is_there(self, key: str) -> bool:
        """See `Blobs.is_there`."""
        return key in self._recent(_folder(key))

    def sha256(self, key: str) -> str | None:
        """See `Blobs.sha256`. An object is read only where its version is new."""
        version = self._recent(_folder(key)).get(key)
        if version is None:
            return None
        token = f"{key} {version}"
        if token not in self._digests:
            content = self.get(key)
            if content is None:
                return None
            self._digests[token] = hashlib.sha256(content).hexdigest()
        return self._digests[token]

    def put(self, key: str, content: bytes) -> None:
        """See `Blobs.put`."""
        with telling(self._bucket):
            self._client.put_object(Bucket=self._bucket, Key=self._prefix + key, Body=content)

    def delete(self, key: str) -> None:
        """See `Blobs.delete`."""
        with telling(self._bucket):
            self._client.delete_object(Bucket=self._bucket, Key=self._prefix + key)

    def read(self, key: str) -> tuple[bytes, str] | None:
        """See `Blobs.read`; the token is the object's ETag."""
        with telling(self._bucket):
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key)
            except self._client.exceptions.NoSuchKey:
                return None
            return answer["Body"].read(), answer["ETag"]

    def swap(self, key: str, content: bytes | None, token: str | None) -> bool:
        """See `Blobs.swap`: S3 itself compares (`If-Match`, `If-None-Match`)."""
        if content is None and token is None:
            return self.read(key) is None
        condition = {"IfNoneMatch": "*"} if token is None else {"IfMatch": token}
        place = {"Bucket": self._bucket, "Key": self._prefix + key}
        with telling(self._bucket), swapping() as swapped:
            if content is None:
                self._client.delete_object(**place, **condition)
            else:
                self._client.put_object(**place, **condition, Body=content)
        return swapped.done

    def versions(self, folder: str) -> Mapping[str, str]:
        """See `Blobs.versions`."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=f"{self._prefix}{folder}/", Delimiter="/"
        )
        with telling(self._bucket):
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
        for part, version in sorted(self._recent(folder).items()):
            found[part.rpartition(_PART)[0]] = version
        return found

    def forget(self, key: str) -> None:
        """See `Blobs.forget`."""
        for part in reversed(self._parts(key)):  # the head goes last
            self.delete(part)

    def _parts(self, key: str) -> list[str]:
        every = self.versions(_folder(key))
        return sorted(part for part in every if part.rpartition(_PART)[0] == key)

    def _recent(self, folder: str) -> Mapping[str, str]:
        """One listing serves all stacks of a project."""
        since, found = self._listings.get(folder, (-math.inf, {}))
        if time.monotonic() - since > FRESH_SECONDS:
            found = self.versions(folder)
            self._listings[folder] = (time.monotonic(), found)
        return found


def _folder(key: str) -> str:
    return key.rpartition("/")[0]


@dataclass(slots=True)
class Swapped:
    """Whether a request with a condition was carried out."""

    done: bool = True


@contextmanager
def swapping() -> Iterator[Swapped]:
    """A request that S3 is to refuse where its condition does not hold."""
    from botocore.exceptions import ClientError

    swapped = Swapped()
    try:
        yield swapped
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") not in _NOT_AS_EXPECTED:
            raise
        swapped.done = False


@contextmanager
def telling(bucket: str, touched: Text | None = None) -> Iterator[None]:
    """What goes wrong with a bucket, as a failure that a person can read; `touched` as there."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        what = Text(
            f"状態を置くバケット {bucket} を読み書きできません",
            f"the state's bucket {bucket} cannot be read or written",
        )
        raise aws_trouble(what, error, touched, SiteTrouble) from None
