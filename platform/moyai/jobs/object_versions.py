"""The versions of a service's objects, as the bucket lists them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from moyai.jobs.aws import Cloud, call_failed
from moyai.texts import Text

OWN = ".moyai/"
"""Below a service's prefix: what Moyai itself writes, as its health checks."""


@dataclass(frozen=True, slots=True)
class ObjectVersion:
    """The current version of one key."""

    key: str
    version_id: str
    size: int
    etag: str
    deleted: bool
    """It is a delete marker."""
    modified: str
    """Last modified, in ISO 8601."""


@dataclass(frozen=True, slots=True)
class Summary:
    """All current versions, in one hash."""

    sha256: str
    count: int
    """Of objects that are there."""
    bytes: int
    newest: str | None
    """When the newest of them, or of the delete markers, was written."""


def every(bucket: str, prefix: str, cloud: Cloud) -> Iterator[ObjectVersion]:
    """All versions and delete markers below a prefix, whatever is on top of them. Raises `JobError`."""
    yield from _listed(bucket, prefix, cloud, only_current=False)


def current(bucket: str, prefix: str, cloud: Cloud) -> Iterator[ObjectVersion]:
    """The current versions and delete markers below a prefix, by key. Raises `JobError`."""
    yield from _listed(bucket, prefix, cloud, only_current=True)


def _listed(
    bucket: str, prefix: str, cloud: Cloud, *, only_current: bool
) -> Iterator[ObjectVersion]:
    try:
        pages = cloud.client("s3").get_paginator("list_object_versions")
        for page in pages.paginate(Bucket=bucket, Prefix=prefix):
            found = [
                *((one, False) for one in page.get("Versions", ())),
                *((one, True) for one in page.get("DeleteMarkers", ())),
            ]
            wanted = (
                _version(one, deleted=deleted)
                for one, deleted in found
                if one["IsLatest"] or not only_current
            )
            yield from sorted(
                (one for one in wanted if not one.key.startswith(prefix + OWN)),
                key=lambda one: one.key,
            )
    except (ClientError, BotoCoreError) as error:
        doing = Text("オブジェクトの版を一覧することが", "list the versions of objects")
        raise call_failed(error, doing) from None


def summary(versions: Iterable[ObjectVersion]) -> Summary:
    """What `current` yields as one hash: any put and any delete makes it another."""
    digest, count, size, newest = hashlib.sha256(), 0, 0, None
    for one in versions:
        # Where a bucket has no versions each has the id `null`: then etag and time tell.
        line = [one.key, one.version_id, one.etag, one.modified, one.deleted]
        digest.update(json.dumps(line).encode() + b"\n")
        count, size = count + (not one.deleted), size + one.size
        newest = max(newest or "", one.modified)
    return Summary(digest.hexdigest(), count, size, newest)


def _version(one: dict[str, Any], *, deleted: bool) -> ObjectVersion:
    return ObjectVersion(
        key=one["Key"],
        version_id=str(one.get("VersionId") or "null"),
        size=int(one.get("Size") or 0),
        etag=str(one.get("ETag") or "").strip('"'),
        deleted=deleted,
        modified=one["LastModified"].isoformat(),
    )
