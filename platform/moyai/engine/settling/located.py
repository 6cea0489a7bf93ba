"""Where a resource is that may have been created."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Located:
    """Where a resource is, if it exists."""

    id: str | None
    """The id that it has if it exists; None: it does not, or that cannot be known."""
    looked: bool = True
    """False where nobody could look for it."""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    """What a read of it needs to be told, beside its id and inputs."""


Locate = Callable[[str, Mapping[str, Any]], Located]
"""Type and inputs of a resource → where it is."""
