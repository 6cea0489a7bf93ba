"""A stream of unknown length into an object, in parts, with its SHA-256."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from moyai.jobs.aws import Cloud, call_failed
from moyai.texts import Text

PART_BYTES = 16 << 20
_GROWS_AFTER = 1000
"""Parts become larger after so many: S3 takes 10,000 of them."""


class Readable(Protocol):
    """A stream. Whatever it raises leaves no object behind."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes, fewer at the end only."""


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What was put."""

    bytes: int
    sha256: str
    version_id: str | None


def upload(source: Readable, bucket: str, key: str, cloud: Cloud) -> Uploaded:
    """Put a stream to its end. It is an object only once all of it was read. Raises `JobError`."""
    client = cloud.client("s3")
    place = {"Bucket": bucket, "Key": key}
    try:
        upload_id = client.create_multipart_upload(**place)["UploadId"]
        try:
            return _put_parts(client, place, upload_id, source)
        except BaseException:
            # The bucket's lifecycle takes away what this cannot.
            with suppress(ClientError, BotoCoreError):
                client.abort_multipart_upload(**place, UploadId=upload_id)
            raise
    except (ClientError, BotoCoreError) as error:
        raise call_failed(error, Text("バックアップを書くことが", "write the backup")) from None


def _put_parts(client: Any, place: dict[str, str], upload_id: str, source: Readable) -> Uploaded:
    digest, total = hashlib.sha256(), 0
    done: list[dict[str, object]] = []
    for number, part in enumerate(_parts(source), start=1):
        digest.update(part)
        total += len(part)
        answer = client.upload_part(**place, UploadId=upload_id, PartNumber=number, Body=part)
        done.append({"PartNumber": number, "ETag": answer["ETag"]})
    answer = client.complete_multipart_upload(
        **place, UploadId=upload_id, MultipartUpload={"Parts": done}
    )
    return Uploaded(total, digest.hexdigest(), answer.get("VersionId"))


def _parts(source: Readable) -> Iterator[bytes]:
    count = 0
    while part := source.read(PART_BYTES * (1 + count // _GROWS_AFTER)):
        count += 1
        yield part
