"""Parameters. Their ids are their names."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from moyai.provider.naming import AutoName
from moyai.provider.properties import Properties
from moyai.sandbox.aws.fields import flag, shape, text
from moyai.sandbox.aws.handler import AwsResource, Seen
from moyai.sandbox.aws.tagging import ServiceTags

_GONE = ("ParameterNotFound",)


class Parameter(AwsResource):
    """aws:ssm/parameter:Parameter."""

    service = "ssm"
    tagging = ServiceTags(
        "add_tags_to_resource",
        "remove_tags_from_resource",
        "list_tags_for_resource",
        target="ResourceId",
        on_create="Tags",
        answer="TagList",
        more=(("ResourceType", "Parameter"),),
    )
    autoname = AutoName(prefix=None, limit=1011)
    properties = shape(
        allowedPattern=text(),
        arn=text("", chosen=True, kept=False),
        dataType=text(default="text"),
        description=text(),
        insecureValue=text(""),
        keyId=text(chosen=True),
        name=text(replaces=True),
        overwrite=flag("", kept=False),
        tier=text(default="Standard"),
        type=text(required=True),
        value=text("", secret=True),
    )
    computed = frozenset({"version"})
    volatile = frozenset({"version"})

    def make(self, inputs: Properties) -> Seen:
        """One call. Tags cannot come along where it overwrites."""
        wanted = {**self.parameters(inputs), "Value": _value(inputs)}
        if inputs.get("overwrite"):
            answer = self.call(inputs, "put_parameter", Overwrite=True, **wanted)
            self.set_tags(inputs["name"], inputs)
        else:
            answer = self.call(inputs, "put_parameter", **wanted, **self.created_tags(inputs))
        return Seen(inputs["name"], self._computed(inputs["name"], answer, inputs))

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """Value, settings, tags: one call each."""
        answer = self.call(inputs, "get_parameter", Name=id_, WithDecryption=True, gone=_GONE)
        if answer is None:
            return None
        found = answer["Parameter"]
        filters = [{"Key": "Name", "Option": "Equals", "Values": [id_]}]
        described = self.call(inputs, "describe_parameters", ParameterFilters=filters)
        settings = described["Parameters"][0] if described["Parameters"] else {}
        where = "insecureValue" if "insecureValue" in inputs else "value"
        values = {
            **self.told({**settings, **found}),
            where: found["Value"],
            **self._computed(id_, found, inputs),
            "tags": self.read_tags(id_, inputs),
        }
        return Seen(id_, values)

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """A new version."""
        del old
        if set(changed) <= {"overwrite", "arn"}:
            return {}
        wanted = {"Description": "", **self.parameters(new), "Value": _value(new)}
        answer = self.call(new, "put_parameter", Overwrite=True, **wanted)
        return self._computed(id_, answer, new)

    def remove(self, id_: str, state: Properties) -> None:
        """One call."""
        self.call(state, "delete_parameter", Name=id_, gone=_GONE)

    def _computed(self, name: str, answer: Any, inputs: Properties) -> Properties:
        arn = self.arn(inputs, f"parameter/{name.removeprefix('/')}")
        return {"arn": arn, "version": int(answer["Version"])}


def _value(inputs: Properties) -> str:
    """Its one value: a secret one, or one that may be shown."""
    value = inputs.get("value")
    return str(inputs.get("insecureValue", "") if value is None else value)
