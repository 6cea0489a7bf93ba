"""How services take, change and tell tags. Each has its own names for the same four things."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from moyai.provider.properties import Properties

Call = Callable[..., Any]
"""Calls an operation of the resource's service: `call("tag_resource", ResourceArn=…)`."""
Tags = Mapping[str, str]


class Tagging(Protocol):
    """One service's way."""

    def created(self, tags: Tags) -> dict[str, Any]:
        """Parameters of a create call; none without tags."""
        ...

    def change(self, call: Call, target: str, old: Tags, new: Tags) -> None:
        """Set and take off what differs."""
        ...

    def read(self, call: Call, target: str) -> dict[str, str]:
        """The tags as they are."""
        ...


def pairs(tags: Tags, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Tags as a list, as most services take them."""
    return [{key: name, value: words} for name, words in sorted(tags.items())]


def unpaired(
    tags: Iterable[Mapping[str, str]] | None, key: str = "Key", value: str = "Value"
) -> dict[str, str]:
    """Tags from a list. AWS's own (`aws:…`) are none of a program's."""
    found = {tag[key]: tag.get(value, "") for tag in tags or ()}
    return {name: words for name, words in found.items() if not name.startswith("aws:")}


def changes(old: Tags, new: Tags) -> tuple[dict[str, str], list[str]]:
    """Tags to set, and names to take off."""
    put = {name: words for name, words in new.items() if old.get(name) != words}
    return put, sorted(old.keys() - new.keys())


@dataclass(frozen=True, slots=True)
class ServiceTags:
    """A service with an operation to set tags, one to take them off, and one to list them."""

    put: str
    off: str
    listing: str = ""
    """Empty where the resource's own description tells them."""
    target: str = "ResourceArn"
    """The parameter that names the resource."""
    tags: str = "Tags"
    """The parameter with tags, and the list in an answer."""
    keys: str = "TagKeys"
    answer: str | None = None
    """The list in an answer, where it is called otherwise."""
    signs: tuple[str, str] | None = ("Key", "Value")
    """What name and value are called in a list; None: tags are a mapping."""
    keys_are_pairs: bool = False
    """Whether tags to take off are named as `[{"Key": …}]`."""
    on_create: str | None = None
    """The parameter of create calls, where it is called otherwise."""
    more: tuple[tuple[str, str], ...] = ()
    """Parameters that all three calls take besides."""
    many_targets: bool = False
    """Whether the parameter takes a list of resources."""

    def created(self, tags: Tags) -> dict[str, Any]:
        """See `Tagging.created`."""
        return {self.on_create or self.tags: self._written(tags)} if tags else {}

    def change(self, call: Call, target: str, old: Tags, new: Tags) -> None:
        """See `Tagging.change`."""
        put, off = changes(old, new)
        if put:
            call(self.put, **self._target(target), **{self.tags: self._written(put)})
        if off:
            parameter = self.tags if self.keys_are_pairs else self.keys
            keys: Any = [{"Key": name} for name in off] if self.keys_are_pairs else off
            call(self.off, **self._target(target), **{parameter: keys})

    def read(self, call: Call, target: str) -> dict[str, str]:
        """See `Tagging.read`."""
        return self.told(call(self.listing, **self._target(target)))

    def told(self, answer: Mapping[str, Any]) -> dict[str, str]:
        """Tags in an answer."""
        tags = answer.get(self.answer or self.tags)
        if self.signs is None:
            return dict(tags or {})
        return unpaired(tags, *self.signs)

    def _written(self, tags: Tags) -> Any:
        return dict(tags) if self.signs is None else pairs(tags, *self.signs)

    def _target(self, target: str) -> dict[str, Any]:
        return {self.target: [target] if self.many_targets else target, **dict(self.more)}


def properties_tags(properties: Properties) -> Tags:
    """A resource's tags; none is an empty mapping."""
    tags: Tags = properties.get("tags") or {}
    return tags
