"""Load balancers, listeners, rules, target groups. Their ids are their ARNs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moyai.provider.properties import Properties
from moyai.provider.resources import Live
from moyai.sandbox.aws.base import TAGGED, AwsResource, pairs, tag_changes, take, unpaired


class _ElbResource(AwsResource):
    service = "elbv2"

    def tagged(self, inputs: Properties) -> dict[str, Any]:
        """Tags of a create call."""
        return {"Tags": pairs(inputs["tags"])} if inputs.get("tags") else {}

    def retag(self, arn: str, old: Properties, new: Properties) -> None:
        """By ARN."""
        put, off = tag_changes(old, new)
        if put:
            self.call(new, "add_tags", ResourceArns=[arn], Tags=pairs(put))
        if off:
            self.call(new, "remove_tags", ResourceArns=[arn], TagKeys=off)

    def tags(self, arn: str, inputs: Properties) -> dict[str, str] | None:
        """A resource's tags."""
        answer = self.call(inputs, "describe_tags", ResourceArns=[arn])
        return unpaired(answer["TagDescriptions"][0]["Tags"])


class LoadBalancer(_ElbResource):
    """aws:lb/loadBalancer:LoadBalancer."""

    inputs = TAGGED | {
        "name",
        "internal",
        "loadBalancerType",
        "securityGroups",
        "subnets",
        "enableDeletionProtection",
        "dropInvalidHeaderFields",
        "idleTimeout",
    }
    required = frozenset({"name", "subnets"})
    replace_on = frozenset({"name", "internal", "loadBalancerType", "region"})
    computed = frozenset({"arn", "arnSuffix", "dnsName", "zoneId", "vpcId"})
    unordered = frozenset({"securityGroups", "subnets"})
    delete_first = True
    _ATTRIBUTES: Mapping[str, str] = {
        "enableDeletionProtection": "deletion_protection.enabled",
        "dropInvalidHeaderFields": "routing.http.drop_invalid_header_fields.enabled",
        "idleTimeout": "idle_timeout.timeout_seconds",
    }

    def create(self, inputs: Properties) -> Live:
        """The balancer, then its attributes."""
        answer = self.call(
            inputs,
            "create_load_balancer",
            Scheme="internal" if inputs.get("internal") else "internet-facing",
            **take(inputs, "name", "securityGroups", "subnets", loadBalancerType="Type"),
            **self.tagged(inputs),
        )
        found = answer["LoadBalancers"][0]
        self._attributes(found["LoadBalancerArn"], inputs)
        return self._live(found, inputs)

    def read(self, id_: str, inputs: Properties) -> Live | None:
        """Groups, attributes, tags."""
        answer = self.call(
            inputs,
            "describe_load_balancers",
            LoadBalancerArns=[id_],
            gone=("LoadBalancerNotFound", "LoadBalancerNotFoundException"),
        )
        if answer is None or not answer["LoadBalancers"]:
            return None
        found = answer["LoadBalancers"][0]
        read: Properties = {
            "name": found["LoadBalancerName"],
            "internal": found["Scheme"] == "internal",
            "securityGroups": list(found.get("SecurityGroups", ())),
            "subnets": [zone["SubnetId"] for zone in found["AvailabilityZones"]],
            "tags": self.tags(id_, inputs),
            **self._read_attributes(id_, inputs),
        }
        return self._live(found, self.same_inputs(inputs, **read))

    def update(self, id_: str, old: Properties, new: Properties) -> Properties:
        """Groups, subnets, attributes, tags."""
        if old.get("securityGroups") != new.get("securityGroups"):
            groups = new.get("securityGroups", [])
            self.call(new, "set_security_groups", LoadBalancerArn=id_, SecurityGroups=groups)
        if sorted(old.get("subnets") or ()) != sorted(new["subnets"]):
            self.call(new, "set_subnets", LoadBalancerArn=id_, Subnets=new["subnets"])
        self._attributes(id_, new)
        self.retag(id_, old, new)
        found = self.call(new, "describe_load_balancers", LoadBalancerArns=[id_])
        return self._live(found["LoadBalancers"][0], new).outputs

    def delete(self, id_: str, state: Properties) -> None:
        """Refused by AWS while it is protected."""
        self.call(
            state, "delete_load_balancer", LoadBalancerArn=id_, gone=("LoadBalancerNotFound",)
        )

    def find(self, inputs: Properties) -> str | None:
        """By its name."""
        answer = self.call(
            inputs,
            "describe_load_balancers",
            Names=[inputs["name"]],
            gone=("LoadBalancerNotFound", "LoadBalancerNotFoundException"),
        )
        found = answer["LoadBalancers"] if answer else []
        return found[0]["LoadBalancerArn"] if found else None

    def _attributes(self, arn: str, inputs: Properties) -> None:
        wanted = [
            {"Key": key, "Value": str(inputs[name]).lower()}
            for name, key in self._ATTRIBUTES.items()
            if name in inputs
        ]
        if wanted:
            self.call(
                inputs, "modify_load_balancer_attributes", LoadBalancerArn=arn, Attributes=wanted
            )

    def _read_attributes(self, arn: str, inputs: Properties) -> Properties:
        answer = self.call(inputs, "describe_load_balancer_attributes", LoadBalancerArn=arn)
        found = {one["Key"]: one["Value"] for one in answer["Attributes"]}
        read: Properties = {}
        for name, key in self._ATTRIBUTES.items():
            if name in inputs and key in found:
                words = found[key]
                read[name] = int(words) if words.isdigit() else words == "true"
        return read

    def _live(self, found: Any, inputs: Properties) -> Live:
        arn = found["LoadBalancerArn"]
        return self.live(
            arn,
            inputs,
            arn=arn,
            arnSuffix=arn.split(":loadbalancer/")[-1],
            dnsName=found["DNSName"],
            zoneId=found.get("CanonicalHostedZoneId", ""),
            vpcId=found["VpcId"],
        )


_CHECK = {
    "path": "HealthCheckPath",
    "port": "HealthCheckPort",
    "protocol": "HealthCheckProtocol",
    "interval": "HealthCheckIntervalSeconds",
    "timeout": "HealthCheckTimeoutSeconds",
    "healthyThreshold": "HealthyThresholdCount",
    "unhealthyThreshold": "UnhealthyThresholdCount",
}


class TargetGroup(_ElbResource):
    """aws:lb/targetGroup:TargetGroup."""

    inputs = TAGGED | {
        "name",
        "port",
        "protocol",
        "targetType",
        "vpcId",
        "deregistrationDelay",
        "healthCheck",
    }
    required = frozenset({"name"})
    replace_on = frozenset({"name", "port", "protocol", "targetType", "vpcId", "region"})
    computed = frozenset({"arn", "arnSuffix"})
    delete_first = True

    def create(self, inputs: Properties) -> Live:
        """The group, then its delay."""
        answer = self.call(
            inputs,
            "create_target_group",
            **take(inputs, "name", "port", "protocol", "targetType", "vpcId"),
            **self._check(inputs),
            **self.tagged(inputs),
        )
        arn = answer["TargetGroups"][0]["TargetGroupArn"]
        self._delay(arn, inputs)
        return self._live(arn, inputs)

    def read(self, id_: str, inputs: Properties) -> Live | None:
        """Its settings."""
        answer = self.call(
            inputs,
            "describe_target_groups",
            TargetGroupArns=[id_],
            gone=("TargetGroupNotFound", "TargetGroupNotFoundException"),
        )
        if answer is None or not answer["TargetGroups"]:
            return None
        found = answer["TargetGroups"][0]
        check = dict(inputs.get("healthCheck") or {})
        for name in check:
            if name in _CHECK and _CHECK[name] in found:
                check[name] = found[_CHECK[name]]
        read = {
            "name": found["TargetGroupName"],
            "port": found.get("Port"),
            "protocol": found.get("Protocol"),
            "vpcId": found.get("VpcId"),
            "targetType": found.get("TargetType"),
            "healthCheck": check or None,
            "tags": self.tags(id_, inputs),
        }
        return self._live(id_, self.same_inputs(inputs, **read))

    def update(self, id_: str, old: Properties, new: Properties) -> Properties:
        """Health check, delay, tags."""
        if old.get("healthCheck") != new.get("healthCheck"):
            self.call(new, "modify_target_group", TargetGroupArn=id_, **self._check(new))
        self._delay(id_, new)
        self.retag(id_, old, new)
        return self._live(id_, new).outputs

    def delete(self, id_: str, state: Properties) -> None:
        """Its rules go before it."""
        gone = ("TargetGroupNotFound", "TargetGroupNotFoundException")
        self.call(state, "delete_target_group", TargetGroupArn=id_, gone=gone)

    def find(self, inputs: Properties) -> str | None:
        """By its name."""
        answer = self.call(
            inputs,
            "describe_target_groups",
            Names=[inputs["name"]],
            gone=("TargetGroupNotFound", "TargetGroupNotFoundException"),
        )
        found = answer["TargetGroups"] if answer else []
        return found[0]["TargetGroupArn"] if found else None

    def _check(self, inputs: Properties) -> dict[str, Any]:
        check: Mapping[str, Any] = inputs.get("healthCheck") or {}
        wanted = {_CHECK[name]: value for name, value in check.items() if name in _CHECK}
        if "matcher" in check:
            wanted["Matcher"] = {"HttpCode": str(check["matcher"])}
        return wanted

    def _delay(self, arn: str, inputs: Properties) -> None:
        if "deregistrationDelay" in inputs:
            seconds = str(int(inputs["deregistrationDelay"]))
            attribute = {"Key": "deregistration_delay.timeout_seconds", "Value": seconds}
            self.call(
                inputs, "modify_target_group_attributes", TargetGroupArn=arn, Attributes=[attribute]
            )

    def _live(self, arn: str, inputs: Properties) -> Live:
        return self.live(arn, inputs, arn=arn, arnSuffix=arn.split(":")[-1])


def _actions(actions: Any) -> list[dict[str, Any]]:
    """Forward, fixed response, redirect."""
    found = []
    for action in actions:
        one: dict[str, Any] = {"Type": action["type"]}
        if action.get("targetGroupArn"):
            one["TargetGroupArn"] = action["targetGroupArn"]
        fixed, redirect = action.get("fixedResponse"), action.get("redirect")
        if fixed:
            one["FixedResponseConfig"] = take(fixed, "contentType", "messageBody", "statusCode")
        if redirect:
            one["RedirectConfig"] = take(
                redirect, "port", "protocol", "statusCode", "host", "path", "query"
            )
        found.append(one)
    return found


class Listener(_ElbResource):
    """aws:lb/listener:Listener."""

    inputs = TAGGED | {
        "loadBalancerArn",
        "port",
        "protocol",
        "sslPolicy",
        "certificateArn",
        "defaultActions",
    }
    required = frozenset({"loadBalancerArn", "defaultActions"})
    replace_on = frozenset({"loadBalancerArn", "region"})
    computed = frozenset({"arn"})
    _GONE = ("ListenerNotFound", "ListenerNotFoundException", "LoadBalancerNotFound")

    def create(self, inputs: Properties) -> Live:
        """One call."""
        answer = self.call(
            inputs,
            "create_listener",
            LoadBalancerArn=inputs["loadBalancerArn"],
            **self._settings(inputs),
            **self.tagged(inputs),
        )
        return self._live(answer["Listeners"][0]["ListenerArn"], inputs)

    def read(self, id_: str, inputs: Properties) -> Live | None:
        """Port, protocol, TLS policy, certificate."""
        answer = self.call(inputs, "describe_listeners", ListenerArns=[id_], gone=self._GONE)
        if answer is None or not answer["Listeners"]:
            return None
        found = answer["Listeners"][0]
        certificates = found.get("Certificates") or [{}]
        read = {
            "loadBalancerArn": found["LoadBalancerArn"],
            "port": found.get("Port"),
            "protocol": found.get("Protocol"),
            "certificateArn": certificates[0].get("CertificateArn"),
            "tags": self.tags(id_, inputs),
        }
        if "sslPolicy" in inputs:
            read["sslPolicy"] = found.get("SslPolicy")
        return self._live(id_, self.same_inputs(inputs, **read))

    def update(self, id_: str, old: Properties, new: Properties) -> Properties:
        """Everything but its balancer."""
        self.call(new, "modify_listener", ListenerArn=id_, **self._settings(new))
        self.retag(id_, old, new)
        return self._live(id_, new).outputs

    def delete(self, id_: str, state: Properties) -> None:
        """One call."""
        self.call(state, "delete_listener", ListenerArn=id_, gone=self._GONE)

    def find(self, inputs: Properties) -> str | None:
        """By balancer and port."""
        arn = inputs["loadBalancerArn"]
        answer = self.call(inputs, "describe_listeners", LoadBalancerArn=arn, gone=self._GONE)
        for one in answer["Listeners"] if answer else ():
            if one.get("Port") == inputs.get("port"):
                return str(one["ListenerArn"])
        return None

    def _settings(self, inputs: Properties) -> dict[str, Any]:
        settings = take(inputs, "port", "protocol", "sslPolicy")
        if inputs.get("certificateArn"):
            settings["Certificates"] = [{"CertificateArn": inputs["certificateArn"]}]
        return {**settings, "DefaultActions": _actions(inputs["defaultActions"])}

    def _live(self, arn: str, inputs: Properties) -> Live:
        return self.live(arn, inputs, arn=arn)


class ListenerRule(_ElbResource):
    """aws:lb/listenerRule:ListenerRule."""

    inputs = TAGGED | {"listenerArn", "priority", "conditions", "actions"}
    required = frozenset({"listenerArn", "conditions", "actions"})
    replace_on = frozenset({"listenerArn", "region"})
    computed = frozenset({"arn"})
    _GONE = ("RuleNotFound", "RuleNotFoundException")

    def create(self, inputs: Properties) -> Live:
        """One call."""
        answer = self.call(
            inputs,
            "create_rule",
            ListenerArn=inputs["listenerArn"],
            Priority=int(inputs["priority"]),
            **self._settings(inputs),
            **self.tagged(inputs),
        )
        return self._live(answer["Rules"][0]["RuleArn"], inputs)

    def read(self, id_: str, inputs: Properties) -> Live | None:
        """Priority and conditions."""
        answer = self.call(inputs, "describe_rules", RuleArns=[id_], gone=self._GONE)
        if answer is None or not answer["Rules"]:
            return None
        found = answer["Rules"][0]
        read = {"priority": int(found["Priority"]), "conditions": _read_conditions(found)}
        return self._live(id_, self.same_inputs(inputs, **read))

    def update(self, id_: str, old: Properties, new: Properties) -> Properties:
        """Conditions, actions, priority, tags."""
        self.call(new, "modify_rule", RuleArn=id_, **self._settings(new))
        if int(old["priority"]) != int(new["priority"]):
            moved = [{"RuleArn": id_, "Priority": int(new["priority"])}]
            self.call(new, "set_rule_priorities", RulePriorities=moved)
        self.retag(id_, old, new)
        return self._live(id_, new).outputs

    def delete(self, id_: str, state: Properties) -> None:
        """One call."""
        self.call(state, "delete_rule", RuleArn=id_, gone=self._GONE)

    def find(self, inputs: Properties) -> str | None:
        """By listener and priority."""
        answer = self.call(
            inputs, "describe_rules", ListenerArn=inputs["listenerArn"], gone=Listener._GONE
        )
        for one in answer["Rules"] if answer else ():
            if str(one["Priority"]) == str(int(inputs["priority"])):
                return str(one["RuleArn"])
        return None

    def _settings(self, inputs: Properties) -> dict[str, Any]:
        conditions = []
        for one in inputs["conditions"]:
            if one.get("hostHeader"):
                values = one["hostHeader"]["values"]
                conditions.append({"Field": "host-header", "HostHeaderConfig": {"Values": values}})
            if one.get("sourceIp"):
                values = one["sourceIp"]["values"]
                conditions.append({"Field": "source-ip", "SourceIpConfig": {"Values": values}})
            if one.get("pathPattern"):
                values = one["pathPattern"]["values"]
                conditions.append(
                    {"Field": "path-pattern", "PathPatternConfig": {"Values": values}}
                )
        return {"Conditions": conditions, "Actions": _actions(inputs["actions"])}

    def _live(self, arn: str, inputs: Properties) -> Live:
        return self.live(arn, inputs, arn=arn)


_CONDITIONS = {
    "host-header": ("hostHeader", "HostHeaderConfig"),
    "source-ip": ("sourceIp", "SourceIpConfig"),
    "path-pattern": ("pathPattern", "PathPatternConfig"),
}


def _read_conditions(found: Any) -> list[Properties]:
    read: list[Properties] = []
    for one in found["Conditions"]:
        name, key = _CONDITIONS[one["Field"]]
        values = one.get(key, {}).get("Values") or one.get("Values", [])
        read.append({name: {"values": list(values)}})
    return read
