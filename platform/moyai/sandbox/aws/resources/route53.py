"""Zones and records. Route 53 has one home for all regions."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from functools import cache
from typing import Any

from moyai.provider.naming import AutoName
from moyai.provider.properties import Properties
from moyai.sandbox.aws.client import call
from moyai.sandbox.aws.fields import flag, many, shape, text, texts, whole
from moyai.sandbox.aws.handler import AwsResource, Seen
from moyai.sandbox.aws.tagging import Call, Tags, changes, pairs, unpaired

_NO_ZONE = ("NoSuchHostedZone",)
_COMMENT = "Managed by Pulumi"
_OWN = ("NS", "SOA")
"""Records that a zone has by itself."""


class _ZoneTags:
    """Route 53 sets and takes off tags by one call."""

    def created(self, tags: Tags) -> dict[str, Any]:
        """The create call takes none."""
        del tags
        return {}

    def change(self, call: Call, target: str, old: Tags, new: Tags) -> None:
        """See `Tagging.change`."""
        put, off = changes(old, new)
        more: dict[str, Any] = {"AddTags": pairs(put)} if put else {}
        if off:
            more["RemoveTagKeys"] = off
        if more:
            which = {"ResourceType": "hostedzone", "ResourceId": target}
            call("change_tags_for_resource", **which, **more)

    def read(self, call: Call, target: str) -> dict[str, str]:
        """See `Tagging.read`."""
        which = {"ResourceType": "hostedzone", "ResourceId": target}
        return unpaired(call("list_tags_for_resource", **which)["ResourceTagSet"]["Tags"])


class Zone(AwsResource):
    """aws:route53/zone:Zone. Its id is its zone id."""

    service = "route53"
    regional = False
    tagging = _ZoneTags()
    autoname = AutoName(prefix=None)
    properties = shape(
        comment=text("", default=_COMMENT),
        forceDestroy=flag("", kept=False),
        name=text("", replaces=True),
        vpcs=many(
            shape(vpcId=text("VPCId", required=True), vpcRegion=text("VPCRegion", chosen=True)),
            "",
            is_set=True,
        ),
    )
    computed = frozenset({"arn", "nameServers", "primaryNameServer", "zoneId"})

    def make(self, inputs: Properties) -> Seen:
        """One call, with the first network of a private zone."""
        vpcs = self._vpcs(inputs)
        config = {"Comment": inputs.get("comment", _COMMENT), "PrivateZone": bool(vpcs)}
        answer = self.call(
            inputs,
            "create_hosted_zone",
            Name=inputs["name"],
            CallerReference=str(uuid.uuid4()),
            HostedZoneConfig=config,
            **({"VPC": vpcs[0]} if vpcs else {}),
        )
        return self._seen(answer)

    def complete(self, id_: str, inputs: Properties, values: Properties) -> None:
        """Further networks, and tags."""
        del values
        for vpc in self._vpcs(inputs)[1:]:
            self.call(inputs, "associate_vpc_with_hosted_zone", HostedZoneId=id_, VPC=vpc)
        self.set_tags(id_, inputs)

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """The zone, its tags."""
        answer = self.call(inputs, "get_hosted_zone", Id=id_, gone=_NO_ZONE)
        if answer is None:
            return None
        seen = self._seen(answer)
        return Seen(seen.id, {**seen.values, "tags": self.read_tags(seen.id, inputs)})

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """Comment and networks."""
        if "comment" in changed:
            comment = new.get("comment", _COMMENT)
            self.call(new, "update_hosted_zone_comment", Id=id_, Comment=comment)
        if "vpcs" in changed:
            before, after = self._vpcs(old), self._vpcs(new)
            for vpc in (one for one in after if one not in before):
                self.call(new, "associate_vpc_with_hosted_zone", HostedZoneId=id_, VPC=vpc)
            for vpc in (one for one in before if one not in after):
                self.call(new, "disassociate_vpc_from_hosted_zone", HostedZoneId=id_, VPC=vpc)
        return {}

    def remove(self, id_: str, state: Properties) -> None:
        """Records are in the way, unless the program says `forceDestroy`."""
        if state.get("forceDestroy"):
            listed = self.call(state, "list_resource_record_sets", HostedZoneId=id_, gone=_NO_ZONE)
            for record in listed["ResourceRecordSets"] if listed else ():
                if record["Type"] not in _OWN:
                    _change(self, id_, state, "DELETE", record)
        self.call(state, "delete_hosted_zone", Id=id_, gone=_NO_ZONE)

    def id_of(self, inputs: Properties) -> str | None:
        """Zones of one name may be many."""
        del inputs
        return None

    def _vpcs(self, inputs: Properties) -> list[dict[str, str]]:
        return [
            {"VPCId": one["vpcId"], "VPCRegion": one.get("vpcRegion") or self.region({})}
            for one in inputs.get("vpcs") or ()
        ]

    def _seen(self, answer: Any) -> Seen:
        zone = answer["HostedZone"]
        id_ = zone["Id"].rpartition("/")[2]
        servers = sorted(answer.get("DelegationSet", {}).get("NameServers", ()))
        vpcs = answer.get("VPCs") or ([answer["VPC"]] if answer.get("VPC") else [])
        values: Properties = {
            "name": zone["Name"].removesuffix("."),
            "comment": zone.get("Config", {}).get("Comment") or None,
            "vpcs": [{"vpcId": one["VPCId"], "vpcRegion": one["VPCRegion"]} for one in vpcs],
            "arn": f"arn:aws:route53:::hostedzone/{id_}",
            "nameServers": servers,
            "primaryNameServer": servers[0] if servers else "",
            "zoneId": id_,
        }
        return Seen(id_, values)


class Record(AwsResource):
    """aws:route53/record:Record. Its id is `zone_name_type`, and its set's name where it has one."""

    service = "route53"
    regional = False
    properties = shape(
        aliases=many(
            shape(
                evaluateTargetHealth=flag(required=True),
                name=text("DNSName", required=True),
                zoneId=text("HostedZoneId", required=True),
            ),
            "",
        ),
        allowOverwrite=flag("", kept=False),
        healthCheckId=text(),
        name=text("", required=True, replaces=True),
        records=texts("", is_set=True),
        setIdentifier=text(replaces=True),
        ttl=whole("TTL"),
        type=text(required=True, replaces=True),
        weightedRoutingPolicies=many(shape(weight=whole(required=True)), ""),
        zoneId=text("", required=True, replaces=True),
    )
    computed = frozenset({"fqdn"})

    def make(self, inputs: Properties) -> Seen:
        """One change; what is there already is not overwritten unless the program says so."""
        zone, name = inputs["zoneId"], self._name(inputs)
        id_ = _id(zone, name, inputs)
        action = "UPSERT" if inputs.get("allowOverwrite") else "CREATE"
        _change(self, zone, inputs, action, self._set(name, inputs))
        return Seen(id_, {"fqdn": name})

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """By its id's parts."""
        zone, _, rest = id_.partition("_")
        name, kind, set_ = _parts(rest)
        answer = self.call(
            inputs,
            "list_resource_record_sets",
            HostedZoneId=zone,
            StartRecordName=name,
            StartRecordType=kind,
            gone=_NO_ZONE,
        )
        for found in answer["ResourceRecordSets"] if answer else ():
            same = found["Name"] == f"{name}." and found["Type"] == kind
            if same and found.get("SetIdentifier", "") == set_:
                return Seen(id_, self._values(zone, name, found, inputs))
        return None

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """One change. moto keeps an alias beside plain values unless the old one is deleted."""
        del id_, changed
        zone, name = new["zoneId"], self._name(new)
        if bool(old.get("aliases")) != bool(new.get("aliases")):
            _change(self, zone, old, "DELETE", self._set(name, old))
        _change(self, zone, new, "UPSERT", self._set(name, new))
        return {}

    def remove(self, id_: str, state: Properties) -> None:
        """As it is now: Route 53 wants all its values."""
        seen = self.look(id_, state)
        if seen is not None:
            zone, name = state["zoneId"], str(seen.values["fqdn"])
            _change(self, zone, state, "DELETE", self._set(name, seen.values))

    def name_of(self, inputs: Properties) -> str:
        """Name and type."""
        return f"{inputs['name']} {inputs['type']}"

    def _name(self, inputs: Properties) -> str:
        """A name within the zone, or a whole one."""
        name = str(inputs["name"]).removesuffix(".").lower()
        zone = _zone_name(self.region(inputs), inputs["zoneId"])
        if name == zone or name.endswith(f".{zone}"):
            return name
        return f"{name}.{zone}" if name else zone

    def _set(self, name: str, inputs: Properties) -> dict[str, Any]:
        wanted = {"Name": name, **self.parameters(inputs)}
        if inputs.get("aliases"):
            alias = inputs["aliases"][0]
            wanted["AliasTarget"] = {
                "DNSName": alias["name"],
                "EvaluateTargetHealth": alias["evaluateTargetHealth"],
                "HostedZoneId": alias["zoneId"],
            }
        if inputs.get("records"):
            quote = inputs["type"] in ("TXT", "SPF")
            wanted["ResourceRecords"] = [
                {"Value": _quoted(value) if quote else value} for value in inputs["records"]
            ]
        if inputs.get("weightedRoutingPolicies"):
            wanted["Weight"] = inputs["weightedRoutingPolicies"][0]["weight"]
        return wanted

    def _values(self, zone: str, name: str, found: Any, inputs: Properties) -> Properties:
        alias, weight = found.get("AliasTarget"), found.get("Weight")
        records = [one["Value"] for one in found.get("ResourceRecords", ())]
        if found["Type"] in ("TXT", "SPF"):
            records = [value.strip('"') for value in records]
        aliases = (
            [
                {
                    "name": alias["DNSName"].removesuffix("."),
                    "zoneId": alias["HostedZoneId"],
                    "evaluateTargetHealth": bool(alias["EvaluateTargetHealth"]),
                }
            ]
            if alias
            else None
        )
        said = str(inputs.get("name", ""))
        return {
            **self.told(found),
            "aliases": aliases,
            "name": said if said and name.startswith(said.removesuffix(".").lower()) else name,
            "records": records or None,
            "weightedRoutingPolicies": [{"weight": int(weight)}] if weight is not None else None,
            "zoneId": zone,
            "fqdn": name,
        }


@cache
def _zone_name(region: str, id_: str) -> str:
    """A zone's name, which never changes, without a dot at its end."""
    name: str = call("route53", region, "get_hosted_zone", Id=id_)["HostedZone"]["Name"]
    return name.removesuffix(".")


def _change(
    resource: AwsResource, zone: str, inputs: Properties, action: str, record: dict[str, Any]
) -> None:
    batch = {"Changes": [{"Action": action, "ResourceRecordSet": record}]}
    gone = (*_NO_ZONE, "InvalidChangeBatch") if action == "DELETE" else ()
    resource.call(
        inputs, "change_resource_record_sets", HostedZoneId=zone, ChangeBatch=batch, gone=gone
    )


def _id(zone: str, name: str, inputs: Properties) -> str:
    parts = [zone, name, inputs["type"], inputs.get("setIdentifier")]
    return "_".join(part for part in parts if part)


def _parts(rest: str) -> tuple[str, str, str]:
    """Name, type and set of an id. Names may have underscores, types are of capitals."""
    words = rest.split("_")
    for number in range(1, len(words)):
        if words[number].isupper():
            return "_".join(words[:number]), words[number], "_".join(words[number + 1 :])
    return rest, "", ""


def _quoted(value: str) -> str:
    return value if value.startswith('"') else f'"{value}"'
