"""`restore-objects`: make a service's objects what a backup's list says, without losing a version.

Writes of rows are closed meanwhile, those of objects cannot be: so what is to be changed is only what was
counted, and what comes meanwhile is told, and kept.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import psycopg
from botocore.exceptions import BotoCoreError, ClientError

from moyai.jobs import dumps, fences, guards
from moyai.jobs.aws import Cloud, call_failed
from moyai.jobs.connections import connect, statement_failed
from moyai.jobs.credentials import SecretStore
from moyai.jobs.data_settings import ObjectsJob
from moyai.jobs.object_versions import ObjectVersion, current, every, summary
from moyai.jobs.results import Fields, JobError
from moyai.texts import Text

MARK = "MOYAI-OBJECTS "
"""Begins a line of the log with keys: they may be what residents called their files."""
_SESSION: Mapping[str, str] = {"client_min_messages": "error", "search_path": "pg_catalog"}
_LOGGED = 100


@dataclass(slots=True)
class _Done:
    """What was changed so far."""

    copied: int = 0
    deleted: int = 0
    kept: int = 0
    gone: list[str] = field(default_factory=list)
    mine: set[tuple[str, str]] = field(default_factory=set)
    """Key and version of what this put there."""

    @property
    def fields(self) -> dict[str, Any]:
        """As fields of a result: keys are not, they are in the log."""
        numbers = {"copied": self.copied, "deleted": self.deleted, "kept": self.kept}
        return {**numbers, "gone": len(self.gone)}


def restore(job: ObjectsJob, cloud: Cloud) -> Fields:
    """Copy listed versions that are not the current ones back on top, and delete (with a marker) what
    is not listed.

    Versions only come, none goes. Run again, it copies again what was copied: same content, new version.
    `copied`, `deleted`, `kept`. Raises `JobError`: `superseded`; `objects-moved` where they are not those
    that were counted, before anything is changed; `objects-came` where some came meanwhile; `versions-gone`
    where some are missing, after all others were put back.
    """
    manifest = dumps.read(cloud, job.backups, job.manifest)
    wanted = _listed(job, cloud, manifest["objects"])
    login = SecretStore(cloud).read(job.database.owner_secret)
    server, name = job.database.server, job.database.name
    with closing(connect(server, login, name, _SESSION)) as connection:
        try:
            connection.execute(guards.LOCK)
            # The transaction stays open: a later job of the operation waits for its end.
            with connection.transaction():
                fences.enter(connection, job.fence)
                return _restore(job, cloud, wanted)
        except psycopg.Error as error:
            doing = Text("オブジェクトを元に戻すことが", "put objects back")
            raise statement_failed(error, doing) from None


def _restore(job: ObjectsJob, cloud: Cloud, wanted: Mapping[str, str]) -> Fields:
    before = list(current(job.bucket, job.prefix, cloud))
    there = {one.key: one for one in before if not one.deleted}
    if summary(before).sha256 != job.counted:
        raise _moved(there, wanted)
    known = {(one.key, one.version_id) for one in every(job.bucket, job.prefix, cloud)}
    done = _change(job, cloud, there, wanted)
    came = sorted(
        one.key
        for one in every(job.bucket, job.prefix, cloud)
        if (one.key, one.version_id) not in known | done.mine
    )
    if came:
        raise _came(came, done)
    if done.gone:
        raise _gone(done)
    return done.fields


def _change(
    job: ObjectsJob, cloud: Cloud, there: Mapping[str, ObjectVersion], wanted: Mapping[str, str]
) -> _Done:
    client, done = cloud.client("s3"), _Done()
    try:
        for key in sorted(there.keys() - wanted.keys()):
            answer = client.delete_object(Bucket=job.bucket, Key=key)
            done.mine.add((key, str(answer.get("VersionId") or "null")))
            done.deleted += 1
        for key, version in sorted(wanted.items()):
            if key in there and there[key].version_id == version:
                done.kept += 1
                continue
            made = _copy(client, job.bucket, key, version)
            if made is None:
                done.gone.append(key)
            else:
                done.mine.add((key, made))
                done.copied += 1
    except (ClientError, BotoCoreError) as error:
        doing = Text("オブジェクトを元に戻すことが", "put objects back")
        raise call_failed(error, doing) from None
    return done


def _listed(job: ObjectsJob, cloud: Cloud, about: Mapping[str, Any]) -> dict[str, str]:
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


def _copy(client: Any, bucket: str, key: str, version: str) -> str | None:
    """Put a version on top again: the new version's id; None where the old one is gone."""
    source = {"Bucket": bucket, "Key": key, "VersionId": version}
    try:
        answer = client.copy_object(Bucket=bucket, Key=key, CopySource=source)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in ("NoSuchVersion", "NoSuchKey", "404"):
            return None
        raise
    return str(answer.get("VersionId") or "null")


def _log(what: str, keys: Iterable[str]) -> None:
    line = json.dumps({what: sorted(keys)[:_LOGGED]}, ensure_ascii=False)
    sys.stderr.write(f"{MARK}{line}\n")
    sys.stderr.flush()


def _moved(there: Mapping[str, ObjectVersion], wanted: Mapping[str, str]) -> JobError:
    other = {key for key, one in there.items() if wanted.get(key) != one.version_id}
    other |= wanted.keys() - there.keys()
    _log("not-as-listed", other)
    return JobError(
        "objects-moved",
        Text(
            f"オブジェクトが、数えたときと違います（バックアップと違うもの: {len(other)} 件）。",
            f"the objects are not those that were counted ({len(other)} are not the backup's).",
        ),
        touched=Text("何も変えていません。", "Nothing was changed."),
        remedy=Text(
            "あとから届いたものを確かめ、数え直して（writes-count）から、もう一度。",
            "Look at what came since, count again (writes-count), then try again.",
        ),
        fields={"other": len(other), "logged": True},
    )


def _came(keys: Iterable[str], done: _Done) -> JobError:
    came = list(keys)
    _log("came-meanwhile", came)
    return JobError(
        "objects-came",
        Text(
            f"元に戻す間に、オブジェクトの版が {len(came)} 件届きました。",
            f"{len(came)} versions of objects came while objects were put back.",
        ),
        touched=Text(
            "届いた版はどれも残っています。ほかは元に戻しました。",
            "All versions that came are kept; the others were put back.",
        ),
        remedy=Text(
            "届いたものを要るか確かめてから、続けてください。",
            "See whether what came is wanted, then go on.",
        ),
        fields={**done.fields, "came": len(came), "logged": True},
    )


def _gone(done: _Done) -> JobError:
    _log("gone", done.gone)
    return JobError(
        "versions-gone",
        Text(
            f"バックアップのときの版が残っていないオブジェクトが {len(done.gone)} 件あります。",
            f"of {len(done.gone)} objects the version of the backup is not there any more.",
        ),
        remedy=Text("残りは元に戻しました。", "All others were put back."),
        fields={**done.fields, "logged": True},
    )
