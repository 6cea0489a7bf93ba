"""Groups of subnets and of parameters, which clusters are made with."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from moyai.provider.naming import AutoName
from moyai.provider.properties import Properties
from moyai.sandbox.aws.fields import many, shape, text, texts
from moyai.sandbox.aws.handler import Seen
from moyai.sandbox.aws.resources.rds.common import RdsResource

_DESCRIPTION = "Managed by Pulumi"


class SubnetGroup(RdsResource):
    """aws:rds/subnetGroup:SubnetGroup."""

    autoname = AutoName(lower=True)
    properties = shape(
        description=text("DBSubnetGroupDescription", default=_DESCRIPTION),
        name=text("DBSubnetGroupName", replaces=True),
        namePrefix=text("", replaces=True, kept=False),
        subnetIds=texts(required=True, is_set=True),
    )
    computed = frozenset({"arn", "vpcId"})
    _GONE = ("DBSubnetGroupNotFoundFault",)

    def make(self, inputs: Properties) -> Seen:
        """One call."""
        answer = self.call(
            inputs,
            "create_db_subnet_group",
            **self.parameters({"description": _DESCRIPTION, **inputs}),
            **self.created_tags(inputs),
        )
        return self._seen(answer["DBSubnetGroup"])

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """The group, and its tags."""
        name = "describe_db_subnet_groups"
        answer = self.call(inputs, name, DBSubnetGroupName=id_, gone=self._GONE)
        if answer is None:
            return None
        seen = self._seen(answer["DBSubnetGroups"][0])
        tags = self.read_tags(seen.values["arn"], inputs)
        return Seen(seen.id, {**seen.values, "tags": tags})

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """moto's modify call loses the group, so it is made anew under its name, which clusters
        know it by."""
        del changed
        self.remove(id_, old)
        self.make(new)
        return {}

    def remove(self, id_: str, state: Properties) -> None:
        """One call."""
        self.call(state, "delete_db_subnet_group", DBSubnetGroupName=id_, gone=self._GONE)

    def _seen(self, group: Any) -> Seen:
        subnets = [one["SubnetIdentifier"] for one in group["Subnets"]]
        values = self.told({**group, "SubnetIds": subnets})
        more = {"arn": group["DBSubnetGroupArn"], "vpcId": group["VpcId"]}
        return Seen(group["DBSubnetGroupName"], {**values, **more})


class ClusterParameterGroup(RdsResource):
    """aws:rds/clusterParameterGroup:ClusterParameterGroup."""

    autoname = AutoName(lower=True)
    properties = shape(
        description=text(default=_DESCRIPTION, replaces=True),
        family=text("DBParameterGroupFamily", required=True, replaces=True),
        name=text("DBClusterParameterGroupName", replaces=True),
        namePrefix=text("", replaces=True, kept=False),
        parameters=many(
            shape(
                name=text("ParameterName", required=True),
                value=text("ParameterValue", required=True),
                applyMethod=text(default="immediate"),
            ),
            is_set=True,
        ),
    )
    computed = frozenset({"arn"})
    _GONE = ("DBParameterGroupNotFound", "DBParameterGroupNotFoundFault")

    def make(self, inputs: Properties) -> Seen:
        """One call, without parameters."""
        bare = {"description": _DESCRIPTION, **inputs, "parameters": None}
        answer = self.call(
            inputs,
            "create_db_cluster_parameter_group",
            **self.parameters(bare),
            **self.created_tags(inputs),
        )
        return self._seen(answer["DBClusterParameterGroup"], {})

    def complete(self, id_: str, inputs: Properties, values: Properties) -> None:
        """Its parameters."""
        del values
        if inputs.get("parameters"):
            self._set(id_, inputs)

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """The group, its parameters, its tags."""
        which = {"DBClusterParameterGroupName": id_}
        name = "describe_db_cluster_parameter_groups"
        answer = self.call(inputs, name, gone=self._GONE, **which)
        if answer is None:
            return None
        set_ = self.call(inputs, "describe_db_cluster_parameters", Source="user", **which)
        seen = self._seen(answer["DBClusterParameterGroups"][0], set_)
        tags = self.read_tags(seen.values["arn"], inputs)
        return Seen(seen.id, {**seen.values, "tags": tags})

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """Set those that are wanted. moto has no way to reset one, so a group that loses some is
        made anew under its name, which clusters know it by."""
        del changed
        names = {one["name"] for one in new.get("parameters") or ()}
        if any(one["name"] not in names for one in old.get("parameters") or ()):
            self.remove(id_, old)
            self.make(new)
        self.complete(id_, new, {})
        return {}

    def remove(self, id_: str, state: Properties) -> None:
        """One call."""
        name = "delete_db_cluster_parameter_group"
        self.call(state, name, DBClusterParameterGroupName=id_, gone=self._GONE)

    def _set(self, id_: str, inputs: Properties) -> None:
        parameters = [
            {"ApplyMethod": "immediate", **one}
            for one in self.parameters(inputs, "parameters")["Parameters"]
        ]
        name = "modify_db_cluster_parameter_group"
        self.call(inputs, name, DBClusterParameterGroupName=id_, Parameters=parameters)

    def _seen(self, group: Any, parameters: Any) -> Seen:
        values = self.told({**group, "Parameters": parameters.get("Parameters", ())})
        values["arn"] = group["DBClusterParameterGroupArn"]
        return Seen(group["DBClusterParameterGroupName"], values)
