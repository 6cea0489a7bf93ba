"""VPCs and everything in them."""

from __future__ import annotations

import json

from case import Case, Maker, World

from cases.security import trust


def vpc(world: World) -> str:
    return world.make("aws:ec2/vpc:Vpc", "vpc", {"cidrBlock": "10.9.0.0/16"}).id


def subnet(world: World, in_: str, number: int = 0, zone: str = "a") -> str:
    inputs = {
        "vpcId": in_,
        "cidrBlock": f"10.9.{number}.0/24",
        "availabilityZone": f"ap-northeast-1{zone}",
    }
    return world.make("aws:ec2/subnet:Subnet", f"subnet-{number}", inputs).id


def group(world: World, in_: str, name: str = "group") -> str:
    return world.make("aws:ec2/securityGroup:SecurityGroup", name, {"vpcId": in_}).id


def table(world: World, in_: str, name: str = "table") -> str:
    return world.make("aws:ec2/routeTable:RouteTable", name, {"vpcId": in_}).id


def gateway(world: World, in_: str) -> str:
    return world.make("aws:ec2/internetGateway:InternetGateway", "gateway", {"vpcId": in_}).id


def ec2_vpc(world: World) -> Case:
    return Case(
        {"cidrBlock": "10.8.0.0/16", "enableDnsHostnames": True},
        update={"enableDnsHostnames": False, "enableDnsSupport": False},
        replace={"cidrBlock": "10.7.0.0/16", "instanceTenancy": "dedicated"},
        drift=lambda aws, it: aws("ec2").modify_vpc_attribute(
            VpcId=it.id, EnableDnsSupport={"Value": True}
        ),
        drifted=frozenset({"enableDnsSupport"}),
    )


def ec2_subnet(world: World) -> Case:
    return Case(
        {"vpcId": vpc(world), "cidrBlock": "10.9.1.0/24", "mapPublicIpOnLaunch": True},
        update={"mapPublicIpOnLaunch": False},
        replace={"cidrBlock": "10.9.2.0/24", "availabilityZone": "ap-northeast-1x"},
        drift=lambda aws, it: aws("ec2").modify_subnet_attribute(
            SubnetId=it.id, MapPublicIpOnLaunch={"Value": True}
        ),
        drifted=frozenset({"mapPublicIpOnLaunch"}),
    )


def internet_gateway(world: World) -> Case:
    first = vpc(world)
    second = world.make("aws:ec2/vpc:Vpc", "second", {"cidrBlock": "10.6.0.0/16"}).id
    return Case(
        {"vpcId": first},
        update={"vpcId": second},
        drift=lambda aws, it: aws("ec2").detach_internet_gateway(
            InternetGatewayId=it.id, VpcId=second
        ),
        drifted=frozenset({"vpcId"}),
    )


def eip(world: World) -> Case:
    return Case(
        {"domain": "vpc"},
        update=None,
        drift=lambda aws, it: aws("ec2").release_address(AllocationId=it.id),
    )


def nat_gateway(world: World) -> Case:
    address = world.make("aws:ec2/eip:Eip", "address", {})
    return Case(
        {"allocationId": address.id, "subnetId": subnet(world, vpc(world))},
        replace={"subnetId": "subnet-1", "connectivityType": "private"},
        drift=lambda aws, it: aws("ec2").delete_nat_gateway(NatGatewayId=it.id),
    )


def route_table(world: World) -> Case:
    return Case(
        {"vpcId": vpc(world)},
        replace={"vpcId": "vpc-1"},
        drift=lambda aws, it: aws("ec2").delete_tags(
            Resources=[it.id], Tags=[{"Key": "moyai:service"}]
        ),
        drifted=frozenset({"tags"}),
    )


def route(world: World) -> Case:
    home = vpc(world)
    address = world.make("aws:ec2/eip:Eip", "address", {})
    nat = world.make(
        "aws:ec2/natGateway:NatGateway",
        "nat",
        {"allocationId": address.id, "subnetId": subnet(world, home)},
    )
    way = {"routeTableId": table(world, home), "destinationCidrBlock": "0.0.0.0/0"}
    return Case(
        {**way, "gatewayId": gateway(world, home)},
        update={"gatewayId": None, "natGatewayId": nat.id},
        replace={"destinationCidrBlock": "10.0.0.0/8", "routeTableId": "rtb-1"},
        drift=lambda aws, it: aws("ec2").delete_route(
            RouteTableId=way["routeTableId"], DestinationCidrBlock="0.0.0.0/0"
        ),
        import_id=lambda it: f"{way['routeTableId']}_0.0.0.0/0",
    )


def association(world: World) -> Case:
    home = vpc(world)
    ends = {"subnetId": subnet(world, home), "routeTableId": table(world, home)}
    return Case(
        ends,
        replace={"routeTableId": "rtb-1", "subnetId": "subnet-1"},
        drift=lambda aws, it: aws("ec2").disassociate_route_table(AssociationId=it.id),
        import_id=lambda it: f"{ends['subnetId']}/{ends['routeTableId']}",
    )


def endpoint(world: World) -> Case:
    home = vpc(world)
    policy = {"Effect": "Allow", "Principal": "*", "Action": "ssm:*", "Resource": "*"}
    groups = [group(world, home, "one"), group(world, home, "two")]
    return Case(
        {
            "vpcId": home,
            "serviceName": "com.amazonaws.ap-northeast-1.ssm",
            "vpcEndpointType": "Interface",
            "subnetIds": [subnet(world, home, 1), subnet(world, home, 2, "c")],
            "securityGroupIds": groups,
            "privateDnsEnabled": True,
        },
        update={
            "securityGroupIds": groups[:1],
            "policy": json.dumps({"Version": "2012-10-17", "Statement": [policy]}),
        },
        replace={"serviceName": "com.amazonaws.ap-northeast-1.kms", "vpcEndpointType": "Gateway"},
        drift=lambda aws, it: aws("ec2").modify_vpc_endpoint(
            VpcEndpointId=it.id, AddSecurityGroupIds=groups[1:]
        ),
        drifted=frozenset({"securityGroupIds"}),
    )


def security_group(world: World) -> Case:
    return Case(
        {"vpcId": vpc(world), "name": "moyai-test", "description": "一つの団体"},
        update={"revokeRulesOnDelete": True},
        replace={"name": "another", "description": "other", "vpcId": "vpc-1"},
        drift=lambda aws, it: aws("ec2").delete_security_group(GroupId=it.id),
        unread=frozenset({"revokeRulesOnDelete"}),
    )


def rule(world: World, way: str) -> Case:
    home = group(world, vpc(world))
    inputs = {
        "securityGroupId": home,
        "ipProtocol": "tcp",
        "fromPort": 443,
        "toPort": 443,
        "cidrIpv4": "10.0.0.0/8",
        "description": "HTTPS",
    }
    operation = f"revoke_security_group_{way}"
    return Case(
        inputs,
        update={"cidrIpv4": "10.1.0.0/16", "toPort": 444, "description": "two ports"},
        replace={"securityGroupId": "sg-1"},
        drift=lambda aws, it: getattr(aws("ec2"), operation)(
            GroupId=home, SecurityGroupRuleIds=[it.id]
        ),
    )


def flow_log(world: World) -> Case:
    logs = world.make("aws:cloudwatch/logGroup:LogGroup", "flow", {"name": "/moyai/test/flow"})
    role = world.make("aws:iam/role:Role", "flow", {"assumeRolePolicy": trust()})
    return Case(
        {
            "vpcId": vpc(world),
            "trafficType": "ALL",
            "logDestination": logs.outputs["arn"],
            "iamRoleArn": role.outputs["arn"],
        },
        replace={"trafficType": "REJECT", "maxAggregationInterval": 60},
        drift=lambda aws, it: aws("ec2").delete_flow_logs(FlowLogIds=[it.id]),
    )


CASES: dict[str, Maker] = {
    "aws:ec2/eip:Eip": eip,
    "aws:ec2/flowLog:FlowLog": flow_log,
    "aws:ec2/internetGateway:InternetGateway": internet_gateway,
    "aws:ec2/natGateway:NatGateway": nat_gateway,
    "aws:ec2/route:Route": route,
    "aws:ec2/routeTable:RouteTable": route_table,
    "aws:ec2/routeTableAssociation:RouteTableAssociation": association,
    "aws:ec2/securityGroup:SecurityGroup": security_group,
    "aws:ec2/subnet:Subnet": ec2_subnet,
    "aws:ec2/vpc:Vpc": ec2_vpc,
    "aws:ec2/vpcEndpoint:VpcEndpoint": endpoint,
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": lambda world: rule(world, "egress"),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": (
        lambda world: rule(world, "ingress")
    ),
}
