"""Security groups; their rules are resources of their own."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar

from moyai.provider.naming import AutoName
from moyai.provider.properties import Properties
from moyai.sandbox.aws.fields import flag, shape, text, whole
from moyai.sandbox.aws.handler import Seen
from moyai.sandbox.aws.resources.ec2.common import Ec2Resource, Ec2Tags

_NO_GROUP = ("InvalidGroup.NotFound", "InvalidGroupId.NotFound")
_NO_RULE = ("InvalidSecurityGroupRuleId.NotFound", "InvalidPermission.NotFound", *_NO_GROUP)
_ALL_OUT = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]


class SecurityGroup(Ec2Resource):
    """aws:ec2/securityGroup:SecurityGroup, without rules inside it."""

    tagging = Ec2Tags("security-group")
    describe, ids = "describe_security_groups", "GroupIds"
    listed, id_key = "SecurityGroups", "GroupId"
    gone = _NO_GROUP
    autoname = AutoName()
    properties = shape(
        description=text(default="Managed by Pulumi", replaces=True),
        name=text("GroupName", replaces=True),
        namePrefix=text("", replaces=True, kept=False),
        revokeRulesOnDelete=flag("", kept=False),
        vpcId=text(replaces=True, chosen=True),
    )
    computed = frozenset({"arn", "ownerId"})

    def make(self, inputs: Properties) -> Seen:
        """One call; without a VPC it lands in the region's default one."""
        described = {"Description": inputs.get("description", "Managed by Pulumi")}
        wanted = {**self.parameters(inputs, "name", "vpcId"), **described}
        answer = self.call(inputs, "create_security_group", **wanted, **self.created_tags(inputs))
        return self.seen({**answer, "VpcId": inputs.get("vpcId")}, inputs)

    def complete(self, id_: str, inputs: Properties, values: Properties) -> None:
        """As the real provider does: EC2's own rule that lets everything out goes at once."""
        del values
        gone = ("InvalidPermission.NotFound",)
        name = "revoke_security_group_egress"
        self.call(inputs, name, GroupId=id_, IpPermissions=_ALL_OUT, gone=gone)

    def values(self, found: Any, inputs: Properties) -> Properties:
        """All but its rules."""
        return {**self.told(found), **self.owned(found, inputs)}

    def remove(self, id_: str, state: Properties) -> None:
        """Its rules first where the program says so: they may name each other."""
        if state.get("revokeRulesOnDelete"):
            self._revoke(id_, state)
        self.call(state, "delete_security_group", GroupId=id_, gone=self.gone)

    def _revoke(self, id_: str, state: Properties) -> None:
        filters = [{"Name": "group-id", "Values": [id_]}]
        found = self.call(state, "describe_security_group_rules", Filters=filters)
        for rule in found["SecurityGroupRules"]:
            way = "egress" if rule["IsEgress"] else "ingress"
            number = [rule["SecurityGroupRuleId"]]
            name = f"revoke_security_group_{way}"
            self.call(state, name, GroupId=id_, SecurityGroupRuleIds=number, gone=_NO_RULE)

    def name_of(self, inputs: Properties) -> str:
        """Its name."""
        return str(inputs["name"])

    def id_of(self, inputs: Properties) -> str | None:
        """The group of this name in this VPC, if any."""
        wanted = (("group-name", inputs["name"]), ("vpc-id", inputs.get("vpcId")))
        filters = [{"Name": name, "Values": [value]} for name, value in wanted if value]
        found = self.call(inputs, self.describe, Filters=filters)[self.listed]
        return str(found[0]["GroupId"]) if found else None


class _SecurityGroupRule(Ec2Resource):
    tagging = Ec2Tags("security-group-rule")
    describe, ids = "describe_security_group_rules", "SecurityGroupRuleIds"
    listed, id_key = "SecurityGroupRules", "SecurityGroupRuleId"
    gone = _NO_RULE
    way: ClassVar[str]
    properties = shape(
        cidrIpv4=text(),
        cidrIpv6=text(),
        description=text(),
        fromPort=whole(),
        ipProtocol=text(required=True),
        prefixListId=text(),
        referencedSecurityGroupId=text("ReferencedGroupId"),
        securityGroupId=text("", required=True, replaces=True),
        toPort=whole(),
    )
    computed = frozenset({"arn", "securityGroupRuleId"})

    def make(self, inputs: Properties) -> Seen:
        """One call."""
        answer = self.call(
            inputs,
            f"authorize_security_group_{self.way}",
            GroupId=inputs["securityGroupId"],
            IpPermissions=[_permission(inputs)],
            **self.created_tags(inputs),
        )
        return self.seen(answer["SecurityGroupRules"][0], inputs)

    def values(self, found: Any, inputs: Properties) -> Properties:
        """The rule as it is. Where all ports are meant, EC2 says -1."""
        values = self.told(found)
        if values["ipProtocol"] == "-1":
            values = {**values, "fromPort": None, "toPort": None}
        group = found.get("ReferencedGroupInfo", {}).get("GroupId")
        if group:
            # moto forgets the description of a rule that names a group.
            words = values.get("description") or inputs.get("description")
            values |= {"referencedSecurityGroupId": group, "description": words}
        return {
            **values,
            "securityGroupId": found["GroupId"],
            "securityGroupRuleId": found["SecurityGroupRuleId"],
            "arn": self.own_arn(found, inputs),
        }

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """In place: EC2 wants the whole rule."""
        del old, changed
        ports = {} if new["ipProtocol"] != "-1" else {"FromPort": -1, "ToPort": -1}
        rule = {**self.parameters(new), **ports}
        rules = [{"SecurityGroupRuleId": id_, "SecurityGroupRule": rule}]
        group = new["securityGroupId"]
        self.call(new, "modify_security_group_rules", GroupId=group, SecurityGroupRules=rules)
        return {}

    def remove(self, id_: str, state: Properties) -> None:
        """By its id."""
        name, group = f"revoke_security_group_{self.way}", state["securityGroupId"]
        self.call(state, name, GroupId=group, SecurityGroupRuleIds=[id_], gone=self.gone)

    def name_of(self, inputs: Properties) -> str:
        """The group that it is in."""
        return str(inputs["securityGroupId"])


def _permission(inputs: Properties) -> dict[str, Any]:
    """A rule as the authorize calls take it."""
    permission = {"IpProtocol": inputs["ipProtocol"]}
    permission |= {
        key: inputs[name]
        for name, key in (("fromPort", "FromPort"), ("toPort", "ToPort"))
        if inputs.get(name) is not None
    }
    described = {"Description": inputs["description"]} if inputs.get("description") else {}
    for name, key, item in _PEERS:
        if inputs.get(name):
            permission[key] = [{item: inputs[name], **described}]
    return permission


_PEERS = (
    ("cidrIpv4", "IpRanges", "CidrIp"),
    ("cidrIpv6", "Ipv6Ranges", "CidrIpv6"),
    ("prefixListId", "PrefixListIds", "PrefixListId"),
    ("referencedSecurityGroupId", "UserIdGroupPairs", "GroupId"),
)


class IngressRule(_SecurityGroupRule):
    """aws:vpc/securityGroupIngressRule."""

    way = "ingress"


class EgressRule(_SecurityGroupRule):
    """aws:vpc/securityGroupEgressRule."""

    way = "egress"
