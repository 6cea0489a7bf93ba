"""Certificates. Their ids are their ARNs."""

from __future__ import annotations

import time
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from moyai.provider.properties import Properties
from moyai.provider.resources import ResourceFailed
from moyai.sandbox.aws.checking import coerce
from moyai.sandbox.aws.fields import Kind, one, shape, text, texts
from moyai.sandbox.aws.handler import AwsResource, Seen
from moyai.sandbox.aws.tagging import ServiceTags
from moyai.texts import Text

_GONE = ("ResourceNotFoundException",)
_WAIT_SECONDS = 120.0
"""moto issues a certificate a minute after it was asked for, unless it was told otherwise."""


class Certificate(AwsResource):
    """aws:acm/certificate:Certificate, of those that ACM issues; none can be imported by value."""

    service = "acm"
    tagging = ServiceTags(
        "add_tags_to_certificate",
        "remove_tags_from_certificate",
        "list_tags_for_certificate",
        target="CertificateArn",
        keys_are_pairs=True,
    )
    delete_first = False
    looks_after = True
    properties = shape(
        domainName=text(required=False, replaces=True),
        keyAlgorithm=text(replaces=True, chosen=True),
        options=one(
            shape(
                certificateTransparencyLoggingPreference=text(default="ENABLED"),
                export=text(default="DISABLED"),
            ),
            chosen=True,
        ),
        subjectAlternativeNames=texts(is_set=True, replaces=True, chosen=True),
        validationMethod=text("", replaces=True, chosen=True),
    )
    computed = frozenset(
        {
            "arn",
            "domainValidationOptions",
            "notAfter",
            "notBefore",
            "pendingRenewal",
            "renewalEligibility",
            "status",
            "type",
        }
    )
    volatile = frozenset({"status"})

    def make(self, inputs: Properties) -> Seen:
        """One call."""
        how = inputs.get("validationMethod")
        answer = self.call(
            inputs,
            "request_certificate",
            **self.parameters(inputs),
            **({"ValidationMethod": how} if how else {}),
            **self.created_tags(inputs),
        )
        return Seen(answer["CertificateArn"])

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """Everything, and tags."""
        answer = self.call(inputs, "describe_certificate", CertificateArn=id_, gone=_GONE)
        if answer is None:
            return None
        found = answer["Certificate"]
        values = {
            **self.told(found),
            "subjectAlternativeNames": _names(found, inputs),
            "validationMethod": _validated(found),
            "tags": self.read_tags(id_, inputs),
            "arn": id_,
            "domainValidationOptions": _records(found),
            "notAfter": coerce(Kind.TEXT, found.get("NotAfter")) or "",
            "notBefore": coerce(Kind.TEXT, found.get("NotBefore")) or "",
            "pendingRenewal": False,
            "renewalEligibility": found.get("RenewalEligibility", ""),
            "status": found["Status"],
            "type": found["Type"],
        }
        return Seen(id_, values)

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """Options; ACM refuses another `export`."""
        del old, changed
        options = self.parameters(new, "options")
        self.call(new, "update_certificate_options", CertificateArn=id_, **options)
        return {}

    def remove(self, id_: str, state: Properties) -> None:
        """One call."""
        self.call(state, "delete_certificate", CertificateArn=id_, gone=_GONE)

    def as_said(self, name: str, new: Properties, live: Any) -> Any:
        """A program may leave the main domain out of the others."""
        if name == "subjectAlternativeNames" and new.get("domainName") not in new[name]:
            live = [one for one in live if one != new.get("domainName")]
        return super().as_said(name, new, live)

    def name_of(self, inputs: Properties) -> str:
        """Its main domain."""
        return str(inputs.get("domainName", ""))


def _names(found: Any, inputs: Properties) -> list[str]:
    """ACM counts the main domain among the others; a program may leave it out."""
    names = list(found["SubjectAlternativeNames"])
    main = found["DomainName"]
    said = inputs.get("subjectAlternativeNames")
    if said is not None and main not in said:
        return [name for name in names if name != main]
    return names


def _validated(found: Any) -> str:
    options = found.get("DomainValidationOptions") or [{}]
    return str(options[0].get("ValidationMethod", "NONE"))


def _records(found: Any) -> list[Properties]:
    """The DNS records that prove the domains' ownership."""
    return [
        {
            "domainName": one["DomainName"],
            "resourceRecordName": one["ResourceRecord"]["Name"],
            "resourceRecordType": one["ResourceRecord"]["Type"],
            "resourceRecordValue": one["ResourceRecord"]["Value"],
        }
        for one in found.get("DomainValidationOptions", ())
        if "ResourceRecord" in one
    ]


class CertificateValidation(AwsResource):
    """aws:acm/certificateValidation: waits until a certificate is issued. Its id is the time."""

    service = "acm"
    properties = shape(
        certificateArn=text(required=True, replaces=True),
        validationRecordFqdns=texts("", is_set=True, replaces=True, kept=False),
    )

    def make(self, inputs: Properties) -> Seen:
        """Look until it is so."""
        arn = inputs["certificateArn"]
        deadline = time.monotonic() + _WAIT_SECONDS
        while True:
            answer = self.call(inputs, "describe_certificate", CertificateArn=arn)
            found = answer["Certificate"]
            if found["Status"] == "ISSUED":
                return Seen(str(found.get("IssuedAt") or datetime.now(UTC)))
            if found["Status"] != "PENDING_VALIDATION" or time.monotonic() > deadline:
                raise _not_issued(arn, found["Status"])
            time.sleep(1.0)

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """Whether it still is issued. On import the id is the certificate's ARN."""
        arn = str(inputs.get("certificateArn") or id_)
        answer = self.call(inputs, "describe_certificate", CertificateArn=arn, gone=_GONE)
        if answer is None or answer["Certificate"]["Status"] != "ISSUED":
            return None
        return Seen(id_, {"certificateArn": arn})

    def remove(self, id_: str, state: Properties) -> None:
        """What was waited for stays."""


def _not_issued(arn: str, status: str) -> ResourceFailed:
    return ResourceFailed(
        Text(
            f"証明書 {arn} が発行されません（{status}）。",
            f"the certificate {arn} is not issued ({status}).",
        ),
        remedy=Text(
            "検証用の DNS レコードを確かめて、もう一度実行してください。",
            "See to its validation records, then run again.",
        ),
    )
