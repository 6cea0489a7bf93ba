"""A VPC over three zones: public, private and data subnets, and ways to AWS that stay inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi
import pulumi_aws as aws

from moyai.infra.policies import flow_log, trust
from moyai.infra.scope import Scope
from moyai.planning import names
from moyai.planning.layout import INTERFACE_ENDPOINTS, ZONES, subnets


@dataclass(frozen=True, slots=True)
class NetworkArgs:
    """Where a VPC lies."""

    prefix: str
    cidr: IPv4Network
    scope: Scope
    boundary_arn: pulumi.Input[str]
    log_group: str
    """Of its flow logs."""
    log_key_arn: pulumi.Input[str]
    log_days: int


class Network(pulumi.ComponentResource):
    """A VPC. `subnet_ids[tier]` has one id a zone."""

    def __init__(
        self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("moyai:infra:Network", name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self.vpc = aws.ec2.Vpc(
            name,
            cidr_block=str(args.cidr),
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=args.scope.tags(args.prefix),
            opts=self._child,
        )
        self.subnet_ids: dict[str, list[pulumi.Output[str]]] = {}
        self._routes(name, self._subnets(name))
        self._endpoints(name)
        self._flow_log(name)
        self.register_outputs({"vpc_id": self.vpc.id})

    def _subnets(self, name: str) -> dict[str, list[aws.ec2.Subnet]]:
        args = self._args
        zones = ZONES[args.scope.site.region]
        made: dict[str, list[aws.ec2.Subnet]] = {}
        for tier, networks in subnets(args.cidr, len(zones)).items():
            made[tier] = [
                aws.ec2.Subnet(
                    f"{name}-{tier}-{zone[-1]}",
                    vpc_id=self.vpc.id,
                    cidr_block=str(network),
                    availability_zone=zone,
                    map_public_ip_on_launch=False,
                    tags=args.scope.tags(f"{args.prefix}-{tier}-{zone[-1]}"),
                    opts=self._child,
                )
                for zone, network in zip(zones, networks, strict=True)
            ]
            self.subnet_ids[tier] = [subnet.id for subnet in made[tier]]
        return made

    def _routes(self, name: str, made: Mapping[str, Sequence[aws.ec2.Subnet]]) -> None:
        """Public subnets go out directly, private ones through their zone's NAT, data nowhere."""
        args, child = self._args, self._child
        gateway = aws.ec2.InternetGateway(
            name, vpc_id=self.vpc.id, tags=args.scope.tags(args.prefix), opts=child
        )
        public = self._table(f"{name}-public")
        aws.ec2.Route(
            f"{name}-public",
            route_table_id=public.id,
            destination_cidr_block="0.0.0.0/0",
            gateway_id=gateway.id,
            opts=child,
        )
        data = self._table(f"{name}-data")
        self.private_tables: list[pulumi.Output[str]] = []
        for number, zone in enumerate(ZONES[args.scope.site.region]):
            address = aws.ec2.Eip(
                f"{name}-nat-{zone[-1]}",
                domain="vpc",
                tags=args.scope.tags(f"{args.prefix}-nat-{zone[-1]}"),
                opts=child,
            )
            nat = aws.ec2.NatGateway(
                f"{name}-{zone[-1]}",
                allocation_id=address.id,
                subnet_id=made["public"][number].id,
                tags=args.scope.tags(f"{args.prefix}-{zone[-1]}"),
                opts=pulumi.ResourceOptions(parent=self, depends_on=[gateway]),
            )
            private = self._table(f"{name}-private-{zone[-1]}")
            aws.ec2.Route(
                f"{name}-private-{zone[-1]}",
                route_table_id=private.id,
                destination_cidr_block="0.0.0.0/0",
                nat_gateway_id=nat.id,
                opts=child,
            )
            self.private_tables.append(private.id)
            for tier, table in (("public", public), ("private", private), ("data", data)):
                aws.ec2.RouteTableAssociation(
                    f"{name}-{tier}-{zone[-1]}",
                    subnet_id=made[tier][number].id,
                    route_table_id=table.id,
                    opts=child,
                )
        self.data_table = data.id

    def _table(self, name: str) -> aws.ec2.RouteTable:
        return aws.ec2.RouteTable(
            name,
            vpc_id=self.vpc.id,
            tags=self._args.scope.tags(name),
            opts=self._child,
        )

    def _endpoints(self, name: str) -> None:
        """S3 by a gateway, other AWS services by interfaces, so that their traffic stays inside."""
        args, child = self._args, self._child
        region = args.scope.site.region
        aws.ec2.VpcEndpoint(
            f"{name}-s3",
            vpc_id=self.vpc.id,
            service_name=f"com.amazonaws.{region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=[*self.private_tables, self.data_table],
            tags=args.scope.tags(f"{args.prefix}-s3"),
            opts=child,
        )
        group_name = names.cell_groups(args.prefix)["endpoints"]
        group = aws.ec2.SecurityGroup(
            f"{name}-endpoints",
            name=group_name,
            description="HTTPS from the VPC to AWS",
            vpc_id=self.vpc.id,
            tags=args.scope.tags(group_name),
            opts=child,
        )
        aws.vpc.SecurityGroupIngressRule(
            f"{name}-endpoints",
            security_group_id=group.id,
            cidr_ipv4=str(args.cidr),
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            tags=args.scope.tags(),
            opts=child,
        )
        for service in INTERFACE_ENDPOINTS:
            aws.ec2.VpcEndpoint(
                f"{name}-{service}",
                vpc_id=self.vpc.id,
                service_name=f"com.amazonaws.{region}.{service}",
                vpc_endpoint_type="Interface",
                subnet_ids=self.subnet_ids["private"],
                security_group_ids=[group.id],
                private_dns_enabled=True,
                tags=args.scope.tags(f"{args.prefix}-{service}"),
                opts=child,
            )

    def _flow_log(self, name: str) -> None:
        args, child = self._args, self._child
        site = args.scope.site
        group = aws.cloudwatch.LogGroup(
            f"{name}-flow",
            name=args.log_group,
            kms_key_id=args.log_key_arn,
            retention_in_days=args.log_days,
            tags=args.scope.tags(),
            opts=pulumi.ResourceOptions(parent=self, protect=True),
        )
        role = aws.iam.Role(
            f"{name}-flow",
            name=names.cell_roles(args.prefix)["flow-log"],
            assume_role_policy=trust("vpc-flow-logs.amazonaws.com", site.account_id),
            permissions_boundary=args.boundary_arn,
            tags=args.scope.tags(),
            opts=child,
        )
        aws.iam.RolePolicy(
            f"{name}-flow", role=role.name, policy=flow_log(site, args.log_group), opts=child
        )
        aws.ec2.FlowLog(
            f"{name}-flow",
            vpc_id=self.vpc.id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            tags=args.scope.tags(args.prefix),
            opts=child,
        )
