"""The two ways in: a public load balancer behind a WAF, and an internal one that LGWAN reaches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from moyai.infra.scope import Scope
from moyai.planning import names

TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
"""TLS 1.2 and 1.3 only."""
MANAGED_RULES = (
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesSQLiRuleSet",
)
REQUESTS_PER_FIVE_MINUTES = 2000
"""Of one address, before the WAF turns it away."""


@dataclass(frozen=True, slots=True)
class EdgeArgs:
    """Where load balancers lie, and for which domain their certificate is."""

    prefix: str
    scope: Scope
    vpc_id: pulumi.Input[str]
    public_subnet_ids: Sequence[pulumi.Input[str]]
    private_subnet_ids: Sequence[pulumi.Input[str]]
    domains: Sequence[str]
    """The certificate's names, wildcards included; the first is its main one."""


class Edge(pulumi.ComponentResource):
    """Both load balancers. Listeners answer 404 until a body's rule matches."""

    def __init__(
        self, name: str, args: EdgeArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("moyai:infra:Edge", name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        certificate = aws.acm.Certificate(
            name,
            domain_name=args.domains[0],
            subject_alternative_names=list(args.domains[1:]),
            validation_method="DNS",
            tags=args.scope.tags(args.prefix),
            opts=self._child,
        )
        self.public_group = self._group(f"{name}-public", "The public load balancer")
        self.staff_group = self._group(f"{name}-staff", "The load balancer that LGWAN reaches")
        for port in (80, 443):
            self._open(f"{name}-public-{port}", self.public_group, port)
        self._open(f"{name}-staff-443", self.staff_group, 443)
        self.public = self._balancer(
            f"{name}-public", args.public_subnet_ids, self.public_group, internal=False
        )
        self.staff = self._balancer(
            f"{name}-staff", args.private_subnet_ids, self.staff_group, internal=True
        )
        self.public_listener = self._tls(f"{name}-public", self.public, certificate)
        self.staff_listener = self._tls(f"{name}-staff", self.staff, certificate)
        self._redirect(f"{name}-redirect")
        self._firewall(name)
        self.register_outputs({"public": self.public.dns_name, "staff": self.staff.dns_name})

    def _group(self, name: str, description: str) -> aws.ec2.SecurityGroup:
        way = name.rsplit("-", 1)[-1]
        group = aws.ec2.SecurityGroup(
            name,
            name=f"{self._args.prefix}-lb-{way}",
            description=description,
            vpc_id=self._args.vpc_id,
            tags=self._args.scope.tags(f"{self._args.prefix}-lb-{way}"),
            opts=self._child,
        )
        aws.vpc.SecurityGroupEgressRule(
            name,
            security_group_id=group.id,
            cidr_ipv4="0.0.0.0/0",
            ip_protocol="-1",
            tags=self._args.scope.tags(),
            opts=self._child,
        )
        return group

    def _open(self, name: str, group: aws.ec2.SecurityGroup, port: int) -> None:
        aws.vpc.SecurityGroupIngressRule(
            name,
            security_group_id=group.id,
            cidr_ipv4="0.0.0.0/0",
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            tags=self._args.scope.tags(),
            opts=self._child,
        )

    def _balancer(
        self,
        name: str,
        subnet_ids: Sequence[pulumi.Input[str]],
        group: aws.ec2.SecurityGroup,
        *,
        internal: bool,
    ) -> aws.lb.LoadBalancer:
        way = name.rsplit("-", 1)[-1]
        return aws.lb.LoadBalancer(
            name,
            name=names.fit(f"{self._args.prefix}-{way}", names.LOAD_BALANCER_LIMIT),
            internal=internal,
            load_balancer_type="application",
            security_groups=[group.id],
            subnets=subnet_ids,
            enable_deletion_protection=True,
            drop_invalid_header_fields=True,
            tags=self._args.scope.tags(),
            opts=self._child,
        )

    def _tls(
        self, name: str, balancer: aws.lb.LoadBalancer, certificate: aws.acm.Certificate
    ) -> aws.lb.Listener:
        return aws.lb.Listener(
            name,
            load_balancer_arn=balancer.arn,
            port=443,
            protocol="HTTPS",
            ssl_policy=TLS_POLICY,
            certificate_arn=certificate.arn,
            default_actions=[
                {
                    "type": "fixed-response",
                    "fixed_response": {
                        "content_type": "text/plain",
                        "message_body": "not found",
                        "status_code": "404",
                    },
                }
            ],
            tags=self._args.scope.tags(),
            opts=self._child,
        )

    def _redirect(self, name: str) -> None:
        aws.lb.Listener(
            name,
            load_balancer_arn=self.public.arn,
            port=80,
            protocol="HTTP",
            default_actions=[
                {
                    "type": "redirect",
                    "redirect": {"port": "443", "protocol": "HTTPS", "status_code": "HTTP_301"},
                }
            ],
            tags=self._args.scope.tags(),
            opts=self._child,
        )

    def _firewall(self, name: str) -> None:
        acl = aws.wafv2.WebAcl(
            name,
            name=self._args.prefix,
            scope="REGIONAL",
            default_action={"allow": {}},
            rules=[
                *[_managed(rule, number) for number, rule in enumerate(MANAGED_RULES)],
                _rate(len(MANAGED_RULES)),
            ],
            visibility_config=_visible(self._args.prefix),
            tags=self._args.scope.tags(),
            opts=self._child,
        )
        aws.wafv2.WebAclAssociation(
            name, resource_arn=self.public.arn, web_acl_arn=acl.arn, opts=self._child
        )


def _visible(metric: str) -> aws.wafv2.WebAclVisibilityConfigArgsDict:
    return {
        "cloudwatch_metrics_enabled": True,
        "metric_name": metric,
        "sampled_requests_enabled": False,
    }


def _managed(rule: str, priority: int) -> aws.wafv2.WebAclRuleArgsDict:
    return {
        "name": rule,
        "priority": priority,
        "override_action": {"none": {}},
        "statement": {"managed_rule_group_statement": {"name": rule, "vendor_name": "AWS"}},
        "visibility_config": _visible(rule),
    }


def _rate(priority: int) -> aws.wafv2.WebAclRuleArgsDict:
    return {
        "name": "rate",
        "priority": priority,
        "action": {"block": {}},
        "statement": {
            "rate_based_statement": {
                "limit": REQUESTS_PER_FIVE_MINUTES,
                "aggregate_key_type": "IP",
            }
        },
        "visibility_config": _visible("rate"),
    }
