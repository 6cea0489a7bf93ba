"""Pulumi's checkpoints in a DIY backend, read without the engine.

A checkpoint is `.pulumi/stacks/<project>/<name>.json`, or the same with `.gz`; the state before the
last write lies beside it as `….bak`. The layout is that of `pkg/backend/diy` and `apitype` of the
pinned engine.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from moyai.engine.checkpoint_blobs import Blobs, FolderBlobs, open_blobs
from moyai.engine.sites import SiteRuntime
from moyai.engine.stacks import MASKED, StackId
from moyai.errors import OperationFailed
from moyai.texts import Text

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - Pulumi's mark of a secret, no secret
_META_KEY = ".pulumi/meta.yaml"
_META = b"version: 1\n"
_FRESH_SECONDS = 5.0
"""How long one listing of a bucket is taken for true."""


class DamagedCheckpointError(ValueError):
    """The bytes are no checkpoint that the pinned engine would read."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One checkpoint. The mappings are Pulumi's own JSON and hold ciphertexts, never secrets."""

    sha256: str
    """Of the bytes as stored."""
    document: dict[str, Any] = field(repr=False)
    """The whole: `version`, `checkpoint`."""

    @property
    def deployment(self) -> dict[str, Any]:
        """`latest`: resources, pending operations, secrets provider; empty for a new stack."""
        latest = self.document["checkpoint"].get("latest")
        return latest if latest is not None else {}

    @property
    def resources(self) -> list[dict[str, Any]]:
        """Every resource of the stack: `urn`, `type`, `id`, `inputs`, `outputs`, …"""
        return self.deployment.get("resources") or []

    @property
    def pending(self) -> list[dict[str, Any]]:
        """Operations that had begun and not ended: `type`, `resource`."""
        return self.deployment.get("pending_operations") or []

    @property
    def outputs(self) -> dict[str, object]:
        """The stack's outputs; secret ones are `MASKED`."""
        for resource in self.resources:
            if resource["type"] == "pulumi:pulumi:Stack" and not resource.get("delete"):
                return {name: masked(v) for name, v in (resource.get("outputs") or {}).items()}
        return {}

    @property
    def secrets_state(self) -> Mapping[str, Any]:
        """The secrets provider's state (`salt`, or `url` and `encryptedkey`); empty where none."""
        providers = self.deployment.get("secrets_providers") or {}
        return providers.get("state") or {}


def parse(content: bytes) -> Checkpoint:
    """Read a checkpoint's bytes. Raises `DamagedCheckpointError`."""
    try:
        text = gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
        document = json.loads(text)
        checkpoint = Checkpoint(hashlib.sha256(content).hexdigest(), document)
        if document["version"] not in (3, 4) or not isinstance(checkpoint.deployment, dict):
            raise DamagedCheckpointError(f"version {document['version']}")
        for resource in checkpoint.resources:
            resource["urn"], resource["type"]
    except (ValueError, KeyError, TypeError, AttributeError, OSError, EOFError) as error:
        raise DamagedCheckpointError(str(error)) from error
    return checkpoint


def masked(value: object) -> object:
    """A property value with every secret in it replaced by `MASKED`."""
    if isinstance(value, Mapping):
        if value.get(_SIGNATURE) == _SECRET:
            return MASKED
        return {key: masked(part) for key, part in value.items()}
    if isinstance(value, list):
        return [masked(part) for part in value]
    return value


def name_of(urn: str) -> str:
    """The logical name at a URN's end: `urn:pulumi:stack::project::types::name`."""
    return urn.split("::", 3)[-1]


class CheckpointStore:
    """The checkpoints of one site."""

    def __init__(self, blobs: Blobs) -> None:
        self.blobs = blobs
        self._digests: dict[str, str] = {}
        self._listings: dict[str, tuple[float, Mapping[str, str]]] = {}

    def key(self, stack: StackId) -> str:
        """The key of the stack's checkpoint, existing or to be."""
        plain = f".pulumi/stacks/{stack.project}/{stack.name}.json"
        if isinstance(self.blobs, FolderBlobs):
            return f"{plain}.gz" if (self.blobs.root / f"{plain}.gz").exists() else plain
        found = self._listing(f".pulumi/stacks/{stack.project}")
        return f"{plain}.gz" if f"{plain}.gz" in found else plain

    def read(self, stack: StackId) -> Checkpoint | None:
        """The checkpoint, or None where the stack does not exist.

        Raises `OperationFailed` for a damaged one, saying how to get the one before it.
        """
        content = self.blobs.get(self.key(stack))
        if content is None:
            return None
        try:
            return parse(content)
        except DamagedCheckpointError as error:
            raise _damaged(stack, self.key(stack)) from error

    def outputs(self, stack: StackId) -> Mapping[str, object]:
        """The outputs after the last update; empty where the stack does not exist."""
        checkpoint = self.read(stack)
        return {} if checkpoint is None else checkpoint.outputs

    def sha256(self, stack: StackId) -> str | None:
        """The hash of the checkpoint's bytes, or None where there is none."""
        key = self.key(stack)
        if not isinstance(self.blobs, FolderBlobs):
            return self._digest_in_bucket(stack.project, key)
        content = self.blobs.get(key)
        return None if content is None else hashlib.sha256(content).hexdigest()

    def names(self, project: str) -> tuple[str, ...]:
        """The stacks of a project that have a checkpoint."""
        keys = self.blobs.versions(f".pulumi/stacks/{project}")
        files = {key.rsplit("/", 1)[-1].removesuffix(".gz") for key in keys}
        return tuple(sorted(f.removesuffix(".json") for f in files if f.endswith(".json")))

    def create(self, stack: StackId) -> None:
        """Make a new stack: what `pulumi stack init` writes, without starting the engine."""
        if self.blobs.get(_META_KEY) is None:
            self.blobs.put(_META_KEY, _META)
        name = f"organization/{stack.project}/{stack.name}"
        document = {"version": 3, "checkpoint": {"stack": name}}
        self.blobs.put(self.key(stack), _encode(document))

    def replace(self, stack: StackId, document: Mapping[str, Any]) -> None:
        """Put a changed checkpoint in place; the one before is kept as `….before-repair`."""
        key = self.key(stack)
        before = self.blobs.get(key)
        if before is not None:
            self.blobs.put(f"{key}.before-repair", before)
        content = _encode(document)
        self.blobs.put(key, gzip.compress(content) if key.endswith(".gz") else content)

    def remove(self, stack: StackId) -> None:
        """Take an empty stack away again."""
        self.blobs.delete(self.key(stack))

    def restore(self, stack: StackId) -> bool:
        """Put the state before the last write in place of a damaged one, which is kept.

        False where there is none, or it is damaged too.
        """
        key = self.key(stack)
        backup = self.blobs.get(f"{key}.bak")
        if backup is None:
            return False
        try:
            parse(backup)
        except DamagedCheckpointError:
            return False
        damaged = self.blobs.get(key)
        if damaged is not None:
            self.blobs.put(
                f"{key}.damaged-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}", damaged
            )
        self.blobs.put(key, backup)
        return True

    def _digest_in_bucket(self, project: str, key: str) -> str | None:
        """Objects are listed once for a project and read only where their version is new."""
        version = self._listing(f".pulumi/stacks/{project}").get(key)
        if version is None:
            return None
        token = f"{key} {version}"
        if token not in self._digests:
            content = self.blobs.get(key)
            if content is None:
                return None
            self._digests[token] = hashlib.sha256(content).hexdigest()
        return self._digests[token]

    def _listing(self, folder: str) -> Mapping[str, str]:
        since, found = self._listings.get(folder, (0.0, {}))
        if time.monotonic() - since > _FRESH_SECONDS:
            found = self.blobs.versions(folder)
            self._listings[folder] = (time.monotonic(), found)
        return found


def open_checkpoints(runtime: SiteRuntime) -> CheckpointStore:
    """The checkpoints of a site. Raises `UsageError` for a backend that Moyai cannot read."""
    return CheckpointStore(blobs_of(runtime))


def blobs_of(runtime: SiteRuntime) -> Blobs:
    """The backend's blobs. A folder needs no credentials, and the site need not run to be read."""
    is_folder = runtime.state_backend.startswith("file:")
    return open_blobs(runtime.state_backend, {} if is_folder else runtime.environment())


def _encode(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _damaged(stack: StackId, key: str) -> OperationFailed:
    return OperationFailed(
        Text(
            f"{stack} の状態ファイル {key} が壊れています。",
            f"{stack}: its checkpoint {key} is damaged.",
        ),
        touched=Text("何も変更していません。", "Nothing was touched."),
        remedy=Text(
            f"1つ前の状態が {key}.bak にあります。moyai deploy --refresh を実行すると、"
            "それに戻し、現状を読み直して続けます。",
            f"The state before it is in {key}.bak: moyai deploy --refresh goes back to that, "
            "reads what is live and goes on.",
        ),
    )
