"""What one resource type is tested with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from protocol import Engine, Resource

Inputs = Mapping[str, Any]
Aws = Callable[..., Any]
"""`aws("s3")`: a boto3 client; a second argument names a region."""


@dataclass
class World:
    """Makes what a type needs first, through the plugin itself, and takes it away afterwards."""

    engine: Engine
    aws: Aws
    name: str
    """Begins the names of everything in this test."""
    made: list[Resource] = field(default_factory=list)

    def make(self, token: str, name: str, inputs: Inputs) -> Resource:
        resource = self.engine.create(token, f"{self.name}-{name}", inputs)
        self.made.append(resource)
        return resource

    def clear(self) -> None:
        for resource in reversed(self.made):
            self.engine.delete(resource)
        self.made.clear()


@dataclass(frozen=True)
class Case:
    """A type's life: inputs, changed inputs, and what somebody else might do to it."""

    inputs: Inputs
    update: Inputs | None = None
    """Properties to change in place; None where every input forces a replacement."""
    then: Inputs | None = None
    """Properties of `update` to change in place after that, and back: what is taken away again."""
    replace: Inputs = field(default_factory=dict)
    """Properties whose change forces a replacement."""
    drift: Callable[[Aws, Resource], object] | None = None
    """A change behind Pulumi's back."""
    drifted: frozenset[str] = frozenset()
    """The properties that a refresh must then find changed."""
    import_id: Callable[[Resource], str] = lambda resource: resource.id
    unread: frozenset[str] = frozenset()
    """Inputs that an import cannot know: they are words to the provider, or a secret."""
    later: frozenset[str] = frozenset()
    """Outputs that become known or change after the create."""
    renamed: bool = False
    """Whether an import gives it another id than it has: its own is but a label."""
    stays: bool = False
    """Whether the thing outlives its resource's deletion, as a bucket's versioning does."""


Maker = Callable[[World], Case]
