"""Trails. Their ids are their ARNs."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from moyai.provider.naming import AutoName
from moyai.provider.properties import Properties
from moyai.sandbox.aws.fields import flag, many, shape, text, texts
from moyai.sandbox.aws.handler import AwsResource, Seen
from moyai.sandbox.aws.tagging import Call, ServiceTags, unpaired

_GONE = ("TrailNotFoundException",)


class _TrailTags(ServiceTags):
    """Tags are listed of several resources at once."""

    def read(self, call: Call, target: str) -> dict[str, str]:
        """See `Tagging.read`."""
        listed = call("list_tags", ResourceIdList=[target])["ResourceTagList"]
        return unpaired(listed[0]["TagsList"]) if listed else {}


class Trail(AwsResource):
    """aws:cloudtrail/trail:Trail."""

    service = "cloudtrail"
    tagging = _TrailTags(
        "add_tags", "remove_tags", target="ResourceId", tags="TagsList", keys_are_pairs=True
    )
    autoname = AutoName(prefix=None, limit=128)
    properties = shape(
        cloudWatchLogsGroupArn=text("CloudWatchLogsLogGroupArn"),
        cloudWatchLogsRoleArn=text(),
        enableLogFileValidation=flag("LogFileValidationEnabled"),
        enableLogging=flag("", default=True),
        eventSelectors=many(
            shape(
                dataResources=many(shape(type=text(required=True), values=texts(required=True))),
                excludeManagementEventSources=texts(is_set=True),
                includeManagementEvents=flag(default=True),
                readWriteType=text(default="All"),
            ),
            "",
        ),
        includeGlobalServiceEvents=flag(default=True),
        isMultiRegionTrail=flag(),
        isOrganizationTrail=flag(),
        kmsKeyId=text(),
        name=text(replaces=True),
        s3BucketName=text(required=True),
        s3KeyPrefix=text(),
        snsTopicName=text(),
    )
    computed = frozenset({"arn", "homeRegion", "snsTopicArn"})
    volatile = frozenset({"snsTopicArn"})

    def make(self, inputs: Properties) -> Seen:
        """One call."""
        answer = self.call(
            inputs, "create_trail", **self._settings(inputs), **self.created_tags(inputs)
        )
        return Seen(answer["TrailARN"], self._computed(answer, inputs))

    def complete(self, id_: str, inputs: Properties, values: Properties) -> None:
        """What it writes down, then start it."""
        del values
        if inputs.get("eventSelectors"):
            self._select(id_, inputs)
        if inputs.get("enableLogging", True):
            self.call(inputs, "start_logging", Name=id_)

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """Where it writes, what, and whether it does."""
        answer = self.call(inputs, "get_trail", Name=id_, gone=_GONE)
        if answer is None:
            return None
        found = answer["Trail"]
        selected = self.call(inputs, "get_event_selectors", TrailName=id_)
        status = self.call(inputs, "get_trail_status", Name=id_)
        custom = found.get("HasCustomEventSelectors") or inputs.get("eventSelectors")
        selectors = {"EventSelectors": selected.get("EventSelectors", ()) if custom else ()}
        values = {
            **self.told(found),
            "eventSelectors": _selectors(selectors["EventSelectors"]),
            "enableLogging": bool(status["IsLogging"]),
            "tags": self.read_tags(id_, inputs),
            **self._computed(found, inputs),
        }
        return Seen(found["TrailARN"], values)

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """Settings, selectors, whether it runs."""
        del old
        answer: Any = {}
        if set(changed) - {"enableLogging", "eventSelectors"}:
            wanted = {**self._settings({**self._defaults(), **new}), "Name": id_}
            answer = self.call(new, "update_trail", **wanted)
        if "eventSelectors" in changed:
            self._select(id_, new)
        if "enableLogging" in changed:
            on = new.get("enableLogging", True)
            self.call(new, "start_logging" if on else "stop_logging", Name=id_)
        return self._computed(answer, new) if answer else {}

    def remove(self, id_: str, state: Properties) -> None:
        """Its files stay in the bucket. moto deletes by name only."""
        self.call(state, "delete_trail", Name=id_.rpartition("/")[2], gone=_GONE)

    def id_of(self, inputs: Properties) -> str | None:
        """Its ARN."""
        return self.arn(inputs, f"trail/{inputs['name']}")

    def _settings(self, inputs: Properties) -> dict[str, Any]:
        """CloudTrail calls the validation otherwise where it is set than where it is told."""
        wanted = self.parameters(inputs)
        if "LogFileValidationEnabled" in wanted:
            wanted["EnableLogFileValidation"] = wanted.pop("LogFileValidationEnabled")
        return wanted

    def _select(self, id_: str, inputs: Properties) -> None:
        said = inputs.get("eventSelectors") or [{}]
        selectors = [
            {
                "ReadWriteType": one.get("readWriteType", "All"),
                "IncludeManagementEvents": one.get("includeManagementEvents", True),
                "DataResources": [
                    {"Type": data["type"], "Values": data["values"]}
                    for data in one.get("dataResources") or ()
                ],
                "ExcludeManagementEventSources": one.get("excludeManagementEventSources") or [],
            }
            for one in said
        ]
        self.call(inputs, "put_event_selectors", TrailName=id_, EventSelectors=selectors)

    def _computed(self, found: Any, inputs: Properties) -> Properties:
        region = self.region(inputs)
        topic = found.get("SnsTopicARN") or ""
        return {"arn": found["TrailARN"], "homeRegion": region, "snsTopicArn": topic}


def _selectors(told: Any) -> list[Properties]:
    found: list[Properties] = []
    for one in told:
        data = [
            {"type": item["Type"], "values": list(item["Values"])}
            for item in one.get("DataResources", ())
        ]
        found.append(
            {
                "readWriteType": one.get("ReadWriteType", "All"),
                "includeManagementEvents": bool(one.get("IncludeManagementEvents", True)),
                "dataResources": data,
                "excludeManagementEventSources": list(one.get("ExcludeManagementEventSources", ())),
            }
        )
    plain = {"readWriteType": "All", "includeManagementEvents": True}
    return [] if [{k: v for k, v in one.items() if v} for one in found] == [plain] else found
