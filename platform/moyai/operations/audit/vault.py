"""Anchors of audit chains in the site's object-locked bucket, the trail's: put there, and read back.

Whoever may put objects there could add a false anchor, which is seen as one that no record matches; nobody
can take a true one away before its lock ends.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moyai.audit.anchors import Anchor, head_of_key, object_key, prefix, to_document
from moyai.engine.aws.sessions import aws_session, aws_trouble
from moyai.errors import NOTHING_TOUCHED, OperationFailed
from moyai.operations.site.workspace import Workspace
from moyai.planning import names
from moyai.texts import Text

if TYPE_CHECKING:
    from moyai.operations.site.session import Session

_ALL = "audit/anchors/"
_EPOCHS = "audit/epochs/"
_EPOCH = re.compile(rf"{_EPOCHS}([0-9]{{6}})\.json")
_GONE = ("NoSuchBucket", "404")


class NoVault(OperationFailed):
    """The site has no bucket yet in which nobody can change anything."""


@dataclass(frozen=True, slots=True)
class Vault:
    """The bucket. What asks for it raises `OperationFailed` where it does not answer."""

    bucket: str
    client: Any
    """boto3's, of S3."""

    def lock_days(self) -> int:
        """For how long what is put there now stays. Raises `NoVault` where it would not."""
        with _telling(self.bucket):
            found = self.client.get_object_lock_configuration(Bucket=self.bucket)
        rule = found["ObjectLockConfiguration"].get("Rule", {}).get("DefaultRetention", {})
        days = int(rule.get("Days", 0)) + 365 * int(rule.get("Years", 0))
        if rule.get("Mode") != "COMPLIANCE" or days < 1:
            raise _unlocked(self.bucket)
        return days

    def put(self, anchor: Anchor) -> str:
        """Put one there; its object's version."""
        body = json.dumps(to_document(anchor), indent=2, sort_keys=True) + "\n"
        with _telling(self.bucket):
            answer = self.client.put_object(
                Bucket=self.bucket,
                Key=object_key(anchor),
                Body=body.encode(),
                ContentType="application/json",
                ChecksumAlgorithm="SHA256",
            )
        return str(answer["VersionId"])

    def anchors(self, chain: str | None = None) -> Mapping[str, tuple[Anchor, ...]]:
        """Chain → its anchors by number; of one chain, or of all.

        All versions are looked at: a marker of deletion hides none. The moment is the bucket's.
        """
        return _by_chain(self._listed(_ALL if chain is None else prefix(chain)))

    def behind(self, chain: str, known: tuple[int, str] | None) -> tuple[Anchor, ...]:
        """Anchors of a chain that are listed behind a known one (number, SHA-256; None: all), by number: one
        request where there is none."""
        if known is None:
            return self._listed(prefix(chain))
        after = object_key(Anchor(chain, *known, datetime.now(UTC)))
        found = self._listed(prefix(chain), KeyMarker=after)
        return tuple(one for one in found if (one.seq, one.sha256) > known)

    def behind_all(self, known: Mapping[str, tuple[int, str] | None]) -> tuple[Anchor, ...]:
        """The same of many chains, by chain and number: all anchors are listed, a thousand by a request."""
        listed = [one for one in self._listed(_ALL) if one.chain in known]
        return tuple(one for one in listed if (one.seq, one.sha256) > (known[one.chain] or (0, "")))

    def chains(self) -> tuple[str, ...]:
        """Chains of which there are anchors."""
        pages = self._pages(Prefix=_ALL, Delimiter="/")
        found = (one["Prefix"] for page in pages for one in page.get("CommonPrefixes", ()))
        return tuple(sorted(one.removeprefix(_ALL).rstrip("/") for one in found))

    def epoch(self) -> int:
        """The newest epoch that was ever declared here; 1 where none was."""
        pages = self._pages(Prefix=_EPOCHS)
        keys = (version["Key"] for page in pages for version in page.get("Versions", ()))
        found = [int(known[1]) for key in keys if (known := _EPOCH.fullmatch(key))]
        return max(found, default=1)

    def put_epoch(self, epoch: int) -> None:
        """Put there that an epoch has begun: no other gets its number. Raises `NoVault` where it could be
        taken away again."""
        self.lock_days()
        body = json.dumps({"schema": "moyai.audit-epoch/1", "epoch": epoch}, sort_keys=True) + "\n"
        with _telling(self.bucket):
            self.client.put_object(
                Bucket=self.bucket,
                Key=f"{_EPOCHS}{epoch:06d}.json",
                Body=body.encode(),
                ContentType="application/json",
                ChecksumAlgorithm="SHA256",
            )

    def _listed(self, beginning: str, **given: str) -> tuple[Anchor, ...]:
        """Anchors by chain and number, each with its first moment."""
        found: dict[tuple[str, int, str], Anchor] = {}
        for page in self._pages(Prefix=beginning, **given):
            for version in page.get("Versions", ()):
                head = head_of_key(version["Key"])
                if head is None:
                    continue
                at = version["LastModified"].astimezone(UTC)
                known = found.get((head.chain, head.seq, head.sha256))
                if known is None or at < known.at:
                    found[head.chain, head.seq, head.sha256] = Anchor(
                        head.chain, head.seq, head.sha256, at
                    )
        return tuple(found[key] for key in sorted(found))

    def _pages(self, **given: str) -> list[Any]:
        with _telling(self.bucket):
            paginator = self.client.get_paginator("list_object_versions")
            return list(paginator.paginate(Bucket=self.bucket, **given))


def vault_of(workspace: Workspace) -> Vault:
    """The vault of a site. Raises as the site's variables do; asks nothing of it yet."""
    # boto3 takes a quarter of a second to import, and most commands need none of it.
    from botocore.config import Config

    environment = workspace.runtime.environment()
    endpoint = environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL")
    settings = Config(
        connect_timeout=10,
        read_timeout=30,
        retries={"total_max_attempts": 4, "mode": "standard"},
        s3={"addressing_style": "path" if endpoint else "virtual"},
    )
    session = aws_session(environment, workspace.site.region)
    client = session.client("s3", endpoint_url=endpoint, config=settings)
    buckets = names.shared_buckets(workspace.registry.federation, workspace.site)
    return Vault(buckets["trail"], client)


def anchors_of(session: Session, chain: str) -> tuple[Anchor, ...]:
    """The anchors of one chain, by number. Raises `NoVault` without a bucket, `OperationFailed` where it does
    not answer."""
    return vault_of(session.workspace).anchors(chain).get(chain, ())


def _by_chain(anchors: Iterable[Anchor]) -> Mapping[str, tuple[Anchor, ...]]:
    found: dict[str, list[Anchor]] = {}
    for one in anchors:
        found.setdefault(one.chain, []).append(one)
    return {chain: tuple(those) for chain, those in found.items()}


@contextmanager
def _telling(bucket: str) -> Iterator[None]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in _GONE:
            raise _missing(bucket) from None
        if code == "ObjectLockConfigurationNotFoundError":
            raise _unlocked(bucket) from None
        raise aws_trouble(_what(bucket), error) from None
    except BotoCoreError as error:
        raise aws_trouble(_what(bucket), error) from None


def _what(bucket: str) -> Text:
    return Text(
        f"監査記録の係留点のバケット {bucket} を使えません",
        f"the bucket of the audit's anchors, {bucket}, cannot be used",
    )


def _missing(bucket: str) -> NoVault:
    return NoVault(
        Text(
            f"監査記録の係留点を置くバケット {bucket} がまだありません。",
            f"the bucket for the audit's anchors, {bucket}, is not there yet.",
        ),
        touched=NOTHING_TOUCHED,
        remedy=Text(
            "moyai deploy で共通基盤を適用すると作られます。",
            "moyai deploy makes it with what all bodies share.",
        ),
    )


def _unlocked(bucket: str) -> NoVault:
    return NoVault(
        Text(
            f"バケット {bucket} には、コンプライアンスモードのオブジェクトロックがありません。"
            "そこに置いた係留点は何も証明しません。",
            f"the bucket {bucket} has no object lock in compliance mode: an anchor in it would prove "
            "nothing.",
        ),
        touched=NOTHING_TOUCHED,
        remedy=Text(
            "moyai deploy で共通基盤を適用し直してください。",
            "Apply what all bodies share anew with moyai deploy.",
        ),
    )
