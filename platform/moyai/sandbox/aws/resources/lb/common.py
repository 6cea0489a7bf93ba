"""What load balancing's resources share: tags by ARN, attributes by key."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from moyai.provider.properties import Properties
from moyai.sandbox.aws.checking import coerce
from moyai.sandbox.aws.fields import Shape
from moyai.sandbox.aws.handler import AwsResource
from moyai.sandbox.aws.observing import canonical
from moyai.sandbox.aws.tagging import Call, ServiceTags, unpaired


@dataclass(frozen=True, slots=True)
class LbTags(ServiceTags):
    """Tags of several resources are told at once."""

    def read(self, call: Call, target: str) -> dict[str, str]:
        """See `Tagging.read`."""
        return unpaired(call("describe_tags", ResourceArns=[target])["TagDescriptions"][0]["Tags"])


class LbResource(AwsResource):
    """A resource of Elastic Load Balancing."""

    service = "elbv2"
    tagging = LbTags("add_tags", "remove_tags", target="ResourceArns", many_targets=True)


def written(
    shape: Shape, keys: Mapping[str, str], inputs: Properties, names: Collection[str]
) -> list[dict[str, str]]:
    """Attributes that are not as they begin, or (of `names`) are to be so again."""
    found = []
    for name, key in keys.items():
        value = inputs.get(name, shape[name].default)
        if value is not None and (name in names or canonical(shape[name], value) is not None):
            words = str(value).lower() if isinstance(value, bool) else str(value)
            found.append({"Key": key, "Value": words})
    return found


def read(shape: Shape, keys: Mapping[str, str], answer: Any) -> Properties:
    """Attributes as properties, in their declared kinds."""
    told = {one["Key"]: one["Value"] for one in answer["Attributes"]}
    return {
        name: coerce(shape[name].kind, told[key])
        for name, key in keys.items()
        if told.get(key) not in (None, "")
    }
