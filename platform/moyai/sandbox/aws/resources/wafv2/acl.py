"""Web ACLs, sets of addresses, and what they guard. WAF wants its newest lock token with changes."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from moyai.provider.naming import AutoName
from moyai.provider.properties import Properties
from moyai.sandbox.aws.fields import many, one, shape, text, texts
from moyai.sandbox.aws.handler import AwsResource, Seen
from moyai.sandbox.aws.resources.wafv2.rules import DEFAULT_ACTION, RULE, VISIBILITY
from moyai.sandbox.aws.tagging import ServiceTags

_GONE = ("WAFNonexistentItemException",)
_GLOBAL = "us-east-1"
"""The region that has what CloudFront uses."""


class _WafTags(ServiceTags):
    """WAF nests the list of tags."""

    def told(self, answer: Any) -> dict[str, str]:
        """See `ServiceTags.told`."""
        return super().told({"Tags": answer["TagInfoForResource"]["TagList"]})


class _WafResource(AwsResource):
    service = "wafv2"
    tagging = _WafTags(
        "tag_resource", "untag_resource", "list_tags_for_resource", target="ResourceARN"
    )
    tag_by = "arn"
    kind: str
    """What calls are named by: `web_acl`."""
    item: str
    """What it is called in answers: `WebACL`."""

    def region(self, properties: Properties) -> str:
        """What CloudFront uses is in one region only."""
        is_global = properties.get("scope") == "CLOUDFRONT"
        return _GLOBAL if is_global else super().region(properties)

    def found(self, id_: str, inputs: Properties) -> Any:
        """The get call's answer. On import the id is `id/name/scope`."""
        number, _, rest = id_.partition("/")
        name, _, scope = rest.partition("/")
        return self.call(
            {**inputs, "scope": inputs.get("scope") or scope},
            f"get_{self.kind}",
            Id=number,
            Name=inputs.get("name") or name,
            Scope=inputs.get("scope") or scope,
            gone=_GONE,
        )

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """Everything, and tags."""
        answer = self.found(id_, inputs)
        if answer is None:
            return None
        scope = inputs.get("scope") or id_.rpartition("/")[2]
        found = answer[self.item]
        values = {
            **self.values(found),
            "scope": scope,
            "arn": found["ARN"],
            "lockToken": answer["LockToken"],
            "tags": self.read_tags(found["ARN"], {**inputs, "scope": scope}),
        }
        return Seen(found["Id"], values)

    def values(self, found: Any) -> Properties:
        """Properties of what was got."""
        return self.told(found)

    def make(self, inputs: Properties) -> Seen:
        """One call."""
        answer = self.call(
            inputs, f"create_{self.kind}", **self.wanted(inputs), **self.created_tags(inputs)
        )
        made = answer["Summary"]
        return Seen(made["Id"], {"arn": made["ARN"], "lockToken": made["LockToken"]})

    def wanted(self, inputs: Properties) -> dict[str, Any]:
        """Parameters of create and update calls."""
        return self.parameters(inputs)

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """Everything is said anew."""
        del old, changed
        token = self.found(id_, new)["LockToken"]
        answer = self.call(new, f"update_{self.kind}", Id=id_, LockToken=token, **self.wanted(new))
        return {"lockToken": answer["NextLockToken"]}

    def remove(self, id_: str, state: Properties) -> None:
        """Looked at first, for its token."""
        found = self.found(id_, state)
        if found is not None:
            which = {"Id": id_, "Name": state["name"], "Scope": state["scope"]}
            token = found["LockToken"]
            self.call(state, f"delete_{self.kind}", LockToken=token, gone=_GONE, **which)


class WebAcl(_WafResource):
    """aws:wafv2/webAcl:WebAcl. Its id is WAF's own."""

    kind, item = "web_acl", "WebACL"
    autoname = AutoName(limit=128)
    looks_after = True
    properties = shape(
        customResponseBodies=many(
            shape(
                content=text(required=True),
                contentType=text(required=True),
                key=text(required=True),
            ),
            "",
            is_set=True,
        ),
        defaultAction=one(DEFAULT_ACTION, required=True),
        description=text(),
        name=text(replaces=True),
        namePrefix=text("", replaces=True, kept=False),
        rules=many(RULE, is_set=True),
        scope=text(required=True, replaces=True),
        tokenDomains=texts(is_set=True),
        visibilityConfig=one(VISIBILITY, required=True),
    )
    computed = frozenset({"arn", "capacity", "lockToken"})
    volatile = frozenset({"capacity", "lockToken"})

    def values(self, found: Any) -> Properties:
        """Bodies are by key there, a list here."""
        bodies = found.get("CustomResponseBodies", {})
        return {
            **self.told(found),
            "customResponseBodies": [
                {"key": key, "content": one["Content"], "contentType": one["ContentType"]}
                for key, one in bodies.items()
            ],
            "capacity": int(found["Capacity"]),
        }

    def wanted(self, inputs: Properties) -> dict[str, Any]:
        """Bodies by key."""
        bodies = {
            one["key"]: {"Content": one["content"], "ContentType": one["contentType"]}
            for one in inputs.get("customResponseBodies") or ()
        }
        wanted = {"Rules": [], **self.parameters(inputs)}
        return {**wanted, "CustomResponseBodies": bodies} if bodies else wanted


class IpSet(_WafResource):
    """aws:wafv2/ipSet:IpSet. Its id is WAF's own."""

    kind, item = "ip_set", "IPSet"
    autoname = AutoName(limit=128)
    properties = shape(
        addresses=texts(is_set=True),
        description=text(),
        ipAddressVersion=text("IPAddressVersion", required=True, replaces=True),
        name=text(replaces=True),
        namePrefix=text("", replaces=True, kept=False),
        scope=text(required=True, replaces=True),
    )
    computed = frozenset({"arn", "lockToken"})
    volatile = frozenset({"lockToken"})

    def wanted(self, inputs: Properties) -> dict[str, Any]:
        """Addresses are wanted even where there are none."""
        return {"Addresses": [], **self.parameters(inputs)}

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """The kind of addresses is no parameter of updates."""
        rest = {name: value for name, value in new.items() if name != "ipAddressVersion"}
        return super().change(id_, old, rest, changed)


class WebAclAssociation(AwsResource):
    """aws:wafv2/webAclAssociation. Its id names both ARNs."""

    service = "wafv2"
    properties = shape(
        resourceArn=text(required=True, replaces=True),
        webAclArn=text("WebACLArn", required=True, replaces=True),
    )

    def make(self, inputs: Properties) -> Seen:
        """One call."""
        self.call(inputs, "associate_web_acl", **self.parameters(inputs))
        return Seen(f"{inputs['webAclArn']},{inputs['resourceArn']}")

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """Which list the resource has."""
        acl, _, guarded = id_.partition(",")
        name = "get_web_acl_for_resource"
        answer = self.call(inputs, name, ResourceArn=guarded, gone=_GONE)
        if not answer or answer.get("WebACL", {}).get("ARN") != acl:
            return None
        return Seen(id_, {"webAclArn": acl, "resourceArn": guarded})

    def remove(self, id_: str, state: Properties) -> None:
        """One call."""
        guarded = id_.partition(",")[2]
        self.call(state, "disassociate_web_acl", ResourceArn=guarded, gone=_GONE)
