"""Cost exports in S3: which objects are the newest delivery of a billing period, and fetching them.

Layouts, by AWS's pages on export delivery: Data Exports have `NAME/data/BILLING_PERIOD=YYYY-MM/…` and
`NAME/metadata/BILLING_PERIOD=YYYY-MM/NAME-Manifest.json`, Cost and Usage Reports
`NAME/YYYYMMDD-YYYYMMDD/NAME-Manifest.json`. A manifest comes last and names every file of its delivery.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from moyai.costs.periods import Period, period_of
from moyai.engine.aws.sessions import aws_trouble
from moyai.engine.files import disk_trouble
from moyai.errors import NOTHING_TOUCHED, OperationFailed, UsageError
from moyai.texts import Text

_EXPORT = re.compile(r"(?P<head>(?:.*/)?)BILLING_PERIOD=(?P<period>[0-9]{4}-[0-9]{2})/.+\Z")
_REPORT = re.compile(r"(?P<folder>(?:.*/)?(?P<year>[0-9]{4})(?P<month>[0-9]{2})01-[0-9]{8}/).+\Z")
_MANIFEST = "manifest.json"
_DATA = (".parquet", ".csv", ".csv.gz", ".zip")
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Part:
    """One object of a delivery."""

    key: str
    etag: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """What counts of one billing period now."""

    period: Period
    folder: str
    """What the keys of all its deliveries begin with."""
    parts: tuple[Part, ...]
    """By key."""


@dataclass(frozen=True, slots=True)
class Place:
    """A bucket, and the beginning of keys or one key in it."""

    bucket: str
    prefix: str
    query: str
    """Region, profile and endpoint, as in a state backend's URL."""

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"


def place_of(url: str) -> Place:
    """What `s3://bucket/prefix` means. Raises `UsageError`."""
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.netloc:
        raise UsageError(
            Text(
                f"「{url}」は s3://バケット/プレフィックス の形ではありません。",
                f"'{url}' is not of the form s3://bucket/prefix.",
            ),
            touched=NOTHING_TOUCHED,
        )
    return Place(parts.netloc, parts.path.lstrip("/"), parts.query)


class Exports:
    """Exports in one bucket. Methods raise `OperationFailed` where S3 refuses or does not answer."""

    def __init__(self, client: Any, place: Place) -> None:
        self._client = client
        self._place = place

    def deliveries(self) -> tuple[Delivery, ...]:
        """The newest delivery of each billing period at the place, by period and folder.

        Raises `UsageError` where there is none, and where it cannot be told which objects are of the
        newest; `OperationFailed` while one is not there as a whole.
        """
        found = self._listed(self._place.prefix)
        below = {key: etag for key, etag in found.items() if self._is_below(key)}
        deliveries = [*self._exports(below), *self._reports(below)]
        if not deliveries:
            raise UsageError(
                Text(
                    f"{self._place} の下に費用のエクスポートがありません。",
                    f"there is no cost export below {self._place}.",
                ),
                touched=NOTHING_TOUCHED,
                remedy=Text(
                    "BILLING_PERIOD=年-月 のフォルダーか CUR のマニフェストがある場所を示してください。",
                    "Name a place with folders BILLING_PERIOD=YYYY-MM, or with a CUR's manifests.",
                ),
            )
        return tuple(sorted(deliveries, key=lambda one: (one.period, one.folder)))

    def fetch(self, part: Part, folder: Path) -> Path:
        """Bring a part into a folder, as the version that was listed."""
        target = folder / part.key.rpartition("/")[2]
        with self._telling(part.key):
            answer = self._client.get_object(
                Bucket=self._place.bucket, Key=part.key, IfMatch=part.etag
            )
            try:
                with target.open("xb") as file:
                    for chunk in answer["Body"].iter_chunks(_CHUNK):
                        file.write(chunk)
            except OSError as error:
                raise disk_trouble(error, str(target), NOTHING_TOUCHED) from error
        return target

    def _exports(self, below: Mapping[str, str]) -> Iterator[Delivery]:
        groups: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        for key in below:
            found = _EXPORT.match(key)
            if found is not None and key.lower().endswith(_DATA):
                groups[found["head"], found["period"]].add(key)
        for (head, period), keys in groups.items():
            folder = f"{head}BILLING_PERIOD={period}/"
            metadata = f"{head.removesuffix('data/')}metadata/BILLING_PERIOD={period}/"
            manifest = _newest_manifest(self._listed(metadata), metadata)
            if manifest is not None:
                named = {key for key in self._named(manifest) if key.startswith(folder)}
                yield self._delivery(period_of(period), folder, named, manifest)
            else:
                yield self._delivery(period_of(period), folder, _of_one_folder(folder, keys), None)

    def _reports(self, below: Mapping[str, str]) -> Iterator[Delivery]:
        groups: dict[str, Period] = {}
        for key in below:
            found = _REPORT.match(key)
            if found is not None and key.lower().endswith(_MANIFEST):
                groups[found["folder"]] = period_of(f"{found['year']}-{found['month']}")
        for folder, period in groups.items():
            manifest = _newest_manifest(self._listed(folder), folder)
            if manifest is not None:
                yield self._delivery(period, folder, self._named(manifest), manifest)

    def _delivery(
        self, period: Period, folder: str, keys: set[str], manifest: str | None
    ) -> Delivery:
        """The parts with their versions; each has to be there."""
        listed = self._listed(folder)
        missing = sorted(keys - listed.keys())
        if missing or not keys:
            what = missing[0] if missing else folder
            raise OperationFailed(
                Text(
                    f"{manifest} が示す {what} が {self._place.bucket} にありません。",
                    f"{manifest} names {what}, which is not in {self._place.bucket}.",
                ),
                touched=NOTHING_TOUCHED,
                remedy=Text(
                    "配信が終わるのを待って、もう一度実行してください。",
                    "Wait until the delivery is complete, then run again.",
                ),
            )
        return Delivery(period, folder, tuple(Part(key, listed[key]) for key in sorted(keys)))

    def _named(self, manifest: str) -> set[str]:
        """Keys of the data files that a manifest names, as keys or as URLs."""
        with self._telling(manifest):
            answer = self._client.get_object(Bucket=self._place.bucket, Key=manifest)
            content = answer["Body"].read()
        try:
            words = list(_texts(json.loads(content)))
        except ValueError as error:
            raise OperationFailed(
                Text(f"{manifest} を読めません（{error}）。", f"cannot read {manifest} ({error})."),
                touched=NOTHING_TOUCHED,
            ) from None
        own = f"s3://{self._place.bucket}/"
        return {one.removeprefix(own) for one in words if one.lower().endswith(_DATA)}

    def _listed(self, prefix: str) -> dict[str, str]:
        """Key → ETag."""
        with self._telling(prefix):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._place.bucket, Prefix=prefix
            )
            return {
                one["Key"]: one["ETag"]
                for page in pages
                for one in page.get("Contents", ())
                if one["Size"]
            }

    def _is_below(self, key: str) -> bool:
        folder = self._place.prefix.rstrip("/")
        return not folder or key == folder or key.startswith(f"{folder}/")

    @contextmanager
    def _telling(self, key: str) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError

        place = f"s3://{self._place.bucket}/{key}"
        try:
            yield
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in ("PreconditionFailed", "412"):
                raise OperationFailed(
                    Text(
                        f"{place} は、読む間に新しいものになりました。",
                        f"{place} was delivered anew while it was read.",
                    ),
                    touched=NOTHING_TOUCHED,
                    remedy=Text("もう一度実行してください。", "Run again."),
                ) from None
            raise aws_trouble(_unread(place), error, NOTHING_TOUCHED) from None
        except BotoCoreError as error:
            raise aws_trouble(_unread(place), error, NOTHING_TOUCHED) from None


def _unread(place: str) -> Text:
    return Text(f"{place} を読めません", f"{place} cannot be read")


def _newest_manifest(listed: Mapping[str, str], folder: str) -> str | None:
    """The manifest directly in a folder: that of the newest delivery, of which older ones keep theirs
    in folders below."""
    found = [
        key
        for key in listed
        if key.lower().endswith(_MANIFEST) and "/" not in key.removeprefix(folder)
    ]
    return min(found, default=None)


def _of_one_folder(folder: str, keys: set[str]) -> set[str]:
    """Without a manifest all files count, unless they are of several deliveries."""
    folders = {key.rpartition("/")[0] for key in keys}
    if len(folders) > 1:
        names = ", ".join(f"{one}/" for one in sorted(folders))
        raise UsageError(
            Text(
                f"{folder} に配信が複数あり、マニフェストがありません: {names}",
                f"{folder} has several deliveries and no manifest: {names}",
            ),
            touched=NOTHING_TOUCHED,
            remedy=Text("どれか1つを示してください。", "Name one of them."),
        )
    return keys


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
