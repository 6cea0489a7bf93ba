"""Ways out of a VPC: internet gateways, addresses, NAT gateways."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from moyai.provider.properties import Properties
from moyai.sandbox.aws.fields import shape, text
from moyai.sandbox.aws.handler import Seen
from moyai.sandbox.aws.resources.ec2.common import Ec2Resource, Ec2Tags

_LOST = "Gateway.NotAttached"


class InternetGateway(Ec2Resource):
    """aws:ec2/internetGateway:InternetGateway."""

    tagging = Ec2Tags("internet-gateway")
    describe, ids = "describe_internet_gateways", "InternetGatewayIds"
    listed, id_key = "InternetGateways", "InternetGatewayId"
    gone = ("InvalidInternetGatewayID.NotFound",)
    properties = shape(vpcId=text(""))
    computed = frozenset({"arn", "ownerId"})

    def make(self, inputs: Properties) -> Seen:
        """One call."""
        answer = self.call(inputs, "create_internet_gateway", **self.created_tags(inputs))
        return self.seen(answer["InternetGateway"], inputs)

    def complete(self, id_: str, inputs: Properties, values: Properties) -> None:
        """Attach it."""
        del values
        if inputs.get("vpcId"):
            vpc = inputs["vpcId"]
            self.call(inputs, "attach_internet_gateway", InternetGatewayId=id_, VpcId=vpc)

    def values(self, found: Any, inputs: Properties) -> Properties:
        """The VPC that it is attached to."""
        attached = [one["VpcId"] for one in found.get("Attachments", ())]
        return {"vpcId": attached[0] if attached else None, **self.owned(found, inputs)}

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """To another VPC."""
        del changed
        self._detach(id_, old)
        self.complete(id_, new, {})
        return {}

    def remove(self, id_: str, state: Properties) -> None:
        """Detached first."""
        self._detach(id_, state)
        self.call(state, "delete_internet_gateway", InternetGatewayId=id_, gone=self.gone)

    def _detach(self, id_: str, state: Properties) -> None:
        if state.get("vpcId"):
            self.call(
                state,
                "detach_internet_gateway",
                InternetGatewayId=id_,
                VpcId=state["vpcId"],
                gone=(*self.gone, _LOST),
            )


class Eip(Ec2Resource):
    """aws:ec2/eip:Eip. Its id is its allocation's."""

    tagging = Ec2Tags("elastic-ip")
    describe, ids = "describe_addresses", "AllocationIds"
    listed, id_key = "Addresses", "AllocationId"
    gone = ("InvalidAllocationID.NotFound", "InvalidAddressID.NotFound")
    properties = shape(domain=text(default="vpc", replaces=True))
    computed = frozenset({"allocationId", "arn", "publicDns", "publicIp"})

    def make(self, inputs: Properties) -> Seen:
        """One call."""
        domain = inputs.get("domain", "vpc")
        answer = self.call(inputs, "allocate_address", Domain=domain, **self.created_tags(inputs))
        return self.seen(answer, inputs)

    def values(self, found: Any, inputs: Properties) -> Properties:
        """The address, and the name that AWS gives it."""
        public, region = found["PublicIp"], self.region(inputs)
        return {
            **self.told(found),
            "allocationId": found["AllocationId"],
            "arn": self.own_arn(found, inputs),
            "publicIp": public,
            "publicDns": f"ec2-{public.replace('.', '-')}.{region}.compute.amazonaws.com",
        }

    def remove(self, id_: str, state: Properties) -> None:
        """One call."""
        self.call(state, "release_address", AllocationId=id_, gone=self.gone)


class NatGateway(Ec2Resource):
    """aws:ec2/natGateway:NatGateway."""

    tagging = Ec2Tags("natgateway")
    describe, ids = "describe_nat_gateways", "NatGatewayIds"
    listed, id_key = "NatGateways", "NatGatewayId"
    gone = ("NatGatewayNotFound", "InvalidNatGatewayId.NotFound")
    properties = shape(
        allocationId=text(replaces=True),
        connectivityType=text(default="public", replaces=True, kept=False),
        privateIp=text("PrivateIpAddress", replaces=True, chosen=True),
        subnetId=text(replaces=True),
    )
    computed = frozenset({"associationId", "networkInterfaceId", "publicIp"})

    def make(self, inputs: Properties) -> Seen:
        """One call."""
        answer = self.call(
            inputs, "create_nat_gateway", **self.parameters(inputs), **self.created_tags(inputs)
        )
        return self.seen(answer["NatGateway"], inputs)

    def values(self, found: Any, inputs: Properties) -> Properties:
        """Where it stands, and its address."""
        address = (found.get("NatGatewayAddresses") or [{}])[0]
        # moto knows public gateways only and gives each an address.
        private = inputs.get("connectivityType") == "private"
        return {
            **self.told({**found, "AllocationId": address.get("AllocationId")}),
            "privateIp": address.get("PrivateIp", ""),
            "publicIp": "" if private else address.get("PublicIp", ""),
            "associationId": address.get("AssociationId", ""),
            "networkInterfaceId": address.get("NetworkInterfaceId", ""),
        }

    def remove(self, id_: str, state: Properties) -> None:
        """One call."""
        self.call(state, "delete_nat_gateway", NatGatewayId=id_, gone=self.gone)
