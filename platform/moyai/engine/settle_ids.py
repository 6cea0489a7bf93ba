"""Ids of resources as they must be if they exist: by name, or found by looking for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moyai.engine.checkpoint import Checkpoint, CheckpointStore
from moyai.engine.settle import Locate
from moyai.engine.worker_messages import Setup


def locator(_setup: Setup, _store: CheckpointStore, _checkpoint: Checkpoint) -> Locate:
    """How to find what a create may have left."""

    def locate(_kind: str, inputs: Mapping[str, Any]) -> str | None:
        name = inputs.get("name")
        return name if isinstance(name, str) else None

    return locate
