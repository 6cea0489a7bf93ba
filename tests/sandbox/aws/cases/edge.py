"""Load balancers and what is behind and before them."""

from __future__ import annotations

from case import Case, Maker, World

from cases.network import group, subnet, vpc


def balancer(world: World, home: str) -> str:
    subnets = [subnet(world, home, 1), subnet(world, home, 2, "c")]
    inputs = {"name": f"{world.name[:20]}-lb", "internal": True, "subnets": subnets}
    return world.make("aws:lb/loadBalancer:LoadBalancer", "balancer", inputs).id


def target(world: World, home: str, name: str = "target") -> str:
    inputs = {"port": 80, "protocol": "HTTP", "targetType": "ip", "vpcId": home}
    world_name = f"{world.name[:20]}-{name}"
    inputs["name"] = world_name
    return world.make("aws:lb/targetGroup:TargetGroup", name, inputs).id


def listener(world: World, home: str) -> str:
    return world.make(
        "aws:lb/listener:Listener",
        "listener",
        {
            "loadBalancerArn": balancer(world, home),
            "port": 80,
            "protocol": "HTTP",
            "defaultActions": [{"type": "forward", "targetGroupArn": target(world, home)}],
        },
    ).id


def load_balancer(world: World) -> Case:
    home = vpc(world)
    subnets = [subnet(world, home, n, zone) for n, zone in enumerate("acd")]
    logs = {"bucket": "logs", "prefix": "lb", "enabled": True}
    return Case(
        {
            "name": "moyai-test",
            "internal": True,
            "subnets": subnets[:2],
            "securityGroups": [group(world, home)],
            "dropInvalidHeaderFields": True,
            "accessLogs": logs,
        },
        update={
            "subnets": subnets,
            "idleTimeout": 120,
            "dropInvalidHeaderFields": None,
            "accessLogs": {**logs, "enabled": False},
            "enableHttp2": False,
        },
        replace={"name": "another", "internal": False},
        drift=lambda aws, it: aws("elbv2").modify_load_balancer_attributes(
            LoadBalancerArn=it.id, Attributes=[{"Key": "routing.http2.enabled", "Value": "true"}]
        ),
        drifted=frozenset({"enableHttp2"}),
    )


def target_group(world: World) -> Case:
    return Case(
        {
            "name": "moyai-test",
            "port": 8080,
            "protocol": "HTTP",
            "targetType": "ip",
            "vpcId": vpc(world),
            "deregistrationDelay": 30,
            "healthCheck": {"path": "/health", "interval": 20, "matcher": "200-299"},
        },
        update={
            "deregistrationDelay": None,
            "healthCheck": {"path": "/ready", "interval": 20, "matcher": "200"},
            "slowStart": 60,
            "stickiness": {"type": "lb_cookie", "cookieDuration": 600},
        },
        replace={"port": 80, "targetType": "instance", "vpcId": "vpc-1"},
        drift=lambda aws, it: aws("elbv2").modify_target_group(
            TargetGroupArn=it.id, HealthCheckPath="/other"
        ),
        drifted=frozenset({"healthCheck"}),
    )


def lb_listener(world: World) -> Case:
    home = vpc(world)
    certificate = world.make("aws:acm/certificate:Certificate", "tls", {"domainName": "a.example"})
    missing = {"contentType": "text/plain", "messageBody": "not found", "statusCode": "404"}
    redirect = {"port": "443", "protocol": "HTTPS", "statusCode": "HTTP_301"}
    return Case(
        {
            "loadBalancerArn": balancer(world, home),
            "port": 443,
            "protocol": "HTTPS",
            "sslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
            "certificateArn": certificate.id,
            "defaultActions": [{"type": "fixed-response", "fixedResponse": missing}],
        },
        update={
            "defaultActions": [{"type": "redirect", "redirect": redirect}],
            "sslPolicy": "ELBSecurityPolicy-TLS13-1-3-2021-06",
        },
        replace={"loadBalancerArn": "another"},
        drift=lambda aws, it: aws("elbv2").modify_listener(
            ListenerArn=it.id, SslPolicy="ELBSecurityPolicy-2016-08"
        ),
        drifted=frozenset({"sslPolicy"}),
    )


def listener_rule(world: World) -> Case:
    home = vpc(world)
    to = {"type": "forward", "targetGroupArn": target(world, home, "one")}
    host = {"hostHeader": {"values": ["a.example", "b.example"]}}
    query = {"queryStrings": [{"key": "x", "value": "1"}, {"value": "y"}]}
    header = {"httpHeader": {"httpHeaderName": "X-A", "values": ["1"]}}
    weighted = {
        "type": "forward",
        "forward": {"targetGroups": [{"arn": target(world, home, "two"), "weight": 5}]},
    }
    return Case(
        {
            "listenerArn": listener(world, home),
            "priority": 10,
            "conditions": [host, {"sourceIp": {"values": ["10.0.0.0/8"]}}],
            "actions": [to],
        },
        update={"priority": 20, "conditions": [query, header, host], "actions": [weighted]},
        replace={"listenerArn": "another"},
        drift=lambda aws, it: aws("elbv2").set_rule_priorities(
            RulePriorities=[{"RuleArn": it.id, "Priority": 30}]
        ),
        drifted=frozenset({"priority"}),
    )


CASES: dict[str, Maker] = {
    "aws:lb/listener:Listener": lb_listener,
    "aws:lb/listenerRule:ListenerRule": listener_rule,
    "aws:lb/loadBalancer:LoadBalancer": load_balancer,
    "aws:lb/targetGroup:TargetGroup": target_group,
}
