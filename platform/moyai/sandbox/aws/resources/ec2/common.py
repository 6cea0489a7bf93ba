"""What EC2's resources share: tags in the create call, `describe` by id, `Invalid….NotFound`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, ClassVar

from moyai.provider.properties import Properties
from moyai.sandbox.aws.client import account
from moyai.sandbox.aws.handler import AwsResource, Seen
from moyai.sandbox.aws.tagging import Call, Tags, changes, pairs, unpaired

_ENDED = ("deleted", "deleting")


@dataclass(frozen=True, slots=True)
class Ec2Tags:
    """EC2 has one pair of operations for all its resources, and takes tags with each create."""

    kind: str
    """`vpc`: as tag specifications name it, and ARNs do."""

    def created(self, tags: Tags) -> dict[str, Any]:
        """See `Tagging.created`."""
        if not tags:
            return {}
        return {"TagSpecifications": [{"ResourceType": self.kind, "Tags": pairs(tags)}]}

    def change(self, call: Call, target: str, old: Tags, new: Tags) -> None:
        """See `Tagging.change`."""
        put, off = changes(old, new)
        if put:
            call("create_tags", Resources=[target], Tags=pairs(put))
        if off:
            call("delete_tags", Resources=[target], Tags=[{"Key": name} for name in off])

    def read(self, call: Call, target: str) -> dict[str, str]:
        """See `Tagging.read`."""
        filters = [{"Name": "resource-id", "Values": [target]}]
        return unpaired(call("describe_tags", Filters=filters)["Tags"])


class Ec2Resource(AwsResource):
    """One kind of EC2 resource. Its id is EC2's own."""

    service = "ec2"
    tagging: ClassVar[Ec2Tags]
    describe: ClassVar[str]
    """The operation: `describe_vpcs`."""
    ids: ClassVar[str]
    """Its parameter: `VpcIds`."""
    listed: ClassVar[str]
    """The list in its answer: `Vpcs`."""
    id_key: ClassVar[str]
    """The id in an item: `VpcId`."""
    gone: ClassVar[tuple[str, ...]]

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """Described, tags along with it."""
        answer = self.call(inputs, self.describe, gone=self.gone, **{self.ids: [id_]})
        found = answer[self.listed] if answer else []
        if not found or found[0].get("State") in _ENDED:
            return None
        tags = {"tags": unpaired(found[0].get("Tags"))}
        return Seen(id_, {**self.values(found[0], inputs), **tags})

    def values(self, found: Any, inputs: Properties) -> Properties:
        """Properties and computed outputs of a described (or just created) resource."""
        del inputs
        return self.told(found)

    def seen(self, found: Any, inputs: Properties) -> Seen:
        """A resource from a create call's answer."""
        return Seen(found[self.id_key], self.values(found, inputs))

    def own_arn(self, found: Any, inputs: Properties) -> str:
        """Its ARN."""
        return self.arn(inputs, f"{self.tagging.kind}/{found[self.id_key]}")

    def owned(self, found: Any, inputs: Properties) -> Properties:
        """ARN and owner, which most have as outputs."""
        return {"arn": self.own_arn(found, inputs), "ownerId": account()}

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """Most change in nothing but tags; words to the plugin alone need no call."""
        del id_, old, new, changed
        return {}


def default_of(resource: Ec2Resource, inputs: Properties, vpc: str, what: str) -> str:
    """The id of what EC2 makes along with a VPC: its security group, route table or network ACL."""
    operation, listed, key, name, value = _DEFAULTS[what]
    filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": name, "Values": [value]}]
    found = resource.call(inputs, operation, Filters=filters)[listed]
    return str(found[0][key]) if found else ""


_DEFAULTS = {
    "group": ("describe_security_groups", "SecurityGroups", "GroupId", "group-name", "default"),
    "table": (
        "describe_route_tables",
        "RouteTables",
        "RouteTableId",
        "association.main",
        "true",
    ),
    "acl": ("describe_network_acls", "NetworkAcls", "NetworkAclId", "default", "true"),
}
