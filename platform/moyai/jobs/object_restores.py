"""`restore-objects`: make a service's objects what a backup's list says, without losing a version."""

from __future__ import annotations

import gzip
import hashlib
import json
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from moyai.jobs import dumps
from moyai.jobs.aws import Cloud, call_failed
from moyai.jobs.data_settings import RestoreJob
from moyai.jobs.object_versions import current
from moyai.jobs.results import Fields, JobError
from moyai.texts import Text

_SHOWN = 20


def restore(job: RestoreJob, cloud: Cloud) -> Fields:
    """Copy listed versions that are not the current ones back on top, and delete (with a marker) what
    is not listed.

    Versions only come, none goes. Run again, it copies again what was copied: same content, new version.
    `copied`, `deleted`, `kept`. Raises `JobError`: `versions-gone` with what is missing, after all
    others were put back.
    """
    manifest = dumps.read(cloud, job.backups, job.manifest)
    wanted = _listed(job, cloud, manifest["objects"])
    client = cloud.client("s3")
    copied = deleted = kept = 0
    gone: list[str] = []
    try:
        there = {one.key: one for one in current(job.bucket, job.prefix, cloud) if not one.deleted}
        for key in sorted(there.keys() - wanted.keys()):
            client.delete_object(Bucket=job.bucket, Key=key)
            deleted += 1
        for key, version in sorted(wanted.items()):
            if key in there and there[key].version_id == version:
                kept += 1
            elif _copy(client, job.bucket, key, version):
                copied += 1
            else:
                gone.append(key)
    except (ClientError, BotoCoreError) as error:
        doing = Text("オブジェクトを元に戻すことが", "put objects back")
        raise call_failed(error, doing) from None
    fields = {"copied": copied, "deleted": deleted, "kept": kept, "gone": gone[:_SHOWN]}
    if gone:
        raise JobError(
            "versions-gone",
            Text(
                f"バックアップのときの版が残っていないオブジェクトが {len(gone)} 件あります。",
                f"of {len(gone)} objects the version of the backup is not there any more.",
            ),
            fields=fields,
        )
    return fields


def _listed(job: RestoreJob, cloud: Cloud, about: dict[str, Any]) -> dict[str, str]:
    """Key → version id."""
    client = cloud.client("s3")
    try:
        content = client.get_object(Bucket=job.backups, Key=about["key"])["Body"].read()
    except (ClientError, BotoCoreError) as error:
        raise call_failed(error, Text("一覧を読むことが", "read the list")) from None
    if hashlib.sha256(content).hexdigest() != about["sha256"]:
        raise JobError(
            "backup-damaged",
            Text(
                f"{about['key']} の SHA-256 が目録と違います。",
                f"the SHA-256 of {about['key']} is not the manifest's.",
            ),
        )
    lines = (json.loads(line) for line in gzip.decompress(content).splitlines())
    return {line["key"]: line["version_id"] for line in lines}


def _copy(client: Any, bucket: str, key: str, version: str) -> bool:
    """Put a version on top again; False where it is gone."""
    source = {"Bucket": bucket, "Key": key, "VersionId": version}
    try:
        client.copy_object(Bucket=bucket, Key=key, CopySource=source)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in ("NoSuchVersion", "NoSuchKey", "404"):
            return False
        raise
    return True
