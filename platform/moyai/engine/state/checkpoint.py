"""What a checkpoint of Pulumi's is: its bytes read, its resources, pending operations, outputs; pure."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from moyai.engine.stacks import MASKED

SIGNATURE = "4dabf18193072939515e22adb298388d"
"""The key that marks a property value of a kind of its own; below it stands which."""
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - Pulumi's mark of a secret, no secret
GZIP = b"\x1f\x8b"
"""What a packed one begins with."""


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
    def features(self) -> tuple[str, ...]:
        """The features of Pulumi's schema that a reader must know."""
        return tuple(self.document.get("features") or ())

    @property
    def secrets_state(self) -> Mapping[str, Any]:
        """The secrets provider's state (`salt`, or `url` and `encryptedkey`); empty where none."""
        providers = self.deployment.get("secrets_providers") or {}
        return providers.get("state") or {}


def parse(content: bytes) -> Checkpoint:
    """Read a checkpoint's bytes. Raises `DamagedCheckpointError`."""
    try:
        text = gzip.decompress(content) if content.startswith(GZIP) else content
        document = orjson.loads(text)
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
        if value.get(SIGNATURE) == SECRET:
            return MASKED
        return {key: masked(part) for key, part in value.items()}
    if isinstance(value, list):
        return [masked(part) for part in value]
    return value


def name_of(urn: str) -> str:
    """The logical name at a URN's end: `urn:pulumi:stack::project::types::name`."""
    return urn.split("::", 3)[-1]


def is_whole(content: bytes) -> bool:
    """Whether the pinned engine would read these bytes."""
    try:
        parse(content)
    except DamagedCheckpointError:
        return False
    return True
