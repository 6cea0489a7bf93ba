"""Roles and policies. IAM has one home for all regions."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from moyai.provider.naming import AutoName
from moyai.provider.properties import Properties
from moyai.sandbox.aws.checking import coerce
from moyai.sandbox.aws.client import account
from moyai.sandbox.aws.fields import Kind, document, flag, shape, text, whole
from moyai.sandbox.aws.handler import AwsResource, Seen
from moyai.sandbox.aws.tagging import ServiceTags

_GONE = ("NoSuchEntity", "NoSuchEntityException")
_VERSIONS = 5
"""Versions that a policy may have."""


class _IamResource(AwsResource):
    service = "iam"
    regional = False


class Role(_IamResource):
    """aws:iam/role:Role. Its id is its name."""

    tagging = ServiceTags("tag_role", "untag_role", target="RoleName")
    autoname = AutoName(limit=64)
    properties = shape(
        name=text("RoleName", replaces=True),
        namePrefix=text("", replaces=True, kept=False),
        assumeRolePolicy=document("AssumeRolePolicyDocument", required=True),
        description=text(),
        forceDetachPolicies=flag("", kept=False),
        maxSessionDuration=whole(default=3600),
        path=text(default="/", replaces=True),
        permissionsBoundary=text(),
    )
    computed = frozenset({"arn", "createDate", "uniqueId"})

    def make(self, inputs: Properties) -> Seen:
        """One call."""
        answer = self.call(
            inputs, "create_role", **self.parameters(inputs), **self.created_tags(inputs)
        )
        return self._seen(answer["Role"])

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """One call tells everything."""
        answer = self.call(inputs, "get_role", RoleName=id_, gone=_GONE)
        return None if answer is None else self._seen(answer["Role"])

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """Trust, boundary and the rest have calls of their own."""
        del old
        if "assumeRolePolicy" in changed:
            trust = new["assumeRolePolicy"]
            self.call(new, "update_assume_role_policy", RoleName=id_, PolicyDocument=trust)
        if "permissionsBoundary" in changed:
            limit = new.get("permissionsBoundary")
            if limit:
                name = "put_role_permissions_boundary"
                self.call(new, name, RoleName=id_, PermissionsBoundary=limit)
            else:
                self.call(new, "delete_role_permissions_boundary", RoleName=id_)
        if {"description", "maxSessionDuration"} & set(changed):
            self.call(
                new,
                "update_role",
                RoleName=id_,
                Description=new.get("description", ""),
                MaxSessionDuration=new.get("maxSessionDuration", 3600),
            )
        return {}

    def remove(self, id_: str, state: Properties) -> None:
        """What others put on it is in the way, unless the program says `forceDetachPolicies`."""
        if state.get("forceDetachPolicies"):
            self._strip(id_, state)
        self.call(state, "delete_role", RoleName=id_, gone=_GONE)

    def _strip(self, id_: str, state: Properties) -> None:
        attached = self.call(state, "list_attached_role_policies", RoleName=id_, gone=_GONE)
        for one in attached["AttachedPolicies"] if attached else ():
            arn = one["PolicyArn"]
            self.call(state, "detach_role_policy", RoleName=id_, PolicyArn=arn, gone=_GONE)
        inline = self.call(state, "list_role_policies", RoleName=id_, gone=_GONE)
        for name in inline["PolicyNames"] if inline else ():
            self.call(state, "delete_role_policy", RoleName=id_, PolicyName=name, gone=_GONE)

    def _seen(self, role: Any) -> Seen:
        boundary = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        values = {
            **self.told({**role, "PermissionsBoundary": boundary}),
            **self.tags_in(role),
            "arn": role["Arn"],
            "uniqueId": role["RoleId"],
            "createDate": coerce(Kind.TEXT, role["CreateDate"]),
        }
        return Seen(role["RoleName"], values)


class RolePolicy(_IamResource):
    """aws:iam/rolePolicy:RolePolicy, an inline policy. Its id is `role:name`."""

    autoname = AutoName(limit=128)
    properties = shape(
        name=text("PolicyName", replaces=True),
        namePrefix=text("", replaces=True, kept=False),
        policy=document("PolicyDocument", required=True),
        role=text("RoleName", required=True, replaces=True),
    )

    def make(self, inputs: Properties) -> Seen:
        """One call."""
        self.call(inputs, "put_role_policy", **self.parameters(inputs))
        return Seen(f"{inputs['role']}:{inputs['name']}")

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """The document."""
        role, _, name = id_.partition(":")
        answer = self.call(inputs, "get_role_policy", RoleName=role, PolicyName=name, gone=_GONE)
        return None if answer is None else Seen(id_, self.told(answer))

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """Put anew."""
        del id_, old, changed
        self.call(new, "put_role_policy", **self.parameters(new))
        return {}

    def remove(self, id_: str, state: Properties) -> None:
        """One call."""
        role, _, name = id_.partition(":")
        self.call(state, "delete_role_policy", RoleName=role, PolicyName=name, gone=_GONE)


class Policy(_IamResource):
    """aws:iam/policy:Policy. Its id is its ARN."""

    tagging = ServiceTags("tag_policy", "untag_policy", target="PolicyArn")
    autoname = AutoName(limit=128)
    properties = shape(
        name=text("PolicyName", replaces=True),
        namePrefix=text("", replaces=True, kept=False),
        description=text(replaces=True),
        path=text(default="/", replaces=True),
        policy=document("PolicyDocument", required=True),
    )
    computed = frozenset({"arn", "attachmentCount", "policyId"})

    def make(self, inputs: Properties) -> Seen:
        """One call."""
        answer = self.call(
            inputs, "create_policy", **self.parameters(inputs), **self.created_tags(inputs)
        )
        return self._seen(answer["Policy"])

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """Its default version is what counts."""
        answer = self.call(inputs, "get_policy", PolicyArn=id_, gone=_GONE)
        if answer is None:
            return None
        found = answer["Policy"]
        version = self.call(
            inputs, "get_policy_version", PolicyArn=id_, VersionId=found["DefaultVersionId"]
        )
        document_ = version["PolicyVersion"]["Document"]
        return self._seen({**found, "PolicyDocument": document_})

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """A new default version; the oldest goes where there is no room."""
        del old, changed
        versions = self.call(new, "list_policy_versions", PolicyArn=id_)["Versions"]
        if len(versions) >= _VERSIONS:
            spare = [one for one in versions if not one["IsDefaultVersion"]]
            oldest = min(spare, key=lambda one: int(one["VersionId"][1:]))
            self.call(new, "delete_policy_version", PolicyArn=id_, VersionId=oldest["VersionId"])
        self.call(
            new,
            "create_policy_version",
            PolicyArn=id_,
            PolicyDocument=new["policy"],
            SetAsDefault=True,
        )
        return {}

    def remove(self, id_: str, state: Properties) -> None:
        """Other versions than the default one first."""
        versions = self.call(state, "list_policy_versions", PolicyArn=id_, gone=_GONE)
        for one in versions["Versions"] if versions else ():
            if not one["IsDefaultVersion"]:
                number = one["VersionId"]
                self.call(
                    state, "delete_policy_version", PolicyArn=id_, VersionId=number, gone=_GONE
                )
        self.call(state, "delete_policy", PolicyArn=id_, gone=_GONE)

    def id_of(self, inputs: Properties) -> str | None:
        """Its ARN, by path and name."""
        return f"arn:aws:iam::{account()}:policy{inputs.get('path') or '/'}{inputs['name']}"

    def _seen(self, policy: Any) -> Seen:
        values = {
            **self.told(policy),
            **self.tags_in(policy),
            "arn": policy["Arn"],
            "policyId": policy["PolicyId"],
            "attachmentCount": int(policy.get("AttachmentCount") or 0),
        }
        return Seen(policy["Arn"], values)


class RolePolicyAttachment(_IamResource):
    """aws:iam/rolePolicyAttachment. Its id is `role/arn`."""

    properties = shape(
        role=text("RoleName", required=True, replaces=True),
        policyArn=text(required=True, replaces=True),
    )

    def make(self, inputs: Properties) -> Seen:
        """One call."""
        self.call(inputs, "attach_role_policy", **self.parameters(inputs))
        return Seen(f"{inputs['role']}/{inputs['policyArn']}")

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """Among the role's attached policies."""
        role, _, arn = id_.partition("/")
        answer = self.call(inputs, "list_attached_role_policies", RoleName=role, gone=_GONE)
        attached = [one["PolicyArn"] for one in answer["AttachedPolicies"]] if answer else []
        return Seen(id_, {"role": role, "policyArn": arn}) if arn in attached else None

    def remove(self, id_: str, state: Properties) -> None:
        """One call."""
        role, _, arn = id_.partition("/")
        self.call(state, "detach_role_policy", RoleName=role, PolicyArn=arn, gone=_GONE)
