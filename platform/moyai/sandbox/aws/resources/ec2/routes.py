"""Route tables, their routes, and the subnets that use them."""

from __future__ import annotations

import zlib
from collections.abc import Collection
from typing import Any

from moyai.provider.properties import Properties
from moyai.sandbox.aws.fields import shape, text
from moyai.sandbox.aws.handler import AwsResource, Seen
from moyai.sandbox.aws.resources.ec2.common import Ec2Resource, Ec2Tags

_GONE = ("InvalidRouteTableID.NotFound",)


class RouteTable(Ec2Resource):
    """aws:ec2/routeTable:RouteTable; its routes are resources of their own."""

    tagging = Ec2Tags("route-table")
    describe, ids = "describe_route_tables", "RouteTableIds"
    listed, id_key = "RouteTables", "RouteTableId"
    gone = _GONE
    properties = shape(vpcId=text(required=True, replaces=True))
    computed = frozenset({"arn", "ownerId"})

    def make(self, inputs: Properties) -> Seen:
        """One call."""
        answer = self.call(
            inputs, "create_route_table", VpcId=inputs["vpcId"], **self.created_tags(inputs)
        )
        return self.seen(answer["RouteTable"], inputs)

    def values(self, found: Any, inputs: Properties) -> Properties:
        """Its VPC."""
        return {**self.told(found), **self.owned(found, inputs)}

    def remove(self, id_: str, state: Properties) -> None:
        """One call."""
        self.call(state, "delete_route_table", RouteTableId=id_, gone=self.gone)


_TO = ("destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId")


class Route(AwsResource):
    """aws:ec2/route:Route. Its id is a label; it is found by table and destination."""

    service = "ec2"
    properties = shape(
        routeTableId=text("", required=True, replaces=True),
        destinationCidrBlock=text(replaces=True),
        destinationIpv6CidrBlock=text(replaces=True),
        destinationPrefixListId=text(replaces=True),
        egressOnlyGatewayId=text("EgressOnlyInternetGatewayId"),
        gatewayId=text(),
        natGatewayId=text(),
        networkInterfaceId=text(),
        transitGatewayId=text(),
        vpcPeeringConnectionId=text(),
    )
    computed = frozenset({"origin", "state"})

    def make(self, inputs: Properties) -> Seen:
        """One call."""
        table, (_, destination) = inputs["routeTableId"], _destination(inputs)
        self.call(inputs, "create_route", RouteTableId=table, **self.parameters(inputs))
        return Seen(_label(table, destination), {"origin": "CreateRoute", "state": "active"})

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """Among the table's routes. On import the id is `table_destination`."""
        table = str(inputs.get("routeTableId") or id_.partition("_")[0])
        name, destination = _destination(inputs) if "routeTableId" in inputs else _parsed(id_)
        answer = self.call(inputs, "describe_route_tables", RouteTableIds=[table], gone=_GONE)
        tables = answer["RouteTables"] if answer else []
        for route in tables[0]["Routes"] if tables else ():
            if self.told(route).get(name) == destination:
                values = {**self.told(route), "routeTableId": table}
                more = {"origin": route["Origin"], "state": route["State"]}
                return Seen(_label(table, destination), {**values, **more})
        return None

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """To another target."""
        del id_, old, changed
        table = new["routeTableId"]
        self.call(new, "replace_route", RouteTableId=table, **self.parameters(new))
        return {}

    def remove(self, id_: str, state: Properties) -> None:
        """One call."""
        del id_
        gone = ("InvalidRoute.NotFound", *_GONE)
        table, (name, destination) = state["routeTableId"], _destination(state)
        where = self.parameters({name: destination})
        self.call(state, "delete_route", RouteTableId=table, gone=gone, **where)

    def name_of(self, inputs: Properties) -> str:
        """Table and destination."""
        return f"{inputs['routeTableId']} {_destination(inputs)[1]}"


def _destination(inputs: Properties) -> tuple[str, str]:
    """The one destination that a route has: which property, and its value."""
    return next(((name, str(inputs[name])) for name in _TO if inputs.get(name)), (_TO[0], ""))


def _parsed(id_: str) -> tuple[str, str]:
    destination = id_.partition("_")[2]
    if destination.startswith("pl-"):
        return _TO[2], destination
    return _TO[1 if ":" in destination else 0], destination


def _label(table: str, destination: str) -> str:
    """As the real provider makes it."""
    return f"r-{table}{zlib.crc32(destination.encode())}"


class RouteTableAssociation(AwsResource):
    """aws:ec2/routeTableAssociation. Imported by `subnet/table`."""

    service = "ec2"
    properties = shape(
        gatewayId=text(replaces=True),
        routeTableId=text(required=True, replaces=True),
        subnetId=text(replaces=True),
    )
    delete_first = True  # a subnet has one table at a time

    def make(self, inputs: Properties) -> Seen:
        """One call."""
        answer = self.call(inputs, "associate_route_table", **self.parameters(inputs))
        return Seen(answer["AssociationId"])

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """Among all tables' associations, by its own id or by what it joins."""
        member, _, table = id_.partition("/")
        for found in self._tables(inputs, member, table):
            for one in found["Associations"]:
                joined = (one.get("SubnetId"), one.get("GatewayId"))
                if one["RouteTableAssociationId"] == id_ or (table and member in joined):
                    values = self.told({**one, "RouteTableId": found["RouteTableId"]})
                    return Seen(one["RouteTableAssociationId"], values)
        return None

    def remove(self, id_: str, state: Properties) -> None:
        """One call."""
        gone = ("InvalidAssociationID.NotFound",)
        self.call(state, "disassociate_route_table", AssociationId=id_, gone=gone)

    def _tables(self, inputs: Properties, member: str, table: str) -> list[Any]:
        if table:
            answer = self.call(inputs, "describe_route_tables", RouteTableIds=[table], gone=_GONE)
        else:
            filters = [{"Name": "association.route-table-association-id", "Values": [member]}]
            answer = self.call(inputs, "describe_route_tables", Filters=filters)
        return list(answer["RouteTables"]) if answer else []
