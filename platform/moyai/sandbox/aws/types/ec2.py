"""Networks. Ids are EC2's own; a lost one is found again by its tags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from moyai.provider.properties import Properties
from moyai.provider.resources import Live
from moyai.sandbox.aws.base import (
    ACCOUNT,
    COMMON,
    TAGGED,
    AwsResource,
    pairs,
    tag_changes,
    take,
    unpaired,
)


class Ec2Resource(AwsResource):
    """What EC2's resources share: tags in the create call, `describe` by id, `Invalid….NotFound`."""

    service = "ec2"
    kind: ClassVar[str]
    """The resource type of tag specifications: `vpc`."""
    describe: ClassVar[tuple[str, str, str]]
    """Operation, parameter for ids, and the answer's list."""
    gone: ClassVar[tuple[str, ...]]
    id_key: ClassVar[str]
    """The id in an answer: `VpcId`."""

    def tagged(self, inputs: Properties) -> dict[str, Any]:
        """Tag specifications of a create call."""
        if not inputs.get("tags"):
            return {}
        return {"TagSpecifications": [{"ResourceType": self.kind, "Tags": pairs(inputs["tags"])}]}

    def one(self, id_: str, inputs: Properties) -> Any:
        """The described resource, or None."""
        operation, parameter, key = self.describe
        answer = self.call(inputs, operation, gone=self.gone, **{parameter: [id_]})
        found = answer[key] if answer else []
        return found[0] if found else None

    def read(self, id_: str, inputs: Properties) -> Live | None:
        """Described, with its tags."""
        found = self.one(id_, inputs)
        if found is None or found.get("State") in ("deleted", "deleting"):
            return None
        tags = unpaired(found.get("Tags"))
        known = self.same_inputs(inputs, tags=tags, **self.inputs_of(found, inputs))
        return self.as_live(found, known)

    def inputs_of(self, found: Any, inputs: Properties) -> Properties:
        """Inputs that an answer tells."""
        raise NotImplementedError

    def as_live(self, found: Any, inputs: Properties) -> Live:
        """A live resource from an answer."""
        return self.live(found[self.id_key], inputs, **self.more(found, inputs))

    def more(self, found: Any, inputs: Properties) -> Properties:
        """Computed outputs that an answer tells."""
        del found, inputs
        return {}

    def update(self, id_: str, old: Properties, new: Properties) -> Properties:
        """Tags; types with more extend this."""
        put, off = tag_changes(old, new)
        if put:
            self.call(new, "create_tags", Resources=[id_], Tags=pairs(put))
        if off:
            self.call(new, "delete_tags", Resources=[id_], Tags=[{"Key": key} for key in off])
        return {**old, **self.outputs(new)}

    def find(self, inputs: Properties) -> str | None:
        """By all its tags, where it has any."""
        tags: Mapping[str, str] = inputs.get("tags") or {}
        if "Name" not in tags:
            return None
        operation, _, key = self.describe
        filters = [{"Name": f"tag:{name}", "Values": [value]} for name, value in tags.items()]
        found = [
            one
            for one in self.call(inputs, operation, Filters=filters)[key]
            if one.get("State") not in ("deleted", "deleting")
        ]
        return found[0][self.id_key] if len(found) == 1 else None


def arn(kind: str, id_: str, region: str) -> str:
    """An EC2 resource's ARN."""
    return f"arn:aws:ec2:{region}:{ACCOUNT}:{kind}/{id_}"


class Vpc(Ec2Resource):
    """aws:ec2/vpc:Vpc."""

    kind, id_key = "vpc", "VpcId"
    describe = ("describe_vpcs", "VpcIds", "Vpcs")
    gone = ("InvalidVpcID.NotFound",)
    inputs = TAGGED | {"cidrBlock", "enableDnsSupport", "enableDnsHostnames", "instanceTenancy"}
    replace_on = frozenset({"cidrBlock", "region", "instanceTenancy"})
    computed = frozenset(
        {"arn", "defaultSecurityGroupId", "defaultRouteTableId", "mainRouteTableId", "ownerId"}
    )

    def create(self, inputs: Properties) -> Live:
        """DNS attributes are calls of their own."""
        answer = self.call(
            inputs, "create_vpc", **take(inputs, "cidrBlock"), **self.tagged(inputs)
        )["Vpc"]
        self._dns(answer["VpcId"], inputs)
        return self.as_live(answer, inputs)

    def inputs_of(self, found: Any, inputs: Properties) -> Properties:
        """Its range and DNS attributes."""
        read: Properties = {"cidrBlock": found["CidrBlock"]}
        for name in ("enableDnsSupport", "enableDnsHostnames"):
            if name in inputs:
                answer = self.call(
                    inputs, "describe_vpc_attribute", VpcId=found["VpcId"], Attribute=name
                )
                read[name] = bool(answer[name[0].upper() + name[1:]]["Value"])
        return read

    def more(self, found: Any, inputs: Properties) -> Properties:
        """Its ARN and what EC2 makes along with it is looked up by who needs it."""
        region = str(self.outputs(inputs)["region"])
        return {"arn": arn("vpc", found["VpcId"], region), "ownerId": ACCOUNT}

    def update(self, id_: str, old: Properties, new: Properties) -> Properties:
        """DNS attributes and tags."""
        self._dns(id_, new)
        return super().update(id_, old, new)

    def delete(self, id_: str, state: Properties) -> None:
        """One call."""
        self.call(state, "delete_vpc", VpcId=id_, gone=self.gone)

    def _dns(self, id_: str, inputs: Properties) -> None:
        for name in ("enableDnsSupport", "enableDnsHostnames"):
            if name in inputs:
                parameter = name[0].upper() + name[1:]
                self.call(
                    inputs,
                    "modify_vpc_attribute",
                    VpcId=id_,
                    **{parameter: {"Value": bool(inputs[name])}},
                )


class Subnet(Ec2Resource):
    """aws:ec2/subnet:Subnet."""

    kind, id_key = "subnet", "SubnetId"
    describe = ("describe_subnets", "SubnetIds", "Subnets")
    gone = ("InvalidSubnetID.NotFound",)
    inputs = TAGGED | {"vpcId", "cidrBlock", "availabilityZone", "mapPublicIpOnLaunch"}
    required = frozenset({"vpcId", "cidrBlock"})
    replace_on = frozenset({"vpcId", "cidrBlock", "availabilityZone", "region"})
    computed = frozenset({"arn", "ownerId"})

    def create(self, inputs: Properties) -> Live:
        """One call; public addresses only where asked for."""
        answer = self.call(
            inputs,
            "create_subnet",
            **take(inputs, "vpcId", "cidrBlock", "availabilityZone"),
            **self.tagged(inputs),
        )["Subnet"]
        if inputs.get("mapPublicIpOnLaunch"):
            self._public(answer["SubnetId"], inputs)
        return self.as_live(answer, inputs)

    def inputs_of(self, found: Any, inputs: Properties) -> Properties:
        """All of them."""
        del inputs
        return {
            "vpcId": found["VpcId"],
            "cidrBlock": found["CidrBlock"],
            "availabilityZone": found["AvailabilityZone"],
            "mapPublicIpOnLaunch": str(found["MapPublicIpOnLaunch"]).lower() == "true",
        }

    def more(self, found: Any, inputs: Properties) -> Properties:
        """Its ARN."""
        region = str(self.outputs(inputs)["region"])
        return {"arn": arn("subnet", found["SubnetId"], region), "ownerId": ACCOUNT}

    def update(self, id_: str, old: Properties, new: Properties) -> Properties:
        """Public addresses and tags."""
        if old.get("mapPublicIpOnLaunch") != new.get("mapPublicIpOnLaunch"):
            self._public(id_, new)
        return super().update(id_, old, new)

    def delete(self, id_: str, state: Properties) -> None:
        """One call."""
        self.call(state, "delete_subnet", SubnetId=id_, gone=self.gone)

    def _public(self, id_: str, inputs: Properties) -> None:
        value = {"Value": bool(inputs.get("mapPublicIpOnLaunch", False))}
        self.call(inputs, "modify_subnet_attribute", SubnetId=id_, MapPublicIpOnLaunch=value)


class InternetGateway(Ec2Resource):
    """aws:ec2/internetGateway:InternetGateway."""

    kind, id_key = "internet-gateway", "InternetGatewayId"
    describe = ("describe_internet_gateways", "InternetGatewayIds", "InternetGateways")
    gone = ("InvalidInternetGatewayID.NotFound",)
    inputs = TAGGED | {"vpcId"}
    replace_on = frozenset({"vpcId", "region"})
    computed = frozenset({"arn", "ownerId"})

    def create(self, inputs: Properties) -> Live:
        """Made, then attached."""
        answer = self.call(inputs, "create_internet_gateway", **self.tagged(inputs))
        gateway = answer["InternetGateway"]
        if inputs.get("vpcId"):
            self.call(
                inputs,
                "attach_internet_gateway",
                InternetGatewayId=gateway["InternetGatewayId"],
                VpcId=inputs["vpcId"],
            )
        return self.as_live(gateway, inputs)

    def inputs_of(self, found: Any, inputs: Properties) -> Properties:
        """The network it is attached to."""
        del inputs
        attached = [one["VpcId"] for one in found.get("Attachments", ())]
        return {"vpcId": attached[0] if attached else None}

    def more(self, found: Any, inputs: Properties) -> Properties:
        """Its ARN."""
        region = str(self.outputs(inputs)["region"])
        id_ = found["InternetGatewayId"]
        return {"arn": arn("internet-gateway", id_, region), "ownerId": ACCOUNT}

    def delete(self, id_: str, state: Properties) -> None:
        """Detached, then deleted."""
        if state.get("vpcId"):
            self.call(
                state,
                "detach_internet_gateway",
                InternetGatewayId=id_,
                VpcId=state["vpcId"],
                gone=(*self.gone, "Gateway.NotAttached"),
            )
        self.call(state, "delete_internet_gateway", InternetGatewayId=id_, gone=self.gone)


class RouteTable(Ec2Resource):
    """aws:ec2/routeTable:RouteTable; routes are resources of their own."""

    kind, id_key = "route-table", "RouteTableId"
    describe = ("describe_route_tables", "RouteTableIds", "RouteTables")
    gone = ("InvalidRouteTableID.NotFound",)
    inputs = TAGGED | {"vpcId"}
    required = frozenset({"vpcId"})
    replace_on = frozenset({"vpcId", "region"})
    computed = frozenset({"arn", "ownerId"})

    def create(self, inputs: Properties) -> Live:
        """One call."""
        answer = self.call(
            inputs, "create_route_table", VpcId=inputs["vpcId"], **self.tagged(inputs)
        )
        return self.as_live(answer["RouteTable"], inputs)

    def inputs_of(self, found: Any, inputs: Properties) -> Properties:
        """Its network."""
        del inputs
        return {"vpcId": found["VpcId"]}

    def more(self, found: Any, inputs: Properties) -> Properties:
        """Its ARN."""
        region = str(self.outputs(inputs)["region"])
        return {"arn": arn("route-table", found["RouteTableId"], region), "ownerId": ACCOUNT}

    def delete(self, id_: str, state: Properties) -> None:
        """One call."""
        self.call(state, "delete_route_table", RouteTableId=id_, gone=self.gone)


class Route(AwsResource):
    """aws:ec2/route:Route. Its id names table and destination."""

    service = "ec2"
    inputs = COMMON | {"routeTableId", "destinationCidrBlock", "gatewayId", "natGatewayId"}
    required = frozenset({"routeTableId", "destinationCidrBlock"})
    replace_on = frozenset({"routeTableId", "destinationCidrBlock", "region"})
    computed = frozenset({"state", "origin"})

    def create(self, inputs: Properties) -> Live:
        """One call."""
        self.call(inputs, "create_route", **self._parameters(inputs))
        return self._live(inputs)

    def read(self, id_: str, inputs: Properties) -> Live | None:
        """Among the table's routes."""
        table, _, destination = id_.removeprefix("r-").partition("|")
        answer = self.call(
            inputs,
            "describe_route_tables",
            RouteTableIds=[table],
            gone=RouteTable.gone,
        )
        routes = answer["RouteTables"][0]["Routes"] if answer and answer["RouteTables"] else []
        for route in routes:
            if route.get("DestinationCidrBlock") == destination:
                read = {
                    "routeTableId": table,
                    "destinationCidrBlock": destination,
                    "gatewayId": route.get("GatewayId"),
                    "natGatewayId": route.get("NatGatewayId"),
                }
                return self._live(self.same_inputs(inputs, **read))
        return None

    def update(self, id_: str, old: Properties, new: Properties) -> Properties:
        """To another target."""
        del id_, old
        self.call(new, "replace_route", **self._parameters(new))
        return self._live(new).outputs

    def delete(self, id_: str, state: Properties) -> None:
        """One call."""
        table, _, destination = id_.removeprefix("r-").partition("|")
        self.call(
            state,
            "delete_route",
            RouteTableId=table,
            DestinationCidrBlock=destination,
            gone=("InvalidRoute.NotFound", *RouteTable.gone),
        )

    def find(self, inputs: Properties) -> str | None:
        """By table and destination."""
        return f"r-{inputs['routeTableId']}|{inputs['destinationCidrBlock']}"

    def _parameters(self, inputs: Properties) -> dict[str, Any]:
        return take(inputs, "routeTableId", "destinationCidrBlock", "gatewayId", "natGatewayId")

    def _live(self, inputs: Properties) -> Live:
        id_ = f"r-{inputs['routeTableId']}|{inputs['destinationCidrBlock']}"
        return self.live(id_, inputs, state="active", origin="CreateRoute")


class RouteTableAssociation(AwsResource):
    """aws:ec2/routeTableAssociation."""

    service = "ec2"
    inputs = COMMON | {"routeTableId", "subnetId"}
    required = frozenset({"routeTableId", "subnetId"})
    replace_on = frozenset({"subnetId", "region", "routeTableId"})
    delete_first = True

    def create(self, inputs: Properties) -> Live:
        """One call."""
        answer = self.call(
            inputs, "associate_route_table", **take(inputs, "routeTableId", "subnetId")
        )
        return self.live(answer["AssociationId"], inputs)

    def read(self, id_: str, inputs: Properties) -> Live | None:
        """By its own id among all tables."""
        found = self._one(inputs, "association.route-table-association-id", id_)
        if found is None:
            return None
        read = {"routeTableId": found["RouteTableId"], "subnetId": found.get("SubnetId")}
        return self.live(id_, self.same_inputs(inputs, **read))

    def delete(self, id_: str, state: Properties) -> None:
        """One call."""
        self.call(
            state,
            "disassociate_route_table",
            AssociationId=id_,
            gone=("InvalidAssociationID.NotFound",),
        )

    def find(self, inputs: Properties) -> str | None:
        """By its subnet, which has one at most."""
        found = self._one(inputs, "association.subnet-id", str(inputs["subnetId"]))
        return found["RouteTableAssociationId"] if found else None

    def _one(self, inputs: Properties, name: str, value: str) -> Any:
        filters = [{"Name": name, "Values": [value]}]
        tables = self.call(inputs, "describe_route_tables", Filters=filters)["RouteTables"]
        for table in tables:
            for one in table["Associations"]:
                if value in (one.get("RouteTableAssociationId"), one.get("SubnetId")):
                    return {"RouteTableId": table["RouteTableId"], **one}
        return None


class Eip(Ec2Resource):
    """aws:ec2/eip:Eip."""

    kind, id_key = "elastic-ip", "AllocationId"
    describe = ("describe_addresses", "AllocationIds", "Addresses")
    gone = ("InvalidAllocationID.NotFound",)
    inputs = TAGGED | {"domain"}
    replace_on = frozenset({"domain", "region"})
    computed = frozenset({"allocationId", "publicIp", "arn"})

    def create(self, inputs: Properties) -> Live:
        """One call."""
        answer = self.call(
            inputs, "allocate_address", Domain=inputs.get("domain", "vpc"), **self.tagged(inputs)
        )
        return self.as_live(answer, inputs)

    def inputs_of(self, found: Any, inputs: Properties) -> Properties:
        """Its kind."""
        del inputs
        return {"domain": found.get("Domain", "vpc")}

    def more(self, found: Any, inputs: Properties) -> Properties:
        """The address."""
        region = str(self.outputs(inputs)["region"])
        id_ = found["AllocationId"]
        return {
            "allocationId": id_,
            "publicIp": found["PublicIp"],
            "arn": arn("elastic-ip", id_, region),
        }

    def delete(self, id_: str, state: Properties) -> None:
        """One call."""
        self.call(state, "release_address", AllocationId=id_, gone=self.gone)


class NatGateway(Ec2Resource):
    """aws:ec2/natGateway:NatGateway."""

    kind, id_key = "natgateway", "NatGatewayId"
    describe = ("describe_nat_gateways", "NatGatewayIds", "NatGateways")
    gone = ("NatGatewayNotFound",)
    inputs = TAGGED | {"allocationId", "subnetId", "connectivityType"}
    required = frozenset({"subnetId"})
    replace_on = frozenset({"allocationId", "subnetId", "connectivityType", "region"})
    computed = frozenset({"publicIp", "privateIp"})

    def create(self, inputs: Properties) -> Live:
        """One call."""
        answer = self.call(
            inputs,
            "create_nat_gateway",
            **take(inputs, "allocationId", "subnetId", "connectivityType"),
            **self.tagged(inputs),
        )
        return self.as_live(answer["NatGateway"], inputs)

    def inputs_of(self, found: Any, inputs: Properties) -> Properties:
        """Where it stands."""
        addresses = found.get("NatGatewayAddresses") or [{}]
        allocation = addresses[0].get("AllocationId") or inputs.get("allocationId")
        return {"subnetId": found["SubnetId"], "allocationId": allocation}

    def more(self, found: Any, inputs: Properties) -> Properties:
        """Its addresses."""
        del inputs
        addresses = found.get("NatGatewayAddresses") or [{}]
        return {
            "publicIp": addresses[0].get("PublicIp", ""),
            "privateIp": addresses[0].get("PrivateIp", ""),
        }

    def delete(self, id_: str, state: Properties) -> None:
        """One call."""
        self.call(state, "delete_nat_gateway", NatGatewayId=id_, gone=self.gone)


class VpcEndpoint(Ec2Resource):
    """aws:ec2/vpcEndpoint:VpcEndpoint."""

    kind, id_key = "vpc-endpoint", "VpcEndpointId"
    describe = ("describe_vpc_endpoints", "VpcEndpointIds", "VpcEndpoints")
    gone = ("InvalidVpcEndpointId.NotFound",)
    inputs = TAGGED | {
        "vpcId",
        "serviceName",
        "vpcEndpointType",
        "routeTableIds",
        "subnetIds",
        "securityGroupIds",
        "privateDnsEnabled",
        "policy",
    }
    required = frozenset({"vpcId", "serviceName"})
    replace_on = frozenset({"vpcId", "serviceName", "vpcEndpointType", "region"})
    computed = frozenset({"arn", "state"})
    unordered = frozenset({"routeTableIds", "subnetIds", "securityGroupIds"})
    documents = frozenset({"policy"})

    def create(self, inputs: Properties) -> Live:
        """One call."""
        answer = self.call(
            inputs,
            "create_vpc_endpoint",
            **take(
                inputs,
                "vpcId",
                "serviceName",
                "vpcEndpointType",
                "routeTableIds",
                "subnetIds",
                "securityGroupIds",
                "privateDnsEnabled",
                policy="PolicyDocument",
            ),
            **self.tagged(inputs),
        )
        return self.as_live(answer["VpcEndpoint"], inputs)

    def inputs_of(self, found: Any, inputs: Properties) -> Properties:
        """Where it is."""
        read: Properties = {
            "vpcId": found["VpcId"],
            "serviceName": found["ServiceName"],
            "vpcEndpointType": found["VpcEndpointType"],
        }
        for name in ("routeTableIds", "subnetIds"):
            if name in inputs:
                read[name] = list(found.get(name[0].upper() + name[1:], ()))
        return read

    def more(self, found: Any, inputs: Properties) -> Properties:
        """Its ARN."""
        region = str(self.outputs(inputs)["region"])
        return {"arn": arn("vpc-endpoint", found["VpcEndpointId"], region), "state": "available"}

    def update(self, id_: str, old: Properties, new: Properties) -> Properties:
        """Subnets, tables and groups are added and taken off."""
        changes: dict[str, Any] = {}
        for name, parameter in (
            ("routeTableIds", "RouteTableIds"),
            ("subnetIds", "SubnetIds"),
            ("securityGroupIds", "SecurityGroupIds"),
        ):
            before, after = set(old.get(name) or ()), set(new.get(name) or ())
            if after - before:
                changes[f"Add{parameter}"] = sorted(after - before)
            if before - after:
                changes[f"Remove{parameter}"] = sorted(before - after)
        if changes:
            self.call(new, "modify_vpc_endpoint", VpcEndpointId=id_, **changes)
        return super().update(id_, old, new)

    def delete(self, id_: str, state: Properties) -> None:
        """One call."""
        self.call(state, "delete_vpc_endpoints", VpcEndpointIds=[id_], gone=self.gone)


class FlowLog(Ec2Resource):
    """aws:ec2/flowLog:FlowLog."""

    kind, id_key = "vpc-flow-log", "FlowLogId"
    describe = ("describe_flow_logs", "FlowLogIds", "FlowLogs")
    gone = ("InvalidFlowLogId.NotFound",)
    inputs = TAGGED | {
        "vpcId",
        "trafficType",
        "logDestinationType",
        "logDestination",
        "iamRoleArn",
    }
    required = frozenset({"vpcId"})
    replace_on = inputs - {"tags"}
    computed = frozenset({"arn"})

    def create(self, inputs: Properties) -> Live:
        """Logs go to a group, which EC2 wants by name."""
        group = str(inputs["logDestination"]).split(":log-group:")[-1].removesuffix(":*")
        answer = self.call(
            inputs,
            "create_flow_logs",
            ResourceIds=[inputs["vpcId"]],
            ResourceType="VPC",
            TrafficType=inputs.get("trafficType", "ALL"),
            LogDestinationType=inputs.get("logDestinationType", "cloud-watch-logs"),
            LogGroupName=group,
            DeliverLogsPermissionArn=inputs.get("iamRoleArn"),
            **self.tagged(inputs),
        )
        return self.as_live({"FlowLogId": answer["FlowLogIds"][0]}, inputs)

    def inputs_of(self, found: Any, inputs: Properties) -> Properties:
        """What it watches."""
        del inputs
        return {"vpcId": found["ResourceId"], "trafficType": found["TrafficType"]}

    def more(self, found: Any, inputs: Properties) -> Properties:
        """Its ARN."""
        region = str(self.outputs(inputs)["region"])
        return {"arn": arn("vpc-flow-log", found["FlowLogId"], region)}

    def delete(self, id_: str, state: Properties) -> None:
        """One call."""
        self.call(state, "delete_flow_logs", FlowLogIds=[id_], gone=self.gone)


class SecurityGroup(Ec2Resource):
    """aws:ec2/securityGroup:SecurityGroup; rules are resources of their own."""

    kind, id_key = "security-group", "GroupId"
    describe = ("describe_security_groups", "GroupIds", "SecurityGroups")
    gone = ("InvalidGroup.NotFound",)
    inputs = TAGGED | {"name", "description", "vpcId", "revokeRulesOnDelete"}
    required = frozenset({"name", "vpcId"})
    replace_on = frozenset({"name", "description", "vpcId", "region"})
    computed = frozenset({"arn", "ownerId"})
    defaults = {"description": "Managed by Pulumi"}  # noqa: RUF012 - read only
    delete_first = True

    def create(self, inputs: Properties) -> Live:
        """Without AWS's own rule that lets everything out: each way out is a rule of the program."""
        answer = self.call(
            inputs,
            "create_security_group",
            GroupName=inputs["name"],
            Description=inputs["description"],
            VpcId=inputs["vpcId"],
            **self.tagged(inputs),
        )
        self.call(
            inputs,
            "revoke_security_group_egress",
            GroupId=answer["GroupId"],
            IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
            gone=("InvalidPermission.NotFound",),
        )
        return self.as_live(answer, inputs)

    def inputs_of(self, found: Any, inputs: Properties) -> Properties:
        """Name, description, network."""
        del inputs
        return {
            "name": found["GroupName"],
            "description": found["Description"],
            "vpcId": found["VpcId"],
        }

    def more(self, found: Any, inputs: Properties) -> Properties:
        """Its ARN."""
        region = str(self.outputs(inputs)["region"])
        return {"arn": arn("security-group", found["GroupId"], region), "ownerId": ACCOUNT}

    def delete(self, id_: str, state: Properties) -> None:
        """One call."""
        self.call(state, "delete_security_group", GroupId=id_, gone=self.gone)

    def find(self, inputs: Properties) -> str | None:
        """By name and network."""
        filters = [
            {"Name": "group-name", "Values": [inputs["name"]]},
            {"Name": "vpc-id", "Values": [inputs["vpcId"]]},
        ]
        found = self.call(inputs, "describe_security_groups", Filters=filters)["SecurityGroups"]
        return found[0]["GroupId"] if found else None


class _SecurityGroupRule(Ec2Resource):
    kind, id_key = "security-group-rule", "SecurityGroupRuleId"
    describe = ("describe_security_group_rules", "SecurityGroupRuleIds", "SecurityGroupRules")
    gone = ("InvalidSecurityGroupRuleId.NotFound", "InvalidGroup.NotFound")
    inputs = TAGGED | {
        "securityGroupId",
        "ipProtocol",
        "fromPort",
        "toPort",
        "cidrIpv4",
        "referencedSecurityGroupId",
        "description",
    }
    required = frozenset({"securityGroupId", "ipProtocol"})
    replace_on = inputs - {"tags"}
    computed = frozenset({"arn", "securityGroupRuleId"})
    way: ClassVar[str]

    def create(self, inputs: Properties) -> Live:
        """One call."""
        answer = self.call(
            inputs,
            f"authorize_security_group_{self.way}",
            GroupId=inputs["securityGroupId"],
            IpPermissions=[self._permission(inputs)],
            **self.tagged(inputs),
        )
        return self.as_live(answer["SecurityGroupRules"][0], inputs)

    def inputs_of(self, found: Any, inputs: Properties) -> Properties:
        """The rule as it is."""
        del inputs
        group = found.get("ReferencedGroupInfo", {}).get("GroupId")
        ports = {}
        if found["IpProtocol"] != "-1":
            ports = {"fromPort": found["FromPort"], "toPort": found["ToPort"]}
        return {
            "securityGroupId": found["GroupId"],
            "ipProtocol": found["IpProtocol"],
            "cidrIpv4": found.get("CidrIpv4"),
            "referencedSecurityGroupId": group,
            **ports,
        }

    def more(self, found: Any, inputs: Properties) -> Properties:
        """Its own id and ARN."""
        region = str(self.outputs(inputs)["region"])
        id_ = found["SecurityGroupRuleId"]
        return {"securityGroupRuleId": id_, "arn": arn("security-group-rule", id_, region)}

    def delete(self, id_: str, state: Properties) -> None:
        """By the rule's id."""
        self.call(
            state,
            f"revoke_security_group_{self.way}",
            GroupId=state["securityGroupId"],
            SecurityGroupRuleIds=[id_],
            gone=(*self.gone, "InvalidPermission.NotFound"),
        )

    def find(self, inputs: Properties) -> str | None:
        """Among the group's rules."""
        filters = [{"Name": "group-id", "Values": [inputs["securityGroupId"]]}]
        found = self.call(inputs, "describe_security_group_rules", Filters=filters)
        wanted = {k: v for k, v in inputs.items() if k in self.replace_on and k != "region"}
        for rule in found["SecurityGroupRules"]:
            known = {k: v for k, v in self.inputs_of(rule, {}).items() if v is not None}
            if rule["IsEgress"] == (self.way == "egress") and known == wanted:
                return str(rule["SecurityGroupRuleId"])
        return None

    def _permission(self, inputs: Properties) -> dict[str, Any]:
        permission = take(inputs, "ipProtocol", "fromPort", "toPort")
        described = {"Description": inputs["description"]} if inputs.get("description") else {}
        if inputs.get("cidrIpv4"):
            permission["IpRanges"] = [{"CidrIp": inputs["cidrIpv4"], **described}]
        if inputs.get("referencedSecurityGroupId"):
            group = {"GroupId": inputs["referencedSecurityGroupId"], **described}
            permission["UserIdGroupPairs"] = [group]
        return permission


class IngressRule(_SecurityGroupRule):
    """aws:vpc/securityGroupIngressRule."""

    way = "ingress"


class EgressRule(_SecurityGroupRule):
    """aws:vpc/securityGroupEgressRule."""

    way = "egress"
