"""Where a resource is that may have been created."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

_SHARED_IDS = frozenset({"aws:ecs/taskDefinition:TaskDefinition"})
"""Types of which all revisions of one name have the same id."""


def identity(kind: str, physical: object, outputs: Mapping[str, Any] | None) -> str:
    """What tells a resource of a type from all others: its id, or its ARN where others have the same id."""
    return str((outputs or {}).get("arn") or physical) if kind in _SHARED_IDS else str(physical)


@dataclass(frozen=True, slots=True)
class Located:
    """Where a resource is, if it exists."""

    id: str | None
    """The id that it has if it exists; None: it does not, or that cannot be known."""
    looked: bool = True
    """False where nobody could look for it."""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    """What a read of it needs to be told, beside its id and inputs."""

    def identity(self, kind: str) -> str | None:
        """Of the resource of this type, if it exists."""
        return None if self.id is None else identity(kind, self.id, self.outputs)


Locate = Callable[[str, Mapping[str, Any]], Located]
"""Type and inputs of a resource → where it is."""
