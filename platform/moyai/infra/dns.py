"""The federation's names: its zone, the certificate for its services, the hosts of bodies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from moyai.infra.outputs import CellOutputs
from moyai.infra.scope import Scope
from moyai.planning.routes import Rule

_TTL_SECONDS = 300


@dataclass(frozen=True, slots=True)
class DomainArgs:
    """A domain and what its certificate is for."""

    domains: Sequence[str]
    """The domain itself, then the names on the certificate, wildcards included."""
    scope: Scope


class Domain(pulumi.ComponentResource):
    """The zone, and a certificate that its records prove. Whoever holds the domain above has to
    delegate to the zone's name servers before AWS issues the certificate."""

    def __init__(
        self, name: str, args: DomainArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("moyai:infra:Domain", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        domain = args.domains[0]
        self.zone = aws.route53.Zone(
            name,
            name=domain,
            comment="Services of the federation",
            tags=args.scope.tags(domain),
            opts=pulumi.ResourceOptions(parent=self, protect=True),
        )
        # Kept when its names change: listeners of cells show the old one until they are updated.
        certificate = aws.acm.Certificate(
            name,
            domain_name=domain,
            subject_alternative_names=list(args.domains[1:]),
            validation_method="DNS",
            tags=args.scope.tags(domain),
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
        )
        records = [
            self._proof(f"{name}-{one}", certificate, one, child) for one in _distinct(args.domains)
        ]
        validated = aws.acm.CertificateValidation(
            name,
            certificate_arn=certificate.arn,
            validation_record_fqdns=[record.fqdn for record in records],
            opts=child,
        )
        self.certificate_arn = validated.certificate_arn
        self.register_outputs({"zone_id": self.zone.zone_id})

    def _proof(
        self,
        name: str,
        certificate: aws.acm.Certificate,
        domain: str,
        opts: pulumi.ResourceOptions,
    ) -> aws.route53.Record:
        def part(key: str) -> pulumi.Output[str]:
            return certificate.domain_validation_options.apply(
                lambda options: str(_option(options, domain)[key])
            )

        return aws.route53.Record(
            name,
            zone_id=self.zone.zone_id,
            name=part("resource_record_name"),
            type=part("resource_record_type"),
            records=[part("resource_record_value")],
            ttl=_TTL_SECONDS,
            allow_overwrite=True,
            opts=opts,
        )


def _distinct(domains: Iterable[str]) -> list[str]:
    """A name and its wildcard are proved by one record."""
    return list(dict.fromkeys(domain.removeprefix("*.") for domain in domains))


def _option(options: Sequence[Any], domain: str) -> Any:
    """What proves a domain, in whatever order AWS lists them."""
    return next(one for one in options if str(one["domain_name"]).removeprefix("*.") == domain)


def hosts(
    name: str,
    rules: Sequence[Rule],
    zone_id: pulumi.Input[str],
    cell: CellOutputs,
    opts: pulumi.ResourceOptions,
) -> None:
    """An alias for each host of a subscription, to the load balancer of its way.

    LGWAN reaches the internal one by its own ways in; the record only says its private addresses.
    """
    for way, host in dict.fromkeys((rule.way, rule.host) for rule in rules):
        balancer = cell.of(way)
        aws.route53.Record(
            f"{name}-{way}",
            zone_id=zone_id,
            name=host,
            type="A",
            aliases=[
                {
                    "name": balancer.dns_name,
                    "zone_id": balancer.zone_id,
                    "evaluate_target_health": False,
                }
            ],
            # The name is the body's alone, by its slug: what an interrupted run left is taken over.
            allow_overwrite=True,
            opts=opts,
        )
