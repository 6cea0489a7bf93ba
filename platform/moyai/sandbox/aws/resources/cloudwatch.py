"""Log groups and alarms. Their ids are their names."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from moyai.provider.naming import AutoName
from moyai.provider.properties import Properties
from moyai.provider.resources import ResourceFailed
from moyai.sandbox.aws.fields import (
    Spelling,
    flag,
    many,
    mapping,
    number,
    one,
    shape,
    text,
    texts,
    whole,
)
from moyai.sandbox.aws.handler import AwsResource, Seen
from moyai.sandbox.aws.tagging import ServiceTags
from moyai.texts import Text

_NO_GROUP = ("ResourceNotFoundException",)


class LogGroup(AwsResource):
    """aws:cloudwatch/logGroup:LogGroup."""

    service = "logs"
    spell = Spelling.CAMEL
    tagging = ServiceTags(
        "tag_resource",
        "untag_resource",
        "list_tags_for_resource",
        target="resourceArn",
        tags="tags",
        keys="tagKeys",
        signs=None,
    )
    tag_by = "arn"
    autoname = AutoName(limit=512)
    properties = shape(
        kmsKeyId=text(),
        logGroupClass=text(default="STANDARD", replaces=True, kept=False),
        name=text("logGroupName", replaces=True),
        namePrefix=text("", replaces=True, kept=False),
        retentionInDays=whole("", default=0),
        skipDestroy=flag("", kept=False),
    )
    computed = frozenset({"arn"})

    def make(self, inputs: Properties) -> Seen:
        """One call."""
        self.call(
            inputs, "create_log_group", **self.parameters(inputs), **self.created_tags(inputs)
        )
        name = inputs["name"]
        return Seen(name, {"arn": self.arn(inputs, f"log-group:{name}")})

    def complete(self, id_: str, inputs: Properties, values: Properties) -> None:
        """Without retention, lines stay for ever."""
        del values
        if inputs.get("retentionInDays"):
            self._keep(id_, inputs)

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """The group, its tags."""
        answer = self.call(inputs, "describe_log_groups", logGroupNamePrefix=id_)
        found = next((one for one in answer["logGroups"] if one["logGroupName"] == id_), None)
        if found is None:
            return None
        arn = self.arn(inputs, f"log-group:{id_}")
        values = {
            **self.told(found),
            "retentionInDays": found.get("retentionInDays"),
            "tags": self.read_tags(arn, inputs),
            "arn": arn,
        }
        return Seen(id_, values)

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """Retention, key."""
        del old
        if "kmsKeyId" in changed:
            self._encrypt(id_, new)
        if "retentionInDays" in changed:
            self._keep(id_, new)
        return {}

    def remove(self, id_: str, state: Properties) -> None:
        """With all its lines, unless the program says `skipDestroy`."""
        if not state.get("skipDestroy"):
            self.call(state, "delete_log_group", logGroupName=id_, gone=_NO_GROUP)

    def _encrypt(self, id_: str, inputs: Properties) -> None:
        key = inputs.get("kmsKeyId")
        if key:
            self.call(inputs, "associate_kms_key", logGroupName=id_, kmsKeyId=key)
        else:
            self.call(inputs, "disassociate_kms_key", logGroupName=id_)

    def _keep(self, id_: str, inputs: Properties) -> None:
        days = inputs.get("retentionInDays")
        if days:
            name = "put_retention_policy"
            self.call(inputs, name, logGroupName=id_, retentionInDays=days)
        else:
            self.call(inputs, "delete_retention_policy", logGroupName=id_, gone=_NO_GROUP)


_DIMENSIONS = mapping(pairs=("Name", "Value"))


class MetricAlarm(AwsResource):
    """aws:cloudwatch/metricAlarm:MetricAlarm."""

    service = "cloudwatch"
    tagging = ServiceTags(
        "tag_resource", "untag_resource", "list_tags_for_resource", target="ResourceARN"
    )
    tag_by = "arn"
    autoname = AutoName(prefix=None)
    properties = shape(
        actionsEnabled=flag(default=True),
        alarmActions=texts(is_set=True),
        alarmDescription=text(),
        comparisonOperator=text(),
        datapointsToAlarm=whole(),
        dimensions=_DIMENSIONS,
        evaluationPeriods=whole(),
        extendedStatistic=text(),
        insufficientDataActions=texts(is_set=True),
        metricName=text(),
        metricQueries=many(
            shape(
                expression=text(),
                id=text(required=True),
                label=text(),
                metric=one(
                    shape(
                        dimensions=_DIMENSIONS,
                        metricName=text(required=True),
                        namespace=text(),
                        period=whole(required=True),
                        stat=text(required=True),
                        unit=text(),
                    ),
                    "",
                ),
                period=whole(),
                returnData=flag(),
            ),
            "",
            is_set=True,
        ),
        name=text("AlarmName", replaces=True),
        namespace=text(),
        okActions=texts("OKActions", is_set=True),
        period=whole(),
        statistic=text(),
        threshold=number(),
        thresholdMetricId=text(),
        treatMissingData=text(default="missing"),
        unit=text(),
    )
    computed = frozenset({"arn"})

    def make(self, inputs: Properties) -> Seen:
        """One call, which would take the place of an alarm of this name."""
        name = inputs["name"]
        if self.call(inputs, "describe_alarms", AlarmNames=[name])["MetricAlarms"]:
            raise _taken(name, self._whose(inputs))
        self._put(inputs, self.created_tags(inputs))
        return Seen(name, {"arn": self.arn(inputs, f"alarm:{name}")})

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """The alarm, its tags."""
        alarms = self.call(inputs, "describe_alarms", AlarmNames=[id_])["MetricAlarms"]
        if not alarms:
            return None
        found = alarms[0]
        values = {
            **self.told(found),
            "metricQueries": [self._query(one) for one in found.get("Metrics", ())],
            "tags": self.read_tags(found["AlarmArn"], inputs),
            "arn": found["AlarmArn"],
        }
        return Seen(id_, values)

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """Put anew; tags stay as they are."""
        del id_, old, changed
        self._put(new, {})
        return {}

    def remove(self, id_: str, state: Properties) -> None:
        """One call."""
        self.call(state, "delete_alarms", AlarmNames=[id_], gone=("ResourceNotFound",))

    def _put(self, inputs: Properties, more: dict[str, Any]) -> None:
        wanted = self.parameters(inputs)
        queries = inputs.get("metricQueries")
        if queries:
            wanted["Metrics"] = [self._metric(one) for one in queries]
        self.call(inputs, "put_metric_alarm", **wanted, **more)

    def _metric(self, query: Properties) -> dict[str, Any]:
        """CloudWatch puts a metric's period and statistic around it."""
        plain = self.parameters({"metricQueries": None, **query}, "period")
        wanted = {
            "Id": query["id"],
            "ReturnData": bool(query.get("returnData")),
            **{key.capitalize(): query[key] for key in ("expression", "label") if query.get(key)},
            **plain,
        }
        metric = query.get("metric")
        if metric:
            which = self.parameters(metric, "dimensions", "metricName", "namespace")
            unit = {"Unit": metric["unit"]} if metric.get("unit") else {}
            stat = {"Period": metric["period"], "Stat": metric["stat"], **unit}
            wanted["MetricStat"] = {"Metric": which, **stat}
        return wanted

    def _query(self, told: Any) -> Properties:
        query: Properties = {"id": told["Id"], "returnData": bool(told.get("ReturnData"))}
        query |= {key.lower(): told[key] for key in ("Expression", "Label") if told.get(key)}
        if told.get("Period"):
            query["period"] = int(told["Period"])
        stat = told.get("MetricStat")
        if stat:
            which = self.told(stat["Metric"])
            unit = {"unit": stat["Unit"]} if stat.get("Unit") else {}
            query["metric"] = {**which, "period": int(stat["Period"]), "stat": stat["Stat"], **unit}
        return query


def _taken(name: str, remedy: Text) -> ResourceFailed:
    return ResourceFailed(
        Text(f"アラーム {name} は既にあります。", f"there is an alarm {name} already."),
        touched=Text("既にあるものには触れていません。", "What is there was not touched."),
        remedy=remedy,
    )
