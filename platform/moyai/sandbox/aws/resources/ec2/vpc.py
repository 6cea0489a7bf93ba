"""VPCs and subnets."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from moyai.provider.properties import Properties
from moyai.sandbox.aws.fields import flag, shape, text
from moyai.sandbox.aws.handler import Seen
from moyai.sandbox.aws.resources.ec2.common import Ec2Resource, Ec2Tags, default_of

_ATTRIBUTES = {
    "enableDnsSupport": "EnableDnsSupport",
    "enableDnsHostnames": "EnableDnsHostnames",
    "enableNetworkAddressUsageMetrics": "EnableNetworkAddressUsageMetrics",
}
"""What is set and read one by one. Only DNS support begins switched on."""


class Vpc(Ec2Resource):
    """aws:ec2/vpc:Vpc."""

    tagging = Ec2Tags("vpc")
    describe, ids, listed, id_key = "describe_vpcs", "VpcIds", "Vpcs", "VpcId"
    gone = ("InvalidVpcID.NotFound",)
    properties = shape(
        cidrBlock=text(replaces=True),
        enableDnsHostnames=flag(""),
        enableDnsSupport=flag("", default=True),
        enableNetworkAddressUsageMetrics=flag(""),
        instanceTenancy=text(default="default", replaces=True),
    )
    computed = frozenset(
        {
            "arn",
            "defaultNetworkAclId",
            "defaultRouteTableId",
            "defaultSecurityGroupId",
            "dhcpOptionsId",
            "mainRouteTableId",
            "ownerId",
        }
    )

    def make(self, inputs: Properties) -> Seen:
        """One call, and one for each of the things that come along with a VPC."""
        answer = self.call(
            inputs, "create_vpc", **self.parameters(inputs), **self.created_tags(inputs)
        )
        return self.seen(answer["Vpc"], inputs)

    def complete(self, id_: str, inputs: Properties, values: Properties) -> None:
        """Attributes that are not as they begin."""
        del values
        changed = [name for name in _ATTRIBUTES if self.normal(name, inputs.get(name)) is not None]
        self.change(id_, {}, inputs, changed)

    def values(self, found: Any, inputs: Properties) -> Properties:
        """What it is, and what came with it."""
        id_ = found["VpcId"]
        table = default_of(self, inputs, id_, "table")
        return {
            **self.told(found),
            **self.owned(found, inputs),
            "defaultNetworkAclId": default_of(self, inputs, id_, "acl"),
            "defaultRouteTableId": table,
            "defaultSecurityGroupId": default_of(self, inputs, id_, "group"),
            "dhcpOptionsId": found["DhcpOptionsId"],
            "mainRouteTableId": table,
        }

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """Attributes besides, each by a call of its own."""
        seen = super().look(id_, inputs)
        if seen is not None:
            for name, key in _ATTRIBUTES.items():
                answer = self.call(inputs, "describe_vpc_attribute", VpcId=id_, Attribute=name)
                seen.values[name] = bool(answer[key]["Value"])
        return seen

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """Attribute by attribute."""
        del old
        for name, key in _ATTRIBUTES.items():
            if name in changed:
                value = {"Value": bool(new.get(name, self.properties[name].default))}
                self.call(new, "modify_vpc_attribute", VpcId=id_, **{key: value})
        return {}

    def remove(self, id_: str, state: Properties) -> None:
        """One call."""
        self.call(state, "delete_vpc", VpcId=id_, gone=self.gone)


class Subnet(Ec2Resource):
    """aws:ec2/subnet:Subnet."""

    tagging = Ec2Tags("subnet")
    describe, ids, listed, id_key = "describe_subnets", "SubnetIds", "Subnets", "SubnetId"
    gone = ("InvalidSubnetID.NotFound",)
    properties = shape(
        availabilityZone=text(replaces=True, chosen=True),
        availabilityZoneId=text(replaces=True, chosen=True),
        cidrBlock=text(replaces=True),
        mapPublicIpOnLaunch=flag(),
        vpcId=text(required=True, replaces=True),
    )
    computed = frozenset({"arn", "ownerId"})

    def make(self, inputs: Properties) -> Seen:
        """One call."""
        wanted = self.parameters(
            inputs, "availabilityZone", "availabilityZoneId", "cidrBlock", "vpcId"
        )
        answer = self.call(inputs, "create_subnet", **wanted, **self.created_tags(inputs))
        return self.seen(answer["Subnet"], inputs)

    def complete(self, id_: str, inputs: Properties, values: Properties) -> None:
        """Public addresses only where asked for."""
        del values
        if inputs.get("mapPublicIpOnLaunch"):
            self.change(id_, {}, inputs, ["mapPublicIpOnLaunch"])

    def values(self, found: Any, inputs: Properties) -> Properties:
        """All of it."""
        return {**self.told(found), **self.owned(found, inputs)}

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """Public addresses."""
        del old, changed
        public = {"Value": bool(new.get("mapPublicIpOnLaunch"))}
        self.call(new, "modify_subnet_attribute", SubnetId=id_, MapPublicIpOnLaunch=public)
        return {}

    def remove(self, id_: str, state: Properties) -> None:
        """One call."""
        self.call(state, "delete_subnet", SubnetId=id_, gone=self.gone)
