"""The two ways in: a public load balancer behind a WAF, and an internal one that LGWAN reaches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi
import pulumi_aws as aws

from moyai.infra.alarms import Alarm, raise_alarms
from moyai.infra.scope import Scope
from moyai.planning import names
from moyai.planning.routes import Way

TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
"""TLS 1.2 and 1.3 only."""
MANAGED_RULES = (
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesSQLiRuleSet",
)
REQUESTS_PER_FIVE_MINUTES = 2000
"""Of one address, before the WAF turns it away."""
ERRORS_PER_FIVE_MINUTES = 50
"""Answers 5xx of the load balancer itself, of all services together."""


PRIVATE = (IPv4Network("10.0.0.0/8"), IPv4Network("172.16.0.0/12"), IPv4Network("192.168.0.0/16"))
"""Addresses that never come from the internet (RFC 1918). The internal load balancer takes these; a
body with other LGWAN ranges opens them itself."""


@dataclass(frozen=True, slots=True)
class EdgeArgs:
    """Where load balancers lie, and what they show."""

    prefix: str
    scope: Scope
    vpc_id: pulumi.Input[str]
    cidr: IPv4Network
    """Of the VPC: all that they may pass requests on to."""
    public_subnet_ids: Sequence[pulumi.Input[str]]
    private_subnet_ids: Sequence[pulumi.Input[str]]
    certificate_arn: pulumi.Input[str]
    alarm_topic_arn: pulumi.Input[str]


class Edge(pulumi.ComponentResource):
    """Both load balancers. Listeners answer 404 until a body's rule matches."""

    def __init__(
        self, name: str, args: EdgeArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("moyai:infra:Edge", name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self.public_group = self._group(f"{name}-public", "lb-public", "The public load balancer")
        self.staff_group = self._group(f"{name}-staff", "lb-staff", "What LGWAN reaches")
        anywhere = IPv4Network("0.0.0.0/0")
        for port in (80, 443):
            self._open(f"{name}-public-{port}", self.public_group, anywhere, port)
        for number, network in enumerate(PRIVATE):
            self._open(f"{name}-staff-{number}", self.staff_group, network, 443)
        self.public = self._balancer("public", name, args.public_subnet_ids, self.public_group)
        self.staff = self._balancer("staff", name, args.private_subnet_ids, self.staff_group)
        self.public_listener = self._tls(f"{name}-public", self.public)
        self.staff_listener = self._tls(f"{name}-staff", self.staff)
        self._redirect(f"{name}-redirect")
        self._firewall(name)
        self._alarms(name)
        self.register_outputs({"public": self.public.dns_name, "staff": self.staff.dns_name})

    def _group(self, name: str, use: str, description: str) -> aws.ec2.SecurityGroup:
        full = names.cell_groups(self._args.prefix)[use]
        group = aws.ec2.SecurityGroup(
            name,
            name=full,
            description=description,
            vpc_id=self._args.vpc_id,
            tags=self._args.scope.tags(full),
            opts=self._child,
        )
        aws.vpc.SecurityGroupEgressRule(
            name,
            security_group_id=group.id,
            cidr_ipv4=str(self._args.cidr),
            ip_protocol="tcp",
            from_port=1,
            to_port=65535,
            tags=self._args.scope.tags(),
            opts=self._child,
        )
        return group

    def _open(
        self, name: str, group: aws.ec2.SecurityGroup, network: IPv4Network, port: int
    ) -> None:
        aws.vpc.SecurityGroupIngressRule(
            name,
            security_group_id=group.id,
            cidr_ipv4=str(network),
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            tags=self._args.scope.tags(),
            opts=self._child,
        )

    def _balancer(
        self,
        way: Way,
        name: str,
        subnet_ids: Sequence[pulumi.Input[str]],
        group: aws.ec2.SecurityGroup,
    ) -> aws.lb.LoadBalancer:
        return aws.lb.LoadBalancer(
            f"{name}-{way}",
            name=names.balancers(self._args.prefix)[way],
            internal=way == "staff",
            load_balancer_type="application",
            security_groups=[group.id],
            subnets=subnet_ids,
            enable_deletion_protection=True,
            drop_invalid_header_fields=True,
            tags=self._args.scope.tags(),
            opts=self._child,
        )

    def _tls(self, name: str, balancer: aws.lb.LoadBalancer) -> aws.lb.Listener:
        return aws.lb.Listener(
            name,
            load_balancer_arn=balancer.arn,
            port=443,
            protocol="HTTPS",
            ssl_policy=TLS_POLICY,
            certificate_arn=self._args.certificate_arn,
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

    def _alarms(self, name: str) -> None:
        alarms = {
            f"{way}-5xx": Alarm(
                "AWS/ApplicationELB",
                "HTTPCode_ELB_5XX_Count",
                {"LoadBalancer": balancer.arn_suffix},
                ERRORS_PER_FIVE_MINUTES,
                "Sum",
            )
            for way, balancer in (("public", self.public), ("staff", self.staff))
        }
        raise_alarms(
            name,
            names.cell_alarms(self._args.prefix),
            alarms,
            self._args.scope,
            self._args.alarm_topic_arn,
            self._child,
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
