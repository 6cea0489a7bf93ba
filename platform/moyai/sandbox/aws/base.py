"""What the handlers have in common: regions, tags, names of properties."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any, ClassVar

from moyai.provider.properties import Properties
from moyai.provider.resources import Live, Resource
from moyai.sandbox.aws.calls import call, region_of

ACCOUNT = "123456789012"
"""The account that a local AWS answers for."""

COMMON = frozenset({"region"})
TAGGED = frozenset({"region", "tags"})


class AwsResource(Resource):
    """A resource of one AWS service; `documents` names inputs that are JSON policies."""

    service: ClassVar[str]
    documents: ClassVar[frozenset[str]] = frozenset()
    unordered: ClassVar[frozenset[str]] = frozenset()
    """Inputs whose lists are sets: their order means nothing."""

    def call(
        self,
        properties: Properties,
        operation: str,
        /,
        *,
        gone: Collection[str] = (),
        **more: Any,
    ) -> Any:
        """Call an operation of the resource's service in its region."""
        return call(self.service, region_of(properties), operation, gone=gone, **more)

    def normal(self, name: str, value: Any) -> Any:
        """JSON documents by content, sets without order."""
        if name in self.documents and isinstance(value, str):
            try:
                return json.loads(value)
            except json.JSONDecodeError:
                return value
        if name in self.unordered and isinstance(value, list):
            return sorted(value, key=lambda one: json.dumps(one, sort_keys=True, default=str))
        if name == "tags" and not value:
            return None
        return value

    def outputs(self, inputs: Properties, **more: Any) -> Properties:
        """Inputs with what the service adds; `tagsAll` as the real provider has it."""
        found: Properties = {**inputs, "region": region_of(inputs), **more}
        if "tags" in self.inputs:
            found["tagsAll"] = inputs.get("tags", {})
        return found

    def live(self, id_: str, inputs: Properties, **more: Any) -> Live:
        """A resource with its outputs."""
        return Live(id_, inputs, self.outputs(inputs, **more))

    def same_inputs(self, known: Properties, **read: Any) -> Properties:
        """The known inputs with what was read of them; None means that it is not set."""
        merged = {**known, **read}
        return {name: value for name, value in merged.items() if value is not None}


def take(properties: Mapping[str, Any], *names: str, **renamed: str) -> dict[str, Any]:
    """API parameters from properties: `cidrBlock` → `CidrBlock`; others by `property="Parameter"`."""
    found = {
        name[0].upper() + name[1:]: properties[name]
        for name in names
        if properties.get(name) is not None
    }
    found |= {
        parameter: properties[name]
        for name, parameter in renamed.items()
        if properties.get(name) is not None
    }
    return found


def pascal(value: Any) -> Any:
    """Nested properties as API parameters, key by key."""
    if isinstance(value, Mapping):
        return {key[0].upper() + key[1:]: pascal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [pascal(item) for item in value]
    return value


def camel(value: Any) -> Any:
    """An API's answer as nested properties, key by key."""
    if isinstance(value, Mapping):
        return {key[0].lower() + key[1:]: camel(item) for key, item in value.items()}
    if isinstance(value, list):
        return [camel(item) for item in value]
    return value


def pairs(
    tags: Mapping[str, str] | None, key: str = "Key", value: str = "Value"
) -> list[dict[str, str]]:
    """Tags as most services take them."""
    return [{key: name, value: words} for name, words in sorted((tags or {}).items())]


def unpaired(
    tags: Iterable[Mapping[str, str]] | None, key: str = "Key", value: str = "Value"
) -> dict[str, str] | None:
    """Tags as most services answer them; None for none."""
    return {tag[key]: tag[value] for tag in tags or ()} or None


def tag_changes(old: Properties, new: Properties) -> tuple[dict[str, str], list[str]]:
    """Tags to set and keys to take off."""
    before, after = old.get("tags") or {}, new.get("tags") or {}
    put = {name: words for name, words in after.items() if before.get(name) != words}
    return put, sorted(before.keys() - after.keys())
