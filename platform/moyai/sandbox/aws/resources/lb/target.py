"""Target groups."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from moyai.provider.naming import AutoName
from moyai.provider.properties import Properties
from moyai.sandbox.aws.conversion import from_api, to_api
from moyai.sandbox.aws.fields import Spelling, flag, one, shape, text, whole
from moyai.sandbox.aws.handler import Seen
from moyai.sandbox.aws.resources.lb.common import LbResource, read, written

_GONE = ("TargetGroupNotFound", "TargetGroupNotFoundException")
_KEYS = {
    "deregistrationDelay": "deregistration_delay.timeout_seconds",
    "loadBalancingAlgorithmType": "load_balancing.algorithm.type",
    "loadBalancingCrossZoneEnabled": "load_balancing.cross_zone.enabled",
    "slowStart": "slow_start.duration_seconds",
}
_STICKY = shape(
    cookieDuration=whole(default=86400),
    enabled=flag(default=True),
    type=text(required=True),
)
_STICKY_KEYS = {
    "cookieDuration": "stickiness.lb_cookie.duration_seconds",
    "enabled": "stickiness.enabled",
    "type": "stickiness.type",
}
_CHECK = shape(
    enabled=flag("HealthCheckEnabled", default=True),
    healthyThreshold=whole("HealthyThresholdCount", chosen=True),
    interval=whole("HealthCheckIntervalSeconds", default=30),
    matcher=text("", chosen=True),
    path=text("HealthCheckPath", chosen=True),
    port=text("HealthCheckPort", default="traffic-port"),
    protocol=text("HealthCheckProtocol", default="HTTP"),
    timeout=whole("HealthCheckTimeoutSeconds", chosen=True),
    unhealthyThreshold=whole("UnhealthyThresholdCount", chosen=True),
)


class TargetGroup(LbResource):
    """aws:lb/targetGroup:TargetGroup."""

    autoname = AutoName(limit=32)
    properties = shape(
        deregistrationDelay=whole("", default=300),
        healthCheck=one(_CHECK, "", chosen=True),
        ipAddressType=text(replaces=True, chosen=True),
        loadBalancingAlgorithmType=text("", chosen=True),
        loadBalancingCrossZoneEnabled=text("", chosen=True),
        name=text(replaces=True),
        namePrefix=text("", replaces=True, kept=False),
        port=whole(replaces=True),
        protocol=text(replaces=True),
        protocolVersion=text(replaces=True, chosen=True),
        slowStart=whole("", default=0),
        stickiness=one(_STICKY, "", chosen=True),
        targetType=text(default="instance", replaces=True),
        vpcId=text(replaces=True),
    )
    computed = frozenset({"arn", "arnSuffix", "loadBalancerArns"})
    volatile = frozenset({"loadBalancerArns"})

    def make(self, inputs: Properties) -> Seen:
        """One call."""
        answer = self.call(
            inputs,
            "create_target_group",
            **self.parameters(inputs),
            **_check(inputs),
            **self.created_tags(inputs),
        )
        return self._seen(answer["TargetGroups"][0])

    def complete(self, id_: str, inputs: Properties, values: Properties) -> None:
        """Attributes that are not as they begin."""
        self._attributes(id_, inputs, ())
        for name in self.chosen - values.keys() - inputs.keys():
            values[name] = _BEGIN[name]

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """The group, its attributes, its tags."""
        name = "describe_target_groups"
        answer = self.call(inputs, name, TargetGroupArns=[id_], gone=_GONE)
        if not answer or not answer["TargetGroups"]:
            return None
        seen = self._seen(answer["TargetGroups"][0])
        told = self.call(inputs, "describe_target_group_attributes", TargetGroupArn=id_)
        attributes = read(self.properties, _KEYS, told)
        sticky = read(_STICKY, _STICKY_KEYS, told)
        tags = self.read_tags(id_, inputs)
        values = {**seen.values, **attributes, "stickiness": {**_BEGIN["stickiness"], **sticky}}
        return Seen(id_, {**values, "tags": tags})

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """Health check and attributes."""
        del old
        if "healthCheck" in changed:
            self.call(new, "modify_target_group", TargetGroupArn=id_, **_check(new))
        if set(changed) & {*_KEYS, "stickiness"}:
            self._attributes(id_, new, changed)
        return {}

    def remove(self, id_: str, state: Properties) -> None:
        """Its rules go before it."""
        self.call(state, "delete_target_group", TargetGroupArn=id_, gone=_GONE)

    def _attributes(self, id_: str, inputs: Properties, names: Collection[str]) -> None:
        attributes = written(self.properties, _KEYS, inputs, names)
        sticky = inputs.get("stickiness")
        if sticky:
            attributes += written(_STICKY, _STICKY_KEYS, sticky, tuple(_STICKY))
        if attributes:
            name = "modify_target_group_attributes"
            self.call(inputs, name, TargetGroupArn=id_, Attributes=attributes)

    def _seen(self, found: Any) -> Seen:
        arn = found["TargetGroupArn"]
        check = from_api(_CHECK, found, Spelling.PASCAL)
        matcher = found.get("Matcher", {}).get("HttpCode")
        values = {
            **self.told({**found, "Name": found["TargetGroupName"]}),
            "healthCheck": {**check, **({"matcher": matcher} if matcher else {})},
            "arn": arn,
            "arnSuffix": arn.split(":")[-1],
            "loadBalancerArns": list(found.get("LoadBalancerArns", ())),
        }
        return Seen(arn, values)


_BEGIN: Properties = {
    "loadBalancingAlgorithmType": "round_robin",
    "loadBalancingCrossZoneEnabled": "use_load_balancer_configuration",
    "stickiness": {"cookieDuration": 86400, "enabled": False, "type": "lb_cookie"},
}
"""What a group has until somebody says otherwise."""


def _check(inputs: Properties) -> dict[str, Any]:
    """The health check, which AWS has among the group's own parameters."""
    check = inputs.get("healthCheck") or {}
    wanted = to_api(_CHECK, check, Spelling.PASCAL)
    if check.get("matcher"):
        wanted["Matcher"] = {"HttpCode": check["matcher"]}
    return wanted
