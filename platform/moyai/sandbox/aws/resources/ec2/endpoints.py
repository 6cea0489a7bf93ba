"""Ways from a VPC to AWS that stay inside, and the log of who talks to whom."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from moyai.provider.properties import Properties
from moyai.provider.resources import ResourceFailed
from moyai.sandbox.aws.fields import document, flag, shape, text, texts, whole
from moyai.sandbox.aws.handler import Seen
from moyai.sandbox.aws.resources.ec2.common import Ec2Resource, Ec2Tags
from moyai.texts import Text

_LISTS = {
    "routeTableIds": "RouteTableIds",
    "securityGroupIds": "SecurityGroupIds",
    "subnetIds": "SubnetIds",
}


class VpcEndpoint(Ec2Resource):
    """aws:ec2/vpcEndpoint:VpcEndpoint."""

    tagging = Ec2Tags("vpc-endpoint")
    describe, ids = "describe_vpc_endpoints", "VpcEndpointIds"
    listed, id_key = "VpcEndpoints", "VpcEndpointId"
    gone = ("InvalidVpcEndpointId.NotFound",)
    properties = shape(
        autoAccept=flag("", kept=False),
        policy=document("PolicyDocument", chosen=True),
        # moto switches it on for every endpoint, gateways too, and tells so.
        privateDnsEnabled=flag(default=None, chosen=True),
        routeTableIds=texts(is_set=True, chosen=True),
        securityGroupIds=texts(is_set=True, chosen=True),
        serviceName=text(replaces=True),
        subnetIds=texts(is_set=True, chosen=True),
        vpcEndpointType=text(default="Gateway", replaces=True),
        vpcId=text(required=True, replaces=True),
    )
    computed = frozenset(
        {
            "arn",
            "cidrBlocks",
            "dnsEntries",
            "networkInterfaceIds",
            "ownerId",
            "prefixListId",
            "requesterManaged",
            "state",
        }
    )

    def make(self, inputs: Properties) -> Seen:
        """One call."""
        answer = self.call(
            inputs, "create_vpc_endpoint", **self.parameters(inputs), **self.created_tags(inputs)
        )
        return self.seen(answer["VpcEndpoint"], inputs)

    def values(self, found: Any, inputs: Properties) -> Properties:
        """What it joins, and its names."""
        groups = [group["GroupId"] for group in found.get("Groups", ())]
        return {
            **self.told({**found, "SecurityGroupIds": groups}),
            **self.owned(found, inputs),
            "cidrBlocks": [],
            "dnsEntries": [
                {"dnsName": one["DnsName"], "hostedZoneId": one.get("HostedZoneId", "")}
                for one in found.get("DnsEntries", ())
            ],
            "networkInterfaceIds": list(found.get("NetworkInterfaceIds", ())),
            "prefixListId": "",
            "requesterManaged": bool(found.get("RequesterManaged", False)),
            "state": found["State"],
        }

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """Members are added and taken off; the rest is said anew."""
        changes: dict[str, Any] = {}
        for name, key in _LISTS.items():
            before, after = set(old.get(name) or ()), set(new.get(name) or ())
            if name in changed and after - before:
                changes[f"Add{key}"] = sorted(after - before)
            if name in changed and before - after:
                changes[f"Remove{key}"] = sorted(before - after)
        for name in {"policy", "privateDnsEnabled"} & set(changed):
            changes |= self.parameters(new, name)
        if changes:
            self.call(new, "modify_vpc_endpoint", VpcEndpointId=id_, **changes)
        return {}

    def remove(self, id_: str, state: Properties) -> None:
        """One call."""
        self.call(state, "delete_vpc_endpoints", VpcEndpointIds=[id_], gone=self.gone)


_WATCHED = {"vpcId": "VPC", "subnetId": "Subnet", "eniId": "NetworkInterface"}
_TO_LOGS = "cloud-watch-logs"


class FlowLog(Ec2Resource):
    """aws:ec2/flowLog:FlowLog."""

    tagging = Ec2Tags("vpc-flow-log")
    describe, ids = "describe_flow_logs", "FlowLogIds"
    listed, id_key = "FlowLogs", "FlowLogId"
    gone = ("InvalidFlowLogId.NotFound",)
    properties = shape(
        eniId=text("", replaces=True),
        iamRoleArn=text("DeliverLogsPermissionArn", replaces=True),
        logDestination=text("", replaces=True),
        logDestinationType=text(default=_TO_LOGS, replaces=True),
        logFormat=text(replaces=True, chosen=True),
        maxAggregationInterval=whole(default=600, replaces=True),
        subnetId=text("", replaces=True),
        trafficType=text(replaces=True),
        vpcId=text("", replaces=True),
    )
    computed = frozenset({"arn"})
    looks_after = True

    def make(self, inputs: Properties) -> Seen:
        """One call. Logs go to a group, which moto wants by name, or to a bucket, by its ARN."""
        name = next((name for name in _WATCHED if inputs.get(name)), "vpcId")
        place = str(inputs.get("logDestination", ""))
        to_logs = inputs.get("logDestinationType", _TO_LOGS) == _TO_LOGS
        where = {"LogGroupName": _group(place)} if to_logs else {"LogDestination": place}
        answer = self.call(
            inputs,
            "create_flow_logs",
            ResourceIds=[inputs.get(name)],
            ResourceType=_WATCHED[name],
            **where,
            **self.parameters(inputs),
            **self.created_tags(inputs),
        )
        if answer.get("Unsuccessful"):
            raise _unsuccessful(answer["Unsuccessful"][0]["Error"]["Message"])
        id_ = answer["FlowLogIds"][0]
        return Seen(id_, {"arn": self.arn(inputs, f"vpc-flow-log/{id_}")})

    def values(self, found: Any, inputs: Properties) -> Properties:
        """What it watches, and where it writes."""
        known = str(inputs.get("logDestination", ""))
        place = found.get("LogDestination")
        if found.get("LogGroupName"):
            place = self.arn(inputs, f"log-group:{found['LogGroupName']}", "logs")
            place = known if known.removesuffix(":*") == place else place
        kinds = (("vpc-", "vpcId"), ("subnet-", "subnetId"), ("eni-", "eniId"))
        watched = found["ResourceId"]
        return {
            **self.told(found),
            **{name: watched if watched.startswith(sign) else None for sign, name in kinds},
            "logDestination": place,
            "arn": self.own_arn(found, inputs),
        }

    def remove(self, id_: str, state: Properties) -> None:
        """One call."""
        self.call(state, "delete_flow_logs", FlowLogIds=[id_], gone=self.gone)


def _group(arn: str) -> str:
    """A log group's name from its ARN."""
    return arn.split(":log-group:")[-1].removesuffix(":*")


def _unsuccessful(words: str) -> ResourceFailed:
    return ResourceFailed(
        Text(
            f"EC2 がフローログを作れませんでした: {words}",
            f"EC2 could not make the flow log: {words}",
        )
    )
