"""Listeners and their rules."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from moyai.provider.properties import Properties
from moyai.sandbox.aws.fields import flag, many, one, shape, text, texts, whole
from moyai.sandbox.aws.handler import Seen
from moyai.sandbox.aws.resources.lb.common import LbResource

_NO_LISTENER = ("ListenerNotFound", "ListenerNotFoundException", "LoadBalancerNotFound")
_NO_RULE = ("RuleNotFound", "RuleNotFoundException", *_NO_LISTENER)

_ACTION = shape(
    type=text(required=True),
    order=whole(chosen=True),
    targetGroupArn=text(),
    fixedResponse=one(
        shape(contentType=text(required=True), messageBody=text(), statusCode=text()),
        "FixedResponseConfig",
    ),
    forward=one(
        shape(
            targetGroups=many(
                shape(arn=text("TargetGroupArn", required=True), weight=whole(default=1)),
                required=True,
                is_set=True,
            ),
            stickiness=one(
                shape(duration=whole("DurationSeconds", required=True), enabled=flag()),
                "TargetGroupStickinessConfig",
                default={},
            ),
        ),
        "ForwardConfig",
    ),
    redirect=one(
        shape(
            host=text(default="#{host}"),
            path=text(default="/#{path}"),
            port=text(default="#{port}"),
            protocol=text(default="#{protocol}"),
            query=text(default="#{query}"),
            statusCode=text(required=True),
        ),
        "RedirectConfig",
    ),
)


class Listener(LbResource):
    """aws:lb/listener:Listener."""

    properties = shape(
        certificateArn=text(""),
        defaultActions=many(_ACTION, required=True),
        loadBalancerArn=text(required=True, replaces=True),
        port=whole(),
        protocol=text(chosen=True),
        sslPolicy=text(chosen=True),
    )
    computed = frozenset({"arn"})

    def make(self, inputs: Properties) -> Seen:
        """One call."""
        answer = self.call(
            inputs, "create_listener", **self._settings(inputs), **self.created_tags(inputs)
        )
        return self._seen(answer["Listeners"][0])

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """The listener, its tags."""
        answer = self.call(inputs, "describe_listeners", ListenerArns=[id_], gone=_NO_LISTENER)
        if not answer or not answer.get("Listeners"):
            return None
        seen = self._seen(answer["Listeners"][0])
        return Seen(id_, {**seen.values, "tags": self.read_tags(id_, inputs)})

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """Everything but its balancer."""
        del old, changed
        wanted = {**self._settings(new), "ListenerArn": id_}
        del wanted["LoadBalancerArn"]
        self.call(new, "modify_listener", **wanted)
        return {}

    def remove(self, id_: str, state: Properties) -> None:
        """One call; its rules go with it."""
        self.call(state, "delete_listener", ListenerArn=id_, gone=_NO_LISTENER)

    def name_of(self, inputs: Properties) -> str:
        """Balancer and port."""
        return f"{inputs['loadBalancerArn']} {inputs.get('port', '')}"

    def _settings(self, inputs: Properties) -> dict[str, Any]:
        settings = self.parameters(inputs)
        if inputs.get("certificateArn"):
            settings["Certificates"] = [{"CertificateArn": inputs["certificateArn"]}]
        return settings

    def _seen(self, found: Any) -> Seen:
        certificates = found.get("Certificates") or [{}]
        values = {
            **self.told(found),
            "certificateArn": certificates[0].get("CertificateArn"),
            "arn": found["ListenerArn"],
        }
        return Seen(found["ListenerArn"], values)


_VALUES = shape(values=texts(is_set=True))
_CONDITION = shape(
    hostHeader=one(_VALUES, "HostHeaderConfig"),
    httpHeader=one(
        shape(_VALUES, httpHeaderName=text(required=True)),
        "HttpHeaderConfig",
    ),
    httpRequestMethod=one(
        shape(values=texts(required=True, is_set=True)), "HttpRequestMethodConfig"
    ),
    pathPattern=one(_VALUES, "PathPatternConfig"),
    queryStrings=many(shape(key=text(), value=text(required=True)), "", is_set=True),
    sourceIp=one(_VALUES, "SourceIpConfig"),
)
_FIELDS = {
    "HostHeaderConfig": "host-header",
    "HttpHeaderConfig": "http-header",
    "HttpRequestMethodConfig": "http-request-method",
    "PathPatternConfig": "path-pattern",
    "SourceIpConfig": "source-ip",
}


class ListenerRule(LbResource):
    """aws:lb/listenerRule:ListenerRule."""

    properties = shape(
        actions=many(_ACTION, required=True),
        conditions=many(_CONDITION, required=True, is_set=True),
        listenerArn=text("", required=True, replaces=True),
        priority=whole("", chosen=True),
    )
    computed = frozenset({"arn"})

    def make(self, inputs: Properties) -> Seen:
        """One call; without a priority it goes behind all others."""
        priority = inputs.get("priority") or self._next(inputs)
        answer = self.call(
            inputs,
            "create_rule",
            ListenerArn=inputs["listenerArn"],
            Priority=priority,
            **self._settings(inputs),
            **self.created_tags(inputs),
        )
        return self._seen(answer["Rules"][0], inputs)

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """The rule, its tags."""
        answer = self.call(inputs, "describe_rules", RuleArns=[id_], gone=_NO_RULE)
        if not answer or not answer.get("Rules"):
            return None
        seen = self._seen(answer["Rules"][0], inputs)
        return Seen(id_, {**seen.values, "tags": self.read_tags(id_, inputs)})

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """Its place has a call of its own."""
        del old
        if "priority" in changed:
            moved = [{"RuleArn": id_, "Priority": new["priority"]}]
            self.call(new, "set_rule_priorities", RulePriorities=moved)
        if {"actions", "conditions"} & set(changed):
            self.call(new, "modify_rule", RuleArn=id_, **self._settings(new))
        return {}

    def remove(self, id_: str, state: Properties) -> None:
        """One call."""
        self.call(state, "delete_rule", RuleArn=id_, gone=_NO_RULE)

    def name_of(self, inputs: Properties) -> str:
        """Listener and priority."""
        return f"{inputs['listenerArn']} {inputs.get('priority', '')}"

    def _next(self, inputs: Properties) -> int:
        answer = self.call(inputs, "describe_rules", ListenerArn=inputs["listenerArn"])
        taken = [int(one["Priority"]) for one in answer["Rules"] if one["Priority"].isdigit()]
        return max(taken, default=0) + 1

    def _settings(self, inputs: Properties) -> dict[str, Any]:
        wanted = self.parameters(inputs, "actions", "conditions")
        conditions = []
        for said, condition in zip(inputs["conditions"], wanted["Conditions"], strict=True):
            conditions += [{"Field": _FIELDS[key], key: value} for key, value in condition.items()]
            if said.get("queryStrings"):
                pairs = [
                    {name.capitalize(): value for name, value in one.items()}
                    for one in said["queryStrings"]
                ]
                conditions.append({"Field": "query-string", "QueryStringConfig": {"Values": pairs}})
        return {**wanted, "Conditions": conditions}

    def _seen(self, found: Any, inputs: Properties) -> Seen:
        arn = found["RuleArn"]
        values = self.told(found)
        for read, told in zip(values["conditions"], found["Conditions"], strict=True):
            if "QueryStringConfig" in told:
                read["queryStrings"] = [
                    {name.lower(): value for name, value in one.items()}
                    for one in told["QueryStringConfig"]["Values"]
                ]
        values |= {
            "priority": int(found["Priority"]),
            "listenerArn": inputs.get("listenerArn") or _listener(arn),
            "arn": arn,
        }
        return Seen(arn, values)


def _listener(rule: str) -> str:
    """The listener's ARN from a rule's: `…:listener-rule/app/l/<lb>/<listener>/<rule>`."""
    return rule.replace(":listener-rule/", ":listener/").rpartition("/")[0]
