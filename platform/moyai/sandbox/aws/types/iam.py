"""Roles and policies. IAM has one home for all regions."""

from __future__ import annotations

import json
from urllib.parse import unquote

from moyai.provider.properties import Properties
from moyai.provider.resources import Live
from moyai.sandbox.aws.base import ACCOUNT, TAGGED, AwsResource, pairs, tag_changes, unpaired

_GONE = ("NoSuchEntity",)


def _json(document: object) -> str:
    """botocore hands policies over decoded or not, depending on the call."""
    return unquote(document) if isinstance(document, str) else json.dumps(document)


class Role(AwsResource):
    """aws:iam/role:Role. Its id is its name."""

    service = "iam"
    inputs = TAGGED | {
        "name",
        "assumeRolePolicy",
        "permissionsBoundary",
        "description",
        "maxSessionDuration",
        "path",
    }
    required = frozenset({"name", "assumeRolePolicy"})
    replace_on = frozenset({"name", "path"})
    computed = frozenset({"arn", "uniqueId"})
    documents = frozenset({"assumeRolePolicy"})
    delete_first = True

    def create(self, inputs: Properties) -> Live:
        """One call."""
        more = {
            parameter: inputs[name]
            for name, parameter in (
                ("permissionsBoundary", "PermissionsBoundary"),
                ("description", "Description"),
                ("maxSessionDuration", "MaxSessionDuration"),
                ("path", "Path"),
            )
            if inputs.get(name) is not None
        }
        answer = self.call(
            inputs,
            "create_role",
            RoleName=inputs["name"],
            AssumeRolePolicyDocument=inputs["assumeRolePolicy"],
            Tags=pairs(inputs.get("tags")),
            **more,
        )
        return self._live(inputs, answer["Role"])

    def read(self, id_: str, inputs: Properties) -> Live | None:
        """Everything a program can set."""
        answer = self.call(inputs, "get_role", RoleName=id_, gone=_GONE)
        if answer is None:
            return None
        role = answer["Role"]
        read = {
            "name": id_,
            "assumeRolePolicy": _json(role["AssumeRolePolicyDocument"]),
            "permissionsBoundary": role.get("PermissionsBoundary", {}).get(
                "PermissionsBoundaryArn"
            ),
            "description": role.get("Description") or None,
            "tags": unpaired(role.get("Tags")),
        }
        return self._live(self.same_inputs(inputs, **read), role)

    def update(self, id_: str, old: Properties, new: Properties) -> Properties:
        """Trust, boundary, description, tags."""
        if old.get("assumeRolePolicy") != new.get("assumeRolePolicy"):
            self.call(
                new,
                "update_assume_role_policy",
                RoleName=id_,
                PolicyDocument=new["assumeRolePolicy"],
            )
        boundary = new.get("permissionsBoundary")
        if old.get("permissionsBoundary") != boundary:
            if boundary:
                self.call(
                    new,
                    "put_role_permissions_boundary",
                    RoleName=id_,
                    PermissionsBoundary=boundary,
                )
            else:
                self.call(new, "delete_role_permissions_boundary", RoleName=id_)
        described = {"Description": new.get("description", "")}
        if new.get("maxSessionDuration"):
            described["MaxSessionDuration"] = new["maxSessionDuration"]
        self.call(new, "update_role", RoleName=id_, **described)
        put, off = tag_changes(old, new)
        if put:
            self.call(new, "tag_role", RoleName=id_, Tags=pairs(put))
        if off:
            self.call(new, "untag_role", RoleName=id_, TagKeys=off)
        return self._live(new, self.call(new, "get_role", RoleName=id_)["Role"]).outputs

    def delete(self, id_: str, state: Properties) -> None:
        """Its inline policies are resources of their own and gone by then."""
        self.call(state, "delete_role", RoleName=id_, gone=_GONE)

    def find(self, inputs: Properties) -> str | None:
        """By its name."""
        return str(inputs["name"])

    def _live(self, inputs: Properties, role: dict[str, str]) -> Live:
        return self.live(str(inputs["name"]), inputs, arn=role["Arn"], uniqueId=role["RoleId"])


class RolePolicy(AwsResource):
    """aws:iam/rolePolicy:RolePolicy, an inline policy. Its id is `role:name`."""

    service = "iam"
    inputs = frozenset({"name", "role", "policy"})
    required = frozenset({"role", "policy"})
    replace_on = frozenset({"name", "role"})
    documents = frozenset({"policy"})

    def create(self, inputs: Properties) -> Live:
        """One call; its name defaults to the role's, which has one policy then."""
        role = str(inputs["role"])
        name = str(inputs.get("name") or role)
        self.call(
            inputs,
            "put_role_policy",
            RoleName=role,
            PolicyName=name,
            PolicyDocument=inputs["policy"],
        )
        return Live(f"{role}:{name}", inputs, {**inputs, "name": name})

    def read(self, id_: str, inputs: Properties) -> Live | None:
        """The document."""
        role, _, name = id_.partition(":")
        answer = self.call(inputs, "get_role_policy", RoleName=role, PolicyName=name, gone=_GONE)
        if answer is None:
            return None
        known = {**inputs, "role": role, "policy": _json(answer["PolicyDocument"])}
        return Live(id_, known, {**known, "name": name})

    def update(self, id_: str, old: Properties, new: Properties) -> Properties:
        """Put it anew."""
        del old
        name = id_.partition(":")[2]
        return self.create({**new, "name": name}).outputs

    def delete(self, id_: str, state: Properties) -> None:
        """One call."""
        role, _, name = id_.partition(":")
        self.call(state, "delete_role_policy", RoleName=role, PolicyName=name, gone=_GONE)

    def find(self, inputs: Properties) -> str | None:
        """By role and name."""
        return f"{inputs['role']}:{inputs.get('name') or inputs['role']}"


class Policy(AwsResource):
    """aws:iam/policy:Policy. Its id is its ARN."""

    service = "iam"
    inputs = TAGGED | {"name", "policy", "description", "path"}
    required = frozenset({"name", "policy"})
    replace_on = frozenset({"name", "description", "path"})
    computed = frozenset({"arn", "policyId"})
    documents = frozenset({"policy"})
    delete_first = True

    def create(self, inputs: Properties) -> Live:
        """One call."""
        answer = self.call(
            inputs,
            "create_policy",
            PolicyName=inputs["name"],
            PolicyDocument=inputs["policy"],
            Description=inputs.get("description", ""),
            Tags=pairs(inputs.get("tags")),
        )
        return self._live(inputs, answer["Policy"])

    def read(self, id_: str, inputs: Properties) -> Live | None:
        """Its default version is what counts."""
        answer = self.call(inputs, "get_policy", PolicyArn=id_, gone=_GONE)
        if answer is None:
            return None
        policy = answer["Policy"]
        version = self.call(
            inputs, "get_policy_version", PolicyArn=id_, VersionId=policy["DefaultVersionId"]
        )
        read = {
            "name": policy["PolicyName"],
            "policy": _json(version["PolicyVersion"]["Document"]),
            "description": policy.get("Description") or None,
            "tags": unpaired(policy.get("Tags")),
        }
        return self._live(self.same_inputs(inputs, **read), policy)

    def update(self, id_: str, old: Properties, new: Properties) -> Properties:
        """A new default version; the oldest goes where five are there."""
        if self.normal("policy", old.get("policy")) != self.normal("policy", new["policy"]):
            versions = self.call(new, "list_policy_versions", PolicyArn=id_)["Versions"]
            spare = [one["VersionId"] for one in versions if not one["IsDefaultVersion"]]
            if len(versions) >= 5:
                self.call(new, "delete_policy_version", PolicyArn=id_, VersionId=min(spare))
            self.call(
                new,
                "create_policy_version",
                PolicyArn=id_,
                PolicyDocument=new["policy"],
                SetAsDefault=True,
            )
        put, off = tag_changes(old, new)
        if put:
            self.call(new, "tag_policy", PolicyArn=id_, Tags=pairs(put))
        if off:
            self.call(new, "untag_policy", PolicyArn=id_, TagKeys=off)
        return self._live(new, self.call(new, "get_policy", PolicyArn=id_)["Policy"]).outputs

    def delete(self, id_: str, state: Properties) -> None:
        """Versions first."""
        versions = self.call(state, "list_policy_versions", PolicyArn=id_, gone=_GONE)
        for one in versions["Versions"] if versions else ():
            if not one["IsDefaultVersion"]:
                self.call(
                    state,
                    "delete_policy_version",
                    PolicyArn=id_,
                    VersionId=one["VersionId"],
                    gone=_GONE,
                )
        self.call(state, "delete_policy", PolicyArn=id_, gone=_GONE)

    def find(self, inputs: Properties) -> str | None:
        """By its name."""
        return f"arn:aws:iam::{ACCOUNT}:policy{inputs.get('path') or '/'}{inputs['name']}"

    def _live(self, inputs: Properties, policy: dict[str, str]) -> Live:
        return self.live(policy["Arn"], inputs, arn=policy["Arn"], policyId=policy["PolicyId"])


class RolePolicyAttachment(AwsResource):
    """aws:iam/rolePolicyAttachment. Its id is `role/arn`."""

    service = "iam"
    inputs = frozenset({"role", "policyArn"})
    required = inputs
    replace_on = inputs

    def create(self, inputs: Properties) -> Live:
        """One call."""
        self.call(
            inputs, "attach_role_policy", RoleName=inputs["role"], PolicyArn=inputs["policyArn"]
        )
        return Live(f"{inputs['role']}/{inputs['policyArn']}", inputs, dict(inputs))

    def read(self, id_: str, inputs: Properties) -> Live | None:
        """Among the role's attached policies."""
        role, _, arn = id_.partition("/")
        answer = self.call(inputs, "list_attached_role_policies", RoleName=role, gone=_GONE)
        attached = [one["PolicyArn"] for one in answer["AttachedPolicies"]] if answer else []
        known: Properties = {"role": role, "policyArn": arn}
        return Live(id_, known, known) if arn in attached else None

    def delete(self, id_: str, state: Properties) -> None:
        """One call."""
        role, _, arn = id_.partition("/")
        self.call(state, "detach_role_policy", RoleName=role, PolicyArn=arn, gone=_GONE)

    def find(self, inputs: Properties) -> str | None:
        """By both."""
        return f"{inputs['role']}/{inputs['policyArn']}"
