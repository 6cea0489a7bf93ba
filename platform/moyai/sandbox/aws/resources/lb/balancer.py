"""Load balancers."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from moyai.provider.naming import AutoName
from moyai.provider.properties import Properties
from moyai.provider.resources import ResourceFailed
from moyai.sandbox.aws.fields import flag, one, shape, text, texts, whole
from moyai.sandbox.aws.handler import Seen
from moyai.sandbox.aws.resources.lb.common import LbResource, read, written
from moyai.texts import Text

_GONE = ("LoadBalancerNotFound", "LoadBalancerNotFoundException")
_KEYS = {
    "clientKeepAlive": "client_keep_alive.seconds",
    "desyncMitigationMode": "routing.http.desync_mitigation_mode",
    "dropInvalidHeaderFields": "routing.http.drop_invalid_header_fields.enabled",
    "enableCrossZoneLoadBalancing": "load_balancing.cross_zone.enabled",
    "enableDeletionProtection": "deletion_protection.enabled",
    "enableHttp2": "routing.http2.enabled",
    "enableTlsVersionAndCipherSuiteHeaders": (
        "routing.http.x_amzn_tls_version_and_cipher_suite.enabled"
    ),
    "enableWafFailOpen": "waf.fail_open.enabled",
    "enableXffClientPort": "routing.http.xff_client_port.enabled",
    "idleTimeout": "idle_timeout.timeout_seconds",
    "preserveHostHeader": "routing.http.preserve_host_header.enabled",
    "xffHeaderProcessingMode": "routing.http.xff_header_processing.mode",
}
_LOGS = {"accessLogs": "access_logs.s3", "connectionLogs": "connection_logs.s3"}
_LOG = shape(bucket=text(required=True), enabled=flag(), prefix=text())


class LoadBalancer(LbResource):
    """aws:lb/loadBalancer:LoadBalancer."""

    autoname = AutoName(limit=32)
    properties = shape(
        accessLogs=one(_LOG, ""),
        clientKeepAlive=whole("", default=3600),
        connectionLogs=one(_LOG, ""),
        desyncMitigationMode=text("", default="defensive"),
        dropInvalidHeaderFields=flag(""),
        enableCrossZoneLoadBalancing=flag("", default=None, chosen=True),
        enableDeletionProtection=flag(""),
        enableHttp2=flag("", default=True),
        enableTlsVersionAndCipherSuiteHeaders=flag(""),
        enableWafFailOpen=flag(""),
        enableXffClientPort=flag(""),
        idleTimeout=whole("", default=60),
        internal=flag("", replaces=True),
        ipAddressType=text(chosen=True),
        loadBalancerType=text("Type", default="application", replaces=True),
        name=text(replaces=True),
        namePrefix=text("", replaces=True, kept=False),
        preserveHostHeader=flag(""),
        securityGroups=texts(is_set=True, chosen=True),
        subnets=texts(is_set=True, chosen=True),
        xffHeaderProcessingMode=text("", default="append"),
    )
    computed = frozenset({"arn", "arnSuffix", "dnsName", "vpcId", "zoneId"})

    def make(self, inputs: Properties) -> Seen:
        """One call."""
        answer = self.call(
            inputs,
            "create_load_balancer",
            Scheme="internal" if inputs.get("internal") else "internet-facing",
            **self.parameters(inputs),
            **self.created_tags(inputs),
        )
        return self._seen(answer["LoadBalancers"][0])

    def complete(self, id_: str, inputs: Properties, values: Properties) -> None:
        """Attributes that are not as they begin; moto begins without cross-zone balancing."""
        self._attributes(id_, inputs, ())
        values["enableCrossZoneLoadBalancing"] = False

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """The balancer, its attributes, its tags."""
        name = "describe_load_balancers"
        answer = self.call(inputs, name, LoadBalancerArns=[id_], gone=_GONE)
        if not answer or not answer["LoadBalancers"]:
            return None
        seen = self._seen(answer["LoadBalancers"][0])
        told = self.call(inputs, "describe_load_balancer_attributes", LoadBalancerArn=id_)
        values = {**seen.values, **read(self.properties, _KEYS, told)}
        for name, key in _LOGS.items():
            keys = {part: f"{key}.{part}" for part in _LOG}
            logs = read(_LOG, keys, told)
            values[name] = logs if logs.get("bucket") else None
        return Seen(id_, {**values, "tags": self.read_tags(id_, inputs)})

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """Groups, subnets and addresses have calls of their own."""
        del old
        if "securityGroups" in changed:
            groups = new["securityGroups"]
            self.call(new, "set_security_groups", LoadBalancerArn=id_, SecurityGroups=groups)
        if "subnets" in changed:
            self.call(new, "set_subnets", LoadBalancerArn=id_, Subnets=new["subnets"])
        if "ipAddressType" in changed:
            kind = new["ipAddressType"]
            self.call(new, "set_ip_address_type", LoadBalancerArn=id_, IpAddressType=kind)
        if set(changed) & {*_KEYS, *_LOGS}:
            self._attributes(id_, new, changed)
        return {}

    def remove(self, id_: str, state: Properties) -> None:
        """AWS refuses while it is protected; moto does not, so that is done here."""
        if state.get("enableDeletionProtection"):
            raise _protected(id_)
        self.call(state, "delete_load_balancer", LoadBalancerArn=id_, gone=_GONE)

    def _attributes(self, id_: str, inputs: Properties, names: Collection[str]) -> None:
        attributes = written(self.properties, _KEYS, inputs, names)
        for name, key in _LOGS.items():
            logs = inputs.get(name)
            if logs or name in names:
                keys = {part: f"{key}.{part}" for part in _LOG}
                attributes += written(_LOG, keys, logs or {}, ("enabled",))
        if attributes:
            name = "modify_load_balancer_attributes"
            self.call(inputs, name, LoadBalancerArn=id_, Attributes=attributes)

    def _seen(self, found: Any) -> Seen:
        arn = found["LoadBalancerArn"]
        subnets = [zone["SubnetId"] for zone in found["AvailabilityZones"]]
        values = {
            **self.told({**found, "Name": found["LoadBalancerName"], "Subnets": subnets}),
            "internal": found["Scheme"] == "internal",
            "arn": arn,
            "arnSuffix": arn.split(":loadbalancer/")[-1],
            "dnsName": found["DNSName"],
            "vpcId": found["VpcId"],
            "zoneId": found["CanonicalHostedZoneId"],
        }
        return Seen(arn, values)


def _protected(id_: str) -> ResourceFailed:
    return ResourceFailed(
        Text(
            f"ロードバランサー {id_} は削除保護されています。",
            f"the load balancer {id_} is protected from deletion.",
        ),
        remedy=Text(
            "enableDeletionProtection を外して適用してから、消してください。",
            "Apply without enableDeletionProtection, then delete.",
        ),
    )
