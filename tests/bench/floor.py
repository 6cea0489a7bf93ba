"""The floor: a bare boto3 loop that makes every changing call of a deploy once, one after another.

The calls are those of every process of the deploy: plugins, the command, and the jobs that it ran.
What is replayed starts no jobs: their image has another name, and their calls are in the recording.
Ids differ from run to run: what an answer said in the
recording is replaced, in later calls, by what the same answer says now. Only the time inside boto3
is counted; clients are made beforehand.
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore import xform_name
from botocore.exceptions import ClientError

_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]*[A-Za-z0-9]")
_JOB_IMAGE = re.compile(r"/moyai-jobs(?=[:@]|\Z)")
_ID = re.compile(
    r"\b(?:[a-z]+-[0-9a-f]{8,17}|mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|[0-9a-f]{16})\b"
)


@dataclass(frozen=True, slots=True)
class Floor:
    """What the loop took."""

    seconds: float
    calls: Mapping[str, int]
    """`service:Operation` → number."""
    failed: Mapping[str, int]
    """Calls that the replay could not repeat, by error; they count with the time they took."""


def replay(recording: Path, environment: Mapping[str, str]) -> Floor:
    """Replay a recording against another, empty local AWS."""
    lines = [json.loads(line) for line in recording.read_text(encoding="utf-8").splitlines()]
    wanted = [line for line in lines if line["mutating"] and line["error"] is None]
    clients = _clients(wanted, environment)
    ids: dict[str, str] = {}
    seconds = 0.0
    calls: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    for line in wanted:
        call = getattr(clients[line["service"], line["region"]], xform_name(line["operation"]))
        params = _translated(line["params"], ids)
        begun = time.perf_counter()
        try:
            answer = call(**params)
        except ClientError as error:
            answer = {}
            failed[f"{line['operation']}: {error.response['Error']['Code']}"] += 1
        seconds += time.perf_counter() - begun
        calls[f"{line['service']}:{line['operation']}"] += 1
        _learn(line["response"], answer, ids)
    return Floor(seconds, dict(sorted(calls.items())), dict(failed))


def _clients(
    lines: list[dict[str, Any]], environment: Mapping[str, str]
) -> dict[tuple[str, str], Any]:
    session = boto3.Session(
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )
    make: Any = session.client
    places = {(line["service"], line["region"]) for line in lines}
    return {
        (service, region): make(
            service, region_name=region, endpoint_url=environment["AWS_ENDPOINT_URL"]
        )
        for service, region in places
    }


def _learn(recorded: Any, now: Any, ids: dict[str, str]) -> None:
    """Note which recorded value stands for which one of now, wherever both answers have words."""
    if isinstance(recorded, dict) and isinstance(now, Mapping):
        for key, value in recorded.items():
            _learn(value, now.get(key), ids)
    elif isinstance(recorded, list) and isinstance(now, list):
        for one, other in zip(recorded, now, strict=False):
            _learn(one, other, ids)
    elif isinstance(recorded, str) and isinstance(now, str) and recorded != now:
        ids[recorded] = now
        last, newest = recorded.rsplit("/", 1)[-1], now.rsplit("/", 1)[-1]
        if last != newest:
            ids[last] = newest
        for old, new in zip(_ID.findall(recorded), _ID.findall(now), strict=False):
            if old != new:
                ids[old] = new


def _translated(value: Any, ids: Mapping[str, str]) -> Any:
    if isinstance(value, dict) and value.keys() == {"bytes"}:
        return bytes(value["bytes"])  # of a content, only its length is recorded
    if isinstance(value, dict):
        return {key: _translated(item, ids) for key, item in value.items()}
    if isinstance(value, list):
        return [_translated(item, ids) for item in value]
    if not isinstance(value, str):
        return value
    if value in ids:
        return ids[value]
    value = _JOB_IMAGE.sub("/not-run", value)
    whole = _TOKEN.sub(lambda found: ids.get(found.group(), found.group()), value)
    return _ID.sub(lambda found: ids.get(found.group(), found.group()), whole)
